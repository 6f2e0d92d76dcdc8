#include "history/features.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "events/attribute.h"
#include "history/session.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_BELOW  1200 /* s of runtime */
#define MEDIUM_UP_TO 3600

/* Hours that are remembered: most viewings that go on in one hour started in another of these. */
#define N_HOURS 64

/* What a column, or several next to each other, are made from. */
enum features_what {
	FEATURE_COPY,     /* columns of the input that are text */
	FEATURE_OPTIONAL, /* the same; empty where it has none */
	FEATURE_SESSION,  /* a column of catalogue_sessions that is typed */
	FEATURE_KNOWN,    /* columns of catalogue_history and catalogue_online that are */
	FEATURE_DAYS_SINCE,
	FEATURE_RUNTIME,
	FEATURE_RELEASE_YEAR,
	FEATURE_AGE,
	FEATURE_LENGTH_CATEGORY,
	FEATURE_PLAYBACK_RATIO,
	FEATURE_HOUR, /* the parts of an hour's text, in its order, of the event and of the
			 session's start */
	FEATURE_DAY_OF_WEEK,
	FEATURE_WEEK,
	FEATURE_MONTH,
	FEATURE_START_HOUR,
	FEATURE_START_DAY_OF_WEEK,
	FEATURE_PRODUCT,
};

#define N_PARTS (FEATURE_MONTH - FEATURE_HOUR + 1)

/* The columns of features.def. */
static const struct made {
	enum features_what what;
	const char *from[2];
} made[] = {
#define COPIED(name)                                               { FEATURE_COPY, { #name, NULL } },
#define OPTIONAL(name)                                             { FEATURE_OPTIONAL, { #name, NULL } },
#define MADE(name, type, step, from, and, unit, definition, empty) { FEATURE_##step, { from, and} },
#include "table/features.def"
};

#define N_MADE          (sizeof(made) / sizeof(made[0]))
#define N_LABEL_COLUMNS 2 /* after them; before them are the keys, which are copied */

struct features_step {
	enum features_what what; /* of the first of its columns */
	size_t n;                /* columns */
	int source[2];           /* input columns: of a copy, the first of n next to each other; a
				    typed one is its place in its catalogue, or the first of n
				    features_known */
	bool rates;              /* of a product */
};

/* A typed column of the history, or of the online prediction. */
struct features_known {
	size_t column; /* of catalogue_history, and behind it catalogue_online */
	enum catalogue_type type;
};

/* A copied column that must be a number. */
struct features_number {
	int column;
	bool is_decimal;
};

/* An hour of the calendar: hour, day of the week, week and month of the year, each with its comma.
 */
struct features_hour {
	int64_t number; /* hours since the epoch */
	int64_t year;
	char text[N_PARTS * NUM_TEXT_MAX];
	size_t at[N_PARTS +
		  1]; /* where each part begins, and the last one ends; at[1] is 0: no hour yet */
};

static bool is_number(enum catalogue_type type)
{
	return type == CATALOGUE_BIGINT || type == CATALOGUE_FLAG || type == CATALOGUE_DECIMAL;
}

/* Whether a step can follow the one before it as one more of its columns. */
static bool goes_on(const struct features_step *last, const struct features_step *step)
{
	if (step->what == FEATURE_COPY || step->what == FEATURE_KNOWN)
		return last->what == step->what &&
		       step->source[0] == last->source[0] + (int)last->n;
	/* A part of the calendar that comes next in its hour's text. */
	return last->what >= FEATURE_HOUR && step->what > FEATURE_HOUR &&
	       step->what <= FEATURE_START_DAY_OF_WEEK && step->what != FEATURE_START_HOUR &&
	       step->what == last->what + (enum features_what)last->n;
}

/* The place of a typed column in catalogue_history, and catalogue_online behind it; below 0: it is
 * one of catalogue_sessions. */
static int known_column(const struct features *f, int column)
{
	return column - (int)f->n_text - (int)catalogue_sessions.n;
}

static enum catalogue_type known_type(int column)
{
	const int n = (int)catalogue_history.n;

	return column < n ? catalogue_history.columns[column].type
			  : catalogue_online.columns[column - n].type;
}

/* Makes of the copy of a column that is typed what it is. */
static void make_typed(struct features *f, struct features_step *step)
{
	const int column = known_column(f, step->source[0]);

	if (column < 0) {
		step->what = FEATURE_SESSION;
		step->source[0] -= (int)f->n_text;
		return;
	}
	step->what = FEATURE_KNOWN;
	step->source[0] = (int)f->n_known;
	f->known[f->n_known++] = (struct features_known){ (size_t)column, known_type(column) };
}

