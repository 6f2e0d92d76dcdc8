#include "history/label.h"

#include "scratch.h"

/* Rows go through labels into a plain file; each is "NAME," before its label. */
struct run {
	struct labels labels;
	struct csv_writer out;
	struct {
		int64_t ts;     /* of the user's latest event */
		bool completed; /* the session */
	} seen[100001];         /* by user, and by session */
};

static void begin(struct run *r)
{
	const struct gz_output output = { .path = "out", .level = 0, .plain = true };
	struct err err = ERR_INIT;

	memset(r->seen, 0, sizeof(r->seen));
	labels_init(&r->labels, EVENT_UNKNOWN);
	CHECK_INT(csv_writer_open(&r->out, &output, &err), 0);
}

/* An event of session `id`, which began at `start`; a row if `name` is not NULL. */
static void see_of(struct run *r, uint32_t user, int64_t ts, int64_t id, int64_t start,
		   int64_t deadline, enum event_type type, const char *name)
{
	const struct event e = { .ts = ts,
				 .user = user,
				 .type = type,
				 .ratio = EVENT_UNKNOWN,
				 .session_id = id,
				 .session_start = start,
				 .deadline = deadline,
				 .completes = type == EVENT_COMPLETE,
				 .phase = r->seen[id].completed || type == EVENT_COMPLETE
						  ? EVENT_COMPLETED
						  : EVENT_OPEN,
				 .prev_ts = r->seen[user].ts ? r->seen[user].ts : EVENT_UNKNOWN };
	struct err err = ERR_INIT;

	CHECK_INT(labels_step(&r->labels, &e, &err), 0);
	r->seen[user].ts = ts;
	r->seen[id].completed |= e.completes;
	if (name) {
		csv_put_str(labels_row(&r->labels), name);
		labels_hold(&r->labels, id);
	}
	CHECK_INT(labels_write(&r->labels, &r->out, &err), 0);
}

/* The same of a session that is its user's only one. */
static void see(struct run *r, int64_t ts, int64_t id, int64_t start, int64_t deadline,
		enum event_type type, const char *name)
{
	see_of(r, (uint32_t)id, ts, id, start, deadline, type, name);
}

static void check_output(struct run *r, const char *want)
{
	struct err err = ERR_INIT;
	size_t n;
	char *got;

	labels_finish(&r->labels);
	CHECK_INT(labels_write(&r->labels, &r->out, &err), 0);
	CHECK_INT(r->labels.rows.n, 0);
	CHECK_INT(r->labels.sessions.n, 0);
	CHECK_INT(csv_writer_close(&r->out, &err), 0);
	got = scratch_read("out", &n);
	CHECK_STR(got, want);
	free(got);
	labels_release(&r->labels);
}

static void rows_leave_in_the_order_in_which_they_came(void)
{
	static struct run r;

	begin(&r);
	see(&r, 1, 1, 1, 100, EVENT_PLAY, "a1");
	see(&r, 2, 2, 2, 5, EVENT_PLAY, "b1");
	CHECK_INT(r.out.n_rows, 0);
	see(&r, 3, 3, 3, 50, EVENT_PLAY, "c1");
	see(&r, 4, 3, 3, 50, EVENT_COMPLETE, "c2"); /* decided first, yet behind a1 */
	CHECK_INT(r.out.n_rows, 0);
	see(&r, 6, 4, 6, 90, EVENT_PLAY, NULL); /* b is decided */
	CHECK_INT(r.out.n_rows, 0);
	see(&r, 7, 1, 1, 20, EVENT_COMPLETE, "a2"); /* a is: all leave */
	CHECK_INT(r.out.n_rows, 5);
	see(&r, 8, 4, 6, 60, EVENT_PAUSE, "d1");
	check_output(&r, "a1,7,1\nb1,5,0\nc1,4,1\nc2,4,1\na2,7,1\nd1,,\n");
}

