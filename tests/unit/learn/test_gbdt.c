#include "base/mem.h"
#include "check.h"
#include "learn/gbdt.h"
#include "scratch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define COLUMNS     4
#define LEVELS      6 /* of each category */
#define MIN_GAIN    1e-6
#define SMOOTH      10.0 /* as in gbdt: levels are ordered by G / (H + SMOOTH) */
#define UNIT        0x1p-30
#define MAX_ENTRIES 40000

/* Rows as they are before they are bins. */
struct table {
	size_t n;
	double value[MAX_ENTRIES][COLUMNS];
	uint8_t label[MAX_ENTRIES];
	double weight[MAX_ENTRIES];
	bool is_category[COLUMNS];
	int monotone[COLUMNS];
	uint32_t n_columns;
	double edges[COLUMNS][BINS_MAX];
	size_t n_edges[COLUMNS];
};

static struct table table, other;

static double uniform(uint64_t *state)
{
	return (double)(scratch_random(state) >> 11) * 0x1p-53;
}

/*
 * Two numbers, the first with gaps, and two categories, each of which says something of the label;
 * `steps`: how many values each number has.
 */
static void fill(struct table *t, size_t n, size_t steps, uint64_t seed)
{
	uint64_t state = seed;

	t->n = n;
	t->n_columns = COLUMNS;
	for (uint32_t j = 0; j < COLUMNS; j++) {
		t->is_category[j] = j >= 2;
		t->monotone[j] = 0;
	}
	for (size_t i = 0; i < n; i++) {
		double *v = t->value[i], score;

		v[0] = scratch_below(&state, 5) ? (double)scratch_below(&state, steps) : NAN;
		v[1] = (double)scratch_below(&state, steps) / 7 - 3;
		v[2] = (double)scratch_below(&state, LEVELS);
		v[3] = (double)scratch_below(&state, scratch_below(&state, 4) ? 2 : LEVELS);
		score = (isnan(v[0]) ? 0.5 : 4 * v[0] / (double)steps - 2) + sin(v[1] * 2) +
			(double)((int)v[2] * 5 % LEVELS) / 3 - 1 + (v[3] > 1);
		t->label[i] = i < 2 ? (uint8_t)i : uniform(&state) < 1 / (1 + exp(-score));
		t->weight[i] = 1;
	}
}

/* Finds the edges, by all values. */
static void cut(struct table *t, size_t max_bins)
{
	double *values = mem_alloc(t->n, sizeof(*values));

	for (uint32_t j = 0; j < t->n_columns; j++) {
		size_t n = 0;

		for (size_t i = 0; i < t->n; i++)
			if (!isnan(t->value[i][j]))
				values[n++] = t->value[i][j];
		t->n_edges[j] = bins_cut(values, n, max_bins, t->edges[j]);
	}
	free(values);
}

/* The rows from `first` on. */
static struct bins to_bins(const struct table *t, size_t first, size_t n)
{
	struct bins b;

	bins_init(&b, t->n_columns, n);
	for (uint32_t j = 0; j < t->n_columns; j++)
		b.columns[j] = t->is_category[j]
				       ? (struct bins_column){ .is_category = true, .n = LEVELS }
				       : (struct bins_column){ .n = (uint32_t)t->n_edges[j] + 2,
							       .edges = t->edges[j],
							       .monotone = t->monotone[j] };
	for (size_t i = first; i < first + n; i++)
		bins_add(&b, t->value[i], t->label[i], t->weight[i]);
	return b;
}

static struct trees fit_rows(const struct table *t, size_t n_train, size_t n_held,
			     const struct gbdt_options *o, int n_threads,
			     struct gbdt_report *report)
{
	struct bins train = to_bins(t, 0, n_train), held = to_bins(t, n_train, n_held);
	struct pool *pool = pool_new(n_threads);
	struct trees trees;

	gbdt_fit(&trees, &train, n_held ? &held : NULL, o, pool, report);
	pool_free(pool);
	bins_release(&train);
	bins_release(&held);
	return trees;
}

static struct trees fit(const struct table *t, const struct gbdt_options *o, int n_threads)
{
	struct gbdt_report report;

	return fit_rows(t, t->n, 0, o, n_threads, &report);
}

/* Whether the first n trees of both are the same bits. */
static bool same_trees(const struct trees *a, const struct trees *b, size_t n)
{
	size_t n_nodes = n < a->n ? a->roots[n] : a->n_nodes;

	if (a->n < n || b->n < n || memcmp(&a->base, &b->base, sizeof(a->base)) != 0 ||
	    memcmp(a->roots, b->roots, n * sizeof(*a->roots)) != 0)
		return false;
	for (size_t i = 0; i < n_nodes; i++) {
		const struct trees_node *x = &a->nodes[i], *y = &b->nodes[i];

		if (x->kind != y->kind || x->missing_left != y->missing_left ||
		    x->column != y->column || x->right != y->right || x->rows != y->rows ||
		    memcmp(&x->gain, &y->gain, sizeof(x->gain)) != 0)
			return false;
		if (x->kind == TREES_CATEGORY
			    ? memcmp(&a->sets[x->set], &b->sets[y->set], sizeof(*a->sets)) != 0
			    : memcmp(&x->value, &y->value, sizeof(x->value)) != 0)
			return false;
	}
	return true;
}

