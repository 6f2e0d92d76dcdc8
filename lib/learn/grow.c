#include "learn/grow.h"

#include "base/mem.h"
#include "base/small.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MIN_GAIN      1e-6 /* of the log loss summed up: less is rounding, as XGBoost has it */
#define LEVEL_SMOOTH  10.0 /* added to H where levels are put in order: few rows say little */
#define ROWS_TO_SHARE SMALL((size_t)4096, 8) /* fewer are not worth a second thread */
#define AHEAD         16                     /* rows whose bins are asked for early */

/* Histograms ---------------------------------------------------------------------------------- */

static void add_rows(const struct grow *t, const uint32_t *rows, size_t n, grow_sums *histogram)
{
	const struct bins *x = t->x;
	const uint32_t *columns = t->columns, *first = t->first;
	const uint32_t n_columns = t->n_columns;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *bin = bins_row(x, rows[i]);
		const grow_sums s = { t->gradient[rows[i]].g, t->gradient[rows[i]].h };

		if (i + AHEAD < n) {
			const uint8_t *later = bins_row(x, rows[i + AHEAD]);

			__builtin_prefetch(later);
			__builtin_prefetch(later + n_columns);
			__builtin_prefetch(&t->gradient[rows[i + AHEAD]]);
		}
		for (uint32_t k = 0; k < n_columns; k++)
			histogram[first[columns[k]] + bin[columns[k]]] += s;
	}
}

/* The histogram of a leaf, shared out by rows. */
struct sharing {
	struct grow *tree;
	const struct grow_leaf *leaf;
	size_t n_parts;
};

static size_t part_start(const struct sharing *s, size_t part)
{
	return s->leaf->n * part / s->n_parts;
}

static void add_part(void *context, size_t part)
{
	const struct sharing *s = context;
	grow_sums *to = part ? s->tree->partial[part - 1] : s->leaf->histogram;
	size_t start = part_start(s, part), end = part_start(s, part + 1);

	memset(to, 0, s->tree->n_bins * sizeof(*to));
	add_rows(s->tree, s->tree->rows + s->leaf->first + start, end - start, to);
}

static void make_histogram(struct grow *t, const struct grow_leaf *leaf)
{
	size_t n_parts = leaf->n < ROWS_TO_SHARE ? 1 : (size_t)pool_threads(t->pool);
	struct sharing sharing = { t, leaf, n_parts };

	pool_run(t->pool, n_parts, add_part, &sharing);
	for (size_t part = 1; part < n_parts; part++)
		for (size_t b = 0; b < t->n_bins; b++)
			leaf->histogram[b] += t->partial[part - 1][b];
}

static grow_sums *take_histogram(struct grow *t)
{
	return t->n_spare ? t->spare[--t->n_spare] : mem_alloc(t->n_bins, sizeof(grow_sums));
}

static void leave_histogram(struct grow *t, struct grow_leaf *leaf)
{
	t->spare[t->n_spare++] = leaf->histogram;
	leaf->histogram = NULL;
}

/* Splits -------------------------------------------------------------------------------------- */

static double within(struct grow_bounds bounds, double value)
{
	return value < bounds.low ? bounds.low : value > bounds.high ? bounds.high : value;
}

/* The value of a leaf with these sums: what it adds to the score. */
static double value_of(const struct grow *t, grow_sums s, struct grow_bounds bounds)
{
	double g = (double)s[0] * t->unit, h = (double)s[1] * t->unit + t->options->l2;

	return within(bounds, h > 0 ? -t->options->rate * g / h : 0);
}

/*
 * What a side with these sums is worth, w being its value without the rate: -(2 G w + (H + l2)
 * w^2), which is G^2/(H + l2) where no bound is in the way.
 */
static double worth(const struct grow *t, grow_sums s, struct grow_bounds bounds)
{
	double g = (double)s[0] * t->unit, h = (double)s[1] * t->unit + t->options->l2;
	double w;

	if (t->is_bounded) {
		w = -t->options->rate * g / h;
		if (w < bounds.low || w > bounds.high) {
			w = within(bounds, w) / t->options->rate;
			return -(2 * g + h * w) * w;
		}
	}
	return g * g / h;
}

static bool is_heavy(const struct grow *t, grow_sums s)
{
	return s[1] > 0 && (double)s[1] * t->unit >= t->options->min_weight;
}