static void what_closes_at_the_watermark_or_behind_it_is_censored(void)
{
	static struct run r;

	begin(&r);
	see(&r, 1, 1, 1, 9, EVENT_PLAY, "closed");
	see(&r, 1, 2, 1, 10, EVENT_PLAY, "open");
	see(&r, 1, 3, 1, 99, EVENT_PLAY, "completed");
	see(&r, 2, 3, 1, 99, EVENT_COMPLETE, NULL);
	see(&r, 10, 4, 10, 10, EVENT_PLAY, "last");
	check_output(&r, "closed,9,0\nopen,,\ncompleted,2,1\nlast,,\n");
}

/* A watermark of its own: before the end of the events, and after it. */
static void the_watermark_decides_between_0_and_unknown(void)
{
	static struct run r;

	begin(&r);
	r.labels.watermark = 10;
	see(&r, 1, 1, 1, 9, EVENT_PLAY, "closed");
	see(&r, 1, 2, 1, 10, EVENT_PLAY, "open");
	see(&r, 12, 3, 12, 12, EVENT_PLAY, "late");
	see(&r, 12, 3, 12, 12, EVENT_COMPLETE, "completed");
	CHECK_INT(r.out.n_rows, 4);
	check_output(&r, "closed,9,0\nopen,,\nlate,12,1\ncompleted,12,1\n");

	begin(&r);
	r.labels.watermark = 100;
	see(&r, 1, 1, 1, 99, EVENT_PLAY, "closed");
	see(&r, 1, 2, 1, 100, EVENT_PLAY, "open");
	check_output(&r, "closed,99,0\nopen,,\n");
}

static void the_next_session_of_a_pair_closes_the_one_before(void)
{
	struct event e = {
		.ts = 5, .session_id = 2, .session_start = 5, .deadline = 60, .prev_ts = 1
	};
	struct err err = ERR_INIT;
	static struct run r;

	begin(&r);
	see(&r, 1, 1, 1, 50, EVENT_PLAY, "first");
	e.user = 1;
	CHECK_INT(labels_step(&r.labels, &e, &err), 0);
	CHECK_INT(labels_write(&r.labels, &r.out, &err), 0);
	CHECK_INT(r.out.n_rows, 0); /* closed at 5, which is not over */
	see(&r, 6, 3, 6, 6, EVENT_PAUSE, NULL);
	CHECK_INT(r.out.n_rows, 1);
	/* The first takes no more events, even of its own time. */
	e.session_id = 1;
	CHECK_INT(labels_step(&r.labels, &e, &err), -1);
	CHECK_STR(err.message,
		  "session 1 is neither the next one, 4, nor open for its user and content");
	check_output(&r, "first,5,0\n");

	/* But it closed at its deadline if that is past, also where its label is still to be put.
	 */
	begin(&r);
	see(&r, 1, 1, 1, 100, EVENT_PLAY, "long");
	see(&r, 2, 2, 2, 9, EVENT_PLAY, "behind");
	see_of(&r, 2, 50, 3, 50, 60, EVENT_PLAY, NULL);
	see(&r, 101, 4, 101, 101, EVENT_PAUSE, NULL);
	check_output(&r, "long,100,0\nbehind,9,0\n");
}

/* What is kept of a pair is its latest session, and nothing once that is closed. */
static void each_session_of_a_pair_closes_the_one_before(void)
{
	static struct run r;

	begin(&r);
	see_of(&r, 1, 1, 1, 1, 100, EVENT_PLAY, "first");
	see_of(&r, 1, 10, 2, 10, 100, EVENT_PLAY, "second");
	see_of(&r, 2, 15, 3, 15, 15, EVENT_PAUSE, NULL); /* the first has left */
	see_of(&r, 1, 20, 4, 20, 100, EVENT_PLAY, "third");
	see_of(&r, 2, 200, 5, 200, 200, EVENT_PAUSE, NULL);
	CHECK_INT(r.labels.sessions.n, 1);
	CHECK_INT(r.labels.latest_of.n, 1);
	see_of(&r, 1, 300, 6, 300, 300, EVENT_PAUSE, "fourth");
	check_output(&r, "first,10,0\nsecond,20,0\nthird,100,0\nfourth,,\n");
}

