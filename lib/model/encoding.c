#include "model/encoding.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "learn/bins.h"
#include "model/tails.h"
#include "table/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Clipped is one number in so many, at either end: 0.1 %. */
#define CLIP_ONE_IN ((size_t)1000)

struct encoding_column *encoding_add(struct encoding *e, const char *name, enum encoding_kind kind)
{
	struct encoding_column *c;

	if (e->n == e->cap) {
		e->cap = mem_grow(e->cap, e->n + 1);
		e->columns = mem_realloc(e->columns, e->cap, sizeof(*e->columns));
		e->valued = mem_realloc(e->valued, e->cap, sizeof(*e->valued));
	}
	c = &e->columns[e->n++];
	*c = (struct encoding_column){ .name = mem_dup(name, strlen(name)),
				       .kind = kind,
				       .low = -INFINITY,
				       .high = INFINITY,
				       .levels = INTERN_INIT };
	return c;
}

void encoding_place(struct encoding *e)
{
	struct encoding_column *c = &e->columns[e->n - 1];

	c->value = e->n_values;
	c->dense = e->shape.dense;
	c->onehot = e->shape.onehot;
	if (c->kind == ENCODING_CONSTANT)
		return;
	e->valued[e->n_values++] = (uint32_t)(e->n - 1);
	e->shape.active++;
	if (c->kind == ENCODING_NUMBER) {
		e->shape.dense++;
		e->shape.onehot += c->n_missing > 0;
	} else {
		e->shape.onehot += encoding_cells(c);
	}
}

uint32_t encoding_cells(const struct encoding_column *c)
{
	if (c->kind == ENCODING_CATEGORY)
		return c->levels.n + 1;
	return c->kind == ENCODING_BINNED ? (uint32_t)c->n_edges + 1 + (c->n_missing > 0) : 0;
}

int encoding_interact(struct encoding *e, uint32_t a, uint32_t b)
{
	uint32_t cells_a = encoding_cells(&e->columns[a]), cells_b = encoding_cells(&e->columns[b]);
	struct encoding_interaction i = { .column = { a, b },
					  .n = (cells_a ? cells_a : 1) * (cells_b ? cells_b : 1) };
	uint32_t *columns = &e->shape.dense;

	if (cells_a && cells_b) {
		i.sort = ENCODING_ONEHOT;
		columns = &e->shape.onehot;
	} else if (cells_a || cells_b) {
		i.sort = ENCODING_SPARSE;
		columns = &e->shape.sparse;
	}
	if (i.n > UINT32_MAX - *columns)
		return -1;
	e->shape.active += i.sort == ENCODING_ONEHOT;
	e->shape.entries += i.sort == ENCODING_SPARSE;
	i.first = *columns;
	*columns += i.n;
	e->interactions =
		mem_realloc(e->interactions, e->n_interactions + 1, sizeof(*e->interactions));
	e->interactions[e->n_interactions++] = i;
	return 0;
}

size_t encoding_product(const struct encoding *e, const struct encoding_interaction *i)
{
	size_t before = 0;

	if (i->sort != ENCODING_DENSE)
		before += e->shape.dense;
	if (i->sort == ENCODING_SPARSE)
		before += e->shape.onehot;
	return before + i->first;
}

int64_t encoding_find(const struct encoding *e, const char *name, size_t len)
{
	for (size_t i = 0; i < e->n; i++)
		if (strlen(e->columns[i].name) == len && !memcmp(e->columns[i].name, name, len))
			return (int64_t)i;
	return -1;
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
	free(e->valued);
	free(e->interactions);
	*e = (struct encoding)ENCODING_INIT;
}

int encoding_bind(const struct encoding *e, const struct csv_reader *in, int *index,
		  struct err *err)
{
	for (size_t i = 0; i < e->n; i++) {
		index[i] = -1;
		if (e->columns[i].kind == ENCODING_CONSTANT)
			continue;
		index[i] = columns_require(in, e->columns[i].name, err);
		if (index[i] < 0)
			return -1;
	}
	return 0;
}

static double clamp(double z)
{
	return fabs(z) <= ENCODING_MAX ? z : copysign(ENCODING_MAX, z);
}

double encoding_standardise(const struct encoding_column *c, double value)
{
	double z;

	value = value < c->low ? c->low : value > c->high ? c->high : value;
	z = (value - c->mean) / c->sd;
	/* Halves, where the difference of two huge numbers is beyond a double. */
	if (!isfinite(z))
		z = (value / 2 - c->mean / 2) / c->sd * 2;
	return clamp(z);
}

static uint32_t level_of(const struct encoding_column *c, const struct csv_field *f)
{
	uint32_t level = intern_find(&c->levels, f->s, f->len);

	return level == INTERN_NONE ? c->levels.n : level;
}

int encoding_number(const struct csv_field *f, double *value)
{
	const struct csv_field text = csv_trimmed(f);

	return num_parse_double(text.s, text.len, value);
}

