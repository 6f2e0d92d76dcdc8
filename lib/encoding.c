#include "encoding.h"

#include "bins.h"
#include "mem.h"
#include "num.h"
#include "schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct encoding_column *encoding_add(struct encoding *e, const char *name, enum encoding_kind kind)
{
	struct encoding_column *c;

	if (e->n == e->cap) {
		e->cap = mem_grow(e->cap, e->n + 1);
		e->columns = mem_realloc(e->columns, e->cap, sizeof(*e->columns));
	}
	c = &e->columns[e->n++];
	*c = (struct encoding_column){ .name = mem_dup(name, strlen(name)),
				       .kind = kind,
				       .levels = INTERN_INIT };
	return c;
}

void encoding_place(struct encoding *e)
{
	struct encoding_column *c = &e->columns[e->n - 1];

	c->value = e->n_values;
	c->dense = e->n_dense;
	c->onehot = e->n_onehot;
	e->n_values += c->kind != ENCODING_CONSTANT;
	if (c->kind == ENCODING_NUMBER) {
		e->n_dense++;
		e->n_onehot += c->n_missing > 0;
	} else if (c->kind == ENCODING_CATEGORY) {
		e->n_onehot += c->levels.n + 1;
	}
}

const struct encoding_column **encoding_valued(const struct encoding *e)
{
	const struct encoding_column **columns = mem_alloc(e->n_values, sizeof(*columns));

	for (size_t i = 0; i < e->n; i++)
		if (e->columns[i].kind != ENCODING_CONSTANT)
			columns[e->columns[i].value] = &e->columns[i];
	return columns;
}

void encoding_release(struct encoding *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->columns[i].name);
		free(e->columns[i].level_rows);
		free(e->columns[i].edges);
		intern_release(&e->columns[i].levels);
	}
	free(e->columns);
	*e = (struct encoding)ENCODING_INIT;
}

void encoding_row_init(struct encoding_row *row, const struct encoding *e)
{
	row->dense = mem_alloc(e->n_dense, sizeof(*row->dense));
	row->active = mem_alloc(e->n, sizeof(*row->active));
	row->n_active = 0;
}

void encoding_row_release(struct encoding_row *row)
{
	free(row->dense);
	free(row->active);
	*row = (struct encoding_row){ NULL, NULL, 0 };
}

int encoding_bind(const struct encoding *e, const struct csv_reader *in, int *index,
		  struct err *err)
{
	for (size_t i = 0; i < e->n; i++) {
		index[i] = -1;
		if (e->columns[i].kind == ENCODING_CONSTANT)
			continue;
		index[i] = schema_require(in, e->columns[i].name, err);
		if (index[i] < 0)
			return -1;
	}
	return 0;
}

static double standardise(const struct encoding_column *c, double value)
{
	double z = (value - c->mean) / c->sd;

	/* Halves, where the difference of two huge numbers is beyond a double. */
	if (!isfinite(z))
		z = (value / 2 - c->mean / 2) / c->sd * 2;
	return fabs(z) <= ENCODING_MAX ? z : copysign(ENCODING_MAX, value - c->mean);
}

static uint32_t level_of(const struct encoding_column *c, const struct csv_field *f)
{
	uint32_t level = intern_find(&c->levels, f->s, f->len);

	return level == INTERN_NONE ? c->levels.n : level;
}

int encoding_read(const struct encoding *e, const int *index, const struct csv_reader *in,
		  const struct csv_row *row, double *value, struct err *err)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];
		const struct csv_field *f;

		if (c->kind == ENCODING_CONSTANT)
			continue;
		f = &row->fields[index[i]];
		if (c->kind == ENCODING_CATEGORY)
			value[c->value] = level_of(c, f);
		else if (!f->len)
			value[c->value] = NAN;
		else if (num_parse_double(f->s, f->len, &value[c->value]))
			return csv_reader_fail(in, index[i], err, "invalid number '%.*s'",
					       err_clip(f->len), f->s);
	}
	return 0;
}

void encoding_expand(const struct encoding *e, const double *value, struct encoding_row *out)
{
	out->n_active = 0;
	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];

		if (c->kind == ENCODING_CONSTANT)
			continue;
		if (c->kind == ENCODING_CATEGORY) {
			out->active[out->n_active++] = c->onehot + (uint32_t)value[c->value];
		} else if (isnan(value[c->value])) {
			out->dense[c->dense] = 0;
			if (c->n_missing)
				out->active[out->n_active++] = c->onehot;
		} else {
			out->dense[c->dense] = standardise(c, value[c->value]);
		}
	}
}

/*
 * What the train rows say of a column so far. Sums are in long double, whose exponents hold the
 * square of any double.
 */
struct column_fit {
	int index;
	bool numeric;
	uint64_t n, n_missing;
	double min, max;
	long double mean, squares; /* of the deviations */
	struct intern levels;
	uint64_t *level_rows;
	size_t cap;
	double *sample; /* of a number */
	size_t n_sample;
};

struct encoding_fit {
	struct column_fit *columns;
	size_t n;
	size_t max_bins;
	size_t stride; /* every so manieth row is sampled */
	size_t n_rows;
};

struct encoding_fit *encoding_fit_new(const int *index, const bool *numeric, size_t n,
				      size_t max_bins, size_t n_rows)
{
	struct encoding_fit *fit = mem_alloc(1, sizeof(*fit));

	*fit = (struct encoding_fit){ .columns = mem_zalloc(n, sizeof(*fit->columns)),
				      .n = n,
				      .max_bins = max_bins,
				      .stride = n_rows / ENCODING_SAMPLE + 1 };
	for (size_t i = 0; i < n; i++) {
		fit->columns[i].index = index[i];
		fit->columns[i].numeric = numeric[i];
	}
	return fit;
}