/* Whether rows are there; where all are very sure, their hessian alone may be 0. */
static bool is_there(grow_sums s)
{
	return s[1] > 0 || s[0] != 0;
}

/* Which way values must go at a split after that bin of a column: 1 up, -1 down, 0 either. */
static int direction(const struct grow *t, uint32_t column, uint32_t bin)
{
	const struct bins_column *c = &t->x->columns[column];

	/* After the last bin are missing values only. */
	return bin + 1 < c->n ? c->monotone : 0;
}

/*
 * Whether parting `left` from the rest gains more than *best, which then is this gain, and the
 * values go that way.
 */
static bool gains(const struct grow *t, const struct grow_leaf *leaf, grow_sums left, int way,
		  double *best)
{
	grow_sums right = leaf->total - left;
	double gain;

	if (!is_heavy(t, left) || !is_heavy(t, right))
		return false;
	gain = (worth(t, left, leaf->bounds) + worth(t, right, leaf->bounds) - leaf->worth) / 2;
	if (!(gain > *best))
		return false;
	if (way && way * value_of(t, left, leaf->bounds) > way * value_of(t, right, leaf->bounds))
		return false;
	*best = gain;
	return true;
}

static void find_number_split(const struct grow *t, const struct grow_leaf *leaf, uint32_t column,
			      struct grow_split *best)
{
	const grow_sums *bin = leaf->histogram + t->first[column];
	uint32_t n = t->x->columns[column].n;
	const grow_sums missing = bin[0];
	bool has_missing = is_there(missing);
	double gain = MIN_GAIN;
	grow_sums left = { 0 };

