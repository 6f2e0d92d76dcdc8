#include "base/mem.h"
#include "base/rng.h"
#include "check.h"
#include "metric/delong.h"

#include <stdlib.h>

/* Two scores of the same rows. */
struct pair {
	size_t n;
	double score[2][3000];
	bool positive[3000];
	struct metrics_row rows[2][3000];
};

static void pack(struct pair *p)
{
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < p->n; i++)
			p->rows[s][i] = metrics_row(p->score[s][i], p->positive[i]);
}

/* Both scores know something of the outcome; `steps` > 0: so many different ones. */
static struct pair *draw(size_t n, double base_rate, int steps, uint64_t seed)
{
	struct pair *p = mem_zalloc(1, sizeof(*p));
	struct rng rng;

	rng_seed(&rng, seed, 0);
	p->n = n;
	for (size_t i = 0; i < n; i++) {
		double common = rng_uniform(&rng);

		p->positive[i] = rng_chance(&rng, base_rate);
		for (int s = 0; s < 2; s++) {
			double u = (common + (1 + s) * rng_uniform(&rng) + p->positive[i]) / 4;

			p->score[s][i] = steps ? floor(u * steps) / steps : u;
		}
	}
	pack(p);
	return p;
}

static struct delong compare(const struct pair *p)
{
	struct delong d;

	delong_compare(&d, p->rows[0], p->rows[1], p->n);
	return d;
}

/* psi of equation 2: how much row i, a positive, beats row j. */
static double beats(const double *score, size_t i, size_t j)
{
	return score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
}

/* Of row i over all rows j of the other class. */
static double component(const struct pair *p, int s, size_t i)
{
	double sum = 0, n = 0;

	for (size_t j = 0; j < p->n; j++)
		if (p->positive[i] != p->positive[j]) {
			sum += p->positive[i] ? beats(p->score[s], i, j) : beats(p->score[s], j, i);
			n++;
		}
	return sum / n;
}

/* The reference: equations 4 to 6 written out, covariance[r][s] = S10 / m + S01 / n. */
static void naive_delong(const struct pair *p, double auc[2], double covariance[2][2])
{
	double n[2] = { 0 }, sums[2][2][2] = { 0 };
	double(*components)[2] = mem_alloc(p->n, sizeof(*components));

	auc[0] = auc[1] = 0;
	for (size_t i = 0; i < p->n; i++) {
		n[p->positive[i]]++;
		for (int s = 0; s < 2; s++) {
			components[i][s] = component(p, s, i);
			auc[s] += p->positive[i] ? components[i][s] : 0;
		}
	}
	auc[0] /= n[1];
	auc[1] /= n[1];
	for (size_t i = 0; i < p->n; i++)
		for (int r = 0; r < 2; r++)
			for (int s = 0; s < 2; s++)
				sums[p->positive[i]][r][s] += (components[i][r] - auc[r]) *
							      (components[i][s] - auc[s]);
	for (int r = 0; r < 2; r++)
		for (int s = 0; s < 2; s++)
			covariance[r][s] = sums[1][r][s] / (n[1] - 1) / n[1] +
					   sums[0][r][s] / (n[0] - 1) / n[0];
	free(components);
}

static void check_pair(const struct pair *p)
{
	double auc[2], covariance[2][2], variance;
	struct delong d = compare(p);

	naive_delong(p, auc, covariance);
	for (int s = 0; s < 2; s++) {
		CHECK_NEAR(d.auc[s], auc[s], 1e-12);
		CHECK_NEAR(d.variance[s], covariance[s][s], 1e-12);
	}
	CHECK_NEAR(d.covariance, covariance[0][1], 1e-12);
	CHECK_NEAR(d.difference, auc[0] - auc[1], 1e-12);
	variance = covariance[0][0] + covariance[1][1] - 2 * covariance[0][1];
	CHECK_NEAR(d.low, d.difference - 1.959963984540054 * sqrt(fmax(variance, 0)), 1e-7);
	CHECK_NEAR(d.high - d.difference, d.difference - d.low, 1e-15);
	if (variance > 1e-9) {
		CHECK_NEAR(d.z, d.difference / sqrt(variance), 1e-6);
		CHECK_NEAR(d.p_value, erfc(fabs(d.difference) / sqrt(2 * variance)), 1e-6);
	}
}

