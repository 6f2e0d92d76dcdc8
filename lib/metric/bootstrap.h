/*
 * bootstrap: confidence intervals of the metrics of one or two scores, where rows come in clusters.
 *
 * Rows of one user are alike, so that they hold less information than as many rows of many users.
 * Here whole clusters are drawn, with replacement, as many as there are, and the metrics computed
 * again from their rows, resamples times (Efron, Annals of Statistics 7, 1979, 1-26; drawing of
 * clusters: Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 3.8; Field &
 * Welsh, "Bootstrapping clustered data", Journal of the Royal Statistical Society B 69, 2007,
 * 369-390). Intervals are percentiles of the results (Efron & Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 13). Clusters are taken to be independent of one another, and to be
 * many: of fewer than some tens of them the intervals are too narrow.
 */
#ifndef CE_BOOTSTRAP_H
#define CE_BOOTSTRAP_H

#include "base/pool.h"
#include "metric/metrics.h"

#include <stddef.h>
#include <stdint.h>

/* As metrics_compute defines them. */
enum bootstrap_metric {
	BOOTSTRAP_BASE_RATE,
	BOOTSTRAP_AUC_ROC,
	BOOTSTRAP_AVERAGE_PRECISION,
	BOOTSTRAP_LOG_LOSS,
	BOOTSTRAP_BRIER,
	BOOTSTRAP_N,
	BOOTSTRAP_NONE = BOOTSTRAP_N /* not one of them */
};

/* 95 %. */
struct bootstrap_interval {
	double low, high;
};

/* NAN: there is no second score, or the metric is undefined in every resample. */
struct bootstrap {
	struct bootstrap_interval scores[2][BOOTSTRAP_N];   /* of a, of b */
	struct bootstrap_interval differences[BOOTSTRAP_N]; /* of a's metric - b's */
	double p_values[BOOTSTRAP_N];                       /* two-sided, of no difference */
	size_t defined[BOOTSTRAP_N]; /* resamples where the metric is defined, which are used */
};

#define BOOTSTRAP_ROWS_MAX ((size_t)1 << 30) /* there must be fewer */

struct bootstrap_options {
	size_t resamples; /* > 0 */
	uint64_t seed;
	struct pool *pool;
};

/*
 * Draws the rows a[n], and b[n], a second score of the same rows in the same order, whatever it is
 * (NULL: there is none). cluster[n] is each row's cluster, < n_clusters < 2^30; numbers that no row
 * has are no clusters. NULL: each row is a cluster by itself, and n < 2^30. n <= METRICS_ROWS_MAX.
 *
 * A resample where a metric is undefined (the AUC with one class, average precision without
 * positives) does not count for it. An interval's ends are the quantiles 0.025 and 0.975 of the B
 * resamples that do, of Hyndman & Fan's type 6 (The American Statistician 50, 1996, 361-365): the
 * values of rank 0.025 (B + 1) and 0.975 (B + 1), between two ranks straight, and no further out
 * than the first and the last. A p-value is min(1, 2 (k + 1) / (B + 1)), k being how many resamples
 * have a difference <= 0 or how many have one >= 0, whichever are fewer (the + 1 as in Davison &
 * Hinkley, chapter 4): never below 2 / (B + 1).
 *
 * Resample i is drawn from stream i of the seed: the result depends on the rows, their clusters and
 * the seed, and not on the number of threads.
 *
 * Time: O(n log n) to start with, and O(n + clusters) a resample. Memory: 4 bytes a row and 16 a
 * cluster for each score, 40 bytes a resample and score, 16 bytes a cluster and thread; to start
 * with, 20 bytes a row, 32 a cluster and 4 times n_clusters.
 */
void bootstrap_run(struct bootstrap *result, const struct metrics_row *a,
		   const struct metrics_row *b, size_t n, const uint32_t *cluster,
		   uint32_t n_clusters, const struct bootstrap_options *options);

#endif
