/*
 * balance: what to do about a rare class: class weights, or resampling of the train rows.
 *
 * Resampling is held as how often each row counts, so that no row is ever copied. Layer: over mem.
 * Memory: 4 bytes a train row.
 */
#ifndef CE_BALANCE_H
#define CE_BALANCE_H

#include <stddef.h>
#include <stdint.h>

enum balance_weight {
	BALANCE_WEIGHT_NONE,
	BALANCE_WEIGHT_BALANCED, /* n / (2 n_class), so that both classes weigh the same */
	BALANCE_WEIGHT_RATIO,    /* `ratio` for class 1, 1 for class 0 */
};

enum balance_resample {
	BALANCE_RESAMPLE_NONE,
	BALANCE_RESAMPLE_OVER,  /* rows of the rarer class drawn again until there are as many */
	BALANCE_RESAMPLE_UNDER, /* only as many rows of the other class, chosen at random */
};

struct balance {
	enum balance_weight weight;
	double ratio; /* > 0 */
	enum balance_resample resample;
	int64_t seed; /* >= 0 */
};

#define BALANCE_INIT                                                                               \
	{                                                                                          \
		.ratio = 1, .seed = 1                                                              \
	}

/*
 * How often each of the n rows counts: the caller frees the array. `label` is 0 or 1 a row; both
 * classes must be there. The same labels and seed give the same counts. Sets class_weight[2], the
 * weight of a row of either class, which reckons with the rows as resampled.
 */
uint32_t *balance_rows(const struct balance *b, const uint8_t *label, size_t n,
		       double class_weight[2]);

#endif
