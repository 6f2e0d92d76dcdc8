#include "model/model_logistic.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "model/columnlines.h"
#include "model/sqltext.h"
#include "model/viewtext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct logistic *fit_of(const struct model *m)
{
	const struct model_logistic *l = m->fit;

	return &l->fit;
}

static double score(const struct model *m, const double *value, struct matrix_row *scratch)
{
	encoding_expand(&m->encoding, value, scratch);
	return logistic_score(fit_of(m), &m->encoding.shape, scratch);
}

/* The share of the train rows in which a number is empty. */
static double missing_share(const struct model *m, const struct encoding_column *c)
{
	double share = c->n_missing ? (double)c->n_missing / (double)m->learnt : 0;

	return share <= 1 ? share : 1;
}

/* The rows of a cell; of those of a number that is known, its bins hold about as many each. */
static double cell_rows(const struct model *m, const struct encoding_column *c, uint32_t i)
{
	double n = (double)m->learnt, missing = (double)c->n_missing;

	if (c->level_rows)
		return (double)c->level_rows[i];
	if (missing > 0 && !i)
		return missing;
	return n > missing ? (n - missing) / ((double)c->n_edges + 1) : 0;
}

/* What a column adds to the score of a train row, on average. */
static double mean_part(const struct model *m, const struct encoding_column *c)
{
	const double *coef = fit_of(m)->coef + m->encoding.shape.dense + c->onehot;
	double n = 0, sum = 0;

	if (c->kind == ENCODING_NUMBER)
		return c->n_missing ? missing_share(m, c) * *coef : 0;
	for (uint32_t i = 0; i < encoding_cells(c); i++) {
		double rows = cell_rows(m, c, i);

		n += rows;
		sum += rows * coef[i];
	}
	return n > 0 ? sum / n : 0;
}

static void *explain_new(const struct model *m, double *base)
{
	double *mean = mem_alloc(m->encoding.n_values, sizeof(*mean));

	*base = fit_of(m)->intercept;
	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		mean[i] = mean_part(m, encoding_valued(&m->encoding, i));
		*base += mean[i];
	}
	return mean;
}

/* An encoded row, taken apart in the order of its columns. */
struct parts {
	const struct model *m;
	const struct matrix_row *row;
	size_t n_active; /* taken */
	uint32_t n_entries;
};

/* What the next one-hot column of the row adds, if it is one of those n. */
static double take_active(struct parts *p, uint32_t first, uint32_t n)
{
	uint32_t column;

	if (p->n_active == p->row->n_active)
		return 0;
	column = p->row->active[p->n_active];
	if (column < first || column - first >= n)
		return 0;
	p->n_active++;
	return fit_of(p->m)->coef[p->m->encoding.shape.dense + column];
}

static double take_column(struct parts *p, const struct encoding_column *c)
{
	if (c->kind != ENCODING_NUMBER)
		return take_active(p, c->onehot, encoding_cells(c));
	return fit_of(p->m)->coef[c->dense] * p->row->dense[c->dense] +
	       take_active(p, c->onehot, c->n_missing > 0);
}

static double take_interaction(struct parts *p, const struct encoding_interaction *in)
{
	const struct matrix_shape *shape = &p->m->encoding.shape;
	const double *coef = fit_of(p->m)->coef;
	uint32_t i = p->n_entries;

	if (in->sort == ENCODING_ONEHOT)
		return take_active(p, in->first, in->n);
	if (in->sort == ENCODING_DENSE)
		return coef[in->first] * p->row->dense[in->first];
	p->n_entries++;
	return coef[(size_t)shape->dense + shape->onehot + p->row->column[i]] * p->row->value[i];
}

static void explain_row(const struct model *m, const double *mean, const struct matrix_row *row,
			double *contribution)
{
	const struct encoding *e = &m->encoding;
	struct parts p = { .m = m, .row = row };

	for (uint32_t i = 0; i < e->n_values; i++)
		contribution[i] = take_column(&p, encoding_valued(e, i)) - mean[i];
	for (size_t i = 0; i < e->n_interactions; i++) {
		const struct encoding_interaction *in = &e->interactions[i];
		double part = take_interaction(&p, in);

		for (int k = 0; k < 2; k++)
			contribution[e->columns[in->column[k]].value] += part / 2;
	}
}

