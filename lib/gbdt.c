#include "gbdt.h"

#include "logistic.h"
#include "mem.h"
#include "rng.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ONE           ((double)(1 << 30)) /* a gradient of the largest weight, as an integer */
#define MIN_GAIN      1e-6 /* of the log loss summed up: less is rounding, as XGBoost has it */
#define LEVEL_SMOOTH  10.0 /* added to H where levels are put in order: few rows say little */
#define CHUNK         ((size_t)4096) /* rows that one thread takes at a time */
#define ROWS_TO_SHARE ((size_t)4096) /* fewer are not worth a second thread */
#define AHEAD         16             /* rows whose bins are asked for early */

struct gradient {
	int32_t g, h;
};

/* A sum of gradients and one of hessians, which are added at once. */
typedef int64_t sums __attribute__((vector_size(16)));

struct split {
	double gain; /* 0: there is none */
	uint32_t column;
	uint32_t bin; /* of a number: the last that goes left */
	bool missing_left;
	struct trees_levels left; /* the bins that go left */
	sums left_sums;
};

struct leaf {
	size_t first, n; /* its part of `rows` */
	uint32_t node;
	int depth;
	sums total;
	double worth;    /* of that, unsplit */
	sums *histogram; /* NULL: it will not be split */
	struct split best;
};

/* A node of the tree that grows. */
struct node {
	bool is_leaf;
	uint32_t left, right;
	double value;
	struct split split;
	uint64_t rows;
};

struct fit {
	const struct gbdt_options *options;
	const struct bins *x;
	struct pool *pool;
	struct trees *trees;
	double unit; /* of the integers */

	double *score;             /* [n_rows] */
	struct gradient *gradient; /* [n_rows] */
	uint32_t *rows;    /* [n_rows] those of the tree; a leaf's stand together, in order */
	uint32_t *scratch; /* [n_rows] */
	size_t n_rows;     /* of the tree */

	uint32_t *columns; /* [n_columns] those of the tree */
	uint32_t n_columns;
	uint32_t *first; /* [x->n_columns] where each column is in a histogram */
	size_t n_bins;   /* of a histogram */
	sums **partial;  /* [threads - 1] histograms of the threads but one */
	sums **spare;    /* histograms that no leaf has */
	size_t n_spare;

	struct leaf *leaves;
	struct node *nodes;
	struct split *found; /* [2 * n_columns] */
	size_t n_leaves, n_nodes;
};

/* Rows and parts ------------------------------------------------------------------------------ */

static size_t n_chunks(size_t n)
{
	return (n + CHUNK - 1) / CHUNK;
}

static size_t chunk_end(size_t chunk, size_t n)
{
	return (chunk + 1) * CHUNK < n ? (chunk + 1) * CHUNK : n;
}

