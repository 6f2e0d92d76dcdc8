#include "table/catalogue.h"

#include "scratch.h"
#include "table/columns.h"

/* The columns as one line of text. */
static void names_of(const struct catalogue_table *table, struct buf *row)
{
	buf_clear(row);
	catalogue_put_names(row, table);
	csv_end_row(row);
	buf_append_char(row, '\0');
}

/* Names that people query by: spelled out here a second time, so that none changes by accident. */
static void tables_have_their_columns(void)
{
#define EVENT    "event_id,event_ts,user_id,content_id,event_type,playback_position,device"
#define ENRICHED EVENT ",plan_tier,signup_date,genre,runtime,release_year,maturity_rating"
	static const struct {
		const char *table, *columns;
	} want[] = {
		{ "events_table", EVENT },
		{ "users_dim", "user_id,email,plan_tier,signup_date" },
		{ "content_dim", "content_id,genre,runtime,release_year,maturity_rating" },
		{ "cleaned_events", EVENT },
		{ "enriched_table", ENRICHED },
		{ "session_identification",
		  ENRICHED ",prev_ts,session_start_ts,session_id,session_deadline_ts" },
		{ "session_starts",
		  "session_id,user_id,content_id,session_start_ts,event_id,device" },
		{ "content_completion", "session_id,user_id,content_id,session_start_ts,session_"
					"end_ts,is_completed_event,"
					"stopped_near_end,num_unique_events,is_completion" },
		{ "user_activity", "event_id,user_id,event_ts,user_activity_level" },
		{ "user_engagement", "event_id,user_id,event_ts,user_content_engagement" },
		{ "user_genre_preference", "event_id,user_id,event_ts,user_genre_preference" },
		{ "user_completion_rate",
		  "event_id,user_id,event_ts,user_completion_rate,user_known_sessions" },
		{ "content_completion_rate",
		  "event_id,content_id,event_ts,content_completion_rate,content_known_sessions" },
		{ "avg_view_duration_ratio",
		  "event_id,content_id,event_ts,average_viewing_duration_ratio" },
		{ "has_played_before", "event_id,user_id,content_id,event_ts,has_played_before" },
		{ "number_of_pauses", "event_id,user_id,content_id,event_ts,number_of_pauses" },
	};
	struct buf row = BUF_INIT;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct catalogue_table *table = catalogue_table(want[i].table);
		char line[1024];

		CHECK(table && table == catalogue_table_at(i));
		if (!table)
			continue;
		names_of(table, &row);
		snprintf(line, sizeof(line), "%s\n", want[i].columns);
		CHECK_STR(row.data, line);
	}
	buf_release(&row);
	CHECK(!catalogue_table("no_such_table"));
	CHECK(!catalogue_table(""));
	CHECK(!catalogue_table_at(1000));
}

static void history_is_part_of_the_features(void)
{
	const struct catalogue_table *features = catalogue_table("completion_prediction_features");
	size_t found = 0;

	CHECK_INT(catalogue_history.n, 23);
	CHECK_INT(features->n, 49);
	for (size_t i = 0; i < catalogue_history.n; i++)
		for (size_t k = 0; k < features->n; k++)
			if (!strcmp(catalogue_history.columns[i].name, features->columns[k].name)) {
				CHECK_INT(catalogue_history.columns[i].type,
					  features->columns[k].type);
				found++;
			}
	CHECK_INT(found, 23);
	CHECK_STR(features->columns[features->n - 1].name, "is_completion");
}

/* A column of one name has one type wherever it stands, and every table has a key. */
static void types_and_keys_agree(void)
{
	const struct catalogue_table *a, *b;

	for (size_t i = 0; (a = catalogue_table_at(i)); i++) {
		for (size_t k = 0; k < a->n; k++) {
			for (size_t m = 0; m < k; m++)
				CHECK(strcmp(a->columns[k].name, a->columns[m].name) != 0);
			for (size_t j = 0; j < i && (b = catalogue_table_at(j)); j++)
				for (size_t m = 0; m < b->n; m++)
					if (!strcmp(a->columns[k].name, b->columns[m].name))
						CHECK_INT(a->columns[k].type, b->columns[m].type);
		}
		/* Every row of the pipeline has its key; what is found out about rows has none. */
		CHECK_INT(a->n_key,
			  strcmp(a->name, "metrics") != 0 && strcmp(a->name, "curves") != 0 &&
				  strcmp(a->name, "metric_intervals") != 0 &&
				  strcmp(a->name, "rejects") != 0 && strcmp(a->name, "audit") != 0);
	}
}

static void columns_are_found_by_name(void)
{
	struct gz_input input = { (const char *const[]){ "in" }, 1, 0 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct catalogue_column mine[] = { { "x", CATALOGUE_TEXT }, { "c", CATALOGUE_TEXT } };

	scratch_write("in", "a,b,c\n", 6);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_find(&r.header, "c"), 2);
	CHECK_INT(columns_find(&r.header, "C"), -1);
	CHECK_INT(columns_find(&r.header, "c "), -1);
	CHECK_INT(columns_require(&r, "a", &err), 0);
	CHECK_INT(columns_refuse(&r, mine, 1, &err), 0);
	CHECK_INT(err.kind, ERR_NONE);
	CHECK_INT(columns_require(&r, "d", &err), -1);
	CHECK_STR(err.message, "in:1: column d: not in the header");
	CHECK_INT(columns_refuse(&r, mine, 2, &err), -1);
	CHECK_STR(err.message, "in:1: column c: is in the input already");
	csv_reader_close(&r);
	scratch_write("in", "a;b;c\n", 6);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(columns_require(&r, "a", &err), -1);
	CHECK(strstr(err.message, "separated by ';'"));
	csv_reader_close(&r);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(tables_have_their_columns);
	RUN(history_is_part_of_the_features);
	RUN(types_and_keys_agree);
	RUN(columns_are_found_by_name);
	scratch_leave(dir);
	return CHECK_DONE();
}