static void explain(const struct model *m, const void *prepared, const double *value, size_t n,
		    double *contribution)
{
	const struct encoding *e = &m->encoding;
	struct matrix_row row;

	matrix_row_init(&row, &e->shape);
	for (size_t i = 0; i < n; i++) {
		encoding_expand(e, value + i * e->n_values, &row);
		explain_row(m, prepared, &row, contribution + i * e->n_values);
	}
	matrix_row_release(&row);
}

static void release(void *fit)
{
	struct model_logistic *l = fit;

	logistic_release(&l->fit);
}

/* The file ------------------------------------------------------------------------------------- */

static void format(struct buf *out, const struct model *m)
{
	const struct model_logistic *l = m->fit;

	buf_append_str(out, "l2");
	lines_put_double(out, l->options.l2);
	buf_append_str(out, l->l2_chosen ? " auto\n" : "\n");
	lines_add_double(out, "tolerance", l->options.tolerance);
	lines_add_int(out, "iterations", l->fit.iterations);
	lines_add_double(out, "gradient", l->fit.gradient);
	lines_add_double(out, "objective", l->fit.objective);
	buf_append_str(out, "intercept");
	columnlines_put_coef(out, l->fit.intercept, l->fit.intercept_se);
	columnlines_put(out, &m->encoding, l->fit.coef, l->fit.se);
}

static int parse(struct lines *s, struct model *m)
{
	struct model_logistic *l = m->fit;
	struct columnlines_coefs coefs;
	int64_t iterations;

	if (lines_keyword(s, "l2") || lines_double(s, 0, &l->options.l2))
		return -1;
	l->l2_chosen = lines_have(s, " auto");
	if (lines_end(s) || lines_keyword(s, "tolerance") ||
	    lines_positive(s, &l->options.tolerance) || lines_end(s) ||
	    lines_read_int(s, "iterations", 0, INT32_MAX, &iterations) ||
	    lines_read_double(s, "gradient", 0, &l->fit.gradient) ||
	    lines_read_double(s, "objective", 0, &l->fit.objective) ||
	    lines_keyword(s, "intercept") ||
	    columnlines_read_coef(s, &l->fit.intercept, &l->fit.intercept_se) ||
	    columnlines_read(s, &m->encoding, &coefs))
		return -1;
	l->fit.iterations = (int)iterations;
	l->fit.converged = l->fit.gradient <= l->options.tolerance;
	l->fit.coef = coefs.coef;
	l->fit.se = coefs.se;
	l->fit.n = coefs.n;
	return 0;
}

/* The text for people -------------------------------------------------------------------------- */

/* Room for what is shown of a bin. */
struct cell_name {
	char text[NUM_TEXT_MAX + 4];
};

/* What is shown of a cell: of a bin, its upper edge, and of the last one, what it is above. */
static const char *cell_text(const struct encoding_column *c, uint32_t i, struct cell_name *room,
			     size_t *len)
{
	uint32_t bin = i - (c->n_missing > 0);
	const char *sign = bin < c->n_edges ? "<= " : "> ";

	if (c->kind == ENCODING_CATEGORY)
		return viewtext_level(c, i, len);
	if (!c->n_edges || (c->n_missing && !i)) {
		*len = strlen("(empty)");
		return c->n_missing && !i ? "(empty)" : "(known)";
	}
	*len = strlen(sign);
	memcpy(room->text, sign, *len);
	*len += num_format_double(room->text + *len, c->edges[bin < c->n_edges ? bin : bin - 1]);
	return room->text;
}

/* Whether a cell is worth a line: "other" without a train row is not. */
static bool is_shown(const struct model *m, const struct encoding_column *c, uint32_t i)
{
	return !c->level_rows || c->level_rows[i] ||
	       fit_of(m)->coef[m->encoding.shape.dense + c->onehot + i] != 0;
}

