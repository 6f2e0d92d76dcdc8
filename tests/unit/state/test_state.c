#include "state/state.h"

#include "events/event.h"
#include "reseal.h"
#include "scratch.h"

#include <limits.h>

/* Begins a state with every table but those that are not wanted; each row is 1, 2, 3, ... */
static void put_tables(struct state_out *out, int n_rows, int unwanted)
{
	struct err err = ERR_INIT;

	for (int i = 0; i < STATE_N_TABLES; i++) {
		const char *name = reseal_files[i];
		char *table = mem_dup(name, strlen(name) - strlen(".csv.gz"));
		const struct catalogue_table *columns = catalogue_table(table);
		struct csv_writer *w =
			i == unwanted ? NULL : state_out_table(out, (enum state_table)i, &err);

		free(table);
		if (!w)
			continue;
		if (!columns) {
			csv_put_str(&w->row, "first");
			csv_put_str(&w->row, "second");
			CHECK_INT(csv_writer_end_row(w, &err), 0);
		}
		for (int row = 0; row < n_rows; row++) {
			for (size_t k = 0; k < (columns ? columns->n : 2); k++)
				csv_put_int(&w->row, row + (int64_t)k + 1);
			CHECK_INT(csv_writer_end_row(w, &err), 0);
		}
	}
	CHECK_STR(err.message, "");
}

static void write_state(const char *folder, const struct gz_output *output, int unwanted)
{
	struct state_out out = STATE_OUT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(state_out_open(&out, folder, output, &err), 0);
	manifest_add_int(&out.manifest, "sessions", 7);
	manifest_add_int(&out.manifest, "minus", -1);
	manifest_add_int(&out.manifest, "most", INT64_C(1) << 52);
	put_tables(&out, 3, unwanted);
	CHECK_INT(state_out_finish(&out, &err), 0);
	CHECK(access(folder, F_OK) != 0);
	CHECK_INT(csv_writer_close(&out.folder, &err), 0);
	CHECK_STR(err.message, "");
	state_out_release(&out);
}

static const struct gz_output quick = { .no_sync = true };

/* Opens it, and checks that it is whole and has the tables. Returns 0, or -1 with err. */
static int check_tables(const char *folder, const enum state_table *tables, size_t n,
			struct err *err)
{
	struct state_in in = STATE_IN_INIT;
	int rc = state_in_open(&in, folder, err) || state_in_check(&in, tables, n, err) ? -1 : 0;

	state_in_release(&in);
	return rc;
}

static int check_state(const char *folder, struct err *err)
{
	return check_tables(folder, NULL, 0, err);
}

static void remove_states(void)
{
	CHECK_INT(system("rm -rf s1 s2"), 0);
	CHECK_INT(scratch_count(), 0);
}

