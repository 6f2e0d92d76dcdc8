#include "state/state_events.h"

#include "reseal.h"
#include "scratch.h"

#define COLUMNS "event_id,event_ts,user_id,content_id,event_type,playback_position,device"

/* A part of a log: its times, its rows "ID,TS" and what became of them. */
struct part {
	int64_t from, until, seen_from;
	const char *rows;
	bool is_strict; /* no record may be of another part */

	struct buf ids; /* of the events of this part, a blank behind each */
	uint64_t n_late, n_duplicates, n_early, n_still_early;
};

static void write_log(const char *rows)
{
	struct buf log = BUF_INIT;

	buf_append_str(&log, COLUMNS ",more\n");
	for (const char *end; *rows; rows = end + 1) {
		end = strchr(rows, '\n');
		buf_append(&log, rows, (size_t)(end - rows));
		buf_append_str(&log, ",u,c,play,1,\"t,v\",\"\"\n");
	}
	scratch_write("log", log.data, log.len);
	buf_release(&log);
}

static int take_part(struct cleaning *c, struct csv_reader *in, struct part *p, struct err *err)
{
	struct warnings warnings = WARNINGS_INIT;
	struct clean_event e;
	const struct csv_row *row;
	int rc;

	while ((rc = csv_reader_next(in, &row, err)) > 0)
		CHECK_INT(cleaning_add(c, in, row, err), 0);
	rc = rc || cleaning_sort(c, in, &warnings, err) ? -1 : 0;
	while (!rc && (rc = cleaning_next(c, in, &e, err)) > 0) {
		buf_append(&p->ids, e.id, e.id_len);
		buf_append_char(&p->ids, ' ');
		rc = 0;
	}
	warnings_release(&warnings);
	return rc;
}

/* Takes the part in, after the state `old` (NULL: the first), and leaves `next`. */
static int clean(struct part *p, const char *old, const char *next, struct err *err)
{
	const struct gz_output output = { .no_sync = true };
	const char *path = "log";
	const struct csv_input input = { .paths = &path, .n = 1, .delimiter = ',' };
	struct cleaning c = CLEANING_INIT;
	struct csv_reader in = { .gz = GZ_READER_INIT, .tolerant = true };
	struct state_in from = STATE_IN_INIT;
	struct state_out out = STATE_OUT_INIT;
	int rc;

	write_log(p->rows);
	c.from = p->from;
	c.until = p->until;
	c.seen_from = p->seen_from;
	c.rejects.bound = p->is_strict ? (struct bound)BOUND_PERCENT(0)
				       : (struct bound)BOUND_PERCENT(100);
	c.cleaner.times.unit = TIME_MS;
	CHECK_INT(names_append(&c.cleaner.keep, "more", err), 0);
	CHECK_INT(csv_reader_open(&in, &input, err), 0);
	CHECK_INT(state_out_open(&out, next, &output, err), 0);
	CHECK_INT(cleaning_open(&c, &in, NULL, NULL, 0, err), 0);
	CHECK_INT(state_events_open(&c, &in, &out, err), 0);
	rc = old && (state_in_open(&from, old, err) || state_events_read(&c, &in, &from, err));
	rc = rc || take_part(&c, &in, p, err) || state_out_finish(&out, err) ||
	     csv_writer_close(&out.folder, err);
	p->n_late = c.rejects.counts[CLEAN_LATE];
	p->n_duplicates = c.rejects.counts[CLEAN_DUPLICATE_EVENT_ID];
	p->n_early = c.n_early;
	p->n_still_early = c.n_still_early;
	buf_append_char(&p->ids, '\0');
	names_release(&c.cleaner.keep);
	cleaning_release(&c);
	csv_reader_close(&in);
	state_in_release(&from);
	state_out_release(&out);
	return rc ? -1 : 0;
}

static void check_table(const char *folder, const char *table, const char *want)
{
	char *text = reseal_read(folder, table);

	CHECK_STR(text, want);
	free(text);
}

static void remove_states(void)
{
	CHECK_INT(system("rm -rf s1 s2 s3 log"), 0);
}

#define REST ",u,c,play,1,\"t,v\",\"\"\n"

/* Of the first part, the events from 50 on are remembered, and those from 100 on are carried. */
static const struct part first = {
	.from = INT64_MIN,
	.until = 100,
	.seen_from = 50,
	.rows = "a,49\nb,50\nc,99\nd,100\nc,99\ne,250\n\"f,\"\"\",60\n"
};

static void what_is_remembered_and_carried_is_written(void)
{
	struct part p = first;
	struct err err = ERR_INIT;

	CHECK_INT(clean(&p, NULL, "s1", &err), 0);
	CHECK_STR(err.message, "");
	CHECK_STR(p.ids.data, "a b f,\" c ");
	CHECK_INT(p.n_duplicates, 1);
	CHECK_INT(p.n_early, 2);
	check_table("s1", "seen.csv.gz", "event_ts,event_id\n50,b\n60,\"f,\"\"\"\n99,c\n");
	check_table("s1", "early.csv.gz", COLUMNS ",more\nd,100" REST "e,250" REST);
	buf_release(&p.ids);
	remove_states();
}