/* Half a line's worth of each, so that either can be told. */
#define HALF_WIDTH ((VIEWTEXT_WIDTH - 5) / 2)

static void put_pair_title(struct buf *out, const struct encoding *e,
			   const struct encoding_interaction *in)
{
	for (int k = 0; k < 2; k++) {
		const char *name = e->columns[in->column[k]].name;

		buf_append_str(out, k ? " : " : "");
		utf8_put(out, name, strlen(name), HALF_WIDTH);
	}
}

/* The cells of product i. */
static void put_product_name(struct buf *out, const struct encoding *e,
			     const struct encoding_interaction *in, uint32_t i)
{
	const struct encoding_column *c[2] = { &e->columns[in->column[0]],
					       &e->columns[in->column[1]] };
	uint32_t n_second = encoding_cells(c[1]) ? encoding_cells(c[1]) : 1;
	const char *before = "";
	struct cell_name room;
	size_t len;

	for (int k = 0; k < 2; k++) {
		const char *text;

		if (!encoding_cells(c[k]))
			continue;
		text = cell_text(c[k], k ? i % n_second : i / n_second, &room, &len);
		buf_append_str(out, before);
		utf8_put(out, text, len, HALF_WIDTH);
		before = " : ";
	}
}

/* The widest of the names of columns, and of cells after two blanks. */
static size_t name_width(const struct encoding *e)
{
	size_t width = viewtext_name_width(e);
	struct buf text = BUF_INIT, shown = BUF_INIT;
	struct cell_name room;

	for (size_t i = 0; i < e->n; i++)
		for (uint32_t j = 0; j < encoding_cells(&e->columns[i]); j++) {
			size_t len, n;
			const char *cell = cell_text(&e->columns[i], j, &room, &len);

			n = 2 + utf8_put(&shown, cell, len, VIEWTEXT_WIDTH - 2);
			width = n > width ? n : width;
			buf_clear(&shown);
		}
	for (size_t i = 0; i < e->n_interactions; i++) {
		const struct encoding_interaction *in = &e->interactions[i];

		for (uint32_t j = 0; j < in->n; j++) {
			size_t name_len;

			buf_clear(&text);
			if (in->n > 1)
				put_product_name(&text, e, in, j);
			else
				put_pair_title(&text, e, in);
			name_len = (in->n > 1 ? 2 : 0) +
				   utf8_put(&shown, text.data, text.len, VIEWTEXT_WIDTH - 2);
			buf_clear(&shown);
			width = name_len > width ? name_len : width;
		}
	}
	buf_release(&text);
	buf_release(&shown);
	return width;
}

/* The standard deviation of a number's part of the score, over the train rows. */
static double number_spread(const struct model *m, const struct encoding_column *c)
{
	double gaps = missing_share(m, c);
	double coef = fit_of(m)->coef[c->dense];
	double missing = c->n_missing ? fit_of(m)->coef[m->encoding.shape.dense + c->onehot] : 0;

	return sqrt((1 - gaps) * (coef * coef + gaps * missing * missing));
}

/* That of a column with cells. */
static double cells_spread(const struct model *m, const struct encoding_column *c)
{
	const double *coef = fit_of(m)->coef + m->encoding.shape.dense + c->onehot;
	uint32_t n_cells = encoding_cells(c);
	double n = 0, mean = 0, squares = 0;

	for (uint32_t i = 0; i < n_cells; i++) {
		double rows = cell_rows(m, c, i);

		n += rows;
		mean += rows * coef[i];
	}
	if (n <= 0)
		return 0;
	mean /= n;
	for (uint32_t i = 0; i < n_cells; i++)
		squares += cell_rows(m, c, i) * (coef[i] - mean) * (coef[i] - mean);
	return sqrt(squares / n);
}

static void put_coef(struct buf *out, double coef, double se)
{
	viewtext_cell(out, coef);
	if (isfinite(se) && se > 0) {
		viewtext_cell(out, se);
		buf_printf(out, "%9.2f", coef / se);
	} else {
		buf_printf(out, "%12s%9s", "-", "-");
	}
	viewtext_cell(out, exp(coef));
}

