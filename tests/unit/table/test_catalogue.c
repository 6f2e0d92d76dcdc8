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
		CHECK_INT(n_keys,
			  strcmp(a->name, "metrics") != 0 && strcmp(a->name, "curves") != 0 &&
				  strcmp(a->name, "metric_intervals") != 0 &&
				  strcmp(a->name, "rejects") != 0 && strcmp(a->name, "audit") != 0);
	}
}

static void columns_are_found_by_name(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct catalogue_column mine[] = { { "x", CATALOGUE_TEXT, false },
						 { "c", CATALOGUE_TEXT, false } };

	scratch_write("in", "a,b,c\n", 6);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_find(&r.header, "c"), 2);
	CHECK_INT(columns_find(&r.header, "C"), -1);
	CHECK_INT(columns_find(&r.header, "c "), -1);
	CHECK_INT(columns_require(&r, "a", &err), 0);
	CHECK_INT(columns_refuse(&r, mine, 1, &err), 0);
	CHECK_INT(err.kind, ERR_NONE);
	CHECK_INT(columns_require(&r, "d", &err), -1);
	CHECK_STR(err.message, "in:1: missing column d");
	CHECK_INT(columns_refuse(&r, mine, 2, &err), -1);
	CHECK_STR(err.message, "in:1: column c: is in the input already");
	csv_reader_close(&r);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(tables_are_found_by_name);
	RUN(a_row_is_its_members);
	RUN(history_is_part_of_the_features);
	RUN(types_and_keys_agree);
	RUN(columns_are_found_by_name);
	scratch_leave(dir);
	return CHECK_DONE();
}
