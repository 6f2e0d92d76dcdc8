/*
 * ranks: dense ids in the bytewise order of their strings, in which the tables of a state are
 * sorted, so that they do not depend on the order in which ids were given.
 */
#ifndef CE_RANKS_H
#define CE_RANKS_H

#include "base/intern.h"
#include "base/pairs.h"

#include <stddef.h>
#include <stdint.h>

struct ranks {
	uint32_t *ids;   /* [n] by rank */
	uint32_t *ranks; /* [n] by id */
	uint32_t n;
};

/* 8 bytes an id. */
void ranks_init(struct ranks *r, const struct intern *strings);
void ranks_release(struct ranks *r);

/* A pair in a table, and its state. */
struct ranked_pair {
	uint32_t a, b;
	void *state;
};

/*
 * All pairs of a table by the ranks of a, then of b: an array of t->n, which the caller frees. The
 * states are valid as long as the table does not change. Memory: 16 bytes a pair, and 8 an a.
 */
struct ranked_pair *ranks_sort(const struct pairs *t, const struct ranks *a, const struct ranks *b);

#endif
