/*
 * calibration: from the score of a model to a calibrated probability, fitted to rows that the model
 * was not trained on.
 *
 * Platt: p = 1 / (1 + exp(-(slope s + intercept))) of highest likelihood, where a positive row
 * counts as (P + 1) / (P + 2) positive, and a negative one as 1 / (N + 2), P and N being how many
 * there are (Platt, "Probabilistic outputs for support vector machines", 1999, section 2.2).
 *
 * Isotonic: the best p that never falls as s rises, by pooling adjacent violators (Ayer et al., "An
 * empirical distribution function for sampling with incomplete information", Annals of Mathematical
 * Statistics 26, 1955), straight between the pools; kept within [1 / (n + 2), 1 - 1 / (n + 2)], for
 * n rows prove no certainty.
 */
#ifndef CE_CALIBRATION_H
#define CE_CALIBRATION_H

#include "base/pool.h"

#include <stddef.h>
#include <stdint.h>

enum calibration_kind {
	CALIBRATION_NONE, /* p = 1 / (1 + exp(-s)) */
	CALIBRATION_PLATT,
	CALIBRATION_ISOTONIC,
};

struct calibration {
	enum calibration_kind kind;
	double slope, intercept; /* Platt */
	/* Isotonic: p is probability[i] at score[i], both ascending. */
	double *score, *probability; /* [n] */
	size_t n;
};

#define CALIBRATION_INIT                                                                           \
	{                                                                                          \
		.kind = CALIBRATION_NONE                                                           \
	}

/* Learns it from n > 0 rows. calibration_release frees. */
void calibration_fit(struct calibration *c, enum calibration_kind kind, const double *score,
		     const uint8_t *label, size_t n, struct pool *pool);

double calibration_probability(const struct calibration *c, double score);

void calibration_release(struct calibration *c);

#endif