static void put_numeric(struct buf *out, const struct model *m, const struct encoding_column *c,
			size_t width)
{
	const struct logistic *fit = fit_of(m);
	size_t missing = m->encoding.shape.dense + c->onehot;

	viewtext_column(out, width, c);
	put_coef(out, fit->coef[c->dense], fit->se[c->dense]);
	buf_append_str(out, "  per sd of ");
	viewtext_number(out, c->sd);
	buf_append_str(out, ", mean ");
	viewtext_number(out, c->mean);
	if (isfinite(c->low)) {
		buf_append_str(out, ", clipped to ");
		viewtext_number(out, c->low);
		buf_append_str(out, " .. ");
		viewtext_number(out, c->high);
	}
	buf_append_char(out, '\n');
	if (!c->n_missing)
		return;
	viewtext_name(out, width, 2, "(empty)", strlen("(empty)"));
	put_coef(out, fit->coef[missing], fit->se[missing]);
	buf_printf(out, "  %llu rows\n", (unsigned long long)c->n_missing);
}

static void put_cells(struct buf *out, const struct model *m, const struct encoding_column *c,
		      size_t width)
{
	size_t first = m->encoding.shape.dense + c->onehot, len;
	struct cell_name room;

	viewtext_column(out, 0, c);
	buf_append_char(out, '\n');
	for (uint32_t i = 0; i < encoding_cells(c); i++) {
		const char *text = cell_text(c, i, &room, &len);

		if (!is_shown(m, c, i))
			continue;
		viewtext_name(out, width, 2, text, len);
		put_coef(out, fit_of(m)->coef[first + i], fit_of(m)->se[first + i]);
		if (c->level_rows)
			buf_printf(out, "  %llu rows", (unsigned long long)c->level_rows[i]);
		else if (c->n_missing && !i)
			buf_printf(out, "  %llu rows", (unsigned long long)c->n_missing);
		buf_append_char(out, '\n');
	}
}

static void put_interaction(struct buf *out, const struct model *m,
			    const struct encoding_interaction *in, size_t width)
{
	size_t first = encoding_product(&m->encoding, in);
	uint32_t n = in->n;
	struct buf text = BUF_INIT;

	put_pair_title(&text, &m->encoding, in);
	viewtext_name(out, n > 1 ? 0 : width, 0, text.data, text.len);
	if (n > 1)
		buf_append_char(out, '\n');
	for (uint32_t i = 0; i < n; i++) {
		/* No train row has the pair: its coefficient is exactly 0. */
		if (n > 1 && fit_of(m)->coef[first + i] == 0)
			continue;
		buf_clear(&text);
		put_product_name(&text, &m->encoding, in, i);
		if (n > 1)
			viewtext_name(out, width, 2, text.data, text.len);
		put_coef(out, fit_of(m)->coef[first + i], fit_of(m)->se[first + i]);
		buf_append_char(out, '\n');
	}
	buf_release(&text);
}

/* The columns, those first whose part of the score varies most over the train rows. */
static struct viewtext_rank *ranks_of(const struct model *m)
{
	struct viewtext_rank *ranks = viewtext_ranks(&m->encoding);

	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		const struct encoding_column *c = ranks[i].column;

		ranks[i].value = c->kind == ENCODING_NUMBER ? number_spread(m, c)
							    : cells_spread(m, c);
	}
	viewtext_sort(ranks, m->encoding.n_values);
	return ranks;
}

static void end_line(struct buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	buf_append_char(out, '\n');
}

