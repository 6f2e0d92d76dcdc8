#include "model/modelsql.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this a probability is 0 or 1 to 300 digits, and PostgreSQL's exp() is out of range. */
#define SCORE_MAX "700"

/* Half of the smallest double: what is no larger rounds to 0, at which PostgreSQL fails. */
#define ROUNDS_TO_0 "2.4703282292062328e-324"

/* Smaller factors are taken as 0, for their products could be too small for a double. */
#define FACTOR_MIN 1e-200

/* Shares of a step smaller than this are taken as 0, for the same reason. */
#define SHARE_MIN 1e-30

/* What a statement may come to; PostgreSQL takes no more than four times as much. */
#define SQL_MAX ((size_t)256 * 1024 * 1024)

/* A name is cut behind this many bytes. */
#define NAME_MAX_LEN 63

/* Text ----------------------------------------------------------------------------------------- */

static void put_number(struct buf *out, double value)
{
	buf_append_str(out, "float8 '");
	out->len += num_format_double(buf_reserve(out, NUM_TEXT_MAX), value);
	buf_append_char(out, '\'');
}

static void put_name(struct buf *out, const char *name)
{
	buf_append_char(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_append_char(out, '"');
		buf_append_char(out, *name);
	}
	buf_append_char(out, '"');
}

static int check_name(const char *name, struct err *err)
{
	size_t len = strlen(name);
	const char *why = !len                    ? "is empty"
			  : len > NAME_MAX_LEN    ? "is longer than 63 bytes"
			  : utf8_valid(name, len) ? NULL
						  : "is not UTF-8";

	return why ? err_set(err, ERR_RUNTIME,
			     "column '%.*s': no column of PostgreSQL: its name %s", err_clip(len),
			     name, why)
		   : 0;
}

/* What stands for a character between quotes, of a string with escapes or without; or NULL. */
static const char *escape_of(char c)
{
	switch (c) {
	case '\'':
		return "''";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	default:
		return NULL;
	}
}

/* As E'...', where a backslash or a line break asks for its escapes. */
static void put_string(struct buf *out, const char *s, size_t len)
{
	bool escaped = memchr(s, '\\', len) || memchr(s, '\n', len) || memchr(s, '\r', len);
	size_t done = 0;

	buf_append_str(out, escaped ? "E'" : "'");
	for (size_t i = 0; i < len; i++) {
		const char *escape = escape_of(s[i]);

		if (!escape)
			continue;
		buf_append(out, s + done, i - done);
		buf_append_str(out, escape);
		done = i + 1;
	}
	buf_append(out, s + done, len - done);
	buf_append_char(out, '\'');
}

/* A level that is no text of a database is none of its rows'. */
static const struct intern_string *level_text(const struct encoding_column *c, uint32_t level)
{
	const struct intern_string *text = intern_string(&c->levels, level);

	return utf8_valid(text->s, text->len) ? text : NULL;
}

/* Appends term number i of a sum. */
typedef void term_put(struct buf *out, const void *context, size_t i);

/* The sum of n terms from `first` on. */
static void put_sum(struct buf *out, term_put *put_term, const void *context, size_t first,
		    size_t n)
{
	if (n == 1) {
		put_term(out, context, first);
		return;
	}
	buf_append_char(out, '(');
	put_sum(out, put_term, context, first, n / 2);
	buf_append_str(out, "\n + ");
	put_sum(out, put_term, context, first + n / 2, n - n / 2);
	buf_append_char(out, ')');
}

/* Columns -------------------------------------------------------------------------------------- */

/* The columns that the score is about, by the places of their values. */
struct columns {
	const struct encoding *encoding;
	bool *used;
	uint32_t n;
};

/* Of trees, those that a split asks for. */
static struct columns columns_of(const struct model *m)
{
	struct columns c = { &m->encoding, NULL, m->encoding.n_values };

	c.used = mem_zalloc(c.n, sizeof(*c.used));
	for (uint32_t i = 0; i < c.n; i++)
		c.used[i] = m->kind == MODEL_LOGISTIC;
	for (size_t i = 0; i < m->trees.n_nodes; i++)
		if (m->trees.nodes[i].kind != TREES_LEAF)
			c.used[m->trees.nodes[i].column] = true;
	return c;
}

/* How a stage makes a column of the one before. */
typedef void column_put(struct buf *out, const struct encoding_column *c);

