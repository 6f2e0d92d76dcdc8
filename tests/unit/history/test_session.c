#include "base/time.h"
#include "check.h"
#include "history/session.h"

static bool step(struct sessions *s, struct event *e, int64_t ts, uint32_t pair,
		 enum event_type type, int64_t position, int64_t runtime)
{
	*e = (struct event){ .ts = ts,
			     .user = pair,
			     .content = pair,
			     .type = type,
			     .position = position,
			     .runtime = runtime };
	return sessions_step(s, e);
}

/* The deadline of a first event with a gap of 1 s. */
static int64_t deadline(enum event_type type, int64_t position, int64_t runtime, bool plain)
{
	const struct session_options options = { 1000, plain };
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	step(&s, &e, 5, 0, type, position, runtime);
	sessions_release(&s);
	return e.deadline;
}

static void time_left_to_play_counts_while_playing(void)
{
	for (int type = 0; type < EVENT_N_TYPES; type++) {
		bool playing = type == EVENT_PLAY || type == EVENT_SEEK;

		CHECK_INT(deadline((enum event_type)type, 40, 100, false), playing ? 61005 : 1005);
		CHECK_INT(deadline((enum event_type)type, 40, 100, true), 1005);
	}
	CHECK_INT(deadline(EVENT_PLAY, EVENT_UNKNOWN, 100, false), 1005);
	CHECK_INT(deadline(EVENT_PLAY, 0, EVENT_UNKNOWN, false), 1005);
	CHECK_INT(deadline(EVENT_PLAY, 100, 100, false), 1005);
	CHECK_INT(deadline(EVENT_PLAY, INT64_MAX, 100, false), 1005);
	CHECK_INT(deadline(EVENT_PLAY, 0, -100, false), 1005);
	CHECK_INT(deadline(EVENT_PLAY, 0, INT32_MAX, false), 1005 + INT64_C(2147483647000));
}

static void the_gap_counts_from_the_last_event(void)
{
	const struct session_options options = { 10, false };
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	CHECK(step(&s, &e, 100, 0, EVENT_PAUSE, 0, EVENT_UNKNOWN));
	CHECK_INT(e.prev_ts, EVENT_UNKNOWN);
	CHECK(!step(&s, &e, 110, 0, EVENT_PAUSE, 0, EVENT_UNKNOWN));
	CHECK_INT(e.prev_ts, 100);
	CHECK_INT(e.session_start, 100);
	CHECK_INT(e.session_id, 1);
	CHECK(step(&s, &e, 121, 0, EVENT_PAUSE, 0, EVENT_UNKNOWN));
	CHECK_INT(e.prev_ts, 110);
	CHECK_INT(e.session_start, 121);
	CHECK_INT(e.session_id, 2);
	CHECK_INT(e.deadline, 131);
	sessions_release(&s);
}

static void only_a_play_behind_a_complete_is_a_rewatch(void)
{
	const struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	CHECK(step(&s, &e, 1, 0, EVENT_COMPLETE, 0, 9));
	CHECK(!step(&s, &e, 1, 0, EVENT_SEEK, 0, 9));
	CHECK(!step(&s, &e, 1, 0, EVENT_STOP, 9, 9));
	CHECK(!step(&s, &e, 1, 0, EVENT_COMPLETE, 9, 9));
	CHECK(step(&s, &e, 1, 0, EVENT_PLAY, 0, 9));
	CHECK(!step(&s, &e, 1, 0, EVENT_PLAY, 0, 9));
	CHECK_INT(e.prev_ts, 1);
	sessions_release(&s);
}

/* The latest event, gap and runtime that there can be. */
static void the_latest_times_of_all_are_kept(void)
{
	const struct session_options options = { 36500 * TIME_MS_PER_DAY, false };
	const int64_t last = EVENT_TS_END - 1;
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	CHECK(step(&s, &e, last, 0, EVENT_PLAY, 0, INT32_MAX));
	CHECK_INT(e.deadline, last + options.gap + INT32_MAX * TIME_MS_PER_SECOND);
	CHECK(!step(&s, &e, e.deadline, 0, EVENT_STOP, 0, INT32_MAX));
	CHECK_INT(e.prev_ts, last);
	CHECK_INT(e.session_start, last);
	sessions_release(&s);

	sessions_init(&s, &options);
	step(&s, &e, last, 0, EVENT_PLAY, 0, INT32_MAX);
	CHECK(step(&s, &e, e.deadline + 1, 0, EVENT_STOP, 0, INT32_MAX));
	CHECK_INT(e.prev_ts, last);
	sessions_release(&s);
}

static void pairs_are_kept_apart_and_numbered_as_they_start(void)
{
	const struct session_options options = { 0, true };
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	for (uint32_t pair = 0; pair < 1000; pair++) {
		CHECK(step(&s, &e, 1, 999 - pair, EVENT_PAUSE, 0, 9));
		CHECK_INT(e.session_id, pair + 1);
	}
	for (uint32_t pair = 0; pair < 1000; pair++) {
		CHECK(!step(&s, &e, 1, pair, EVENT_PAUSE, 0, 9));
		CHECK_INT(e.session_id, 1000 - pair);
	}
	CHECK_INT(s.n, 1000);
	sessions_release(&s);
}

int main(void)
{
	RUN(time_left_to_play_counts_while_playing);
	RUN(the_gap_counts_from_the_last_event);
	RUN(only_a_play_behind_a_complete_is_a_rewatch);
	RUN(the_latest_times_of_all_are_kept);
	RUN(pairs_are_kept_apart_and_numbered_as_they_start);
	return CHECK_DONE();
}
