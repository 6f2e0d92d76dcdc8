#include "modelsql.h"

#include "num.h"

#include <stdlib.h>
#include <string.h>

/* Beyond this a probability is 0 or 1 to 300 digits, and PostgreSQL's exp() is out of range. */
#define SCORE_MAX 700

static void put_quoted(struct buf *out, char quote, const char *s, size_t len)
{
	buf_append_char(out, quote);
	for (size_t i = 0; i < len; i++) {
		if (s[i] == quote)
			buf_append_char(out, quote);
		buf_append_char(out, s[i]);
	}
	buf_append_char(out, quote);
}

static void put_column(struct buf *out, const struct encoding_column *c)
{
	put_quoted(out, '"', c->name, strlen(c->name));
}

static void put_number(struct buf *out, double value)
{
	char text[NUM_TEXT_MAX];

	buf_append_str(out, "float8 '");
	buf_append(out, text, num_format_double(text, value));
	buf_append_char(out, '\'');
}

static void put_level(struct buf *out, const struct encoding_column *c, uint32_t level)
{
	const struct intern_string *text = intern_string(&c->levels, level);

	put_quoted(out, '\'', text->s, text->len);
}

/* No text of a database holds a NUL: such a level is none of its rows'. */
static bool is_text(const struct encoding_column *c, uint32_t level)
{
	const struct intern_string *text = intern_string(&c->levels, level);

	return !memchr(text->s, '\0', text->len);
}

/* The category's value, of which NULL and the empty string are the same. */
static void put_category(struct buf *out, const struct encoding_column *c)
{
	buf_append_str(out, "coalesce(");
	put_column(out, c);
	buf_append_str(out, "::text, '')");
}

/* Logistic regression ------------------------------------------------------------------------- */

static void put_number_term(struct buf *out, const struct encoding_column *c, double coef,
			    const double *missing)
{
	buf_append_str(out, "\n + ");
	put_number(out, coef);
	buf_append_str(out, " * coalesce(greatest(least((");
	put_column(out, c);
	buf_append_str(out, "::float8 - ");
	put_number(out, c->mean);
	buf_append_str(out, ") / ");
	put_number(out, c->sd);
	buf_append_str(out, ", ");
	put_number(out, ENCODING_MAX);
	buf_append_str(out, "), ");
	put_number(out, -ENCODING_MAX);
	buf_append_str(out, "), 0)");
	if (!missing)
		return;
	buf_append_str(out, "\n + CASE WHEN ");
	put_column(out, c);
	buf_append_str(out, " IS NULL THEN ");
	put_number(out, *missing);
	buf_append_str(out, " ELSE 0 END");
}

static void put_category_term(struct buf *out, const struct encoding_column *c, const double *coef)
{
	buf_append_str(out, "\n + CASE ");
	put_category(out, c);
	for (uint32_t i = 0; i < c->levels.n; i++) {
		if (!is_text(c, i))
			continue;
		buf_append_str(out, " WHEN ");
		put_level(out, c, i);
		buf_append_str(out, " THEN ");
		put_number(out, coef[i]);
	}
	buf_append_str(out, " ELSE ");
	put_number(out, coef[c->levels.n]);
	buf_append_str(out, " END");
}

static void put_logistic(struct buf *out, const struct model *m)
{
	const double *dense = m->logistic.coef, *onehot = dense + m->encoding.n_dense;

	put_number(out, m->logistic.intercept);
	for (size_t i = 0; i < m->encoding.n; i++) {
		const struct encoding_column *c = &m->encoding.columns[i];

		if (c->kind == ENCODING_NUMBER)
			put_number_term(out, c, dense[c->dense],
					c->n_missing ? &onehot[c->onehot] : NULL);
		else if (c->kind == ENCODING_CATEGORY)
			put_category_term(out, c, onehot + c->onehot);
	}
}

/* Trees --------------------------------------------------------------------------------------- */

/* Those levels of a set, or those that are not in it: without "other", which no list can name. */
static void put_levels(struct buf *out, const struct encoding_column *c,
		       const struct trees_levels *set, bool inside)
{
	const char *before = "";

	for (uint32_t i = 0; i < c->levels.n; i++) {
		if (trees_has_level(set, i) != inside || !is_text(c, i))
			continue;
		buf_append_str(out, before);
		put_level(out, c, i);
		before = ", ";
	}
	if (!*before)
		buf_append_str(out, "NULL");
}

static void put_condition(struct buf *out, const struct trees *t, const struct trees_node *node,
			  const struct encoding_column *c)
{
	bool other_left;

	if (node->kind == TREES_NUMBER) {
		put_column(out, c);
		buf_append_str(out, "::float8 <= ");
		put_number(out, node->threshold);
		if (node->missing_left) {
			buf_append_str(out, " OR ");
			put_column(out, c);
			buf_append_str(out, " IS NULL");
		}
		return;
	}
	other_left = trees_has_level(&t->sets[node->set], c->levels.n);
	put_category(out, c);
	buf_append_str(out, " IN (");
	put_levels(out, c, &t->sets[node->set], !other_left);
	buf_append_str(out, other_left ? ") IS NOT TRUE" : ")");
}

static void put_node(struct buf *out, const struct model *m, const struct trees_node *node,
		     const struct encoding_column *const *columns)
{
	if (node->kind == TREES_LEAF) {
		put_number(out, node->value);
		return;
	}
	buf_append_str(out, "CASE WHEN ");
	put_condition(out, &m->trees, node, columns[node->column]);
	buf_append_str(out, " THEN ");
	put_node(out, m, node + 1, columns);
	buf_append_str(out, " ELSE ");
	put_node(out, m, node + node->right, columns);
	buf_append_str(out, " END");
}

static void put_trees(struct buf *out, const struct model *m)
{
	const struct encoding_column **columns = encoding_valued(&m->encoding);

	put_number(out, m->trees.base);
	for (size_t i = 0; i < m->trees.n; i++) {
		buf_append_str(out, "\n + ");
		put_node(out, m, &m->trees.nodes[m->trees.roots[i]], columns);
	}
	free(columns);
}

void modelsql_put(struct buf *out, const struct model *m)
{
	char max[NUM_TEXT_MAX];
	size_t len = num_format_int(max, SCORE_MAX);

	buf_append_str(out, "1 / (1 + exp(-greatest(least(\n   ");
	if (m->kind == MODEL_GBDT)
		put_trees(out, m);
	else
		put_logistic(out, m);
	buf_append_str(out, ",\n ");
	buf_append(out, max, len);
	buf_append_str(out, "), -");
	buf_append(out, max, len);
	buf_append_str(out, ")))\n");
}
