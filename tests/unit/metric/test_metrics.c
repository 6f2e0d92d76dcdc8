#include "base/mem.h"
#include "check.h"
#include "metric/metrics.h"

#include <float.h>
#include <stdlib.h>

/*
 * The reference: every definition written out over pairs of rows or over thresholds, with no
 * sorting and no groups.
 */
struct sample {
	size_t n;
	double score[4000];
	bool positive[4000];
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

enum scores { TENTHS, CONTINUOUS, EXTREMES, SKEWED, N_SCORES };

static double draw_score(enum scores kind, uint64_t *state)
{
	static const double extremes[] = { 0, 1, 0.5, 1e-300, 1 - DBL_EPSILON / 2, 5e-324 };
	double u = (double)next_random(state) / 2147483648.0;

	switch (kind) {
	case TENTHS:
		return floor(u * 11) / 10;
	case EXTREMES:
		return extremes[(size_t)(u * 6)];
	case SKEWED:
		return u * u * u * u;
	default:
		return u;
	}
}

static struct sample *draw(size_t n, enum scores kind, double base_rate, uint64_t seed)
{
	struct sample *s = mem_zalloc(1, sizeof(*s));

	s->n = n;
	for (size_t i = 0; i < n; i++) {
		double u = (double)next_random(&seed) / 2147483648.0;

		s->score[i] = draw_score(kind, &seed);
		s->positive[i] = u < (base_rate + s->score[i]) / 2;
	}
	return s;
}

static struct metrics_row *packed(const struct sample *s)
{
	struct metrics_row *rows = mem_alloc(s->n, sizeof(*rows));
	struct metrics_row *scratch = mem_alloc(s->n, sizeof(*rows));

	for (size_t i = 0; i < s->n; i++)
		rows[i] = metrics_row(s->score[i], s->positive[i]);
	metrics_sort(rows, scratch, s->n);
	free(scratch);
	return rows;
}

/* How much row i, a positive, beats row j: 1, 1/2 or 0. */
static double beats(const struct sample *s, size_t i, size_t j)
{
	return s->score[i] > s->score[j] ? 1 : s->score[i] == s->score[j] ? 0.5 : 0;
}

/* AUC and DeLong's variance as in the paper's equations 4 to 6: the m x n kernel and its means. */
static void naive_auc(const struct sample *s, double *auc, double *variance)
{
	double sum = 0, squares[2] = { 0, 0 }, n[2] = { 0, 0 };

	for (size_t i = 0; i < s->n; i++)
		n[s->positive[i]]++;
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; s->positive[i] && j < s->n; j++)
			sum += s->positive[j] ? 0 : beats(s, i, j);
	*auc = sum / n[0] / n[1];
	for (size_t i = 0; i < s->n; i++) {
		double mean = 0;

		for (size_t j = 0; j < s->n; j++)
			if (s->positive[i] != s->positive[j])
				mean += s->positive[i] ? beats(s, i, j) : beats(s, j, i);
		mean /= n[!s->positive[i]];
		squares[s->positive[i]] += (mean - *auc) * (mean - *auc);
	}
	*variance = squares[1] / (n[1] - 1) / n[1] + squares[0] / (n[0] - 1) / n[0];
}

/* The number of rows with this outcome whose score is at least `threshold`. */
static double at_least(const struct sample *s, double threshold, bool positive)
{
	double n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->positive[i] == positive && s->score[i] >= threshold;
	return n;
}

static double naive_f1(const struct sample *s, double threshold)
{
	double tp = at_least(s, threshold, true), fp = at_least(s, threshold, false);

	return 2 * tp / (tp + fp + at_least(s, 0, true));
}

/* Each positive row's share of the precision at its own score: the step-wise sum, row by row. */
static double naive_average_precision(const struct sample *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		double tp = at_least(s, s->score[i], true), fp = at_least(s, s->score[i], false);

		sum += s->positive[i] ? tp / (tp + fp) : 0;
	}
	return sum / at_least(s, 0, true);
}

static double naive_log_loss(const struct sample *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		double p = fmin(fmax(s->score[i], DBL_EPSILON), 1 - DBL_EPSILON);

		sum -= s->positive[i] ? log(p) : log1p(-p);
	}
	return sum / (double)s->n;
}