/* "SELECT ... AS NAME, ...": all columns that are used. */
static void put_stage(struct buf *out, const struct columns *columns, column_put *put_column)
{
	const char *before = "\n  ";

	buf_append_str(out, "SELECT");
	for (uint32_t i = 0; i < columns->n; i++) {
		if (!columns->used[i])
			continue;
		buf_append_str(out, before);
		put_column(out, encoding_valued(columns->encoding, i));
		buf_append_str(out, " AS ");
		put_name(out, encoding_valued(columns->encoding, i)->name);
		before = ",\n  ";
	}
}

/* As COPY writes it: format() has the type's own output, which a cast to text is not of them all.
 */
static void put_text(struct buf *out, const struct encoding_column *c)
{
	bool number = c->kind != ENCODING_CATEGORY;

	buf_append_str(out, number ? "nullif(format('%s', " : "format('%s', ");
	put_name(out, c->name);
	buf_append_str(out, number ? "), '')" : ") COLLATE \"C\"");
}

/* Text as a double, which fails if it rounds to 0, but is none. */
static void put_value(struct buf *out, const struct encoding_column *c)
{
	if (c->kind == ENCODING_CATEGORY) {
		put_name(out, c->name);
		return;
	}
	buf_append_str(out, "CASE WHEN abs(");
	put_name(out, c->name);
	buf_append_str(out, "::numeric) <= " ROUNDS_TO_0 " THEN 0 ELSE ");
	put_name(out, c->name);
	buf_append_str(out, "::float8 END");
}

/* " WHEN NAME operator BOUND THEN VALUE" */
static void put_when(struct buf *out, const struct encoding_column *c, const char *operator,
		     double bound, double value)
{
	buf_append_str(out, " WHEN ");
	put_name(out, c->name);
	buf_append_str(out, operator);
	put_number(out, bound);
	buf_append_str(out, " THEN ");
	put_number(out, value);
}

/* (NAME * scale - a) / b */
static void put_step(struct buf *out, const struct encoding_column *c, const char *scale, double a,
		     double b)
{
	buf_append_char(out, '(');
	put_name(out, c->name);
	buf_append_str(out, scale);
	buf_append_str(out, " - ");
	put_number(out, a);
	buf_append_str(out, ") / ");
	put_number(out, b);
}

/*
 * The standardised value. What is too large for it is asked first, then what is so near the mean
 * that the quotient could be too small for a double. Where the scale is so huge that a difference
 * could be too large for one, half of either is taken, and what is near 0 counts as 0.
 */
static void put_standardised(struct buf *out, const struct encoding_column *c)
{
	bool huge = c->sd > 1e275;
	double reach = c->sd * ENCODING_MAX, near = c->sd * SHARE_MIN, centre = huge ? 0 : c->mean;

	if (c->kind != ENCODING_NUMBER) {
		put_name(out, c->name);
		return;
	}
	buf_append_str(out, "CASE");
	if (isfinite(c->mean + reach))
		put_when(out, c, " > ", c->mean + reach, ENCODING_MAX);
	if (isfinite(c->mean - reach))
		put_when(out, c, " < ", c->mean - reach, -ENCODING_MAX);
	if (centre - near < centre + near) {
		buf_append_str(out, " WHEN ");
		put_name(out, c->name);
		buf_append_str(out, " BETWEEN ");
		put_number(out, centre - near);
		buf_append_str(out, " AND ");
		put_number(out, centre + near);
		buf_append_str(out, " THEN ");
		put_number(out, huge ? -c->mean / c->sd : 0);
	}
	buf_append_str(out, " ELSE ");
	if (huge)
		put_step(out, c, " / 2", c->mean / 2, c->sd / 2);
	else
		put_step(out, c, "", c->mean, c->sd);
	buf_append_str(out, " END");
}

/* Logistic regression -------------------------------------------------------------------------- */

struct linear {
	const struct model *model;
	const struct columns *columns;
};

static double factor(double value)
{
	return fabs(value) < FACTOR_MIN ? 0 : value;
}

static void put_number_term(struct buf *out, const struct encoding_column *c, double coef,
			    double missing)
{
	buf_append_str(out, "CASE WHEN ");
	put_name(out, c->name);
	buf_append_str(out, " IS NULL THEN ");
	put_number(out, missing);
	buf_append_str(out, " ELSE ");
	put_number(out, factor(coef));
	buf_append_str(out, " * ");
	put_name(out, c->name);
	buf_append_str(out, " END");
}

