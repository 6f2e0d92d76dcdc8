#include "history/features.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define N_LABEL_COLUMNS 2 /* the last ones of the table */

#define SHORT_BELOW  1200 /* s of runtime */
#define MEDIUM_UP_TO 3600

#define N_HOURS                                                                                    \
	64 /* that are remembered: those of one start most viewings that go on in another          \
	    */

/* What one or more columns beside each other are made of. */
enum computed {
	COPIED, /* the input's columns from source[0] on */
	DAYS_SINCE_SIGNUP,
	CONTENT_RUNTIME,
	CONTENT_RELEASE_YEAR,
	CONTENT_AGE,
	CONTENT_LENGTH_CATEGORY,
	PLAYBACK_POSITION_RATIO,
	EVENT_CALENDAR, /* hour_of_day, day_of_week, event_week_of_year, event_month_of_year */
	START_CALENDAR, /* session_start_hour, session_start_dow */
	ACTIVITY_X_POPULARITY,
	COMPLETION_X_COMPLETION,
};

/* Columns that are not simply the input's of the same name; `from`: what they are made of. */
static const struct special {
	const char *name;
	enum computed what;
	size_t n; /* columns, this one and those behind it */
	const char *from[2];
} specials[] = {
	{ "user_plan_tier", COPIED, 1, { "plan_tier" } },
	{ "days_since_signup", DAYS_SINCE_SIGNUP, 1, { "signup_date" } },
	{ "content_genre", COPIED, 1, { "genre" } },
	{ "content_runtime", CONTENT_RUNTIME, 1, { NULL } },
	{ "content_release_year", CONTENT_RELEASE_YEAR, 1, { NULL } },
	{ "content_maturity_rating", COPIED, 1, { "maturity_rating" } },
	{ "content_age", CONTENT_AGE, 1, { NULL } },
	{ "content_length_category", CONTENT_LENGTH_CATEGORY, 1, { NULL } },
	{ "playback_position_ratio", PLAYBACK_POSITION_RATIO, 1, { NULL } },
	{ "hour_of_day", EVENT_CALENDAR, 4, { NULL } },
	{ "session_start_hour", START_CALENDAR, 2, { NULL } },
	{ "user_activity_x_content_popularity",
	  ACTIVITY_X_POPULARITY,
	  1,
	  { "user_activity_level", "content_popularity" } },
	{ "user_completion_x_content_completion",
	  COMPLETION_X_COMPLETION,
	  1,
	  { "user_completion_rate", "content_completion_rate" } },
};

struct features_step {
	enum computed what;
	size_t n;      /* columns */
	int source[2]; /* input columns */
};

/* A copied column that must be a number. */
struct features_number {
	int column;
	bool is_decimal;
};

/* An hour of the calendar. */
struct features_hour {
	int64_t number; /* hours since the epoch */
	int64_t year;
	char text[4 * NUM_TEXT_MAX]; /* hour and day of the week; week and month of the year */
	size_t start_len, len;
};

static const struct special *find_special(const char *name)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (!strcmp(specials[i].name, name))
			return &specials[i];
	return NULL;
}

/* Adds a column that is copied to the run before it, if it stands behind that in the input, too. */
static void add_copy(struct features *f, int column, enum catalogue_type type)
{
	struct features_step *last = f->n_steps ? &f->steps[f->n_steps - 1] : NULL;

	if (type == CATALOGUE_BIGINT || type == CATALOGUE_FLAG || type == CATALOGUE_DECIMAL)
		f->numbers[f->n_numbers++] =
			(struct features_number){ .column = column,
						  .is_decimal = type == CATALOGUE_DECIMAL };
	if (last && last->what == COPIED && last->source[0] + (int)last->n == column)
		last->n++;
	else
		f->steps[f->n_steps++] = (struct features_step){ COPIED, 1, { column, -1 } };
}