/* An event that cannot follow a complete of user 1 in session 1 at 5, which is open until 9. */
static void session_columns_that_contradict_each_other_are_refused(void)
{
	static const char not_open[] =
		"session 1 is neither the next one, 2, nor open for its user and content";
	static const struct {
		struct event e;
		const char *message;
	} bad[] = {
		{ { .ts = 6,
		    .session_id = 1,
		    .session_start = 5,
		    .user = 1,
		    .prev_ts = 5,
		    .completes = true },
		  "session 1 is completed a second time" },
		{ { .ts = 6, .session_id = 1, .session_start = 6, .user = 1, .prev_ts = 5 },
		  "session 1 began at 5, not at 6" },
		{ { .ts = 6, .session_id = 1, .user = 2 }, not_open },
		{ { .ts = 6, .session_id = 1, .user = 1, .content = 1 }, not_open },
		{ { .ts = 10, .session_id = 1, .user = 1 }, not_open },
		{ { .ts = 6, .session_id = 3, .user = 1 },
		  "session 3 is neither the next one, 2, nor open for its user and content" },
		{ { .ts = 6, .session_id = 1 + RING_CHUNK, .user = 1 },
		  "session 1025 is neither the next one, 2, nor open for its user and "
		  "content" },
	};
	const struct event next = {
		.ts = 5, .session_id = 2, .session_start = 5, .user = 1, .deadline = 9, .prev_ts = 5
	};
	const struct event last = { .ts = 5, .session_id = 1, .session_start = 5, .user = 1 };
	struct err err = ERR_INIT;
	static struct run r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(&r);
		see(&r, 5, 1, 5, 9, EVENT_COMPLETE, NULL);
		CHECK_INT(labels_step(&r.labels, &bad[i].e, &err), -1);
		CHECK_STR(err.message, bad[i].message);
		check_output(&r, "");
	}
	/* The pair's next session ends it, even in the same millisecond. */
	begin(&r);
	see(&r, 5, 1, 5, 9, EVENT_PAUSE, "first");
	CHECK_INT(labels_step(&r.labels, &next, &err), 0);
	CHECK_INT(labels_step(&r.labels, &last, &err), -1);
	CHECK_BEGINS(err.message, "session 1 is neither the next one, 3, nor open ");
	check_output(&r, "first,,\n");
	begin(&r);
	see(&r, 5, 1, 5, 9, EVENT_PAUSE, NULL);
	see(&r, 9, 2, 9, 20, EVENT_PAUSE, NULL);
	see(&r, 9, 1, 5, 9, EVENT_PAUSE, "at its closing time");
	check_output(&r, "at its closing time,,\n");
}

/*
 * Session 1 closes early, but a row of it waits behind one of a session that began much later,
 * while thousands come and go: its verdict must be there when that session is decided at last.
 */
static void a_verdict_waits_for_its_rows(void)
{
	enum { LATER = 2001, N = 5000 };
	struct err err = ERR_INIT;
	char *got, *line;
	static struct run r;
	size_t n;

	begin(&r);
	see(&r, 1, 1, 1, 10000, EVENT_PLAY, NULL);
	for (int64_t i = 2; i < LATER; i++)
		see(&r, i, i, i, i, EVENT_PAUSE, NULL);
	see(&r, LATER, LATER, LATER, 100000, EVENT_PLAY, "long");
	see(&r, LATER, 1, 1, LATER + 1, EVENT_PAUSE, "behind");
	for (int64_t i = 1; i <= N; i++)
		see(&r, LATER + 1 + i, LATER + i, LATER + 1 + i, LATER + 1 + i,
		    i % 3 ? EVENT_PAUSE : EVENT_COMPLETE, i % 2 ? "row" : NULL);
	CHECK_INT(r.out.n_rows, 0);
	see(&r, LATER + 2 + N, LATER, LATER, 100000, EVENT_COMPLETE, NULL);
	labels_finish(&r.labels);
	CHECK_INT(labels_write(&r.labels, &r.out, &err), 0);
	CHECK_INT(csv_writer_close(&r.out, &err), 0);
	labels_release(&r.labels);

	got = scratch_read("out", &n);
	CHECK(!strncmp(got, "long,7003,1\nbehind,2002,0\n", 26));
	line = got + 26;
	for (int64_t i = 1; i <= N; i += 2) {
		char want[64];

		snprintf(want, sizeof(want), "row,%d,%d\n", (int)(LATER + 1 + i), i % 3 == 0);
		if (strncmp(line, want, strlen(want))) {
			CHECK_FAIL("row %d is not %s", (int)i, want);
			break;
		}
		line += strlen(want);
	}
	CHECK_STR(line, "");
	free(got);
}