/* Appends what a cell stands for. */
typedef void cell_put(struct buf *out, const void *context, uint32_t cell);

static void put_levels_of(struct buf *out, const struct encoding_column *c, cell_put *put_cell,
			  const void *context)
{
	bool any = false;

	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *text = level_text(c, i);

		if (!text)
			continue;
		if (!any) {
			buf_append_str(out, "CASE ");
			put_name(out, c->name);
		}
		any = true;
		buf_append_str(out, " WHEN ");
		put_string(out, text->s, text->len);
		buf_append_str(out, " THEN ");
		put_cell(out, context, i);
	}
	if (any)
		buf_append_str(out, " ELSE ");
	put_cell(out, context, c->levels.n);
	if (any)
		buf_append_str(out, " END");
}

static void put_bins_of(struct buf *out, const struct encoding_column *c, cell_put *put_cell,
			const void *context)
{
	uint32_t first = c->n_missing > 0;

	buf_append_str(out, "CASE WHEN ");
	put_name(out, c->name);
	buf_append_str(out, " IS NULL THEN ");
	if (first)
		put_cell(out, context, 0);
	else
		put_number(out, 0);
	for (uint32_t i = 0; i < c->n_edges; i++) {
		buf_append_str(out, " WHEN ");
		put_name(out, c->name);
		buf_append_str(out, " <= ");
		put_number(out, c->edges[i]);
		buf_append_str(out, " THEN ");
		put_cell(out, context, first + i);
	}
	buf_append_str(out, " ELSE ");
	put_cell(out, context, first + (uint32_t)c->n_edges);
	buf_append_str(out, " END");
}

/* By the cell of a row. */
static void put_cells(struct buf *out, const struct encoding_column *c, cell_put *put_cell,
		      const void *context)
{
	if (out->len > SQL_MAX)
		return;
	if (c->kind == ENCODING_BINNED)
		put_bins_of(out, c, put_cell, context);
	else
		put_levels_of(out, c, put_cell, context);
}

static void put_coef(struct buf *out, const void *context, uint32_t cell)
{
	const double *coef = context;

	put_number(out, factor(coef[cell]));
}

/* A pair of columns with cells. */
struct pair {
	const struct encoding_column *second;
	const double *coef;
};

static void put_row_of_pair(struct buf *out, const void *context, uint32_t cell)
{
	const struct pair *p = context;

	put_cells(out, p->second, put_coef, p->coef + (size_t)cell * encoding_cells(p->second));
}

/* "CASE WHEN A IS NULL OR B IS NULL THEN 0 ELSE value * ... END" of one or two numbers. */
static void put_product(struct buf *out, const struct encoding_column *a,
			const struct encoding_column *b, const double *coef)
{
	const struct encoding_column *number = encoding_cells(a) ? b : a;
	bool both = !encoding_cells(a) && !encoding_cells(b);

	buf_append_str(out, "CASE WHEN ");
	put_name(out, number->name);
	buf_append_str(out, " IS NULL");
	if (both) {
		buf_append_str(out, " OR ");
		put_name(out, b->name);
		buf_append_str(out, " IS NULL");
	}
	buf_append_str(out, " THEN 0 ELSE ");
	if (both) {
		put_number(out, factor(*coef));
		buf_append_str(out, " * greatest(least(");
		put_name(out, a->name);
		buf_append_str(out, " * ");
		put_name(out, b->name);
		buf_append_str(out, ", ");
		put_number(out, ENCODING_MAX);
		buf_append_str(out, "), ");
		put_number(out, -ENCODING_MAX);
		buf_append_char(out, ')');
	} else {
		put_name(out, number->name);
		buf_append_str(out, " * ");
		put_cells(out, number == a ? b : a, put_coef, coef);
	}
	buf_append_str(out, " END");
}

static void put_interaction_term(struct buf *out, const struct model *m,
				 const struct encoding_interaction *i)
{
	const struct encoding_column *a = &m->encoding.columns[i->column[0]];
	const struct encoding_column *b = &m->encoding.columns[i->column[1]];
	struct pair pair = { b, m->logistic.coef + encoding_product(&m->encoding, i) };

	if (i->sort == ENCODING_ONEHOT)
		put_cells(out, a, put_row_of_pair, &pair);
	else
		put_product(out, a, b, pair.coef);
}