static double naive_calibration_error(const struct sample *s, int bins)
{
	double sum = 0;

	for (int k = 0; k < bins; k++) {
		double lower = (double)k / bins, upper = (double)(k + 1) / bins, gap = 0;

		for (size_t i = 0; i < s->n; i++)
			if ((s->score[i] > lower || (!k && s->score[i] == 0)) &&
			    s->score[i] <= upper)
				gap += s->score[i] - s->positive[i];
		sum += fabs(gap);
	}
	return sum / (double)s->n;
}

static void check_sample(const struct sample *s, double threshold, int bins)
{
	struct metrics_row *rows = packed(s);
	double positives = at_least(s, 0, true), n = (double)s->n, auc, variance, brier = 0;
	double tp = at_least(s, threshold, true), fp = at_least(s, threshold, false);
	struct metrics m;

	for (size_t i = 0; i < s->n; i++)
		brier += (s->score[i] - s->positive[i]) * (s->score[i] - s->positive[i]) / n;
	metrics_compute(&m, rows, s->n, threshold, (uint64_t)bins);
	CHECK_INT(m.rows, s->n);
	CHECK_INT(m.positives, positives);
	CHECK_NEAR(m.base_rate, positives / n, 1e-15);
	CHECK_NEAR(m.brier, brier, 1e-12);
	CHECK_NEAR(m.log_loss, naive_log_loss(s), 1e-11);
	CHECK_NEAR(m.calibration_error, naive_calibration_error(s, bins), 1e-12);
	CHECK_INT(m.tp, tp);
	CHECK_INT(m.fp, fp);
	CHECK_INT(m.fn, positives - tp);
	CHECK_INT(m.tn, n - positives - fp);
	CHECK_NEAR(m.accuracy, (tp + n - positives - fp) / n, 1e-15);
	if (positives > 0)
		CHECK_NEAR(m.average_precision, naive_average_precision(s), 1e-12);
	else
		CHECK(isnan(m.average_precision) && isnan(m.classes[1].recall));
	naive_auc(s, &auc, &variance);
	if (positives > 0 && positives < n)
		CHECK_NEAR(m.auc_roc, auc, 1e-12);
	else
		CHECK(isnan(m.auc_roc));
	if (positives >= 2 && n - positives >= 2) {
		CHECK_NEAR(m.auc_roc_low, fmax(auc - 1.959963984540054 * sqrt(variance), 0), 1e-12);
		CHECK_NEAR(m.auc_roc_high, fmin(auc + 1.959963984540054 * sqrt(variance), 1),
			   1e-12);
	} else {
		CHECK(isnan(m.auc_roc_low) && isnan(m.auc_roc_high));
	}
	free(rows);
}

static void test_against_definitions(void)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 7, 12, 40, 150 };
	static const double rates[] = { 0, 0.5, 1 }, thresholds[] = { 0, 0.3, 0.5, 1 };
	uint64_t seed = 1;

	for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++)
		for (int kind = 0; kind < N_SCORES; kind++)
			for (int i = 0; i < 12; i++) {
				struct sample *s =
					draw(sizes[size], (enum scores)kind, rates[i % 3], seed++);

				check_sample(s, thresholds[i % 4], i % 2 ? 10 : i + 1);
				free(s);
			}
}

static void test_many_rows(void)
{
	/* Enough for the radix sort. */
	for (int kind = 0; kind < N_SCORES; kind++) {
		struct sample *s = draw(4000, (enum scores)kind, 0.4, 99);

		check_sample(s, 0.5, 15);
		free(s);
	}
}

static void test_sort(void)
{
	static const size_t sizes[] = { 0, 1, 2, 2047, 2048, 100000 };

	for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++)
		for (int kind = 0; kind < N_SCORES; kind++) {
			size_t n = sizes[size];
			uint64_t seed = 5 + size, sum = 0;
			struct metrics_row *rows = mem_alloc(n, sizeof(*rows));
			struct metrics_row *scratch = mem_alloc(n, sizeof(*rows));
			bool ordered = true;

			for (size_t i = 0; i < n; i++) {
				double score = draw_score((enum scores)kind, &seed);

				rows[i] = metrics_row(score, next_random(&seed) & 1);
				sum += rows[i].word * rows[i].word;
			}
			metrics_sort(rows, scratch, n);
			for (size_t i = 0; i < n; i++) {
				ordered &= !i ||
					   metrics_score(rows[i - 1]) <= metrics_score(rows[i]);
				sum -= rows[i].word * rows[i].word;
			}
			CHECK(ordered);
			CHECK_INT(sum, 0);
			free(rows);
			free(scratch);
		}
}