static void add_number(struct column_fit *c, double value, bool sampled)
{
	long double delta = value - c->mean;

	if (sampled) {
		if (!(c->n_sample & (c->n_sample - 1)))
			c->sample = mem_realloc(c->sample, c->n_sample ? 2 * c->n_sample : 1,
						sizeof(*c->sample));
		c->sample[c->n_sample++] = value;
	}
	if (!c->n || value < c->min)
		c->min = value;
	if (!c->n || value > c->max)
		c->max = value;
	c->n++;
	c->mean += delta / (long double)c->n;
	c->squares += delta * (value - c->mean);
}

static void add_level(struct column_fit *c, const struct csv_field *f)
{
	uint32_t level = intern_id(&c->levels, f->s, f->len);

	if (level >= c->cap) {
		c->cap = mem_grow(c->cap, (size_t)level + 1);
		c->level_rows = mem_realloc(c->level_rows, c->cap, sizeof(*c->level_rows));
	}
	if (level == c->n) {
		c->level_rows[level] = 0;
		c->n++;
	}
	c->level_rows[level]++;
}

void encoding_fit_row(struct encoding_fit *fit, const struct csv_row *row)
{
	bool sampled = fit->max_bins && fit->n_rows++ % fit->stride == 0;

	for (size_t i = 0; i < fit->n; i++) {
		struct column_fit *c = &fit->columns[i];
		const struct csv_field *f = &row->fields[c->index];
		double value;

		if (!c->numeric)
			add_level(c, f);
		else if (!f->len || num_parse_double(f->s, f->len, &value))
			c->n_missing++;
		else
			add_number(c, value, sampled);
	}
}

struct level {
	const struct intern_string *text;
	uint64_t rows;
};

/* Most rows first; bytewise where they are as many. */
static int by_rows(const void *a, const void *b)
{
	const struct level *x = a, *y = b;
	uint32_t common = x->text->len < y->text->len ? x->text->len : y->text->len;
	int order = (x->rows < y->rows) - (x->rows > y->rows);

	if (!order)
		order = memcmp(x->text->s, y->text->s, common);
	return order ? order : (x->text->len > y->text->len) - (x->text->len < y->text->len);
}

static void finish_category(const struct column_fit *fit, const char *name, struct encoding *e)
{
	size_t n = fit->levels.n, n_kept = 0;
	struct level *levels = mem_alloc(n, sizeof(*levels));
	struct encoding_column *c;
	uint64_t other = 0;

	for (uint32_t i = 0; i < n; i++)
		levels[i] = (struct level){ intern_string(&fit->levels, i), fit->level_rows[i] };
	qsort(levels, n, sizeof(*levels), by_rows);
	while (n_kept < n && n_kept < ENCODING_LEVELS && levels[n_kept].rows >= ENCODING_LEVEL_ROWS)
		n_kept++;
	for (size_t i = n_kept; i < n; i++)
		other += levels[i].rows;
	if (n_kept + (other > 0) < 2) {
		encoding_add(e, name, ENCODING_CONSTANT);
	} else {
		c = encoding_add(e, name, ENCODING_CATEGORY);
		c->level_rows = mem_alloc(n_kept + 1, sizeof(*c->level_rows));
		for (size_t i = 0; i < n_kept; i++) {
			intern_id(&c->levels, levels[i].text->s, levels[i].text->len);
			c->level_rows[i] = levels[i].rows;
		}
		c->level_rows[n_kept] = other;
	}
	encoding_place(e);
	free(levels);
}

static void finish_number(const struct column_fit *fit, const char *name, size_t max_bins,
			  struct encoding *e)
{
	double sd = fit->n ? (double)sqrtl(fit->squares / (long double)fit->n) : 0;
	bool one_value = fit->min == fit->max || !(sd > 0);
	struct encoding_column *c;

	if (!fit->n || (one_value && !fit->n_missing)) {
		encoding_add(e, name, ENCODING_CONSTANT);
	} else {
		c = encoding_add(e, name, ENCODING_NUMBER);
		c->mean = (double)fit->mean;
		/* One value and gaps: all that can be learnt is the indicator. */
		c->sd = one_value ? 1 : sd;
		c->n_missing = fit->n_missing;
		if (max_bins) {
			c->edges = mem_alloc(max_bins, sizeof(*c->edges));
			c->n_edges = bins_cut(fit->sample, fit->n_sample, max_bins, c->edges);
		}
	}
	encoding_place(e);
}

void encoding_fit_finish(struct encoding_fit *fit, const char *const *names, struct encoding *e)
{
	*e = (struct encoding)ENCODING_INIT;
	for (size_t i = 0; i < fit->n; i++)
		if (fit->columns[i].numeric)
			finish_number(&fit->columns[i], names[fit->columns[i].index], fit->max_bins,
				      e);
		else
			finish_category(&fit->columns[i], names[fit->columns[i].index], e);
}

void encoding_fit_free(struct encoding_fit *fit)
{
	for (size_t i = 0; fit && i < fit->n; i++) {
		intern_release(&fit->columns[i].levels);
		free(fit->columns[i].level_rows);
		free(fit->columns[i].sample);
	}
	if (fit)
		free(fit->columns);
	free(fit);
}
