#include "events/join.h"

#include "scratch.h"

static const struct names no_words = NAMES_INIT;
static struct warnings no_warnings = WARNINGS_INIT;

static int load(struct join_dimension *d, const char *text, struct join_drops *drops,
		struct err *err)
{
	const struct join_source source = { .key = "k", .path = "dim.csv" };
	const struct join_rules rules = { drops, &no_words, true, false, &no_warnings, NULL };

	scratch_write("dim.csv", text, strlen(text));
	*err = (struct err)ERR_INIT;
	return join_load(d, &source, &rules, err);
}

/* The same of a history, by its column t. */
static int load_history(struct join_dimension *d, const char *text, struct err *err)
{
	const struct join_source source = { .key = "k", .path = "dim.csv", .valid_from = "t" };
	struct join_drops none = { NULL, 0, NULL };
	const struct join_rules rules = { &none, &no_words, true, false, &no_warnings, NULL };

	scratch_write("dim.csv", text, strlen(text));
	*err = (struct err)ERR_INIT;
	return join_load(d, &source, &rules, err);
}

/* What the dimension has for a key at a time, or "-". */
static const char *find_at(struct join_dimension *d, const char *key, bool is_null, int64_t ts)
{
	static char text[256];
	struct csv_field field = { key, (uint32_t)strlen(key), is_null };
	const struct csv_row row = { .fields = &field, .n = 1 };
	const struct join_text *found;
	struct intern_key wanted;

	d->column = 0;
	wanted = join_key(d, &row);
	found = join_find(d, join_id(d, &wanted), ts);
	if (!found)
		return "-";
	snprintf(text, sizeof(text), "%.*s", (int)found->len, join_text(found));
	return text;
}

static const char *find(struct join_dimension *d, const char *key, bool is_null)
{
	return find_at(d, key, is_null, 0);
}

static void finds_the_encoded_columns_of_a_key(void)
{
	struct join_drops none = { NULL, 0, NULL };
	struct join_dimension d;
	struct err err;

	CHECK_INT(load(&d, "a,k,b\n1,x,\n\"\",\"x,\",\"q\"\"\"\n,X,\"l\n2\"\n", &none, &err), 0);
	CHECK_INT(d.n_names, 2);
	CHECK_STR(d.names[0], "a");
	CHECK_STR(d.names[1], "b");
	CHECK_STR(find(&d, "x", false), "1,");
	CHECK_STR(find(&d, "x,", false), "\"\",\"q\"\"\"");
	CHECK_STR(find(&d, "X", false), ",\"l\n2\"");
	CHECK_STR(find(&d, "xx", false), "-");
	CHECK_STR(find(&d, "", false), "-");
	CHECK_STR(find(&d, "", true), "-");
	CHECK_INT(d.n_unmatched, 3);
	join_release(&d);
}

static void a_dimension_of_keys_alone_only_says_which_there_are(void)
{
	struct join_drops none = { NULL, 0, NULL };
	struct join_dimension d;
	struct err err;

	CHECK_INT(load(&d, "k\nx\n", &none, &err), 0);
	CHECK_INT(d.n_names, 0);
	CHECK_STR(find(&d, "x", false), "");
	CHECK_STR(find(&d, "y", false), "-");
	join_release(&d);
}

static void drops_are_remembered_every_one(void)
{
	static const char *const names[] = { "a", "zz", "a" };
	bool seen[3] = { false, false, false };
	struct join_drops drops = { names, 3, seen };
	struct join_dimension d;
	struct err err;

	CHECK_INT(load(&d, "a,k,b\n1,x,2\n", &drops, &err), 0);
	CHECK_INT(d.n_names, 1);
	CHECK_STR(find(&d, "x", false), "2");
	CHECK(seen[0] && !seen[1] && seen[2]);
	join_release(&d);
}

static void bad_dimensions_are_refused(void)
{
	static const char *const bad[][2] = {
		{ "k,a\nx,1\nx,2\n", "dim.csv:3: column k: duplicate key 'x'" },
		{ "k,a\n,1\n", "dim.csv:2: column k: empty key" },
		{ "k,a\n\"\",1\n", "dim.csv:2: column k: empty key" },
		{ "a,b\n1,2\n", "dim.csv:1: missing column k; the header has a, b" },
		{ "k,a\n1\n", "dim.csv:2: expected 2 fields, found 1" },
	};
	struct join_drops none = { NULL, 0, NULL };
	struct join_dimension d;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(load(&d, bad[i][0], &none, &err), -1);
		CHECK_STR(err.message, bad[i][1]);
	}
}