static void test_packing(void)
{
	static const double scores[] = { 0, 5e-324, 1e-300, 0.1, 0.5, 1 - DBL_EPSILON / 2, 1 };

	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++)
		for (int positive = 0; positive < 2; positive++) {
			struct metrics_row row = metrics_row(scores[i], positive);

			CHECK(metrics_score(row) == scores[i]);
			CHECK(metrics_positive(row) == positive);
		}
	CHECK(metrics_row(-0.0, false).word == metrics_row(0.0, false).word);
}

static void test_best_f1(void)
{
	uint64_t seed = 40;

	for (int i = 0; i < 120; i++) {
		struct sample *s =
			draw(1 + (size_t)i, (enum scores)(i % N_SCORES), i % 5 / 4.0, seed++);
		struct metrics_row *rows = packed(s);
		double threshold = metrics_best_f1(rows, s->n), best = naive_f1(s, threshold);
		bool is_score = false;

		for (size_t j = 0; j < s->n; j++) {
			double f1 = naive_f1(s, s->score[j]);

			is_score |= s->score[j] == threshold;
			CHECK(s->score[j] > threshold ? f1 < best : f1 <= best);
		}
		CHECK(is_score);
		free(rows);
		free(s);
	}
}

static void test_bins(void)
{
	/* 0.3 and 0.7 lie on an edge, above which 0.3 * 10 or 3 / 10.0 must not push them. */
	static const double scores[] = { 0, 0.05, 0.1, 0.25, 0.3, 0.30000000000000004, 0.7, 1 };
	static const double uppers[] = { 1, 0.7, 0.4, 0.3, 0.1 };
	static const uint64_t counts[] = { 1, 1, 1, 2, 3 };
	struct metrics_row rows[8];
	struct metrics_bins bins = METRICS_BINS(rows, 8, 10);
	struct metrics_bin bin;
	size_t n = 0;

	for (size_t i = 0; i < 8; i++)
		rows[i] = metrics_row(scores[i], i == 0);
	while (metrics_bins_next(&bins, &bin) && n < 5) {
		CHECK_NEAR(bin.upper, uppers[n], 0);
		CHECK_INT(bin.rows, counts[n]);
		CHECK_INT(bin.positives, n == 4);
		n++;
	}
	CHECK_INT(n, 5);
	CHECK_NEAR(bin.mean_score, 0.05, 1e-15);
}

/* The area under the curve by trapezoids, its end points, and whether thresholds descend. */
static double roc_area(const struct sample *s, const struct metrics_row *rows, size_t *n_points)
{
	struct metrics_curve curve;
	struct metrics_point point, last = { 0 };
	double area = 0;

	*n_points = 0;
	metrics_curve_start(&curve, METRICS_ROC, rows, s->n);
	for (; metrics_curve_next(&curve, &point); last = point) {
		if (!(*n_points)++) {
			CHECK(point.x == 0 && point.y == 0 && isnan(point.threshold) && !point.n);
			continue;
		}
		CHECK(isnan(last.threshold) || point.threshold < last.threshold);
		CHECK_INT(point.n,
			  at_least(s, point.threshold, true) + at_least(s, point.threshold, false));
		area += (point.x - last.x) * (point.y + last.y) / 2;
	}
	CHECK(!*n_points || (last.x == 1 && last.y == 1));
	return area;
}

static void test_roc(void)
{
	for (uint64_t seed = 1; seed < 60; seed++) {
		struct sample *s = draw(3 + seed * 3, (enum scores)(seed % N_SCORES), 0.3, seed);
		struct metrics_row *rows = packed(s);
		double positives = at_least(s, 0, true), auc, variance;
		size_t n_points;
		double area = roc_area(s, rows, &n_points);

		if (positives > 0 && positives < (double)s->n) {
			naive_auc(s, &auc, &variance);
			CHECK_NEAR(area, auc, 1e-12);
			CHECK(n_points >= 2);
		} else {
			CHECK_INT(n_points, 0);
		}
		free(rows);
		free(s);
	}
}

