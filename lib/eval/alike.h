/*
 * alike: which columns of a sample say nearly the same.
 *
 * Two columns of numbers are alike if the absolute value of their Pearson correlation, over the
 * rows in which both are known, is above ALIKE_CORRELATION; of fewer than ALIKE_ROWS such rows it
 * says nothing. A constant has no correlation, nor has a category, nor have numbers whose squares
 * are too large for a double (beyond 1e154). Columns that are alike, and those alike to one of
 * them, are a group: a connected component. Sums of squares and products are updated row by row
 * (Welford, "Note on a method for calculating corrected sums of squares and products",
 * Technometrics 4, 1962), so that nothing cancels. Memory: a byte for each two columns, in either
 * order, and 48 bytes a column for each thread.
 */
#ifndef CE_ALIKE_H
#define CE_ALIKE_H

#include "base/pool.h"
#include "eval/sample.h"

#include <stdbool.h>
#include <stdint.h>

#define ALIKE_CORRELATION 0.95
#define ALIKE_ROWS        10

/*
 * Finds the groups of the sample's columns, numeric[width] or not; an unknown number is NAN. The
 * first column of each one's group goes to group[width], whatever the number of threads.
 */
void alike_group(const struct sample *s, const bool *numeric, struct pool *pool, uint32_t *group);

#endif