/* The log loss of a row. */
static double row_loss(double score, int label)
{
	double s = label ? -score : score;

	return s > 0 ? s + log1p(exp(-s)) : log1p(exp(s));
}

/* The mean log loss of rows by the first n trees. */
static double loss_of(const struct trees *t, size_t n, const struct table *rows, size_t first,
		      size_t n_rows)
{
	double sum = 0, weight = 0;

	for (size_t i = first; i < first + n_rows; i++) {
		double score = t->base;

		for (size_t k = 0; k < n; k++)
			score += trees_leaf(t, k, rows->value[i])->value;
		sum += rows->weight[i] * row_loss(score, rows->label[i]);
		weight += rows->weight[i];
	}
	return sum / weight;
}

/* Order and threads --------------------------------------------------------------------------- */

static void trees_do_not_depend_on_threads(void)
{
	static const int threads[] = { 1, 2, 3, 7 };

	fill(&table, 20011, 1000, 1);
	cut(&table, 64);
	for (int sampled = 0; sampled < 2; sampled++) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct gbdt_report want_report, report;
		struct trees want;

		o.trees = 12;
		o.rows = sampled ? 0.5 : 1;
		o.columns = sampled ? 0.75 : 1;
		want = fit_rows(&table, 15000, 5011, &o, 1, &want_report);
		for (int i = 0; i < 4; i++) {
			struct trees got = fit_rows(&table, 15000, 5011, &o, threads[i], &report);

			CHECK_INT(got.n, want.n);
			CHECK(same_trees(&got, &want, want.n));
			CHECK(report.held_loss == want_report.held_loss);
			CHECK(report.train_loss == want_report.train_loss);
			trees_release(&got);
		}
		CHECK(want.n_nodes > 200 && want.n_sets > 5);
		trees_release(&want);
	}
}

static void shuffle(struct table *t, uint64_t *state)
{
	for (size_t i = t->n; i > 1; i--) {
		size_t k = scratch_below(state, i);
		double value[COLUMNS], weight = t->weight[k];
		uint8_t label = t->label[k];

		memcpy(value, t->value[k], sizeof(value));
		memcpy(t->value[k], t->value[i - 1], sizeof(value));
		memcpy(t->value[i - 1], value, sizeof(value));
		t->label[k] = t->label[i - 1];
		t->label[i - 1] = label;
		t->weight[k] = t->weight[i - 1];
		t->weight[i - 1] = weight;
	}
}

/*
 * The trees are the same bits in any order of the train rows, as long as the sum of their weights
 * is: here, of integers. (Where rows or columns are drawn, a row's place decides; and the loss of
 * held rows is a sum of doubles, in their order, so that its last bits may stop it elsewhere.)
 */
static void trees_do_not_depend_on_the_order_of_rows(void)
{
	struct gbdt_options o = GBDT_OPTIONS_INIT;
	struct trees want;
	uint64_t state = 2;

	o.trees = 15;
	fill(&table, 9000, 500, 3);
	for (size_t i = 0; i < table.n; i++)
		table.weight[i] = 1 + (double)scratch_below(&state, 3);
	cut(&table, BINS_MAX);
	want = fit(&table, &o, 2);
	for (int round = 0; round < 3; round++) {
		struct trees got;

		shuffle(&table, &state);
		got = fit(&table, &o, 2);
		CHECK(same_trees(&got, &want, 15));
		trees_release(&got);
	}
	trees_release(&want);
}

static void seeds_draw_rows_and_columns(void)
{
	struct gbdt_options o = GBDT_OPTIONS_INIT;
	struct trees a, b, all;

	fill(&table, 3000, 100, 4);
	cut(&table, BINS_MAX);
	o.trees = 40;
	all = fit(&table, &o, 1);
	o.seed = 2;
	b = fit(&table, &o, 1);
	CHECK(same_trees(&all, &b, 40)); /* nothing was drawn */
	trees_release(&b);
	trees_release(&all);
	o.rows = 0.4;
	o.columns = 0.5;
	a = fit(&table, &o, 1);
	b = fit(&table, &o, 1);
	CHECK(same_trees(&a, &b, 40));
	trees_release(&b);
	o.seed = 3;
	b = fit(&table, &o, 1);
	CHECK(!same_trees(&a, &b, 40));
	for (size_t i = 0; i < 40; i++) {
		size_t end = i + 1 < a.n ? a.roots[i + 1] : a.n_nodes;
		bool used[COLUMNS] = { false };
		double rows = (double)a.nodes[a.roots[i]].rows;
		int n_used = 0;

		CHECK(a.nodes[a.roots[i]].kind == TREES_LEAF || fabs(rows - 0.4 * 3000) < 150);
		for (size_t k = a.roots[i]; k < end; k++)
			if (a.nodes[k].kind != TREES_LEAF)
				used[a.nodes[k].column] = true;
		for (int j = 0; j < COLUMNS; j++)
			n_used += used[j];
		CHECK(n_used <= 2);
	}
	trees_release(&a);
	trees_release(&b);
}

/* Every split and leaf, by brute force -------------------------------------------------------- */

