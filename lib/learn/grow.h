/*
 * grow: one tree from gradients and hessians, by histograms: see gbdt for what it maximises.
 *
 * The best leaf is split until there are as many as wanted, or nothing gains. Sums are integers, so
 * that neither the order of the rows nor the number of threads matters to them. Memory besides the
 * bins: 16 bytes a row, and for each open leaf and each thread 16 bytes a bin of each column.
 */
#ifndef CE_GROW_H
#define CE_GROW_H

#include "base/pool.h"
#include "learn/bins.h"
#include "learn/trees.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grow_options {
	double rate;       /* (0, 1]: by how much the values of leaves are shrunk */
	int64_t depth;     /* splits on a way to a leaf, 1 ... TREES_DEPTH_MAX */
	int64_t leaves;    /* 2 ... TREES_LEAVES_MAX */
	double l2;         /* >= 0 */
	double min_weight; /* hessian that each child needs, >= 0 */
};

#define GROW_OPTIONS_INIT                                                                          \
	{                                                                                          \
		.rate = 0.1, .depth = 6, .leaves = 64, .l2 = 1, .min_weight = 1                    \
	}

/* Of a row, in units. */
struct grow_gradient {
	int32_t g, h;
};

/* A sum of gradients and one of hessians, which are added at once. */
typedef int64_t grow_sums __attribute__((vector_size(16)));

struct grow_split {
	double gain; /* 0: there is none */
	uint32_t column;
	uint32_t bin; /* of a number: the last that goes left */
	bool missing_left;
	struct trees_levels left; /* the bins that go left */
	grow_sums left_sums;
};

/* A node of the tree that was grown. */
struct grow_node {
	bool is_leaf;
	uint32_t left, right; /* places of its children */
	double value;         /* of a leaf */
	struct grow_split split;
	uint64_t rows;
};

/* Of values, as splits of monotone columns above want them; infinite: there are none. */
struct grow_bounds {
	double low, high;
};

struct grow_leaf {
	size_t first, n; /* its part of `rows` */
	uint32_t node;

	/* The module's own. */
	int depth;
	struct grow_bounds bounds;
	grow_sums total;
	double worth;         /* of that, unsplit */
	grow_sums *histogram; /* NULL: it will not be split */
	struct grow_split best;
};

struct grow {
	/* What a tree is grown from; whoever wants one fills it in first. */
	struct grow_gradient *gradient; /* [x->n_rows] */
	uint32_t *rows;    /* [n_rows] those of the tree; then a leaf's stand together, in order */
	size_t n_rows;     /* up to x->n_rows */
	uint32_t *columns; /* [n_columns] those of the tree */
	uint32_t n_columns;

	/* The tree; its root is nodes[0]. */
	struct grow_node *nodes;
	struct grow_leaf *leaves;
	size_t n_nodes, n_leaves;

	/* The module's own. */
	const struct grow_options *options;
	const struct bins *x;
	struct pool *pool;
	double unit;         /* of the integers */
	bool is_bounded;     /* some column is monotone */
	uint32_t *scratch;   /* [x->n_rows] */
	uint32_t *first;     /* [x->n_columns] where each column is in a histogram */
	size_t n_bins;       /* of a histogram */
	grow_sums **partial; /* [threads - 1] histograms of the threads but one */
	grow_sums **spare;   /* histograms that no leaf has */
	size_t n_spare;
	struct grow_split *found; /* [2 * n_columns] */
};

/*
 * Makes room for trees from the rows of x, which it borrows, as the options and the pool. A
 * gradient or hessian of 1 is 1 / unit.
 */
void grow_init(struct grow *t, const struct bins *x, const struct grow_options *options,
	       struct pool *pool, double unit);

/* Grows a tree, in place of the one before. */
void grow_tree(struct grow *t);

/* The value of the leaf that a row comes to, by its bins. */
double grow_value(const struct grow *t, const uint8_t *bin);

void grow_release(struct grow *t);

#endif