/* An id that is remembered comes no second time, whenever; one that is forgotten is late. */
static void the_next_part_goes_on_with_them(void)
{
	struct part p = first,
		    q = { .from = 100,
			  .until = 200,
			  .seen_from = 60,
			  .rows = "c,99\nb,150\nc,199\nd,100\ng,100\ng,250\na,49\nh,199\n"
				  "i,99\ne,250\n" },
		    r = { .from = 200, .until = 300, .seen_from = 250, .rows = "" };
	struct err err = ERR_INIT;

	CHECK_INT(clean(&p, NULL, "s1", &err), 0);
	CHECK_INT(clean(&q, "s1", "s2", &err), 0);
	CHECK_STR(err.message, "");
	/* c and b were seen, d was carried, g comes twice, and the e of this part is the carried
	 * one's copy. */
	CHECK_STR(q.ids.data, "d g h ");
	CHECK_INT(q.n_duplicates, 3 + 1);
	CHECK_INT(q.n_late, 2);
	check_table("s2", "seen.csv.gz",
		    "event_ts,event_id\n60,\"f,\"\"\"\n99,c\n100,d\n100,g\n199,h\n");
	check_table("s2", "early.csv.gz", COLUMNS ",more\ne,250" REST "e,250" REST "g,250" REST);
	CHECK_INT(q.n_still_early, 1);
	/* What is carried twice is one event in the end. */
	CHECK_INT(clean(&r, "s2", "s3", &err), 0);
	CHECK_STR(r.ids.data, "e ");
	CHECK_INT(r.n_duplicates, 2);
	buf_release(&p.ids);
	buf_release(&q.ids);
	buf_release(&r.ids);
	remove_states();
}

/* What an older part carries, and this one carries on, is none of its own records. */
static void what_is_still_early_is_not_held_against_a_part(void)
{
	struct part p = first,
		    q = { .from = 100, .until = 200, .rows = "g,150\n", .is_strict = true },
		    r = { .from = 100, .until = 200, .rows = "g,150\nh,200\n", .is_strict = true };
	struct err err = ERR_INIT;

	CHECK_INT(clean(&p, NULL, "s1", &err), 0);
	CHECK_INT(clean(&q, "s1", "s2", &err), 0);
	CHECK_STR(err.message, "");
	CHECK_STR(q.ids.data, "d g ");
	CHECK_INT(clean(&r, "s1", "s3", &err), -1);
	CHECK_BEGINS(err.message, "1 of 2 records are not of this day: 0 are late");
	buf_release(&p.ids);
	buf_release(&q.ids);
	buf_release(&r.ids);
	remove_states();
}

static void what_cannot_be_is_refused(void)
{
	static const struct reseal_wrong edits[] = {
		{ "seen.csv.gz", "\n50,", "\n100,", ":2: column event_ts: '100'" },
		{ "seen.csv.gz", "\n50,", "\n0,", ":2: column event_ts: '0'" },
		{ "seen.csv.gz", "\n50,", "\n,", ":2: column event_ts: ''" },
		{ "seen.csv.gz", ",b\n", ",\n", ":2: column event_id: ''" },
		{ "seen.csv.gz", ",b\n", ",\"\"\n", ":2: column event_id: ''" },
		{ "early.csv.gz", "d,100,", ",100,", ":2: column event_id: empty" },
		{ "early.csv.gz", "d,100,", "d,x,", ":2: column event_ts: " },
		{ "early.csv.gz", "d,100,", "d,4102444800000,", ":2: column event_ts: " },
		{ "early.csv.gz", ",more", ",less",
		  "not those of cleaned_events and what is kept" },
		{ "early.csv.gz", ",more", ",more,and", "not those of cleaned_events and what is" },
		{ "early.csv.gz", "event_id,event_ts", "event_ts,event_id",
		  "not those of cleaned" },
	};

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct part p = first,
			    q = { .from = 100, .until = 200, .seen_from = 50, .rows = "" };
		struct err err = ERR_INIT;

		CHECK_INT(clean(&p, NULL, "s1", &err), 0);
		CHECK(reseal_edit("s1", edits[i].file, edits[i].old, edits[i].new));
		RESEAL_CHECK(&edits[i], "s1", clean(&q, "s1", "s2", &err) != 0, err.message);
		CHECK(access("s2", F_OK) != 0);
		buf_release(&p.ids);
		buf_release(&q.ids);
		remove_states();
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(what_is_remembered_and_carried_is_written);
	RUN(the_next_part_goes_on_with_them);
	RUN(what_is_still_early_is_not_held_against_a_part);
	RUN(what_cannot_be_is_refused);
	scratch_leave(dir);
	return CHECK_DONE();
}