/* Adds the step that makes a column. */
static int add_step(struct features *f, const struct csv_reader *in, const struct made *how,
		    enum catalogue_type type, struct err *err)
{
	struct features_step step = { how->what, 1, { -1, -1 }, type == CATALOGUE_DECIMAL };

	if (step.what == FEATURE_OPTIONAL && columns_find(&in->header, how->from[0]) >= 0)
		step.what = FEATURE_COPY;
	for (int i = 0; step.what != FEATURE_OPTIONAL && i < 2 && how->from[i]; i++) {
		step.source[i] = columns_require(in, how->from[i], err);
		if (step.source[i] < 0)
			return -1;
	}
	if (step.what == FEATURE_COPY && step.source[0] >= (int)f->n_text)
		make_typed(f, &step);
	if (step.what == FEATURE_COPY && is_number(type))
		f->numbers[f->n_numbers++] =
			(struct features_number){ .column = step.source[0],
						  .is_decimal = type == CATALOGUE_DECIMAL };
	if (f->n_steps && goes_on(&f->steps[f->n_steps - 1], &step))
		f->steps[f->n_steps - 1].n++;
	else
		f->steps[f->n_steps++] = step;
	return 0;
}

static const struct catalogue_table *features_table(void)
{
	return catalogue_table("completion_prediction_features");
}

/* Finds the columns to keep, which must have other names than the table's. */
static int find_kept(struct selection *kept, const struct csv_reader *in, const struct names *keep,
		     struct err *err)
{
	if (selection_further(kept, in, catalogue_table("event_online"), keep, err))
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		if (kept->has[i] && catalogue_column(features_table(), in->header.names[i]) >= 0)
			return err_set(err, ERR_RUNTIME,
				       "--keep: the feature table has a column %s of its own",
				       in->header.names[i]);
	return 0;
}

/* Adds the steps of the kept columns. */
static int add_kept(struct features *f, const struct csv_reader *in, struct err *err)
{
	for (size_t i = 0; i < in->header.n; i++) {
		const struct made copy = { FEATURE_COPY, { in->header.names[i], NULL } };

		if (f->kept.has[i] && add_step(f, in, &copy, CATALOGUE_RAW, err))
			return -1;
	}
	return 0;
}

int features_init(struct features *f, const struct csv_reader *in, size_t n_text,
		  const struct names *keep, struct err *err)
{
	const struct catalogue_table *table = features_table();
	size_t n = table->n - N_LABEL_COLUMNS, n_keys = n - N_MADE;
	struct selection kept = SELECTION_INIT;

	if (find_kept(&kept, in, keep, err)) {
		selection_release(&kept);
		return -1;
	}
	*f = (struct features){ .n_text = n_text,
				.numbers = mem_alloc(n, sizeof(*f->numbers)),
				.known = mem_alloc(n + in->header.n, sizeof(*f->known)),
				.hours = mem_zalloc(N_HOURS + 1, sizeof(*f->hours)),
				.kept = kept };
	f->steps = mem_alloc(n + in->header.n, sizeof(*f->steps));
	f->release_year = columns_require(in, "release_year", err);
	if (f->release_year < 0)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		const struct catalogue_column *column = &table->columns[i];
		const struct made key = { FEATURE_COPY, { column->name, NULL } };

		if (i == n_keys && add_kept(f, in, err))
			goto fail;
		if (add_step(f, in, i < n_keys ? &key : &made[i - n_keys], column->type, err))
			goto fail;
	}
	f->session_event_number = columns_require(in, "session_event_number", err);
	if (f->session_event_number >= 0)
		return 0;
fail:
	features_release(f);
	return -1;
}

void features_release(struct features *f)
{
	free(f->steps);
	free(f->numbers);
	free(f->known);
	free(f->hours);
	selection_release(&f->kept);
	*f = (struct features){ .steps = NULL };
}

void features_put_names(const struct features *f, const struct csv_reader *in, struct buf *out)
{
	const struct catalogue_table *table = features_table();
	size_t n_keys = table->n - N_LABEL_COLUMNS - N_MADE;

	for (size_t i = 0; i < table->n; i++) {
		if (i == n_keys)
			selection_put_names(&f->kept, &in->header, out);
		csv_put_str(out, table->columns[i].name);
	}
}

/* Whether the event is its session's first counted one, if it is a counted one. */
static bool is_first(const struct features *f, const struct features_row *row)
{
	const struct csv_field *number;

	if (row->known)
		return row->known->session_event_number == 1;
	number = &row->text->fields[f->session_event_number];
	return number->len == 1 && number->s[0] == '1';
}

