#include "train/trainset.h"

#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/tempfile.h"
#include "model/na.h"
#include "model/splittext.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIME  "event_ts"
#define DEFAULT_KNOWN "label_known_ts"
#define FLUSH_SIZE    ((size_t)128 * 1024)
#define NA_ADVICE_MAX 77 /* the longest word that --na is advised for */

static const char spill_name[] = "temporary file";

/* A labelled row. */
struct labelled {
	int64_t time, known; /* as in struct split_row */
	bool label;
	enum split_part part;
};

/* What the non-empty values of a column are; nothing of one that is a category by option. */
struct values {
	uint64_t n, n_numbers;
	char *other; /* the first that is no number; NULL: none */
	char *where; /* the beginning of a message about it */
};

struct trainset_reading {
	const struct trainset_options *options;
	struct trainset *out;
	struct csv_reader in;
	struct na na;
	struct split_index at;
	int *feature;                       /* [n_features] index into the header */
	bool *numeric;                      /* [n_features] */
	bool *ignored, *categorical, *used; /* per column: whether the option names it */
	struct values *values;              /* [n_features] */
	size_t n_features;
	struct labelled *rows; /* [n_rows], in the order of the input */
	size_t n_rows, cap;
	int64_t start;            /* the earliest time, as split.end is the latest */
	int64_t quantile;         /* within which 99 % of the labels were known */
	size_t n_known, n_within; /* labels known, and of those within the horizon */
	int spill;                /* descriptor; the labelled records */
	struct buf records;       /* to be written to it */
};

/*
 * The column an option names, or `fallback` if it names none: *index is -1 if the input does not
 * have that one. Returns 0, or -1 with err.
 */
static int find_column(const struct trainset_reading *r, const char *given, const char *fallback,
		       int *index, struct err *err)
{
	*index = given ? columns_require(&r->in, given, err)
		       : columns_find(&r->in.header, fallback);
	return given && *index < 0 ? -1 : 0;
}

static char *column_name(const struct trainset_reading *r, int index)
{
	const char *name = index < 0 ? NULL : r->in.header.names[index];

	return name ? mem_dup(name, strlen(name)) : NULL;
}

static int find_split(struct trainset_reading *r, struct err *err)
{
	const struct trainset_options *o = r->options;
	struct split *split = &r->out->split;

	if (find_column(r, o->label, NULL, &r->at.label, err) ||
	    find_column(r, o->time, DEFAULT_TIME, &r->at.time, err) ||
	    find_column(r, o->known, DEFAULT_KNOWN, &r->at.known, err))
		return -1;
	if (r->at.time < 0 && (o->holdout || o->by_time))
		return columns_fail(
			&r->in, err,
			"missing column " DEFAULT_TIME
			": name the time column with --time, or turn off %s",
			o->by_time ? "what splits rows by time (--holdout 0 --validation 0, "
				     "no --cv, no --l2 auto)"
				   : "the test part (--holdout 0)");
	split->label = column_name(r, r->at.label);
	split->time = column_name(r, r->at.time);
	split->known = column_name(r, r->at.known);
	if (!o->holdout && !o->by_time) /* no cut: their values do not matter */
		r->at.time = r->at.known = -1;
	return 0;
}

static bool is_name(const char *name, const char *other)
{
	return other && !strcmp(name, other);
}

static bool is_calendar(const char *name)
{
	return !strcmp(name, "event_week_of_year") || !strcmp(name, "event_month_of_year");
}

static bool is_feature(const struct trainset_reading *r, size_t column)
{
	const struct catalogue_table *keys = catalogue_table("completion_predictions");
	const char *name = r->in.header.names[column];
	const struct split *s = &r->out->split;

	if (is_calendar(name) && !r->used[column] && !r->categorical[column])
		return false;
	return !is_name(name, s->label) && !is_name(name, s->time) && !is_name(name, s->known) &&
	       strcmp(name, DEFAULT_KNOWN) != 0 && !r->ignored[column] &&
	       catalogue_column(keys, name) < 0;
}