/* Adds the step that makes the column and perhaps some behind it; *n is how many. */
static int add_step(struct features *f, const struct csv_reader *in,
		    const struct catalogue_column *column, size_t *n, struct err *err)
{
	const struct special plain = { column->name, COPIED, 1, { column->name, NULL } };
	const struct special *special = find_special(column->name);
	struct features_step step;

	if (!special)
		special = &plain;
	step = (struct features_step){ special->what, special->n, { -1, -1 } };
	for (int i = 0; i < 2 && special->from[i]; i++) {
		step.source[i] = columns_require(in, special->from[i], err);
		if (step.source[i] < 0)
			return -1;
	}
	*n = special->n;
	if (special->what == COPIED)
		add_copy(f, step.source[0], column->type);
	else
		f->steps[f->n_steps++] = step;
	return 0;
}

int features_init(struct features *f, const struct csv_reader *in, struct err *err)
{
	const struct catalogue_table *table = catalogue_table("completion_prediction_features");
	size_t n = table->n - N_LABEL_COLUMNS, made;

	*f = (struct features){ .steps = mem_alloc(n, sizeof(*f->steps)),
				.numbers = mem_alloc(n, sizeof(*f->numbers)),
				.hours = mem_zalloc(N_HOURS, sizeof(*f->hours)) };
	f->release_year = columns_require(in, "release_year", err);
	if (f->release_year < 0) {
		features_release(f);
		return -1;
	}
	for (size_t i = 0; i < n; i += made)
		if (add_step(f, in, &table->columns[i], &made, err)) {
			features_release(f);
			return -1;
		}
	return 0;
}

void features_release(struct features *f)
{
	free(f->steps);
	free(f->numbers);
	free(f->hours);
	*f = (struct features){ .steps = NULL };
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

/* The hour of a time: events come in its order, so most of them find their hour there. */
static const struct features_hour *find_hour(const struct features *f, int64_t ts)
{
	int64_t number = ts / TIME_MS_PER_HOUR;
	struct features_hour *hour = &f->hours[number % N_HOURS];
	struct time_civil civil;
	char *end = hour->text;

	if (hour->number == number && hour->len)
		return hour;
	time_civil(ts, &civil);
	hour->number = number;
	hour->year = civil.year;
	end += num_format_int(end, civil.hour);
	*end++ = ',';
	end += num_format_int(end, civil.day_of_week);
	hour->start_len = (size_t)(end - hour->text);
	*end++ = ',';
	end += num_format_int(end, civil.iso_week);
	*end++ = ',';
	end += num_format_int(end, civil.month);
	hour->len = (size_t)(end - hour->text);
	return hour;
}

/* Where a row is read from, and what several columns are made of. */
struct context {
	const struct features *f;
	const struct csv_reader *in;
	const struct csv_row *row;
	const struct event *e;
	const struct features_hour *hour; /* of the event */
	int64_t release_year;             /* or EVENT_UNKNOWN */
};

static void put_known(struct buf *out, int64_t value)
{
	if (value == EVENT_UNKNOWN)
		csv_put_null(out);
	else
		csv_put_int(out, value);
}

static int invalid_number(const struct csv_reader *in, const struct csv_row *row, int column,
			  struct err *err)
{
	const struct csv_field *field = &row->fields[column];

	return csv_reader_fail(in, column, err, "invalid number '%.*s'", err_clip(field->len),
			       field->s);
}

/* Whether the columns that are copied as numbers are numbers. */
static int check_numbers(const struct features *f, const struct csv_reader *in,
			 const struct csv_row *row, struct err *err)
{
	bool fine = true;

	/* Nearly always all of them look like numbers at once: no branch asks each. */
	for (size_t i = 0; i < f->n_numbers; i++) {
		const struct features_number *n = &f->numbers[i];
		const struct csv_field *field = &row->fields[n->column];

		fine &= n->is_decimal ? num_looks_millionths(field->s, field->len)
				      : num_looks_int(field->s, field->len);
	}
	for (size_t i = 0; !fine && i < f->n_numbers; i++) {
		const struct features_number *n = &f->numbers[i];
		const struct csv_field *field = &row->fields[n->column];
		int64_t value;

		if (field->len &&
		    (n->is_decimal ? num_parse_millionths(field->s, field->len, &value)
				   : num_parse_int(field->s, field->len, &value)))
			return invalid_number(in, row, n->column, err);
	}
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
	if (time_parse(f->s, f->len, TIME_OFFSET_OPTIONAL, &signup))
		return csv_reader_fail(c->in, column, err, "invalid timestamp '%.*s'",
				       err_clip(f->len), f->s);
	csv_put_int(out, num_divide_floor(c->e->ts - signup, TIME_MS_PER_DAY));
	return 0;
}

/* EVENT_UNKNOWN if it is empty. */
static int read_year(const struct features *f, const struct csv_reader *in,
		     const struct csv_row *row, int64_t *year, struct err *err)
{
	const struct csv_field *field = &row->fields[f->release_year];

	*year = EVENT_UNKNOWN;
	if (field->len &&
	    (num_parse_decimal(field->s, field->len, year) || *year < -9999 || *year > 9999))
		return csv_reader_fail(in, f->release_year, err, "invalid year '%.*s'",
				       err_clip(field->len), field->s);
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
			   : num_parse_int_roomy(f->s, f->len, &factor[i])) ||
		    factor[i] < 0)
			return invalid_number(c->in, c->row, columns[i], err);
	}
	if (__builtin_mul_overflow(factor[0], factor[1], &product))
		return csv_reader_fail(c->in, columns[0], err, "is out of range");
	if (rates)
		csv_put_millionths(out, num_divide_rounded(product, NUM_MILLION));
	else
		csv_put_int(out, product);
	return 0;
}

