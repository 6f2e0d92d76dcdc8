#include "history/doubts.h"

#include "check.h"

/* Events and sessions that nobody doubts: 100 of each, of which a half is completed. */
static struct doubts fine(void)
{
	return (struct doubts){
		.n_events = 100, .n_positions = 100, .n_runtimes = 100, .n_both = 100, .n_plays = 50
	};
}

static struct sessions fine_sessions(void)
{
	return (struct sessions){ .options = SESSION_OPTIONS_INIT, .n = 100, .n_completed = 50 };
}

/* That the only warning has these words; NULL: there is none. */
static void check_warning(const struct doubts *d, const struct sessions *s, const char *words)
{
	struct warnings w = WARNINGS_INIT;

	doubts_warn(d, s, &w);
	buf_append_char(&w.text, '\0');
	CHECK_INT(w.n, words ? 1 : 0);
	if (words && !strstr(w.text.data, words))
		CHECK_FAIL("'%s' does not say '%s'", w.text.data, words);
	if (!words)
		CHECK_STR(w.text.data, "");
	warnings_release(&w);
}

/*
 * Each count of 100 on which a warning depends: at the bound there is none, and one more brings it.
 * `at` is where the count is in struct doubts.
 */
static void each_bound(void)
{
	static const struct {
		size_t at;
		uint64_t bound;
		const char *words;
	} cases[] = {
		{ offsetof(struct doubts, n_old), 50, "of 100 events are before 1980" },
		{ offsetof(struct doubts, n_beyond), 5, "playback_position in ms?" },
		{ offsetof(struct doubts, n_longer), 50, "longer than 24 h: runtime in ms?" },
		{ offsetof(struct doubts, n_without_runtime), 5,
		  "is cut in two (give the content table a runtime, or --unknown-runtime)" },
		{ offsetof(struct doubts, n_resumed), 5,
		  "is the interval of the heartbeats longer than the gap? (--gap)" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sessions s = fine_sessions();
		struct doubts d = fine();
		uint64_t *count = (uint64_t *)(void *)((char *)&d + cases[i].at);

		check_warning(&d, &s, NULL);
		*count = cases[i].bound;
		check_warning(&d, &s, NULL);
		++*count;
		check_warning(&d, &s, cases[i].words);
	}
}

static void an_empty_table_is_in_no_doubt(void)
{
	const struct sessions s = { .options = SESSION_OPTIONS_INIT };
	const struct doubts d = { 0 };

	check_warning(&d, &s, NULL);
}

static void positions(void)
{
	struct sessions s = fine_sessions();
	struct doubts d = fine();

	/* Of contents shorter than ten minutes nearly all, it is the runtime. */
	d.n_beyond = 6;
	d.n_shorter = 95;
	check_warning(&d, &s, "playback_position in ms?");
	d.n_shorter = 96;
	check_warning(&d, &s, "runtime in minutes?");
	d = fine();
	d.n_ones = 1;
	check_warning(&d, &s, "all of 100 known positions are 0 or 1");
	d.n_above_one = 1;
	check_warning(&d, &s, NULL);
	d = fine();
	d.n_ones = 9;
	d.n_positions = 50;
	check_warning(&d, &s, "all of 50 known positions");
	d.n_ones = 0;
	check_warning(&d, &s, NULL);
	d.n_positions = 49;
	check_warning(&d, &s, "playback_position is unknown in 51 of 100 events");
	/* Few of them may be 0 and 1 by chance. */
	d.n_events = 18;
	d.n_positions = 9;
	d.n_ones = 9;
	check_warning(&d, &s, NULL);
	d.n_positions = 10;
	check_warning(&d, &s, "all of 10 known positions");
}

/* The share is one of the events that can be judged, however few of all that is. */
static void shares_are_of_what_is_known(void)
{
	struct sessions s = fine_sessions();
	struct doubts d = fine();

	d.n_both = 10;
	d.n_beyond = 1;
	check_warning(&d, &s, "1 of 10 events with a position and a runtime are beyond the end");
	d = fine();
	d.n_runtimes = 10;
	d.n_longer = 6;
	check_warning(&d, &s, "6 of 10 events with a runtime are of contents longer than 24 h");
	d = fine();
	s.n = 10;
	s.n_completed = 5;
	d.n_resumed = 1;
	check_warning(&d, &s, "1 of 10 sessions begin with a heartbeat");
	d.n_resumed = 0;
	d.n_without_runtime = 1;
	check_warning(&d, &s, "1 of 10 sessions are of contents of unknown runtime");
}

/* Many pings make few plays; hardly any make no sense. */
static void heartbeats(void)
{
	struct sessions s = fine_sessions();
	struct doubts d = fine();

	d.n_plays = 95;
	d.n_heartbeats = 5;
	check_warning(&d, &s, NULL);
	d.n_plays = 96;
	d.n_heartbeats = 4;
	check_warning(&d, &s, "only 4 heartbeats for 96 plays");
	d.n_heartbeats = 0;
	check_warning(&d, &s, NULL);
}

static void completions(void)
{
	struct sessions s = fine_sessions();
	struct doubts d = fine();

	s.n_near_end = 50;
	check_warning(&d, &s, NULL);
	s.n_near_end = 51;
	check_warning(&d, &s, "51 sessions come near the end and are not completed, more than");
	s.n = 19;
	check_warning(&d, &s, NULL);
	s.n = 20;
	check_warning(&d, &s, "--complete-by position");
	s.options.complete_by = SESSION_BY_POSITION;
	check_warning(&d, &s, NULL);
	s.n_completed = 0;
	check_warning(&d, &s, "none of 20 sessions is completed");
	s.n = 19;
	check_warning(&d, &s, NULL);
}

/* Unknown runtimes matter to the gap, unless it is plain or they have a length; and to completion
 * by position. */
static void unknown_runtimes(void)
{
	struct sessions s = fine_sessions();
	struct doubts d = fine();

	d.n_without_runtime = 6;
	check_warning(&d, &s, "is cut in two");
	s.options.plain_gap = true;
	check_warning(&d, &s, NULL);
	s.options.complete_by = SESSION_BY_POSITION;
	check_warning(&d, &s, "only a `complete` can complete them with this --complete-by");
	s.options.plain_gap = false;
	s.options.unknown_runtime = TIME_MS_PER_MINUTE;
	check_warning(&d, &s, "only a `complete` can complete them with this --complete-by");
	s.options.complete_by = SESSION_BY_EVENT;
	check_warning(&d, &s, NULL);
}

static void options_without_effect(void)
{
	struct sessions s = fine_sessions();
	struct doubts d = fine();

	s.options.unknown_runtime = s.options.max_left;
	check_warning(&d, &s, NULL);
	s.options.unknown_runtime++;
	check_warning(&d, &s, "--unknown-runtime is longer than the longest time left to play");
	s = fine_sessions();
	s.options.plain_gap = true;
	check_warning(&d, &s, NULL);
	s.options.unknown_runtime = 1;
	check_warning(&d, &s, "--unknown-runtime has no effect with --plain-gap");
	s.options.unknown_runtime = 0;
	s.options.max_left--;
	check_warning(&d, &s, "--max-left has no effect with --plain-gap");
	s.options.complete_by = SESSION_BY_PLAYED;
	check_warning(&d, &s, NULL);
}

/* An event of a film of 1,000 s, at its beginning, in 2020. */
static struct event event(void)
{
	return (struct event){ .ts = 50 * 365 * TIME_MS_PER_DAY,
			       .type = EVENT_PLAY,
			       .position = 0,
			       .runtime = 1000,
			       .prev_ts = EVENT_UNKNOWN };
}

static struct doubts step(struct event e, bool is_start)
{
	struct doubts d = { 0 };

	doubts_step(&d, &e, is_start);
	CHECK_INT(d.n_events, 1);
	return d;
}

static void times_are_counted(void)
{
	struct event e = event();

	CHECK_INT(step(e, true).n_old, 0);
	e.ts = INT64_C(315532800000); /* 1980-01-01, by date(1) */
	CHECK_INT(step(e, true).n_old, 0);
	e.ts--;
	CHECK_INT(step(e, true).n_old, 1);
}

static void positions_are_counted(void)
{
	struct event e = event();

	CHECK_INT(step(e, true).n_positions, 1);
	CHECK_INT(step(e, true).n_both, 1);
	CHECK_INT(step(e, true).n_ones, 0);
	e.position = 1;
	CHECK_INT(step(e, true).n_ones, 1);
	CHECK_INT(step(e, true).n_above_one, 0);
	e.position = 2;
	CHECK_INT(step(e, true).n_ones, 0);
	CHECK_INT(step(e, true).n_above_one, 1);
	/* A second and a twentieth beyond the end are a ping that was late. */
	e.position = 1051;
	CHECK_INT(step(e, true).n_beyond, 0);
	e.position = 1052;
	CHECK_INT(step(e, true).n_beyond, 1);
	e.runtime = EVENT_UNKNOWN;
	CHECK_INT(step(e, true).n_beyond, 0);
	CHECK_INT(step(e, true).n_both, 0);
	e = event();
	e.position = EVENT_UNKNOWN;
	CHECK_INT(step(e, true).n_positions, 0);
	CHECK_INT(step(e, true).n_above_one, 0);
	CHECK_INT(step(e, true).n_both, 0);
}

static void runtimes_are_counted(void)
{
	struct event e = event();

	CHECK_INT(step(e, true).n_runtimes, 1);
	CHECK_INT(step(e, true).n_without_runtime, 0);
	e.runtime = 600;
	CHECK_INT(step(e, true).n_shorter, 0);
	e.runtime = 599;
	CHECK_INT(step(e, true).n_shorter, 1);
	e.runtime = 86400;
	CHECK_INT(step(e, true).n_longer, 0);
	e.runtime = 86401;
	CHECK_INT(step(e, true).n_longer, 1);
	for (int unknown = 0; unknown < 2; unknown++) {
		e.runtime = unknown ? EVENT_UNKNOWN : 0;
		CHECK_INT(step(e, true).n_runtimes, 0);
		CHECK_INT(step(e, true).n_shorter, 0);
		CHECK_INT(step(e, true).n_longer, 0);
		CHECK_INT(step(e, true).n_without_runtime, 1);
		CHECK_INT(step(e, false).n_without_runtime, 0);
	}
}

static void types_are_counted(void)
{
	struct event e = event();

	CHECK_INT(step(e, true).n_plays, 1);
	CHECK_INT(step(e, true).n_heartbeats, 0);
	e.type = EVENT_HEARTBEAT;
	CHECK_INT(step(e, true).n_plays, 0);
	CHECK_INT(step(e, true).n_heartbeats, 1);
	CHECK_INT(step(e, true).n_resumed, 0);
	e.prev_ts = e.ts - 1;
	CHECK_INT(step(e, true).n_resumed, 1);
	CHECK_INT(step(e, false).n_resumed, 0);
	e.type = EVENT_PLAY;
	CHECK_INT(step(e, true).n_resumed, 0);
}

static void check_watermark(int64_t watermark, int64_t last, size_t n)
{
	struct warnings w = WARNINGS_INIT;

	doubts_watermark(watermark, last, &w);
	CHECK_INT(w.n, n);
	warnings_release(&w);
}

static void events_after_the_watermark(void)
{
	check_watermark(100, 100, 0);
	check_watermark(100, 101, 1);
	check_watermark(-100, -99, 1);
	check_watermark(EVENT_UNKNOWN, 101, 0);
}

int main(void)
{
	RUN(each_bound);
	RUN(an_empty_table_is_in_no_doubt);
	RUN(positions);
	RUN(shares_are_of_what_is_known);
	RUN(heartbeats);
	RUN(completions);
	RUN(unknown_runtimes);
	RUN(options_without_effect);
	RUN(times_are_counted);
	RUN(positions_are_counted);
	RUN(runtimes_are_counted);
	RUN(types_are_counted);
	RUN(events_after_the_watermark);
	return CHECK_DONE();
}