static int32_t rounded(double value)
{
	return (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static void compute_gradients(void *context, size_t chunk)
{
	struct fit *f = context;
	const struct bins *x = f->x;

	for (size_t i = chunk * CHUNK; i < chunk_end(chunk, x->n_rows); i++) {
		double p = logistic_probability(f->score[i]);
		double weight = (double)x->weight[i] / f->unit;

		f->gradient[i] = (struct gradient){ rounded(weight * (p - x->label[i])),
						    rounded(weight * p * (1 - p)) };
	}
}

/* Histograms ---------------------------------------------------------------------------------- */

static void add_rows(const struct fit *f, const uint32_t *rows, size_t n, sums *histogram)
{
	const struct bins *x = f->x;
	const uint32_t *columns = f->columns, *first = f->first;
	const uint32_t n_columns = f->n_columns;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *bin = bins_row(x, rows[i]);
		const sums s = { f->gradient[rows[i]].g, f->gradient[rows[i]].h };

		if (i + AHEAD < n) {
			const uint8_t *later = bins_row(x, rows[i + AHEAD]);

			__builtin_prefetch(later);
			__builtin_prefetch(later + n_columns);
			__builtin_prefetch(&f->gradient[rows[i + AHEAD]]);
		}
		for (uint32_t k = 0; k < n_columns; k++)
			histogram[first[columns[k]] + bin[columns[k]]] += s;
	}
}

/* The histogram of a leaf, shared out by rows. */
struct sharing {
	struct fit *f;
	const struct leaf *leaf;
	size_t n_parts;
};

static size_t part_start(const struct sharing *s, size_t part)
{
	return s->leaf->n * part / s->n_parts;
}

static void add_part(void *context, size_t part)
{
	const struct sharing *s = context;
	sums *to = part ? s->f->partial[part - 1] : s->leaf->histogram;
	size_t start = part_start(s, part), end = part_start(s, part + 1);

	memset(to, 0, s->f->n_bins * sizeof(*to));
	add_rows(s->f, s->f->rows + s->leaf->first + start, end - start, to);
}

static void make_histogram(struct fit *f, const struct leaf *leaf)
{
	size_t n_parts = leaf->n < ROWS_TO_SHARE ? 1 : (size_t)pool_threads(f->pool);
	struct sharing sharing = { f, leaf, n_parts };

	pool_run(f->pool, n_parts, add_part, &sharing);
	for (size_t part = 1; part < n_parts; part++)
		for (size_t b = 0; b < f->n_bins; b++)
			leaf->histogram[b] += f->partial[part - 1][b];
}

static sums *take_histogram(struct fit *f)
{
	return f->n_spare ? f->spare[--f->n_spare] : mem_alloc(f->n_bins, sizeof(sums));
}

static void leave_histogram(struct fit *f, struct leaf *leaf)
{
	f->spare[f->n_spare++] = leaf->histogram;
	leaf->histogram = NULL;
}

/* Splits -------------------------------------------------------------------------------------- */

/* What a side with these sums is worth: G^2/(H + l2). */
static double worth(const struct fit *f, sums s)
{
	double g = (double)s[0] * f->unit, h = (double)s[1] * f->unit;

	return g * g / (h + f->options->l2);
}

static bool is_heavy(const struct fit *f, sums s)
{
	return s[1] > 0 && (double)s[1] * f->unit >= f->options->min_weight;
}

/* Whether rows are there; where all are very sure, their hessian alone may be 0. */
static bool is_there(sums s)
{
	return s[1] > 0 || s[0] != 0;
}

/* Whether parting `left` from the rest gains more than *best, which then is this gain. */
static bool gains(const struct fit *f, const struct leaf *leaf, sums left, double *best)
{
	sums right = leaf->total - left;
	double gain;

	if (!is_heavy(f, left) || !is_heavy(f, right))
		return false;
	gain = (worth(f, left) + worth(f, right) - leaf->worth) / 2;
	if (!(gain > *best))
		return false;
	*best = gain;
	return true;
}

static void find_number_split(const struct fit *f, const struct leaf *leaf, uint32_t column,
			      struct split *best)
{
	const sums *bin = leaf->histogram + f->first[column];
	uint32_t n = f->x->columns[column].n;
	const sums missing = bin[0];
	bool has_missing = is_there(missing);
	double gain = MIN_GAIN;
	sums left = { 0 };

	for (uint32_t b = 1; b < n; b++) {
		left += bin[b];
		if (gains(f, leaf, left, &gain))
			*best = (struct split){ .bin = b, .left_sums = left };
		if (has_missing && gains(f, leaf, left + missing, &gain))
			*best = (struct split){ .bin = b,
						.missing_left = true,
						.left_sums = left + missing };
	}
	if (!(gain > MIN_GAIN))
		return;
	best->gain = gain;
	best->column = column;
	/* Where nothing was missing, what will be goes where most rows go. */
	if (!has_missing)
		best->missing_left = 2 * best->left_sums[1] > leaf->total[1];
	for (uint32_t b = 1; b <= best->bin; b++)
		trees_add_level(&best->left, b);
	if (best->missing_left)
		trees_add_level(&best->left, 0);
}

struct level {
	double key;
	uint32_t level;
};

static int by_key(const void *a, const void *b)
{
	const struct level *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->level > y->level) - (x->level < y->level);
}

static void find_category_split(const struct fit *f, const struct leaf *leaf, uint32_t column,
				struct split *best)
{
	const sums *bin = leaf->histogram + f->first[column];
	struct level levels[TREES_LEVELS];
	size_t n = 0, n_left = 0;
	double gain = MIN_GAIN;
	sums left = { 0 };
	bool others_left;

