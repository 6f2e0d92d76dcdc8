/*
 * classweight: what to do about a rare class: class weights, or resampling of the train rows.
 *
 * Resampling is held as how often each row counts, so that no row is ever copied. Memory: 4 bytes a
 * train row.
 */
#ifndef CE_CLASSWEIGHT_H
#define CE_CLASSWEIGHT_H

#include <stddef.h>
#include <stdint.h>

enum classweight_weight {
	CLASSWEIGHT_WEIGHT_NONE,
	CLASSWEIGHT_WEIGHT_BALANCED, /* n / (2 n_class), so that both classes weigh the same */
	CLASSWEIGHT_WEIGHT_RATIO,    /* `ratio` for class 1, 1 for class 0 */
};

enum classweight_resample {
	CLASSWEIGHT_RESAMPLE_NONE,
	CLASSWEIGHT_RESAMPLE_OVER, /* rows of the rarer class drawn again until there are as many */
	CLASSWEIGHT_RESAMPLE_UNDER, /* only as many rows of the other class, chosen at random */
};

struct classweight {
	enum classweight_weight weight;
	double ratio; /* > 0 */
	enum classweight_resample resample;
	int64_t seed; /* >= 0 */
};

#define CLASSWEIGHT_INIT                                                                           \
	{                                                                                          \
		.ratio = 1, .seed = 1                                                              \
	}

/*
 * How often each of the n rows counts: the caller frees the array. `label` is 0 or 1 a row; both
 * classes must be there. The same labels and seed give the same counts. Sets class_weight[2], the
 * weight of a row of either class, which reckons with the rows as resampled.
 */
uint32_t *classweight_rows(const struct classweight *b, const uint8_t *label, size_t n,
			   double class_weight[2]);

#endif