bool encoding_is_word(const struct csv_field *f)
{
	for (uint32_t i = 0; i < f->len; i++)
		if (f->s[i] >= '0' && f->s[i] <= '9')
			return false;
	return true;
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
		else if (encoding_number(f, &value[c->value]))
			return csv_reader_fail(
				in, index[i], err,
				"expected a number, as in training, found '%.*s'%s",
				err_clip(f->len), f->s,
				encoding_is_word(f) ? " (ce-train --na reads such words as empty)"
						    : "");
	}
	return 0;
}

#define NO_CELL UINT32_MAX

/* The cell of a value of a column with cells. */
static uint32_t find_cell(const struct encoding_column *c, double value)
{
	if (c->kind == ENCODING_CATEGORY)
		return (uint32_t)value;
	if (isnan(value))
		return c->n_missing ? 0 : NO_CELL;
	return (uint32_t)(c->n_missing > 0) + bins_find(c->edges, c->n_edges, value) - 1;
}

static void activate(struct matrix_row *row, uint32_t column)
{
	row->active[row->n_active++] = column;
}

static void expand_column(const struct encoding_column *c, double value, struct matrix_row *out)
{
	uint32_t cell;

	if (encoding_cells(c)) {
		cell = find_cell(c, value);
		if (cell != NO_CELL)
			activate(out, c->onehot + cell);
	} else if (isnan(value)) {
		out->dense[c->dense] = 0;
		if (c->n_missing)
			activate(out, c->onehot);
	} else {
		out->dense[c->dense] = encoding_standardise(c, value);
	}
}

/* `entry`: its number among the interactions with sparse columns. */
static void expand_interaction(const struct encoding *e, const struct encoding_interaction *in,
			       const double *value, uint32_t entry, struct matrix_row *out)
{
	uint32_t place = 0;
	double z = 1;
	bool is_none = false;

	/* Cells number the products, numbers say how much each is. */
	for (int k = 0; k < 2; k++) {
		const struct encoding_column *c = &e->columns[in->column[k]];
		uint32_t n_cells = encoding_cells(c);

		if (n_cells) {
			uint32_t cell = find_cell(c, value[c->value]);

			is_none |= cell == NO_CELL;
			place = place * n_cells + (cell == NO_CELL ? 0 : cell);
		} else {
			z *= out->dense[c->dense];
		}
	}
	if (in->sort == ENCODING_DENSE) {
		out->dense[in->first] = clamp(z);
	} else if (in->sort == ENCODING_SPARSE) {
		out->column[entry] = in->first + place;
		out->value[entry] = is_none ? 0 : clamp(z);
	} else if (!is_none) {
		activate(out, in->first + place);
	}
}

void encoding_expand(const struct encoding *e, const double *value, struct matrix_row *out)
{
	uint32_t entry = 0;

	out->n_active = 0;
	for (size_t i = 0; i < e->n; i++)
		if (e->columns[i].kind != ENCODING_CONSTANT)
			expand_column(&e->columns[i], value[e->columns[i].value], out);
	for (size_t i = 0; i < e->n_interactions; i++) {
		expand_interaction(e, &e->interactions[i], value, entry, out);
		entry += e->interactions[i].sort == ENCODING_SPARSE;
	}
}

/*
 * What the train rows say of a column so far. Sums are in long double, whose exponents hold the
 * square of any double.
 */
struct column_fit {
	int index;
	bool numeric;
	uint64_t n, n_missing, n_summed;
	double min, max;
	long double mean, squares; /* of the deviations */
	struct tails tails;        /* what is to be clipped, and not in those sums yet */
	struct intern levels;
	uint64_t *level_rows;
	size_t cap;
	double *sample; /* of a number */
	size_t n_sample;
};

struct encoding_fit {
	struct column_fit *columns;
	size_t n;
	struct encoding_numbers numbers;
	size_t stride;      /* of so many rows, one is sampled: */
	size_t at, sampled; /* where among them the next row is, and the one to take */
	struct rng rng;
};

struct encoding_fit *encoding_fit_new(const int *index, const bool *numeric, size_t n,
				      struct encoding_numbers numbers, size_t n_rows)
{
	struct encoding_fit *fit = mem_alloc(1, sizeof(*fit));

	*fit = (struct encoding_fit){ .columns = mem_zalloc(n, sizeof(*fit->columns)),
				      .n = n,
				      .numbers = numbers,
				      .stride = (n_rows + ENCODING_SAMPLE - 1) / ENCODING_SAMPLE };
	rng_seed(&fit->rng, 1, 0);
	for (size_t i = 0; i < n; i++) {
		fit->columns[i].index = index[i];
		fit->columns[i].numeric = numeric[i];
		if (numeric[i] && numbers.clip)
			tails_init(&fit->columns[i].tails, n_rows / CLIP_ONE_IN + 1);
	}
	return fit;
}

