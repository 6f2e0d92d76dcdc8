#include "model/model_gbdt.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "learn/treeshap.h"
#include "model/columnlines.h"
#include "model/sqltext.h"
#include "model/treelines.h"
#include "model/viewtext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLUSH_SIZE ((size_t)64 * 1024)

static const struct trees *trees_of(const struct model *m)
{
	const struct model_gbdt *g = m->fit;

	return &g->trees;
}

static double score(const struct model *m, const double *value, struct matrix_row *scratch)
{
	(void)scratch;
	return trees_score(trees_of(m), value);
}

static void *explain_new(const struct model *m, double *base)
{
	struct treeshap *s = treeshap_new(trees_of(m));

	*base = treeshap_base(s);
	return s;
}

static void explain(const struct model *m, const void *prepared, const double *value, size_t n,
		    double *contribution)
{
	for (size_t i = 0; i < n * m->encoding.n_values; i++)
		contribution[i] = 0;
	treeshap_add(prepared, value, n, m->encoding.n_values, contribution);
}

static void explain_free(void *prepared)
{
	treeshap_free(prepared);
}

static void release(void *fit)
{
	struct model_gbdt *g = fit;

	trees_release(&g->trees);
}

/* The file ------------------------------------------------------------------------------------- */

void model_gbdt_put_options(struct buf *out, const struct model *m)
{
	const struct model_gbdt *g = m->fit;
	const struct gbdt_options *o = &g->options;

	lines_add_double(out, "rate", o->tree.rate);
	lines_add_int(out, "max_trees", o->trees);
	lines_add_int(out, "depth", o->tree.depth);
	lines_add_int(out, "leaves", o->tree.leaves);
	lines_add_double(out, "l2", o->tree.l2);
	lines_add_double(out, "min_weight", o->tree.min_weight);
	lines_add_double(out, "rows", o->rows);
	lines_add_double(out, "columns", o->columns);
	lines_add_int(out, "patience", o->patience);
	lines_add_int(out, "tried", (int64_t)g->report.n_tried);
	lines_add_double(out, "train_loss", g->report.train_loss);
	if (m->validation)
		lines_add_double(out, "validation_loss", g->report.held_loss);
	else
		buf_append_str(out, "validation_loss -\n");
}

static void format(struct buf *out, const struct model *m)
{
	model_gbdt_put_options(out, m);
	columnlines_put(out, &m->encoding, NULL, NULL);
	treelines_put(out, trees_of(m), &m->encoding);
}

int model_gbdt_read_options(struct lines *s, struct model *m)
{
	struct model_gbdt *g = m->fit;
	struct gbdt_options *o = &g->options;
	int64_t tried;

	if (lines_read_share(s, "rate", &o->tree.rate) ||
	    lines_read_int(s, "max_trees", 1, INT32_MAX, &o->trees) ||
	    lines_read_int(s, "depth", 1, TREES_DEPTH_MAX, &o->tree.depth) ||
	    lines_read_int(s, "leaves", 2, TREES_LEAVES_MAX, &o->tree.leaves) ||
	    lines_read_double(s, "l2", 0, &o->tree.l2) ||
	    lines_read_double(s, "min_weight", 0, &o->tree.min_weight) ||
	    lines_read_share(s, "rows", &o->rows) || lines_read_share(s, "columns", &o->columns) ||
	    lines_read_int(s, "patience", 1, INT32_MAX, &o->patience) ||
	    lines_read_int(s, "tried", 1, o->trees, &tried) ||
	    lines_read_double(s, "train_loss", 0, &g->report.train_loss) ||
	    lines_keyword(s, "validation_loss"))
		return -1;
	o->seed = m->balance.seed;
	g->report.n_tried = (size_t)tried;
	if (m->validation ? lines_double(s, 0, &g->report.held_loss) : !lines_have(s, " -"))
		return m->validation ? -1 : lines_fail(s, "expected '-'");
	return lines_end(s);
}

static int parse(struct lines *s, struct model *m)
{
	struct model_gbdt *g = m->fit;

	return model_gbdt_read_options(s, m) || columnlines_read(s, &m->encoding, NULL) ||
			       treelines_read(s, &g->trees, &m->encoding)
		       ? -1
		       : 0;
}

/* The text for people -------------------------------------------------------------------------- */