/* However much passes through, only what waits takes room. */
static void what_has_left_takes_no_room(void)
{
	static struct run r;
	struct err err = ERR_INIT;

	begin(&r);
	for (int64_t i = 1; i <= 100000; i++)
		see(&r, i, i, i, i + 20, EVENT_PLAY, "some text of some length");
	CHECK_INT(r.labels.rows.n, 21);
	CHECK_INT(r.labels.sessions.n, 21);
	CHECK_INT(r.labels.latest_of.n, 21);
	CHECK(r.labels.texts.n <= 2);
	labels_finish(&r.labels);
	CHECK_INT(labels_write(&r.labels, &r.out, &err), 0);
	CHECK_INT(r.out.n_rows, 100000);
	csv_writer_abort(&r.out);
	labels_release(&r.labels);
}

/* A completed session that is still open may have more rows, however long ago it began. */
static void an_open_session_keeps_its_verdict(void)
{
	static struct run r;
	struct err err = ERR_INIT;
	char *got;
	size_t n;

	begin(&r);
	see(&r, 1, 1, 1, 1000, EVENT_COMPLETE, "first");
	for (int64_t i = 2; i <= 200; i++)
		see(&r, i, i, i, i, EVENT_PLAY, NULL);
	CHECK_INT(r.labels.first_id, 1);
	see(&r, 201, 1, 1, 1201, EVENT_PAUSE, "again");
	labels_finish(&r.labels);
	CHECK_INT(labels_write(&r.labels, &r.out, &err), 0);
	CHECK_INT(csv_writer_close(&r.out, &err), 0);
	labels_release(&r.labels);
	got = scratch_read("out", &n);
	CHECK_STR(got, "first,1,1\nagain,1,1\n");
	free(got);
}

/* What a filter between ce-sessionize and here would leave. */
static void rows_that_are_missing_are_an_error(void)
{
	static const struct event bad[] = {
		{ .session_id = 1, .session_start = 1, .prev_ts = 2 },
		{ .session_id = 1, .session_start = 1, .prev_ts = EVENT_UNKNOWN },
		{ .session_id = 2, .session_start = 9, .prev_ts = 2 },
		{ .session_id = 2, .session_start = 8, .prev_ts = 1 },
		{ .session_id = 1, .session_start = 1, .prev_ts = 1, .phase = EVENT_COMPLETED },
		{ .session_id = 1, .session_start = 1, .prev_ts = 1, .completes = true },
	};
	struct err err = ERR_INIT;
	static struct run r;
	struct event e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(&r);
		see(&r, 1, 1, 1, 50, EVENT_PLAY, NULL);
		e = bad[i];
		e.ts = 9;
		e.user = 1;
		e.deadline = 99;
		CHECK_INT(labels_step(&r.labels, &e, &err), -1);
		CHECK_BEGINS(err.message, "rows before this one of session ");
		csv_writer_abort(&r.out);
		labels_release(&r.labels);
	}
}

/* A row of a session that was told of, not seen. */
static void hold(struct run *r, int64_t id, const char *name)
{
	csv_put_str(labels_row(&r->labels), name);
	labels_hold(&r->labels, id);
}

