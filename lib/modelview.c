#include "modelview.h"

#include "mem.h"
#include "num.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH 38

static void put(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct buf *out, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	va_start(args, format);
	vsnprintf(buf_reserve(out, (size_t)n + 1), (size_t)n + 1, format, args);
	va_end(args);
	out->len += (size_t)n;
}

/* Text of a file, in which control bytes would play with a terminal. */
static void put_text(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_append_char(out, (unsigned char)s[i] < ' ' || s[i] == 0x7f ? '?' : s[i]);
}

/* How wide text is: of UTF-8, only a first byte counts. */
static size_t width(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* A column's name, or behind two blanks a level of it, up to the first figure. */
static void put_name(struct buf *out, const char *name, const char *level, size_t level_len)
{
	size_t start = out->len;

	if (level)
		put(out, "  %s", level_len ? "" : "(empty)");
	put_text(out, level ? level : name, level ? level_len : strlen(name));
	start = width(out->data + start, out->len - start);
	put(out, "%*s", start < NAME_WIDTH ? (int)(NAME_WIDTH - start) : 1, "");
}

static void put_head(struct buf *out, const struct model *m)
{
	const struct split *s = &m->split;

	put(out, "predicts      ");
	put_text(out, s->label, strlen(s->label));
	put(out, "\nlearnt from   %llu rows, %llu of them positive",
	    (unsigned long long)s->rows[SPLIT_TRAIN], (unsigned long long)s->positives[SPLIT_TRAIN]);
	if (s->has_cut)
		put(out, ", before %lld", (long long)s->cut);
	put(out, "\nto judge by   %llu rows, %llu of them positive\n",
	    (unsigned long long)s->rows[SPLIT_TEST], (unsigned long long)s->positives[SPLIT_TEST]);
}

/* Logistic regression ------------------------------------------------------------------------- */

static void put_coef(struct buf *out, double coef, double se)
{
	put(out, "%12.5f%12.4g", coef, exp(coef));
	if (isfinite(se))
		put(out, "%12.5f%9.2f", se, coef / se);
	else
		put(out, "%12s%9s", "-", "-");
}

static void put_number(struct buf *out, const struct model *m, const struct encoding_column *c)
{
	const struct logistic *fit = &m->logistic;
	size_t missing = m->encoding.n_dense + c->onehot;

	put_name(out, c->name, NULL, 0);
	put_coef(out, fit->coef[c->dense], fit->se[c->dense]);
	put(out, "  a step of %.6g from %.6g\n", c->sd, c->mean);
	if (!c->n_missing)
		return;
	put_name(out, c->name, "", 0);
	put_coef(out, fit->coef[missing], fit->se[missing]);
	put(out, "  %llu rows\n", (unsigned long long)c->n_missing);
}

static void put_category(struct buf *out, const struct model *m, const struct encoding_column *c)
{
	size_t first = m->encoding.n_dense + c->onehot;

	put_text(out, c->name, strlen(c->name));
	buf_append_char(out, '\n');
	for (uint32_t i = 0; i <= c->levels.n; i++) {
		if (i < c->levels.n) {
			const struct intern_string *level = intern_string(&c->levels, i);

			put_name(out, c->name, level->s, level->len);
		} else {
			put_name(out, c->name, "(other)", strlen("(other)"));
		}
		put_coef(out, m->logistic.coef[first + i], m->logistic.se[first + i]);
		put(out, "  %llu rows\n", (unsigned long long)c->level_rows[i]);
	}
}

static void put_logistic(struct buf *out, const struct model *m)
{
	const struct logistic *fit = &m->logistic;

	put(out, "by            logistic regression, l2 %g, %d iterations, %s\n\n", m->options.l2,
	    fit->iterations, fit->converged ? "at the optimum" : "NOT at the optimum");
	put(out, "%*s%12s%12s%12s%9s\n", -NAME_WIDTH, "", "coefficient", "odds ratio", "std. error",
	    "z");
	put_name(out, "(intercept)", NULL, 0);
	put_coef(out, fit->intercept, fit->intercept_se);
	buf_append_char(out, '\n');
	for (size_t i = 0; i < m->encoding.n; i++) {
		const struct encoding_column *c = &m->encoding.columns[i];

		if (c->kind == ENCODING_NUMBER)
			put_number(out, m, c);
		else if (c->kind == ENCODING_CATEGORY)
			put_category(out, m, c);
	}
}

/* Trees --------------------------------------------------------------------------------------- */

struct use {
	const struct encoding_column *column;
	double gain;
	uint64_t n;
};

static int by_gain(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->gain != y->gain)
		return x->gain > y->gain ? -1 : 1;
	return strcmp(x->column->name, y->column->name);
}