/* The numbers with which the score never falls, or never rises. */
static void put_monotone(struct buf *out, const struct model *m, const char *title, int sign)
{
	const struct trees *t = trees_of(m);
	struct viewtext_list list = { out, title, 0 };

	for (size_t i = 0; i < t->n_monotone; i++)
		if (t->monotone[i].sign == sign)
			viewtext_item(&list,
				      encoding_valued(&m->encoding, t->monotone[i].column)->name);
	viewtext_list_end(&list);
}

static void put_summary(struct buf *out, const struct model *m)
{
	const struct model_gbdt *g = m->fit;
	const struct gbdt_options *o = &g->options;

	buf_printf(
		out,
		"model         %zu gradient-boosted trees of %zu grown: depth %lld, %lld leaves, "
		"rate %g, l2 %g, min. weight %g",
		g->trees.n, g->report.n_tried, (long long)o->tree.depth, (long long)o->tree.leaves,
		o->tree.rate, o->tree.l2, o->tree.min_weight);
	if (o->rows < 1 || o->columns < 1)
		buf_printf(
			out,
			",\n              each of a sample of %g %% of the rows and %g %% of the "
			"columns (seed %lld)",
			100 * o->rows, 100 * o->columns, (long long)o->seed);
	buf_append_char(out, '\n');
	put_monotone(out, m, "rises with    ", 1);
	put_monotone(out, m, "falls with    ", -1);
	buf_printf(out, "log loss      %.6f on the rows trained on", g->report.train_loss);
	if (m->validation)
		buf_printf(out, ", %.6f on the validation rows", g->report.held_loss);
	buf_append_char(out, '\n');
}

/* The columns by the sum of the gains of their splits. */
static struct viewtext_rank *ranks_of(const struct model *m)
{
	struct viewtext_rank *ranks = viewtext_ranks(&m->encoding);
	const struct trees *t = trees_of(m);

	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct trees_node *node = &t->nodes[i];

		if (node->kind == TREES_LEAF)
			continue;
		ranks[node->column].value += node->gain;
		ranks[node->column].n++;
	}
	viewtext_sort(ranks, m->encoding.n_values);
	return ranks;
}

static void put_columns(struct buf *out, const struct model *m)
{
	struct viewtext_rank *ranks = ranks_of(m);
	struct viewtext_list unused = { out, "not used: ", 0 };
	size_t width = viewtext_name_width(&m->encoding);
	double sum = 0;

	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		sum += ranks[i].value;
	buf_printf(out, "\n%*s%12s%9s%9s\n", (int)width, "", "gain", "share", "splits");
	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		if (!ranks[i].n)
			continue;
		viewtext_column(out, width, ranks[i].column);
		buf_printf(out, ranks[i].value < 1e9 ? "%12.2f" : "%12.4g", ranks[i].value);
		buf_printf(out, "%7.2f %%%9llu\n",
			   sum > 0 && isfinite(sum) ? 100 * ranks[i].value / sum : 0,
			   (unsigned long long)ranks[i].n);
	}
	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		if (!ranks[i].n)
			viewtext_item(&unused, ranks[i].column->name);
	viewtext_list_end(&unused);
	free(ranks);
}

/* A level in a list: in quotes where it could be taken for something else. */
static void put_level(struct buf *out, const struct encoding_column *c, uint32_t i)
{
	size_t len;
	const char *text = viewtext_level(c, i, &len);
	bool named = i < c->levels.n && intern_string(&c->levels, i)->len;
	bool quoted = named && (memchr(text, ',', len) || memchr(text, '"', len) ||
				text[0] == '(' || text[0] == ' ' || text[len - 1] == ' ');

	buf_append_str(out, quoted ? "\"" : "");
	utf8_put(out, text, len, VIEWTEXT_WIDTH);
	buf_append_str(out, quoted ? "\"" : "");
}

/* "in A, B", or by those who are not in the set, if they are fewer. */
static void put_set(struct buf *out, const struct trees_levels *set,
		    const struct encoding_column *c)
{
	const char *before = "";
	uint32_t n = 0;
	bool inside;

	for (uint32_t i = 0; i <= c->levels.n; i++)
		n += trees_has_level(set, i);
	inside = n <= (c->levels.n + 1) / 2;
	buf_append_str(out, inside ? " in " : " not in ");
	for (uint32_t i = 0; i <= c->levels.n; i++) {
		if (trees_has_level(set, i) != inside)
			continue;
		buf_append_str(out, before);
		put_level(out, c, i);
		before = ", ";
	}
}

