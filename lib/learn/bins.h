/*
 * bins: columns of numbers and categories as small integers, for learners that need no more.
 *
 * A column of numbers is cut at quantiles: bin 0 is "missing", and a value is in bin 1 + k if k of
 * the edges are below it, so that values[k] <= edges[k] < values[k + 1]. A column of categories has
 * its levels as bins. Memory: a byte a value.
 */
#ifndef CE_BINS_H
#define CE_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINS_MAX 255 /* of values; with "missing", as many as a byte can hold */

/*
 * Cuts n values, none of them a NaN, into at most max_bins <= BINS_MAX bins of about as many each:
 * edges[max_bins - 1], ascending, about halfway between the values on either side. If there are no
 * more different values than bins, each has a bin of its own; and one value is always in one bin.
 * Sorts the values. Returns the number of edges.
 */
size_t bins_cut(double *values, size_t n, size_t max_bins, double *edges);

/* The bin of a value, NaN being missing: 0 ... n_edges + 1. */
uint8_t bins_find(const double *edges, size_t n_edges, double value);

struct bins_column {
	bool is_category;
	uint32_t n;          /* bins, that of "missing" included: all are below */
	const double *edges; /* of numbers, [n - 2]; borrowed */
	int monotone;        /* of numbers: 1, the score must not fall with it; -1, not rise */
};

/* Rows to learn from. */
struct bins {
	struct bins_column *columns; /* [n_columns] */
	uint32_t n_columns;
	size_t n_rows;
	uint8_t *bin;   /* [n_rows * n_columns], row-major */
	uint8_t *label; /* [n_rows], 0 or 1 */
	float *weight;  /* [n_rows], > 0 */

	size_t cap; /* the module's own */
};

#define BINS_INIT                                                                                  \
	{                                                                                          \
		0                                                                                  \
	}

/* No rows of n_columns columns, which are the caller's to fill in, with room for n_rows. */
void bins_init(struct bins *b, uint32_t n_columns, size_t n_rows);

/*
 * Appends a row: value[n_columns] are numbers (NaN: missing), and the levels of categories as
 * numbers.
 */
void bins_add(struct bins *b, const double *value, int label, double weight);

static inline const uint8_t *bins_row(const struct bins *b, size_t row)
{
	return b->bin + row * b->n_columns;
}

void bins_release(struct bins *b);

#endif
