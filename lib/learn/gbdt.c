#include "learn/gbdt.h"

#include "base/mem.h"
#include "base/rng.h"
#include "learn/grow.h"
#include "learn/logistic.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ONE ((double)(1 << 30)) /* a gradient of the largest weight, as an integer */

struct fit {
	const struct gbdt_options *options;
	const struct bins *x;
	struct pool *pool;
	struct trees *trees;
	double unit;   /* of the integers */
	double *score; /* [n_rows] */
	struct grow grow;
};

static int32_t rounded(double value)
{
	return (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static void compute_gradients(void *context, size_t chunk)
{
	struct fit *f = context;
	const struct bins *x = f->x;

	for (size_t i = chunk * POOL_CHUNK; i < pool_chunk_end(chunk, x->n_rows); i++) {
		double p = logistic_probability(f->score[i]);
		double weight = (double)x->weight[i] / f->unit;

		f->grow.gradient[i] = (struct grow_gradient){ rounded(weight * (p - x->label[i])),
							      rounded(weight * p * (1 - p)) };
	}
}

/* Appends the tree that was grown, from that node on, to the trees. */
static void keep_tree(struct fit *f, uint32_t number)
{
	const struct grow_node *node = &f->grow.nodes[number];
	struct trees_node out = { .kind = TREES_LEAF, .value = node->value, .rows = node->rows };
	const struct grow_split *split = &node->split;
	size_t at = f->trees->n_nodes;

	if (!node->is_leaf) {
		const struct bins_column *c = &f->x->columns[split->column];

		out.column = split->column;
		out.gain = split->gain;
		if (c->is_category) {
			out.kind = TREES_CATEGORY;
			out.set = trees_add_set(f->trees, &split->left);
		} else {
			out.kind = TREES_NUMBER;
			out.missing_left = split->missing_left;
			/* After the last bin there is no edge: all values go left. */
			out.threshold = split->bin < c->n - 1 ? c->edges[split->bin - 1] : DBL_MAX;
		}
	}
	trees_add(f->trees, &out);
	if (node->is_leaf)
		return;
	keep_tree(f, node->left);
	f->trees->nodes[at].right = (uint32_t)(f->trees->n_nodes - at);
	keep_tree(f, node->right);
}

static void add_leaf_value(void *context, size_t i)
{
	const struct fit *f = context;
	const struct grow_leaf *leaf = &f->grow.leaves[i];
	double value = f->grow.nodes[leaf->node].value;

	for (size_t k = leaf->first; k < leaf->first + leaf->n; k++)
		f->score[f->grow.rows[k]] += value;
}

/* Rows that are scored one by one; and their loss. */
struct scoring {
	const struct fit *f;
	const struct bins *x;
	double *score;
	double *loss; /* of each chunk; NULL: not asked for */
	bool add;     /* the value of the tree first */
};

static void score_chunk(void *context, size_t chunk)
{
	const struct scoring *s = context;
	double loss = 0;

	for (size_t i = chunk * POOL_CHUNK; i < pool_chunk_end(chunk, s->x->n_rows); i++) {
		if (s->add)
			s->score[i] += grow_value(&s->f->grow, bins_row(s->x, i));
		if (s->loss)
			loss += (double)s->x->weight[i] *
				logistic_loss(s->score[i], s->x->label[i]);
	}
	if (s->loss)
		s->loss[chunk] = loss;
}

/* The mean log loss, its sum taken chunk by chunk: the same with any number of threads. */
static double mean_loss(struct scoring *s)
{
	size_t n = pool_chunks(s->x->n_rows);
	double loss = 0, weight = 0;

	s->loss = mem_alloc(n, sizeof(double));
	pool_run(s->f->pool, n, score_chunk, s);
	for (size_t i = 0; i < n; i++)
		loss += s->loss[i];
	for (size_t i = 0; i < s->x->n_rows; i++)
		weight += (double)s->x->weight[i];
	free(s->loss);
	return loss / weight;
}

/* Draws the rows and columns of a tree. */
static void draw(struct fit *f, size_t tree)
{
	const struct gbdt_options *o = f->options;
	uint32_t all = f->x->n_columns, wanted = (uint32_t)ceil(o->columns * all);
	struct rng rng;

	rng_seed(&rng, (uint64_t)o->seed, tree);
	f->grow.n_rows = 0;
	for (size_t i = 0; i < f->x->n_rows; i++)
		if (o->rows >= 1 || rng_chance(&rng, o->rows))
			f->grow.rows[f->grow.n_rows++] = (uint32_t)i;
	f->grow.n_columns = 0;
	/* Each with the chance that makes all choices of so many equally likely (Knuth, The Art of
	   Computer Programming, volume 2, 3.4.2, algorithm S). */
	for (uint32_t j = 0; j < all; j++)
		if (wanted == all || rng_below(&rng, all - j) < wanted - f->grow.n_columns)
			f->grow.columns[f->grow.n_columns++] = j;
}

static void add_tree(struct fit *f, size_t number)
{
	struct scoring scoring = { .f = f, .x = f->x, .score = f->score, .add = true };

	draw(f, number);
	pool_run(f->pool, pool_chunks(f->x->n_rows), compute_gradients, f);
	grow_tree(&f->grow);
	trees_start(f->trees);
	keep_tree(f, 0);
	if (f->grow.n_rows == f->x->n_rows)
		pool_run(f->pool, f->grow.n_leaves, add_leaf_value, f);
	else
		pool_run(f->pool, pool_chunks(f->x->n_rows), score_chunk, &scoring);
}

static double log_odds(const struct bins *x)
{
	double weight[2] = { 0 };

	for (size_t i = 0; i < x->n_rows; i++)
		weight[x->label[i]] += (double)x->weight[i];
	return log(weight[1] / weight[0]);
}

static double *new_scores(size_t n, double base)
{
	double *score = mem_alloc(n, sizeof(*score));

	for (size_t i = 0; i < n; i++)
		score[i] = base;
	return score;
}

/* Adds trees, and with held rows stops and goes back to the best. */
static void boost(struct fit *f, const struct bins *held, struct gbdt_report *report)
{
	double *score = held ? new_scores(held->n_rows, f->trees->base) : NULL;
	double *best_score = held ? new_scores(f->x->n_rows, 0) : NULL; /* of the train rows */
	struct scoring of_held = { .f = f, .x = held, .score = score, .add = true };
	struct scoring of_train = { .f = f, .x = f->x, .score = held ? best_score : f->score };
	size_t best = 0;

	report->held_loss = NAN;
	for (size_t i = 0; i < (size_t)f->options->trees; i++) {
		double loss;

		add_tree(f, i);
		report->n_tried = i + 1;
		if (!held)
			continue;
		loss = mean_loss(&of_held);
		if (!best || loss < report->held_loss) {
			report->held_loss = loss;
			best = i + 1;
			memcpy(best_score, f->score, f->x->n_rows * sizeof(*best_score));
		} else if (i + 1 - best >= (size_t)f->options->patience) {
			break;
		}
	}
	report->train_loss = mean_loss(&of_train);
	if (held)
		trees_truncate(f->trees, best);
	free(score);
	free(best_score);
}

static float largest(const float *v, size_t n)
{
	float max = 0;

	for (size_t i = 0; i < n; i++)
		max = v[i] > max ? v[i] : max;
	return max;
}

void gbdt_fit(struct trees *trees, const struct bins *train, const struct bins *held,
	      const struct gbdt_options *options, struct pool *pool, struct gbdt_report *report)
{
	struct fit f = { .options = options, .x = train, .pool = pool, .trees = trees };

	*trees = (struct trees)TREES_INIT;
	trees->base = log_odds(train);
	for (uint32_t j = 0; j < train->n_columns; j++)
		if (train->columns[j].monotone)
			trees_add_monotone(trees, j, train->columns[j].monotone);
	f.unit = (double)largest(train->weight, train->n_rows) / ONE;
	f.score = new_scores(train->n_rows, trees->base);
	grow_init(&f.grow, train, &options->tree, pool, f.unit);
	boost(&f, held, report);
	grow_release(&f.grow);
	free(f.score);
}
