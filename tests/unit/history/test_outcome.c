#include "check.h"
#include "history/outcome.h"

static const int64_t near_end = 950000;

/* An event of pair `pair`, in session `id` that began at `start`. */
static struct event event(int64_t ts, uint32_t pair, int64_t id, int64_t start, int64_t deadline,
			  enum event_type type, int64_t ratio)
{
	return (struct event){ .ts = ts,
			       .user = pair,
			       .content = pair,
			       .type = type,
			       .ratio = ratio,
			       .session_id = id,
			       .session_start = start,
			       .deadline = deadline };
}

static bool take(struct outcomes *o, struct event e)
{
	struct err err = ERR_INIT;
	bool completes = false;

	CHECK(outcomes_step(o, &e, &completes, &err) != NULL);
	return completes;
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

	outcomes_init(&o, near_end);
	for (uint32_t i = 0; i < 1000; i++)
		take(&o, event(1, i, i + 1, 1, 10 + i * 7919 % 500, EVENT_PLAY, 0));
	for (uint32_t i = 0; i < 1000; i += 3) /* earlier or later */
		take(&o, event(2, i, i + 1, 1, 10 + i * 104729 % 700, EVENT_PAUSE, 0));
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

	outcomes_init(&o, near_end);
	take(&o, event(1, 0, 1, 1, 10, EVENT_PAUSE, 0));
	check_closed(&o, 10, 0, 0);
	check_closed(&o, 11, 1, 10);
	check_closed(&o, INT64_MAX, 0, 0);
	outcomes_release(&o);
}

static void the_next_session_closes_the_one_before(void)
{
	struct outcomes o;
	struct outcome_session *s;
	struct err err = ERR_INIT;
	struct event e;
	bool completes;

	outcomes_init(&o, near_end);
	take(&o, event(1, 0, 1, 1, 1000, EVENT_COMPLETE, 0));
	take(&o, event(2, 1, 2, 2, 500, EVENT_PLAY, 0));
	take(&o, event(5, 0, 3, 5, 2000, EVENT_PLAY, 0));
	check_closed(&o, 5, 0, 0);
	check_closed(&o, 6, 1, 5);
	check_closed(&o, 501, 2, 500);
	/* The one that closed early did not take the pair's current session along. */
	e = event(600, 0, 3, 5, 700, EVENT_PAUSE, 0);
	s = outcomes_step(&o, &e, &completes, &err);
	CHECK(s && s->id == 3 && s->n_events == 2);
	check_closed(&o, 701, 3, 700);
	outcomes_release(&o);
}

static void completing_events(void)
{
	static const struct {
		const char *types; /* p play, a pause, s stop, n stop near the end, c complete */
		int completes;     /* index of the completing event, or -1 */
	} cases[] = {
		{ "c", 0 },    { "pc", 1 },  { "pcc", 1 },   { "ps", -1 },  { "pn", 1 },
		{ "n", -1 },   { "nn", -1 }, { "nna", 2 },   { "sn", -1 },  { "na", 1 },
		{ "sas", -1 }, { "san", 2 }, { "nc", 1 },    { "pann", 2 }, { "ns", -1 },
		{ "nsp", 2 },  { "nap", 1 }, { "aaaa", -1 }, { "apn", 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcomes o;
		int first = -1;

		outcomes_init(&o, near_end);
		for (int j = 0; cases[i].types[j]; j++) {
			char c = cases[i].types[j];
			enum event_type type = c == 'p'   ? EVENT_PLAY
					       : c == 'a' ? EVENT_PAUSE
					       : c == 'c' ? EVENT_COMPLETE
							  : EVENT_STOP;
			int64_t ratio = c == 'n' ? near_end : c == 's' ? near_end - 1 : 1000000;

			if (take(&o, event(1 + j, 0, 1, 1, 99, type, ratio))) {
				CHECK_INT(first, -1); /* once only */
				first = j;
			}
		}
		if (first != cases[i].completes)
			CHECK_FAIL("%s completes at %d, not %d", cases[i].types, first,
				   cases[i].completes);
		CHECK_INT(o.sessions[0].completed_at, first < 0 ? EVENT_UNKNOWN : 1 + first);
		outcomes_release(&o);
	}
}

static void an_unknown_ratio_is_never_near_the_end(void)
{
	struct outcomes o;

	outcomes_init(&o, 0);
	CHECK(!take(&o, event(1, 0, 1, 1, 99, EVENT_PLAY, EVENT_UNKNOWN)));
	CHECK(!take(&o, event(2, 0, 1, 1, 99, EVENT_STOP, EVENT_UNKNOWN)));
	CHECK_INT(o.sessions[0].max_ratio, EVENT_UNKNOWN);
	CHECK(take(&o, event(3, 0, 1, 1, 99, EVENT_STOP, 0)));
	CHECK_INT(o.sessions[0].max_ratio, 0);
	outcomes_release(&o);
}

static void session_columns_that_contradict_each_other_are_refused(void)
{
	static const struct {
		int64_t ts, id, start;
		uint32_t pair;
		const char *message;
	} bad[] = {
		{ 5, 2, 1, 0, "session 2 begins at 1, but its first event is at 5" },
		{ 5, 3, 5, 1,
		  "session 3 is neither the next one, 2, nor open for its user and content" },
		{ 5, 1, 5, 1,
		  "session 1 is neither the next one, 2, nor open for its user and content" },
		{ 5, 1, 2, 0, "session 1 began at 1, not at 2" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct outcomes o;
		struct err err = ERR_INIT;
		struct event e =
			event(bad[i].ts, bad[i].pair, bad[i].id, bad[i].start, 99, EVENT_PAUSE, 0);
		bool completes;

		outcomes_init(&o, near_end);
		take(&o, event(1, 0, 1, 1, 50, EVENT_PLAY, 0));
		CHECK(!outcomes_step(&o, &e, &completes, &err));
		CHECK_STR(err.message, bad[i].message);
		outcomes_release(&o);
	}
}

int main(void)
{
	RUN(deadlines_come_out_of_order);
	RUN(a_session_is_closed_only_behind_its_closing_time);
	RUN(the_next_session_closes_the_one_before);
	RUN(completing_events);
	RUN(an_unknown_ratio_is_never_near_the_end);
	RUN(session_columns_that_contradict_each_other_are_refused);
	return CHECK_DONE();
}