static void test_against_definition(void)
{
	static const size_t sizes[] = { 8, 9, 12, 40, 150, 500 };
	static const double rates[] = { 0.5, 0.3, 0.9 };
	uint64_t seed = 1;

	for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++)
		for (int i = 0; i < 24; i++) {
			struct pair *p = draw(sizes[size], rates[i % 3], (i % 4) * 5, seed++);

			p->positive[0] = p->positive[1] = true;
			p->positive[2] = p->positive[3] = false;
			pack(p);
			check_pair(p);
			free(p);
		}
}

/* The same AUCs to the last bit, and the intervals that metrics_compute clips. */
static void test_agrees_with_metrics(void)
{
	for (uint64_t seed = 1; seed < 20; seed++) {
		struct pair *p = draw(seed < 10 ? 3000 : seed * 4, 0.3, seed % 2 ? 0 : 20, seed);
		struct metrics_row *sorted = mem_alloc(p->n, sizeof(*sorted));
		struct metrics_row *scratch = mem_alloc(p->n, sizeof(*sorted));
		struct delong d = compare(p);

		for (int s = 0; s < 2; s++) {
			struct metrics m;
			double error = 1.959963984540054 * sqrt(d.variance[s]);

			memcpy(sorted, p->rows[s], p->n * sizeof(*sorted));
			metrics_sort(sorted, scratch, p->n);
			metrics_compute(&m, sorted, p->n, 0.5, 10);
			CHECK_NEAR(d.auc[s], m.auc_roc, 0);
			CHECK_NEAR(fmax(d.auc[s] - error, 0), m.auc_roc_low, 0);
			CHECK_NEAR(fmin(d.auc[s] + error, 1), m.auc_roc_high, 0);
		}
		free(sorted);
		free(scratch);
		free(p);
	}
}

/*
 * 113 patients with a subarachnoid hemorrhage, whose outcome was poor (1) or good: WFNS grade,
 * S100b and NDKA in hundredths of a microgram a litre (N. Turck et al., Intensive Care Medicine 36,
 * 2010, 107-115: the data set aSAH of the R package pROC). What is expected of them is what the
 * package's own tests of roc.test and cov expect; the first of them is the example of its manual,
 * too.
 */
#define ASAH 113

static const char asah_poor[] = "000011010010110010111010000000001001101100000000011000100010"
				"10011101101111000110100000010000000000001111110001000";
static const char asah_wfns[] = "111132541252551252252111121211342145414255112411255212512221"
				"51125214524414121421232421451154221113125225552445111";
static const uint16_t asah_s100b[ASAH] = {
	13, 14, 10, 4,  13, 10, 47, 16, 18,  10, 12, 10, 44, 71, 4,  8,  49, 4,  7,  33, 9,  9,  7,
	11, 7,  17, 7,  11, 13, 19, 5,  16,  41, 14, 34, 35, 48, 9,  96, 25, 50, 46, 16, 7,  43, 45,
	11, 8,  9,  86, 52, 8,  6,  13, 207, 10, 14, 15, 7,  6,  77, 5,  9,  30, 3,  9,  4,  23, 70,
	9,  27, 71, 8,  26, 8,  16, 9,  13,  10, 8,  11, 33, 11, 28, 7,  10, 32, 22, 7,  5,  24, 38,
	10, 15, 8,  14, 10, 7,  4,  19, 56,  14, 58, 32, 82, 74, 15, 47, 17, 44, 15, 50, 48,
};
static const uint16_t asah_ndka[ASAH] = {
	301,  854,  809,  1042, 1740, 1275, 600,  1320, 1554, 601,   1596, 1786, 518,  890,  1341,
	2075, 1160, 1611, 3237, 5482, 3241, 4994, 4034, 947,  629,   1253, 654,  630,  8030, 1280,
	980,  981,  985,  1821, 503,  1404, 2193, 802,  742,  838,   659,  963,  1312, 796,  1434,
	4143, 763,  706,  1259, 1356, 387,  944,  766,  1298, 41919, 2719, 2227, 995,  2122, 1173,
	1040, 5883, 639,  1109, 1222, 1367, 1721, 2263, 1290, 970,   2157, 823,  7257, 1554, 1051,
	1060, 1457, 519,  963,  461,  2148, 1730, 1271, 944,  1107,  1946, 1083, 537,  1197, 775,
	983,  1055, 2849, 853,  1257, 1290, 4683, 1168, 1267, 901,   957,  3406, 1172, 1426, 4761,
	1167, 2458, 1033, 1387, 1589, 2243, 679,  1345,
};

enum marker { WFNS, S100B, NDKA };

static double asah_marker(enum marker marker, size_t i)
{
	return marker == WFNS ? asah_wfns[i] - '0' : marker == S100B ? asah_s100b[i] : asah_ndka[i];
}