static void put_leaf(struct buf *out, const struct trees_node *node)
{
	buf_printf(out, "%+.5g  (%llu rows)\n", node->value, (unsigned long long)node->rows);
}

static void put_split_of(struct buf *out, const struct model *m, const struct trees_node *node)
{
	const struct encoding_column *c = encoding_valued(&m->encoding, node->column);
	char text[NUM_TEXT_MAX];

	buf_append_str(out, "if ");
	utf8_put(out, c->name, strlen(c->name), VIEWTEXT_WIDTH);
	if (node->kind == TREES_NUMBER) {
		/* Not rounded: which side a value is on must be seen. */
		buf_append_str(out, " <= ");
		buf_append(out, text, num_format_double(text, node->threshold));
		buf_append_str(out, node->missing_left ? " or empty" : "");
	} else {
		put_set(out, &trees_of(m)->sets[node->set], c);
	}
	buf_printf(out, "  (%llu rows, gain %.4g)\n", (unsigned long long)node->rows, node->gain);
}

/* Trees as they are written: `text` is what has not been yet. */
struct tree_writer {
	struct gz_writer *out;
	const struct model *model;
	struct buf text;
};

static int flush(struct tree_writer *w, size_t above, struct err *err)
{
	int rc = 0;

	if (w->text.len > above) {
		rc = gz_writer_write(w->out, w->text.data, w->text.len, err);
		buf_clear(&w->text);
	}
	return rc;
}

static int write_node(struct tree_writer *w, const struct trees_node *node, int depth,
		      struct err *err)
{
	buf_printf(&w->text, "%*s", 2 * depth, "");
	if (node->kind == TREES_LEAF) {
		put_leaf(&w->text, node);
		return flush(w, FLUSH_SIZE, err);
	}
	put_split_of(&w->text, w->model, node);
	if (write_node(w, node + 1, depth + 1, err))
		return -1;
	buf_printf(&w->text, "%*selse\n", 2 * depth, "");
	return write_node(w, node + node->right, depth + 1, err);
}

static int write_trees(struct gz_writer *out, const struct model *m, struct err *err)
{
	const struct trees *t = trees_of(m);
	struct tree_writer w = { out, m, BUF_INIT };
	int rc = 0;

	buf_printf(&w.text, "\nscore before the first tree: %+.5g\n", t->base);
	for (size_t i = 0; !rc && i < t->n; i++) {
		buf_printf(&w.text, "\ntree %zu\n", i + 1);
		rc = write_node(&w, &t->nodes[t->roots[i]], 1, err);
	}
	if (!rc)
		rc = flush(&w, 0, err);
	buf_release(&w.text);
	return rc;
}

/* JSON ----------------------------------------------------------------------------------------- */

static void json_monotone(struct jsonout *j, const struct model *m, const char *key, int sign)
{
	const struct trees *t = trees_of(m);

	jsonout_key(j, key);
	jsonout_open(j, '[');
	for (size_t i = 0; i < t->n_monotone; i++)
		if (t->monotone[i].sign == sign)
			jsonout_str(j, encoding_valued(&m->encoding, t->monotone[i].column)->name);
	jsonout_close(j, ']');
}

