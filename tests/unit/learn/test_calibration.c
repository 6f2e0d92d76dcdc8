#include "base/mem.h"
#include "check.h"
#include "learn/calibration.h"
#include "scratch.h"

#include <math.h>
#include <stdlib.h>

#define N_MAX 200

static double logit(double p)
{
	return log(p / (1 - p));
}

/* Isotonic ------------------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * The best rising p at the i-th of the different scores, by the definition with a minimum of maxima
 * (Barlow, Bartholomew, Bremner, Brunk, "Statistical inference under order restrictions", 1972,
 * theorem 1.4): the least over b >= i of the greatest over a <= i of the mean of the labels from a
 * to b.
 */
static double best_rising(const double *positive, const double *n, size_t n_scores, size_t i)
{
	double least = INFINITY;

	for (size_t b = i; b < n_scores; b++) {
		double greatest = -INFINITY, sum = 0, rows = 0;

		for (size_t a = b + 1; a-- > 0;) {
			sum += positive[a];
			rows += n[a];
			if (a <= i && sum / rows > greatest)
				greatest = sum / rows;
		}
		if (greatest < least)
			least = greatest;
	}
	return least;
}

/* The different ones among the scores, ascending, and what rows they have. */
static size_t tabulate(const double *score, const uint8_t *label, size_t n, double *at,
		       double *positive, double *rows)
{
	size_t n_scores = 0;

	memcpy(at, score, n * sizeof(*at));
	qsort(at, n, sizeof(*at), by_number);
	for (size_t i = 0; i < n; i++)
		if (!i || at[i] > at[n_scores - 1])
			at[n_scores++] = at[i];
	for (size_t k = 0; k < n_scores; k++) {
		positive[k] = rows[k] = 0;
		for (size_t i = 0; i < n; i++) {
			positive[k] += score[i] == at[k] && label[i];
			rows[k] += score[i] == at[k];
		}
	}
	return n_scores;
}

static double clamp(double p, size_t n)
{
	double margin = 1 / ((double)n + 2);

	return p < margin ? margin : p > 1 - margin ? 1 - margin : p;
}

static void check_isotonic(const double *score, const uint8_t *label, size_t n, struct pool *pool)
{
	double at[N_MAX], positive[N_MAX], rows[N_MAX], last = 0;
	size_t n_scores = tabulate(score, label, n, at, positive, rows);
	struct calibration c;

	calibration_fit(&c, CALIBRATION_ISOTONIC, score, label, n, pool);
	CHECK(c.n > 0 && c.n <= n_scores);
	for (size_t k = 0; k < c.n; k++) {
		CHECK(!k || c.score[k] > c.score[k - 1]);
		CHECK(!k || c.probability[k] >= c.probability[k - 1]);
	}
	for (size_t k = 0; k < n_scores; k++)
		CHECK_NEAR(calibration_probability(&c, at[k]),
			   clamp(best_rising(positive, rows, n_scores, k), n), 1e-14);
	/* It never falls between them either, and is straight beyond the knots. */
	for (double s = at[0] - 1; s < at[n_scores - 1] + 1; s += 0.0625) {
		double p = calibration_probability(&c, s);

		CHECK(p >= last && p >= clamp(0, n) && p <= clamp(1, n));
		last = p;
	}
	CHECK(calibration_probability(&c, -1e300) == c.probability[0]);
	CHECK(calibration_probability(&c, 1e300) == c.probability[c.n - 1]);
	for (size_t k = 1; k < c.n; k++)
		CHECK_NEAR(calibration_probability(&c, c.score[k - 1] / 2 + c.score[k] / 2),
			   (c.probability[k - 1] + c.probability[k]) / 2, 1e-12);
	calibration_release(&c);
}

static void isotonic_is_the_best_that_rises(void)
{
	struct pool *pool = pool_new(1);
	double score[N_MAX];
	uint8_t label[N_MAX];
	uint64_t state = 1;

	for (int round = 0; round < 600; round++) {
		size_t n = 1 + scratch_below(&state, round % 10 ? 12 : N_MAX);
		size_t n_scores = 1 + scratch_below(&state, round % 2 ? 8 : 1000);
		bool rises = round % 3 == 0;

		for (size_t i = 0; i < n; i++) {
			double s = (double)scratch_below(&state, n_scores);

			score[i] = (s - 3) / 8;
			label[i] = scratch_below(&state, n_scores) <
				   (rises ? (size_t)s : n_scores / 2);
		}
		check_isotonic(score, label, n, pool);
	}
	pool_free(pool);
}

