#include "features.h"

#include "mem.h"
#include "num.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#define N_LABEL_COLUMNS 2 /* the last ones of the table */

#define SHORT_BELOW  1200 /* s of runtime */
#define MEDIUM_UP_TO 3600

/* What a column is, if it is no copy of an input column. */
enum computed {
	COPIED,
	DAYS_SINCE_SIGNUP,
	CONTENT_RUNTIME,
	CONTENT_RELEASE_YEAR,
	CONTENT_AGE,
	CONTENT_LENGTH_CATEGORY,
	PLAYBACK_POSITION_RATIO,
	HOUR_OF_DAY,
	DAY_OF_WEEK,
	EVENT_WEEK_OF_YEAR,
	EVENT_MONTH_OF_YEAR,
	SESSION_START_HOUR,
	SESSION_START_DOW,
	ACTIVITY_X_POPULARITY,
	COMPLETION_X_COMPLETION,
};

/* Columns that are not simply the input's of the same name; `from`: what they are made of. */
static const struct {
	const char *name;
	enum computed what;
	const char *from[2];
} specials[] = {
	{ "user_plan_tier", COPIED, { "plan_tier" } },
	{ "days_since_signup", DAYS_SINCE_SIGNUP, { "signup_date" } },
	{ "content_genre", COPIED, { "genre" } },
	{ "content_runtime", CONTENT_RUNTIME, { NULL } },
	{ "content_release_year", CONTENT_RELEASE_YEAR, { "release_year" } },
	{ "content_maturity_rating", COPIED, { "maturity_rating" } },
	{ "content_age", CONTENT_AGE, { "release_year" } },
	{ "content_length_category", CONTENT_LENGTH_CATEGORY, { NULL } },
	{ "playback_position_ratio", PLAYBACK_POSITION_RATIO, { NULL } },
	{ "hour_of_day", HOUR_OF_DAY, { NULL } },
	{ "day_of_week", DAY_OF_WEEK, { NULL } },
	{ "event_week_of_year", EVENT_WEEK_OF_YEAR, { NULL } },
	{ "event_month_of_year", EVENT_MONTH_OF_YEAR, { NULL } },
	{ "session_start_hour", SESSION_START_HOUR, { NULL } },
	{ "session_start_dow", SESSION_START_DOW, { NULL } },
	{ "user_activity_x_content_popularity",
	  ACTIVITY_X_POPULARITY,
	  { "user_activity_level", "content_popularity" } },
	{ "user_completion_x_content_completion",
	  COMPLETION_X_COMPLETION,
	  { "user_completion_rate", "content_completion_rate" } },
};

struct features_source {
	enum computed what;
	enum schema_type type;
	int from[2]; /* input columns */
};

static int find_source(struct features_source *source, const struct csv_reader *in,
		       const struct schema_column *column, struct err *err)
{
	const char *const same[2] = { column->name, NULL };
	const char *const *from = same;

	*source = (struct features_source){ COPIED, column->type, { -1, -1 } };
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (!strcmp(specials[i].name, column->name)) {
			source->what = specials[i].what;
			from = specials[i].from;
		}
	for (int i = 0; i < 2 && from[i]; i++) {
		source->from[i] = schema_require(in, from[i], err);
		if (source->from[i] < 0)
			return -1;
	}
	return 0;
}

int features_init(struct features *f, const struct csv_reader *in, struct err *err)
{
	const struct schema_table *table = schema_table("completion_prediction_features");

	f->n = table->n - N_LABEL_COLUMNS;
	f->sources = mem_alloc(f->n, sizeof(*f->sources));
	for (size_t i = 0; i < f->n; i++)
		if (find_source(&f->sources[i], in, &table->columns[i], err)) {
			features_release(f);
			return -1;
		}
	return 0;
}

void features_release(struct features *f)
{
	free(f->sources);
	f->sources = NULL;
	f->n = 0;
}

bool features_wanted(enum features_rows rows, const struct outcome_session *session)
{
	switch (rows) {
	case FEATURES_UNDECIDED:
		return session->completed_at == EVENT_UNKNOWN;
	case FEATURES_FIRST:
		return session->n_events == 1;
	case FEATURES_ALL:
		break;
	}
	return true;
}

/* Where a row is read from, and its calendar. */
struct context {
	const struct csv_reader *in;
	const struct csv_row *row;
	const struct event *e;
	struct num_civil at, start; /* of the event and of its session's first */
};

static void put_known(struct buf *out, int64_t value)
{
	if (value == EVENT_UNKNOWN)
		csv_put_null(out);
	else
		csv_put_int(out, value);
}

/* A column as it is, if it is what its type says. */
static int put_copy(const struct context *c, int column, enum schema_type type, struct buf *out,
		    struct err *err)
{
	const struct csv_field *f = &c->row->fields[column];
	bool is_number = type == SCHEMA_BIGINT || type == SCHEMA_FLAG;
	int64_t value;

