/*
 * trees: a sum of binary decision trees (Friedman 2001, algorithm 3, makes such), and its score of
 * a row.
 *
 * A row is a double a column: a number, NaN where it is missing, or the level of a category, 0, 1,
 * 2 ... Memory: 56 bytes a node, 32 a split of a category.
 */
#ifndef CE_TREES_H
#define CE_TREES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREES_LEVELS     256 /* a category's level is below */
#define TREES_DEPTH_MAX  32  /* splits on a way to a leaf */
#define TREES_LEAVES_MAX 4096

/* Which levels go left: bit level % 64 of word level / 64. */
struct trees_levels {
	uint64_t word[TREES_LEVELS / 64];
};

static inline bool trees_has_level(const struct trees_levels *set, unsigned level)
{
	return set->word[level / 64] >> level % 64 & 1;
}

static inline void trees_add_level(struct trees_levels *set, unsigned level)
{
	set->word[level / 64] |= UINT64_C(1) << level % 64;
}

enum trees_kind {
	TREES_LEAF,
	TREES_NUMBER,   /* left if the number is <= threshold */
	TREES_CATEGORY, /* left if the level is in the set */
};

/* The nodes of a tree are in preorder: the left child of a split comes right after it. */
struct trees_node {
	enum trees_kind kind;
	bool missing_left; /* where a missing number goes */
	uint32_t column;
	uint32_t right; /* how many nodes after this one the right child is */
	union {
		double value;     /* of a leaf */
		double threshold; /* of a number */
		uint32_t set;     /* of a category: index into `sets` */
	};
	double gain;   /* of a split: by how much it lowers the loss of the train rows, halved */
	uint64_t rows; /* train rows that come here */
};

/* A column of numbers, missing ones aside, with which the score never falls, or never rises. */
struct trees_monotone {
	uint32_t column;
	int sign; /* 1 or -1 */
};

struct trees {
	double base; /* the score before the first tree */
	struct trees_node *nodes;
	size_t n_nodes;
	size_t *roots; /* [n] first node of each tree */
	size_t n;
	struct trees_levels *sets;
	size_t n_sets;
	struct trees_monotone *monotone; /* [n_monotone], columns ascending */
	size_t n_monotone;

	size_t nodes_cap, roots_cap, sets_cap; /* the module's own */
};

#define TREES_INIT                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}

/* Whether a row with that value of the split's column goes left. */
static inline bool trees_goes_left(const struct trees *t, const struct trees_node *split,
				   double value)
{
	if (split->kind == TREES_CATEGORY)
		return trees_has_level(&t->sets[split->set], (unsigned)value);
	return isnan(value) ? split->missing_left : value <= split->threshold;
}

/* The leaf of that tree for a row of value[column]. */
const struct trees_node *trees_leaf(const struct trees *t, size_t tree, const double *value);

/* The score of a row: base, and the values of its leaves. */
double trees_score(const struct trees *t, const double *value);

/*
 * Building: trees_start begins a tree; each trees_add appends its next node in preorder and returns
 * it, valid until the next call; trees_add_set appends a set and returns its index.
 */
void trees_start(struct trees *t);
struct trees_node *trees_add(struct trees *t, const struct trees_node *node);
uint32_t trees_add_set(struct trees *t, const struct trees_levels *set);
void trees_add_monotone(struct trees *t, uint32_t column, int sign);

/* Forgets the trees from the n-th on. */
void trees_truncate(struct trees *t, size_t n);

void trees_release(struct trees *t);

#endif