/* Every name in an option's list must be a column, so that a typing error is seen. */
static int find_listed(struct trainset_reading *r, struct err *err)
{
	const struct trainset_options *o = r->options;

	if (!(r->ignored = columns_listed(&r->in, &o->ignore, NULL, err)) ||
	    !(r->categorical = columns_listed(&r->in, &o->categorical, NULL, err)) ||
	    !(r->used = columns_listed(&r->in, &o->use, NULL, err)))
		return -1;
	for (size_t i = 0; i < r->in.header.n; i++)
		if ((r->categorical[i] || r->used[i]) && !is_feature(r, i))
			return columns_fail(&r->in, err, "column %s: not a feature",
					    r->in.header.names[i]);
	for (size_t i = 0; i < r->in.header.n; i++)
		if (r->used[i] && !is_calendar(r->in.header.names[i]))
			return err_set(err, ERR_USAGE, "--use: column %s is a feature already",
				       r->in.header.names[i]);
	return 0;
}

static int find_features(struct trainset_reading *r, struct err *err)
{
	const struct csv_header *header = &r->in.header;

	if (find_listed(r, err))
		return -1;
	r->feature = mem_alloc(header->n, sizeof(*r->feature));
	r->numeric = mem_alloc(header->n, sizeof(*r->numeric));
	r->values = mem_zalloc(header->n, sizeof(*r->values));
	for (size_t i = 0; i < header->n; i++) {
		if (!is_feature(r, i))
			continue;
		r->feature[r->n_features] = (int)i;
		r->numeric[r->n_features++] = !r->categorical[i];
	}
	if (r->n_features > ENCODING_COLUMNS_MAX)
		return columns_fail(&r->in, err, "more than %d features", ENCODING_COLUMNS_MAX);
	if (!r->n_features)
		return columns_fail(&r->in, err, "no column is a feature");
	return 0;
}

static int flush_spill(struct trainset_reading *r, struct err *err)
{
	if (fdio_write(r->spill, r->records.data, r->records.len))
		return err_errno(err, spill_name);
	buf_clear(&r->records);
	return 0;
}

/* The names do not matter after the first reading: the header of the spill counts the columns. */
static void spill_header(struct trainset_reading *r)
{
	for (size_t i = 0; i < r->in.header.n; i++)
		csv_put_int(&r->records, (int64_t)i);
	csv_end_row(&r->records);
}

static void add_labelled(struct trainset_reading *r, const struct split_row *s)
{
	if (r->n_rows == r->cap) {
		r->cap = mem_grow(r->cap, r->n_rows + 1);
		r->rows = mem_realloc(r->rows, r->cap, sizeof(*r->rows));
	}
	r->rows[r->n_rows++] =
		(struct labelled){ .time = s->time, .known = s->known, .label = s->label };
}

/* Keeps the first value of a column that is no number, and where it is. */
static void keep_other(const struct trainset_reading *r, int column, const struct csv_field *f,
		       struct values *v)
{
	struct err at = ERR_INIT;

	csv_reader_fail(&r->in, column, &at, "'%.*s' is no number", err_clip(f->len), f->s);
	v->where = mem_dup(at.message, strlen(at.message));
	v->other = mem_dup(f->s, f->len);
}

/* Most words are told from numbers by their first byte. */
static bool is_number(const struct csv_field *f)
{
	unsigned char first = (unsigned char)*f->s;
	double ignored;

	return first <= '9' && !encoding_number(f, &ignored);
}

static void count_values(struct trainset_reading *r, const struct csv_row *row)
{
	for (size_t i = 0; i < r->n_features; i++) {
		const struct csv_field *f = &row->fields[r->feature[i]];
		struct values *v = &r->values[i];

		if (!r->numeric[i] || !f->len)
			continue;
		v->n++;
		if (is_number(f))
			v->n_numbers++;
		else if (!v->other)
			keep_other(r, r->feature[i], f, v);
	}
}