	if (f->len && ((is_number && num_parse_int(f->s, f->len, &value)) ||
		       (type == SCHEMA_DECIMAL && num_parse_millionths(f->s, f->len, &value))))
		return csv_reader_fail(c->in, column, err, "invalid number '%.*s'",
				       err_clip(f->len), f->s);
	csv_put_field(out, f);
	return 0;
}

static int put_days_since_signup(const struct context *c, int column, struct buf *out,
				 struct err *err)
{
	const struct csv_field *f = &c->row->fields[column];
	int64_t signup;

	if (!f->len) {
		csv_put_null(out);
		return 0;
	}
	if (num_parse_time(f->s, f->len, NUM_OFFSET_OPTIONAL, &signup))
		return csv_reader_fail(c->in, column, err, "invalid timestamp '%.*s'",
				       err_clip(f->len), f->s);
	csv_put_int(out, num_divide_floor(c->e->ts - signup, NUM_MS_PER_DAY));
	return 0;
}

/* release_year itself, or the years since. */
static int put_release_year(const struct context *c, int column, bool age, struct buf *out,
			    struct err *err)
{
	const struct csv_field *f = &c->row->fields[column];
	int64_t year;

	if (!f->len) {
		csv_put_null(out);
		return 0;
	}
	if (num_parse_decimal(f->s, f->len, &year) || year < -9999 || year > 9999)
		return csv_reader_fail(c->in, column, err, "invalid year '%.*s'", err_clip(f->len),
				       f->s);
	csv_put_int(out, age ? c->at.year - year : year);
	return 0;
}

static void put_length_category(int64_t runtime, struct buf *out)
{
	if (runtime == EVENT_UNKNOWN)
		csv_put_null(out);
	else if (runtime < SHORT_BELOW)
		csv_put_str(out, "short");
	else if (runtime <= MEDIUM_UP_TO)
		csv_put_str(out, "medium");
	else
		csv_put_str(out, "long");
}

/* The product of two columns of whole numbers, or of rates, empty if either is. */
static int put_product(const struct context *c, const int *columns, bool rates, struct buf *out,
		       struct err *err)
{
	int64_t factor[2], product;

	for (int i = 0; i < 2; i++) {
		const struct csv_field *f = &c->row->fields[columns[i]];

		if (!f->len) {
			csv_put_null(out);
			return 0;
		}
		if ((rates ? num_parse_millionths(f->s, f->len, &factor[i])
			   : num_parse_int(f->s, f->len, &factor[i])) ||
		    factor[i] < 0)
			return csv_reader_fail(c->in, columns[i], err, "invalid number '%.*s'",
					       err_clip(f->len), f->s);
	}
	if (__builtin_mul_overflow(factor[0], factor[1], &product))
		return csv_reader_fail(c->in, columns[0], err, "is out of range");
	if (rates)
		csv_put_millionths(out, num_divide_rounded(product, NUM_MILLION));
	else
		csv_put_int(out, product);
	return 0;
}

static int put_computed(const struct features_source *source, const struct context *c,
			struct buf *out, struct err *err)
{
	switch (source->what) {
	case COPIED:
		return put_copy(c, source->from[0], source->type, out, err);
	case DAYS_SINCE_SIGNUP:
		return put_days_since_signup(c, source->from[0], out, err);
	case CONTENT_RUNTIME:
		put_known(out, c->e->runtime);
		break;
	case CONTENT_RELEASE_YEAR:
		return put_release_year(c, source->from[0], false, out, err);
	case CONTENT_AGE:
		return put_release_year(c, source->from[0], true, out, err);
	case CONTENT_LENGTH_CATEGORY:
		put_length_category(c->e->runtime, out);
		break;
	case PLAYBACK_POSITION_RATIO:
		if (c->e->ratio == EVENT_UNKNOWN)
			csv_put_null(out);
		else
			csv_put_millionths(out, c->e->ratio);
		break;
	case HOUR_OF_DAY:
		csv_put_int(out, c->at.hour);
		break;
	case DAY_OF_WEEK:
		csv_put_int(out, c->at.day_of_week);
		break;
	case EVENT_WEEK_OF_YEAR:
		csv_put_int(out, c->at.iso_week);
		break;
	case EVENT_MONTH_OF_YEAR:
		csv_put_int(out, c->at.month);
		break;
	case SESSION_START_HOUR:
		csv_put_int(out, c->start.hour);
		break;
	case SESSION_START_DOW:
		csv_put_int(out, c->start.day_of_week);
		break;
	case ACTIVITY_X_POPULARITY:
		return put_product(c, source->from, false, out, err);
	case COMPLETION_X_COMPLETION:
		return put_product(c, source->from, true, out, err);
	}
	return 0;
}

int features_put(const struct features *f, const struct csv_reader *in, const struct csv_row *row,
		 const struct event *e, struct buf *out, struct err *err)
{
	struct context c = { .in = in, .row = row, .e = e };

	num_civil(e->ts, &c.at);
	num_civil(e->session_start, &c.start);
	for (size_t i = 0; i < f->n; i++)
		if (put_computed(&f->sources[i], &c, out, err))
			return -1;
	return 0;
}
