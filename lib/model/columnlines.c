#include "model/columnlines.h"

#include "base/mem.h"
#include "learn/bins.h"
#include "learn/logistic.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Writing -------------------------------------------------------------------------------------- */

struct writing {
	struct buf *out;
	const struct encoding *e;
	const double *coef, *se;
};

void columnlines_put_coef(struct buf *out, double coef, double se)
{
	lines_put_double(out, coef);
	if (isfinite(se))
		lines_put_double(out, se);
	else
		lines_put_word(out, "-");
	buf_append_char(out, '\n');
}

/* The same of column `at` of the matrix, or only the end of the line. */
static void put_coef_at(const struct writing *w, size_t at)
{
	if (w->coef)
		columnlines_put_coef(w->out, w->coef[at], w->se[at]);
	else
		buf_append_char(w->out, '\n');
}

static void put_levels(const struct writing *w, const struct encoding_column *c)
{
	size_t onehot = w->e->shape.dense + c->onehot;

	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *level = intern_string(&c->levels, i);

		buf_append_str(w->out, "level");
		lines_put_string(w->out, level->s, level->len);
		lines_put_count(w->out, c->level_rows[i]);
		put_coef_at(w, onehot + i);
	}
	buf_append_str(w->out, "other");
	lines_put_count(w->out, c->level_rows[c->levels.n]);
	put_coef_at(w, onehot + c->levels.n);
}

static void put_bins(const struct writing *w, const struct encoding_column *c)
{
	size_t onehot = w->e->shape.dense + c->onehot + (c->n_missing > 0);

	for (size_t i = 0; i <= c->n_edges; i++) {
		buf_append_str(w->out, "bin");
		if (i < c->n_edges)
			lines_put_double(w->out, c->edges[i]);
		else
			lines_put_word(w->out, "-");
		put_coef_at(w, onehot + i);
	}
}

static void put_column(const struct writing *w, const struct encoding_column *c)
{
	static const char *const keywords[] = { "number", "category", "bins", "constant" };

	buf_append_str(w->out, keywords[c->kind]);
	lines_put_string(w->out, c->name, strlen(c->name));
	if (c->kind != ENCODING_NUMBER) {
		buf_append_char(w->out, '\n');
	} else {
		lines_put_double(w->out, c->mean);
		lines_put_double(w->out, c->sd);
		put_coef_at(w, c->dense);
	}
	if (isfinite(c->low)) {
		buf_append_str(w->out, "clip");
		lines_put_double(w->out, c->low);
		lines_put_double(w->out, c->high);
		buf_append_char(w->out, '\n');
	}
	if (c->n_missing) {
		buf_append_str(w->out, "missing");
		lines_put_count(w->out, c->n_missing);
		put_coef_at(w, w->e->shape.dense + c->onehot);
	}
	if (c->kind == ENCODING_CATEGORY)
		put_levels(w, c);
	else if (c->kind == ENCODING_BINNED)
		put_bins(w, c);
}

static void put_interaction(const struct writing *w, const struct encoding_interaction *i)
{
	size_t first = encoding_product(w->e, i);

	buf_append_str(w->out, "interaction");
	for (int k = 0; k < 2; k++) {
		const char *name = w->e->columns[i->column[k]].name;

		lines_put_string(w->out, name, strlen(name));
	}
	buf_append_char(w->out, '\n');
	for (uint32_t k = 0; k < i->n; k++) {
		buf_append_str(w->out, "product");
		put_coef_at(w, first + k);
	}
}

void columnlines_put(struct buf *out, const struct encoding *e, const double *coef,
		     const double *se)
{
	struct writing w = { out, e, coef, se };

	for (size_t i = 0; i < e->n; i++)
		put_column(&w, &e->columns[i]);
	for (size_t i = 0; i < e->n_interactions; i++)
		put_interaction(&w, &e->interactions[i]);
}

/* Reading -------------------------------------------------------------------------------------- */

int columnlines_read_coef(struct lines *s, double *coef, double *se)
{
	if (lines_double(s, -COLUMNLINES_COEF_MAX, coef))
		return -1;
	if (*coef > COLUMNLINES_COEF_MAX)
		return lines_fail(s, "a number out of range");
	*se = INFINITY;
	if (!lines_have(s, " -") && lines_double(s, 0, se))
		return -1;
	return lines_end(s);
}

