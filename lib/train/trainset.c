#include "train/trainset.h"

#include "base/fdio.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/shellword.h"
#include "io/tempfile.h"
#include "model/na.h"
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
	int spill;          /* descriptor; the labelled records */
	uint64_t n_spilled; /* of them */
	struct buf records; /* to be written to it */
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
	struct split *split = &r->out->rows.split;

	if (find_column(r, o->label, NULL, &r->at.label, err) ||
	    find_column(r, o->time, DEFAULT_TIME, &r->at.time, err) ||
	    find_column(r, o->known, DEFAULT_KNOWN, &r->at.known, err))
		return -1;
	if (r->at.time < 0 && (o->rows.holdout || o->by_time))
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
	if (!o->rows.holdout && !o->by_time) /* no cut: their values do not matter */
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
	const struct split *s = &r->out->rows.split;

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

/*
 * "--na WORD reads it as empty, " and a NUL, with the word as a shell takes it; nothing of what
 * --na cannot take, or should not.
 */
static void put_na_advice(struct buf *out, const char *word)
{
	const struct csv_field f = { .s = word, .len = (uint32_t)strlen(word) };

	buf_clear(out);
	if (f.len <= NA_ADVICE_MAX && !strchr(word, ',') && encoding_is_word(&f)) {
		buf_append_str(out, "--na ");
		shellword_put(out, word);
		buf_append_str(out, " reads it as empty, ");
	}
	buf_append_char(out, '\0');
}

/* Columns of which most values are numbers, but not all, are refused; others with such are none. */
static int decide_types(struct trainset_reading *r, struct err *err)
{
	for (size_t i = 0; i < r->n_features; i++) {
		const struct values *v = &r->values[i];
		const char *name = r->in.header.names[r->feature[i]];
		struct buf advice = BUF_INIT;

		if (!v->other)
			continue;
		r->numeric[i] = false;
		if (v->n_numbers <= v->n / 2)
			continue;
		put_na_advice(&advice, v->other);
		err_set(err, ERR_RUNTIME,
			"%s, unlike %llu of %llu values: %s--categorical %s makes the column a "
			"category",
			v->where, (unsigned long long)v->n_numbers, (unsigned long long)v->n,
			advice.data, name);
		buf_release(&advice);
		return -1;
	}
	return 0;
}

/* Of a column that decide_types made a category. */
static void warn_of_numbers(const struct trainset_reading *r, size_t feature, struct warnings *w)
{
	const struct values *v = &r->values[feature];
	struct buf advice = BUF_INIT;

	if (!v->other || v->n_numbers < (v->n + 9) / 10)
		return;
	put_na_advice(&advice, v->other);
	warnings_add(
		w,
		"%s, unlike %llu of %llu values, and the column is a category (%s--categorical "
		"%s says that it is meant)",
		v->where, (unsigned long long)v->n_numbers, (unsigned long long)v->n, advice.data,
		r->in.header.names[r->feature[feature]]);
	buf_release(&advice);
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
	count_values(r, row);
	trainrows_add(&r->out->rows, &s);
	if (!s.labelled)
		return 0;
	spill_row(r, row);
	r->n_spilled++;
	return r->records.len >= FLUSH_SIZE ? flush_spill(r, err) : 0;
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
	return trainrows_split(&r->out->rows, r->at.time >= 0, err);
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

/* Whether a reading met all that was spilled: the file is plain, and says nothing of its end. */
static int check_spill(const struct trainset_reading *r, const struct csv_reader *in,
		       struct err *err)
{
	return in->n_rows == r->n_spilled
		       ? 0
		       : err_set(err, ERR_RUNTIME,
				 "%s: ends after %llu of the %llu rows that were written to it",
				 spill_name, (unsigned long long)in->n_rows,
				 (unsigned long long)r->n_spilled);
}

int trainset_read(struct trainset *t, const struct csv_input *input,
		  const struct trainset_options *options, struct err *err)
{
	struct trainset_reading *r = mem_alloc(1, sizeof(*r));

	*t = (struct trainset){ .reading = r };
	*r = (struct trainset_reading){ .options = options,
					.out = t,
					.in = CSV_READER_INIT,
					.na = { .tokens = &options->na },
					.spill = -1 };
	trainrows_init(&t->rows, NULL, &options->rows);
	if (csv_reader_open(&r->in, input, err))
		return -1;
	t->rows.file = r->in.file;
	return find_split(r, err) || find_features(r, err) || (r->spill = tempfile_open(err)) < 0 ||
			       read_input(r, err)
		       ? -1
		       : 0;
}

void trainset_warn(const struct trainset *t, struct warnings *w)
{
	csv_reader_warn(&t->reading->in, w);
	for (size_t i = 0; i < t->reading->n_features; i++)
		warn_of_numbers(t->reading, i, w);
	trainrows_warn(&t->rows, w);
}

void trainset_release(struct trainset *t)
{
	struct trainset_reading *r = t->reading;

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
		buf_release(&r->records);
	}
	trainrows_release(&t->rows);
	free(r);
	*t = (struct trainset)TRAINSET_INIT;
}

const char *trainset_file(const struct trainset *t)
{
	return t->reading->in.file;
}

const struct classweight *trainset_balance(const struct trainset *t)
{
	return &t->reading->options->balance;
}

const struct names *trainset_na(const struct trainset *t)
{
	return &t->reading->options->na;
}

bool trainset_is_number(const struct trainset *t, size_t i)
{
	return t->reading->numeric[i];
}

bool trainset_is_categorical(const struct trainset *t, const char *name)
{
	return t->reading->categorical[columns_find(&t->reading->in.header, name)];
}

int trainset_fit(struct trainset *t, struct trainrows_span span, struct encoding_numbers numbers,
		 struct encoding *e, struct err *err)
{
	struct trainset_reading *r = t->reading;
	struct csv_reader in = CSV_READER_INIT;
	struct encoding_fit *fit;
	const struct csv_row *row;
	int rc;

	if (trainrows_check(&t->rows, span, err))
		return -1;
	fit = encoding_fit_new(r->feature, r->numeric, r->n_features, numbers,
			       trainrows_count(&t->rows, span.cut));
	rc = reopen_spill(r, &in, err);
	for (size_t i = 0; !rc && (rc = csv_reader_next(&in, &row, err)) > 0; i++, rc = 0)
		if (trainrows_has(&t->rows, i, span.cut))
			encoding_fit_row(fit, row);
	rc = rc || check_spill(r, &in, err) ? -1 : 0;
	if (!rc)
		encoding_fit_finish(fit, r->in.header.names, e);
	encoding_fit_free(fit);
	csv_reader_close(&in);
	return rc;
}

int trainset_visit(struct trainset *t, struct trainrows_span span, enum trainrows_part part,
		   const struct encoding *e, trainset_visitor *visit, void *context,
		   struct err *err)
{
	struct trainset_reading *r = t->reading;
	double *weight = trainrows_weights(&t->rows, span, part, &r->options->balance);
	double *value = mem_alloc(e->n_values, sizeof(*value));
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	int rc = reopen_spill(r, &in, err);

	for (size_t i = 0; !rc && (rc = csv_reader_next(&in, &row, err)) > 0; i++) {
		rc = weight[i] > 0 ? encoding_read(e, r->feature, &in, row, value, err) : 0;
		if (!rc && weight[i] > 0)
			visit(context, value, trainrows_label(&t->rows, i), weight[i]);
	}
	rc = rc || check_spill(r, &in, err) ? -1 : 0;
	csv_reader_close(&in);
	free(weight);
	free(value);
	return rc;
}