/* "--na WORD reads it as empty, ", as a shell takes it; "" of what --na cannot take, or should not.
 */
static void put_na_advice(char *out, size_t size, const char *word)
{
	const struct csv_field f = { .s = word, .len = (uint32_t)strlen(word) };
	bool is_plain = !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-./#")];

	*out = '\0';
	if (f.len <= NA_ADVICE_MAX && !strpbrk(word, ",'") && encoding_is_word(&f))
		snprintf(out, size,
			 is_plain ? "--na %s reads it as empty, " : "--na '%s' reads it as empty, ",
			 word);
}

/* Columns of which most values are numbers, but not all, are refused; others with such are none. */
static int decide_types(struct trainset_reading *r, struct err *err)
{
	for (size_t i = 0; i < r->n_features; i++) {
		const struct values *v = &r->values[i];
		const char *name = r->in.header.names[r->feature[i]];
		char advice[NA_ADVICE_MAX + 40];

		if (!v->other)
			continue;
		r->numeric[i] = false;
		if (v->n_numbers <= v->n / 2)
			continue;
		put_na_advice(advice, sizeof(advice), v->other);
		return err_set(err, ERR_RUNTIME,
			       "%s, unlike %llu of %llu values: %s--categorical %s makes the "
			       "column a category",
			       v->where, (unsigned long long)v->n_numbers, (unsigned long long)v->n,
			       advice, name);
	}
	return 0;
}

/* Of a column that decide_types made a category. */
static void warn_of_numbers(const struct trainset_reading *r, size_t feature, struct warnings *w)
{
	const struct values *v = &r->values[feature];
	char advice[NA_ADVICE_MAX + 40];

	if (!v->other || v->n_numbers < (v->n + 9) / 10)
		return;
	put_na_advice(advice, sizeof(advice), v->other);
	warnings_add(
		w,
		"%s, unlike %llu of %llu values, and the column is a category (%s--categorical "
		"%s says that it is meant)",
		v->where, (unsigned long long)v->n_numbers, (unsigned long long)v->n, advice,
		r->in.header.names[r->feature[feature]]);
}

/* As it is, but for the words that are NULL. */
static void spill_row(struct trainset_reading *r, const struct csv_row *row)
{
	if (r->na.tokens->n)
		csv_put_fields(&r->records, row, 0, row->n);
	else
		csv_put_row(&r->records, row);
	csv_end_row(&r->records);
}

/* A record that is not spilled has its part in the counts. */
static int take_row(struct trainset_reading *r, const struct csv_row *row, struct err *err)
{
	struct split_row s;

	row = na_row(&r->na, row);
	if (split_read(&r->at, &r->in, row, &s, err))
		return -1;
	if (s.time > r->out->split.end)
		r->out->split.end = s.time;
	if (s.time < r->start && s.time != INT64_MIN)
		r->start = s.time;
	count_values(r, row);
	if (!s.labelled) {
		split_count(&r->out->split, SPLIT_UNLABELLED, &s);
		return 0;
	}
	add_labelled(r, &s);
	spill_row(r, row);
	return r->records.len >= FLUSH_SIZE ? flush_spill(r, err) : 0;
}

/* See trainset_read. Of a table without known times nobody can say how long they take. Changes
 * lengths[n_rows].
 */
static void choose_horizon(struct trainset_reading *r, struct split *split, int64_t *lengths)
{
	int64_t quarter = split_length(r->start, split->end) / 4;
	size_t n = 0;

	if (!split->known)
		return;
	for (size_t i = 0; i < r->n_rows; i++)
		if (r->rows[i].known != INT64_MAX)
			lengths[n++] = split_length(r->rows[i].time, r->rows[i].known);
	r->quantile = split_set_horizon(split, quarter, lengths, n);
	r->n_known = n;
	while (n && lengths[n - 1] > split->horizon)
		n--;
	r->n_within = n;
}

