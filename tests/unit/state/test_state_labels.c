#include "state/state_labels.h"

#include "reseal.h"
#include "scratch.h"

/* Two feature tables of one log, over sessions that are made up; a row has five keys at first. */
struct world {
	struct featurizer features, first;
	struct intern users, contents;
	int64_t now, n_sessions;
};

#define HEADER "event_id,event_ts,user_id,content_id,session_id,label_known_ts,is_completion"

/* The features' rows go to the file `out`. */
static void open_features(struct featurizer *f)
{
	const struct gz_output output = { .path = "out", .plain = true, .no_sync = true };
	struct err err = ERR_INIT;

	*f = (struct featurizer)FEATURIZER_INIT;
	labels_init(&f->labels, EVENT_UNKNOWN);
	f->labels.goes_on = true;
	buf_append_str(&f->header, HEADER ",");
	CHECK_INT(csv_writer_open(&f->out, &output, &err), 0);
}

static void begin(struct world *w)
{
	*w = (struct world){ .users = INTERN_INIT, .contents = INTERN_INIT };
	open_features(&w->features);
	w->first = (struct featurizer)FEATURIZER_INIT;
	labels_init(&w->first.labels, EVENT_UNKNOWN);
	w->first.labels.goes_on = true;
	buf_append_str(&w->first.header, HEADER ",");
	/* In another order than that of their names. */
	intern_id(&w->users, "u1", 2);
	intern_id(&w->users, "u0", 2);
	intern_id(&w->contents, "c\"1", 3);
	intern_id(&w->contents, "c0", 2);
}

static void end(struct world *w)
{
	csv_writer_abort(&w->features.out);
	featurizer_release(&w->features);
	featurizer_release(&w->first);
	intern_release(&w->users);
	intern_release(&w->contents);
}

static struct state_labels parts_of(struct world *w, bool has_first)
{
	return (struct state_labels){ &w->features, has_first ? &w->first : NULL, &w->users,
				      &w->contents };
}

static void add_row(struct labels *l, const struct event *e)
{
	struct buf *row = labels_row(l);

	csv_put_str(row, "a,b");
	csv_put_int(row, e->ts);
	csv_put_int(row, e->user);
	csv_put_int(row, e->content);
	csv_put_int(row, e->session_id);
	labels_hold(l, e->session_id);
}

/* The next event of a session, which is new or began at `start`, without a row. */
static struct event step(struct world *w, int64_t ts, uint32_t user, uint32_t content,
			 bool completes, int64_t id, int64_t start)
{
	struct event e = { .ts = ts,
			   .user = user,
			   .content = content,
			   .type = completes ? EVENT_COMPLETE : EVENT_PLAY,
			   .phase = completes ? EVENT_COMPLETED : EVENT_OPEN,
			   .prev_ts = start == ts ? EVENT_UNKNOWN : start,
			   .session_start = start,
			   .session_id = id,
			   .deadline = ts + 100,
			   .completes = completes };
	struct err err = ERR_INIT;

	w->now = ts;
	w->n_sessions += start == ts;
	CHECK_INT(labels_step(&w->features.labels, &e, &err), 0);
	CHECK_INT(labels_step(&w->first.labels, &e, &err), 0);
	CHECK_STR(err.message, "");
	return e;
}

/* A session's only event: with a row of each, if its user is 0 a second one. */
static void see(struct world *w, int64_t ts, uint32_t user, uint32_t content, bool completes)
{
	struct event e = step(w, ts, user, content, completes, w->n_sessions + 1, ts);

	add_row(&w->features.labels, &e);
	if (!user)
		add_row(&w->features.labels, &e);
	add_row(&w->first.labels, &e);
}

static void write_state(struct world *w, bool has_first, const char *folder)
{
	const struct gz_output output = { .no_sync = true };
	const struct state_labels parts = parts_of(w, has_first);
	struct state_out out = STATE_OUT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(state_out_open(&out, folder, &output, &err), 0);
	manifest_add_int(&out.manifest, "sessions", w->n_sessions);
	manifest_add_int(&out.manifest, "last_ts", w->now);
	CHECK_INT(state_labels_write(&parts, &out, &err), 0);
	CHECK_INT(state_out_finish(&out, &err), 0);
	CHECK_INT(csv_writer_close(&out.folder, &err), 0);
	state_out_release(&out);
}

static int read_state(struct world *w, bool has_first, const char *folder, struct err *err)
{
	const struct state_labels parts = parts_of(w, has_first);
	struct state_in in = STATE_IN_INIT;
	int rc = state_in_open(&in, folder, err) || state_labels_read(&parts, &in, err) ? -1 : 0;

	state_in_release(&in);
	return rc;
}

