#include "collate/whole.h"

#include "reseal.h"
#include "scratch.h"
#include "tell.h"

#define HOUR 3600000

static void begin(struct whole *w, size_t n_shards)
{
	*w = (struct whole)WHOLE_INIT;
	whole_init(w, n_shards, NULL, 0);
}

/* The columns of a content: known sessions, completion rate, viewing ratio, popularity. */
static void check_content(struct whole *w, const char *id, int64_t known, int64_t rate,
			  int64_t ratio, int64_t popularity)
{
	struct history_row row;

	whole_content(w, id, strlen(id), &row);
	CHECK_INT(row.content_known_sessions, known);
	CHECK_INT(row.content_completion_rate, rate);
	CHECK_INT(row.average_viewing_duration_ratio, ratio);
	CHECK_INT(row.content_popularity, popularity);
}

/* Across the shards, in the order in which they begin; a shard's own number must be its next. */
static void sessions_are_numbered(void)
{
	struct whole w;

	begin(&w, 2);
	CHECK(!whole_find(&w, 0, 1));
	CHECK_INT(tell_start(&w, 1, 5, 2, "v", "c"), -1);
	CHECK_INT(tell_start(&w, 1, 5, 0, "v", "c"), -1);
	CHECK_INT(w.n, 0);
	CHECK_INT(tell_start(&w, 1, 5, 1, "v", "c"), 0);
	CHECK_INT(tell_start(&w, 0, 5, 1, "u", "c"), 0);
	CHECK_INT(tell_start(&w, 1, 6, 2, "v", "d"), 0);
	CHECK_INT(tell_start(&w, 1, 6, 2, "v", "d"), -1);
	CHECK_INT(w.n, 3);
	CHECK_INT(w.last_ts, 6);
	CHECK_INT(whole_find(&w, 1, 1)->id, 1);
	CHECK_INT(whole_find(&w, 0, 1)->id, 2);
	CHECK_INT(whole_find(&w, 1, 2)->id, 3);
	CHECK_INT(whole_find(&w, 1, 2)->start, 6);
	CHECK(!whole_find(&w, 0, 2));
	CHECK(!whole_find(&w, 0, 0));
	CHECK(!whole_find(&w, 0, INT64_MIN));
	CHECK(!whole_find(&w, 0, INT64_MAX));
	whole_release(&w);
}

/* What is added is not known before a later time is reached. */
static void a_fact_is_known_after_its_time(void)
{
	struct whole w;

	begin(&w, 2);
	CHECK_INT(tell_start(&w, 0, 5, 1, "u", "c"), 0);
	CHECK_INT(tell_start(&w, 1, 5, 1, "v", "c"), 0);
	CHECK_INT(tell_activity(&w, 0, 5, "c", true, EVENT_UNKNOWN), 0);
	CHECK_INT(tell_activity(&w, 1, 5, "c", true, 500000), 0);
	CHECK_INT(tell_outcome(&w, 1, 8, 1, true), 0);
	CHECK_INT(tell_outcome(&w, 0, 9, 1, false), 0);
	CHECK_INT(tell_activity(&w, 0, 9, "d", false, 250000), 0);
	whole_reach(&w, 5);
	check_content(&w, "c", 0, EVENT_UNKNOWN, EVENT_UNKNOWN, 0);
	whole_reach(&w, 6);
	check_content(&w, "c", 0, EVENT_UNKNOWN, 500000, 2);
	whole_reach(&w, 8);
	check_content(&w, "c", 0, EVENT_UNKNOWN, 500000, 2);
	CHECK(whole_find(&w, 0, 1) && whole_find(&w, 1, 1));
	whole_reach(&w, 9);
	check_content(&w, "c", 1, 1000000, 500000, 2);
	check_content(&w, "d", 0, EVENT_UNKNOWN, EVENT_UNKNOWN, 0);
	whole_reach(&w, 9);
	check_content(&w, "c", 1, 1000000, 500000, 2);
	whole_reach(&w, INT64_MAX);
	check_content(&w, "c", 2, 500000, 500000, 2);
	check_content(&w, "d", 0, EVENT_UNKNOWN, 250000, 0);
	CHECK(!whole_find(&w, 0, 1)); /* closed */
	CHECK(whole_find(&w, 1, 1));  /* completed, and open */
	CHECK_INT(w.pending.n, 0);
	whole_release(&w);
}

