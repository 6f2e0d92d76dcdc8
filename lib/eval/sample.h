/*
 * sample: a uniform sample without replacement of rows that stream by.
 *
 * Algorithm R (Vitter, "Random sampling with a reservoir", ACM Transactions on Mathematical
 * Software 11, 1985; he credits A. Waterman): of the first k rows each is in it with the same
 * probability, for any k. Memory: 8 bytes a value of each row of it, and 9 a row.
 */
#ifndef CE_SAMPLE_H
#define CE_SAMPLE_H

#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample {
	/* For callers to read. */
	double *values; /* [n * width], row-major */
	double *scores; /* [n] */
	bool *labels;   /* [n] */
	size_t n, width;
	uint64_t seen; /* rows offered */

	/* The module's own. */
	size_t size, cap;
	struct rng rng;
};

/* For at most `size` > 0 rows of `width` values; the same seed and stream draw the same rows. */
void sample_init(struct sample *s, size_t size, size_t width, uint64_t seed, uint64_t stream);

/* Offers a row of values[width]. */
void sample_offer(struct sample *s, const double *values, double score, bool label);

/* Frees the memory; harmless on zeroed memory. */
void sample_release(struct sample *s);

#endif