/* Four sessions, of which the second is completed; at 50 all wait for the first. */
static void see_four(struct world *w)
{
	see(w, 10, 1, 0, false);
	see(w, 20, 0, 0, true);
	see(w, 30, 0, 1, false);
	see(w, 50, 1, 1, false);
}

static void check_table(const char *folder, const char *table, const char *want)
{
	char *text = reseal_read(folder, table);

	CHECK_STR(text, want);
	free(text);
}

#define WAITING                                                                                    \
	HEADER "\n\"a,b\",10,1,0,1,,\n\"a,b\",20,0,0,2,,\n\"a,b\",20,0,0,2,,\n"                    \
	       "\"a,b\",30,0,1,3,,\n\"a,b\",30,0,1,3,,\n\"a,b\",50,1,1,4,,\n"
#define WAITING_FIRST                                                                              \
	HEADER "\n\"a,b\",10,1,0,1,,\n\"a,b\",20,0,0,2,,\n\"a,b\",30,0,1,3,,\n"                    \
	       "\"a,b\",50,1,1,4,,\n"
#define LABELS                                                                                     \
	"session_id,user_id,content_id,session_start_ts,session_end_ts,completed_ts,closing_ts\n"  \
	"1,u0,\"c\"\"1\",10,10,,110\n2,u1,\"c\"\"1\",20,20,20,120\n3,u1,c0,30,30,,130\n"           \
	"4,u0,c0,50,50,,150\n"

/* Every row that waits and every session that it waits for; and, by itself, what is open. */
static void what_waits_is_written(void)
{
	const struct gz_output output = { .path = "open", .plain = true, .no_sync = true };
	struct csv_writer open = CSV_WRITER_INIT;
	struct err err = ERR_INIT;
	struct state_labels parts;
	struct world w;
	size_t n;
	char *text;

	begin(&w);
	see_four(&w);
	write_state(&w, true, "s1");
	check_table("s1", "labels.csv.gz", LABELS);
	check_table("s1", "waiting.csv.gz", WAITING);
	check_table("s1", "waiting_first.csv.gz", WAITING_FIRST);
	/* What is decided already, and waits for those before, is not open. */
	parts = parts_of(&w, true);
	CHECK_INT(csv_writer_open(&open, &output, &err), 0);
	CHECK_INT(state_labels_write_open(&parts, &open, &err), 0);
	CHECK_INT(csv_writer_close(&open, &err), 0);
	text = scratch_read("open", &n);
	CHECK_STR(text, HEADER "\n\"a,b\",10,1,0,1,,\n\"a,b\",30,0,1,3,,\n\"a,b\",30,0,1,3,,\n"
			       "\"a,b\",50,1,1,4,,\n");
	free(text);
	write_state(&w, false, "s2");
	CHECK(access("s2/waiting_first.csv.gz", F_OK) != 0);
	end(&w);
	CHECK_INT(system("rm -rf s1 s2 open"), 0);
}

/* Read back it is the same, and what is decided later leaves as it would have. */
static void what_was_read_waits_on(void)
{
	char *text[2];
	size_t n;

	for (int is_read = 0; is_read < 2; is_read++) {
		struct err err = ERR_INIT;
		struct world w;

		begin(&w);
		if (is_read) {
			/* Ids as the tables of names give them. */
			CHECK_INT(read_state(&w, true, "s1", &err), 0);
			CHECK_STR(err.message, "");
			w.n_sessions = 4;
			w.now = 50;
			write_state(&w, true, "s2");
			check_table("s2", "labels.csv.gz", LABELS);
			check_table("s2", "waiting.csv.gz", WAITING);
			check_table("s2", "waiting_first.csv.gz", WAITING_FIRST);
		} else {
			see_four(&w);
			write_state(&w, true, "s1");
		}
		/* At 110 the first one may still be gone on with; then it is closed. */
		see(&w, 110, 2, 0, false);
		CHECK_INT(labels_write(&w.features.labels, &w.features.out, &err), 0);
		CHECK_INT(w.features.labels.n_not_completed, 0);
		see(&w, 111, 3, 0, false);
		CHECK_INT(labels_write(&w.features.labels, &w.features.out, &err), 0);
		CHECK_INT(w.features.labels.n_not_completed, 1);
		CHECK_INT(w.features.labels.n_completed, 2);
		CHECK_INT(csv_writer_close(&w.features.out, &err), 0);
		text[is_read] = scratch_read("out", &n);
		end(&w);
	}
	CHECK_STR(text[1], text[0]);
	CHECK_STR(text[0], "\"a,b\",10,1,0,1,110,0\n\"a,b\",20,0,0,2,20,1\n"
			   "\"a,b\",20,0,0,2,20,1\n");
	free(text[0]);
	free(text[1]);
	CHECK_INT(system("rm -rf s1 s2 out"), 0);
}

