#include "collate/shardtable.h"

#include "scratch.h"
#include "tell.h"

#define N_SHARDS 2
#define FEATURES "completion_prediction_features"

/* A table of two shards, a.csv and b.csv, and the facts of both. */
struct run {
	struct shardtable t;
	struct labels *labels[1];
	struct whole w;
};

static const struct shardtable_options plain = { .threads = 1, .watermark = EVENT_UNKNOWN };

/* NULL, or why it cannot be opened. */
static const char *begin(struct run *r, const char *name, const char *a, const char *b,
			 const struct shardtable_options *options)
{
	static const char *const paths[N_SHARDS] = { "a.csv", "b.csv" };
	const struct gz_output output = { .path = "out.csv", .plain = true, .no_sync = true };
	static struct err err;
	int rc;

	err = (struct err)ERR_INIT;
	scratch_write(paths[0], a, strlen(a));
	scratch_write(paths[1], b, strlen(b));
	*r = (struct run){ .t = SHARDTABLE_INIT, .w = WHOLE_INIT };
	rc = shardtable_open(&r->t, name, paths, N_SHARDS, &output, options, &err);
	r->labels[0] = &r->t.labels;
	whole_init(&r->w, N_SHARDS, r->labels, !rc && r->t.has_labels);
	return rc ? err.message : NULL;
}

static void release(struct run *r)
{
	csv_writer_abort(&r->t.out);
	shardtable_release(&r->t);
	whole_release(&r->w);
}

/* Takes the rows of those times. Returns NULL, or the error. */
static const char *take(struct run *r, const int64_t *times, size_t n)
{
	static const size_t shards[] = { 0, 1 };
	static struct err err;

	err = (struct err)ERR_INIT;
	for (size_t i = 0; i < n; i++) {
		whole_reach(&r->w, times[i]);
		if (shardtable_step(&r->t, &r->w, shards, r->t.n_parts, times[i], &err))
			return err.message;
	}
	return NULL;
}