struct sums {
	double g, h;
	size_t n;
};

/* Rows of a table that come to a node, with their gradients. */
struct coming {
	const struct table *t;
	const struct gbdt_options *o;
	const double *g, *h;
	size_t *row;
	size_t n;
	double low, high; /* bounds of values */
};

static void add_to(struct sums *s, const struct coming *c, size_t row)
{
	s->g += c->g[row];
	s->h += c->h[row];
	s->n++;
}

static double value_of(const struct coming *c, struct sums s)
{
	return fmin(fmax(-c->o->tree.rate * s.g / (s.h + c->o->tree.l2), c->low), c->high);
}

/* By how much such a value lowers the loss, without the rate, to the second order; twice that. */
static double worth(const struct coming *c, struct sums s)
{
	double w = value_of(c, s) / c->o->tree.rate;

	return -2 * s.g * w - (s.h + c->o->tree.l2) * w * w;
}

/*
 * What it gains to part the rows for which left[] is set; -INFINITY if that must not be, for one
 * thing because values do not go `way`.
 */
static double gain_of(const struct coming *c, const bool *left, int way)
{
	struct sums side[2] = { { 0 } }, all = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		add_to(&side[left[i]], c, c->row[i]);
		add_to(&all, c, c->row[i]);
	}
	for (int k = 0; k < 2; k++)
		if (!side[k].n || side[k].h < c->o->tree.min_weight || !(side[k].h > UNIT / 2))
			return -INFINITY;
	if (way * (value_of(c, side[1]) - value_of(c, side[0])) > 0)
		return -INFINITY;
	return (worth(c, side[0]) + worth(c, side[1]) - worth(c, all)) / 2;
}

/* The best split of a number: at each value, with what is missing on either side. */
static double best_number_gain(const struct coming *c, uint32_t column)
{
	bool *left = mem_alloc(c->n, sizeof(*left));
	double best = -INFINITY;

	for (size_t at = 0; at < c->n; at++) {
		double threshold = c->t->value[c->row[at]][column];

		for (int missing_left = 0; missing_left < 2 && !isnan(threshold); missing_left++) {
			int way = 0; /* which is free between what is missing and all else */

			for (size_t i = 0; i < c->n; i++) {
				double v = c->t->value[c->row[i]][column];

				left[i] = isnan(v) ? missing_left : v <= threshold;
				way = v > threshold ? c->t->monotone[column] : way;
			}
			best = fmax(best, gain_of(c, left, way));
		}
	}
	free(left);
	return best;
}

static double gain_of_set(const struct coming *c, uint32_t column, unsigned set)
{
	bool *left = mem_alloc(c->n, sizeof(*left));
	double gain;

	for (size_t i = 0; i < c->n; i++)
		left[i] = set >> (unsigned)c->t->value[c->row[i]][column] & 1;
	gain = gain_of(c, left, 0);
	free(left);
	return gain;
}

static double best_of_all_sets(const struct coming *c, uint32_t column)
{
	double best = -INFINITY;

	for (unsigned set = 1; set < 1U << LEVELS; set++)
		best = fmax(best, gain_of_set(c, column, set));
	return best;
}

/* The best split of a category in the order of G / (H + smooth). */
static double best_in_order(const struct coming *c, uint32_t column, double smooth)
{
	struct sums level[LEVELS] = { { 0 } };
	double best = -INFINITY;

	for (size_t i = 0; i < c->n; i++)
		add_to(&level[(int)c->t->value[c->row[i]][column]], c, c->row[i]);
	for (int last = 0; last < LEVELS; last++) {
		double key = level[last].g / (level[last].h + smooth);
		unsigned set = 0;

		if (!level[last].n)
			continue;
		for (int i = 0; i < LEVELS; i++) {
			double after = level[i].g / (level[i].h + smooth) - key;

			/* Of equals, that of the lower level is first. */
			if (level[i].n && (after < -1e-12 || (after < 1e-12 && i <= last)))
				set |= 1U << i;
		}
		best = fmax(best, gain_of_set(c, column, set));
	}
	return best;
}

static double best_gain(const struct coming *c)
{
	double best = -INFINITY;

	for (uint32_t j = 0; j < c->t->n_columns; j++)
		best = fmax(best, c->t->is_category[j] ? best_in_order(c, j, SMOOTH)
						       : best_number_gain(c, j));
	return best;
}

static bool goes_left(const struct trees *t, const struct trees_node *node, const double *value)
{
	double v = value[node->column];

	if (node->kind == TREES_CATEGORY)
		return trees_has_level(&t->sets[node->set], (unsigned)v);
	return isnan(v) ? node->missing_left : v <= node->threshold;
}

static struct sums sums_of(const struct coming *c)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < c->n; i++)
		add_to(&s, c, c->row[i]);
	return s;
}