/* A session is remembered as long as either table has a row for it. */
static void the_sessions_are_those_of_both_tables(void)
{
	for (int of_first = 0; of_first < 2; of_first++) {
		struct err err = ERR_INIT;
		struct labels *labels;
		struct event e;
		struct world w;
		char *text;

		begin(&w);
		labels = of_first ? &w.first.labels : &w.features.labels;
		step(&w, 10, 0, 0, false, 1, 10);
		see(&w, 20, 1, 0, false);
		e = step(&w, 30, 0, 0, false, 1, 10);
		add_row(labels, &e);
		/* At 150 the first one is closed, and its row waits after that of the second. */
		step(&w, 110, 1, 0, false, 2, 20);
		step(&w, 150, 0, 1, false, 3, 150);
		CHECK_INT(labels_write(&w.features.labels, &w.features.out, &err), 0);
		CHECK_INT(labels_write(&w.first.labels, &w.features.out, &err), 0);
		CHECK_INT(w.features.labels.first_id, of_first ? 2 : 1);
		CHECK_INT(w.first.labels.first_id, of_first ? 1 : 2);
		write_state(&w, true, "s1");
		text = reseal_read("s1", "labels.csv.gz");
		CHECK(strstr(text, "\n1,u1,"));
		end(&w);
		begin(&w);
		CHECK_INT(read_state(&w, true, "s1", &err), 0);
		CHECK_STR(err.message, "");
		end(&w);
		free(text);
		CHECK_INT(system("rm -rf s1"), 0);
	}
}

/* One wrong thing each, and where it is said to be. */
static const struct reseal_wrong edits[] = {
	{ "labels.csv.gz", "2,u1", "3,u1", ":3: column session_id: '3'" },
	{ "labels.csv.gz", "2,u1", "1,u1", ":3: column session_id: '1'" },
	{ "labels.csv.gz", "2,u1", "2,u2", ":3: column user_id: 'u2'" },
	{ "labels.csv.gz", "u1,c0", "u1,c2", ":4: column content_id: 'c2'" },
	{ "labels.csv.gz", "4,u0,c0,50,50,,150\n", "", ":2: column session_id: '1'" },
	{ "labels.csv.gz", "10,10,,", "10,51,,", ":2: column session_end_ts: '51'" },
	{ "labels.csv.gz", "10,10,,", "0,10,,", ":2: column session_start_ts: '0'" },
	{ "labels.csv.gz", "10,10,,", "51,10,,", ":2: column session_start_ts: '51'" },
	{ "labels.csv.gz", "20,20,20,", "20,20,51,", ":3: column completed_ts: '51'" },
	{ "labels.csv.gz", ",110\n", ",\n", ":2: column closing_ts: ''" },
	{ "labels.csv.gz", ",110\n", ",17592186044416\n", ":2: column closing_ts: " },
	{ "waiting.csv.gz", "10,1,0,1", "10,1,0,5", ":2: column session_id: no session" },
	{ "waiting.csv.gz", "10,1,0,1", "10,1,0,0", ":2: column session_id: no session" },
	{ "waiting.csv.gz", "10,1,0,1", "10,1,0,", ":2: column session_id: no session" },
	{ "waiting.csv.gz", "10,1,0,1,,", "10,1,0,1,110,0", ":2: a row that waits has no label" },
	{ "waiting.csv.gz", "10,1,0,1,,", "10,1,0,1,,0", ":2: a row that waits has no label" },
	{ "waiting.csv.gz", "10,1,0,1,,", "10,1,0,1,\"\",", ":2: a row that waits has no label" },
	{ "waiting.csv.gz", "label_known_ts", "label", "not those of the feature table here" },
	{ "waiting.csv.gz", ",is_completion", ",is_completion,more", "not those of the feature" },
	{ "waiting_first.csv.gz", "10,1,0,1", "10,1,0,5", ":2: column session_id: no session" },
	{ "MANIFEST", "sessions 4", "sessions 3", ": more rows of labels than sessions" },
	{ "MANIFEST", "sessions 4", "session 4", ": it has no number 'sessions'" },
	{ "MANIFEST", "last_ts 50", "last_ts x", ": it has no number 'last_ts'" },
};

static void what_cannot_be_is_refused(void)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct err err = ERR_INIT;
		struct world w;

		begin(&w);
		see_four(&w);
		write_state(&w, true, "s1");
		end(&w);
		CHECK(reseal_edit("s1", edits[i].file, edits[i].old, edits[i].new));
		begin(&w);
		RESEAL_CHECK(&edits[i], "s1", read_state(&w, true, "s1", &err) != 0, err.message);
		end(&w);
		CHECK_INT(system("rm -rf s1"), 0);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(what_waits_is_written);
	RUN(what_was_read_waits_on);
	RUN(the_sessions_are_those_of_both_tables);
	RUN(what_cannot_be_is_refused);
	scratch_leave(dir);
	return CHECK_DONE();
}
