#include "base/time.h"
#include "check.h"
#include "history/session.h"

#include <string.h>

static bool step(struct sessions *s, struct event *e, int64_t ts, uint32_t pair,
		 enum event_type type, int64_t position, int64_t runtime)
{
	*e = (struct event){ .ts = ts,
			     .user = pair,
			     .content = pair,
			     .type = type,
			     .position = position,
			     .runtime = runtime,
			     .ratio = event_ratio(position, runtime) };
	return sessions_step(s, e);
}

static struct session_options with_gap(int64_t gap)
{
	struct session_options options = SESSION_OPTIONS_INIT;

	options.gap = gap;
	return options;
}

/* The deadline of a first event with a gap of 1 s. */
static int64_t deadline(struct session_options options, enum event_type type, int64_t position,
			int64_t runtime)
{
	struct sessions s;
	struct event e;

	options.gap = 1000;
	sessions_init(&s, &options);
	step(&s, &e, 5, 0, type, position, runtime);
	sessions_release(&s);
	return e.deadline;
}

static void time_left_to_play_counts_while_playing(void)
{
	struct session_options options = SESSION_OPTIONS_INIT;
	struct session_options plain = options, guess = options, bound = options;

	plain.plain_gap = true;
	guess.unknown_runtime = 7;
	bound.max_left = 20000;
	for (int i = 0; i < EVENT_N_TYPES; i++) {
		enum event_type type = (enum event_type)i;
		bool playing = type == EVENT_PLAY || type == EVENT_SEEK;

		CHECK_INT(deadline(options, type, 40, 100), playing ? 61005 : 1005);
		CHECK_INT(deadline(plain, type, 40, 100), 1005);
		CHECK_INT(deadline(guess, type, 40, 100), playing ? 61005 : 1005);
		CHECK_INT(deadline(guess, type, 40, EVENT_UNKNOWN), playing ? 1012 : 1005);
		CHECK_INT(deadline(bound, type, 40, 100), playing ? 21005 : 1005);
		CHECK_INT(deadline(bound, type, 90, 100), playing ? 11005 : 1005);
	}
	CHECK_INT(deadline(options, EVENT_PLAY, EVENT_UNKNOWN, 100), 101005);
	CHECK_INT(deadline(options, EVENT_PLAY, 0, EVENT_UNKNOWN), 1005);
	CHECK_INT(deadline(options, EVENT_PLAY, 100, 100), 1005);
	CHECK_INT(deadline(options, EVENT_PLAY, INT64_MAX, 100), 1005);
	CHECK_INT(deadline(options, EVENT_PLAY, 0, -100), 1005);
	CHECK_INT(deadline(guess, EVENT_PLAY, 0, -100), 1012);
	CHECK_INT(deadline(guess, EVENT_PLAY, 0, 0), 1012);
	/* A runtime of years holds nothing open for longer than a day. */
	CHECK_INT(deadline(options, EVENT_PLAY, 0, INT32_MAX), 1005 + TIME_MS_PER_DAY);
	bound.unknown_runtime = 20001;
	CHECK_INT(deadline(bound, EVENT_PLAY, 0, EVENT_UNKNOWN), 21005);
}

static void the_gap_counts_from_the_last_event(void)
{
	const struct session_options options = with_gap(10);
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
	/* A heartbeat is an event of the pair. */
	CHECK(!step(&s, &e, 131, 0, EVENT_HEARTBEAT, 0, EVENT_UNKNOWN));
	CHECK(!step(&s, &e, 141, 0, EVENT_PAUSE, 0, EVENT_UNKNOWN));
	CHECK_INT(e.prev_ts, 131);
	sessions_release(&s);
}