	for (uint32_t b = 1; b < n; b++) {
		int way = direction(t, column, b);

		left += bin[b];
		if (gains(t, leaf, left, way, &gain))
			*best = (struct grow_split){ .bin = b, .left_sums = left };
		if (has_missing && gains(t, leaf, left + missing, way, &gain))
			*best = (struct grow_split){ .bin = b,
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

static void find_category_split(const struct grow *t, const struct grow_leaf *leaf, uint32_t column,
				struct grow_split *best)
{
	const grow_sums *bin = leaf->histogram + t->first[column];
	struct level levels[TREES_LEVELS];
	size_t n = 0, n_left = 0;
	double gain = MIN_GAIN;
	grow_sums left = { 0 };
	bool others_left;

	for (uint32_t b = 0; b < t->x->columns[column].n; b++)
		if (is_there(bin[b]))
			levels[n++] = (struct level){
				(double)bin[b][0] / ((double)bin[b][1] + LEVEL_SMOOTH / t->unit), b
			};
	if (n < 2)
		return;
	qsort(levels, n, sizeof(*levels), by_key);
	for (size_t i = 0; i + 1 < n; i++) {
		left += bin[levels[i].level];
		if (gains(t, leaf, left, 0, &gain)) {
			*best = (struct grow_split){ .left_sums = left };
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
	struct grow *tree;
	struct grow_leaf *leaf[2];
};

static void find_split(void *context, size_t part)
{
	const struct search *s = context;
	const struct grow *t = s->tree;
	const struct grow_leaf *leaf = s->leaf[part / t->n_columns];
	uint32_t column = t->columns[part % t->n_columns];
	struct grow_split *best = &t->found[part];

	*best = (struct grow_split){ .gain = 0 };
	if (t->x->columns[column].is_category)
		find_category_split(t, leaf, column, best);
	else
		find_number_split(t, leaf, column, best);
}

static void find_best_splits(struct grow *t, struct grow_leaf *a, struct grow_leaf *b)
{
	struct search search = { t, { a ? a : b, b } };
	size_t n = (size_t)(a != NULL) + (b != NULL);

	pool_run(t->pool, n * t->n_columns, find_split, &search);
	for (size_t i = 0; i < n; i++) {
		struct grow_split *best = &search.leaf[i]->best;

		*best = (struct grow_split){ .gain = 0 };
		for (uint32_t k = 0; k < t->n_columns; k++)
			if (t->found[i * t->n_columns + k].gain > best->gain)
				*best = t->found[i * t->n_columns + k];
	}
}

/* Parting the rows of a leaf ------------------------------------------------------------------ */

struct parting {
	struct grow *tree;
	const struct grow_leaf *leaf;
	size_t *n_left; /* of each chunk; then how many are left of it in all */
};

/* Writes a chunk's rows that go left from its start on, the others backwards from its end. */
static void part_chunk(void *context, size_t chunk)
{
	const struct parting *p = context;
	const struct grow_split *split = &p->leaf->best;
	const struct bins *x = p->tree->x;
	size_t start = chunk * POOL_CHUNK, end = pool_chunk_end(chunk, p->leaf->n);
	const uint32_t *rows = p->tree->rows + p->leaf->first;
	uint32_t *left = p->tree->scratch + p->leaf->first + start;
	uint32_t *right = p->tree->scratch + p->leaf->first + end;
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
	p->n_left[chunk] = (size_t)(left - (p->tree->scratch + p->leaf->first + start));
}

/* Puts a chunk's rows where they belong. */
static void place_chunk(void *context, size_t chunk)
{
	const struct parting *p = context;
	size_t start = chunk * POOL_CHUNK, end = pool_chunk_end(chunk, p->leaf->n);
	size_t before = p->n_left[chunk], n_left = p->n_left[chunk + 1] - before;
	size_t all_left = p->n_left[pool_chunks(p->leaf->n)];
	const uint32_t *from = p->tree->scratch + p->leaf->first;
	uint32_t *to = p->tree->rows + p->leaf->first;

	memcpy(to + before, from + start, n_left * sizeof(*to));
	to += all_left + start - before;
	for (size_t i = 0; i < end - start - n_left; i++)
		to[i] = from[end - 1 - i];
}

/* Returns how many rows go left. */
static size_t part_rows(struct grow *t, const struct grow_leaf *leaf)
{
	size_t n = pool_chunks(leaf->n), sum = 0;
	struct parting parting = { t, leaf, mem_alloc(n + 1, sizeof(size_t)) };

	pool_run(t->pool, n, part_chunk, &parting);
	for (size_t i = 0; i < n; i++) {
		size_t n_left = parting.n_left[i];

		parting.n_left[i] = sum;
		sum += n_left;
	}
	parting.n_left[n] = sum;
	pool_run(t->pool, n, place_chunk, &parting);
	free(parting.n_left);
	return sum;
}

/* A tree -------------------------------------------------------------------------------------- */

static bool may_split(const struct grow *t, const struct grow_leaf *leaf)
{
	return leaf->depth < t->options->depth && leaf->n > 1 &&
	       (double)leaf->total[1] * t->unit >= 2 * t->options->min_weight;
}

static struct grow_leaf new_leaf(struct grow *t, size_t first, size_t n, int depth, grow_sums total,
				 struct grow_bounds bounds)
{
	t->nodes[t->n_nodes] = (struct grow_node){ .is_leaf = true,
						   .value = value_of(t, total, bounds),
						   .rows = n };
	return (struct grow_leaf){ .first = first,
				   .n = n,
				   .node = (uint32_t)t->n_nodes++,
				   .depth = depth,
				   .bounds = bounds,
				   .total = total,
				   .worth = worth(t, total, bounds) };
}

/* Bounds what will be below either side of a split at which values go one way. */
static void bound_children(const struct grow *t, struct grow_leaf *left, struct grow_leaf *right,
			   int way)
{
	double middle = (t->nodes[left->node].value + t->nodes[right->node].value) / 2;

	if (way > 0)
		left->bounds.high = right->bounds.low = middle;
	else if (way < 0)
		left->bounds.low = right->bounds.high = middle;
}

/* Gives the children their histograms, of which the parent's becomes the larger one's. */
static void share_histogram(struct grow *t, struct grow_leaf *parent, struct grow_leaf *left,
			    struct grow_leaf *right)
{
	struct grow_leaf *small = left->n <= right->n ? left : right;
	struct grow_leaf *large = small == left ? right : left;
	bool split_small = may_split(t, small), split_large = may_split(t, large);

	if (split_small || split_large) {
		small->histogram = take_histogram(t);
		make_histogram(t, small);
	}
	if (split_large) {
		large->histogram = parent->histogram;
		parent->histogram = NULL;
		for (size_t b = 0; b < t->n_bins; b++)
			large->histogram[b] -= small->histogram[b];
	} else {
		leave_histogram(t, parent);
	}
	if (!split_small && small->histogram)
		leave_histogram(t, small);
}

static void split_leaf(struct grow *t, struct grow_leaf *leaf)
{
	size_t n_left = part_rows(t, leaf);
	struct grow_leaf parent = *leaf, *other = &t->leaves[t->n_leaves++];

	*leaf = new_leaf(t, parent.first, n_left, parent.depth + 1, parent.best.left_sums,
			 parent.bounds);
	*other = new_leaf(t, parent.first + n_left, parent.n - n_left, parent.depth + 1,
			  parent.total - parent.best.left_sums, parent.bounds);
	bound_children(t, leaf, other, direction(t, parent.best.column, parent.best.bin));
	t->nodes[parent.node].is_leaf = false;
	t->nodes[parent.node].split = parent.best;
	t->nodes[parent.node].left = leaf->node;
	t->nodes[parent.node].right = other->node;
	share_histogram(t, &parent, leaf, other);
	if (leaf->histogram || other->histogram)
		find_best_splits(t, leaf->histogram ? leaf : NULL, other->histogram ? other : NULL);
}

static struct grow_leaf *best_leaf(const struct grow *t)
{
	struct grow_leaf *best = NULL;

	for (size_t i = 0; i < t->n_leaves; i++)
		if (t->leaves[i].histogram && t->leaves[i].best.gain > 0 &&
		    (!best || t->leaves[i].best.gain > best->best.gain))
			best = &t->leaves[i];
	return best;
}

void grow_tree(struct grow *t)
{
	static const struct grow_bounds free_bounds = { -INFINITY, INFINITY };
	struct grow_leaf *leaf = &t->leaves[0];
	grow_sums total = { 0 };

	for (size_t i = 0; i < t->n_rows; i++)
		total += (grow_sums){ t->gradient[t->rows[i]].g, t->gradient[t->rows[i]].h };
	t->n_nodes = 0;
	t->n_leaves = 1;
	*leaf = new_leaf(t, 0, t->n_rows, 0, total, free_bounds);
	if (may_split(t, leaf)) {
		leaf->histogram = take_histogram(t);
		make_histogram(t, leaf);
		find_best_splits(t, leaf, NULL);
	}
	while (t->n_leaves < (size_t)t->options->leaves && (leaf = best_leaf(t)))
		split_leaf(t, leaf);
	for (size_t i = 0; i < t->n_leaves; i++)
		if (t->leaves[i].histogram)
			leave_histogram(t, &t->leaves[i]);
}

double grow_value(const struct grow *t, const uint8_t *bin)
{
	const struct grow_node *node = &t->nodes[0];

	while (!node->is_leaf)
		node = &t->nodes[trees_has_level(&node->split.left, bin[node->split.column])
					 ? node->left
					 : node->right];
	return node->value;
}

void grow_init(struct grow *t, const struct bins *x, const struct grow_options *options,
	       struct pool *pool, double unit)
{
	size_t max_leaves = (size_t)options->leaves, n_partial = (size_t)pool_threads(pool) - 1;

	*t = (struct grow){ .options = options, .x = x, .pool = pool, .unit = unit };
	t->gradient = mem_alloc(x->n_rows, sizeof(*t->gradient));
	t->rows = mem_alloc(x->n_rows, sizeof(*t->rows));
	t->scratch = mem_alloc(x->n_rows, sizeof(*t->scratch));
	t->columns = mem_alloc(x->n_columns, sizeof(*t->columns));
	t->first = mem_alloc(x->n_columns, sizeof(*t->first));
	for (uint32_t j = 0; j < x->n_columns; j++) {
		t->first[j] = (uint32_t)t->n_bins;
		t->n_bins += x->columns[j].n;
		t->is_bounded |= x->columns[j].monotone != 0;
	}
	t->partial = mem_alloc(n_partial, sizeof(*t->partial));
	for (size_t i = 0; i < n_partial; i++)
		t->partial[i] = mem_alloc(t->n_bins, sizeof(**t->partial));
	t->spare = mem_alloc(max_leaves + 1, sizeof(*t->spare));
	t->leaves = mem_alloc(max_leaves, sizeof(*t->leaves));
	t->nodes = mem_alloc(2 * max_leaves, sizeof(*t->nodes));
	t->found = mem_alloc(2 * (size_t)x->n_columns, sizeof(*t->found));
}

void grow_release(struct grow *t)
{
	for (size_t i = 0; i < t->n_spare; i++)
		free(t->spare[i]);
	for (size_t i = 0; i + 1 < (size_t)pool_threads(t->pool); i++)
		free(t->partial[i]);
	free(t->gradient);
	free(t->rows);
	free(t->scratch);
	free(t->columns);
	free(t->first);
	free(t->partial);
	free(t->spare);
	free(t->leaves);
	free(t->nodes);
	free(t->found);
}
