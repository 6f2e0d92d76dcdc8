/*
 * bootstrap: 95 % intervals of figures, by drawing whole clusters of rows again and again.
 *
 * Rows of one user are alike, so that there is less to learn from them than from as many rows of as
 * many users. Drawing users with replacement, each with all rows, keeps that (the cluster
 * bootstrap: Field & Welsh, "Bootstrapping clustered data", Journal of the Royal Statistical
 * Society B 69, 2007, 369-390). The intervals are percentiles (Efron & Tibshirani, An Introduction
 * to the Bootstrap, 1993, chapter 13): of the ranked values of B samples, those at 0.025 (B - 1)
 * and 0.975 (B - 1), between two of them in proportion.
 *
 * Layer: over mem, rng, metrics, pool. Memory: for each score 4 bytes a row and 24 a cluster; 4
 * bytes a cluster for each thread, 24 a sample for each figure. Time: a look at each row, in the
 * order of its score, a sample.
 */
#ifndef CE_BOOTSTRAP_H
#define CE_BOOTSTRAP_H

#include "metrics.h"
#include "pool.h"

#include <stddef.h>
#include <stdint.h>

/* As metrics_compute defines them, each row as often as its cluster was drawn. */
enum bootstrap_figure {
	BOOTSTRAP_BASE_RATE,
	BOOTSTRAP_AUC_ROC,
	BOOTSTRAP_AVERAGE_PRECISION,
	BOOTSTRAP_LOG_LOSS,
	BOOTSTRAP_BRIER,
	BOOTSTRAP_N
};

struct bootstrap_rows {
	/* [n] in one common order, 0 < n < 2^30; score[1] may be NULL: there is one score. */
	const struct metrics_row *score[2];
	size_t n;
	const uint32_t *cluster; /* [n] below n_clusters; NULL: each row is one */
	uint32_t n_clusters;
};

struct bootstrap_interval {
	double low, high;
};

/*
 * NAN where a figure is undefined in every sample (those where it is are left out), or where there
 * is no second score.
 */
struct bootstrap_result {
	struct bootstrap_interval score[2];
	struct bootstrap_interval difference; /* of the first less the second */
	/*
	 * Two-sided, that there is no difference: twice the smaller of the shares of samples where
	 * it is not above 0, and not below, with one sample added to each; at most 1.
	 */
	double p_value;
};

/*
 * Draws `resamples` > 0 samples; sample i has a random stream of its own of the seed, so that the
 * result does not depend on the number of threads. Sets result[BOOTSTRAP_N].
 */
void bootstrap_run(const struct bootstrap_rows *rows, size_t resamples, uint64_t seed,
		   struct pool *pool, struct bootstrap_result *result);

#endif