static void advance(struct run *r, int64_t ts)
{
	struct err err = ERR_INIT;

	labels_advance(&r->labels, ts);
	CHECK_INT(labels_write(&r->labels, &r->out, &err), 0);
}

/* By who has the outcomes, and not the events that make them. */
static void what_is_told_decides_as_what_is_seen(void)
{
	static struct run r;

	begin(&r);
	labels_begin(&r.labels, 1);
	labels_begin(&r.labels, 2);
	labels_begin(&r.labels, 2);
	hold(&r, 1, "a");
	hold(&r, 2, "b");
	advance(&r, 2);
	CHECK_INT(r.out.n_rows, 0);
	labels_decide(&r.labels, 2, 3, true);
	labels_decide(&r.labels, 1, 5, false);
	advance(&r, 5);
	CHECK_INT(r.out.n_rows, 0); /* 5 is not over */
	advance(&r, 6);
	CHECK_INT(r.out.n_rows, 2);
	/* The first has left, and of what is not remembered nothing is said. */
	CHECK(!labels_has_session(&r.labels, 1));
	CHECK(labels_has_session(&r.labels, 2));
	labels_decide(&r.labels, 1, 7, true);
	labels_close(&r.labels, 1, 7);
	labels_decide(&r.labels, 4, 7, true);
	labels_close(&r.labels, INT64_MAX, 7);
	/* A completed session has rows until it is closed. */
	hold(&r, 2, "c");
	labels_close(&r.labels, 2, 8);
	advance(&r, 8);
	CHECK_INT(r.out.n_rows, 3);
	CHECK(labels_has_session(&r.labels, 2));
	advance(&r, 9);
	CHECK(!labels_has_session(&r.labels, 2));
	hold(&r, 3, "d");
	labels_decide(&r.labels, 3, 10, false);
	labels_begin(&r.labels, 10);
	labels_close(&r.labels, 4, 10);
	advance(&r, 10);
	check_output(&r, "a,5,0\nb,3,1\nc,3,1\nd,,\n");
}

/* Where the log goes on, and a shard's rows do not wait for it. */
static void rows_leave_without_a_label_where_none_waits(void)
{
	struct err err = ERR_INIT;
	static struct run r;
	size_t n;
	char *got;

	for (int i = 0; i < 2; i++) {
		begin(&r);
		r.labels.goes_on = true;
		r.labels.none_waits = i;
		see(&r, 1, 1, 1, 3, EVENT_PLAY, "closed");
		see(&r, 2, 2, 2, 9, EVENT_PLAY, "open");
		see(&r, 2, 3, 2, 9, EVENT_PLAY, "completed");
		see(&r, 4, 3, 2, 9, EVENT_COMPLETE, NULL);
		labels_finish(&r.labels);
		CHECK_INT(labels_write(&r.labels, &r.out, &err), 0);
		CHECK_INT(r.labels.rows.n, i ? 0 : 2);
		CHECK_INT(csv_writer_close(&r.out, &err), 0);
		got = scratch_read("out", &n);
		CHECK_STR(got, i ? "closed,3,0\nopen,,\ncompleted,4,1\n" : "closed,3,0\n");
		CHECK_INT(r.labels.n_censored, i);
		free(got);
		labels_release(&r.labels);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(rows_leave_in_the_order_in_which_they_came);
	RUN(what_closes_at_the_watermark_or_behind_it_is_censored);
	RUN(the_watermark_decides_between_0_and_unknown);
	RUN(the_next_session_of_a_pair_closes_the_one_before);
	RUN(each_session_of_a_pair_closes_the_one_before);
	RUN(session_columns_that_contradict_each_other_are_refused);
	RUN(a_verdict_waits_for_its_rows);
	RUN(what_has_left_takes_no_room);
	RUN(an_open_session_keeps_its_verdict);
	RUN(rows_that_are_missing_are_an_error);
	RUN(what_is_told_decides_as_what_is_seen);
	RUN(rows_leave_without_a_label_where_none_waits);
	scratch_leave(dir);
	return CHECK_DONE();
}