static int set_horizon(struct trainset_reading *r, struct split *split, int64_t *lengths,
		       struct err *err)
{
	const struct trainset_horizon *given = &r->options->horizon;

	if (given->kind == TRAINSET_HORIZON_AUTO) {
		choose_horizon(r, split, lengths);
		return 0;
	}
	split->has_horizon = true;
	split->horizon = given->length;
	if (given->kind == TRAINSET_HORIZON_MS &&
	    split_from_ms(split, given->length, &split->horizon))
		return err_set(err, ERR_RUNTIME,
			       "%s: --horizon: the times (column %s), at most %lld, do not tell "
			       "their unit: give it as a number of that unit",
			       r->in.file, split->time, (long long)split->end);
	return 0;
}

/* Sets the horizon and the cut. Changes times[n_rows]. */
static int set_split(struct trainset_reading *r, int64_t *times, struct err *err)
{
	struct split *split = &r->out->split;
	size_t n = 0;

	if (r->at.time < 0)
		return 0;
	if ((r->options->watermark && split_read_end(split, r->options->watermark, err)) ||
	    set_horizon(r, split, times, err))
		return -1;
	for (size_t i = 0; i < r->n_rows; i++)
		if (split_is_mature(split, r->rows[i].time))
			times[n++] = r->rows[i].time;
	split_set_cut(split, times, n, r->options->holdout);
	r->out->n_mature = n;
	return 0;
}

/* Sets the split, and the part of each row. */
static int part_rows(struct trainset_reading *r, struct err *err)
{
	struct split *split = &r->out->split;
	int64_t *times = mem_alloc(r->n_rows, sizeof(*times));
	int rc = set_split(r, times, err);

	free(times);
	for (size_t i = 0; !rc && i < r->n_rows; i++) {
		struct labelled *row = &r->rows[i];
		struct split_row s = { true, row->label, row->time, row->known };

		row->part = split_part(split, &s);
		split_count(split, row->part, &s);
	}
	return rc;
}

/* The first reading: types, times, and the spill. */
static int read_input(struct trainset_reading *r, struct err *err)
{
	const struct csv_row *row;
	int rc;

	spill_header(r);
	while ((rc = csv_reader_next(&r->in, &row, err)) > 0)
		if (take_row(r, row, err))
			return -1;
	if (rc < 0 || flush_spill(r, err) || decide_types(r, err))
		return -1;
	r->out->n_rows = r->in.n_rows;
	if (!r->n_rows)
		return err_set(err, ERR_RUNTIME, "%s: no row has a label (column %s)", r->in.file,
			       r->out->split.label);
	return part_rows(r, err);
}