/* Coefficients as they are read, before it is known how many there are. */
struct coefs {
	double *v, *se;
	size_t n, cap;
};

/* Ends a line with a coefficient, unless `coefs` is NULL: the model has none. */
static int take_coef(struct lines *s, struct coefs *coefs)
{
	double value = 0, se = 0;

	if (!coefs)
		return lines_end(s);
	if (columnlines_read_coef(s, &value, &se))
		return -1;
	if (coefs->n == LOGISTIC_COEFFICIENTS_MAX)
		return lines_fail(s, "too many coefficients");
	if (coefs->n == coefs->cap) {
		coefs->cap = mem_grow(coefs->cap, coefs->n + 1);
		coefs->v = mem_realloc(coefs->v, coefs->cap, sizeof(*coefs->v));
		coefs->se = mem_realloc(coefs->se, coefs->cap, sizeof(*coefs->se));
	}
	coefs->v[coefs->n] = value;
	coefs->se[coefs->n++] = se;
	return 0;
}

static int read_missing(struct lines *s, struct encoding_column *c, struct coefs *onehot)
{
	if (!lines_next_is(s, "missing"))
		return 0;
	if (lines_count(s, &c->n_missing) || take_coef(s, onehot))
		return -1;
	return c->n_missing ? 0 : lines_fail(s, "a number out of range");
}

/* A model without coefficients, such as trees, does not clip. */
static int read_clip(struct lines *s, struct encoding_column *c, const struct coefs *dense)
{
	if (!dense || !lines_next_is(s, "clip"))
		return 0;
	if (s->version < 3)
		return lines_fail(s, "not a line of version 2");
	if (lines_double(s, -DBL_MAX, &c->low) || lines_double(s, c->low, &c->high))
		return -1;
	return lines_end(s);
}

static int read_number(struct lines *s, struct encoding_column *c, struct coefs *dense,
		       struct coefs *onehot)
{
	return lines_double(s, -DBL_MAX, &c->mean) || lines_positive(s, &c->sd) ||
			       take_coef(s, dense) || read_clip(s, c, dense) ||
			       read_missing(s, c, onehot)
		       ? -1
		       : 0;
}

static int read_bins(struct lines *s, struct encoding_column *c, struct coefs *onehot)
{
	if (lines_end(s) || read_missing(s, c, onehot))
		return -1;
	c->edges = mem_alloc(BINS_MAX, sizeof(*c->edges));
	for (;; c->n_edges++) {
		double *edge = &c->edges[c->n_edges];

		if (lines_keyword(s, "bin"))
			return -1;
		if (lines_have(s, " -"))
			return take_coef(s, onehot);
		if (c->n_edges == BINS_MAX - 1)
			return lines_fail(s, "too many bins");
		if (lines_double(s, -DBL_MAX, edge))
			return -1;
		if (c->n_edges && *edge <= edge[-1])
			return lines_fail(s, "an edge out of order");
		if (take_coef(s, onehot))
			return -1;
	}
}

static int read_category(struct lines *s, struct encoding_column *c, struct buf *text,
			 struct coefs *onehot)
{
	uint32_t n = 0;

	if (lines_end(s))
		return -1;
	c->level_rows = mem_zalloc(ENCODING_LEVELS + 1, sizeof(*c->level_rows));
	for (; lines_next_is(s, "level"); n++) {
		if (n == ENCODING_LEVELS)
			return lines_fail(s, "too many levels");
		if (lines_string(s, text))
			return -1;
		if (intern_id(&c->levels, text->data, text->len) != n)
			return lines_fail(s, "duplicate level");
		if (lines_count(s, &c->level_rows[n]) || take_coef(s, onehot))
			return -1;
	}
	return lines_keyword(s, "other") || lines_count(s, &c->level_rows[n]) ||
			       take_coef(s, onehot)
		       ? -1
		       : 0;
}

/* What reading the columns needs besides the encoding. */
struct columns {
	bool have_coefs;
	struct coefs of[3]; /* by enum encoding_sort */
	struct intern names;
	struct buf text;
};

