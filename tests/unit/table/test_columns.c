#include "table/columns.h"

#include "scratch.h"

/* A reader of a table whose header is these n names; close it. */
static void open_header(struct csv_reader *in, const char *const *names, size_t n, const char *tool)
{
	static const char *const path = "t";
	const struct csv_input input = { .paths = &path, .n = 1, .threads = 1, .tool = tool };
	struct buf file = BUF_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < n; i++)
		csv_put_str(&file, names[i]);
	csv_end_row(&file);
	scratch_write(path, file.data, file.len);
	*in = (struct csv_reader)CSV_READER_INIT;
	in->keep_names = true;
	CHECK_INT(csv_reader_open(in, &input, &err), 0);
	CHECK_STR(err.message, "");
	buf_release(&file);
}

static const char *const some[] = { "a", "B", "User_ID", "USER_id", "b2", "" };
enum { N_SOME = sizeof(some) / sizeof(some[0]) };

static void the_very_name_is_found(void)
{
	const struct csv_header header = { some, N_SOME };

	for (int i = 0; i < N_SOME; i++) {
		CHECK_INT(columns_find(&header, some[i]), i);
		CHECK_INT(columns_find_alike(&header, some[i]), i);
	}
	CHECK_INT(columns_find(&header, "A"), -1);
	CHECK_INT(columns_find(&header, "b"), -1);
	CHECK_INT(columns_find(&header, "user_id"), -1);
	CHECK_INT(columns_find(&(struct csv_header){ some, 0 }, "a"), -1);
}

/* The only one; of two that are alike, neither, unless one is the very name. */
static void a_name_that_is_alike(void)
{
	const struct csv_header header = { some, N_SOME };

	CHECK_INT(columns_find_alike(&header, "A"), 0);
	CHECK_INT(columns_find_alike(&header, "b"), 1);
	CHECK_INT(columns_find_alike(&header, "user_id"), -1);
	CHECK_INT(columns_find_alike(&header, "USER_id"), 3);
	CHECK_INT(columns_find_alike(&header, "c"), -1);
}

static void one_of_several_is_no_choice(void)
{
	struct csv_reader in;
	struct err err = ERR_INIT;

	open_header(&in, some, N_SOME - 1, NULL);
	CHECK_INT(columns_require(&in, "b", &err), 1);
	CHECK_INT(columns_require(&in, "User_ID", &err), 2);
	CHECK_STR(err.message, "");
	CHECK_INT(columns_require(&in, "user_id", &err), -1);
	CHECK_STR(err.message, "t:1: column user_id: may be 'User_ID' or 'USER_id'");
	csv_reader_close(&in);
}

/* What is missing of a header that is read by a tool. */
static void check_missing(const char *const *names, size_t n, const char *tool, const char *name,
			  const char *message)
{
	struct csv_reader in;
	struct err err = ERR_INIT;

	open_header(&in, names, n, tool);
	CHECK_INT(columns_require(&in, name, &err), -1);
	CHECK_STR(err.message, message);
	csv_reader_close(&in);
}

/* How to come by it depends on where in the pipe the reader is. */
static void a_missing_column_tells_who_makes_it(void)
{
	static const char *const events[] = { "event_id", "event_ts", "user_id", "content_id" };

	check_missing(events, 4, "ce-sessionize", "runtime",
		      "t:1: missing column runtime: ce-join makes it (ce-clean | ce-join | "
		      "ce-sessionize); the header has event_id, event_ts, user_id, content_id");
	check_missing(events, 4, "ce-features", "session_id",
		      "t:1: missing column session_id: ce-sessionize makes it (ce-join | "
		      "ce-sessionize | ce-agg | ce-online | ce-features); the header has event_id, "
		      "event_ts, "
		      "user_id, content_id");
	check_missing(events, 4, "ce-sessionize", "session_id",
		      "t:1: missing column session_id: ce-sessionize makes it; the header has "
		      "event_id, event_ts, user_id, content_id");
	/* One that is before its maker, and one that is no tool of the pipe. */
	check_missing(events, 4, "ce-clean", "session_id",
		      "t:1: missing column session_id: ce-sessionize makes it; the header has "
		      "event_id, event_ts, user_id, content_id");
	check_missing(events, 4, NULL, "session_id",
		      "t:1: missing column session_id: ce-sessionize makes it; the header has "
		      "event_id, event_ts, user_id, content_id");
	/* The log itself is nobody's. */
	check_missing(events + 1, 3, "ce-join", "event_id",
		      "t:1: missing column event_id; the header has event_ts, user_id, content_id");
}

/* A slip of the keyboard, but not one column of the pipe for another. */
static void a_missing_column_tells_what_may_be_meant(void)
{
	static const char *const names[] = { "event_ts", "contnet_id", "x" };

	check_missing(names, 3, NULL, "content_id",
		      "t:1: missing column content_id; the nearest name is 'contnet_id'; the "
		      "header has event_ts, contnet_id, x");
	check_missing(names, 3, NULL, "event_id",
		      "t:1: missing column event_id; the header has event_ts, contnet_id, x");
	check_missing(names, 3, NULL, "event_tss",
		      "t:1: missing column event_tss; the nearest name is 'event_ts'; the header "
		      "has event_ts, contnet_id, x");
}