static void test_published(void)
{
	static const struct {
		enum marker markers[2];
		double z, p_value, low, high, covariance;
	} published[] = {
		{ { WFNS, S100B },
		  2.20898359144091,
		  0.0271757822291882,
		  0.0104061769564846,
		  0.174214419249478,
		  0.00119615567376754 },
		{ { WFNS, NDKA },
		  2.79777591868904,
		  0.00514557970691098,
		  0.0634011709339876,
		  0.3600405634833566,
		  -0.000532967856762438 },
		{ { NDKA, S100B },
		  -1.39077002573558,
		  0.164295175223054,
		  -0.2876917446341914,
		  0.0488706064228094,
		  -0.000756164938056579 },
	};
	static const double auc[] = { 0.823678861788618, 0.731368563685637, 0.611957994579946 };
	struct pair *p = mem_zalloc(1, sizeof(*p));

	p->n = ASAH;
	for (size_t test = 0; test < sizeof(published) / sizeof(published[0]); test++) {
		struct delong d;

		for (size_t i = 0; i < ASAH; i++) {
			p->positive[i] = asah_poor[i] == '1';
			for (int s = 0; s < 2; s++)
				p->score[s][i] = asah_marker(published[test].markers[s], i) / 1e5;
		}
		pack(p);
		d = compare(p);
		for (int s = 0; s < 2; s++)
			CHECK_NEAR(d.auc[s], auc[published[test].markers[s]], 1e-14);
		CHECK_NEAR(d.z, published[test].z, 1e-13);
		CHECK_NEAR(d.p_value, published[test].p_value, 1e-13);
		CHECK_NEAR(d.low, published[test].low, 1e-14);
		CHECK_NEAR(d.high, published[test].high, 1e-14);
		CHECK_NEAR(d.covariance, published[test].covariance, 1e-16);
	}
	free(p);
}

static void check_mirrored(const struct delong *d, const struct delong *other, double tolerance)
{
	CHECK_NEAR(other->difference, -d->difference, tolerance);
	CHECK_NEAR(other->low, -d->high, tolerance);
	CHECK_NEAR(other->z, -d->z, 1e3 * tolerance);
	CHECK_NEAR(other->p_value, d->p_value, 1e3 * tolerance);
	CHECK_NEAR(other->covariance, d->covariance, tolerance);
}

static void test_swaps(void)
{
	for (uint64_t seed = 1; seed < 12; seed++) {
		struct pair *p = draw(200, 0.4, seed % 2 ? 0 : 16, seed);
		struct delong d = compare(p), other;

		delong_compare(&other, p->rows[1], p->rows[0], p->n);
		check_mirrored(&d, &other, 0);
		/* Scores the other way round. */
		for (size_t i = 0; i < p->n; i++)
			for (int s = 0; s < 2; s++)
				p->score[s][i] = 1 - p->score[s][i];
		pack(p);
		other = compare(p);
		check_mirrored(&d, &other, 1e-14);
		/* And outcomes too: as at first. */
		for (size_t i = 0; i < p->n; i++)
			p->positive[i] = !p->positive[i];
		pack(p);
		other = compare(p);
		CHECK_NEAR(other.difference, d.difference, 1e-14);
		CHECK_NEAR(other.low, d.low, 1e-14);
		CHECK_NEAR(other.p_value, d.p_value, 1e-11);
		free(p);
	}
}

static void check_no_difference(const struct delong *d)
{
	CHECK_NEAR(d->difference, 0, 0);
	CHECK_NEAR(d->low, 0, 0);
	CHECK_NEAR(d->high, 0, 0);
	CHECK(isnan(d->z));
	CHECK_NEAR(d->p_value, 1, 0);
	CHECK_NEAR(d->covariance, d->variance[0], 1e-15);
}

static void test_scores_that_rank_alike(void)
{
	for (int steps = 0; steps < 20; steps += 7) {
		struct pair *p = draw(300, 0.4, steps, 3);
		struct delong d;

		memcpy(p->score[1], p->score[0], sizeof(p->score[0]));
		pack(p);
		d = compare(p);
		check_no_difference(&d);
		for (size_t i = 0; i < p->n; i++)
			p->score[1][i] = p->score[0][i] * p->score[0][i] / 2;
		pack(p);
		d = compare(p);
		check_no_difference(&d);
		free(p);
	}
}