bool features_wanted(const struct features *f, enum features_rows rows,
		     const struct features_row *row)
{
	const struct event *e = row->e;

	if (rows == FEATURES_ALL)
		return true;
	if (!event_is_counted(e->type))
		return false;
	switch (rows) {
	case FEATURES_FIRST:
		if (!is_first(f, row))
			return false;
		break;
	case FEATURES_UNDECIDED:
		return e->phase != EVENT_COMPLETED;
	case FEATURES_OPEN:
	case FEATURES_ALL:
		break;
	}
	return e->phase == EVENT_OPEN;
}

/*
 * The hour of a time: events come in its order, so most of them find their hour there. The place
 * of `taken`, an hour that is still to be read (NULL: none), is left alone: the last one is spare.
 */
static const struct features_hour *find_hour(struct features_hour *hours, int64_t ts,
					     const struct features_hour *taken)
{
	int64_t number = ts / TIME_MS_PER_HOUR;
	struct features_hour *hour = &hours[number % N_HOURS];
	struct time_civil civil;
	char *end;

	if (hour->number == number && hour->at[1])
		return hour;
	if (hour == taken)
		hour = &hours[N_HOURS];
	time_civil(ts, &civil);
	end = hour->text;
	hour->number = number;
	hour->year = civil.year;
	for (int part = 0; part < N_PARTS; part++) {
		const int value[N_PARTS] = { [0] = civil.hour,
					     [FEATURE_DAY_OF_WEEK - FEATURE_HOUR] =
						     civil.day_of_week,
					     [FEATURE_WEEK - FEATURE_HOUR] = civil.iso_week,
					     [FEATURE_MONTH - FEATURE_HOUR] = civil.month };

		end += num_format_int(end, value[part]);
		*end++ = ',';
		hour->at[part + 1] = (size_t)(end - hour->text);
	}
	return hour;
}

/* Parts of an hour next to each other, from the first on. */
static void put_parts(struct buf *out, const struct features_hour *hour, int first, size_t n)
{
	const size_t *at = &hour->at[first];

	csv_put_raw(out, hour->text + at[0], at[n] - at[0] - 1);
}