static void check_end(struct run *r, const char *want)
{
	struct err err = ERR_INIT;
	char *got;
	size_t n;

	whole_reach(&r->w, INT64_MAX);
	for (size_t k = 0; k < N_SHARDS; k++)
		CHECK_INT(shardtable_next(&r->t, k), INT64_MAX);
	CHECK_INT(shardtable_finish(&r->t, r->w.last_ts, &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(csv_writer_close(&r->t.out, &err), 0);
	got = scratch_read("out.csv", &n);
	CHECK_STR(got, want);
	free(got);
	release(r);
}

static void one_is_made_from_another(void)
{
	CHECK_STR(shardtable_source("event_online"), "event_history");
	CHECK_STR(shardtable_source("event_history"), "event_history");
	CHECK_STR(shardtable_source("x"), "x");
}

/* Rows as they are quoted, in canonical order over the shards, bytewise by id. */
static void rows_are_merged_in_canonical_order(void)
{
	static const int64_t times[] = { 5, 6 };
	struct run r;

	CHECK(!begin(&r, "x", "event_ts,note,event_id\n5,,a\n5,\"\",b1\n6,x,\xff\n",
		     "event_ts,note,event_id\n5,,B\n5,\"p,q\",\"b\"\n6,,a\n", &plain));
	CHECK_INT(shardtable_next(&r.t, 0), 5);
	CHECK_STR(shardtable_file(&r.t, 1), "b.csv");
	CHECK(!take(&r, times, 2));
	check_end(&r,
		  "event_ts,note,event_id\n5,,B\n5,,a\n5,\"p,q\",b\n5,\"\",b1\n6,,a\n6,x,\xff\n");

	CHECK(!begin(&r, "x", "event_ts,event_id\n", "event_ts,event_id\n", &plain));
	check_end(&r, "event_ts,event_id\n");
}

/* Sessions 1 and 3 of the whole are a's, of u on c, and of u on d; 2 is b's, of v on c. */
static void tell_sessions(struct run *r)
{
	CHECK_INT(tell_start(&r->w, 0, 5, 1, "u", "c"), 0);
	CHECK_INT(tell_activity(&r->w, 0, 5, "c", true, 400000), 0);
	whole_reach(&r->w, 6);
	CHECK_INT(tell_start(&r->w, 1, 6, 1, "v", "c"), 0);
	CHECK_INT(tell_activity(&r->w, 1, 6, "c", true, EVENT_UNKNOWN), 0);
	CHECK_INT(tell_start(&r->w, 0, 7, 2, "u", "d"), 0);
	CHECK_INT(tell_outcome(&r->w, 0, 8, 1, true), 0);
}

static void what_the_whole_knows_is_put_in(void)
{
	static const int64_t times[] = { 6, 7, 9 };
	static const char header[] =
		"event_id,event_ts,user_id,content_id,session_id,user_activity_level,"
		"user_completion_rate,content_completion_rate,content_known_sessions,"
		"average_viewing_duration_ratio,content_popularity,"
		"user_activity_x_content_popularity,user_completion_x_content_completion,last\n";
	char a[1024], b[1024], want[1024];
	struct run r;

	snprintf(a, sizeof(a), "%s%s", header,
		 "e1,7,u,d,2,9,0.5,x,x,x,x,x,x,\"\"\ne2,9,u,c,1,3,0.25,x,x,x,x,x,x,y\n");
	snprintf(b, sizeof(b), "%s%s", header, "e3,6,v,c,1,2,,x,x,x,x,x,x,z\n");
	snprintf(want, sizeof(want), "%s%s", header,
		 "e3,6,v,c,2,2,,,0,0.4,1,2,,z\n"
		 "e1,7,u,d,3,9,0.5,,0,,0,0,,\"\"\n"
		 "e2,9,u,c,1,3,0.25,1,1,0.4,2,6,0.25,y\n");
	CHECK(!begin(&r, "x", a, b, &plain));
	tell_sessions(&r);
	CHECK(!take(&r, times, 3));
	check_end(&r, want);
}

/* The prediction is that of whole, to which what is learnt is known later; or the column stays. */
static void the_prediction_is_that_of_online(void)
{
	static const int64_t times[] = { 7, 9 };
	static const char header[] = "event_id,event_ts,user_id,content_id,session_id,n";
	char a[256], b[256], want[512];
	struct shardtable_options without = plain;
	struct online_row at7, at9;
	struct run r;

	snprintf(a, sizeof(a), "%s\ne1,7,u,d,2,x\ne2,9,u,c,1,x\n", header);
	snprintf(b, sizeof(b), "%s\n", header);
	for (int i = 0; i < 2; i++) {
		struct buf row = BUF_INIT;

		CHECK(!begin(&r, "event_online", a, b, &plain));
		tell_sessions(&r);
		at7 = online_predict(&r.w.online, &whole_find(&r.w, 0, 2)->levels, 7);
		whole_reach(&r.w, 9);
		at9 = online_predict(&r.w.online, &whole_find(&r.w, 0, 1)->levels, 9);
		CHECK(at9.online_logit > at7.online_logit);
		buf_append(&row, "", 0);
		for (size_t k = 0; k < 4; k++)
			online_put(&row, k < 2 ? &at7 : &at9, k % 2);
		buf_append_char(&row, '\0');
		release(&r);
		if (!i) {
			/* The columns are appended to those of event_history. */
			const char *mid = strchr(strchr(row.data, ',') + 1, ',');

			CHECK(!begin(&r, "event_online", a, b, &plain));
			tell_sessions(&r);
			CHECK(!take(&r, times, 2));
			snprintf(want, sizeof(want),
				 "%s,online_logit,online_logit_sd\ne1,7,u,d,3,x,%.*s\ne2,9,u,c,1,x,"
				 "%.*s\n",
				 header, (int)(mid - row.data), row.data, (int)strlen(mid) - 2,
				 mid + 1);
			check_end(&r, want);
		}
		buf_release(&row);
	}
	without.without_online = true;
	CHECK(!begin(&r, "x", "event_id,event_ts,online_logit\ne1,7,0.5\n",
		     "event_id,event_ts,online_logit\n", &without));
	CHECK(!take(&r, times, 1));
	check_end(&r, "event_id,event_ts,online_logit\ne1,7,0.5\n");
}

#define ROWS "event_id,event_ts,user_id,content_id,session_id"

/* Rows wait for what comes before; one without a label gets it from the facts. */
static void labels_are_those_of_the_facts(void)
{
	static const int64_t times[] = { 5, 6, 7, 9 };
	struct shardtable_options goes_on = plain, until_8 = plain;
	struct run r;

	goes_on.goes_on = true;
	until_8.watermark = 8;
	for (int i = 0; i < 3; i++) {
		const char *why = begin(&r, FEATURES,
					ROWS ",label_known_ts,is_completion\n"
					     "e1,5,u,c,1,,\ne2,7,u,d,2,,\ne4,9,u,c,1,8,1\n",
					ROWS ",label_known_ts,is_completion\ne3,6,v,c,1,9,0\n",
					i ? i == 1 ? &goes_on : &until_8 : &plain);

		CHECK(!why);
		CHECK(r.t.has_labels);
		tell_sessions(&r);
		CHECK(!take(&r, times, 4));
		CHECK_INT(r.t.out.n_rows, 2); /* e3 waits until 9 is over */
		if (i == 1) {
			CHECK_INT(tell_outcome(&r.w, 1, 9, 1, false), 0);
			r.w.last_ts = 12;
			/* e2 waits, and e4, which has a label, behind it. */
			check_end(&r, ROWS ",label_known_ts,is_completion\ne1,5,u,c,1,8,1\n"
					   "e3,6,v,c,2,9,0\n");
			continue;
		}
		CHECK_INT(tell_outcome(&r.w, 1, 9, 1, false), 0);
		CHECK_INT(tell_outcome(&r.w, 0, 10, 2, false), 0);
		r.w.last_ts = 10;
		/* What closes at the watermark or after it has none. */
		check_end(&r, i ? ROWS ",label_known_ts,is_completion\ne1,5,u,c,1,8,1\n"
				       "e3,6,v,c,2,,\ne2,7,u,d,3,,\ne4,9,u,c,1,8,1\n"
				: ROWS ",label_known_ts,is_completion\ne1,5,u,c,1,8,1\n"
				       "e3,6,v,c,2,9,0\ne2,7,u,d,3,,\ne4,9,u,c,1,8,1\n");
	}
}

/* Without an outcome at the end of the log there is no label, and no row that has none for it. */
static void rows_without_an_outcome_are_not_lost(void)
{
	static const int64_t times[] = { 5 };
	struct err err = ERR_INIT;
	struct run r;

	CHECK(!begin(&r, FEATURES, ROWS ",label_known_ts,is_completion\ne1,5,u,c,1,,\n",
		     ROWS ",label_known_ts,is_completion\n", &plain));
	CHECK_INT(tell_start(&r.w, 0, 5, 1, "u", "c"), 0);
	CHECK(!take(&r, times, 1));
	CHECK_INT(shardtable_finish(&r.t, 5, &err), -1);
	CHECK_BEGINS(err.message, FEATURES ": 1 rows wait for a session that has no outcome");
	release(&r);
}

/* Of what a shard cannot have, with its place. */
static void rows_that_cannot_be_are_refused(void)
{
#define E "event_id,event_ts,user_id,content_id,session_id\n"
#define L "event_id,event_ts,user_id,content_id,session_id,label_known_ts,is_completion\n"
	static const struct {
		const char *a, *b, *message;
	} bad[] = {
		{ E "e,7,u,d,2\n", E "e,7,v,c,1\n",
		  "b.csv:2: column event_id: event 'e' at 7 is in two shards: it is in a.csv, "
		  "line 2, too" },
		{ E "e2,7,u,d,2\ne1,7,u,d,2\n", E, "a.csv:3: " },
		{ E "e1,7,u,d,2\ne1,7,u,d,2\n", E, "a.csv:3: " },
		{ E "e1,7,u,d,2\ne2,6,u,d,2\n", E, "a.csv:3: " },
		{ E "e1,7,u,d,3\n", E, "a.csv:2: column session_id: session 3 is none that" },
		{ E "e1,7,u,d,0\n", E, "a.csv:2: column session_id: session 0 is none that" },
		{ E "e1,7,u,d,-1\n", E, "a.csv:2: column session_id: session -1 is none" },
		{ E "e1,7,u,d,\n", E, "a.csv:2: column session_id: no whole number: ''" },
		{ E "e1,7,u,d,1.0\n", E, "a.csv:2: column session_id: no whole number: '1.0'" },
		{ E "e1,7,v,d,2\n", E, "a.csv:2: column session_id: session 2 is none that" },
		{ E "e1,7,u,c,2\n", E, "a.csv:2: column session_id: session 2 is none that" },
		{ E "e1,x,u,d,2\n", E, "a.csv:2: column event_ts: " },
		{ E ",7,u,d,2\n", E "", "a.csv:2: column event_id: " },
		{ L "e1,7,u,d,2,x,1\n", L, "a.csv:2: column label_known_ts: no whole number" },
		{ L "e1,7,u,d,2,8,\n", L, "a.csv:2: column is_completion: no whole number" },
		{ L "e1,7,u,d,2,8,2\n", L, "a.csv:2: column is_completion: neither 0 nor 1" },
		{ L "e1,7,u,d,2,6,0\n", L, "a.csv:2: column label_known_ts: 6 is before" },
		{ L "e1,7,u,d,2,6,1\n", L, "a.csv:2: column label_known_ts: 6 is before" },
		{ "event_id,event_ts,content_id,session_id,content_popularity,user_activity_level,"
		  "user_activity_x_content_popularity\ne1,7,d,2,,x,\n",
		  "event_id,event_ts,content_id,session_id,content_popularity,user_activity_level,"
		  "user_activity_x_content_popularity\n",
		  "a.csv:2: column user_activity_level: invalid number 'x'" },
		{ "event_id,event_ts,content_id,session_id,content_popularity,user_activity_level,"
		  "user_activity_x_content_popularity\ne1,7,d,2,,-1,\n",
		  "event_id,event_ts,content_id,session_id,content_popularity,user_activity_level,"
		  "user_activity_x_content_popularity\n",
		  "a.csv:2: column user_activity_level: invalid number '-1'" },
	};
	static const int64_t times[] = { 7 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct run r;
		const char *why = begin(&r, FEATURES, bad[i].a, bad[i].b, &plain);

		if (!why) {
			tell_sessions(&r);
			why = take(&r, times, 1);
		}
		if (why)
			CHECK_BEGINS(why, bad[i].message);
		else
			CHECK_FAIL("it is taken: %s", bad[i].message);
		release(&r);
	}
}

/* A label is not known before its row, but a completion may be: rows may come after it. */
static void a_label_is_not_before_its_row(void)
{
	static const int64_t times[] = { 5, 8 };
	struct run r;
	const char *why;

	for (int completed = 0; completed < 2; completed++) {
		CHECK(!begin(&r, FEATURES,
			     completed ? ROWS ",label_known_ts,is_completion\ne1,8,u,c,1,7,1\n"
				       : ROWS ",label_known_ts,is_completion\ne1,8,u,c,1,7,0\n",
			     ROWS ",label_known_ts,is_completion\n", &plain));
		CHECK_INT(tell_start(&r.w, 0, 5, 1, "u", "c"), 0);
		why = take(&r, times, 2);
		CHECK_INT(!why, completed);
		CHECK_BEGINS(why ? why : "a",
			     completed ? "a" : "a.csv:2: column label_known_ts: 7");
		release(&r);
	}
}

/* After its end, as in another's shard; labels and the table agree of which are open. */
static void a_closed_session_has_no_rows(void)
{
	static const int64_t times[] = { 5, 9, 10, 11 };
	static const char *const tables[] = {
		ROWS
		",label_known_ts,is_completion\ne1,5,u,c,1,9,0\ne2,9,u,c,1,9,0\ne3,10,u,c,1,9,0\n",
		ROWS "\ne1,5,u,c,1\ne2,9,u,c,1\ne3,10,u,c,1\n",
		/* A label that says it, which the facts do not. */
		ROWS ",label_known_ts,is_completion\ne1,5,u,c,1,5,0\ne3,10,u,c,1,11,0\n",
	};
	static const char *const headers[] = { ROWS ",label_known_ts,is_completion\n", ROWS "\n",
					       ROWS ",label_known_ts,is_completion\n" };

	for (size_t i = 0; i < 3; i++) {
		struct run r;
		const char *why;

		CHECK(!begin(&r, FEATURES, tables[i], headers[i], &plain));
		CHECK_INT(tell_start(&r.w, 0, 5, 1, "u", "c"), 0);
		if (i < 2)
			CHECK_INT(tell_outcome(&r.w, 0, 9, 1, false), 0);
		why = take(&r, times, 4);
		CHECK(why != NULL);
		CHECK_BEGINS(
			why ? why : "",
			i < 2 ? "a.csv:4: column session_id: session 1 is none that the facts"
			      : "a.csv:3: column session_id: session 1 is none that the facts");
		release(&r);
	}
}

static void other_headers_are_refused(void)
{
	static const struct {
		const char *a, *b, *message;
	} bad[] = {
		{ "event_id,event_ts\n", "event_ts,event_id\n",
		  "b.csv:1: the header differs from that of a.csv" },
		{ "event_id,event_ts\n", "event_id,event_ts,x\n",
		  "b.csv:1: the header differs from" },
		{ "event_id,event_ts\n", "event_id\n",
		  "b.csv:1: the header differs from that of a.csv" },
		{ "event_id,x\n", "event_id,x\n", "a.csv:1: missing column session_start_ts" },
		{ "event_ts,x\n", "event_ts,x\n", "a.csv:1: missing column event_id" },
		{ "event_ts,event_id,content_popularity\n",
		  "event_ts,event_id,content_popularity\n", "a.csv:1: missing column content_id" },
		{ "event_ts,event_id,online_logit\n", "event_ts,event_id,online_logit\n",
		  "a.csv:1: missing column session_id" },
		{ "event_ts,event_id,label_known_ts,is_completion\n",
		  "event_ts,event_id,label_known_ts,is_completion\n",
		  "a.csv:1: missing column session_id" },
		{ "event_ts,event_id,content_id,user_activity_x_content_popularity\n",
		  "event_ts,event_id,content_id,user_activity_x_content_popularity\n",
		  "a.csv:1: missing column user_activity_level" },
		{ "event_ts,event_id,user_activity_level,user_activity_x_content_popularity\n",
		  "event_ts,event_id,user_activity_level,user_activity_x_content_popularity\n",
		  "a.csv:1: missing column content_id" },
		{ "", "", "a.csv: " },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct run r;
		const char *why = begin(&r, "x", bad[i].a, bad[i].b, &plain);

		if (why)
			CHECK_BEGINS(why, bad[i].message);
		else
			CHECK_FAIL("it is taken: %s", bad[i].message);
		release(&r);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(one_is_made_from_another);
	RUN(rows_are_merged_in_canonical_order);
	RUN(what_the_whole_knows_is_put_in);
	RUN(the_prediction_is_that_of_online);
	RUN(labels_are_those_of_the_facts);
	RUN(rows_without_an_outcome_are_not_lost);
	RUN(rows_that_cannot_be_are_refused);
	RUN(a_label_is_not_before_its_row);
	RUN(a_closed_session_has_no_rows);
	RUN(other_headers_are_refused);
	scratch_leave(dir);
	return CHECK_DONE();
}