/* The intercept is term 0; behind the columns come the interactions. */
static void put_linear_term(struct buf *out, const void *context, size_t i)
{
	const struct linear *l = context;
	const double *dense = l->model->logistic.coef, *onehot;
	const struct encoding_column *c;

	if (!i) {
		put_number(out, l->model->logistic.intercept);
		return;
	}
	if (i > l->columns->n) {
		put_interaction_term(out, l->model,
				     &l->model->encoding.interactions[i - 1 - l->columns->n]);
		return;
	}
	c = encoding_valued(&l->model->encoding, (uint32_t)i - 1);
	onehot = dense + l->model->encoding.shape.dense + c->onehot;
	if (c->kind == ENCODING_NUMBER)
		put_number_term(out, c, dense[c->dense], c->n_missing ? *onehot : 0);
	else
		put_cells(out, c, put_coef, onehot);
}

/* Trees ---------------------------------------------------------------------------------------- */

struct forest {
	const struct trees *trees;
	const struct columns *columns;
};

/*
 * Those levels of a set, or those that are not in it: never "other", which no list can name.
 * Appends nothing if there are none.
 */
static void put_levels(struct buf *out, const struct encoding_column *c,
		       const struct trees_levels *set, bool inside)
{
	const char *before = "";

	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *text =
			trees_has_level(set, i) == inside ? level_text(c, i) : NULL;

		if (!text)
			continue;
		buf_append_str(out, before);
		put_string(out, text->s, text->len);
		before = ", ";
	}
}

static void put_among(struct buf *out, const struct encoding_column *c,
		      const struct trees_levels *set)
{
	bool other = trees_has_level(set, c->levels.n);
	size_t start = out->len, first;

	put_name(out, c->name);
	buf_append_str(out, other ? " NOT IN (" : " IN (");
	first = out->len;
	put_levels(out, c, set, !other);
	if (out->len > first) {
		buf_append_char(out, ')');
		return;
	}
	out->len = start;
	buf_append_str(out, other ? "true" : "false");
}

static void put_condition(struct buf *out, const struct forest *f, const struct trees_node *node)
{
	const struct encoding_column *c = encoding_valued(f->columns->encoding, node->column);

	if (node->kind == TREES_CATEGORY) {
		put_among(out, c, &f->trees->sets[node->set]);
		return;
	}
	put_name(out, c->name);
	buf_append_str(out, " <= ");
	put_number(out, node->threshold);
	if (!node->missing_left)
		return;
	buf_append_str(out, " OR ");
	put_name(out, c->name);
	buf_append_str(out, " IS NULL");
}

static void put_node(struct buf *out, const struct forest *f, const struct trees_node *node)
{
	if (out->len > SQL_MAX)
		return;
	if (node->kind == TREES_LEAF) {
		put_number(out, node->value);
		return;
	}
	buf_append_str(out, "CASE WHEN ");
	put_condition(out, f, node);
	buf_append_str(out, " THEN ");
	put_node(out, f, node + 1);
	buf_append_str(out, " ELSE ");
	put_node(out, f, node + node->right);
	buf_append_str(out, " END");
}

/* The base is term 0. */
static void put_tree_term(struct buf *out, const void *context, size_t i)
{
	const struct forest *f = context;

	if (i)
		put_node(out, f, &f->trees->nodes[f->trees->roots[i - 1]]);
	else
		put_number(out, f->trees->base);
}

/* Calibration ---------------------------------------------------------------------------------- */

static void put_isotonic(struct buf *out, const struct calibration *c, size_t low, size_t high);

/* Straight from knot i to the next, for scores from one to the other. */
static void put_line(struct buf *out, const struct calibration *c, size_t i)
{
	double width = c->score[i + 1] - c->score[i];
	double rise = c->probability[i + 1] - c->probability[i];
	double start = c->score[i] + width * SHARE_MIN;

	if (rise < SHARE_MIN || !isfinite(width)) {
		put_number(out, c->probability[i]);
		return;
	}
	buf_append_str(out, "CASE WHEN score <= ");
	put_number(out, start);
	buf_append_str(out, " THEN ");
	put_number(out, c->probability[i]);
	buf_append_str(out, " ELSE ");
	put_number(out, c->probability[i]);
	buf_append_str(out, " + (score - ");
	put_number(out, c->score[i]);
	buf_append_str(out, ") / ");
	put_number(out, width);
	buf_append_str(out, " * ");
	put_number(out, rise);
	buf_append_str(out, " END");
}

