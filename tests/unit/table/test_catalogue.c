#include "table/catalogue.h"

#include "scratch.h"
#include "table/columns.h"

static void tables_are_found_by_name(void)
{
	const struct catalogue_table *table;

	for (size_t i = 0; (table = catalogue_table_at(i)); i++)
		CHECK(catalogue_table(table->name) == table);
	CHECK(!catalogue_table("no_such_table"));
	CHECK(!catalogue_table(""));
	CHECK(!catalogue_table_at(1000));
}

/* A row is written from its members by their names, in the table's order; what is not set is NULL.
 */
static void a_row_is_its_members(void)
{
	const struct row_session_starts row = { .device = csv_str("tv"),
						.content_id = csv_text("c,", 2),
						.session_id = csv_int(7),
						.event_id = csv_str(NULL),
						.session_start_ts = csv_real(0.5) };
	const struct row_user_completion_rate rate = { .user_completion_rate =
							       csv_millionths(500000) };
	struct buf out = BUF_INIT;

	csv_put_values(&out, CATALOGUE_VALUES(&row));
	csv_end_row(&out);
	csv_put_values(&out, CATALOGUE_VALUES(&rate));
	csv_end_row(&out);
	buf_append_char(&out, '\0');
	CHECK_STR(out.data, "7,,\"c,\",0.5,,tv\n,,,0.5,\n");
	buf_release(&out);
}

static void history_is_part_of_the_features(void)
{
	const struct catalogue_table *features = catalogue_table("completion_prediction_features");
	size_t found = 0;

	for (size_t i = 0; i < catalogue_history.n; i++)
		for (size_t k = 0; k < features->n; k++)
			if (!strcmp(catalogue_history.columns[i].name, features->columns[k].name)) {
				CHECK_INT(catalogue_history.columns[i].type,
					  features->columns[k].type);
				found++;
			}
	CHECK_INT(found, catalogue_history.n);
	CHECK_STR(features->columns[features->n - 1].name, "is_completion");
}

/* A column of one name has one type wherever it stands, and every table has a key. */
static void types_and_keys_agree(void)
{
	const struct catalogue_table *a, *b;

	for (size_t i = 0; (a = catalogue_table_at(i)); i++) {
		size_t n_keys = 0;

		for (size_t k = 0; k < a->n; k++) {
			n_keys += a->columns[k].key;
			for (size_t m = 0; m < k; m++)
				CHECK(strcmp(a->columns[k].name, a->columns[m].name) != 0);
			for (size_t j = 0; j < i && (b = catalogue_table_at(j)); j++)
				for (size_t m = 0; m < b->n; m++)
					if (!strcmp(a->columns[k].name, b->columns[m].name))
						CHECK_INT(a->columns[k].type, b->columns[m].type);
		}
		/* Every row of the pipeline has its key; what is found out about rows has none. */
		CHECK_INT(n_keys > 0,
			  strcmp(a->name, "facts") != 0 && strcmp(a->name, "window_events") != 0 &&
				  strcmp(a->name, "online_effects") != 0 &&
				  strcmp(a->name, "metrics") != 0 &&
				  strcmp(a->name, "curves") != 0 &&
				  strcmp(a->name, "metric_intervals") != 0 &&
				  strcmp(a->name, "rejects") != 0 && strcmp(a->name, "audit") != 0);
	}
}

/* What moves by nature is a feature: a name that is none would be looked for in vain. */
static void natures_are_those_of_features(void)
{
	static const char *const names[] = {
#define NATURE(name, kind) #name,
#include "table/natures.def"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(catalogue_feature(names[i]));
		CHECK(catalogue_nature(names[i]) != CATALOGUE_STEADY);
	}
	CHECK_INT(catalogue_nature("hour_of_day"), CATALOGUE_CALENDAR);
	CHECK_INT(catalogue_nature("content_popularity"), CATALOGUE_COUNTER);
	CHECK_INT(catalogue_nature("user_completion_rate"), CATALOGUE_STEADY);
	CHECK_INT(catalogue_nature("no_such_feature"), CATALOGUE_STEADY);
	CHECK(!catalogue_feature("no_such_feature"));
	CHECK_STR(catalogue_feature("time_since_last_event")->unit, "ms");
}