static void test_perfect_scores(void)
{
	struct pair *p = draw(50, 0.5, 0, 1);
	struct delong d;

	for (size_t i = 0; i < p->n; i++) {
		p->score[0][i] = (double)i / 50;
		p->score[1][i] = (double)(i * 7 % 50) / 50;
		p->positive[i] = i >= 30;
	}
	/* One is perfect, the other is not. */
	pack(p);
	d = compare(p);
	CHECK_NEAR(d.auc[0], 1, 0);
	CHECK_NEAR(d.variance[0], 0, 0);
	CHECK_NEAR(d.covariance, 0, 0);
	CHECK(d.z > 0 && d.p_value > 0 && d.p_value < 1);
	CHECK_NEAR(d.high - d.low, 2 * 1.959963984540054 * sqrt(d.variance[1]), 1e-15);
	/* Both are, in orders of their own. */
	for (size_t i = 0; i < p->n; i++)
		p->score[1][i] = (i >= 30) / 2.0 + p->score[1][i] / 2.0;
	pack(p);
	d = compare(p);
	check_no_difference(&d);
	/* One is perfectly wrong. */
	for (size_t i = 0; i < p->n; i++)
		p->score[1][i] = 1 - p->score[0][i];
	pack(p);
	d = compare(p);
	CHECK_NEAR(d.difference, 1, 0);
	CHECK_NEAR(d.low, 1, 0);
	CHECK_NEAR(d.high, 1, 0);
	CHECK(isinf(d.z) && d.z > 0);
	CHECK_NEAR(d.p_value, 0, 0);
	free(p);
}

static void check_untested(const struct delong *d)
{
	CHECK(isnan(d->variance[0]) && isnan(d->variance[1]) && isnan(d->covariance));
	CHECK(isnan(d->low) && isnan(d->high) && isnan(d->z) && isnan(d->p_value));
}

static void test_too_few_rows(void)
{
	struct pair *p = draw(30, 0.5, 0, 1);
	struct delong d;

	delong_compare(&d, NULL, NULL, 0);
	CHECK(isnan(d.auc[0]) && isnan(d.auc[1]) && isnan(d.difference));
	check_untested(&d);
	for (size_t positives = 0; positives < 2; positives++)
		for (int inverted = 0; inverted < 2; inverted++)
			for (p->n = 1; p->n < 30; p->n += 7) {
				for (size_t i = 0; i < p->n; i++)
					p->positive[i] = (i < positives) != inverted;
				pack(p);
				d = compare(p);
				CHECK(isnan(d.difference) == (!positives || p->n == 1));
				CHECK(isnan(d.auc[0]) == isnan(d.difference));
				check_untested(&d);
			}
	/* Two of either are enough. */
	p->n = 4;
	for (size_t i = 0; i < 4; i++)
		p->positive[i] = i < 2;
	pack(p);
	check_pair(p);
	free(p);
}

static void test_one_score_for_all(void)
{
	struct pair *p = draw(60, 0.4, 0, 2);
	struct delong d;

	for (size_t i = 0; i < p->n; i++)
		p->score[1][i] = 0.25;
	pack(p);
	d = compare(p);
	CHECK_NEAR(d.auc[1], 0.5, 0);
	CHECK_NEAR(d.variance[1], 0, 0);
	CHECK_NEAR(d.z, (d.auc[0] - 0.5) / sqrt(d.variance[0]), 1e-9);
	check_pair(p);
	free(p);
}

/*
 * Of pairs of scores that are equally good, as many as one in twenty are told apart at 5 %: 2,000
 * tests, of which 100 are expected, with a standard deviation of 10.
 */
static void test_false_alarms(void)
{
	int alarms = 0;

	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct pair *p = draw(150, 0.4, 0, 100 + seed);
		struct rng rng;
		struct delong d;

		rng_seed(&rng, seed, 1);
		for (size_t i = 0; i < p->n; i++)
			if (rng_chance(&rng, 0.5)) { /* which score is which is left to chance */
				double swapped = p->score[0][i];

				p->score[0][i] = p->score[1][i];
				p->score[1][i] = swapped;
			}
		pack(p);
		d = compare(p);
		CHECK((d.p_value < 0.05) == (d.low > 0 || d.high < 0));
		alarms += d.p_value < 0.05;
		free(p);
	}
	CHECK(alarms >= 70 && alarms <= 130);
}

int main(void)
{
	RUN(test_against_definition);
	RUN(test_agrees_with_metrics);
	RUN(test_published);
	RUN(test_swaps);
	RUN(test_scores_that_rank_alike);
	RUN(test_perfect_scores);
	RUN(test_too_few_rows);
	RUN(test_one_score_for_all);
	RUN(test_false_alarms);
	return CHECK_DONE();
}