/* Where a row is read from, and what several columns are made of. */
struct context {
	const struct features *f;
	const struct csv_reader *in;
	const struct csv_row *row;
	const struct event *e;
	const struct history_row *known;
	const struct online_row *online;
	const struct intern_string *genre;
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

static void put_known_millionths(struct buf *out, int64_t value)
{
	if (value == EVENT_UNKNOWN)
		csv_put_null(out);
	else
		csv_put_millionths(out, value);
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

		const size_t sign = field->len > 1 && field->s[0] == '-';

		fine &= n->is_decimal ? num_looks_millionths(field->s + sign, field->len - sign)
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

static int put_days_since(const struct context *c, int column, struct buf *out, struct err *err)
{
	const struct csv_field *f = &c->row->fields[column];
	int64_t signup;

	if (!f->len) {
		csv_put_null(out);
		return 0;
	}
	if (attribute_parse_time(f->s, f->len, &signup))
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
	if (field->len && attribute_parse_year(field->s, field->len, year))
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

/* A value of the history, or of the online prediction, as it is typed. */
static int64_t known_value(const struct context *c, size_t column)
{
	const size_t n = sizeof(*c->known) / sizeof(int64_t);

	return column < n ? ((const int64_t *)c->known)[column]
			  : ((const int64_t *)c->online)[column - n];
}

/* A column of whole numbers, or of rates, from 0 on; EVENT_UNKNOWN if it is empty. */
static int read_factor(const struct context *c, int column, bool rates, int64_t *factor,
		       struct err *err)
{
	const struct csv_field *f;

	if (column >= (int)c->f->n_text) {
		*factor = known_value(c, (size_t)known_column(c->f, column));
		return 0;
	}
	f = &c->row->fields[column];
	*factor = EVENT_UNKNOWN;
	if (!f->len)
		return 0;
	if ((rates ? num_parse_millionths(f->s, f->len, factor)
		   : num_parse_int_roomy(f->s, f->len, factor)) ||
	    *factor < 0)
		return invalid_number(c->in, c->row, column, err);
	return 0;
}

int features_put_product(int64_t a, int64_t b, bool rates, struct buf *out)
{
	int64_t product;

	if (a == EVENT_UNKNOWN || b == EVENT_UNKNOWN) {
		csv_put_null(out);
		return 0;
	}
	if (__builtin_mul_overflow(a, b, &product))
		return -1;
	if (rates)
		csv_put_millionths(out, num_divide_rounded(product, NUM_MILLION));
	else
		csv_put_int(out, product);
	return 0;
}

bool features_is_product(const char *column, const char *factors[2], bool *rates)
{
	const struct catalogue_table *table = features_table();
	const int first = (int)(table->n - N_LABEL_COLUMNS - N_MADE);
	const int at = catalogue_column(table, column);

	if (at < first || at >= first + (int)N_MADE || made[at - first].what != FEATURE_PRODUCT)
		return false;
	factors[0] = made[at - first].from[0];
	factors[1] = made[at - first].from[1];
	*rates = table->columns[at].type == CATALOGUE_DECIMAL;
	return true;
}

/* The product of two columns of whole numbers, or of rates, empty if either is. */
static int put_product(const struct context *c, const int *columns, bool rates, struct buf *out,
		       struct err *err)
{
	int64_t factor[2];

	for (int i = 0; i < 2; i++)
		if (read_factor(c, columns[i], rates, &factor[i], err))
			return -1;
	return features_put_product(factor[0], factor[1], rates, out)
		       ? csv_reader_fail(c->in, columns[0], err, "is out of range")
		       : 0;
}

/* Columns of the history, typed: all but the genre's name have room at once. */
static void put_history(const struct context *c, const struct features_known *known, size_t n,
			struct buf *out)
{
	char *at = buf_reserve(out, n * (NUM_TEXT_MAX + 1));

	for (const struct features_known *last = known + n; known < last; known++) {
		const int64_t value = known_value(c, known->column);

		if (value == EVENT_UNKNOWN) {
			*at++ = ',';
		} else if (known->type == CATALOGUE_TEXT) {
			out->len = (size_t)(at - out->data);
			csv_put_text(out, c->genre->s, c->genre->len);
			at = buf_reserve(out, n * (NUM_TEXT_MAX + 1));
		} else {
			at += known->type == CATALOGUE_DECIMAL ? num_format_millionths(at, value)
							       : num_format_int(at, value);
			*at++ = ',';
		}
	}
	out->len = (size_t)(at - out->data);
}

static int put_step(const struct features_step *step, const struct context *c, struct buf *out,
		    struct err *err)
{
	switch (step->what) {
	case FEATURE_COPY:
		csv_put_fields(out, c->row, (size_t)step->source[0], step->n);
		break;
	case FEATURE_OPTIONAL:
		for (size_t i = 0; i < step->n; i++)
			csv_put_null(out);
		break;
	case FEATURE_SESSION:
		session_put_column(out, c->e, (size_t)step->source[0]);
		break;
	case FEATURE_KNOWN:
		put_history(c, &c->f->known[step->source[0]], step->n, out);
		break;
	case FEATURE_DAYS_SINCE:
		return put_days_since(c, step->source[0], out, err);
	case FEATURE_RUNTIME:
		put_known(out, c->e->runtime);
		break;
	case FEATURE_RELEASE_YEAR:
		put_known(out, c->release_year);
		break;
	case FEATURE_AGE:
		put_known(out, c->release_year == EVENT_UNKNOWN ? EVENT_UNKNOWN
								: c->hour->year - c->release_year);
		break;
	case FEATURE_LENGTH_CATEGORY:
		put_length_category(c->e->runtime, out);
		break;
	case FEATURE_PLAYBACK_RATIO:
		put_known_millionths(out, c->e->ratio);
		break;
	case FEATURE_HOUR:
	case FEATURE_DAY_OF_WEEK:
	case FEATURE_WEEK:
	case FEATURE_MONTH:
		put_parts(out, c->hour, (int)(step->what - FEATURE_HOUR), step->n);
		break;
	case FEATURE_START_HOUR:
	case FEATURE_START_DAY_OF_WEEK:
		put_parts(out, find_hour(c->f->hours, c->e->session_start, c->hour),
			  (int)(step->what - FEATURE_START_HOUR), step->n);
		break;
	case FEATURE_PRODUCT:
		return put_product(c, step->source, step->rates, out, err);
	}
	return 0;
}

int features_put(const struct features *f, const struct csv_reader *in,
		 const struct features_row *row, struct buf *out, struct err *err)
{
	struct context c = { .f = f,
			     .in = in,
			     .row = row->text,
			     .e = row->e,
			     .known = row->known,
			     .online = row->online,
			     .genre = &row->genre,
			     .hour = find_hour(f->hours, row->e->ts, NULL) };

	if (check_numbers(f, in, row->text, err) ||
	    read_year(f, in, row->text, &c.release_year, err))
		return -1;
	for (size_t i = 0; i < f->n_steps; i++)
		if (put_step(&f->steps[i], &c, out, err))
			return -1;
	return 0;
}