/* Whatever the level, the threads and the form of the run's own output are. */
static void a_state_has_the_same_bytes(void)
{
	const struct gz_output other = { .level = 9, .plain = true, .threads = 2, .no_sync = true };
	struct err err = ERR_INIT;

	write_state("s1", &quick, -1);
	write_state("s2", &other, -1);
	CHECK_INT(check_state("s1", &err), 0);
	CHECK_INT(check_state("s2", &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(system("cmp s1/MANIFEST s2/MANIFEST"), 0);
	CHECK_INT(system("grep -c '^file .*.csv.gz 3 [0-9a-f]\\{64\\}$' s1/MANIFEST | grep -qx 13"),
		  0);
	for (int i = 0; i < STATE_N_TABLES; i++) {
		char *texts[] = { reseal_read("s1", reseal_files[i]),
				  reseal_read("s2", reseal_files[i]) };

		CHECK_STR(texts[0], texts[1]);
		free(texts[0]);
		free(texts[1]);
	}
	CHECK_INT(system("for f in s1/*; do cmp $f s2/${f#s1/} || exit 1; done"), 0);
	remove_states();
}

/* With its tables half written; and none takes the place of the one that is being read. */
static void what_is_not_finished_leaves_nothing(void)
{
	struct state_out out = STATE_OUT_INIT;
	struct state_in in = STATE_IN_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(state_out_open(&out, "s1", &quick, &err), 0);
	put_tables(&out, 1, -1);
	state_out_release(&out);
	CHECK_INT(scratch_count(), 0);
	write_state("s1", &quick, -1);
	CHECK_INT(state_in_open(&in, "s1", &err), 0);
	out = (struct state_out)STATE_OUT_INIT;
	CHECK_INT(state_out_open(&out, "./s1", &quick, &err), -1);
	CHECK_STR(err.message, "./s1: the input s1 is the same file");
	state_out_release(&out);
	state_in_release(&in);
	CHECK_INT(check_state("s1", &err), 0);
	remove_states();
}

/* Each byte of each file another one, each file a byte longer, shorter, and not there. */
static void a_file_that_was_changed_is_refused(void)
{
	for (int i = 0; i <= STATE_N_TABLES; i++) {
		const char *name = i < STATE_N_TABLES ? reseal_files[i] : "MANIFEST";
		char path[64], *bytes;
		struct err err = ERR_INIT;
		size_t n;

		write_state("s1", &quick, -1);
		snprintf(path, sizeof(path), "s1/%s", name);
		bytes = scratch_read(path, &n);
		for (size_t at = 0; at <= n; at++) {
			bytes[at] ^= 4;
			scratch_write(path, bytes, n + (at == n));
			bytes[at] ^= 4;
			if (!check_state("s1", &err))
				CHECK_FAIL("%s: byte %zu", path, at);
			CHECK_BEGINS(err.message, path);
		}
		scratch_write(path, bytes, n - 1);
		CHECK_INT(check_state("s1", &err), -1);
		CHECK_BEGINS(err.message, path);
		unlink(path);
		CHECK_INT(check_state("s1", &err), -1);
		CHECK_BEGINS(err.message, path);
		free(bytes);
		remove_states();
	}
}

/* Whose end is right, but which says something else. */
static void a_manifest_that_does_not_fit_is_refused(void)
{
	static const struct {
		const char *lines, *said;
	} manifests[] = {
		{ "", "s1/MANIFEST: no state: it has no line 'ce-state'" },
		{ "version " CE_VERSION "\n", "s1/MANIFEST: no state: it has no line 'ce-state'" },
		{ "ce-state 1\nversion " CE_VERSION "\n",
		  "s1/MANIFEST: of another version: ce-state is 1, and here 2: make it again from "
		  "the log" },
		{ "ce-state 2\nversion 0.0.1\n",
		  "s1/MANIFEST: of another version: version is 0.0.1, and here " },
		{ "ce-state 2\nversion " CE_VERSION "x\n", "s1/MANIFEST: of another version: " },
		{ "ce-state 2\nversion " CE_VERSION "\nfile users.csv.gz 3 00\n",
		  "s1/MANIFEST: what it says of users.csv.gz is no size and SHA-256" },
		{ "ce-state 2\nversion " CE_VERSION "\nfile users.csv.gz 3\n",
		  "s1/MANIFEST: what it says of users.csv.gz is no size and SHA-256" },
		{ "ce-state 2\nversion " CE_VERSION "\nfile users.csv.gz -1 "
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
		  "s1/MANIFEST: what it says of users.csv.gz is no size and SHA-256" },
		{ "ce-state 2\nversion " CE_VERSION "\nfile users.csv.gz 3 "
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
		  "s1/users.csv.gz: damaged, cut or edited: its SHA-256 is not that of the "
		  "MANIFEST" },
	};

	for (size_t i = 0; i < sizeof(manifests) / sizeof(manifests[0]); i++) {
		struct err err = ERR_INIT;

		write_state("s1", &quick, -1);
		reseal("s1", manifests[i].lines, strlen(manifests[i].lines));
		CHECK_INT(check_state("s1", &err), -1);
		CHECK_BEGINS(err.message, manifests[i].said);
		remove_states();
	}
}

/* Each tool says which ones it needs; what is there besides is checked, too. */
static void the_tables_that_are_needed_are_there(void)
{
	for (int i = 0; i < STATE_N_TABLES; i++) {
		const enum state_table needed[] = { STATE_USERS, (enum state_table)i };
		struct state_in in = STATE_IN_INIT;
		struct state_reader r;
		struct err err = ERR_INIT;
		char want[64];

		write_state("s1", &quick, i);
		snprintf(want, sizeof(want), "s1/MANIFEST: it has no line for %s", reseal_files[i]);
		CHECK_INT(check_state("s1", &err), 0);
		CHECK_INT(check_tables("s1", needed, 1, &err), i == STATE_USERS ? -1 : 0);
		CHECK_INT(check_tables("s1", needed, 2, &err), -1);
		CHECK_STR(err.message, want);
		CHECK_INT(state_in_open(&in, "s1", &err), 0);
		for (int k = 0; k < STATE_N_TABLES; k++)
			CHECK_INT(state_in_has(&in, (enum state_table)k), k != i);
		CHECK_INT(state_reader_open(&r, &in, (enum state_table)i, &err), -1);
		CHECK_STR(err.message, want);
		state_reader_close(&r);
		state_in_release(&in);
		remove_states();
	}
}

static void counts_of_the_manifest(void)
{
	struct state_in in = STATE_IN_INIT;
	char hex[SHA256_HEX], want[SHA256_HEX];
	struct err err = ERR_INIT;
	int64_t n = 0;

	write_state("s1", &quick, -1);
	CHECK_INT(state_in_open(&in, "s1", &err), 0);
	CHECK_INT(state_in_count(&in, "sessions", &n, &err), 0);
	CHECK_INT(n, 7);
	CHECK_INT(state_in_count(&in, "minus", &n, &err), -1);
	CHECK_STR(err.message, "s1/MANIFEST: it has no number 'minus'");
	CHECK_INT(state_in_count(&in, "most", &n, &err), -1);
	CHECK_INT(state_in_count(&in, "version", &n, &err), -1);
	CHECK_INT(state_in_count(&in, "absent", &n, &err), -1);
	CHECK_INT(state_in_sha256(&in, hex, &err), 0);
	CHECK_INT(sha256_file(want, "s1/MANIFEST", &err), 0);
	CHECK_STR(hex, want);
	state_in_release(&in);
	remove_states();
}

/* Reads the table to its end, or the error. Returns its rows, or -1 with err. */
static int read_table(enum state_table table, void *row, struct err *err)
{
	struct state_in in = STATE_IN_INIT;
	struct state_reader r = { .in = CSV_READER_INIT };
	int n = 0, rc = state_in_open(&in, "s1", err) || state_reader_open(&r, &in, table, err);

	while (!rc && (rc = state_reader_next(&r, row, err)) > 0) {
		n++;
		rc = 0;
	}
	state_reader_close(&r);
	state_in_release(&in);
	return rc ? -1 : n;
}

/* Of the rows that the MANIFEST says, no fewer and no more; with the columns in their order. */
static void a_table_has_its_rows_and_columns(void)
{
	struct row_contents row = { 0 };
	struct err err = ERR_INIT;

	write_state("s1", &quick, -1);
	CHECK_INT(read_table(STATE_CONTENTS, &row, &err), 3);
	CHECK(row.content_id.kind == CSV_TEXT && row.content_id.len == 1);
	CHECK_INT(row.stop_ratio_sum.number, 8);
	CHECK_INT(read_table(STATE_WAITING, NULL, &err), 3);
	CHECK_INT(system("sed -i 's/^\\(file contents.csv.gz\\) 3/\\1 2/' s1/MANIFEST"), 0);
	CHECK_INT(system("sed -i '$d' s1/MANIFEST && "
			 "echo end $(sha256sum <s1/MANIFEST | cut -d' ' -f1) >>s1/MANIFEST"),
		  0);
	CHECK_INT(read_table(STATE_CONTENTS, &row, &err), -1);
	CHECK(strstr(err.message, "3 rows, where the MANIFEST says 2"));
	CHECK_BEGINS(err.message, "s1/contents.csv.gz:");
	remove_states();

	write_state("s1", &quick, -1);
	CHECK(reseal_edit("s1", "contents.csv.gz", "popularity,stops", "stops,popularity"));
	CHECK_INT(read_table(STATE_CONTENTS, &row, &err), -1);
	CHECK(strstr(err.message, "the columns are not those of a state's table contents"));
	CHECK(reseal_edit("s1", "seen.csv.gz", "event_ts,", "event_ts,more,"));
	CHECK_INT(read_table(STATE_SEEN, &row, &err), -1);
	CHECK(strstr(err.message, "the columns are not those of a state's table seen"));
	CHECK(reseal_edit("s1", "window_events.csv.gz", "4\n", "4.0000001\n"));
	CHECK_INT(read_table(STATE_WINDOW, &(struct row_window_events){ 0 }, &err), -1);
	CHECK_STR(err.message,
		  "s1/window_events.csv.gz:2: column playback_ratio: no number: '4.0000001'");
	remove_states();
}

/* Numbers at the ends of what they may be; ids; and the first that is wrong is said. */
static void members_are_what_they_may_be(void)
{
	struct intern ids = INTERN_INIT;
	struct state_in in = STATE_IN_INIT;
	struct state_reader r;
	struct row_users row = { 0 };
	struct err err = ERR_INIT;

	write_state("s1", &quick, -1);
	CHECK(reseal_edit("s1", "users.csv.gz", "\n1,2,3,", "\nu,2,,"));
	CHECK_INT(state_in_open(&in, "s1", &err), 0);
	CHECK_INT(state_reader_open(&r, &in, STATE_USERS, &err), 0);
	CHECK_INT(state_reader_next(&r, &row, &err), 1);
	intern_id(&ids, "v", 1);
	intern_id(&ids, "u", 1);
	CHECK_INT(state_id(&r, &ids, &row.user_id), 1);
	CHECK_INT(state_int(&r, &row.known_sessions, 2, 2, true), 2);
	CHECK_INT(state_int(&r, &row.known_completions, 0, 9, false), EVENT_UNKNOWN);
	CHECK_INT(state_int(&r, &row.last_outcome, INT64_MIN, 4, true), 4);
	CHECK_INT(state_int(&r, &row.last_outcome, 4, INT64_MAX, false), 4);
	CHECK_INT(state_reader_bad(&r, &err), 0);
	CHECK_INT(state_int(&r, &row.known_completions, 3, 9, true), 3);
	CHECK_INT(state_int(&r, &row.last_outcome, 5, 9, true), 5);
	CHECK_INT(state_int(&r, &row.last_outcome, 0, 3, false), 0);
	CHECK_INT(state_reader_bad(&r, &err), -1);
	CHECK_STR(err.message, "s1/users.csv.gz:2: column known_completions: '' is not what a "
			       "state has there");
	r.bad = -1;
	intern_release(&ids);
	CHECK_INT(state_id(&r, &ids, &row.user_id), 0);
	CHECK_INT(state_reader_bad(&r, &err), -1);
	CHECK_STR(err.message,
		  "s1/users.csv.gz:2: column user_id: 'u' is not what a state has there");
	CHECK_INT(state_name(&ids, INTERN_NONE).kind, CSV_NULL);
	state_reader_close(&r);
	state_in_release(&in);
	remove_states();
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(a_state_has_the_same_bytes);
	RUN(what_is_not_finished_leaves_nothing);
	RUN(a_file_that_was_changed_is_refused);
	RUN(a_manifest_that_does_not_fit_is_refused);
	RUN(the_tables_that_are_needed_are_there);
	RUN(counts_of_the_manifest);
	RUN(a_table_has_its_rows_and_columns);
	RUN(members_are_what_they_may_be);
	scratch_leave(dir);
	return CHECK_DONE();
}