/* Opens the spill for another reading from its start. */
static int reopen_spill(struct trainset_reading *r, struct csv_reader *in, struct err *err)
{
	int fd = dup(r->spill);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		err_errno(err, spill_name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return csv_reader_open_fd(in, fd, spill_name, err);
}

/* Appends why there may be too few rows of a kind: nothing without a horizon. */
static void put_horizon(struct buf *out, const struct trainset_reading *r)
{
	const struct split *s = &r->out->split;

	if (!s->has_horizon)
		return;
	buf_append_str(out, "; the horizon is ");
	splittext_put_length(out, s, s->horizon);
	buf_append_str(out, ", and the rows span ");
	splittext_put_length(out, s, split_length(r->start, s->end));
	buf_append_str(out, " (--horizon)");
}

/* Sets the error to the text and that reason. Always returns -1. */
static int fail_of_rows(const struct trainset_reading *r, struct buf *text, struct err *err)
{
	put_horizon(text, r);
	err_set(err, ERR_RUNTIME, "%.*s", (int)text->len, text->data);
	buf_release(text);
	return -1;
}

static int check_classes(const struct trainset_reading *r, struct err *err)
{
	const struct split *s = &r->out->split;
	uint64_t n = s->rows[SPLIT_TRAIN], positives = s->positives[SPLIT_TRAIN];
	struct buf text = BUF_INIT;

	if (positives && positives < n)
		return 0;
	if (n)
		buf_printf(&text,
			   "the label (column %s) is %d in all %llu train rows: nothing to learn",
			   s->label, positives > 0, (unsigned long long)n);
	else
		buf_printf(&text,
			   "no train rows: of %zu labelled rows %llu are test rows, %llu are "
			   "purged (before the cut, but too young or with a label not known by "
			   "then), and %llu are immature (too young at the end)",
			   r->n_rows, (unsigned long long)s->rows[SPLIT_TEST],
			   (unsigned long long)s->rows[SPLIT_PURGED],
			   (unsigned long long)s->rows[SPLIT_IMMATURE]);
	return fail_of_rows(r, &text, err);
}

int trainset_read(struct trainset *t, const struct csv_input *input,
		  const struct trainset_options *options, struct err *err)
{
	struct trainset_reading *r = mem_alloc(1, sizeof(*r));

	*t = (struct trainset){ .split = SPLIT_INIT, .reading = r };
	t->split.end = INT64_MIN;
	*r = (struct trainset_reading){ .options = options,
					.out = t,
					.in = CSV_READER_INIT,
					.na = { .tokens = &options->na },
					.start = INT64_MAX,
					.spill = -1 };
	return csv_reader_open(&r->in, input, err) || find_split(r, err) || find_features(r, err) ||
			       (r->spill = tempfile_open(err)) < 0 || read_input(r, err) ||
			       check_classes(r, err)
		       ? -1
		       : 0;
}

/* Of the test rows: that there are none, or of one class alone. */
static void warn_of_test(const struct trainset *t, struct warnings *w)
{
	const struct split *s = &t->split;
	uint64_t n = s->rows[SPLIT_TEST], positives = s->positives[SPLIT_TEST];
	struct buf text = BUF_INIT;

	if (!s->has_cut && t->n_mature < t->reading->n_rows)
		buf_printf(&text,
			   "no test rows: %llu of %zu labelled rows are older than the horizon, "
			   "too few for this --holdout",
			   (unsigned long long)t->n_mature, t->reading->n_rows);
	else if (!s->has_cut)
		buf_printf(&text, "no test rows: %zu labelled rows are too few for this --holdout",
			   t->reading->n_rows);
	else if (!positives || positives == n)
		buf_printf(&text,
			   "the label (column %s) is %d in all %llu test rows, but 1 in %.1f %% "
			   "of %llu train rows: no ranking can be judged by them (--holdout)",
			   s->label, positives > 0, (unsigned long long)n,
			   100 * (double)s->positives[SPLIT_TRAIN] / (double)s->rows[SPLIT_TRAIN],
			   (unsigned long long)s->rows[SPLIT_TRAIN]);
	if (text.len) {
		put_horizon(&text, t->reading);
		warnings_add(w, "%.*s", (int)text.len, text.data);
	}
	buf_release(&text);
}

/* That the automatic horizon is cut short. */
static void warn_of_horizon(const struct trainset *t, struct warnings *w)
{
	const struct trainset_reading *r = t->reading;
	struct buf text = BUF_INIT;

	if (r->quantile <= t->split.horizon)
		return;
	buf_printf(&text,
		   "%.1f %% of the labels were known within the horizon, a quarter of the rows' "
		   "span, which is the most by default, and 99 %% within ",
		   100 * (double)r->n_within / (double)r->n_known);
	splittext_put_length(&text, &t->split, r->quantile);
	put_horizon(&text, r);
	warnings_add(w, "%.*s", (int)text.len, text.data);
	buf_release(&text);
}

/*
 * That no train row has seen a horizon of history: at their times hardly a late label was known, so
 * that rates of known labels, which are features, were not what they are in the test rows.
 */
static void warn_of_start(const struct trainset *t, struct warnings *w)
{
	const struct split *s = &t->split;
	struct buf text = BUF_INIT;

	if (!s->has_cut || !s->has_horizon ||
	    split_length(t->reading->start, s->cut) - s->horizon > s->horizon)
		return;
	buf_printf(&text,
		   "all %llu train rows are of the first horizon of the table, when only early "
		   "labels were known: features that count known ones will differ in later rows",
		   (unsigned long long)s->rows[SPLIT_TRAIN]);
	put_horizon(&text, t->reading);
	warnings_add(w, "%.*s", (int)text.len, text.data);
	buf_release(&text);
}

void trainset_warn(const struct trainset *t, struct warnings *w)
{
	csv_reader_warn(&t->reading->in, w);
	for (size_t i = 0; i < t->reading->n_features; i++)
		warn_of_numbers(t->reading, i, w);
	if (trainset_holdout(t))
		warn_of_test(t, w);
	warn_of_horizon(t, w);
	warn_of_start(t, w);
}

void trainset_release(struct trainset *t)
{
	struct trainset_reading *r = t->reading;

	split_release(&t->split);
	if (r) {
		if (r->spill >= 0)
			close(r->spill);
		csv_reader_close(&r->in);
		na_release(&r->na);
		for (size_t i = 0; i < r->n_features; i++) {
			free(r->values[i].other);
			free(r->values[i].where);
		}
		free(r->values);
		free(r->feature);
		free(r->numeric);
		free(r->ignored);
		free(r->categorical);
		free(r->used);
		free(r->rows);
		buf_release(&r->records);
	}
	free(r);
	*t = (struct trainset)TRAINSET_INIT;
}

/* A train row that could be learned from at this time. */
static bool is_known(const struct trainset_reading *r, const struct labelled *row, int64_t at)
{
	return row->part == SPLIT_TRAIN &&
	       (at == INT64_MAX || split_was_known(&r->out->split, row->time, row->known, at));
}

static bool is_held(const struct trainset_reading *r, const struct labelled *row,
		    struct trainset_span span)
{
	return span.cut != INT64_MAX && row->time >= span.cut &&
	       (span.end == INT64_MAX || row->time < span.end) && is_known(r, row, span.until);
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t trainset_time(const struct trainset *t, int64_t until, int64_t share)
{
	const struct trainset_reading *r = t->reading;
	int64_t *times = mem_alloc(r->n_rows, sizeof(*times)), time = until;
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < r->n_rows; i++)
		if (is_known(r, &r->rows[i], until)) {
			sorted = sorted && (!n || r->rows[i].time >= times[n - 1]);
			times[n++] = r->rows[i].time;
		}
	if (!sorted)
		qsort(times, n, sizeof(*times), by_time);
	if (n)
		time = times[n - 1 - (size_t)((double)(n - 1) * (double)share / NUM_MILLION)];
	free(times);
	return time;
}

uint64_t trainset_count(const struct trainset *t, int64_t until)
{
	const struct trainset_reading *r = t->reading;
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_rows; i++)
		n += is_known(r, &r->rows[i], until);
	return n;
}

