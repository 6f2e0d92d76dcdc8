#include "collate/collate.h"

#include "reseal.h"
#include "scratch.h"

#define FACTS                                                                                      \
	"fact_ts,fact,session_id,event_id,user_id,content_id,genre,device,plan_tier,runtime,"      \
	"is_completion,session_end_ts,is_completed_event,stopped_near_end,num_unique_events,"      \
	"popularity,stops,stop_ratio_sum\n"
#define FEATURES "completion_prediction_features"
#define ROWS                                                                                       \
	"event_id,event_ts,user_id,content_id,session_id,content_popularity,online_logit,"         \
	"label_known_ts,is_completion\n"

static void put_file(const char *folder, const char *name, const char *header, const char *rows)
{
	char path[64];
	struct buf text = BUF_INIT;

	mkdir(folder, 0700);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	buf_append_str(&text, header);
	buf_append_str(&text, rows);
	scratch_write(path, text.data, text.len);
	buf_release(&text);
}

static void put_shard(const char *folder, const char *facts, const char *features)
{
	put_file(folder, "facts.csv", FACTS, facts);
	put_file(folder, FEATURES ".csv", ROWS, features);
}

/* A run over two shards. */
struct run {
	struct collate c;
	struct state_in old;
	struct state_out next;
	const char *shards[2];
};

#define RUN_INIT                                                                                   \
	{                                                                                          \
		.c = COLLATE_INIT, .old = STATE_IN_INIT, .next = STATE_OUT_INIT                    \
	}

/* Opens the run that goes on from `old` (NULL: none) to `next` at `until` (NULL: to the end). */
static int open_run(struct run *r, const char *a, const char *b, const char *old, const char *next,
		    int64_t until, struct err *err)
{
	static const struct gz_output output = {
		.path = "out.csv", .plain = true, .threads = 1, .no_sync = true
	};

	r->shards[0] = a;
	r->shards[1] = b;
	if (old) {
		if (state_in_open(&r->old, old, err) ||
		    state_in_count(&r->old, "until", &r->c.from, err))
			return -1;
		r->c.old = &r->old;
	}
	if (next) {
		if (state_out_open(&r->next, next, &output, err))
			return -1;
		manifest_add_int(&r->next.manifest, "until", until);
		r->c.next = &r->next;
		r->c.until = until;
	}
	return collate_open(&r->c, r->shards, 2, &output, err);
}

static int finish_run(struct run *r, struct err *err)
{
	int rc;

	while ((rc = collate_step(&r->c, err)) > 0)
		;
	return rc || collate_close(&r->c, err) ? -1 : 0;
}

static void release_run(struct run *r)
{
	collate_release(&r->c);
	state_in_release(&r->old);
	state_out_release(&r->next);
}

/* A whole run with a table, or none. Returns 0, or -1 with err. */
static int run(const char *a, const char *b, const char *table, const char *old, const char *next,
	       int64_t until, struct err *err)
{
	struct run r = RUN_INIT;
	int rc;

	*err = (struct err)ERR_INIT;
	rc = (table && names_append(&r.c.tables, table, err)) ||
			     open_run(&r, a, b, old, next, until, err) || finish_run(&r, err)
		     ? -1
		     : 0;
	release_run(&r);
	return rc;
}

/* That the output is so, less its header, and takes it away. */
static void check_output(const char *want)
{
	size_t n, header = strlen(ROWS);
	char *got = scratch_read("out.csv", &n);

	CHECK_BEGINS(got, ROWS);
	CHECK_STR(got + (n < header ? n : header), want);
	free(got);
	unlink("out.csv");
}

static void remove_all(void)
{
	CHECK_INT(system("rm -rf a b a1 b1 a2 b2 s1 s2 s3 one out.csv"), 0);
	CHECK_INT(scratch_count(), 0);
}