	for (uint32_t b = 0; b < f->x->columns[column].n; b++)
		if (is_there(bin[b]))
			levels[n++] = (struct level){
				(double)bin[b][0] / ((double)bin[b][1] + LEVEL_SMOOTH / f->unit), b
			};
	if (n < 2)
		return;
	qsort(levels, n, sizeof(*levels), by_key);
	for (size_t i = 0; i + 1 < n; i++) {
		left += bin[levels[i].level];
		if (gains(f, leaf, left, &gain)) {
			*best = (struct split){ .left_sums = left };
			n_left = i + 1;
		}
	}
	if (!n_left)
		return;
	best->gain = gain;
	best->column = column;
	/* Levels without rows here go where most rows go. */
	others_left = 2 * best->left_sums[1] > leaf->total[1];
	if (others_left)
		memset(&best->left, 0xff, sizeof(best->left));
	for (size_t i = 0; i < n; i++) {
		uint64_t *word = &best->left.word[levels[i].level / 64];
		uint64_t bit = UINT64_C(1) << levels[i].level % 64;

		*word = i < n_left ? *word | bit : *word & ~bit;
	}
}

/* The columns of one or two leaves. */
struct search {
	struct fit *f;
	struct leaf *leaf[2];
};

static void find_split(void *context, size_t part)
{
	const struct search *s = context;
	const struct fit *f = s->f;
	const struct leaf *leaf = s->leaf[part / f->n_columns];
	uint32_t column = f->columns[part % f->n_columns];
	struct split *best = &f->found[part];

	*best = (struct split){ .gain = 0 };
	if (f->x->columns[column].is_category)
		find_category_split(f, leaf, column, best);
	else
		find_number_split(f, leaf, column, best);
}

static void find_best_splits(struct fit *f, struct leaf *a, struct leaf *b)
{
	struct search search = { f, { a ? a : b, b } };
	size_t n = (size_t)(a != NULL) + (b != NULL);

	pool_run(f->pool, n * f->n_columns, find_split, &search);
	for (size_t i = 0; i < n; i++) {
		struct split *best = &search.leaf[i]->best;

		*best = (struct split){ .gain = 0 };
		for (uint32_t k = 0; k < f->n_columns; k++)
			if (f->found[i * f->n_columns + k].gain > best->gain)
				*best = f->found[i * f->n_columns + k];
	}
}

/* Parting the rows of a leaf ------------------------------------------------------------------ */

struct parting {
	struct fit *f;
	const struct leaf *leaf;
	size_t *n_left; /* of each chunk; then how many are left of it in all */
};

/* Writes a chunk's rows that go left from its start on, the others backwards from its end. */
static void part_chunk(void *context, size_t chunk)
{
	const struct parting *p = context;
	const struct split *split = &p->leaf->best;
	const struct bins *x = p->f->x;
	size_t start = chunk * CHUNK, end = chunk_end(chunk, p->leaf->n);
	const uint32_t *rows = p->f->rows + p->leaf->first;
	uint32_t *left = p->f->scratch + p->leaf->first + start;
	uint32_t *right = p->f->scratch + p->leaf->first + end;
	const uint8_t *bin = x->bin + split->column;

	for (size_t i = start; i < end; i++) {
		uint32_t row = rows[i];
		bool goes_left = trees_has_level(&split->left, bin[(size_t)row * x->n_columns]);

		if (i + AHEAD < end)
			__builtin_prefetch(&bin[(size_t)rows[i + AHEAD] * x->n_columns]);
		/* Both are written, and one counts: nobody could guess which. */
		*left = row;
		right[-1] = row;
		left += goes_left;
		right -= !goes_left;
	}
	p->n_left[chunk] = (size_t)(left - (p->f->scratch + p->leaf->first + start));
}

/* Puts a chunk's rows where they belong. */
static void place_chunk(void *context, size_t chunk)
{
	const struct parting *p = context;
	size_t start = chunk * CHUNK, end = chunk_end(chunk, p->leaf->n);
	size_t before = p->n_left[chunk], n_left = p->n_left[chunk + 1] - before;
	size_t all_left = p->n_left[n_chunks(p->leaf->n)];
	const uint32_t *from = p->f->scratch + p->leaf->first;
	uint32_t *to = p->f->rows + p->leaf->first;

	memcpy(to + before, from + start, n_left * sizeof(*to));
	to += all_left + start - before;
	for (size_t i = 0; i < end - start - n_left; i++)
		to[i] = from[end - 1 - i];
}