static void facts_that_cannot_be_are_refused(void)
{
	struct whole w;

	begin(&w, 2);
	CHECK_INT(tell_outcome(&w, 0, 5, 1, true), -1);
	CHECK_INT(tell_start(&w, 0, 5, 1, "u", "c"), 0);
	CHECK_INT(tell_start(&w, 0, 5, 2, "u", "d"), 0);
	CHECK_INT(tell_outcome(&w, 1, 5, 1, true), -1); /* of the other shard */
	CHECK_INT(tell_outcome(&w, 0, 5, 3, true), -1);
	CHECK_INT(tell_outcome(&w, 0, 5, 0, true), -1);
	CHECK_INT(tell_end(&w, 0, 6, 1), -1); /* no outcome yet */
	CHECK_INT(tell_outcome(&w, 0, 6, 1, true), 0);
	CHECK_INT(tell_outcome(&w, 0, 6, 1, true), -1);
	CHECK_INT(tell_outcome(&w, 0, 6, 1, false), -1);
	CHECK_INT(tell_end(&w, 0, 7, 1), 0);
	CHECK_INT(tell_end(&w, 0, 7, 1), -1);
	CHECK_INT(tell_outcome(&w, 0, 7, 2, false), 0);
	CHECK_INT(tell_end(&w, 0, 8, 2), -1); /* its outcome was its end */
	whole_reach(&w, 100);
	CHECK_INT(tell_outcome(&w, 0, 100, 1, true), -1);
	CHECK_INT(tell_outcome(&w, 0, 100, 2, true), -1);
	CHECK_INT(w.sessions.n, 0);
	check_content(&w, "c", 1, 1000000, EVENT_UNKNOWN, 0);
	check_content(&w, "d", 1, 0, EVENT_UNKNOWN, 0);
	whole_release(&w);
}

/* However many there were: sessions from the first one on that is open take room. */
static void what_is_closed_takes_no_room(void)
{
	enum { N = 20000 };
	struct whole w;

	begin(&w, 3);
	w.without_online = true;
	for (int64_t i = 1; i <= N; i++) {
		const size_t shard = (size_t)i % 3;
		const int64_t local = (i + 2) / 3;

		whole_reach(&w, i);
		CHECK_INT(tell_start(&w, shard, i, local, "u", "c"), 0);
		if (i > 20)
			CHECK_INT(tell_outcome(&w, (size_t)(i - 20) % 3, i, (i - 18) / 3, false),
				  0);
	}
	CHECK_INT(w.sessions.n, 21);
	CHECK_INT(w.shards[0].ids.n + w.shards[1].ids.n + w.shards[2].ids.n, 21);
	CHECK_INT(whole_find(&w, N % 3, (N + 2) / 3)->id, N);
	CHECK(!whole_find(&w, (N - 21) % 3, (N - 19) / 3));
	whole_release(&w);
}

/* The sessions' numbers in the whole decide what is learnt first of one millisecond. */
static void outcomes_of_one_millisecond_are_learnt_in_order(void)
{
	struct effects_ids levels;
	struct online_row rows[2];

	for (int k = 0; k < 2; k++) {
		struct whole w;

		begin(&w, 2);
		for (int64_t i = 1; i <= 4; i++)
			CHECK_INT(
				tell_start(&w, i > 2, i, i > 2 ? i - 2 : i, i % 2 ? "u" : "v", "c"),
				0);
		for (int64_t i = 1; i <= 4; i++) {
			const int64_t id = k ? 5 - i : i;

			CHECK_INT(tell_outcome(&w, id > 2, HOUR, id > 2 ? id - 2 : id, id % 3 == 1),
				  0);
		}
		levels = whole_find(&w, 1, 2)->levels;
		whole_reach(&w, HOUR + 1);
		rows[k] = online_predict(&w.online, &levels, HOUR + 1);
		whole_release(&w);
	}
	CHECK_INT(rows[0].online_logit, rows[1].online_logit);
	CHECK_INT(rows[0].online_logit_sd, rows[1].online_logit_sd);
	CHECK(rows[0].online_logit != 0);
}

/* --- The state. */

static const struct gz_output quick = { .no_sync = true };

static void write_whole(struct whole *w, const char *folder)
{
	struct state_out out = STATE_OUT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(state_out_open(&out, folder, &quick, &err), 0);
	manifest_add_int(&out.manifest, "until", HOUR);
	CHECK_INT(whole_write(w, &out, &err), 0);
	CHECK_INT(state_out_finish(&out, &err), 0);
	CHECK_INT(csv_writer_close(&out.folder, &err), 0);
	CHECK_STR(err.message, "");
	state_out_release(&out);
}

static int read_whole(struct whole *w, const char *folder, size_t n_shards, struct err *err)
{
	struct state_in in = STATE_IN_INIT;
	int rc;

	begin(w, n_shards);
	rc = state_in_open(&in, folder, err) || whole_read(w, &in, err) ? -1 : 0;
	state_in_release(&in);
	return rc;
}

/*
 * Two shards at HOUR: session 1 is closed, 2 (the first of shard 1, u and c) is open, 3 is
 * completed and open, 4 is completed and closed, 5 (the second of shard 1, x and d) is open.
 */
