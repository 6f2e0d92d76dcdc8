/*
 * delong: whether two scores of the same rows differ in the area under their ROC curves.
 *
 * DeLong, DeLong & Clarke-Pearson, "Comparing the areas under two or more correlated receiver
 * operating characteristic curves: a nonparametric approach", Biometrics 44, 1988, 837-845. A
 * positive's component is the share of negatives that it beats, a negative's the share of positives
 * that beat it, a tie counting 1/2; they come of midranks as in Sun & Xu, "Fast implementation of
 * DeLong's algorithm", IEEE Signal Processing Letters 21, 2014, 1389-1393. Rows are taken as
 * independent. Layer: over mem, metrics. Memory: 32 bytes a row while it runs; O(n log n).
 */
#ifndef CE_DELONG_H
#define CE_DELONG_H

#include "metrics.h"

#include <stddef.h>

struct delong {
	double auc[2], variance[2], covariance;
	double difference; /* auc[0] - auc[1] */
	double low, high;  /* its 95 % interval */
	double z;
	double p_value; /* two-sided, that there is none */
};

/*
 * Compares two scores: row i of a[n] and of b[n] is the same, with the same outcome. With fewer
 * than two rows of either outcome all is NAN but the AUCs and their difference, and with none of
 * one those, too. Where the difference has no variance z is NAN, and p_value 1 if there is no
 * difference, else 0.
 */
void delong_compare(struct delong *d, const struct metrics_row *a, const struct metrics_row *b,
		    size_t n);

#endif
