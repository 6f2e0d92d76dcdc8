#include "model/modelview.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_WIDTH 48
#define FLUSH_SIZE     ((size_t)64 * 1024)

static void put_whole(struct buf *out, const char *name)
{
	utf8_put(out, name, strlen(name), SIZE_MAX);
}

/* A number of any size, to so many digits or a few more. */
static void put_number(struct buf *out, double value)
{
	buf_printf(out, fabs(value) >= 1e4 && fabs(value) < 1e15 ? "%.0f" : "%.4g", value);
}

/* The same in a cell of a table: with 4 decimals where that says enough. */
static void put_cell(struct buf *out, double value)
{
	double size = fabs(value);

	buf_printf(out, value == 0 || (size >= 0.001 && size < 1e6) ? "%12.4f" : "%12.3g", value);
}

/* Names of columns and levels ------------------------------------------------------------------ */

/* What is shown of level i of a category: what is not in its list is "other". */
static const char *level_text(const struct encoding_column *c, uint32_t i, size_t *len)
{
	const char *text = "(other)";

	if (i < c->levels.n) {
		const struct intern_string *level = intern_string(&c->levels, i);

		if (level->len) {
			*len = level->len;
			return level->s;
		}
		text = "(empty)";
	}
	*len = strlen(text);
	return text;
}

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
		return level_text(c, i, len);
	if (!c->n_edges || (c->n_missing && !i)) {
		*len = strlen("(empty)");
		return c->n_missing && !i ? "(empty)" : "(known)";
	}
	*len = strlen(sign);
	memcpy(room->text, sign, *len);
	*len += num_format_double(room->text + *len, c->edges[bin < c->n_edges ? bin : bin - 1]);
	return room->text;
}

/* Whether a cell is worth a line: "other", of which there was none to learn from, is not. */
static bool is_shown(const struct model *m, const struct encoding_column *c, uint32_t i)
{
	return !c->level_rows || c->level_rows[i] ||
	       m->logistic.coef[m->encoding.shape.dense + c->onehot + i] != 0;
}

/* Half a line's worth of each, so that either can be told. */
#define HALF_WIDTH ((NAME_MAX_WIDTH - 5) / 2)

static void put_pair_title(struct buf *out, const struct model *m,
			   const struct encoding_interaction *in)
{
	for (int k = 0; k < 2; k++) {
		const char *name = m->encoding.columns[in->column[k]].name;

		buf_append_str(out, k ? " : " : "");
		utf8_put(out, name, strlen(name), HALF_WIDTH);
	}
}