struct trainset_span trainset_fold(const struct trainset *t, int64_t until, size_t k, size_t n,
				   const char *option)
{
	int64_t parts = (int64_t)n + 1, at = (int64_t)k;
	int64_t cut = trainset_time(t, until, NUM_MILLION * (parts - at) / parts);
	int64_t end = k == n ? until
			     : trainset_time(t, until, NUM_MILLION * (parts - at - 1) / parts);

	return (struct trainset_span){ cut, end, until, option };
}

const char *trainset_file(const struct trainset *t)
{
	return t->reading->in.file;
}

const struct classweight *trainset_balance(const struct trainset *t)
{
	return &t->reading->options->balance;
}

int64_t trainset_holdout(const struct trainset *t)
{
	return t->reading->options->holdout;
}

const struct names *trainset_na(const struct trainset *t)
{
	return &t->reading->options->na;
}

bool trainset_is_categorical(const struct trainset *t, const char *name)
{
	return t->reading->categorical[columns_find(&t->reading->in.header, name)];
}

/* That both classes are there to learn from. */
static int check_span(const struct trainset_reading *r, struct trainset_span span, struct err *err)
{
	size_t n = trainset_count(r->out, span.cut), positives = 0;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < r->n_rows; i++)
		positives += is_known(r, &r->rows[i], span.cut) && r->rows[i].label;
	if (positives && positives < n)
		return 0;
	buf_printf(&text, "%s: %s: too few rows could be trained on at ", r->in.file, span.option);
	splittext_put_time(&text, &r->out->split, span.cut);
	buf_printf(&text, ": %zu, %zu of them positive", n, positives);
	return fail_of_rows(r, &text, err);
}