/* Where missing numbers or levels without rows go if there were none: where most hessian goes. */
static void check_default(const struct trees *t, const struct trees_node *node,
			  const struct coming *c, const struct sums *left)
{
	bool is_there[LEVELS + 1] = { false }, most_left = 2 * left->h > sums_of(c).h;

	if (fabs(2 * left->h - sums_of(c).h) < 1e-6)
		return;
	for (size_t i = 0; i < c->n; i++) {
		double v = c->t->value[c->row[i]][node->column];

		is_there[isnan(v) ? LEVELS : node->kind == TREES_CATEGORY ? (int)v : 0] = true;
	}
	if (node->kind == TREES_NUMBER && !is_there[LEVELS])
		CHECK_INT(node->missing_left, most_left);
	for (unsigned i = 0; i < LEVELS && node->kind == TREES_CATEGORY; i++)
		if (!is_there[i])
			CHECK_INT(trees_has_level(&t->sets[node->set], i), most_left);
}

/*
 * Checks the node, and all below it, of a tree to which these rows come; returns how many leaves it
 * has. `full`: the tree has all the leaves it may have, so that a leaf may stand where a split
 * would gain.
 */
static int check_node(const struct trees *t, const struct trees_node *node, struct coming *c,
		      int depth, bool full)
{
	struct sums all = sums_of(c), left = { 0 }, right;
	double best = depth < c->o->tree.depth && !full ? best_gain(c) : -INFINITY;
	struct coming below[2] = { *c, *c };
	bool *is_left;
	int n = 0;

	CHECK_INT(node->rows, c->n);
	if (node->kind == TREES_LEAF) {
		double want = value_of(c, all);

		CHECK_NEAR(node->value, want, 1e-6 * (1 + fabs(want)));
		CHECK(best < MIN_GAIN + 1e-7 || c->n < 2);
		return 1;
	}
	CHECK(depth < c->o->tree.depth);
	is_left = mem_alloc(c->n, sizeof(*is_left));
	for (int k = 0; k < 2; k++) {
		below[k].row = mem_alloc(c->n, sizeof(size_t));
		below[k].n = 0;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct coming *side;

		is_left[i] = goes_left(t, node, c->t->value[c->row[i]]);
		side = &below[!is_left[i]];
		side->row[side->n++] = c->row[i];
	}
	left = sums_of(&below[0]);
	right = sums_of(&below[1]);
	CHECK_NEAR(node->gain, gain_of(c, is_left, 0), 1e-6 * (1 + node->gain));
	if (node->kind == TREES_NUMBER && node->threshold < DBL_MAX &&
	    c->t->monotone[node->column]) {
		int up = c->t->monotone[node->column] > 0;
		double middle = (value_of(c, left) + value_of(c, right)) / 2;

		CHECK(up ? value_of(c, left) < value_of(c, right) + 1e-9
			 : value_of(c, left) > value_of(c, right) - 1e-9);
		below[!up].high = below[up].low = middle;
	}
	CHECK_NEAR(node->gain, full ? best_gain(c) : best, 1e-6 * (1 + node->gain));
	if (node->kind == TREES_CATEGORY)
		CHECK(node->gain <= best_of_all_sets(c, node->column) + 1e-6);
	check_default(t, node, c, &left);
	n = check_node(t, node + 1, &below[0], depth + 1, full);
	n += check_node(t, node + node->right, &below[1], depth + 1, full);
	free(below[0].row);
	free(below[1].row);
	free(is_left);
	return n;
}

static double base_of(const struct table *t)
{
	double weight[2] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		weight[t->label[i]] += t->weight[i];
	return log(weight[1] / weight[0]);
}

/* Checks all trees, each by the scores that those before it gave. */
static void check_trees(const struct trees *t, const struct table *rows,
			const struct gbdt_options *o)
{
	double *score = mem_alloc(rows->n, sizeof(*score)), *g = mem_alloc(rows->n, sizeof(*g));
	double *h = mem_alloc(rows->n, sizeof(*h));
	struct coming c = { rows,    o,         g,       h, mem_alloc(rows->n, sizeof(size_t)),
			    rows->n, -INFINITY, INFINITY };

	CHECK_NEAR(t->base, base_of(rows), 1e-12);
	for (size_t i = 0; i < rows->n; i++) {
		score[i] = t->base;
		c.row[i] = i;
	}
	for (size_t k = 0; k < t->n; k++) {
		size_t end = k + 1 < t->n ? t->roots[k + 1] : t->n_nodes;
		int leaves = (int)(end - t->roots[k] + 1) / 2;

		for (size_t i = 0; i < rows->n; i++) {
			double p = 1 / (1 + exp(-score[i]));

			g[i] = rows->weight[i] * (p - rows->label[i]);
			h[i] = rows->weight[i] * p * (1 - p);
			score[i] += trees_leaf(t, k, rows->value[i])->value;
		}
		CHECK(leaves <= o->tree.leaves);
		CHECK_INT(check_node(t, &t->nodes[t->roots[k]], &c, 0, leaves == o->tree.leaves),
			  leaves);
	}
	free(score);
	free(g);
	free(h);
	free(c.row);
}