static void put_json(struct jsonout *j, const struct model *m)
{
	const struct model_gbdt *g = m->fit;
	const struct {
		const char *key;
		double value;
	} facts[] = {
		{ "trees", (double)g->trees.n },
		{ "trees_grown", (double)g->report.n_tried },
		{ "depth", (double)g->options.tree.depth },
		{ "leaves", (double)g->options.tree.leaves },
		{ "rate", g->options.tree.rate },
		{ "l2", g->options.tree.l2 },
		{ "min_weight", g->options.tree.min_weight },
		{ "subsample", g->options.rows },
		{ "colsample", g->options.columns },
		{ "log_loss", g->report.train_loss },
		{ "validation_log_loss", m->validation ? g->report.held_loss : NAN },
	};
	struct viewtext_rank *ranks = ranks_of(m);

	jsonout_open(j, '{');
	jsonout_key(j, "kind");
	jsonout_str(j, "gbdt");
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		jsonout_key(j, facts[i].key);
		jsonout_real(j, facts[i].value);
	}
	json_monotone(j, m, "rises_with", 1);
	json_monotone(j, m, "falls_with", -1);
	jsonout_key(j, "features");
	jsonout_open(j, '[');
	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		jsonout_open(j, '{');
		jsonout_key(j, "feature");
		jsonout_str(j, ranks[i].column->name);
		jsonout_key(j, "kind");
		jsonout_str(j, viewtext_kind(ranks[i].column));
		jsonout_key(j, "gain");
		jsonout_real(j, ranks[i].value);
		jsonout_key(j, "splits");
		jsonout_count(j, ranks[i].n);
		jsonout_close(j, '}');
	}
	jsonout_close(j, ']');
	jsonout_close(j, '}');
	free(ranks);
}

/* SQL ------------------------------------------------------------------------------------------ */

/* The columns that a split is about. */
static void used_values(const struct model *m, bool *used)
{
	const struct trees *t = trees_of(m);

	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].kind != TREES_LEAF)
			used[t->nodes[i].column] = true;
}

/*
 * Those levels of a set, or those that are not in it: never "other", which no list can name.
 * Appends nothing if there are none.
 */
static void sql_levels(struct buf *out, const struct encoding_column *c,
		       const struct trees_levels *set, bool inside)
{
	const char *before = "";

	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *text =
			trees_has_level(set, i) == inside ? sqltext_level(c, i) : NULL;

		if (!text)
			continue;
		buf_append_str(out, before);
		sqltext_string(out, text->s, text->len);
		before = ", ";
	}
}

static void sql_among(struct buf *out, const struct encoding_column *c,
		      const struct trees_levels *set)
{
	bool other = trees_has_level(set, c->levels.n);
	size_t start = out->len, first;

	sqltext_name(out, c->name);
	buf_append_str(out, other ? " NOT IN (" : " IN (");
	first = out->len;
	sql_levels(out, c, set, !other);
	if (out->len > first) {
		buf_append_char(out, ')');
		return;
	}
	out->len = start;
	buf_append_str(out, other ? "true" : "false");
}

static void sql_condition(struct buf *out, const struct model *m, const struct trees_node *node)
{
	const struct encoding_column *c = encoding_valued(&m->encoding, node->column);

	if (node->kind == TREES_CATEGORY) {
		sql_among(out, c, &trees_of(m)->sets[node->set]);
		return;
	}
	sqltext_name(out, c->name);
	buf_append_str(out, " <= ");
	sqltext_number(out, node->threshold);
	if (!node->missing_left)
		return;
	buf_append_str(out, " OR ");
	sqltext_name(out, c->name);
	buf_append_str(out, " IS NULL");
}

static void sql_node(struct buf *out, const struct model *m, const struct trees_node *node)
{
	if (out->len > SQLTEXT_MAX)
		return;
	if (node->kind == TREES_LEAF) {
		sqltext_number(out, node->value);
		return;
	}
	buf_append_str(out, "CASE WHEN ");
	sql_condition(out, m, node);
	buf_append_str(out, " THEN ");
	sql_node(out, m, node + 1);
	buf_append_str(out, " ELSE ");
	sql_node(out, m, node + node->right);
	buf_append_str(out, " END");
}

/* The base is term 0. */
static void sql_term(struct buf *out, const void *context, size_t i)
{
	const struct model *m = context;
	const struct trees *t = trees_of(m);

	if (i)
		sql_node(out, m, &t->nodes[t->roots[i - 1]]);
	else
		sqltext_number(out, t->base);
}

static void put_sql(struct buf *out, const struct model *m)
{
	sqltext_sum(out, sql_term, m, 0, trees_of(m)->n + 1);
}

const struct model_learner learner_gbdt = {
	.name = "gbdt",
	.size = sizeof(struct model_gbdt),
	.release = release,
	.score = score,
	.explain_new = explain_new,
	.explain = explain,
	.explain_free = explain_free,
	.format = format,
	.parse = parse,
	.put_summary = put_summary,
	.put_columns = put_columns,
	.put_json = put_json,
	.write_trees = write_trees,
	.used_values = used_values,
	.put_sql = put_sql,
};