static void make_whole(struct whole *w)
{
	begin(w, 2);
	CHECK_INT(tell_start(w, 0, 1, 1, "u", "c"), 0);
	CHECK_INT(tell_start(w, 1, 2, 1, "v", "c"), 0);
	CHECK_INT(tell_start(w, 0, 3, 2, "u", "d"), 0);
	CHECK_INT(tell_activity(w, 0, 3, "c", true, 400000), 0);
	CHECK_INT(tell_start(w, 0, 4, 3, "w", "c"), 0);
	CHECK_INT(tell_start(w, 1, 5, 2, "x,\"", "d"), 0);
	CHECK_INT(tell_outcome(w, 0, 10, 1, false), 0);
	CHECK_INT(tell_outcome(w, 0, 11, 2, true), 0);
	CHECK_INT(tell_outcome(w, 0, 12, 3, true), 0);
	CHECK_INT(tell_end(w, 0, 13, 3), 0);
	whole_reach(w, HOUR);
}

/* What comes after it. */
static void go_on(struct whole *w)
{
	CHECK_INT(tell_start(w, 1, HOUR, 3, "v", "d"), 0);
	CHECK_INT(tell_start(w, 0, HOUR, 4, "u", "c"), 0);
	CHECK_INT(tell_outcome(w, 0, HOUR, 1, true), -1);
	CHECK_INT(tell_outcome(w, 0, HOUR, 2, true), -1);
	CHECK_INT(tell_end(w, 0, HOUR, 3), -1);
	CHECK_INT(tell_outcome(w, 1, HOUR, 1, true), 0);
	CHECK_INT(tell_end(w, 0, HOUR + 1, 2), 0);
	CHECK_INT(tell_outcome(w, 1, HOUR + 2, 2, false), 0);
	whole_reach(w, HOUR + 2);
}