static void splits_and_leaves_are_those_of_a_brute_force(void)
{
	static const struct {
		double l2, min_weight, rate;
		int64_t depth, leaves;
	} kinds[] = {
		{ 1, 1, 0.3, 1, 64 },   { 0.7, 0.5, 0.1, 3, 64 }, { 0, 1, 1, 2, 64 },
		{ 5, 0, 0.2, 6, 64 },   { 1, 3, 0.5, 32, 64 },    { 1, 1, 0.3, 10, 5 },
		{ 1, 0.1, 0.3, 10, 2 }, { 1, 20, 0.3, 6, 64 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (uint64_t seed = 1; seed < 4; seed++) {
			struct gbdt_options o = GBDT_OPTIONS_INIT;
			struct trees t;

			o.trees = 5;
			o.tree.l2 = kinds[i].l2;
			o.tree.min_weight = kinds[i].min_weight;
			o.tree.rate = kinds[i].rate;
			o.tree.depth = kinds[i].depth;
			o.tree.leaves = kinds[i].leaves;
			fill(&table, 150, seed == 1 ? 8 : 100, 10 * i + seed);
			for (size_t k = 0; k < table.n && seed == 3; k++)
				table.weight[k] = 0.25 * (double)(1 + k % 5);
			cut(&table, BINS_MAX);
			t = fit(&table, &o, 2);
			CHECK_INT(t.n, 5);
			check_trees(&t, &table, &o);
			trees_release(&t);
		}
	}
}

/* Directions of the two numbers, against what they say of the label as often as with it. */
static const int directions[][2] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 1, -1 }, { -1, 1 } };

#define N_DIRECTIONS (sizeof(directions) / sizeof(directions[0]))

static void set_directions(struct table *t, size_t i)
{
	for (int j = 0; j < 2; j++)
		t->monotone[j] = directions[i][j];
}

static void monotone_splits_and_leaves_are_those_of_a_brute_force(void)
{
	for (size_t i = 0; i < N_DIRECTIONS; i++) {
		for (uint64_t seed = 1; seed < 5; seed++) {
			struct gbdt_options o = GBDT_OPTIONS_INIT;
			struct trees t;

			o.trees = 4;
			o.tree.rate = seed == 1 ? 1 : 0.3;
			o.tree.l2 = 0.5 * (double)(seed % 2);
			o.tree.depth = seed == 2 ? 10 : 4;
			o.tree.leaves = seed == 2 ? 6 : 64;
			fill(&table, 150, seed == 1 ? 8 : 100, 100 * i + seed);
			set_directions(&table, i);
			cut(&table, BINS_MAX);
			t = fit(&table, &o, 2);
			check_trees(&t, &table, &o);
			trees_release(&t);
		}
	}
}

/* The largest step in the wrong direction as column j sweeps over its values, in any of the rows.
 */
static double worst_step(const struct trees *t, const struct table *rows, uint32_t j, int sign)
{
	double worst = 0;

	for (size_t i = 0; i < rows->n; i++) {
		double value[COLUMNS], before = -INFINITY;

		memcpy(value, rows->value[i], sizeof(value));
		for (int k = -1; k <= 101; k++) {
			value[j] = k < 0 ? -DBL_MAX : k > 100 ? DBL_MAX : j ? k / 7.0 - 3 : k;
			worst = fmax(worst, before - sign * trees_score(t, value));
			before = sign * trees_score(t, value);
		}
	}
	return worst;
}

static void a_monotone_score_never_falls(void)
{
	for (size_t i = 0; i < N_DIRECTIONS; i++) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct trees free_trees, t;
		size_t n = 0;

		o.trees = 40;
		o.rows = i % 2 ? 0.7 : 1;
		fill(&table, 1000, 100, 40 + i);
		cut(&table, BINS_MAX);
		free_trees = fit(&table, &o, 1);
		set_directions(&table, i);
		t = fit(&table, &o, 1);
		for (uint32_t j = 0; j < 2; j++) {
			int sign = table.monotone[j];

			if (!sign)
				continue;
			CHECK(worst_step(&t, &table, j, sign) <= 0);
			CHECK(worst_step(&free_trees, &table, j, sign) > 0.1);
			CHECK_INT(t.monotone[n].column, j);
			CHECK_INT(t.monotone[n++].sign, sign);
		}
		CHECK_INT(t.n_monotone, n);
		CHECK_INT(free_trees.n_monotone, 0);
		trees_release(&free_trees);
		trees_release(&t);
	}
}

/* What is missing is apart: it may be worse than all numbers, whichever way those go. */
static void missing_values_are_outside_of_the_constraint(void)
{
	for (int sign = -1; sign <= 1; sign += 2) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct trees t;

		o.trees = 1;
		fill(&table, 100, 10, 11);
		table.n_columns = 1;
		table.monotone[0] = sign;
		for (size_t i = 0; i < table.n; i++) {
			table.label[i] = i % 5 < 2;
			table.value[i][0] = i % 5 < 2 ? NAN : (double)(i % 3);
		}
		cut(&table, BINS_MAX);
		t = fit(&table, &o, 1);
		CHECK_INT(t.n_nodes, 3);
		CHECK(trees_leaf(&t, 0, &(double){ NAN })->value > 0);
		CHECK(trees_leaf(&t, 0, &(double){ DBL_MAX })->value < 0);
		trees_release(&t);
	}
}