static void put_columns(struct buf *out, const struct model *m)
{
	struct viewtext_rank *ranks = ranks_of(m);
	size_t width = name_width(&m->encoding);

	buf_printf(out, "\n%*s%12s%12s%9s%12s\n", (int)width, "", "coefficient", "std. error", "z",
		   "odds ratio");
	viewtext_name(out, width, 0, "(intercept)", strlen("(intercept)"));
	put_coef(out, fit_of(m)->intercept, fit_of(m)->intercept_se);
	end_line(out);
	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		if (ranks[i].column->kind == ENCODING_NUMBER)
			put_numeric(out, m, ranks[i].column, width);
		else
			put_cells(out, m, ranks[i].column, width);
	for (size_t i = 0; i < m->encoding.n_interactions; i++)
		put_interaction(out, m, &m->encoding.interactions[i], width);
	free(ranks);
}

static void put_summary(struct buf *out, const struct model *m)
{
	const struct model_logistic *l = m->fit;

	buf_printf(out, "model         logistic regression, l2 %g%s, %s after %d iterations\n",
		   l->options.l2, l->l2_chosen ? " (by cross-validation)" : "",
		   l->fit.converged ? "converged" : "NOT converged", l->fit.iterations);
}

/* JSON ----------------------------------------------------------------------------------------- */

/* A coefficient and its standard error, as members. */
static void json_coef(struct jsonout *j, const struct model *m, size_t at)
{
	double se = fit_of(m)->se[at];

	jsonout_key(j, "coefficient");
	jsonout_real(j, fit_of(m)->coef[at]);
	jsonout_key(j, "std_error");
	jsonout_real(j, se > 0 ? se : NAN);
}

static void json_member(struct jsonout *j, const char *key, double value)
{
	jsonout_key(j, key);
	jsonout_real(j, value);
}

/* A number's own members, and those of its empty value. */
static void json_number(struct jsonout *j, const struct model *m, const struct encoding_column *c)
{
	json_coef(j, m, c->dense);
	json_member(j, "mean", c->mean);
	json_member(j, "sd", c->sd);
	json_member(j, "low", c->low);
	json_member(j, "high", c->high);
	jsonout_key(j, "empty");
	if (c->n_missing) {
		jsonout_open(j, '{');
		jsonout_key(j, "rows");
		jsonout_count(j, c->n_missing);
		json_coef(j, m, m->encoding.shape.dense + c->onehot);
		jsonout_close(j, '}');
	} else {
		jsonout_null(j);
	}
}

/* Which values the i-th cell is of: a level, or the upper edge of a bin. */
static void json_cell(struct jsonout *j, const struct encoding_column *c, uint32_t i)
{
	bool is_empty = c->kind == ENCODING_BINNED && c->n_missing && !i;
	uint32_t bin = i - (c->n_missing > 0);

	if (c->kind == ENCODING_CATEGORY) {
		jsonout_key(j, "level");
		if (i < c->levels.n)
			jsonout_text(j, intern_string(&c->levels, i)->s,
				     intern_string(&c->levels, i)->len);
		else
			jsonout_null(j);
		jsonout_key(j, "rows");
		jsonout_count(j, c->level_rows[i]);
		return;
	}
	jsonout_key(j, "empty");
	jsonout_bool(j, is_empty);
	json_member(j, "up_to", !is_empty && bin < c->n_edges ? c->edges[bin] : NAN);
}

static void json_cells(struct jsonout *j, const struct model *m, const struct encoding_column *c)
{
	jsonout_key(j, "cells");
	jsonout_open(j, '[');
	for (uint32_t i = 0; i < encoding_cells(c); i++) {
		jsonout_open(j, '{');
		json_cell(j, c, i);
		json_coef(j, m, m->encoding.shape.dense + c->onehot + i);
		jsonout_close(j, '}');
	}
	jsonout_close(j, ']');
}

static void json_interactions(struct jsonout *j, const struct encoding *e)
{
	jsonout_key(j, "interactions");
	jsonout_open(j, '[');
	for (size_t i = 0; i < e->n_interactions; i++) {
		jsonout_open(j, '[');
		for (int side = 0; side < 2; side++)
			jsonout_str(j, e->columns[e->interactions[i].column[side]].name);
		jsonout_close(j, ']');
	}
	jsonout_close(j, ']');
}