/* Returns how many rows go left. */
static size_t part_rows(struct fit *f, const struct leaf *leaf)
{
	size_t n = n_chunks(leaf->n), sum = 0;
	struct parting parting = { f, leaf, mem_alloc(n + 1, sizeof(size_t)) };

	pool_run(f->pool, n, part_chunk, &parting);
	for (size_t i = 0; i < n; i++) {
		size_t n_left = parting.n_left[i];

		parting.n_left[i] = sum;
		sum += n_left;
	}
	parting.n_left[n] = sum;
	pool_run(f->pool, n, place_chunk, &parting);
	free(parting.n_left);
	return sum;
}

/* A tree -------------------------------------------------------------------------------------- */

static bool may_split(const struct fit *f, const struct leaf *leaf)
{
	return leaf->depth < f->options->depth && leaf->n > 1 &&
	       (double)leaf->total[1] * f->unit >= 2 * f->options->min_weight;
}

static struct leaf new_leaf(struct fit *f, size_t first, size_t n, int depth, sums total)
{
	double g = (double)total[0] * f->unit, h = (double)total[1] * f->unit;
	double value = h + f->options->l2 > 0 ? -f->options->rate * g / (h + f->options->l2) : 0;

	f->nodes[f->n_nodes] = (struct node){ .is_leaf = true, .value = value, .rows = n };
	return (struct leaf){ .first = first,
			      .n = n,
			      .node = (uint32_t)f->n_nodes++,
			      .depth = depth,
			      .total = total,
			      .worth = worth(f, total) };
}

/* Gives the children their histograms, of which the parent's becomes the larger one's. */
static void share_histogram(struct fit *f, struct leaf *parent, struct leaf *left,
			    struct leaf *right)
{
	struct leaf *small = left->n <= right->n ? left : right;
	struct leaf *large = small == left ? right : left;
	bool split_small = may_split(f, small), split_large = may_split(f, large);

	if (split_small || split_large) {
		small->histogram = take_histogram(f);
		make_histogram(f, small);
	}
	if (split_large) {
		large->histogram = parent->histogram;
		parent->histogram = NULL;
		for (size_t b = 0; b < f->n_bins; b++)
			large->histogram[b] -= small->histogram[b];
	} else {
		leave_histogram(f, parent);
	}
	if (!split_small && small->histogram)
		leave_histogram(f, small);
}

static void split_leaf(struct fit *f, struct leaf *leaf)
{
	size_t n_left = part_rows(f, leaf);
	struct leaf parent = *leaf, *other = &f->leaves[f->n_leaves++];

	*leaf = new_leaf(f, parent.first, n_left, parent.depth + 1, parent.best.left_sums);
	*other = new_leaf(f, parent.first + n_left, parent.n - n_left, parent.depth + 1,
			  parent.total - parent.best.left_sums);
	f->nodes[parent.node].is_leaf = false;
	f->nodes[parent.node].split = parent.best;
	f->nodes[parent.node].left = leaf->node;
	f->nodes[parent.node].right = other->node;
	share_histogram(f, &parent, leaf, other);
	if (leaf->histogram || other->histogram)
		find_best_splits(f, leaf->histogram ? leaf : NULL, other->histogram ? other : NULL);
}

static struct leaf *best_leaf(const struct fit *f)
{
	struct leaf *best = NULL;

	for (size_t i = 0; i < f->n_leaves; i++)
		if (f->leaves[i].histogram && f->leaves[i].best.gain > 0 &&
		    (!best || f->leaves[i].best.gain > best->best.gain))
			best = &f->leaves[i];
	return best;
}

static void grow_tree(struct fit *f)
{
	struct leaf *leaf = &f->leaves[0];
	sums total = { 0 };

	for (size_t i = 0; i < f->n_rows; i++)
		total += (sums){ f->gradient[f->rows[i]].g, f->gradient[f->rows[i]].h };
	f->n_nodes = 0;
	f->n_leaves = 1;
	*leaf = new_leaf(f, 0, f->n_rows, 0, total);
	if (may_split(f, leaf)) {
		leaf->histogram = take_histogram(f);
		make_histogram(f, leaf);
		find_best_splits(f, leaf, NULL);
	}
	while (f->n_leaves < (size_t)f->options->leaves && (leaf = best_leaf(f)))
		split_leaf(f, leaf);
	for (size_t i = 0; i < f->n_leaves; i++)
		if (f->leaves[i].histogram)
			leave_histogram(f, &f->leaves[i]);
}