static void put_gains(struct buf *out, const struct model *m)
{
	const struct encoding_column **columns = encoding_valued(&m->encoding);
	struct use *uses = mem_zalloc(m->encoding.n_values, sizeof(*uses));
	double sum = 0;

	for (uint32_t j = 0; j < m->encoding.n_values; j++)
		uses[j].column = columns[j];
	for (size_t i = 0; i < m->trees.n_nodes; i++) {
		const struct trees_node *node = &m->trees.nodes[i];

		if (node->kind == TREES_LEAF)
			continue;
		uses[node->column].gain += node->gain;
		uses[node->column].n++;
		sum += node->gain;
	}
	qsort(uses, m->encoding.n_values, sizeof(*uses), by_gain);
	put(out, "%*s%12s%12s%9s\n", -NAME_WIDTH, "", "gain", "share", "splits");
	for (uint32_t j = 0; j < m->encoding.n_values; j++) {
		put_name(out, uses[j].column->name, NULL, 0);
		put(out, "%12.2f%11.2f%%%9llu\n", uses[j].gain,
		    sum > 0 ? 100 * uses[j].gain / sum : 0, (unsigned long long)uses[j].n);
	}
	free(uses);
	free(columns);
}

static void put_gbdt(struct buf *out, const struct model *m)
{
	const struct gbdt_options *o = &m->boosting;

	put(out,
	    "by            %zu trees of %zu tried: depth %lld, %lld leaves, rate %g, l2 %g, log loss "
	    "%.6g",
	    m->trees.n, m->report.n_tried, (long long)o->depth, (long long)o->leaves, o->rate,
	    o->l2, m->report.train_loss);
	if (m->held)
		put(out, "\nstopped by    the newest %g %% of the rows: log loss %.6g",
		    (double)m->held * 100 / NUM_MILLION, m->report.held_loss);
	buf_append_str(out, "\n\n");
	put_gains(out, m);
}

void modelview_put(struct buf *out, const struct model *m)
{
	put_head(out, m);
	if (m->kind == MODEL_GBDT)
		put_gbdt(out, m);
	else
		put_logistic(out, m);
}

static void put_levels(struct buf *out, const struct trees_levels *set,
		       const struct encoding_column *c)
{
	const char *before = "";

	for (uint32_t i = 0; i <= c->levels.n; i++) {
		if (!trees_has_level(set, i))
			continue;
		put(out, "%s", before);
		if (i == c->levels.n) {
			put(out, "(other)");
		} else {
			const struct intern_string *level = intern_string(&c->levels, i);

			put(out, "%s", level->len ? "" : "(empty)");
			put_text(out, level->s, level->len);
		}
		before = ", ";
	}
}

static void put_node(struct buf *out, const struct model *m, const struct trees_node *node,
		     const struct encoding_column *const *columns, int depth)
{
	put(out, "%*s", 2 * depth, "");
	if (node->kind == TREES_LEAF) {
		put(out, "%+.6g  (%llu rows)\n", node->value, (unsigned long long)node->rows);
		return;
	}
	put_text(out, columns[node->column]->name, strlen(columns[node->column]->name));
	if (node->kind == TREES_NUMBER) {
		put(out, " <= %.9g%s", node->threshold, node->missing_left ? " or empty" : "");
	} else {
		put(out, " in ");
		put_levels(out, &m->trees.sets[node->set], columns[node->column]);
	}
	put(out, "  (gain %.4g, %llu rows)\n", node->gain, (unsigned long long)node->rows);
	put_node(out, m, node + 1, columns, depth + 1);
	put_node(out, m, node + node->right, columns, depth + 1);
}

void modelview_put_trees(struct buf *out, const struct model *m)
{
	const struct encoding_column **columns = encoding_valued(&m->encoding);

	for (size_t i = 0; i < m->trees.n; i++) {
		put(out, "\ntree %zu\n", i + 1);
		put_node(out, m, &m->trees.nodes[m->trees.roots[i]], columns, 1);
	}
	free(columns);
}