static void a_cut_changes_nothing(void)
{
	struct whole through, back;
	struct err err = ERR_INIT;

	make_whole(&through);
	write_whole(&through, "s1");
	CHECK_INT(read_whole(&back, "s1", 2, &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(back.n, 5);
	CHECK_INT(back.last_ts, 5);
	CHECK_INT(back.sessions.n, 4);
	CHECK(!whole_find(&back, 0, 1));
	CHECK_INT(whole_find(&back, 1, 1)->id, 2);
	CHECK_INT(whole_find(&back, 0, 2)->id, 3);
	CHECK_INT(whole_find(&back, 0, 2)->completed_at, 11);
	CHECK(!whole_find(&back, 0, 3));
	CHECK_INT(whole_find(&back, 1, 2)->start, 5);
	write_whole(&back, "s2");
	CHECK_INT(system("diff -r s1 s2"), 0);

	go_on(&through);
	go_on(&back);
	CHECK_INT(back.n, 7);
	CHECK_INT(back.sessions.n, 6); /* the second, too, is open still */
	check_content(&back, "c", 3, 666667, 400000, 1);
	check_content(&back, "d", 1, 1000000, EVENT_UNKNOWN, 0);
	CHECK_INT(system("rm -r s1 s2"), 0);
	write_whole(&through, "s1");
	write_whole(&back, "s2");
	CHECK_INT(system("diff -r s1 s2"), 0);
	CHECK_INT(system("rm -r s1 s2"), 0);
	whole_release(&through);
	whole_release(&back);
}

static void of_nothing_there_is_a_state(void)
{
	struct err err = ERR_INIT;
	struct whole w, back;

	begin(&w, 3);
	w.without_online = true;
	write_whole(&w, "s1");
	CHECK_INT(read_whole(&back, "s1", 3, &err), 0);
	CHECK_INT(back.n, 0);
	CHECK_INT(tell_start(&back, 2, 7, 1, "u", "c"), 0);
	CHECK_INT(whole_find(&back, 2, 1)->id, 1);
	CHECK_INT(system("rm -r s1"), 0);
	whole_release(&w);
	whole_release(&back);
}

#define SESSIONS "shard_sessions.csv.gz"

static void a_row_that_cannot_be_is_refused(void)
{
	/* 2,1,1,v,c,Drama,2,tv,,13,, and so on. */
	static const struct reseal_wrong wrong[] = {
		{ SESSIONS, "\n2,1,1,", "\n3,1,1,", ":2: column session_id" },
		{ SESSIONS, "\n2,1,1,", "\n1,1,1,", ":2: column session_id" },
		{ SESSIONS, "\n2,1,1,", "\n2,2,1,", ":2: column shard: '2' is not what" },
		{ SESSIONS, "\n2,1,1,", "\n2,-1,1,", ":2: column shard: '-1' is not what" },
		{ SESSIONS, "\n2,1,1,", "\n2,,1,", ":2: column shard: '' is not what" },
		{ SESSIONS, "\n2,1,1,", "\n2,x,1,", ":2: column shard: no number: 'x'" },
		{ SESSIONS, "\n2,1,1,", "\n2,1,3,", ":2: column shard_session_id" },
		{ SESSIONS, "\n2,1,1,", "\n2,1,2,", ":2: column shard_session_id" },
		{ SESSIONS, "\n3,0,2,", "\n3,1,2,", "column shard_session_id" },
		{ SESSIONS, "1,v,c,", "1,,c,", ":2: column user_id: '' is not what" },
		{ SESSIONS, "1,v,c,", "1,v,,", ":2: column content_id: '' is not what" },
		{ SESSIONS, "Drama,2,tv", "Drama,0,tv", ":2: column session_start_ts: '0' is" },
		{ SESSIONS, "Drama,2,tv", "Drama,6,tv", ":2: column session_start_ts: '6' is" },
		{ SESSIONS, "Drama,2,tv", "Drama,,tv", ":2: column session_start_ts: '' is" },
		{ SESSIONS, "2,tv,,13,", "2,tv,,,", ":2: column runtime_level: '' is" },
		{ SESSIONS, "2,tv,,13,", "2,tv,,65,", ":2: column runtime_level: '65' is" },
		{ SESSIONS, ",11,,", ",-11,,", ":3: column completed_ts: '-11' is" },
		{ SESSIONS, ",12,13,", ",12,0,", ":4: column closing_ts: '0' is" },
		{ SESSIONS, ",12,13,", ",12,17592186044416,", ":4: column closing_ts: '1759" },
		{ SESSIONS, "\n4,0,3,w,c,Drama,4,tv,,13,12,13,12,1,0,3", "",
		  ":2: column session_id" },
		{ SESSIONS, ",13,12,1,0,3\n", ",13,14,1,0,3\n", ":4: column session_end_ts: '14'" },
		{ SESSIONS, ",13,12,1,0,3\n", ",13,,1,0,3\n", ":4: column session_end_ts: ''" },
		{ SESSIONS, ",13,12,1,0,3\n", ",13,12,2,0,3\n", ":4: column is_completed_event" },
		{ SESSIONS, ",13,12,1,0,3\n", ",13,12,1,,3\n", ":4: column stopped_near_end: ''" },
		{ SESSIONS, ",13,12,1,0,3\n", ",13,12,1,0,99\n", ":4: column num_unique_events" },
		{ "contents.csv.gz", "\nc,", "\nc,-", "contents.csv.gz:2: column" },
		{ "online_effects.csv.gz", "\ncontent,", "\nnothing,", "online_effects.csv.gz:" },
		{ "MANIFEST", "\nsessions 5", "\nsessions 6",
		  ": the shards have 5 sessions, and the whole 6" },
		{ "MANIFEST", "\nsessions 5", "\nsessions x", ": it has no number 'sessions'" },
		{ "MANIFEST", "\nlast_ts 5", "\nlast 5", ": it has no number 'last_ts'" },
		{ "MANIFEST", "\nlast_ts 5", "\nlast_ts 4", "" },
		{ "MANIFEST", "\nshard_sessions 3", "\nshard_sessions -3",
		  ": it has no number of sessions of shard 0" },
		{ "MANIFEST", "\nshard_sessions 3", "\nshard_sessions 9",
		  ": it has no number of sessions of shard 0" },
		{ "MANIFEST", "\nshard_sessions 3\n", "\n",
		  ": it has no number of sessions of shard 1" },
		{ "MANIFEST", "\nshard_sessions 3\nshard_sessions 2",
		  "\nshard_sessions 5\nshard_sessions 0", "" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct reseal_wrong w = wrong[i];
		struct err err = ERR_INIT;
		struct whole whole;
		int rc;

		make_whole(&whole);
		write_whole(&whole, "s1");
		whole_release(&whole);
		if (!reseal_edit("s1", w.file, w.old, w.new))
			CHECK_FAIL("%s has no '%s'", w.file, w.old);
		rc = read_whole(&whole, "s1", 2, &err);
		/* What the MANIFEST says otherwise is found where the rows do not fit. */
		if (!strcmp(w.file, "MANIFEST") && !*w.where)
			w.file = SESSIONS;
		RESEAL_CHECK(&w, "s1", rc, err.message);
		whole_release(&whole);
		CHECK_INT(system("rm -r s1"), 0);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(sessions_are_numbered);
	RUN(a_fact_is_known_after_its_time);
	RUN(facts_that_cannot_be_are_refused);
	RUN(what_is_closed_takes_no_room);
	RUN(outcomes_of_one_millisecond_are_learnt_in_order);
	RUN(a_cut_changes_nothing);
	RUN(of_nothing_there_is_a_state);
	RUN(a_row_that_cannot_be_is_refused);
	scratch_leave(dir);
	return CHECK_DONE();
}