/* The leaf that gains most is split first: with few leaves, as the best of all ways to go on. */
static void the_best_leaf_is_split_first(void)
{
	struct gbdt_options o = GBDT_OPTIONS_INIT;
	struct trees few, many;
	double gains[2][200];

	fill(&table, 400, 50, 5);
	cut(&table, BINS_MAX);
	o.trees = 1;
	o.tree.depth = 12;
	many = fit(&table, &o, 1);
	for (o.tree.leaves = 2; o.tree.leaves < 20; o.tree.leaves++) {
		size_t n[2] = { 0 };
		double least = INFINITY;

		few = fit(&table, &o, 1);
		CHECK_INT(few.n_nodes, 2 * o.tree.leaves - 1);
		for (size_t i = 0; i < few.n_nodes; i++)
			if (few.nodes[i].kind != TREES_LEAF)
				gains[0][n[0]++] = few.nodes[i].gain;
		for (size_t i = 0; i < many.n_nodes && n[1] < 200; i++)
			if (many.nodes[i].kind != TREES_LEAF)
				gains[1][n[1]++] = many.nodes[i].gain;
		/* A split left out gains no more than the least that stands, or hangs below one. */
		for (size_t i = 0; i < n[0]; i++)
			least = fmin(least, gains[0][i]);
		for (size_t i = 0; i < n[1] && o.tree.leaves > 10; i++) {
			bool stands = false;

			for (size_t k = 0; k < n[0]; k++)
				stands |= gains[0][k] == gains[1][i];
			CHECK(stands || gains[1][i] < 2 * least + 2);
		}
		trees_release(&few);
	}
	trees_release(&many);
}

/*
 * Fisher: the best of all sets is a prefix in the order of G/H, whatever l2 is, since G^2/(H + l2)
 * is convex in (G, H). Levels are ordered by G/(H + SMOOTH), which is the same order where all H
 * are the same: in the first tree, with as many rows of each level.
 */
static void the_best_of_all_sets_is_found(void)
{
	for (uint64_t seed = 1; seed < 40; seed++) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		double *g, *h, base;
		struct coming c = { .t = &table, .o = &o, .low = -INFINITY, .high = INFINITY };
		uint64_t state = seed;
		struct trees t;

		fill(&table, 20 * LEVELS, 10, seed);
		table.n_columns = 3;
		g = mem_alloc(table.n, sizeof(*g));
		h = mem_alloc(table.n, sizeof(*h));
		c.row = mem_alloc(table.n, sizeof(*c.row));
		for (size_t i = 0; i < table.n; i++) {
			table.value[i][0] = table.value[i][1] = 0;
			table.value[i][2] = (double)(i % LEVELS);
			table.label[i] = i < 2 ? i == 0
					       : scratch_below(&state, LEVELS) <
							 (seed * 7 + i % LEVELS * 5) % LEVELS;
		}
		base = base_of(&table);
		for (size_t i = 0; i < table.n; i++) {
			double p = 1 / (1 + exp(-base));

			g[i] = p - table.label[i];
			h[i] = p * (1 - p);
			c.row[i] = i;
		}
		c.g = g;
		c.h = h;
		c.n = table.n;
		cut(&table, BINS_MAX);
		o.trees = 1;
		o.tree.depth = 1;
		o.tree.min_weight = 0;
		o.tree.l2 = (double)(seed % 3);
		t = fit(&table, &o, 1);
		CHECK_INT(t.nodes[0].kind, TREES_CATEGORY);
		CHECK_NEAR(t.nodes[0].gain, best_of_all_sets(&c, 2), 1e-6);
		CHECK_NEAR(best_in_order(&c, 2, 0), best_of_all_sets(&c, 2), 1e-12);
		trees_release(&t);
		free(g);
		free(h);
		free(c.row);
	}
}

/*
 * A tree too many makes rows so sure that their hessian is 0 as an integer; one of them is wrong,
 * and has a gradient all the same.
 */
static void rows_without_hessian_count_too(void)
{
	for (int missing = 0; missing < 2; missing++) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct trees t;

		table.n = 4100;
		table.n_columns = 2;
		table.is_category[0] = false;
		table.is_category[1] = !missing;
		for (size_t i = 0; i < table.n; i++) {
			bool odd = i < 100;
			/* Most rows go left, and so does what is not seen. */
			double where = (i % 4 == 0) == missing ? 2 : 1;

			table.value[i][0] = odd;
			table.value[i][1] = i ? where : missing ? NAN : 0;
			table.label[i] = odd ? !i : i % 67 > 0 || i % 4 > 0;
			table.weight[i] = 1;
		}
		cut(&table, BINS_MAX);
		o.trees = 2;
		o.tree.depth = 1;
		o.tree.l2 = 0.01;
		o.tree.min_weight = 0;
		o.tree.rate = 1;
		t = fit(&table, &o, 1);
		CHECK(trees_leaf(&t, 0, table.value[0])->value < -30);
		CHECK(t.nodes[t.roots[1]].column == 1);
		/* That one row, and all that went astray with it. */
		for (size_t k = 1; k < t.n; k++) {
			double g = 0, h = 0;
			const struct trees_node *leaf = trees_leaf(&t, 1, table.value[0]);

			for (size_t i = 0; i < table.n; i++) {
				double p, score;

				if (trees_leaf(&t, 1, table.value[i]) != leaf)
					continue;
				score = t.base + trees_leaf(&t, 0, table.value[i])->value;
				p = 1 / (1 + exp(-score));
				g += p - table.label[i];
				h += p * (1 - p);
			}
			CHECK_NEAR(leaf->value, -g / (h + 0.01), 1e-4 * fabs(g / (h + 0.01)));
		}
		trees_release(&t);
	}
}

