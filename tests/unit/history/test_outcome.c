#include "check.h"
#include "history/outcome.h"

/* An event of pair `pair`, in session `id` that began at `start`; not the pair's first if it is not
 * the session's. */
static struct event event(int64_t ts, uint32_t pair, int64_t id, int64_t start, int64_t deadline,
			  enum event_type type)
{
	return (struct event){ .ts = ts,
			       .user = pair,
			       .content = pair,
			       .type = type,
			       .session_id = id,
			       .session_start = start,
			       .deadline = deadline,
			       .completes = type == EVENT_COMPLETE,
			       .phase = type == EVENT_COMPLETE ? EVENT_COMPLETED : EVENT_OPEN,
			       .prev_ts = start < ts ? start : EVENT_UNKNOWN };
}

static struct outcome_session *take(struct outcomes *o, struct event e)
{
	struct err err = ERR_INIT;
	struct outcome_session *s = outcomes_step(o, &e, &err);

	CHECK(s != NULL);
	return s;
}

static void check_closed(struct outcomes *o, int64_t t, int64_t id, int64_t closing)
{
	const struct outcome_session *s = outcomes_close(o, t);

	if (!id) {
		CHECK(!s);
	} else {
		CHECK(s != NULL);
		if (s) {
			CHECK_INT(s->id, id);
			CHECK_INT(s->closing, closing);
		}
	}
}

/* 1,000 sessions with scattered deadlines, some of which move: they close in order. */
static void deadlines_come_out_of_order(void)
{
	struct outcomes o;
	const struct outcome_session *s;
	int64_t last_closing = 0, last_id = 0, n = 0;

	outcomes_init(&o);
	for (uint32_t i = 0; i < 1000; i++)
		take(&o, event(1, i, i + 1, 1, 10 + i * 7919 % 500, EVENT_PLAY));
	for (uint32_t i = 0; i < 1000; i += 3) /* earlier or later */
		take(&o, event(2, i, i + 1, 1, 10 + i * 104729 % 700, EVENT_PAUSE));
	CHECK_INT(o.n_open, 1000);
	for (int64_t t = 10; t < 1000; t += 3) {
		while ((s = outcomes_close(&o, t))) {
			int64_t i = s->id - 1;

			CHECK_INT(s->closing, 10 + (i % 3 ? i * 7919 % 500 : i * 104729 % 700));
			CHECK(s->closing < t && s->closing >= t - 3);
			CHECK(s->closing > last_closing ||
			      (s->closing == last_closing && s->id > last_id));
			last_closing = s->closing;
			last_id = s->id;
			n++;
		}
	}
	CHECK_INT(n, 1000);
	outcomes_release(&o);
}

static void a_session_is_closed_only_behind_its_closing_time(void)
{
	struct outcomes o;

	outcomes_init(&o);
	take(&o, event(1, 0, 1, 1, 10, EVENT_PAUSE));
	check_closed(&o, 10, 0, 0);
	check_closed(&o, 11, 1, 10);
	check_closed(&o, INT64_MAX, 0, 0);
	outcomes_release(&o);
}

static void the_next_session_closes_the_one_before(void)
{
	const struct outcome_session *s;
	struct outcomes o;
	struct event e;

	outcomes_init(&o);
	take(&o, event(1, 0, 1, 1, 1000, EVENT_COMPLETE));
	take(&o, event(2, 1, 2, 2, 500, EVENT_PLAY));
	e = event(5, 0, 3, 5, 2000, EVENT_PLAY);
	e.prev_ts = 1;
	take(&o, e);
	check_closed(&o, 5, 0, 0);
	check_closed(&o, 6, 1, 5);
	check_closed(&o, 501, 2, 500);
	/* The one that closed early did not take the pair's current session along. */
	s = take(&o, event(600, 0, 3, 5, 700, EVENT_PAUSE));
	CHECK(s->id == 3 && s->n_events == 2);
	check_closed(&o, 701, 3, 700);
	outcomes_release(&o);
}

