/*
 * delong: whether two scores of the same rows rank them differently well: DeLong's test of the
 * difference of two AUCs.
 *
 * The AUC is a mean over pairs of a positive and a negative row, and its variance, as the
 * covariance of two, comes from what each row adds to it, the row's structural component (DeLong,
 * DeLong & Clarke-Pearson, Biometrics 44, 1988, 837-845, equations 4 to 6), here by midranks in O(n
 * log n) (Sun & Xu, IEEE Signal Processing Letters 21, 2014, 1389-1393). Rows count as independent
 * of one another: of rows that come in clusters, such as many of one user, the intervals are too
 * narrow and the p-values too small; see bootstrap.
 */
#ifndef CE_DELONG_H
#define CE_DELONG_H

#include "metric/metrics.h"

#include <stddef.h>

/* What is undefined is NAN: an AUC with one class, all else with fewer than two rows of either. */
struct delong {
	double auc[2];      /* as metrics_compute has it, to the last bit */
	double variance[2]; /* of either AUC */
	double covariance;
	double difference; /* auc[0] - auc[1] */
	double low, high;  /* its 95 % interval, difference -+ 1.96 standard errors, not clipped */
	double z;          /* difference / its standard error */
	double p_value;    /* two-sided, of there being no difference; z is normal then */
};

/*
 * Compares the scores a[n] and b[n], in one order, whatever it is: row i of both is one row, and
 * has the same label. n <= METRICS_ROWS_MAX.
 *
 * The variance of the difference is taken of the differences of the components, so that it is 0
 * where those of all rows are the same, as those of scores that rank alike are. Then, without a
 * difference, z is NAN and p_value 1; with one (one score ranks perfectly, the other the wrong way
 * round), z is infinite and p_value 0.
 *
 * Memory: 32 bytes a row while it works.
 */
void delong_compare(struct delong *d, const struct metrics_row *a, const struct metrics_row *b,
		    size_t n);

#endif