/* The cells of product i. */
static void put_product_name(struct buf *out, const struct model *m,
			     const struct encoding_interaction *in, uint32_t i)
{
	const struct encoding_column *c[2] = { &m->encoding.columns[in->column[0]],
					       &m->encoding.columns[in->column[1]] };
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

/* How wide the column of names is: of those, and of levels behind two blanks. */
static size_t name_width(const struct model *m)
{
	struct buf text = BUF_INIT, shown = BUF_INIT;
	struct cell_name room;
	size_t width = strlen("(intercept)");

	for (size_t i = 0; i < m->encoding.n; i++) {
		const struct encoding_column *c = &m->encoding.columns[i];
		size_t n, len;

		if (c->kind == ENCODING_CONSTANT)
			continue;
		n = utf8_put(&text, c->name, strlen(c->name), NAME_MAX_WIDTH);
		width = n > width ? n : width;
		for (uint32_t j = 0; m->kind == MODEL_LOGISTIC && j < encoding_cells(c); j++) {
			const char *level = cell_text(c, j, &room, &len);

			n = 2 + utf8_put(&text, level, len, NAME_MAX_WIDTH - 2);
			width = n > width ? n : width;
		}
		buf_clear(&text);
	}
	for (size_t i = 0; i < m->encoding.n_interactions; i++) {
		const struct encoding_interaction *in = &m->encoding.interactions[i];

		for (uint32_t j = 0; j < in->n; j++) {
			size_t name_len;

			buf_clear(&text);
			if (in->n > 1)
				put_product_name(&text, m, in, j);
			else
				put_pair_title(&text, m, in);
			name_len = (in->n > 1 ? 2 : 0) +
				   utf8_put(&shown, text.data, text.len, NAME_MAX_WIDTH - 2);
			buf_clear(&shown);
			width = name_len > width ? name_len : width;
		}
	}
	buf_release(&text);
	buf_release(&shown);
	return width;
}

/* Text behind `indent` blanks, and blanks up to the first figure. */
static void put_name(struct buf *out, size_t width, size_t indent, const char *s, size_t len)
{
	size_t n;

	buf_printf(out, "%*s", (int)indent, "");
	n = indent + utf8_put(out, s, len, NAME_MAX_WIDTH - indent);
	buf_printf(out, "%*s", n < width ? (int)(width - n) : 0, "");
}

static void put_column_name(struct buf *out, size_t width, const struct encoding_column *c)
{
	put_name(out, width, 0, c->name, strlen(c->name));
}

static void end_line(struct buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	buf_append_char(out, '\n');
}

/* "TITLE  NAME, NAME ...", of columns for which there are any. */
struct list {
	struct buf *out;
	const char *title;
	size_t n;
};

static void put_item(struct list *list, const char *name)
{
	buf_printf(list->out, "%s", list->n++ ? ", " : list->title);
	put_whole(list->out, name);
}

static void put_list_end(struct list *list)
{
	if (list->n)
		buf_append_char(list->out, '\n');
}

/* What it was learnt from ---------------------------------------------------------------------- */

/*
 * A time of the split's column, which may be of any unit: event_ts is in milliseconds, unless the
 * number says that it cannot be.
 */
static void put_time(struct buf *out, const struct split *s, int64_t time)
{
	struct time_civil at;
	int64_t ms;

	put_whole(out, s->time);
	if (strcmp(s->time, "event_ts") != 0 || time < 100000 * NUM_MILLION ||
	    time >= 10000000 * NUM_MILLION) {
		buf_printf(out, " %lld", (long long)time);
		return;
	}
	time_civil(time, &at);
	ms = time % TIME_MS_PER_HOUR;
	buf_printf(out, " %04lld-%02d-%02dT%02d:%02lld:%02lld.%03lldZ", (long long)at.year,
		   at.month, at.day, at.hour, (long long)(ms / TIME_MS_PER_MINUTE),
		   (long long)(ms % TIME_MS_PER_MINUTE / TIME_MS_PER_SECOND),
		   (long long)(ms % TIME_MS_PER_SECOND));
}

static void put_part(struct buf *out, const char *title, const struct split *s,
		     enum split_part part)
{
	uint64_t rows = s->rows[part], positives = s->positives[part];

	buf_printf(out, "%-14s%llu rows", title, (unsigned long long)rows);
	if (rows && part != SPLIT_UNLABELLED)
		buf_printf(out, ", %llu positive (%.1f %%)", (unsigned long long)positives,
			   100 * (double)positives / (double)rows);
}

static void put_split(struct buf *out, const struct split *s)
{
	buf_append_str(out, "predicts      ");
	put_whole(out, s->label);
	buf_append_char(out, '\n');
	put_part(out, "train", s, SPLIT_TRAIN);
	if (s->has_cut) {
		buf_append_str(out, ", before ");
		put_time(out, s, s->cut);
	}
	buf_append_char(out, '\n');
	if (s->has_cut) {
		put_part(out, "test", s, SPLIT_TEST);
		buf_append_str(out, ", from then on\n");
	}
	if (s->rows[SPLIT_PURGED]) {
		put_part(out, "purged", s, SPLIT_PURGED);
		buf_append_str(out, ", not known by then\n");
	}
	if (s->rows[SPLIT_UNLABELLED]) {
		put_part(out, "unlabelled", s, SPLIT_UNLABELLED);
		buf_append_char(out, '\n');
	}
}

/* Where they are not all train rows. */
static void put_learnt(struct buf *out, const struct model *m)
{
	if (m->validation)
		buf_printf(out, "learnt from   %llu rows: the newest %g %% were held back\n",
			   (unsigned long long)m->learnt,
			   (double)m->validation * 100 / NUM_MILLION);
}

static void put_balance(struct buf *out, const struct classweight *b)
{
	if (b->weight == CLASSWEIGHT_WEIGHT_BALANCED)
		buf_append_str(out, "weights       the same sum for either class\n");
	else if (b->weight == CLASSWEIGHT_WEIGHT_RATIO)
		buf_printf(out, "weights       %g for a positive row, 1 for any other\n", b->ratio);
	if (b->resample != CLASSWEIGHT_RESAMPLE_NONE)
		buf_printf(out, "resampled     rows of the %s (seed %lld)\n",
			   b->resample == CLASSWEIGHT_RESAMPLE_OVER ? "rarer class drawn again"
								    : "other class left out",
			   (long long)b->seed);
}

static void put_calibration(struct buf *out, const struct calibration *c)
{
	if (c->kind == CALIBRATION_PLATT)
		buf_printf(out, "calibrated    by Platt's line: %.4g times the score %+.4g\n",
			   c->slope, c->intercept);
	else if (c->kind == CALIBRATION_ISOTONIC)
		buf_printf(out,
			   "calibrated    by isotonic regression: %zu knots, scores %.4g to %.4g, "
			   "probabilities %.4g to %.4g\n",
			   c->n, c->score[0], c->score[c->n - 1], c->probability[0],
			   c->probability[c->n - 1]);
}

static void put_constants(struct buf *out, const struct encoding *e)
{
	struct list list = { out, "constant      ", 0 };

	for (size_t i = 0; i < e->n; i++)
		if (e->columns[i].kind == ENCODING_CONSTANT)
			put_item(&list, e->columns[i].name);
	put_list_end(&list);
}

/* Logistic regression -------------------------------------------------------------------------- */

/* A column, and by how much it tells rows apart. */
struct strength {
	const struct encoding_column *column;
	double value;
	uint64_t n; /* splits */
};

static int by_value(const void *a, const void *b)
{
	const struct strength *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->column->name, y->column->name);
}