static void a_missing_column_tells_of_a_strange_header(void)
{
	static const char *const one[] = { "a:b:c" }, *const two[] = { "a;b", "c" },
				 *const row[] = { "e1", "1700000000000", "u1" };

	check_missing(one, 1, NULL, "z",
		      "t:1: missing column z; the header has a:b:c alone: a delimiter other than , "
		      "; | and tab?");
	check_missing(one, 1, "ce-clean", "z",
		      "t:1: missing column z; the header has a:b:c alone: another delimiter? "
		      "(--delimiter)");
	check_missing(two, 2, "ce-clean", "z",
		      "t:1: missing column z; the header has a;b, c: another delimiter? "
		      "(--delimiter)");
	check_missing(row, 3, "ce-clean", "z",
		      "t:1: missing column z; the header has e1, 1700000000000, u1: is there a "
		      "header line?");
}

/* As many names as there is room for, and the number of the others. */
static void a_long_header_is_cut(void)
{
	char text[200][8];
	const char *names[200];
	struct csv_reader in;
	struct err err = ERR_INIT;
	const char *more;
	size_t n_shown = 0;

	for (int i = 0; i < 200; i++) {
		snprintf(text[i], sizeof(text[i]), "n%d", i);
		names[i] = text[i];
	}
	open_header(&in, names, 200, NULL);
	CHECK_INT(columns_require(&in, "zzz", &err), -1);
	csv_reader_close(&in);
	more = strstr(err.message, " and ");
	CHECK(more != NULL && strlen(err.message) < 400);
	for (const char *s = err.message; more && s < more; s++)
		n_shown += *s == ',' || s + 1 == more;
	CHECK_INT(more ? atoi(more + 5) : 0, 200 - n_shown);
}

static void check_listed(const char *list, bool ask_all, const char *want, bool want_all)
{
	static const char *const header[] = { "a", "b", "User_ID", "*" };
	struct names names = NAMES_INIT;
	struct csv_reader in;
	struct err err = ERR_INIT;
	bool all = !want_all, *listed;
	char got[5] = "";

	CHECK_INT(names_append(&names, list, &err), 0);
	open_header(&in, header, 4, NULL);
	listed = columns_listed(&in, &names, ask_all ? &all : NULL, &err);
	if (listed) {
		for (int i = 0; i < 4; i++)
			got[i] = listed[i] ? 'x' : '.';
		CHECK_STR(got, want);
		CHECK(!ask_all || all == want_all);
	} else {
		CHECK_STR(err.message, want);
	}
	free(listed);
	csv_reader_close(&in);
	names_release(&names);
}

static void lists_of_columns(void)
{
	check_listed("a", true, "x...", false);
	check_listed("b,user_id,b", true, ".xx.", false);
	check_listed("b,*", true, ".x..", true);
	check_listed("b,*", false, ".x.x", false);
	check_listed("a,zz,b", true, "t:1: missing column zz; the header has a, b, User_ID, *",
		     false);
}

/* Outputs that are there already would be there twice. */
static void columns_of_its_own(void)
{
	const struct catalogue_column columns[] = { { .name = "p" }, { .name = "q" } };
	static const char *const without[] = { "a", "Q" }, *const with[] = { "a", "q" };
	struct csv_reader in;
	struct err err = ERR_INIT;

	open_header(&in, without, 2, NULL);
	CHECK_INT(columns_refuse(&in, columns, 2, &err), 0);
	csv_reader_close(&in);
	open_header(&in, with, 2, NULL);
	CHECK_INT(columns_refuse(&in, columns, 1, &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(columns_refuse(&in, columns, 2, &err), -1);
	CHECK_STR(err.message, "t:1: column q: is in the input already");
	csv_reader_close(&in);
}

/* After what comes before a header, messages name its line. */
static void the_line_of_the_header(void)
{
	static const char *const path = "late";
	const struct csv_input input = { .paths = &path, .n = 1, .threads = 1 };
	struct csv_reader in = CSV_READER_INIT;
	struct err err = ERR_INIT;

	scratch_write(path, "\n\nsep=,\na,b\n", 11);
	CHECK_INT(csv_reader_open(&in, &input, &err), 0);
	CHECK_INT(columns_require(&in, "c", &err), -1);
	CHECK_STR(err.message, "late:4: missing column c; the header has a, b");
	csv_reader_close(&in);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(the_very_name_is_found);
	RUN(a_name_that_is_alike);
	RUN(one_of_several_is_no_choice);
	RUN(a_missing_column_tells_who_makes_it);
	RUN(a_missing_column_tells_what_may_be_meant);
	RUN(a_missing_column_tells_of_a_strange_header);
	RUN(a_long_header_is_cut);
	RUN(lists_of_columns);
	RUN(columns_of_its_own);
	RUN(the_line_of_the_header);
	scratch_leave(dir);
	return CHECK_DONE();
}
