#include "metric/delong.h"

#include "base/mem.h"
#include "base/sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows by one score. */
struct ranked {
	struct metrics_row *rows; /* [n], sorted */
	double *components;       /* [n], of each of them */
	size_t n;
	struct metrics_ranking ranking;
};

static void ranked_init(struct ranked *r, const struct metrics_row *rows, size_t n)
{
	struct metrics_row *scratch = mem_alloc(n, sizeof(*scratch));
	struct metrics_walk walk;
	struct metrics_ties t;
	uint64_t tp = 0, fp = 0;

	r->n = n;
	r->rows = mem_alloc(n, sizeof(*r->rows));
	if (n)
		memcpy(r->rows, rows, n * sizeof(*rows));
	metrics_sort(r->rows, scratch, n);
	free(scratch);
	metrics_rank(&r->ranking, r->rows, n);
	r->components = mem_alloc(n, sizeof(*r->components));
	walk = (struct metrics_walk)METRICS_WALK(r->rows, n);
	while (metrics_walk_next(&walk, &t)) {
		struct metrics_components c = metrics_components(&r->ranking, &t, tp, fp);
		double *at = r->components + walk.left; /* negatives, then positives */

		for (uint64_t i = 0; i < t.negatives; i++)
			*at++ = c.negative;
		for (uint64_t i = 0; i < t.positives; i++)
			*at++ = c.positive;
		tp += t.positives;
		fp += t.negatives;
	}
}

static void ranked_release(struct ranked *r)
{
	free(r->rows);
	free(r->components);
}

/* How far the row's component lies from their mean. */
static double deviation(const struct ranked *r, struct metrics_row row)
{
	return r->components[metrics_find(r->rows, r->n, row)] - r->ranking.auc_roc;
}

/* From the sums of squares, or of products, over the negatives and over the positives. */
static double variance_of_mean(const struct sum sums[2], const struct metrics_ranking *r)
{
	double n_neg = (double)r->negatives, n_pos = (double)r->positives;

	return sum_of(&sums[1]) / (n_pos - 1) / n_pos + sum_of(&sums[0]) / (n_neg - 1) / n_neg;
}

static void test_difference(struct delong *d, double variance)
{
	double error = sqrt(variance);

	d->low = d->difference - METRICS_Z_95 * error;
	d->high = d->difference + METRICS_Z_95 * error;
	d->z = d->difference / error;
	d->p_value = isnan(d->z) ? 1 : erfc(fabs(d->z) / sqrt(2));
}

void delong_compare(struct delong *d, const struct metrics_row *a, const struct metrics_row *b,
		    size_t n)
{
	struct ranked by_a, by_b;
	struct sum products[2] = { { 0 } }, squares[2] = { { 0 } };

	ranked_init(&by_a, a, n);
	ranked_init(&by_b, b, n);
	*d = (struct delong){
		.auc = { by_a.ranking.auc_roc, by_b.ranking.auc_roc },
		.variance = { by_a.ranking.auc_variance, by_b.ranking.auc_variance },
		.covariance = NAN,
		.difference = by_a.ranking.auc_roc - by_b.ranking.auc_roc,
		.low = NAN,
		.high = NAN,
		.z = NAN,
		.p_value = NAN,
	};
	if (by_a.ranking.positives >= 2 && by_a.ranking.negatives >= 2) {
		for (size_t i = 0; i < n; i++) {
			double x = deviation(&by_a, a[i]), y = deviation(&by_b, b[i]);

			sum_add(&products[metrics_positive(a[i])], x * y);
			sum_add(&squares[metrics_positive(a[i])], (x - y) * (x - y));
		}
		d->covariance = variance_of_mean(products, &by_a.ranking);
		test_difference(d, variance_of_mean(squares, &by_a.ranking));
	}
	ranked_release(&by_a);
	ranked_release(&by_b);
}