static int put_step(const struct features_step *step, const struct context *c, struct buf *out,
		    struct err *err)
{
	const struct features_hour *start;

	switch (step->what) {
	case COPIED:
		csv_put_fields(out, c->row, (size_t)step->source[0], step->n);
		break;
	case DAYS_SINCE_SIGNUP:
		return put_days_since_signup(c, step->source[0], out, err);
	case CONTENT_RUNTIME:
		put_known(out, c->e->runtime);
		break;
	case CONTENT_RELEASE_YEAR:
		put_known(out, c->release_year);
		break;
	case CONTENT_AGE:
		put_known(out, c->release_year == EVENT_UNKNOWN ? EVENT_UNKNOWN
								: c->hour->year - c->release_year);
		break;
	case CONTENT_LENGTH_CATEGORY:
		put_length_category(c->e->runtime, out);
		break;
	case PLAYBACK_POSITION_RATIO:
		if (c->e->ratio == EVENT_UNKNOWN)
			csv_put_null(out);
		else
			csv_put_millionths(out, c->e->ratio);
		break;
	case EVENT_CALENDAR:
		csv_put_raw(out, c->hour->text, c->hour->len);
		break;
	case START_CALENDAR:
		start = find_hour(c->f, c->e->session_start);
		csv_put_raw(out, start->text, start->start_len);
		break;
	case ACTIVITY_X_POPULARITY:
		return put_product(c, step->source, false, out, err);
	case COMPLETION_X_COMPLETION:
		return put_product(c, step->source, true, out, err);
	}
	return 0;
}

int features_put(const struct features *f, const struct csv_reader *in, const struct csv_row *row,
		 const struct event *e, struct buf *out, struct err *err)
{
	struct context c = { .f = f, .in = in, .row = row, .e = e, .hour = find_hour(f, e->ts) };

	if (check_numbers(f, in, row, err) || read_year(f, in, row, &c.release_year, err))
		return -1;
	for (size_t i = 0; i < f->n_steps; i++)
		if (put_step(&f->steps[i], &c, out, err))
			return -1;
	return 0;
}