/* The standard deviation of a number's part of the score, over the train rows. */
static double number_spread(const struct model *m, const struct encoding_column *c)
{
	double n = (double)m->learnt, gaps = (double)c->n_missing / n;
	double coef = m->logistic.coef[c->dense];
	double missing = c->n_missing ? m->logistic.coef[m->encoding.shape.dense + c->onehot] : 0;

	gaps = gaps <= 1 ? gaps : 1;
	return sqrt((1 - gaps) * (coef * coef + gaps * missing * missing));
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

/* That of a column with cells. */
static double cells_spread(const struct model *m, const struct encoding_column *c)
{
	const double *coef = m->logistic.coef + m->encoding.shape.dense + c->onehot;
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
	put_cell(out, coef);
	if (isfinite(se) && se > 0) {
		put_cell(out, se);
		buf_printf(out, "%9.2f", coef / se);
	} else {
		buf_printf(out, "%12s%9s", "-", "-");
	}
	put_cell(out, exp(coef));
}

static void put_numeric(struct buf *out, const struct model *m, const struct encoding_column *c,
			size_t width)
{
	const struct logistic *fit = &m->logistic;
	size_t missing = m->encoding.shape.dense + c->onehot;

	put_column_name(out, width, c);
	put_coef(out, fit->coef[c->dense], fit->se[c->dense]);
	buf_append_str(out, "  a step of ");
	put_number(out, c->sd);
	buf_append_str(out, " from ");
	put_number(out, c->mean);
	buf_append_char(out, '\n');
	if (!c->n_missing)
		return;
	put_name(out, width, 2, "(empty)", strlen("(empty)"));
	put_coef(out, fit->coef[missing], fit->se[missing]);
	buf_printf(out, "  %llu rows\n", (unsigned long long)c->n_missing);
}

static void put_cells(struct buf *out, const struct model *m, const struct encoding_column *c,
		      size_t width)
{
	size_t first = m->encoding.shape.dense + c->onehot, len;
	struct cell_name room;

	put_column_name(out, 0, c);
	buf_append_char(out, '\n');
	for (uint32_t i = 0; i < encoding_cells(c); i++) {
		const char *text = cell_text(c, i, &room, &len);

		if (!is_shown(m, c, i))
			continue;
		put_name(out, width, 2, text, len);
		put_coef(out, m->logistic.coef[first + i], m->logistic.se[first + i]);
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

	put_pair_title(&text, m, in);
	put_name(out, n > 1 ? 0 : width, 0, text.data, text.len);
	if (n > 1)
		buf_append_char(out, '\n');
	for (uint32_t i = 0; i < n; i++) {
		/* Exactly 0 is what no row is of, but for ties that nobody meets. */
		if (n > 1 && m->logistic.coef[first + i] == 0)
			continue;
		buf_clear(&text);
		put_product_name(&text, m, in, i);
		if (n > 1)
			put_name(out, width, 2, text.data, text.len);
		put_coef(out, m->logistic.coef[first + i], m->logistic.se[first + i]);
		buf_append_char(out, '\n');
	}
	buf_release(&text);
}

/* The columns that count, by strength: [encoding.n_values]. The caller frees. */
static struct strength *strengths_of(const struct model *m)
{
	struct strength *s = mem_zalloc(m->encoding.n_values, sizeof(*s));

	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		const struct encoding_column *c = encoding_valued(&m->encoding, i);

		s[i].column = c;
		if (m->kind == MODEL_LOGISTIC)
			s[i].value = c->kind == ENCODING_NUMBER ? number_spread(m, c)
								: cells_spread(m, c);
	}
	for (size_t i = 0; i < m->trees.n_nodes; i++) {
		const struct trees_node *node = &m->trees.nodes[i];

		if (node->kind == TREES_LEAF)
			continue;
		s[node->column].value += node->gain;
		s[node->column].n++;
	}
	qsort(s, m->encoding.n_values, sizeof(*s), by_value);
	return s;
}

static void put_coefficients(struct buf *out, const struct model *m)
{
	struct strength *s = strengths_of(m);
	size_t width = name_width(m);

	buf_printf(out, "\n%*s%12s%12s%9s%12s\n", (int)width, "", "coefficient", "std. error", "z",
		   "odds ratio");
	put_name(out, width, 0, "(intercept)", strlen("(intercept)"));
	put_coef(out, m->logistic.intercept, m->logistic.intercept_se);
	end_line(out);
	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		if (s[i].column->kind == ENCODING_NUMBER)
			put_numeric(out, m, s[i].column, width);
		else
			put_cells(out, m, s[i].column, width);
	for (size_t i = 0; i < m->encoding.n_interactions; i++)
		put_interaction(out, m, &m->encoding.interactions[i], width);
	free(s);
}

static void put_logistic(struct buf *out, const struct model *m)
{
	const struct logistic *fit = &m->logistic;

	buf_printf(out, "model         logistic regression, l2 %g%s, %s after %d steps\n",
		   m->options.l2, m->l2_chosen ? " (by cross-validation)" : "",
		   fit->converged ? "at the optimum" : "NOT at the optimum", fit->iterations);
}

/* Trees ---------------------------------------------------------------------------------------- */

static void put_gbdt(struct buf *out, const struct model *m)
{
	const struct gbdt_options *o = &m->boosting;

	buf_printf(out,
		   "model         %zu boosted trees of %zu tried: depth %lld, %lld leaves, rate "
		   "%g, l2 "
		   "%g, "
		   "min. weight %g",
		   m->trees.n, m->report.n_tried, (long long)o->tree.depth,
		   (long long)o->tree.leaves, o->tree.rate, o->tree.l2, o->tree.min_weight);
	if (o->rows < 1 || o->columns < 1)
		buf_printf(
			out,
			",\n              of %g %% of the rows and %g %% of the columns each (seed "
			"%lld)",
			100 * o->rows, 100 * o->columns, (long long)o->seed);
	buf_printf(out, "\nlog loss      %.6f of the rows learnt from", m->report.train_loss);
	if (m->validation)
		buf_printf(out, ", %.6f of those held back to stop by", m->report.held_loss);
	buf_append_char(out, '\n');
}

static void put_gains(struct buf *out, const struct model *m)
{
	struct strength *s = strengths_of(m);
	struct list unused = { out, "not used: ", 0 };
	size_t width = name_width(m);
	double sum = 0;

	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		sum += s[i].value;
	buf_printf(out, "\n%*s%12s%9s%9s\n", (int)width, "", "gain", "share", "splits");
	for (uint32_t i = 0; i < m->encoding.n_values; i++) {
		if (!s[i].n)
			continue;
		put_column_name(out, width, s[i].column);
		buf_printf(out, s[i].value < 1e9 ? "%12.2f" : "%12.4g", s[i].value);
		buf_printf(out, "%7.2f %%%9llu\n",
			   sum > 0 && isfinite(sum) ? 100 * s[i].value / sum : 0,
			   (unsigned long long)s[i].n);
	}
	for (uint32_t i = 0; i < m->encoding.n_values; i++)
		if (!s[i].n)
			put_item(&unused, s[i].column->name);
	put_list_end(&unused);
	free(s);
}

/* A level in a list: in quotes where it could be taken for something else. */
static void put_level(struct buf *out, const struct encoding_column *c, uint32_t i)
{
	size_t len;
	const char *text = level_text(c, i, &len);
	bool named = i < c->levels.n && intern_string(&c->levels, i)->len;
	bool quoted = named && (memchr(text, ',', len) || memchr(text, '"', len) ||
				text[0] == '(' || text[0] == ' ' || text[len - 1] == ' ');

	buf_append_str(out, quoted ? "\"" : "");
	utf8_put(out, text, len, NAME_MAX_WIDTH);
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
	utf8_put(out, c->name, strlen(c->name), NAME_MAX_WIDTH);
	if (node->kind == TREES_NUMBER) {
		/* Not rounded: which side a value is on must be seen. */
		buf_append_str(out, " <= ");
		buf_append(out, text, num_format_double(text, node->threshold));
		buf_append_str(out, node->missing_left ? " or empty" : "");
	} else {
		put_set(out, &m->trees.sets[node->set], c);
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

int modelview_write_trees(struct gz_writer *out, const struct model *m, struct err *err)
{
	struct tree_writer w = { out, m, BUF_INIT };
	int rc = 0;

	buf_printf(&w.text, "\nscore before the first tree: %+.5g\n", m->trees.base);
	for (size_t i = 0; !rc && i < m->trees.n; i++) {
		buf_printf(&w.text, "\ntree %zu\n", i + 1);
		rc = write_node(&w, &m->trees.nodes[m->trees.roots[i]], 1, err);
	}
	if (!rc)
		rc = flush(&w, 0, err);
	buf_release(&w.text);
	return rc;
}

void modelview_put(struct buf *out, const struct model *m)
{
	put_split(out, &m->split);
	put_learnt(out, m);
	if (m->kind == MODEL_GBDT)
		put_gbdt(out, m);
	else
		put_logistic(out, m);
	put_balance(out, &m->balance);
	put_calibration(out, &m->calibration);
	put_constants(out, &m->encoding);
	if (m->kind == MODEL_GBDT)
		put_gains(out, m);
	else
		put_coefficients(out, m);
}