/* The facts, and the rows, of the two parts, before 100 and from there on. */
static const char facts_a1[] = "10,start,1,e1,u,c,Drama,tv,free,100,,,,,,,,\n"
			       "10,activity,,,,c,,,,,,,,,,1,0,0\n"
			       "20,start,2,e3,u,d,Drama,tv,free,100,,,,,,,,\n"
			       "30,outcome,2,,u,,,,,,0,1,0,0,2,,,\n";
static const char facts_a2[] = "100,outcome,1,,u,,,,,,1,,,,,,,\n"
			       "110,start,3,e6,u,c,Drama,tv,free,100,,,,,,,,\n"
			       "130,end,1,,u,,,,,,,1,0,0,2,,,\n"
			       "150,outcome,3,,u,,,,,,0,1,0,0,2,,,\n";
static const char facts_b1[] = "10,start,1,e2,v,c,,,,,,,,,,,,\n"
			       "10,activity,,,,c,,,,,,,,,,1,1,0\n"
			       "40,last,,,,,,,,,,,,,,,,\n";
static const char facts_b2[] = "140,outcome,1,,v,,,,,,0,1,0,0,2,,,\n"
			       "140,last,,,,,,,,,,,,,,,,\n";
static const char rows_a1[] = "e1,10,u,c,1,,,,\ne3,20,u,d,2,,,30,0\ne4,30,u,c,1,,,,\n";
static const char rows_a2[] = "e6,110,u,c,3,,,150,0\n";
static const char rows_b1[] = "e2,10,v,c,1,,,,\n";
static const char rows_b2[] = "e5,105,v,c,1,,,140,0\n";

static void put_shards(void)
{
	struct buf text = BUF_INIT;
	const char *const pieces[2][4] = { { facts_a1, facts_a2, rows_a1, rows_a2 },
					   { facts_b1, facts_b2, rows_b1, rows_b2 } };

	put_shard("a1", facts_a1, rows_a1);
	put_shard("a2", facts_a2, rows_a2);
	put_shard("b1", facts_b1, rows_b1);
	put_shard("b2", facts_b2, rows_b2);
	for (int k = 0; k < 2; k++) {
		const char *folder = k ? "b" : "a";

		for (int i = 0; i < 4; i += 2) {
			buf_clear(&text);
			buf_append_str(&text, pieces[k][i]);
			buf_append_str(&text, pieces[k][i + 1]);
			buf_append_char(&text, '\0');
			put_file(folder, i ? FEATURES ".csv" : "facts.csv", i ? ROWS : FACTS,
				 text.data);
		}
	}
	buf_release(&text);
}

/* The rows with their predictions left out, which are not told here. */
static void blank_predictions(void)
{
	CHECK_INT(system("awk -F, -v OFS=, 'NR > 1 { $7 = \"\" } 1' out.csv >blank && "
			 "mv blank out.csv"),
		  0);
}

static void shards_make_one_table(void)
{
	struct err err;

	put_shards();
	CHECK_INT(run("a", "b", FEATURES, NULL, NULL, 0, &err), 0);
	CHECK_STR(err.message, "");
	blank_predictions();
	/* The log ends with the last event, before session 4 closes. */
	check_output("e1,10,u,c,1,0,,100,1\n"
		     "e2,10,v,c,2,0,,,\n"
		     "e3,20,u,d,3,0,,30,0\n"
		     "e4,30,u,c,1,2,,100,1\n"
		     "e5,105,v,c,2,2,,,\n"
		     "e6,110,u,c,4,2,,,\n");
	remove_all();
}

/* Whatever the order of the shards is. */
static void sessions_of_one_millisecond_are_numbered_by_event(void)
{
	struct err err;

	put_shards();
	CHECK_INT(run("b", "a", FEATURES, NULL, NULL, 0, &err), 0);
	CHECK_STR(err.message, "");
	blank_predictions();
	CHECK_INT(system("sed -n '2p; 3p' out.csv >one && printf 'e1,10,u,c,1,0,,100,1\\n"
			 "e2,10,v,c,2,0,,,\\n' | cmp - one"),
		  0);
	remove_all();
}

