#include "history/features.h"

#include "scratch.h"

static const char *const inputs[] = {
	/* the columns that a feature row is made of, and values */
	"event_id",
	"e1",
	"event_ts",
	"1704067200000",
	"user_id",
	"u",
	"content_id",
	"c",
	"session_id",
	"1",
	"plan_tier",
	"free",
	"signup_date",
	"2023-12-31T00:00:00Z",
	"user_activity_level",
	"3000000000",
	"user_content_engagement",
	"0.5",
	"user_genre_preference",
	"",
	"user_completion_rate",
	"0.333333",
	"user_known_sessions",
	"3",
	"user_last_outcome",
	"1",
	"user_genre_completion_rate",
	"",
	"genre",
	"\"a,\"\"b\"",
	"release_year",
	"2020.0",
	"maturity_rating",
	"\"\"",
	"content_completion_rate",
	"0.500002",
	"content_known_sessions",
	"2",
	"average_viewing_duration_ratio",
	"0.25",
	"content_popularity",
	"3000000000",
	"event_type",
	"play",
	"device",
	"tv",
	"max_playback_ratio",
	"0.1",
	"number_of_pauses",
	"1",
	"number_of_seeks",
	"2",
	"session_event_number",
	"4",
	"session_elapsed",
	"5",
	"has_played_before",
	"0",
	"user_content_session_count",
	"1",
	"time_since_last_event",
	"6",
	"time_since_last_event_user",
	"7",
	"time_since_last_completion",
	"8",
	"user_avg_session_duration",
	"9",
	"user_genre_recency",
	"10",
};
#define N_INPUTS (sizeof(inputs) / sizeof(inputs[0]) / 2)

/* Writes the table with one value changed (or one column named otherwise); opens it at its row. */
static void open_row(struct csv_reader *in, const struct csv_row **row, const char *column,
		     const char *value)
{
	static const char *const path = "in.csv";
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_INPUTS; i++) {
		bool gone = !value && !strcmp(inputs[2 * i], column);

		buf_append_str(&text, gone ? "other" : inputs[2 * i]);
		buf_append_char(&text, i + 1 < N_INPUTS ? ',' : '\n');
	}
	for (size_t i = 0; i < N_INPUTS; i++) {
		bool changed = value && !strcmp(inputs[2 * i], column);

		buf_append_str(&text, changed ? value : inputs[2 * i + 1]);
		buf_append_char(&text, i + 1 < N_INPUTS ? ',' : '\n');
	}
	scratch_write(path, text.data, text.len);
	buf_release(&text);
	*in = (struct csv_reader)CSV_READER_INIT;
	CHECK_INT(csv_reader_open(in, &input, &err), 0);
	CHECK_INT(csv_reader_next(in, row, &err), 1);
}

/* The feature row, less its label, with one value changed; its error where it has one. */
static void put(const char *column, const char *value, char *text, size_t size)
{
	const struct event e = { .ts = INT64_C(1704067200000),
				 .runtime = 3601,
				 .ratio = 7813,
				 .session_start = INT64_C(1704067199995) };
	struct features f = { .steps = NULL };
	const struct names none = NAMES_INIT;
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	struct csv_reader in;

	open_row(&in, &row, column, value);
	if (features_init(&f, &in, in.header.n, &none, &err) ||
	    features_put(&f, &in, &(struct features_row){ .text = row, .e = &e }, &out, &err))
		snprintf(text, size, "%s", err.message);
	else
		snprintf(text, size, "%.*s", (int)out.len, out.data);
	features_release(&f);
	buf_release(&out);
	csv_reader_close(&in);
}

static void large_values_and_their_products(void)
{
	char text[1024];

	put("", "", text, sizeof(text));
	/* What no log would have; the values of all columns are tested on the tool. */
	CHECK(strstr(text, ",0.007813,") != NULL);
	CHECK(strstr(text, ",9000000000000000000,") != NULL);
	CHECK(strstr(text, ",0.166667,") != NULL);
}

static void what_cannot_be_read_is_an_error_of_its_column(void)
{
	static const char *const bad[][3] = {
		{ "signup_date", "soon", "in.csv:2: column signup_date: invalid timestamp 'soon'" },
		{ "release_year", "-10000",
		  "in.csv:2: column release_year: invalid year '-10000'" },
		{ "user_activity_level", "4000000000000",
		  "in.csv:2: column user_activity_level: is out of range" },
		{ "content_popularity", "1.5",
		  "in.csv:2: column content_popularity: invalid number '1.5'" },
		{ "content_completion_rate", "0.1234567",
		  "in.csv:2: column content_completion_rate: invalid number '0.1234567'" },
		{ "number_of_pauses", "many",
		  "in.csv:2: column number_of_pauses: invalid number 'many'" },
		{ "user_content_engagement", "0.1234567",
		  "in.csv:2: column user_content_engagement: invalid number '0.1234567'" },
		{ "has_played_before", "yes",
		  "in.csv:2: column has_played_before: invalid number 'yes'" },
		{ "user_genre_recency", NULL,
		  "in.csv:1: missing column user_genre_recency: ce-agg makes it;" },
		{ "genre", NULL, "in.csv:1: missing column genre: ce-join makes it;" },
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i][0], bad[i][1], text, sizeof(text));
		CHECK_BEGINS(text, bad[i][2]);
	}
}