static void a_history_has_the_row_that_is_valid_at_a_time(void)
{
	static const char text[] = "t,k,a\n1970-01-01T00:00:03Z,x,3\n,y,0\n1970-01-01T00:00:01Z,x,"
				   "1\n1970-01-01T00:00:02Z,x,\"a, longer one than lies in the "
				   "table\"\n1970-01-01T00:00:01Z,z,5\n";
	struct join_dimension d;
	struct err err;

	CHECK_INT(load_history(&d, text, &err), 0);
	CHECK_INT(d.n_names, 1);
	CHECK_STR(d.names[0], "a");
	CHECK_STR(find_at(&d, "x", false, 999), "-");
	CHECK_STR(find_at(&d, "x", false, 1000), "1");
	CHECK_STR(find_at(&d, "x", false, 1999), "1");
	CHECK_STR(find_at(&d, "x", false, 2000), "\"a, longer one than lies in the table\"");
	CHECK_STR(find_at(&d, "x", false, 3000), "3");
	CHECK_STR(find_at(&d, "x", false, INT64_MAX), "3");
	CHECK_STR(find_at(&d, "y", false, 1), "0");
	CHECK_STR(find_at(&d, "z", false, 1000), "5");
	CHECK_STR(find_at(&d, "z", false, 999), "-");
	CHECK_STR(find_at(&d, "w", false, 1000), "-");
	CHECK_INT(d.n_unmatched, 3);
	CHECK_INT(d.n_early, 2);
	join_release(&d);
}

static void bad_histories_are_refused(void)
{
	static const char *const bad[][2] = {
		{ "k,t,a\nx,2024-01-01T00:00:00Z,1\ny,,1\nx,2024-01-01T01:00:00+01:00,2\n",
		  "dim.csv:4: column t: key 'x' has a row from this time on in line 2 already" },
		{ "k,t\nx,\nx,\n",
		  "dim.csv:3: column t: key 'x' has a row from this time on in line 2 already" },
		{ "k,t\nx,\"  \"\nx, \n",
		  "dim.csv:3: column t: key 'x' has a row from this time on in line 2 already" },
		{ "k,t\nx,2024-01-01T00:00Z\n,2024-01-02T00:00Z\n",
		  "dim.csv:3: column k: empty key" },
		{ "k,t\nx, 2024-01-01 \n",
		  "dim.csv:2: column t: expected a time, found '2024-01-01': a date alone does not "
		  "say from when on (2024-01-01T00:00:00Z does)" },
		{ "k,t\nx,2024-02-30\n",
		  "dim.csv:2: column t: expected a time, found '2024-02-30'" },
		{ "k,t\nx,0\n",
		  "dim.csv:2: column t: expected a time, found '0' (an empty field means since "
		  "ever)" },
		{ "k,t\nx,soon\n",
		  "dim.csv:2: column t: expected a time, found 'soon' (--na names the words that "
		  "mean unknown)" },
		{ "k,a\nx,2\n", "dim.csv:1: missing column t; the header has k, a" },
	};
	struct join_dimension d;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(load_history(&d, bad[i][0], &err), -1);
		CHECK_STR(err.message, bad[i][1]);
	}
}

/* Binds two dimensions to a stream with this header; the message, or "". */
static const char *bind(const char *header, const char *first, const char *second)
{
	static const char *const path = "in.csv";
	static struct err err;
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct join_drops none = { NULL, 0, NULL };
	struct csv_reader in = CSV_READER_INIT;
	struct join_dimension d[2];

	scratch_write(path, header, strlen(header));
	CHECK_INT(load(&d[0], first, &none, &err), 0);
	CHECK_INT(load(&d[1], second, &none, &err), 0);
	CHECK_INT(csv_reader_open(&in, &input, &err), 0);
	if (!join_bind(d, 2, &in, &err))
		CHECK_INT(d[1].column, 1);
	csv_reader_close(&in);
	join_release(&d[0]);
	join_release(&d[1]);
	return err.message;
}

static void a_column_may_come_from_one_table_only(void)
{
	CHECK_STR(bind("i,k\n", "k,a\n", "k,b\n"), "");
	CHECK_STR(bind("i,k\n", "k,a\n", "k,a\n"),
		  "dim.csv:1: duplicate column a (--drop removes columns)");
	CHECK_STR(bind("i,k,b\n", "k,a\n", "k,b\n"),
		  "dim.csv:1: duplicate column b (--drop removes columns)");
	CHECK_STR(bind("i,kk\n", "k,a\n", "k,b\n"),
		  "in.csv:1: missing column k; the header has i, kk");
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(finds_the_encoded_columns_of_a_key);
	RUN(a_dimension_of_keys_alone_only_says_which_there_are);
	RUN(drops_are_remembered_every_one);
	RUN(bad_dimensions_are_refused);
	RUN(a_history_has_the_row_that_is_valid_at_a_time);
	RUN(bad_histories_are_refused);
	RUN(a_column_may_come_from_one_table_only);
	scratch_leave(dir);
	return CHECK_DONE();
}
