#include "learn/calibration.h"

#include "base/mem.h"
#include "learn/logistic.h"
#include "learn/matrix.h"

#include <math.h>
#include <stdlib.h>

#define SD_MIN 1e-50

/* Rows by score; those of one score, or of one pool, are taken together. */
struct group {
	double first, last; /* scores */
	double n, positive;
};

static int by_score(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static void merge(struct group *into, const struct group *from)
{
	into->last = from->last;
	into->n += from->n;
	into->positive += from->positive;
}

/* Makes one group of those of one score; returns how many are left of the n, which are sorted. */
static size_t group_ties(struct group *g, size_t n)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < n; i++)
		if (n_kept && g[n_kept - 1].last == g[i].first)
			merge(&g[n_kept - 1], &g[i]);
		else
			g[n_kept++] = g[i];
	return n_kept;
}

/* Pools the n groups until their shares of positives rise; returns how many are left. */
static size_t pool_violators(struct group *g, size_t n)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < n; i++) {
		g[n_kept++] = g[i];
		while (n_kept > 1 && g[n_kept - 2].positive * g[n_kept - 1].n >=
					     g[n_kept - 1].positive * g[n_kept - 2].n) {
			merge(&g[n_kept - 2], &g[n_kept - 1]);
			n_kept--;
		}
	}
	return n_kept;
}

static void add_knot(struct calibration *c, double score, double p, double margin)
{
	c->score[c->n] = score;
	c->probability[c->n++] = p < margin ? margin : p > 1 - margin ? 1 - margin : p;
}

static void fit_isotonic(struct calibration *c, const double *score, const uint8_t *label, size_t n)
{
	struct group *g = mem_alloc(n, sizeof(*g));
	double margin = 1 / ((double)n + 2);
	size_t n_pools;

	for (size_t i = 0; i < n; i++)
		g[i] = (struct group){ score[i], score[i], 1, label[i] };
	qsort(g, n, sizeof(*g), by_score);
	n_pools = pool_violators(g, group_ties(g, n));
	c->score = mem_alloc(2 * n_pools, sizeof(*c->score));
	c->probability = mem_alloc(2 * n_pools, sizeof(*c->probability));
	for (size_t i = 0; i < n_pools; i++) {
		add_knot(c, g[i].first, g[i].positive / g[i].n, margin);
		if (g[i].last > g[i].first)
			add_knot(c, g[i].last, g[i].positive / g[i].n, margin);
	}
	free(g);
}

/* Where scores are, and how far apart: for coordinates that suit Newton's method, and floats. */
struct scale {
	double mean, sd; /* sd > 0 */
};

/* In long double, whose exponents hold the square of any score. */
static struct scale scale_of(const double *score, size_t n)
{
	long double mean = 0, squares = 0;
	double sd;

	for (size_t i = 0; i < n; i++)
		mean += (long double)score[i] / (long double)n;
	for (size_t i = 0; i < n; i++)
		squares += (score[i] - mean) * (score[i] - mean);
	sd = (double)sqrtl(squares / (long double)n);
	/* Scores less apart are alike: a slope must be a number that a model can hold. */
	return (struct scale){ (double)mean, sd > SD_MIN ? sd : 1 };
}

/* As a logistic regression of the score, in which each row is a positive and a negative one. */
static void fit_platt(struct calibration *c, const double *score, const uint8_t *label, size_t n,
		      struct pool *pool)
{
	const struct logistic_options options = { .l2 = 0,
						  .tolerance = 1e-10,
						  .max_iterations = 100 };
	const struct scale scale = scale_of(score, n);
	double n_positive = 0, positive, negative;
	struct logistic fit = LOGISTIC_INIT;
	struct err ignored = ERR_INIT;
	struct matrix x;

	matrix_init(&x, &(struct matrix_shape){ .dense = 1 }, 2 * n);
	for (size_t i = 0; i < n; i++)
		n_positive += label[i];
	positive = (n_positive + 1) / (n_positive + 2);
	negative = 1 / ((double)n - n_positive + 2);
	for (size_t i = 0; i < n; i++) {
		double target = label[i] ? positive : negative;
		double z = (score[i] - scale.mean) / scale.sd;
		const struct matrix_row row = { .dense = &z };

		matrix_add(&x, &row, 1, target);
		matrix_add(&x, &row, 0, 1 - target);
	}
	/* There are rows, and one coefficient: it cannot fail. */
	logistic_fit(&fit, &x, &options, pool, &ignored);
	c->slope = fit.coef[0] / scale.sd;
	c->intercept = fit.intercept - c->slope * scale.mean;
	logistic_release(&fit);
	matrix_release(&x);
}

void calibration_fit(struct calibration *c, enum calibration_kind kind, const double *score,
		     const uint8_t *label, size_t n, struct pool *pool)
{
	*c = (struct calibration){ .kind = kind };
	if (kind == CALIBRATION_PLATT)
		fit_platt(c, score, label, n, pool);
	else if (kind == CALIBRATION_ISOTONIC)
		fit_isotonic(c, score, label, n);
}

/* Between the knots. */
static double interpolate(const struct calibration *c, double score)
{
	size_t low = 0, high = c->n - 1;

	if (!(score > c->score[low]))
		return c->probability[low];
	if (!(score < c->score[high]))
		return c->probability[high];
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (c->score[middle] <= score)
			low = middle;
		else
			high = middle;
	}
	return c->probability[low] + (score - c->score[low]) / (c->score[high] - c->score[low]) *
					     (c->probability[high] - c->probability[low]);
}

double calibration_probability(const struct calibration *c, double score)
{
	switch (c->kind) {
	case CALIBRATION_PLATT:
		return logistic_probability(c->slope * score + c->intercept);
	case CALIBRATION_ISOTONIC:
		return interpolate(c, score);
	case CALIBRATION_NONE:
		break;
	}
	return logistic_probability(score);
}

void calibration_release(struct calibration *c)
{
	free(c->score);
	free(c->probability);
	*c = (struct calibration)CALIBRATION_INIT;
}