static void columns_are_found_by_name(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct catalogue_column mine[] = { { "x", CATALOGUE_TEXT, false, "" },
						 { "c", CATALOGUE_TEXT, false, "" } };

	scratch_write("in", "a,b,c\n", 6);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_find(&r.header, "c"), 2);
	CHECK_INT(columns_find(&r.header, "C"), -1);
	CHECK_INT(columns_find(&r.header, "c "), -1);
	CHECK_INT(columns_require(&r, "a", &err), 0);
	CHECK_INT(columns_refuse(&r, mine, 1, &err), 0);
	CHECK_INT(err.kind, ERR_NONE);
	CHECK_INT(columns_require(&r, "d", &err), -1);
	CHECK_STR(err.message, "in:1: missing column d; the header has a, b, c");
	CHECK_INT(columns_refuse(&r, mine, 2, &err), -1);
	CHECK_STR(err.message, "in:1: column c: is in the input already");
	csv_reader_close(&r);
}

/* The other names will do if nothing else does, and stay what they are. */
static void columns_are_found_in_another_spelling(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;

	scratch_write("in", "\n Rate,plan,PLAN,Day,DAY \n", 26);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_require(&r, "rate", &err), 0);
	CHECK_STR(r.header.names[0], " Rate");
	CHECK_INT(columns_find_alike(&r.header, "RATE"), 0);
	CHECK_INT(columns_find_alike(&r.header, "day"), -1);
	CHECK_INT(columns_find_alike(&r.header, "x"), -1);
	CHECK_INT(columns_require(&r, "plan", &err), 1);
	CHECK_INT(columns_require(&r, "PLAN", &err), 2);
	CHECK_INT(columns_require(&r, "day", &err), -1);
	CHECK_STR(err.message, "in:2: column day: may be 'Day' or 'DAY '");
	csv_reader_close(&r);
}

/* "01010": which of the columns b, "x Y", c, D and * the list names; or the error. */
static const char *listed(const char *list, bool *all)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	static char text[sizeof(((struct err *)NULL)->message)];
	struct csv_reader r = CSV_READER_INIT;
	struct names names = NAMES_INIT;
	struct err err = ERR_INIT;
	bool *found;

	scratch_write("in", "b,x Y,c,D,*\n", 12);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	if (*list)
		CHECK_INT(names_append(&names, list, &err), 0);
	found = columns_listed(&r, &names, all, &err);
	snprintf(text, sizeof(text), "%s", err.message);
	for (size_t i = 0; found && i <= r.header.n; i++)
		text[i] = "01"[i < r.header.n && found[i]];
	if (found)
		text[r.header.n] = '\0';
	free(found);
	names_release(&names);
	csv_reader_close(&r);
	return text;
}

static void a_list_names_columns_as_they_are_found(void)
{
	bool all = true;

	CHECK_STR(listed("", NULL), "00000");
	CHECK_STR(listed("c, B ,c", NULL), "10100");
	CHECK_STR(listed("*,\tX y,d", NULL), "01011");
	CHECK_STR(listed("d", &all), "00010");
	CHECK(!all);
	CHECK_STR(listed("*,d", &all), "00010");
	CHECK(all);
	CHECK_BEGINS(listed("*,nix", &all), "in:1: missing column nix");
	CHECK_BEGINS(listed(" ", NULL), "in:1: missing column  ");
}

static void refusals_name_the_line_of_the_header(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	const struct catalogue_column mine = { "b", CATALOGUE_TEXT, false, "" };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;

	scratch_write("in", "\n\na,b\n", 6);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_refuse(&r, &mine, 1, &err), -1);
	CHECK_STR(err.message, "in:3: column b: is in the input already");
	csv_reader_close(&r);
	scratch_write("in", "\n{\"a\":1}\n", 9);
	CHECK_INT(csv_reader_open(&r, &input, &err), -1);
	CHECK_BEGINS(err.message, "in:2: ");
	csv_reader_close(&r);
}