/* Reads the column whose first line is the current one, up to its name. */
static int read_column(struct lines *s, struct encoding *e, struct columns *columns,
		       enum encoding_kind kind)
{
	struct encoding_column *c;
	struct buf *text = &columns->text;
	struct coefs *dense = columns->have_coefs ? &columns->of[ENCODING_DENSE] : NULL;
	struct coefs *onehot = columns->have_coefs ? &columns->of[ENCODING_ONEHOT] : NULL;
	uint32_t n = columns->names.n;
	int rc;

	if (n == ENCODING_COLUMNS_MAX)
		return lines_fail(s, "too many columns");
	if (lines_name(s, text))
		return -1;
	if (intern_id(&columns->names, text->data, text->len) != n)
		return lines_fail(s, "duplicate column");
	c = encoding_add(e, text->data, kind);
	if (kind == ENCODING_NUMBER)
		rc = read_number(s, c, dense, onehot);
	else if (kind == ENCODING_CATEGORY)
		rc = read_category(s, c, text, onehot);
	else if (kind == ENCODING_BINNED)
		rc = read_bins(s, c, onehot);
	else
		rc = lines_end(s);
	encoding_place(e);
	return rc;
}

static int read_columns(struct lines *s, struct encoding *e, struct columns *columns)
{
	static const struct {
		const char *keyword;
		enum encoding_kind kind;
	} kinds[] = { { "number", ENCODING_NUMBER },
		      { "category", ENCODING_CATEGORY },
		      { "constant", ENCODING_CONSTANT },
		      { "bins", ENCODING_BINNED } };
	/* Bins are columns only of a model with coefficients. */
	const size_t n = columns->have_coefs ? 4 : 3;
	size_t i;

	do {
		for (i = 0; i < n; i++)
			if (lines_next_is(s, kinds[i].keyword))
				break;
		if (i < n && read_column(s, e, columns, kinds[i].kind))
			return -1;
	} while (i < n);
	return 0;
}

/* One of the columns that were read, which is not constant. */
static int read_column_name(struct lines *s, const struct encoding *e, struct columns *columns,
			    uint32_t *column)
{
	if (lines_name(s, &columns->text))
		return -1;
	*column = intern_find(&columns->names, columns->text.data, columns->text.len);
	if (*column == INTERN_NONE || e->columns[*column].kind == ENCODING_CONSTANT)
		return lines_fail(s, "no column of that name");
	return 0;
}

static int read_interactions(struct lines *s, struct encoding *e, struct columns *columns)
{
	while (lines_next_is(s, "interaction")) {
		const struct encoding_interaction *i;
		uint32_t a, b;

		if (read_column_name(s, e, columns, &a) || read_column_name(s, e, columns, &b) ||
		    lines_end(s))
			return -1;
		if (a == b || encoding_interact(e, a, b))
			return lines_fail(s, "an invalid interaction");
		i = &e->interactions[e->n_interactions - 1];
		for (uint32_t k = 0; k < i->n; k++)
			if (lines_keyword(s, "product") || take_coef(s, &columns->of[i->sort]))
				return -1;
	}
	return 0;
}

/* Puts them in the order of the matrix. */
static void join_coefs(struct columnlines_coefs *all, const struct coefs of[3])
{
	size_t n = of[0].n + of[1].n + of[2].n;

	all->n = 0;
	all->coef = mem_alloc(n, sizeof(*all->coef));
	all->se = mem_alloc(n, sizeof(*all->se));
	for (int sort = 0; sort < 3; sort++)
		for (size_t i = 0; i < of[sort].n; i++) {
			all->coef[all->n] = of[sort].v[i];
			all->se[all->n++] = of[sort].se[i];
		}
}

static void release_coefs(struct coefs *coefs)
{
	free(coefs->v);
	free(coefs->se);
}

int columnlines_read(struct lines *s, struct encoding *e, struct columnlines_coefs *coefs)
{
	struct columns columns = { .have_coefs = coefs, .names = INTERN_INIT, .text = BUF_INIT };
	int rc = read_columns(s, e, &columns) || (coefs && read_interactions(s, e, &columns));

	if (!rc && coefs)
		join_coefs(coefs, columns.of);
	for (int sort = 0; sort < 3; sort++)
		release_coefs(&columns.of[sort]);
	intern_release(&columns.names);
	buf_release(&columns.text);
	return rc ? -1 : 0;
}