/* Weights and limits -------------------------------------------------------------------------- */

static void a_weight_is_a_row_repeated(void)
{
	struct gbdt_options o = GBDT_OPTIONS_INIT;
	struct trees weighted, repeated;
	uint64_t state = 8;

	fill(&table, 1500, 60, 6);
	fill(&other, 1, 60, 6);
	other.n = 0;
	for (size_t i = 0; i < table.n; i++) {
		size_t n = 1 + scratch_below(&state, 4);

		table.weight[i] = (double)n;
		for (size_t k = 0; k < n; k++, other.n++) {
			memcpy(other.value[other.n], table.value[i], sizeof(table.value[i]));
			other.label[other.n] = table.label[i];
			other.weight[other.n] = 1;
		}
	}
	cut(&table, BINS_MAX);
	cut(&other, BINS_MAX);
	o.trees = 6;
	weighted = fit(&table, &o, 1);
	repeated = fit(&other, &o, 2);
	CHECK(weighted.base == repeated.base);
	CHECK_INT(weighted.n_nodes, repeated.n_nodes);
	for (size_t i = 0; i < table.n; i++)
		CHECK_NEAR(trees_score(&weighted, table.value[i]),
			   trees_score(&repeated, table.value[i]), 1e-6);
	trees_release(&weighted);
	trees_release(&repeated);
}

/* Hessians of 1/4 a row: the least weight decides how many rows a leaf has. */
static void leaves_are_as_heavy_as_wanted(void)
{
	struct gbdt_options o = GBDT_OPTIONS_INIT;

	fill(&table, 2000, 100, 7);
	for (size_t i = 0; i < table.n; i++)
		table.label[i] = i % 2;
	cut(&table, BINS_MAX);
	o.trees = 1;
	o.tree.depth = 20;
	o.tree.leaves = TREES_LEAVES_MAX;
	for (int n_rows = 4; n_rows < 200; n_rows *= 3) {
		uint64_t least = UINT64_MAX;
		struct trees t;

		o.tree.min_weight = 0.25 * n_rows;
		t = fit(&table, &o, 2);
		for (size_t i = 0; i < t.n_nodes; i++)
			if (t.nodes[i].kind == TREES_LEAF && t.nodes[i].rows < least)
				least = t.nodes[i].rows;
		CHECK(least >= (uint64_t)n_rows && least < 2 * (uint64_t)n_rows);
		trees_release(&t);
	}
}

static void check_finite(const struct trees *t, const struct table *rows)
{
	CHECK(isfinite(t->base));
	for (size_t i = 0; i < t->n_nodes; i++)
		CHECK(t->nodes[i].kind == TREES_CATEGORY || isfinite(t->nodes[i].value));
	for (size_t i = 0; i < t->n_nodes; i++)
		CHECK(isfinite(t->nodes[i].gain) && t->nodes[i].gain >= 0);
	for (size_t i = 0; i < rows->n; i++)
		CHECK(isfinite(trees_score(t, rows->value[i])));
}

static void extreme_weights_leave_all_finite(void)
{
	static const double weights[][2] = { { 1e-6, 1e6 }, { 1e6, 1e-6 }, { 1e-30, 1 },
					     { 1e30, 1 },   { 1, 1e30 },   { 1e30, 1e30 } };

	for (size_t k = 0; k < sizeof(weights) / sizeof(weights[0]); k++) {
		for (int by_label = 0; by_label < 2; by_label++) {
			struct gbdt_options o = GBDT_OPTIONS_INIT;
			struct gbdt_report report;
			struct trees t;

			fill(&table, 1000, 20, k);
			for (size_t i = 0; i < table.n; i++)
				table.weight[i] =
					weights[k][by_label ? table.label[i] : (int)(i % 3 == 0)];
			cut(&table, BINS_MAX);
			o.trees = 30;
			o.tree.rate = 1;
			o.tree.l2 = by_label;
			o.tree.min_weight = 0;
			t = fit_rows(&table, 1000, 0, &o, 2, &report);
			check_finite(&t, &table);
			CHECK(isfinite(report.train_loss) && report.train_loss >= 0);
			trees_release(&t);
		}
	}
}

/* Going on and stopping ----------------------------------------------------------------------- */

static void each_tree_lowers_the_loss(void)
{
	for (int weighted = 0; weighted < 2; weighted++) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct gbdt_report report;
		double loss = INFINITY;
		struct trees t;

		fill(&table, 2000, 100, 8);
		for (size_t i = 0; i < table.n && weighted; i++)
			table.weight[i] = 1 + (double)table.label[i] * 7.5;
		cut(&table, 32);
		o.trees = 60;
		o.tree.rate = 0.05;
		t = fit_rows(&table, 2000, 0, &o, 1, &report);
		CHECK_INT(t.n, 60);
		CHECK_INT(report.n_tried, 60);
		CHECK(isnan(report.held_loss));
		for (size_t n = 0; n <= 60; n++) {
			double next = loss_of(&t, n, &table, 0, 2000);

			CHECK(next < loss);
			loss = next;
		}
		CHECK_NEAR(report.train_loss, loss, 1e-9);
		trees_release(&t);
	}
}