static void a_play_below_near_end_after_a_completion_is_a_rewatch(void)
{
	const struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	CHECK(step(&s, &e, 1, 0, EVENT_COMPLETE, 0, 100));
	CHECK(!step(&s, &e, 1, 0, EVENT_SEEK, 0, 100));
	CHECK(!step(&s, &e, 1, 0, EVENT_STOP, 100, 100));
	CHECK(!step(&s, &e, 1, 0, EVENT_COMPLETE, 100, 100));
	CHECK(!step(&s, &e, 1, 0, EVENT_PLAY, 95, 100)); /* a late ping */
	CHECK(!step(&s, &e, 1, 0, EVENT_HEARTBEAT, 0, 100));
	CHECK(step(&s, &e, 1, 0, EVENT_PLAY, 94, 100));
	CHECK(!step(&s, &e, 1, 0, EVENT_PLAY, 0, 100));
	CHECK_INT(e.prev_ts, 1);
	/* Completed by a stop in the credits; and then the position is not known. */
	CHECK(!step(&s, &e, 1, 0, EVENT_STOP, 95, 100));
	CHECK(e.completes);
	CHECK(step(&s, &e, 1, 0, EVENT_PLAY, EVENT_UNKNOWN, 100));
	CHECK_INT(e.session_id, 3);
	CHECK_INT(e.phase, EVENT_OPEN);
	CHECK_INT(s.n_completed, 2);
	/* No completion before: it brings the second type to a lone stop. */
	CHECK(step(&s, &e, 1, 1, EVENT_STOP, 95, 100));
	CHECK(!step(&s, &e, 1, 1, EVENT_PLAY, 0, 100));
	CHECK(e.completes);
	sessions_release(&s);
}