int trainset_fit(struct trainset *t, struct trainset_span span, struct encoding_numbers numbers,
		 struct encoding *e, struct err *err)
{
	struct trainset_reading *r = t->reading;
	struct csv_reader in = CSV_READER_INIT;
	struct encoding_fit *fit;
	const struct csv_row *row;
	int rc;

	if (check_span(r, span, err))
		return -1;
	fit = encoding_fit_new(r->feature, r->numeric, r->n_features, numbers,
			       trainset_count(t, span.cut));
	rc = reopen_spill(r, &in, err);
	for (size_t i = 0; !rc && (rc = csv_reader_next(&in, &row, err)) > 0; i++, rc = 0)
		if (is_known(r, &r->rows[i], span.cut))
			encoding_fit_row(fit, row);
	if (!rc)
		encoding_fit_finish(fit, r->in.header.names, e);
	encoding_fit_free(fit);
	csv_reader_close(&in);
	return rc;
}

/* How much each labelled row weighs as one to learn from, 0 if it is none. The caller frees. */
static double *learnt_weights(const struct trainset_reading *r, struct trainset_span span)
{
	double *weight = mem_zalloc(r->n_rows, sizeof(*weight)), class_weight[2];
	uint8_t *labels = mem_alloc(r->n_rows, 1);
	uint32_t *count;
	size_t n = 0;

	for (size_t i = 0; i < r->n_rows; i++)
		if (is_known(r, &r->rows[i], span.cut))
			labels[n++] = r->rows[i].label;
	count = classweight_rows(&r->options->balance, labels, n, class_weight);
	n = 0;
	for (size_t i = 0; i < r->n_rows; i++)
		if (is_known(r, &r->rows[i], span.cut))
			weight[i] = class_weight[r->rows[i].label] * count[n++];
	free(labels);
	free(count);
	return weight;
}

/* Turns those weights into the ones of the rows held back: the mean of those learnt, by class. */
static void hold_weights(const struct trainset_reading *r, struct trainset_span span,
			 double *weight)
{
	double sum[2] = { 0 };
	size_t n[2] = { 0 };

	for (size_t i = 0; i < r->n_rows; i++) {
		n[r->rows[i].label] += is_known(r, &r->rows[i], span.cut);
		sum[r->rows[i].label] += weight[i];
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		int label = r->rows[i].label;

		weight[i] = is_held(r, &r->rows[i], span) ? sum[label] / (double)n[label] : 0;
	}
}

int trainset_visit(struct trainset *t, struct trainset_span span, enum trainset_part part,
		   const struct encoding *e, trainset_visitor *visit, void *context,
		   struct err *err)
{
	struct trainset_reading *r = t->reading;
	double *weight = learnt_weights(r, span);
	double *value = mem_alloc(e->n_values, sizeof(*value));
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	int rc = reopen_spill(r, &in, err);

	if (part == TRAINSET_HELD)
		hold_weights(r, span, weight);
	for (size_t i = 0; !rc && (rc = csv_reader_next(&in, &row, err)) > 0; i++) {
		rc = weight[i] > 0 ? encoding_read(e, r->feature, &in, row, value, err) : 0;
		if (!rc && weight[i] > 0)
			visit(context, value, r->rows[i].label, weight[i]);
	}
	csv_reader_close(&in);
	free(weight);
	free(value);
	return rc;
}