static void put_json(struct jsonout *j, const struct model *m)
{
	const struct model_logistic *l = m->fit;
	struct viewtext_rank *ranks = ranks_of(m);

	jsonout_open(j, '{');
	jsonout_key(j, "kind");
	jsonout_str(j, "logistic");
	json_member(j, "l2", l->options.l2);
	jsonout_key(j, "l2_chosen");
	jsonout_bool(j, l->l2_chosen);
	jsonout_key(j, "converged");
	jsonout_bool(j, l->fit.converged);
	jsonout_key(j, "iterations");
	jsonout_int(j, l->fit.iterations);
	json_member(j, "intercept", l->fit.intercept);
	json_member(j, "intercept_std_error", l->fit.intercept_se > 0 ? l->fit.intercept_se : NAN);
	jsonout_key(j, "features");
	jsonout_open(j, '[');
	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		const struct encoding_column *c = ranks[i].column;

		jsonout_open(j, '{');
		jsonout_key(j, "feature");
		jsonout_str(j, c->name);
		jsonout_key(j, "kind");
		jsonout_str(j, viewtext_kind(c));
		json_member(j, "spread", ranks[i].value);
		if (c->kind == ENCODING_NUMBER)
			json_number(j, m, c);
		else
			json_cells(j, m, c);
		jsonout_close(j, '}');
	}
	jsonout_close(j, ']');
	json_interactions(j, &m->encoding);
	jsonout_close(j, '}');
	free(ranks);
}

/* SQL ------------------------------------------------------------------------------------------ */

static void used_values(const struct model *m, bool *used)
{
	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		used[i] = true;
}

static void sql_number(struct buf *out, const struct encoding_column *c, double coef,
		       double missing)
{
	buf_append_str(out, "CASE WHEN ");
	sqltext_name(out, c->name);
	buf_append_str(out, " IS NULL THEN ");
	sqltext_number(out, missing);
	buf_append_str(out, " ELSE ");
	sqltext_number(out, sqltext_factor(coef));
	buf_append_str(out, " * ");
	sqltext_name(out, c->name);
	buf_append_str(out, " END");
}

/* Appends the value of a cell. */
typedef void cell_put(struct buf *out, const void *context, uint32_t cell);

static void sql_levels(struct buf *out, const struct encoding_column *c, cell_put *put_cell,
		       const void *context)
{
	bool any = false;

	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *text = sqltext_level(c, i);

		if (!text)
			continue;
		if (!any) {
			buf_append_str(out, "CASE ");
			sqltext_name(out, c->name);
		}
		any = true;
		buf_append_str(out, " WHEN ");
		sqltext_string(out, text->s, text->len);
		buf_append_str(out, " THEN ");
		put_cell(out, context, i);
	}
	if (any)
		buf_append_str(out, " ELSE ");
	put_cell(out, context, c->levels.n);
	if (any)
		buf_append_str(out, " END");
}

static void sql_bins(struct buf *out, const struct encoding_column *c, cell_put *put_cell,
		     const void *context)
{
	uint32_t first = c->n_missing > 0;

	buf_append_str(out, "CASE WHEN ");
	sqltext_name(out, c->name);
	buf_append_str(out, " IS NULL THEN ");
	if (first)
		put_cell(out, context, 0);
	else
		sqltext_number(out, 0);
	for (uint32_t i = 0; i < c->n_edges; i++) {
		buf_append_str(out, " WHEN ");
		sqltext_name(out, c->name);
		buf_append_str(out, " <= ");
		sqltext_number(out, c->edges[i]);
		buf_append_str(out, " THEN ");
		put_cell(out, context, first + i);
	}
	buf_append_str(out, " ELSE ");
	put_cell(out, context, first + (uint32_t)c->n_edges);
	buf_append_str(out, " END");
}

/* By the cell of a row. */
static void sql_cells(struct buf *out, const struct encoding_column *c, cell_put *put_cell,
		      const void *context)
{
	if (out->len > SQLTEXT_MAX)
		return;
	if (c->kind == ENCODING_BINNED)
		sql_bins(out, c, put_cell, context);
	else
		sql_levels(out, c, put_cell, context);
}