static void it_stops_and_keeps_the_best(void)
{
	for (int64_t patience = 1; patience < 200; patience *= 3) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct gbdt_report report, ignored;
		struct trees all, kept;
		double best_loss = INFINITY;
		size_t best = 0, n = 0;

		fill(&table, 1000, 1000, 9);
		for (size_t i = 600; i < table.n; i++)
			table.weight[i] = 0.5 + (double)(i % 4);
		cut(&table, BINS_MAX);
		o.trees = 120;
		o.tree.rate = 0.3;
		o.tree.min_weight = 0;
		all = fit_rows(&table, 600, 0, &o, 1, &ignored);
		o.patience = patience;
		kept = fit_rows(&table, 600, 400, &o, 1, &report);
		while (n < 120 && n < best + (size_t)patience) {
			double loss = loss_of(&all, ++n, &table, 600, 400);

			if (loss < best_loss) {
				best_loss = loss;
				best = n;
			}
		}
		CHECK_INT(kept.n, best);
		CHECK_INT(report.n_tried, n);
		CHECK(same_trees(&kept, &all, best));
		CHECK_NEAR(report.held_loss, best_loss, 1e-12);
		CHECK_NEAR(report.train_loss, loss_of(&kept, best, &table, 0, 600), 1e-9);
		CHECK(best < 60);
		for (size_t i = 0; i < kept.n_nodes; i++)
			CHECK(kept.nodes[i].kind != TREES_CATEGORY ||
			      kept.nodes[i].set < kept.n_sets);
		trees_release(&all);
		trees_release(&kept);
	}
}

/* Tables with next to nothing in them --------------------------------------------------------- */

static void a_table_may_be_small_or_flat(void)
{
	for (int kind = 0; kind < 5; kind++) {
		struct gbdt_options o = GBDT_OPTIONS_INIT;
		struct trees t;

		o.trees = 3;
		o.tree.min_weight = 0;
		fill(&table, kind < 2 ? 2 : 50, 10, 10);
		table.n_columns = kind == 4 ? 0 : kind == 3 ? COLUMNS : 1;
		for (size_t i = 0; i < table.n; i++) {
			table.value[i][0] = kind == 0 ? (double)i : kind == 2 ? NAN : 7;
			table.value[i][1] = -7;
			table.value[i][2] = 5;
			table.value[i][3] = 0;
			table.label[i] = i % 2;
		}
		cut(&table, BINS_MAX);
		t = fit(&table, &o, 3);
		CHECK_INT(t.n, 3);
		CHECK_INT(t.n_nodes, kind ? 3 : 9); /* a leaf each, or a split of two */
		CHECK_NEAR(t.base, 0, 0);
		check_finite(&t, &table);
		if (!kind) {
			CHECK_NEAR(t.nodes[0].threshold, 0.5, 0);
			CHECK_NEAR(t.nodes[1].value, -0.1 * 0.5 / 1.25, 1e-9);
			CHECK_NEAR(t.nodes[2].value, 0.1 * 0.5 / 1.25, 1e-9);
		}
		trees_release(&t);
	}
}

/* Of a number, "is missing" alone can be a split: all numbers go left, however large. */
static void missing_or_not_is_a_split(void)
{
	struct gbdt_options o = GBDT_OPTIONS_INIT;
	struct trees t;

	o.trees = 1;
	fill(&table, 100, 10, 11);
	table.n_columns = 1;
	for (size_t i = 0; i < table.n; i++) {
		table.label[i] = i % 5 < 2;
		table.value[i][0] = i % 5 < 2 ? NAN : (double)(i % 3);
	}
	cut(&table, BINS_MAX);
	t = fit(&table, &o, 1);
	CHECK_INT(t.n_nodes, 3);
	CHECK(!t.nodes[0].missing_left && t.nodes[0].threshold == DBL_MAX);
	CHECK(trees_leaf(&t, 0, &(double){ NAN })->value > 0);
	CHECK(trees_leaf(&t, 0, &(double){ DBL_MAX })->value < 0);
	trees_release(&t);
}

int main(void)
{
	RUN(trees_do_not_depend_on_threads);
	RUN(trees_do_not_depend_on_the_order_of_rows);
	RUN(seeds_draw_rows_and_columns);
	RUN(splits_and_leaves_are_those_of_a_brute_force);
	RUN(monotone_splits_and_leaves_are_those_of_a_brute_force);
	RUN(a_monotone_score_never_falls);
	RUN(missing_values_are_outside_of_the_constraint);
	RUN(the_best_leaf_is_split_first);
	RUN(the_best_of_all_sets_is_found);
	RUN(rows_without_hessian_count_too);
	RUN(a_weight_is_a_row_repeated);
	RUN(leaves_are_as_heavy_as_wanted);
	RUN(extreme_weights_leave_all_finite);
	RUN(each_tree_lowers_the_loss);
	RUN(it_stops_and_keeps_the_best);
	RUN(a_table_may_be_small_or_flat);
	RUN(missing_or_not_is_a_split);
	return CHECK_DONE();
}