static void isotonic_of_a_few_rows(void)
{
	static const double score[] = { 1, 2, 3, 4, 4, 5, -0.0, 0.0 };
	static const uint8_t label[] = { 0, 1, 0, 1, 0, 1, 0, 0 };
	struct pool *pool = pool_new(1);
	struct calibration c;

	/* 0 and 1: none; 2, 3 and 4 pooled: 2 of 4; 5: all. */
	calibration_fit(&c, CALIBRATION_ISOTONIC, score, label, 8, pool);
	CHECK_INT(c.n, 5);
	CHECK_NEAR(calibration_probability(&c, 0), 0.1, 0);
	CHECK_NEAR(calibration_probability(&c, 1), 0.1, 0);
	CHECK_NEAR(calibration_probability(&c, 1.5), 0.3, 1e-15);
	CHECK_NEAR(calibration_probability(&c, 2), 0.5, 0);
	CHECK_NEAR(calibration_probability(&c, 4), 0.5, 0);
	CHECK_NEAR(calibration_probability(&c, 4.25), 0.6, 1e-15);
	CHECK_NEAR(calibration_probability(&c, 5), 0.9, 0);
	calibration_release(&c);
	CHECK(!c.score && c.kind == CALIBRATION_NONE);
	/* One class alone, and one row alone. */
	calibration_fit(&c, CALIBRATION_ISOTONIC, score, (const uint8_t[8]){ 0 }, 8, pool);
	CHECK_NEAR(calibration_probability(&c, 3), 0.1, 0);
	calibration_release(&c);
	calibration_fit(&c, CALIBRATION_ISOTONIC, score, label + 1, 1, pool);
	CHECK_INT(c.n, 1);
	CHECK_NEAR(calibration_probability(&c, -7), 2.0 / 3, 1e-15);
	CHECK_NEAR(calibration_probability(&c, 7), 2.0 / 3, 1e-15);
	calibration_release(&c);
	pool_free(pool);
}

/* What is calibrated stays as it is when it is calibrated again by the same rows. */
static void isotonic_is_idempotent(void)
{
	struct pool *pool = pool_new(1);
	double score[N_MAX], once[N_MAX];
	uint8_t label[N_MAX];
	uint64_t state = 9;

	for (int round = 0; round < 50; round++) {
		struct calibration c;

		for (size_t i = 0; i < N_MAX; i++) {
			score[i] = (double)scratch_below(&state, 40);
			label[i] = scratch_below(&state, 60) < (size_t)score[i] + 10;
		}
		calibration_fit(&c, CALIBRATION_ISOTONIC, score, label, N_MAX, pool);
		for (size_t i = 0; i < N_MAX; i++)
			once[i] = calibration_probability(&c, score[i]);
		calibration_release(&c);
		calibration_fit(&c, CALIBRATION_ISOTONIC, once, label, N_MAX, pool);
		for (size_t i = 0; i < N_MAX; i++)
			CHECK_NEAR(calibration_probability(&c, once[i]), once[i], 1e-14);
		calibration_release(&c);
	}
	pool_free(pool);
}

/* Platt --------------------------------------------------------------------------------------- */

/* The gradient of the likelihood at the slope and intercept, a row of the mean. */
static void gradient(const struct calibration *c, const double *score, const uint8_t *label,
		     size_t n, double *slope, double *intercept)
{
	double positives = 0, size = 0;

	*slope = *intercept = 0;
	for (size_t i = 0; i < n; i++)
		positives += label[i];
	for (size_t i = 0; i < n; i++) {
		double target = label[i] ? (positives + 1) / (positives + 2)
					 : 1 / ((double)n - positives + 2);
		double rest = calibration_probability(c, score[i]) - target;

		*slope += rest * score[i] / (double)n;
		*intercept += rest / (double)n;
		size = fmax(size, fabs(score[i]));
	}
	*slope /= size;
}