static void sql_coef(struct buf *out, const void *context, uint32_t cell)
{
	const double *coef = context;

	sqltext_number(out, sqltext_factor(coef[cell]));
}

/* A pair of columns with cells. */
struct pair {
	const struct encoding_column *second;
	const double *coef;
};

static void sql_row_of_pair(struct buf *out, const void *context, uint32_t cell)
{
	const struct pair *p = context;

	sql_cells(out, p->second, sql_coef, p->coef + (size_t)cell * encoding_cells(p->second));
}

/* "CASE WHEN A IS NULL OR B IS NULL THEN 0 ELSE value * ... END" of one or two numbers. */
static void sql_product(struct buf *out, const struct encoding_column *a,
			const struct encoding_column *b, const double *coef)
{
	const struct encoding_column *number = encoding_cells(a) ? b : a;
	bool both = !encoding_cells(a) && !encoding_cells(b);

	buf_append_str(out, "CASE WHEN ");
	sqltext_name(out, number->name);
	buf_append_str(out, " IS NULL");
	if (both) {
		buf_append_str(out, " OR ");
		sqltext_name(out, b->name);
		buf_append_str(out, " IS NULL");
	}
	buf_append_str(out, " THEN 0 ELSE ");
	if (both) {
		sqltext_number(out, sqltext_factor(*coef));
		buf_append_str(out, " * greatest(least(");
		sqltext_name(out, a->name);
		buf_append_str(out, " * ");
		sqltext_name(out, b->name);
		buf_append_str(out, ", ");
		sqltext_number(out, ENCODING_MAX);
		buf_append_str(out, "), ");
		sqltext_number(out, -ENCODING_MAX);
		buf_append_char(out, ')');
	} else {
		sqltext_name(out, number->name);
		buf_append_str(out, " * ");
		sql_cells(out, number == a ? b : a, sql_coef, coef);
	}
	buf_append_str(out, " END");
}

static void sql_interaction(struct buf *out, const struct model *m,
			    const struct encoding_interaction *i)
{
	const struct encoding_column *a = &m->encoding.columns[i->column[0]];
	const struct encoding_column *b = &m->encoding.columns[i->column[1]];
	struct pair pair = { b, fit_of(m)->coef + encoding_product(&m->encoding, i) };

	if (i->sort == ENCODING_ONEHOT)
		sql_cells(out, a, sql_row_of_pair, &pair);
	else
		sql_product(out, a, b, pair.coef);
}

/* The intercept is term 0; after the columns come the interactions. */
static void sql_term(struct buf *out, const void *context, size_t i)
{
	const struct model *m = context;
	const struct encoding *e = &m->encoding;
	const struct logistic *fit = fit_of(m);
	const struct encoding_column *c;
	const double *onehot;

	if (!i) {
		sqltext_number(out, fit->intercept);
		return;
	}
	if (i > e->n_values) {
		sql_interaction(out, m, &e->interactions[i - 1 - e->n_values]);
		return;
	}
	c = encoding_valued(e, (uint32_t)i - 1);
	onehot = fit->coef + e->shape.dense + c->onehot;
	if (c->kind == ENCODING_NUMBER)
		sql_number(out, c, fit->coef[c->dense], c->n_missing ? *onehot : 0);
	else
		sql_cells(out, c, sql_coef, onehot);
}

static void put_sql(struct buf *out, const struct model *m)
{
	sqltext_sum(out, sql_term, m, 0,
		    (size_t)m->encoding.n_values + 1 + m->encoding.n_interactions);
}

const struct model_learner learner_logistic = {
	.name = "logistic",
	.size = sizeof(struct model_logistic),
	.release = release,
	.score = score,
	.explain_new = explain_new,
	.explain = explain,
	.explain_free = free,
	.format = format,
	.parse = parse,
	.put_summary = put_summary,
	.put_columns = put_columns,
	.put_json = put_json,
	.used_values = used_values,
	.put_sql = put_sql,
	.standardised = true,
};
