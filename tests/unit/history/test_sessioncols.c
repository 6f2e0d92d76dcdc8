#include "history/sessioncols.h"

#include "history/session.h"
#include "scratch.h"

enum { N = 4000, N_PAIRS = 40 };

/* Random events in which sessions are short, long, completed, not completed and watched again. */
static void make_events(struct event *events)
{
	struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions sessions;
	uint64_t random = 3;

	options.gap = 200;
	sessions_init(&sessions, &options);
	for (int i = 0; i < N; i++) {
		struct event *e = &events[i];
		uint32_t pair = (uint32_t)scratch_below(&random, N_PAIRS);
		int64_t position = (int64_t)scratch_below(&random, 11) / 10;

		*e = (struct event){ .ts = 10 * i + 1,
				     .user = pair,
				     .content = pair,
				     .type = (enum event_type)scratch_below(&random, EVENT_N_TYPES),
				     .position = position,
				     .runtime = 1,
				     .ratio = event_ratio(position, 1) };
		sessions_step(&sessions, e);
	}
	CHECK(sessions.n > N / 10 && sessions.n < N * 9 / 10);
	CHECK(sessions.n_completed > sessions.n / 10);
	sessions_release(&sessions);
}

/* What is known of each session, and which is each pair's latest; 0: none is. */
struct known {
	struct session_past past[N + 1];
	int64_t latest[N_PAIRS];
};

static enum sessioncols_fault step(struct known *k, const struct event *e)
{
	int64_t *latest = &k->latest[e->user];
	struct session_past *past = &k->past[e->session_id];
	bool is_first = *latest != e->session_id;
	enum sessioncols_fault fault = sessioncols_check(
		is_first ? NULL : past, is_first && *latest ? &k->past[*latest] : NULL, e);

	if (is_first)
		*past = session_past(e);
	session_past_add(past, e);
	*latest = e->session_id;
	return fault;
}

static struct event events[N];
static struct known known;

static void what_sessions_makes_agrees(void)
{
	make_events(events);
	memset(&known, 0, sizeof(known));
	for (int i = 0; i < N; i++)
		CHECK_INT(step(&known, &events[i]), SESSIONCOLS_AGREE);
}

/*
 * Any one row that is left out shows at the pair's next one: but for a session that is the pair's
 * first and has one row only, before which there may have been anything.
 */
static void each_row_that_is_missing_shows(void)
{
	make_events(events);
	for (int out = 0; out < N && check_ok; out += 7) {
		const struct event *gone = &events[out];
		int i = 0;

		memset(&known, 0, sizeof(known));
		for (; i < out; i++)
			if (events[i].user == gone->user)
				step(&known, &events[i]);
		for (i = out + 1; i < N && events[i].user != gone->user;)
			i++;
		if (i < N)
			CHECK_INT(step(&known, &events[i]) != SESSIONCOLS_AGREE,
				  known.latest[gone->user] != events[i].session_id ||
					  gone->session_id == events[i].session_id ||
					  gone->prev_ts != EVENT_UNKNOWN);
	}
}

/* What cannot follow a session of two events, at 1 and 5; all but its fault is as it must be. */
static void each_fault_by_its_name(void)
{
	const struct session_past open = { 1, 5, EVENT_UNKNOWN }, over = { 1, 5, 5 };
	const struct {
		const struct session_past *past, *before;
		struct event e;
		enum sessioncols_fault fault;
		const char *message;
	} rows[] = {
		{ &open, NULL, { .session_start = 1, .prev_ts = 5 }, SESSIONCOLS_AGREE, "" },
		{ &open,
		  NULL,
		  { .session_start = 1, .prev_ts = 5, .completes = true, .phase = EVENT_COMPLETED },
		  SESSIONCOLS_AGREE,
		  "" },
		{ NULL, &over, { .session_start = 9, .prev_ts = 5 }, SESSIONCOLS_AGREE, "" },
		{ NULL, NULL, { .session_start = 9, .prev_ts = 7 }, SESSIONCOLS_AGREE, "" },
		{ NULL,
		  &open,
		  { .session_start = 8, .prev_ts = 5 },
		  SESSIONCOLS_FIRST,
		  "session 2 begins at 8, but its first event is at 9" },
		{ &open,
		  NULL,
		  { .session_start = 9, .prev_ts = 5 },
		  SESSIONCOLS_START,
		  "session 2 began at 1, not at 9" },
		{ &over,
		  NULL,
		  { .session_start = 1, .prev_ts = 5, .completes = true, .phase = EVENT_COMPLETED },
		  SESSIONCOLS_TWICE,
		  "session 2 is completed a second time" },
		{ &open,
		  NULL,
		  { .session_start = 1, .prev_ts = 1 },
		  SESSIONCOLS_PREV,
		  "prev_ts is not the time of the previous event of the user and content of "
		  "session 2" },
		{ NULL,
		  &open,
		  { .session_start = 9, .prev_ts = EVENT_UNKNOWN },
		  SESSIONCOLS_PREV,
		  "prev_ts is not the time of the previous event of the user and content of "
		  "session 2" },
		{ &over,
		  NULL,
		  { .session_start = 1, .prev_ts = 5, .phase = EVENT_ENDING },
		  SESSIONCOLS_PHASE,
		  "session 2 is completed, but session_phase is ending" },
		{ NULL,
		  NULL,
		  { .session_start = 9, .completes = true },
		  SESSIONCOLS_PHASE,
		  "session 2 is completed, but session_phase is open" },
		{ NULL,
		  &over,
		  { .session_start = 9, .prev_ts = 5, .phase = EVENT_COMPLETED },
		  SESSIONCOLS_PHASE,
		  "session 2 is not completed, but session_phase is completed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct event e = rows[i].e;
		struct err err = ERR_INIT;

		e.ts = 9;
		e.session_id = 2;
		CHECK_INT(sessioncols_check(rows[i].past, rows[i].before, &e), rows[i].fault);
		CHECK_INT(sessioncols_fail(rows[i].fault, rows[i].past, &e, &err), -1);
		CHECK_STR(err.message, rows[i].message);
	}
}

int main(void)
{
	RUN(what_sessions_makes_agrees);
	RUN(each_row_that_is_missing_shows);
	RUN(each_fault_by_its_name);
	return CHECK_DONE();
}