static void check_platt(const double *score, const uint8_t *label, size_t n, struct pool *pool)
{
	struct calibration c;
	double slope, intercept;

	calibration_fit(&c, CALIBRATION_PLATT, score, label, n, pool);
	gradient(&c, score, label, n, &slope, &intercept);
	CHECK(isfinite(c.slope) && isfinite(c.intercept));
	CHECK_NEAR(slope, 0, 1e-7);
	CHECK_NEAR(intercept, 0, 1e-7);
	calibration_release(&c);
}

static void platt_is_the_likeliest(void)
{
	struct pool *pool = pool_new(2);
	double score[N_MAX];
	uint8_t label[N_MAX];
	uint64_t state = 3;

	for (int round = 0; round < 200; round++) {
		size_t n = 2 + scratch_below(&state, N_MAX - 2);
		double scale = pow(10, (double)scratch_below(&state, 9) - 4);

		for (size_t i = 0; i < n; i++) {
			score[i] = scale * ((double)scratch_below(&state, 2000) / 100 - 12);
			label[i] = scratch_below(&state, 2000) <
				   (size_t)(1000 + 40 * score[i] / scale);
		}
		check_platt(score, label, n, pool);
	}
	pool_free(pool);
}

/*
 * Two scores: both shares of positives are met, so the line through two points is known. A matrix
 * holds floats: the scores are met to their precision.
 */
static void platt_of_two_scores_is_known(void)
{
	static const double score[] = { -1, -1, -1, -1, 3, 3, 3, 3, 3 };
	static const uint8_t label[] = { 0, 0, 0, 1, 0, 1, 1, 1, 1 };
	double low = (3 * (1.0 / 6) + 6.0 / 7) / 4, high = (1.0 / 6 + 4 * (6.0 / 7)) / 5;
	struct pool *pool = pool_new(1);
	struct calibration c;

	calibration_fit(&c, CALIBRATION_PLATT, score, label, 9, pool);
	CHECK_NEAR(c.slope, (logit(high) - logit(low)) / 4, 1e-7);
	CHECK_NEAR(c.intercept, logit(low) + c.slope, 1e-7);
	CHECK_NEAR(calibration_probability(&c, -1), low, 1e-7);
	CHECK_NEAR(calibration_probability(&c, 3), high, 1e-7);
	calibration_release(&c);
	pool_free(pool);
}

/* Scores that are alike, apart, huge, of one class: finite, and as good as can be. */
static void platt_of_scores_that_are_hard(void)
{
	struct pool *pool = pool_new(1);
	double score[N_MAX];
	uint8_t label[N_MAX];
	uint64_t state = 5;

	for (int kind = 0; kind < 6; kind++) {
		for (size_t i = 0; i < N_MAX; i++) {
			label[i] = scratch_below(&state, 4) == 0;
			score[i] = kind == 0   ? 0.1
				   : kind == 1 ? (label[i] ? 40 : -40)
				   : kind == 2 ? (label[i] ? -1e-9 : 1e-9)
				   : kind == 3 ? (i ? (double)i / N_MAX : 1e30)
				   : kind == 4 ? 1000 + (double)i / N_MAX
					       : 1e60 * (double)i;
			if (kind == 3)
				label[i] = i % 2;
		}
		check_platt(score, label, N_MAX, pool);
		check_platt(score, (const uint8_t[N_MAX]){ 0 }, N_MAX, pool);
	}
	pool_free(pool);
}

static void without_calibration_the_score_is_the_log_odds(void)
{
	struct calibration c;
	struct pool *pool = pool_new(1);

	calibration_fit(&c, CALIBRATION_NONE, (const double[]){ 1 }, (const uint8_t[]){ 1 }, 1,
			pool);
	CHECK_NEAR(calibration_probability(&c, logit(0.3)), 0.3, 1e-15);
	CHECK(calibration_probability(&c, -800) == 0 && calibration_probability(&c, 800) == 1);
	calibration_release(&c);
	pool_free(pool);
}

int main(void)
{
	RUN(isotonic_is_the_best_that_rises);
	RUN(isotonic_of_a_few_rows);
	RUN(isotonic_is_idempotent);
	RUN(platt_is_the_likeliest);
	RUN(platt_of_two_scores_is_known);
	RUN(platt_of_scores_that_are_hard);
	RUN(without_calibration_the_score_is_the_log_odds);
	return CHECK_DONE();
}
