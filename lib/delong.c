#include "delong.h"

#include "mem.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* The 97.5 % point of the standard normal distribution. */
#define Z_95 1.959963984540054

struct ranked {
	struct metrics_row row;
	uint32_t index;
};

static int by_score(const void *a, const void *b)
{
	uint64_t x = ((const struct ranked *)a)->row.word, y = ((const struct ranked *)b)->row.word;

	return (x > y) - (x < y);
}

/* component[i] of each row[n], of which so many are positive. `ranked` is scratch. */
static void find_components(const struct metrics_row *row, size_t n, double positives,
			    struct ranked *ranked, double *component)
{
	double negatives = (double)n - positives, tp = 0, fp = 0; /* below */

	for (size_t i = 0; i < n; i++)
		ranked[i] = (struct ranked){ row[i], (uint32_t)i };
	qsort(ranked, n, sizeof(*ranked), by_score);
	for (size_t i = 0, end; i < n; i = end) {
		double ties[2] = { 0, 0 };

		for (end = i; end < n && ranked[end].row.word >> 1 == ranked[i].row.word >> 1;
		     end++)
			ties[metrics_positive(ranked[end].row)]++;
		for (size_t k = i; k < end; k++)
			component[ranked[k].index] = metrics_positive(ranked[k].row)
							     ? (fp + ties[0] / 2) / negatives
							     : (positives - tp - ties[1] / 2) /
								       positives;
		tp += ties[1];
		fp += ties[0];
	}
}

/* The mean over the positives, which is the AUC. */
static double mean_component(const struct metrics_row *row, const double *component, size_t n,
			     double positives)
{
	double sum = 0, lost = 0;

	for (size_t i = 0; i < n; i++) {
		double x = metrics_positive(row[i]) ? component[i] - lost : 0, total = sum + x;

		if (!metrics_positive(row[i]))
			continue;
		lost = (total - sum) - x; /* Kahan's */
		sum = total;
	}
	return sum / positives;
}

void delong_compare(struct delong *d, const struct metrics_row *a, const struct metrics_row *b,
		    size_t n)
{
	const struct metrics_row *rows[2] = { a, b };
	struct ranked *ranked = mem_alloc(n, sizeof(*ranked));
	double *component[2], positives = 0, negatives, error;
	double sums[2][3] = { { 0 } }; /* of negatives, of positives: aa, bb, ab */

	*d = (struct delong){ { NAN, NAN }, { NAN, NAN }, NAN, NAN, NAN, NAN, NAN, NAN };
	for (size_t i = 0; i < n; i++)
		positives += metrics_positive(a[i]);
	negatives = (double)n - positives;
	for (int k = 0; k < 2; k++) {
		component[k] = mem_alloc(n, sizeof(*component[k]));
		if (positives < 1 || negatives < 1)
			continue;
		find_components(rows[k], n, positives, ranked, component[k]);
		d->auc[k] = mean_component(rows[k], component[k], n, positives);
	}
	free(ranked);
	d->difference = d->auc[0] - d->auc[1];
	for (size_t i = 0; i < n; i++) {
		double *sum = sums[metrics_positive(a[i])];
		double x = component[0][i] - d->auc[0], y = component[1][i] - d->auc[1];

		sum[0] += x * x;
		sum[1] += y * y;
		sum[2] += x * y;
	}
	free(component[0]);
	free(component[1]);
	if (positives < 2 || negatives < 2)
		return;
	for (int k = 0; k < 3; k++) {
		double s = sums[1][k] / (positives - 1) / positives +
			   sums[0][k] / (negatives - 1) / negatives;

		*(k < 2 ? &d->variance[k] : &d->covariance) = s;
	}
	/* Rounding may leave less than nothing of equal scores' variance. */
	error = sqrt(fmax(d->variance[0] + d->variance[1] - 2 * d->covariance, 0));
	d->low = d->difference - Z_95 * error;
	d->high = d->difference + Z_95 * error;
	if (error > 0)
		d->z = d->difference / error;
	d->p_value = error > 0 ? erfc(fabs(d->z) / sqrt(2)) : d->difference == 0;
}