/* Appends the tree that was grown, from that node on, to the trees. */
static void keep_tree(struct fit *f, uint32_t number)
{
	const struct node *node = &f->nodes[number];
	struct trees_node out = { .kind = TREES_LEAF, .value = node->value, .rows = node->rows };
	const struct split *split = &node->split;
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
			/* Behind the last bin there is no edge: all values go left. */
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

/* What the tree that was grown says of a row. */
static double tree_value(const struct fit *f, const uint8_t *bin)
{
	const struct node *node = &f->nodes[0];

	while (!node->is_leaf)
		node = &f->nodes[trees_has_level(&node->split.left, bin[node->split.column])
					 ? node->left
					 : node->right];
	return node->value;
}

static void add_leaf_value(void *context, size_t i)
{
	const struct fit *f = context;
	const struct leaf *leaf = &f->leaves[i];
	double value = f->nodes[leaf->node].value;

	for (size_t k = leaf->first; k < leaf->first + leaf->n; k++)
		f->score[f->rows[k]] += value;
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

	for (size_t i = chunk * CHUNK; i < chunk_end(chunk, s->x->n_rows); i++) {
		if (s->add)
			s->score[i] += tree_value(s->f, bins_row(s->x, i));
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
	size_t n = n_chunks(s->x->n_rows);
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
	f->n_rows = 0;
	for (size_t i = 0; i < f->x->n_rows; i++)
		if (o->rows >= 1 || rng_chance(&rng, o->rows))
			f->rows[f->n_rows++] = (uint32_t)i;
	f->n_columns = 0;
	/* Each with the chance that makes all choices of so many equally likely (Knuth, The Art of
	   Computer Programming, volume 2, 3.4.2, algorithm S). */
	for (uint32_t j = 0; j < all; j++)
		if (wanted == all || rng_below(&rng, all - j) < wanted - f->n_columns)
			f->columns[f->n_columns++] = j;
}

static void add_tree(struct fit *f, size_t number)
{
	struct scoring scoring = { .f = f, .x = f->x, .score = f->score, .add = true };

	draw(f, number);
	pool_run(f->pool, n_chunks(f->x->n_rows), compute_gradients, f);
	grow_tree(f);
	trees_start(f->trees);
	keep_tree(f, 0);
	if (f->n_rows == f->x->n_rows)
		pool_run(f->pool, f->n_leaves, add_leaf_value, f);
	else
		pool_run(f->pool, n_chunks(f->x->n_rows), score_chunk, &scoring);
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
	size_t n = train->n_rows, max_leaves = (size_t)options->leaves;
	int n_partial = pool_threads(pool) - 1;
	struct fit f = { .options = options, .x = train, .pool = pool, .trees = trees };

	*trees = (struct trees)TREES_INIT;
	trees->base = log_odds(train);
	f.unit = (double)largest(train->weight, n) / ONE;
	f.score = new_scores(n, trees->base);
	f.gradient = mem_alloc(n, sizeof(*f.gradient));
	f.rows = mem_alloc(n, sizeof(*f.rows));
	f.scratch = mem_alloc(n, sizeof(*f.scratch));
	f.columns = mem_alloc(train->n_columns, sizeof(*f.columns));
	f.first = mem_alloc(train->n_columns, sizeof(*f.first));
	for (uint32_t j = 0; j < train->n_columns; j++) {
		f.first[j] = (uint32_t)f.n_bins;
		f.n_bins += train->columns[j].n;
	}
	f.partial = mem_alloc((size_t)n_partial, sizeof(*f.partial));
	for (int i = 0; i < n_partial; i++)
		f.partial[i] = mem_alloc(f.n_bins, sizeof(**f.partial));
	f.spare = mem_alloc(max_leaves + 1, sizeof(*f.spare));
	f.leaves = mem_alloc(max_leaves, sizeof(*f.leaves));
	f.nodes = mem_alloc(2 * max_leaves, sizeof(*f.nodes));
	f.found = mem_alloc(2 * (size_t)train->n_columns, sizeof(*f.found));
	boost(&f, held, report);
	for (size_t i = 0; i < f.n_spare; i++)
		free(f.spare[i]);
	for (int i = 0; i < n_partial; i++)
		free(f.partial[i]);
	free(f.score);
	free(f.gradient);
	free(f.rows);
	free(f.scratch);
	free(f.columns);
	free(f.first);
	free(f.partial);
	free(f.spare);
	free(f.leaves);
	free(f.nodes);
	free(f.found);
}