/* The latest event, gap and runtime that there can be. */
static void the_latest_times_of_all_are_kept(void)
{
	struct session_options options = with_gap(36500 * TIME_MS_PER_DAY);
	const int64_t last = EVENT_TS_END - 1;
	struct sessions s;
	struct event e;

	options.max_left = 36500 * TIME_MS_PER_DAY;
	for (int i = SESSION_BY_EVENT; i <= SESSION_BY_PLAYED; i++) {
		options.complete_by = (enum session_completion)i;
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
}

/*
 * Of one session's events, in seconds from 1 s on: which one completes it, by each rule, and the
 * phases by the first. p play, a pause, s stop, k seek, c complete, h heartbeat; the position is
 * in per cent of a runtime of 100 s, or -1.
 */
struct seen {
	char type;
	int ts, position;
};

static const struct viewing {
	const char *name;
	struct seen events[8];
	int completing[3];  /* index of the completing event, or -1, by enum session_completion */
	const char *phases; /* by event: o open, e ending, c completed */
} viewings[] = {
	{ "a complete", { { 'c', 0, 0 } }, { 0, 0, 0 }, "c" },
	{ "a lone stop near the end", { { 's', 0, 95 } }, { -1, 0, -1 }, "e" },
	{ "two of them", { { 's', 0, 95 }, { 's', 1, 99 } }, { -1, 0, -1 }, "ee" },
	{ "and another type",
	  { { 's', 0, 95 }, { 's', 1, 9 }, { 'a', 2, 9 } },
	  { 2, 0, -1 },
	  "eec" },
	{ "a heartbeat is a type", { { 's', 0, 95 }, { 'h', 1, 95 } }, { 1, 0, -1 }, "ec" },
	{ "stops before the end",
	  { { 'p', 0, 0 }, { 's', 9, 94 }, { 'a', 9, 94 } },
	  { -1, -1, -1 },
	  "oeo" },
	{ "a stop near the end", { { 'p', 0, 0 }, { 's', 94, 95 } }, { 1, 1, -1 }, "oc" },
	{ "played to the end", { { 'p', 0, 0 }, { 's', 95, 95 } }, { 1, 1, 1 }, "oc" },
	{ "a seek to the end",
	  { { 'p', 0, 0 }, { 'k', 5, 98 }, { 's', 6, 98 } },
	  { 2, 2, -1 },
	  "oec" },
	{ "no stop", { { 'p', 0, 0 }, { 'p', 95, 96 } }, { -1, 1, 1 }, "oe" },
	{ "silence plays no further than the end",
	  { { 'p', 0, 90 }, { 'k', 80, 90 }, { 'a', 160, 90 } },
	  { -1, -1, -1 },
	  "ooo" },
	{ "a pause is not played",
	  { { 'p', 0, 0 }, { 'a', 50, 50 }, { 'p', 99, 50 }, { 'a', 144, 94 }, { 'h', 145, 94 } },
	  { -1, -1, 3 },
	  "ooooo" },
	{ "heartbeats play",
	  { { 'h', 0, 0 }, { 'h', 50, 50 }, { 'h', 95, 95 } },
	  { -1, 2, 2 },
	  "ooe" },
	{ "no position is the start", { { 'p', 0, -1 }, { 'a', 95, -1 } }, { -1, -1, 1 }, "oo" },
	{ "a seek plays on", { { 'k', 0, 0 }, { 'a', 95, 95 } }, { -1, 1, 1 }, "oe" },
	{ "a complete by every rule",
	  { { 'p', 0, 0 }, { 'c', 1, -1 }, { 's', 99, 99 } },
	  { 1, 1, 1 },
	  "occ" },
};

static void which_event_completes_a_session(void)
{
	static const char letters[] = "pasckh";
	static const enum event_type types[] = { EVENT_PLAY,     EVENT_PAUSE, EVENT_STOP,
						 EVENT_COMPLETE, EVENT_SEEK,  EVENT_HEARTBEAT };
	struct session_options options = SESSION_OPTIONS_INIT;

	for (size_t i = 0; i < sizeof(viewings) / sizeof(viewings[0]) * 3; i++) {
		const struct viewing *v = &viewings[i / 3];
		int first = -1;
		struct sessions s;

		options.complete_by = (enum session_completion)(i % 3);
		sessions_init(&s, &options);
		for (int k = 0; v->phases[k]; k++) {
			const struct seen *seen = &v->events[k];
			struct event e;

			step(&s, &e, (1 + seen->ts) * 1000, 0,
			     types[strchr(letters, seen->type) - letters],
			     seen->position < 0 ? EVENT_UNKNOWN : seen->position, 100);
			if (e.completes)
				CHECK_INT(first, -1); /* once only */
			if (e.completes)
				first = k;
			if (!options.complete_by && event_phase_name(e.phase)[0] != v->phases[k])
				CHECK_FAIL("%s: event %d is %s", v->name, k,
					   event_phase_name(e.phase));
		}
		if (first != v->completing[i % 3])
			CHECK_FAIL("%s, rule %zu: %d completes, not %d", v->name, i % 3, first,
				   v->completing[i % 3]);
		CHECK_INT(s.n, 1);
		sessions_release(&s);
	}
}

static void a_session_has_nothing_of_the_one_before(void)
{
	struct session_options options = with_gap(0);
	struct sessions s;
	struct event e;

	/* Not the near-end stop, nor the types. */
	sessions_init(&s, &options);
	step(&s, &e, 1, 0, EVENT_PLAY, 50, 100);
	step(&s, &e, 2, 0, EVENT_STOP, 95, 100);
	CHECK(e.completes);
	CHECK(step(&s, &e, 3, 0, EVENT_PLAY, 0, 100));
	CHECK(!step(&s, &e, 4, 0, EVENT_PAUSE, 0, 100));
	CHECK(!e.completes);
	CHECK(step(&s, &e, 5, 0, EVENT_STOP, 95, 100));
	CHECK(!e.completes);
	sessions_release(&s);

	/* Not what was played, nor what plays on while a session ends. */
	options.complete_by = SESSION_BY_PLAYED;
	sessions_init(&s, &options);
	step(&s, &e, 1, 0, EVENT_PLAY, 0, 100);
	CHECK(!step(&s, &e, 60001, 0, EVENT_PAUSE, 60, 100));
	CHECK(step(&s, &e, 60002, 0, EVENT_PLAY, 0, 100));
	CHECK(!step(&s, &e, 120002, 0, EVENT_PLAY, 0, 100));
	CHECK(!e.completes);
	CHECK(step(&s, &e, 220003, 0, EVENT_PLAY, 0, 100));
	CHECK(!e.completes);
	sessions_release(&s);
}

/* Whether a play and, after so many ms, a heartbeat complete a session by the time played. */
static bool is_played(struct session_options options, int64_t ms, int64_t runtime)
{
	struct sessions s;
	struct event e;

	options.gap = TIME_MS_PER_DAY;
	options.complete_by = SESSION_BY_PLAYED;
	sessions_init(&s, &options);
	step(&s, &e, 1, 0, EVENT_PLAY, 0, runtime);
	CHECK(!e.completes);
	CHECK(!step(&s, &e, 1 + ms, 0, EVENT_HEARTBEAT, 0, runtime));
	sessions_release(&s);
	return e.completes;
}

static void the_played_time_is_exact_and_needs_a_runtime(void)
{
	struct session_options options = SESSION_OPTIONS_INIT, plain = options, bound = options;

	options.near_end = 955555;
	CHECK(!is_played(options, 95555, 100));
	CHECK(is_played(options, 95556, 100));
	options.unknown_runtime = 7000;
	for (int64_t ms = 0; ms <= 70000; ms += 7000) {
		CHECK(!is_played(options, ms, EVENT_UNKNOWN));
		CHECK(!is_played(options, ms, 0));
		CHECK(!is_played(options, ms, -100));
	}
	plain.plain_gap = true;
	CHECK(is_played(plain, 95000, 100));
	bound.max_left = 94999;
	CHECK(!is_played(bound, 99999, 100));
}

static void a_stop_ends_no_more_than_its_own_row(void)
{
	struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions s;
	struct event e;

	options.complete_by = SESSION_BY_PLAYED;
	sessions_init(&s, &options);
	step(&s, &e, 1, 0, EVENT_STOP, 99, 100);
	CHECK_INT(e.phase, EVENT_ENDING);
	step(&s, &e, 1, 0, EVENT_HEARTBEAT, 50, 100);
	CHECK_INT(e.phase, EVENT_OPEN);
	CHECK(!step(&s, &e, 5, 0, EVENT_PLAY, 50, 100));
	CHECK_INT(e.phase, EVENT_OPEN);
	sessions_release(&s);
}

/* Each of those that are not completed is counted, once; a seek alone does not bring it there. */
static void sessions_that_come_near_the_end_are_counted(void)
{
	static const struct {
		enum event_type type;
		int64_t position;
		int64_t n; /* sessions near the end after it */
	} events[] = {
		{ EVENT_SEEK, 99, 0 },      { EVENT_PLAY, 94, 0 },      { EVENT_HEARTBEAT, 95, 1 },
		{ EVENT_PAUSE, 96, 1 },     { EVENT_STOP, 99, 0 }, /* it completes the session */
		{ EVENT_PAUSE, 99, 0 },     { EVENT_PLAY, 0, 0 },  /* another one */
		{ EVENT_COMPLETE, 0, 0 },   { EVENT_HEARTBEAT, 99, 0 }, { EVENT_PLAY, 0, 0 },
		{ EVENT_HEARTBEAT, 99, 1 }, { EVENT_PAUSE, 0, 1 },
	};
	const struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions s;
	struct event e;

	sessions_init(&s, &options);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		step(&s, &e, 1, 0, events[i].type, events[i].position, 100);
		CHECK_INT(s.n_near_end, events[i].n);
	}
	/* The pair's next one that comes there, and another pair's lone stop. */
	step(&s, &e, TIME_MS_PER_DAY, 0, EVENT_PAUSE, 99, 100);
	CHECK_INT(s.n_near_end, 2);
	step(&s, &e, TIME_MS_PER_DAY, 1, EVENT_STOP, 99, 100);
	CHECK_INT(s.n_near_end, 3);
	step(&s, &e, 3 * TIME_MS_PER_DAY, 1, EVENT_COMPLETE, 0, 100);
	CHECK_INT(s.n_near_end, 3);
	sessions_release(&s);
}