/* By a state with the rows that wait; and by a chain of states without rows, which is what a part
 * of its own goes on from. */
static void parts_behind_each_other_are_one(void)
{
	static const char *const olds[] = { NULL, "s1", "s2" };
	static const char *const parts[][2] = { { "a1", "b1" }, { "a2", "b2" } };
	struct err err;
	size_t n;
	char *one;

	put_shards();
	CHECK_INT(run("a", "b", FEATURES, NULL, NULL, 0, &err), 0);
	one = scratch_read("out.csv", &n);
	/* The rows of the first part that leave in it, and all others after it. */
	CHECK_INT(run("a1", "b1", FEATURES, NULL, "s1", 100, &err), 0);
	CHECK_INT(system("grep -c . out.csv | grep -qx 1 && mv out.csv one"), 0);
	CHECK_INT(run("a2", "b2", FEATURES, "s1", NULL, 0, &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(system("tail -n +2 out.csv >>one && mv one out.csv"), 0);
	check_output(one + strlen(ROWS));
	remove_all();
	free(one);

	put_shards();
	for (int i = 0; i < 2; i++) {
		CHECK_INT(run(parts[i][0], parts[i][1], NULL, olds[i], olds[i + 1], i ? 1000 : 100,
			      &err),
			  0);
		CHECK_STR(err.message, "");
	}
	CHECK_INT(run("a", "b", NULL, NULL, "s3", 1000, &err), 0);
	CHECK_INT(system("diff -r s2 s3"), 0);
	remove_all();
}

static void what_does_not_follow_is_refused(void)
{
	static const struct {
		const char *a, *b, *message;
		int64_t until;
	} bad[] = {
		{ "a1", "b1", "a1/facts.csv: at 10, which is before the end of the state, 100",
		  1000 },
		{ "a", "b2", "a/facts.csv: at 10, which is before the end of the state, 100",
		  1000 },
		{ "b2", "a2", "", 1000 },
		{ "a2", "b2", "b2/facts.csv: at 140, which is not before --until, 140", 140 },
	};
	struct err err;

	put_shards();
	CHECK_INT(run("a1", "b1", NULL, NULL, "s1", 100, &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(run(bad[i].a, bad[i].b, FEATURES, "s1", "s2", bad[i].until, &err), -1);
		CHECK_BEGINS(err.message, bad[i].message);
		CHECK(access("s2", F_OK) != 0 && access("out.csv", F_OK) != 0);
	}
	/* A row before the state, and of a session whose start is missing. */
	put_shard("a2", facts_a2, "e,99,u,c,1,,,100,1\n");
	CHECK_INT(run("a2", "b2", FEATURES, "s1", NULL, 0, &err), -1);
	CHECK_BEGINS(err.message, "a2/" FEATURES ".csv: at 99, which is before the end");
	put_shard("a2", "110,start,4,e6,u,c,,,,,,,,,,,,\n", "");
	CHECK_INT(run("a2", "b2", FEATURES, "s1", NULL, 0, &err), -1);
	CHECK_BEGINS(err.message, "a2/facts.csv:2: start of session 4, which does not fit what is "
				  "known of this shard");
	remove_all();
}

/* Starts are before the other facts of their millisecond; and an event begins one session. */
static void facts_that_cannot_be_are_refused(void)
{
	static const struct {
		const char *a, *b, *message;
	} bad[] = {
		{ "10,activity,,,,c,,,,,,,,,,1,0,0\n10,start,1,e,u,c,,,,,,,,,,,,\n", "",
		  "a/facts.csv:3: start of session 1, which does not fit" },
		{ "10,outcome,1,,u,,,,,,1,,,,,,,\n", "",
		  "a/facts.csv:2: outcome of session 1, which" },
		{ "10,start,1,e,u,c,,,,,,,,,,,,\n10,end,1,,u,,,,,,,1,0,0,2,,,\n", "",
		  "a/facts.csv:3: end of session 1, which does not fit" },
		{ "10,start,1,e,u,c,,,,,,,,,,,,\n10,outcome,1,,u,,,,,,1,,,,,,,\n"
		  "11,outcome,1,,u,,,,,,1,,,,,,,\n",
		  "", "a/facts.csv:4: outcome of session 1, which does not fit" },
		/* Of another user: the shards have changed places. */
		{ "10,start,1,e,u,c,,,,,,,,,,,,\n10,outcome,1,,v,,,,,,1,,,,,,,\n", "",
		  "a/facts.csv:3: outcome of session 1, which does not fit" },
		{ "10,start,1,e,u,c,,,,,,,,,,,,\n", "10,start,1,e,v,d,,,,,,,,,,,,\n",
		  "b/facts.csv:2: event 'e' at 10 is in two shards: it is in a/facts.csv, line 2, "
		  "too" },
		{ "10,start,1,e,u,c,,,,,,,,,,,,\n10,last,,,,,,,,,,,,,,,,\n9,last,,,,,,,,,,,,,,,,\n",
		  "", "a/facts.csv:4: column fact_ts: 9 comes after 10" },
	};
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_shard("a", bad[i].a, "");
		put_shard("b", bad[i].b, "");
		CHECK_INT(run("a", "b", NULL, NULL, "s1", 1000, &err), -1);
		CHECK_BEGINS(err.message, bad[i].message);
		CHECK(access("s1", F_OK) != 0);
	}
	remove_all();
}

static void other_tables_have_no_place_in_a_state(void)
{
	struct err err;

	put_shards();
	CHECK_INT(rename("a/" FEATURES ".csv", "a/mine.csv"), 0);
	CHECK_INT(rename("b/" FEATURES ".csv", "b/mine.csv"), 0);
	CHECK_INT(run("a", "b", "mine", NULL, "s1", 1000, &err), -1);
	CHECK_BEGINS(err.message, "mine: its rows wait for their labels, for which a state has no");
	CHECK_INT(run("a", "b", "mine", NULL, NULL, 0, &err), 0);
	put_file("a", FEATURES ".csv",
		 "event_id,event_ts,session_id,label_known_ts,is_completion\n", "");
	put_file("b", FEATURES ".csv",
		 "event_id,event_ts,session_id,label_known_ts,is_completion\n", "");
	CHECK_INT(run("a", "b", FEATURES, NULL, "s1", 1000, &err), -1);
	CHECK_BEGINS(err.message,
		     FEATURES ": session_id is column 3, and column 5 of a feature table");
	remove_all();
}

/* With rows that wait in it, of a table that is not made here; and with fewer tables than it has.
 */
static void a_state_that_does_not_fit_is_refused(void)
{
	static const struct reseal_wrong wrong[] = {
		{ "waiting.csv.gz", "e1,10,u,c,1,", "e1,10,u,c,9,",
		  "column session_id: no session" },
		{ "waiting.csv.gz", "e1,10,u,c,1,", "e1,10,u,c,x,",
		  "column session_id: no session" },
		{ "waiting.csv.gz", "e1,10,u,c,1,", "e1,10,u,c,,",
		  "column session_id: no session" },
		{ "waiting.csv.gz", ",is_completion\n", ",more\n", "the columns are not those of" },
		{ "waiting.csv.gz", ",,\n", ",7,1\n", ":2: a row that waits has no label" },
		{ "shard_sessions.csv.gz", "\n1,0,", "\n1,9,", ":2: column shard: '9'" },
		{ "contents.csv.gz", "\nc,", "\nc,x", "contents.csv.gz:2" },
	};
	struct state_in in = STATE_IN_INIT;
	struct err err;

	put_shards();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int rc;

		CHECK_INT(run("a1", "b1", FEATURES, NULL, "s1", 100, &err), 0);
		unlink("out.csv");
		if (!reseal_edit("s1", wrong[i].file, wrong[i].old, wrong[i].new))
			CHECK_FAIL("%s has no '%s'", wrong[i].file, wrong[i].old);
		rc = run("a2", "b2", FEATURES, "s1", NULL, 0, &err);
		RESEAL_CHECK(&wrong[i], "s1", rc, err.message);
		CHECK(access("out.csv", F_OK) != 0);
		CHECK_INT(system("rm -r s1"), 0);
	}
	CHECK_INT(run("a1", "b1", FEATURES, NULL, "s1", 100, &err), 0);
	CHECK_INT(state_in_open(&in, "s1", &err), 0);
	CHECK(state_in_has(&in, STATE_WAITING) && !state_in_has(&in, STATE_WAITING_FIRST));
	CHECK(state_in_has(&in, STATE_SHARD_SESSIONS) && !state_in_has(&in, STATE_USERS));
	state_in_release(&in);
	CHECK_INT(run("a2", "b2", NULL, "s1", "s2", 1000, &err), -1);
	CHECK_STR(err.message, "s1/MANIFEST: rows of " FEATURES " wait in it, and would be lost: "
			       "-t " FEATURES);
	remove_all();
}

/* Rows that never left, and what a run that is given up has begun. */
static void what_is_not_closed_leaves_nothing(void)
{
	struct run r = RUN_INIT;
	struct err err = ERR_INIT;

	put_shards();
	CHECK_INT(names_append(&r.c.tables, FEATURES, &err), 0);
	CHECK_INT(open_run(&r, "a1", "b1", NULL, "s1", 100, &err), 0);
	CHECK_INT(collate_step(&r.c, &err), 1);
	CHECK_INT(r.c.n_facts, 4);
	release_run(&r);
	CHECK(access("s1", F_OK) != 0 && access("out.csv", F_OK) != 0);
	/* Without a state to leave, a row whose session has no outcome is not to be dropped. */
	CHECK_INT(run("a1", "b1", FEATURES, NULL, NULL, 0, &err), -1);
	CHECK_BEGINS(err.message, FEATURES ": 4 rows wait for a session that has no outcome");
	CHECK(access("out.csv", F_OK) != 0);
	remove_all();
}

static void nothing_in_shards_is_nothing_in_tables(void)
{
	struct err err;

	put_shard("a", "", "");
	put_shard("b", "", "");
	CHECK_INT(run("a", "b", FEATURES, NULL, NULL, 0, &err), 0);
	check_output("");
	CHECK_INT(run("a", "b", FEATURES, NULL, "s1", 100, &err), 0);
	check_output("");
	put_shards();
	CHECK_INT(run("a", "b", FEATURES, NULL, NULL, 0, &err), 0);
	CHECK_INT(rename("out.csv", "one"), 0);
	put_shard("a", "", "");
	put_shard("b", "", "");
	CHECK_INT(run("a", "b", FEATURES, NULL, "s2", 5, &err), 0);
	put_shards();
	CHECK_INT(run("a", "b", FEATURES, "s2", NULL, 0, &err), 0);
	CHECK_INT(system("cmp out.csv one"), 0);
	remove_all();
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(shards_make_one_table);
	RUN(sessions_of_one_millisecond_are_numbered_by_event);
	RUN(parts_behind_each_other_are_one);
	RUN(what_does_not_follow_is_refused);
	RUN(facts_that_cannot_be_are_refused);
	RUN(other_tables_have_no_place_in_a_state);
	RUN(a_state_that_does_not_fit_is_refused);
	RUN(what_is_not_closed_leaves_nothing);
	RUN(nothing_in_shards_is_nothing_in_tables);
	scratch_leave(dir);
	return CHECK_DONE();
}