static void which_rows_are_wanted(void)
{
	static const struct {
		const char *number; /* session_event_number */
		enum event_type type;
		enum event_phase phase;
		const char *in; /* the rows that it is one of: o open, f first, u undecided */
	} events[] = {
		{ "1", EVENT_PLAY, EVENT_OPEN, "ofu" },
		{ "10", EVENT_PLAY, EVENT_OPEN, "ou" },
		{ "1", EVENT_STOP, EVENT_ENDING, "u" },
		{ "1", EVENT_COMPLETE, EVENT_COMPLETED, "" },
		{ "2", EVENT_PAUSE, EVENT_COMPLETED, "" },
		{ "0", EVENT_HEARTBEAT, EVENT_OPEN, "" },
		{ "1", EVENT_HEARTBEAT, EVENT_OPEN, "" },
	};
	const struct features f = { .session_event_number = 0 };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct csv_field field = { .s = events[i].number,
					   .len = (uint32_t)strlen(events[i].number) };
		const struct csv_row text = { .fields = &field, .n = 1 };
		const struct event e = { .type = events[i].type, .phase = events[i].phase };
		const struct history_row known = { .session_event_number =
							   strtoll(events[i].number, NULL, 10) };
		/* As text, and typed. */
		const struct features_row rows[] = { { .text = &text, .e = &e },
						     { .e = &e, .known = &known } };

		for (size_t k = 0; k < 2; k++) {
			CHECK(features_wanted(&f, FEATURES_OPEN, &rows[k]) ==
			      !!strchr(events[i].in, 'o'));
			CHECK(features_wanted(&f, FEATURES_FIRST, &rows[k]) ==
			      !!strchr(events[i].in, 'f'));
			CHECK(features_wanted(&f, FEATURES_UNDECIDED, &rows[k]) ==
			      !!strchr(events[i].in, 'u'));
			CHECK(features_wanted(&f, FEATURES_ALL, &rows[k]));
		}
	}
}

static void products_are_known_by_their_names(void)
{
	static const char *const none[] = { "user_activity_level",
					    "content_popularity",
					    "event_id",
					    "is_completion",
					    "content_age",
					    "x",
					    "" };
	const char *factors[2] = { "", "" };
	bool rates = true;

	CHECK(features_is_product("user_activity_x_content_popularity", factors, &rates));
	CHECK_STR(factors[0], "user_activity_level");
	CHECK_STR(factors[1], "content_popularity");
	CHECK(!rates);
	CHECK(features_is_product("user_completion_x_content_completion", factors, &rates));
	CHECK_STR(factors[0], "user_completion_rate");
	CHECK_STR(factors[1], "content_completion_rate");
	CHECK(rates);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!features_is_product(none[i], factors, &rates));
}

static void a_product_is_empty_if_a_factor_is(void)
{
	static const struct {
		int64_t a, b;
		bool rates;
		const char *want; /* NULL: out of range */
	} products[] = {
		{ 3, 7, false, "21" },
		{ 333333, 500002, true, "0.166667" },
		{ 1000000, 1000000, true, "1" },
		{ 0, INT64_MAX, false, "0" },
		{ EVENT_UNKNOWN, 7, false, "" },
		{ 7, EVENT_UNKNOWN, true, "" },
		{ INT64_C(1) << 32, INT64_C(1) << 31, false, NULL },
		{ INT64_C(1) << 32, INT64_C(1) << 31, true, NULL },
	};

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		struct buf out = BUF_INIT;

		csv_put_str(&out, "x");
		CHECK_INT(
			features_put_product(products[i].a, products[i].b, products[i].rates, &out),
			products[i].want ? 0 : -1);
		buf_append_char(&out, '\0');
		CHECK_BEGINS(out.data, "x,");
		if (products[i].want) {
			CHECK_BEGINS(out.data + 2, products[i].want);
			CHECK_INT(strcspn(out.data + 2, ","), strlen(products[i].want));
		}
		buf_release(&out);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(large_values_and_their_products);
	RUN(what_cannot_be_read_is_an_error_of_its_column);
	RUN(which_rows_are_wanted);
	RUN(products_are_known_by_their_names);
	RUN(a_product_is_empty_if_a_factor_is);
	scratch_leave(dir);
	return CHECK_DONE();
}