static void an_unknown_ratio_is_never_near_the_end(void)
{
	struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions s;
	struct event e;

	options.near_end = 0;
	sessions_init(&s, &options);
	step(&s, &e, 1, 0, EVENT_PAUSE, EVENT_UNKNOWN, 9);
	CHECK_INT(e.phase, EVENT_OPEN);
	step(&s, &e, 2, 0, EVENT_STOP, EVENT_UNKNOWN, 9);
	CHECK(!e.completes);
	step(&s, &e, 3, 0, EVENT_STOP, 0, 9);
	CHECK(e.completes);
	sessions_release(&s);
}

static void pairs_are_kept_apart_and_numbered_as_they_start(void)
{
	const struct session_options options = with_gap(0);
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
	RUN(a_play_below_near_end_after_a_completion_is_a_rewatch);
	RUN(which_event_completes_a_session);
	RUN(a_session_has_nothing_of_the_one_before);
	RUN(the_played_time_is_exact_and_needs_a_runtime);
	RUN(a_stop_ends_no_more_than_its_own_row);
	RUN(sessions_that_come_near_the_end_are_counted);
	RUN(an_unknown_ratio_is_never_near_the_end);
	RUN(the_latest_times_of_all_are_kept);
	RUN(pairs_are_kept_apart_and_numbered_as_they_start);
	return CHECK_DONE();
}