static void what_a_session_holds(void)
{
	static const enum event_type types[] = { EVENT_HEARTBEAT, EVENT_PLAY, EVENT_PAUSE,
						 EVENT_STOP,      EVENT_SEEK, EVENT_SEEK };
	const struct outcome_session *s = NULL;
	struct outcomes o;

	outcomes_init(&o);
	for (int i = 0; i < 6; i++) {
		struct event e = event(1 + i, 0, 1, 1, 99, types[i]);

		e.prev_ts = i ? i : EVENT_UNKNOWN;
		e.ratio = i ? 9 - i : EVENT_UNKNOWN;
		e.completes = types[i] == EVENT_STOP;
		e.phase = i >= 3 ? EVENT_COMPLETED : EVENT_OPEN;
		s = take(&o, e);
		CHECK_INT(s->max_ratio, i ? 8 : EVENT_UNKNOWN);
		CHECK_INT(s->n_events, i); /* a heartbeat is not counted */
	}
	CHECK_INT(s->n_pauses, 1);
	CHECK_INT(s->n_seeks, 2);
	CHECK_INT(outcome_n_types(s), 5);
	CHECK_INT(s->past.completed_at, 4);
	CHECK_INT(s->past.end, 6);
	CHECK(s->is_completed_without && !s->has_complete);
	outcomes_release(&o);
}

/* The columns of an event that cannot follow a play of session 1 at 1. */
static void session_columns_that_contradict_each_other_are_refused(void)
{
	static const struct {
		int64_t ts, id, start, prev_ts;
		uint32_t pair;
		bool completes;
		enum event_phase phase;
		const char *message;
	} bad[] = {
		{ 5, 2, 1, 1, 0, false, EVENT_OPEN,
		  "session 2 begins at 1, but its first event is at 5" },
		{ 5, 3, 5, 1, 1, false, EVENT_OPEN,
		  "session 3 is neither the next one, 2, nor open for its user and content" },
		{ 5, 1, 5, 1, 1, false, EVENT_OPEN,
		  "session 1 is neither the next one, 2, nor open for its user and content" },
		{ 5, 1, 2, 1, 0, false, EVENT_OPEN, "session 1 began at 1, not at 2" },
		{ 5, 1, 1, 2, 0, false, EVENT_OPEN,
		  "prev_ts is not the time of the previous event of the user and content of "
		  "session 1" },
		{ 5, 1, 1, EVENT_UNKNOWN, 0, false, EVENT_OPEN,
		  "prev_ts is not the time of the previous event of the user and content of "
		  "session 1" },
		{ 5, 2, 5, 2, 0, false, EVENT_OPEN,
		  "prev_ts is not the time of the previous event of the user and content of "
		  "session 2" },
		{ 5, 2, 5, EVENT_UNKNOWN, 0, false, EVENT_OPEN,
		  "prev_ts is not the time of the previous event of the user and content of "
		  "session 2" },
		{ 5, 1, 1, 1, 0, false, EVENT_COMPLETED,
		  "session 1 is not completed, but session_phase is completed" },
		{ 5, 1, 1, 1, 0, true, EVENT_ENDING,
		  "session 1 is completed, but session_phase is ending" },
	};
	struct err err = ERR_INIT;
	struct outcomes o;
	struct event e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = event(bad[i].ts, bad[i].pair, bad[i].id, bad[i].start, 99, EVENT_PAUSE);
		e.prev_ts = bad[i].prev_ts;
		e.completes = bad[i].completes;
		e.phase = bad[i].phase;
		outcomes_init(&o);
		take(&o, event(1, 0, 1, 1, 50, EVENT_PLAY));
		CHECK(!outcomes_step(&o, &e, &err));
		CHECK_STR(err.message, bad[i].message);
		outcomes_release(&o);
	}
	outcomes_init(&o);
	take(&o, event(1, 0, 1, 1, 50, EVENT_COMPLETE));
	e = event(2, 0, 1, 1, 50, EVENT_COMPLETE);
	CHECK(!outcomes_step(&o, &e, &err));
	CHECK_STR(err.message, "session 1 is completed a second time");
	outcomes_release(&o);
}

int main(void)
{
	RUN(deadlines_come_out_of_order);
	RUN(a_session_is_closed_only_behind_its_closing_time);
	RUN(the_next_session_closes_the_one_before);
	RUN(what_a_session_holds);
	RUN(session_columns_that_contradict_each_other_are_refused);
	return CHECK_DONE();
}