static void test_curves_drop_what_lies_between(void)
{
	/* Descending: 1 1 0 0, then two mixed groups in one proportion, then 0 0 0 1. */
	static const double scores[] = { 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.4, 0.3, 0.2, 0.1, 0 };
	static const bool positive[] = { 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1 };
	static const double roc[] = { NAN, 0.8, 0.6, 0.4, 0.1, 0 };
	static const double pr[] = { 0.9, 0.8, 0.6, 0.5, 0.4, 0.1, 0 };
	struct metrics_row rows[12];
	struct metrics_curve curve;
	struct metrics_point point;
	size_t n = 0;

	for (size_t i = 0; i < 12; i++)
		rows[11 - i] = metrics_row(scores[i], positive[i]);
	for (metrics_curve_start(&curve, METRICS_ROC, rows, 12);
	     metrics_curve_next(&curve, &point) && n < 6; n++)
		CHECK(n ? point.threshold == roc[n] : isnan(point.threshold));
	CHECK_INT(n, 6);
	CHECK(!metrics_curve_next(&curve, &point));
	n = 0;
	for (metrics_curve_start(&curve, METRICS_PRECISION_RECALL, rows, 12);
	     metrics_curve_next(&curve, &point) && n < 7; n++)
		CHECK_NEAR(point.threshold, pr[n], 0);
	CHECK_INT(n, 7);
	CHECK_NEAR(point.x, 1, 0);
	CHECK_NEAR(point.y, 5 / 12.0, 1e-15);
}

static void test_average_precision_from_curve(void)
{
	for (uint64_t seed = 1; seed < 40; seed++) {
		struct sample *s = draw(2 + seed * 4, (enum scores)(seed % N_SCORES), 0.9, seed);
		struct metrics_row *rows = packed(s);
		struct metrics_curve curve;
		struct metrics_point point;
		double sum = 0, recall = 0;

		metrics_curve_start(&curve, METRICS_PRECISION_RECALL, rows, s->n);
		while (metrics_curve_next(&curve, &point)) {
			sum += (point.x - recall) * point.y;
			recall = point.x;
		}
		if (at_least(s, 0, true) > 0)
			CHECK_NEAR(sum, naive_average_precision(s), 1e-12);
		free(rows);
		free(s);
	}
}

static void test_no_rows(void)
{
	struct metrics_curve curve;
	struct metrics_point point;
	struct metrics m;

	metrics_compute(&m, NULL, 0, 0.5, 10);
	CHECK_INT(m.rows, 0);
	CHECK(isnan(m.base_rate) && isnan(m.auc_roc) && isnan(m.average_precision));
	CHECK(isnan(m.log_loss) && isnan(m.brier) && isnan(m.calibration_error));
	CHECK(isnan(m.accuracy) && isnan(m.classes[0].f1) && isnan(m.classes[1].precision));
	metrics_curve_start(&curve, METRICS_ROC, NULL, 0);
	CHECK(!metrics_curve_next(&curve, &point));
}

/* Two million terms of almost one size: plain addition loses a digit for every factor of ten. */
static void test_sums_are_compensated(void)
{
	const size_t n = 2000000;
	struct metrics_row *rows = mem_alloc(n, sizeof(*rows));
	struct metrics m;

	for (size_t i = 0; i < n; i++) /* all different, so that no group shares a product */
		rows[i] = metrics_row(0.1 + (double)i * 1e-15, false);
	metrics_compute(&m, rows, n, 0.5, 10);
	/* Mean of (a + i d)^2 = a^2 + a d (n - 1) + d^2 (n - 1)(2 n - 1) / 6. */
	CHECK_NEAR(m.brier,
		   0.01 + 0.1e-15 * (double)(n - 1) +
			   1e-30 * (double)(n - 1) * (double)(2 * n - 1) / 6,
		   1e-16);
	free(rows);
}

int main(void)
{
	RUN(test_packing);
	RUN(test_sort);
	RUN(test_against_definitions);
	RUN(test_many_rows);
	RUN(test_best_f1);
	RUN(test_bins);
	RUN(test_roc);
	RUN(test_curves_drop_what_lies_between);
	RUN(test_average_precision_from_curve);
	RUN(test_no_rows);
	RUN(test_sums_are_compensated);
	return CHECK_DONE();
}