/* By bisection, between two knots. */
static void put_isotonic(struct buf *out, const struct calibration *c, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;

	if (out->len > SQL_MAX)
		return;
	if (high - low == 1) {
		put_line(out, c, low);
		return;
	}
	buf_append_str(out, "CASE WHEN score < ");
	put_number(out, c->score[middle]);
	buf_append_str(out, " THEN ");
	put_isotonic(out, c, low, middle);
	buf_append_str(out, "\n ELSE ");
	put_isotonic(out, c, middle, high);
	buf_append_str(out, " END");
}

static void put_knots(struct buf *out, const struct calibration *c)
{
	size_t last = c->n - 1;

	if (!last) {
		put_number(out, c->probability[0]);
		return;
	}
	buf_append_str(out, "CASE WHEN score <= ");
	put_number(out, c->score[0]);
	buf_append_str(out, " THEN ");
	put_number(out, c->probability[0]);
	buf_append_str(out, " WHEN score >= ");
	put_number(out, c->score[last]);
	buf_append_str(out, " THEN ");
	put_number(out, c->probability[last]);
	buf_append_str(out, "\n ELSE ");
	put_isotonic(out, c, 0, last);
	buf_append_str(out, " END");
}

/* Platt's line; a score whose product with the slope would not show is 0. */
static void put_platt(struct buf *out, const struct calibration *c)
{
	double slope = factor(c->slope);

	put_number(out, c->intercept);
	if (slope == 0)
		return;
	buf_append_str(out, " + ");
	put_number(out, slope);
	buf_append_str(out, " * CASE WHEN abs(score) > ");
	put_number(out, SHARE_MIN / fabs(slope));
	buf_append_str(out, " THEN score ELSE 0 END");
}

static void put_probability(struct buf *out, const struct calibration *c)
{
	if (c->kind == CALIBRATION_ISOTONIC) {
		put_knots(out, c);
		return;
	}
	buf_append_str(out, "1 / (1 + exp(-least(greatest(");
	if (c->kind == CALIBRATION_PLATT)
		put_platt(out, c);
	else
		buf_append_str(out, "score");
	buf_append_str(out, ", -" SCORE_MAX "), " SCORE_MAX ")))");
}

static void put_score(struct buf *out, const struct model *m, const struct columns *columns)
{
	struct linear linear = { m, columns };
	struct forest forest = { &m->trees, columns };

	if (m->kind == MODEL_GBDT)
		put_sum(out, put_tree_term, &forest, 0, m->trees.n + 1);
	else
		put_sum(out, put_linear_term, &linear, 0,
			(size_t)columns->n + 1 + m->encoding.n_interactions);
}

int modelsql_put(struct buf *out, const struct model *m, struct err *err)
{
	struct columns columns = columns_of(m);
	bool linear = m->kind == MODEL_LOGISTIC;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < columns.n; i++)
		if (columns.used[i])
			rc = check_name(encoding_valued(columns.encoding, i)->name, err);
	if (!rc) {
		buf_append_str(out, "(SELECT ");
		put_probability(out, &m->calibration);
		buf_append_str(out, "\nFROM (SELECT ");
		put_score(out, m, &columns);
		buf_append_str(out, " AS score\nFROM (");
		if (linear) {
			put_stage(out, &columns, put_standardised);
			buf_append_str(out, "\nFROM (");
		}
		put_stage(out, &columns, put_value);
		buf_append_str(out, "\nFROM (");
		put_stage(out, &columns, put_text);
		buf_append_str(out, " OFFSET 0) AS ce_text OFFSET 0) AS ce_value OFFSET 0)");
		buf_append_str(out,
			       linear ? " AS ce_step OFFSET 0) AS ce_score)\n" : " AS ce_score)\n");
		/* Whoever saw it come to this left the rest out. */
		if (out->len > SQL_MAX)
			rc = err_set(
				err, ERR_RUNTIME,
				"a model of more than 256 MiB of SQL: too much for a statement");
	}
	free(columns.used);
	return rc;
}