static void missing(const char *tool, const char *header, const char *name, const char *want)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1, .tool = tool };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	char prefix[sizeof(err.message)];

	scratch_write("in", header, strlen(header));
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_require(&r, name, &err), -1);
	snprintf(prefix, sizeof(prefix), "in:1: missing column %s", want);
	CHECK_BEGINS(err.message, prefix);
	csv_reader_close(&r);
}

static void a_missing_column_says_who_makes_it(void)
{
	char many[2000] = "column0";

	missing("ce-agg", "event_id,runtime\n", "prev_ts",
		"prev_ts: ce-sessionize makes it (ce-join | ce-sessionize | ce-agg); the header "
		"has "
		"event_id, runtime");
	missing("ce-sessionize", "a,b\n", "runtime",
		"runtime: ce-join makes it (ce-clean | ce-join | ce-sessionize);");
	missing("ce-agg", "a,b\n", "runtime",
		"runtime: ce-join makes it (ce-clean | ce-join | ce-sessionize | ce-agg);");
	missing("ce-train", "a,b\n", "is_completion",
		"is_completion: ce-features makes it (ce-online | ce-features | ce-train);");
	missing("ce-eval", "a,b\n", "completion_probability",
		"completion_probability: ce-predict makes it (ce-features | ce-predict | "
		"ce-eval);");
	missing("ce-import", "a,b\n", "session_id", "session_id: ce-sessionize makes it;");
	missing(NULL, "a,b\n", "session_id", "session_id: ce-sessionize makes it;");
	/* Those of the log and of a dimension come from the source, others from who knows where. */
	missing("ce-eval", "a,b\n", "event_id", "event_id; the header has a, b");
	missing("ce-join", "a,b\n", "email", "email; the header has a, b");
	missing("ce-eval", "a,b\n", "x", "x; the header has a, b");
	missing("ce-clean", "event_ts,evnt_id\n", "event_id",
		"event_id; the nearest name is 'evnt_id'; the header has event_ts, evnt_id");
	missing("ce-clean", "event_ts,user_id\n", "event_id", "event_id; the header has event_ts");
	missing("ce-clean", "a:event_id:b\n", "event_id",
		"event_id; the header has a:event_id:b alone: another delimiter? (--delimiter)");
	/* A file to which that option does not reach. */
	missing(NULL, "a:event_id:b\n", "event_id",
		"event_id; the header has a:event_id:b alone: a delimiter other than , ; | and "
		"tab?");
	/* A typing error in an option: what is meant may well be a column of the pipe. */
	missing("ce-train", "event_ts,is_completion\n", "is_completon",
		"is_completon; the nearest name is 'is_completion'; the header has");
	missing("ce-join", "user_id,x\n", "user_di",
		"user_di; the nearest name is 'user_id'; the header has");
	missing("ce-clean", "e1,1700000000000\n", "event_id",
		"event_id; the header has e1, 1700000000000: is there a header line?");
	missing("ce-clean", "e1,2024-01-01T00:00:00Z\n", "event_id",
		"event_id; the header has e1, 2024-01-01T00:00:00Z: is there a header line?");
	missing("ce-clean", "e1,0.5\n", "event_id",
		"event_id; the header has e1, 0.5: is there a header line?");
	for (int i = 1; i < 100; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), ",column%d", i);
	missing(NULL, many, "event_id", "event_id; the header has column0, column1, ");
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(tables_are_found_by_name);
	RUN(a_row_is_its_members);
	RUN(history_is_part_of_the_features);
	RUN(types_and_keys_agree);
	RUN(natures_are_those_of_features);
	RUN(columns_are_found_by_name);
	RUN(columns_are_found_in_another_spelling);
	RUN(a_list_names_columns_as_they_are_found);
	RUN(refusals_name_the_line_of_the_header);
	RUN(a_missing_column_says_who_makes_it);
	scratch_leave(dir);
	return CHECK_DONE();
}