/* Counts a number into mean and squares. */
static void sum_number(struct column_fit *c, double value)
{
	long double delta = value - c->mean;

	c->n_summed++;
	c->mean += delta / (long double)c->n_summed;
	c->squares += delta * (value - c->mean);
}

static void add_number(struct column_fit *c, double value, bool sampled)
{
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
	if (!c->tails.k || tails_push(&c->tails, &value))
		sum_number(c, value);
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

/* Whether the next row is one to cut numbers by: any of them, for a table may repeat itself as
 * often.
 */
static bool is_sampled(struct encoding_fit *fit)
{
	bool sampled;

	if (!fit->at)
		fit->sampled = fit->stride > 1 ? rng_below(&fit->rng, fit->stride) : 0;
	sampled = fit->at == fit->sampled;
	fit->at = fit->at + 1 < fit->stride ? fit->at + 1 : 0;
	return sampled;
}

void encoding_fit_row(struct encoding_fit *fit, const struct csv_row *row)
{
	bool sampled = fit->numbers.max_bins && is_sampled(fit);

	for (size_t i = 0; i < fit->n; i++) {
		struct column_fit *c = &fit->columns[i];
		const struct csv_field *f = &row->fields[c->index];
		double value;

		if (!c->numeric)
			add_level(c, f);
		else if (!f->len || encoding_number(f, &value))
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

/* Of levels of which n_kept are frequent: see encoding_column. */
static uint64_t count_rare(const struct level *levels, size_t n, size_t n_kept)
{
	uint64_t n_rare = 0;

	for (size_t i = 0; i < n; i++)
		n_rare += levels[i].text->len > 0;
	for (size_t i = 0; i < n_kept; i++)
		if (levels[i].text->len)
			return 0;
	return n_rare;
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
		c = encoding_add(e, name, ENCODING_CONSTANT);
	} else {
		c = encoding_add(e, name, ENCODING_CATEGORY);
		c->level_rows = mem_alloc(n_kept + 1, sizeof(*c->level_rows));
		for (size_t i = 0; i < n_kept; i++) {
			intern_id(&c->levels, levels[i].text->s, levels[i].text->len);
			c->level_rows[i] = levels[i].rows;
		}
		c->level_rows[n_kept] = other;
	}
	c->n_rare = count_rare(levels, n, n_kept);
	encoding_place(e);
	free(levels);
}

/* What a number is clipped to. */
struct range {
	double low, high;
};

/*
 * The quantiles (nearest rank) of one in CLIP_ONE_IN from either end; but where those are one
 * value, a rare other one may be all that the column says: the least and the greatest. Sums up the
 * tails, clipped.
 */
static struct range clip(struct column_fit *fit)
{
	size_t n = (size_t)fit->n, n_tails;
	double *tails = tails_take(&fit->tails, &n_tails);
	struct range r = { tails[(n - 1) / CLIP_ONE_IN], tails[n_tails - 1 - n / CLIP_ONE_IN] };

	if (r.low == r.high)
		r = (struct range){ tails[0], tails[n_tails - 1] };
	for (size_t i = 0; i < n_tails; i++)
		sum_number(fit, fmin(fmax(tails[i], r.low), r.high));
	free(tails);
	return r;
}

static void finish_number(struct column_fit *fit, const char *name, struct encoding_numbers numbers,
			  struct encoding *e)
{
	const struct range anything = { -INFINITY, INFINITY };
	struct range range = fit->n && numbers.clip ? clip(fit) : anything;
	double sd = fit->n ? (double)sqrtl(fit->squares / (long double)fit->n) : 0;
	bool one_value = fit->min == fit->max || !(sd > 0);
	struct encoding_column *c;

	if (!fit->n || (one_value && !fit->n_missing)) {
		encoding_add(e, name, ENCODING_CONSTANT);
	} else {
		c = encoding_add(e, name, numbers.onehot ? ENCODING_BINNED : ENCODING_NUMBER);
		c->low = range.low;
		c->high = range.high;
		c->mean = (double)fit->mean;
		/* One value and gaps: all that can be learnt is the indicator. */
		c->sd = one_value ? 1 : sd;
		c->n_missing = fit->n_missing;
		if (numbers.max_bins) {
			c->edges = mem_alloc(numbers.max_bins, sizeof(*c->edges));
			c->n_edges =
				bins_cut(fit->sample, fit->n_sample, numbers.max_bins, c->edges);
		}
	}
	encoding_place(e);
}

void encoding_fit_finish(struct encoding_fit *fit, const char *const *names, struct encoding *e)
{
	*e = (struct encoding)ENCODING_INIT;
	for (size_t i = 0; i < fit->n; i++)
		if (fit->columns[i].numeric)
			finish_number(&fit->columns[i], names[fit->columns[i].index], fit->numbers,
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
		tails_release(&fit->columns[i].tails);
	}
	if (fit)
		free(fit->columns);
	free(fit);
}
