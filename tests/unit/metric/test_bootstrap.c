#include "base/mem.h"
#include "base/rng.h"
#include "check.h"
#include "metric/bootstrap.h"

#include <stdlib.h>

#define MAX_ROWS 20000

/* Two scores of the same rows, of users. */
struct table {
	size_t n;
	uint32_t n_users;
	struct metrics_row rows[2][MAX_ROWS];
	uint32_t user[MAX_ROWS];
};

/* `steps` > 0: so many different scores. Each user has a row, if there are enough. */
static struct table *draw(size_t n, uint32_t n_users, double base_rate, int steps, uint64_t seed)
{
	struct table *t = mem_zalloc(1, sizeof(*t));
	struct rng rng;

	rng_seed(&rng, seed, 0);
	t->n = n;
	t->n_users = n_users;
	for (size_t i = 0; i < n; i++) {
		bool positive = rng_chance(&rng, base_rate);
		double common = rng_uniform(&rng);

		for (int s = 0; s < 2; s++) {
			double u = (common + (1 + 3 * s) * rng_uniform(&rng) + positive) /
				   (3 + 3 * s);

			u = steps ? floor(u * steps) / (steps - 1) : u;
			t->rows[s][i] = metrics_row(fmin(u, 1), positive);
		}
		t->user[i] = (uint32_t)(i < n_users ? i : rng_below(&rng, n_users));
	}
	return t;
}

static struct bootstrap run(const struct table *t, size_t resamples, uint64_t seed, int n_threads)
{
	struct bootstrap_options options = { resamples, seed, pool_new(n_threads) };
	struct bootstrap result;

	bootstrap_run(&result, t->rows[0], t->rows[1], t->n, t->user, t->n_users, &options);
	pool_free(options.pool);
	return result;
}

static void figures_of(const struct metrics_row *rows, size_t n, double figures[BOOTSTRAP_N])
{
	struct metrics_row *sorted = mem_alloc(n, sizeof(*sorted));
	struct metrics_row *scratch = mem_alloc(n, sizeof(*sorted));
	struct metrics m;

	if (n)
		memcpy(sorted, rows, n * sizeof(*sorted));
	metrics_sort(sorted, scratch, n);
	metrics_compute(&m, sorted, n, 0.5, 10);
	figures[BOOTSTRAP_BASE_RATE] = m.base_rate;
	figures[BOOTSTRAP_AUC_ROC] = m.auc_roc;
	figures[BOOTSTRAP_AVERAGE_PRECISION] = m.average_precision;
	figures[BOOTSTRAP_LOG_LOSS] = m.log_loss;
	figures[BOOTSTRAP_BRIER] = m.brier;
	free(sorted);
	free(scratch);
}

/* Equal, or both undefined. */
static bool is_near(double x, double y, double tolerance)
{
	return isnan(x) ? isnan(y) : fabs(x - y) <= tolerance;
}

/* Every interval, p-value and count is the same; the tolerance is that of intervals. */
static void check_alike(const struct bootstrap *got, const struct bootstrap *want, double tolerance)
{
	for (int f = 0; f < BOOTSTRAP_N; f++) {
		const struct bootstrap_interval *pairs[3][2] = {
			{ &got->scores[0][f], &want->scores[0][f] },
			{ &got->scores[1][f], &want->scores[1][f] },
			{ &got->differences[f], &want->differences[f] },
		};

		for (int i = 0; i < 3; i++) {
			CHECK(is_near(pairs[i][0]->low, pairs[i][1]->low, tolerance));
			CHECK(is_near(pairs[i][0]->high, pairs[i][1]->high, tolerance));
		}
		CHECK(is_near(got->p_values[f], want->p_values[f], 0));
		CHECK_INT(got->defined[f], want->defined[f]);
	}
}

/* Of one cluster all rows are drawn once, always: the values are those of metrics_compute. */
static void test_all_weights_one(void)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 500, 4096, 4097, MAX_ROWS };

	for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++)
		for (int steps = 0; steps < 40; steps += 13) {
			struct table *t = draw(sizes[size], 1, 0.3, steps, size + 1);
			struct bootstrap got = run(t, 7, 1, 1);
			double figures[2][BOOTSTRAP_N];

			for (int s = 0; s < 2; s++)
				figures_of(t->rows[s], t->n, figures[s]);
			for (int f = 0; f < BOOTSTRAP_N; f++) {
				double difference = figures[0][f] - figures[1][f];

				for (int s = 0; s < 2; s++)
					CHECK(is_near(got.scores[s][f].low, figures[s][f], 1e-12));
				CHECK(is_near(got.differences[f].low, difference, 1e-12));
				CHECK(is_near(got.scores[0][f].high, got.scores[0][f].low, 0));
				CHECK(is_near(got.differences[f].high, got.differences[f].low, 0));
				CHECK_INT(got.defined[f], isnan(difference) ? 0 : 7);
			}
			free(t);
		}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value of rank p (n + 1), of those that are not NAN. */
static double naive_quantile(const double *values, size_t n, double p)
{
	double *sorted = mem_alloc(n, sizeof(*sorted)), rank, value = NAN;
	size_t n_defined = 0, below;

	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			sorted[n_defined++] = values[i];
	qsort(sorted, n_defined, sizeof(*sorted), by_value);
	rank = fmin(fmax(p * (double)(n_defined + 1), 1), (double)n_defined);
	below = (size_t)rank;
	if (n_defined)
		value = sorted[below - 1];
	if (below < n_defined && rank > (double)below)
		value += (rank - (double)below) * (sorted[below] - sorted[below - 1]);
	free(sorted);
	return value;
}

/* What the rows of the users that were drawn say, each as often as its user was. */
static void naive_resample(const struct table *t, uint64_t seed, size_t resample,
			   double figures[2][BOOTSTRAP_N])
{
	size_t *times = mem_zalloc(t->n_users, sizeof(*times)), n = 0;
	struct metrics_row *rows;
	struct rng rng;

	rng_seed(&rng, seed, resample);
	for (uint32_t i = 0; i < t->n_users; i++)
		times[rng_below(&rng, t->n_users)]++;
	for (size_t i = 0; i < t->n; i++)
		n += times[t->user[i]];
	rows = mem_alloc(n, sizeof(*rows));
	for (int s = 0; s < 2; s++) {
		n = 0;
		for (size_t i = 0; i < t->n; i++)
			for (size_t k = 0; k < times[t->user[i]]; k++)
				rows[n++] = t->rows[s][i];
		figures_of(rows, n, figures[s]);
	}
	free(rows);
	free(times);
}

static double naive_p_value(const double *differences, size_t n)
{
	double at_most = 0, at_least = 0, n_defined = 0;

	for (size_t i = 0; i < n; i++) {
		at_most += differences[i] <= 0;
		at_least += differences[i] >= 0;
		n_defined += !isnan(differences[i]);
	}
	return n_defined > 0 ? fmin(2 * (fmin(at_most, at_least) + 1) / (n_defined + 1), 1) : NAN;
}

static struct bootstrap naive_bootstrap(const struct table *t, size_t resamples, uint64_t seed)
{
	double *values[3][BOOTSTRAP_N], figures[2][BOOTSTRAP_N];
	struct bootstrap result;

	for (int f = 0; f < BOOTSTRAP_N; f++)
		for (int i = 0; i < 3; i++)
			values[i][f] = mem_alloc(resamples, sizeof(double));
	for (size_t r = 0; r < resamples; r++) {
		naive_resample(t, seed, r, figures);
		for (int f = 0; f < BOOTSTRAP_N; f++) {
			values[0][f][r] = figures[0][f];
			values[1][f][r] = figures[1][f];
			values[2][f][r] = figures[0][f] - figures[1][f];
		}
	}
	for (int f = 0; f < BOOTSTRAP_N; f++) {
		result.defined[f] = 0;
		for (size_t r = 0; r < resamples; r++)
			if (!isnan(values[2][f][r]))
				result.defined[f]++;
		result.p_values[f] = naive_p_value(values[2][f], resamples);
		for (int i = 0; i < 3; i++) {
			struct bootstrap_interval interval = {
				naive_quantile(values[i][f], resamples, 0.025),
				naive_quantile(values[i][f], resamples, 0.975)
			};

			*(i < 2 ? &result.scores[i][f] : &result.differences[f]) = interval;
			free(values[i][f]);
		}
	}
	return result;
}

static void test_against_definition(void)
{
	static const struct {
		size_t n;
		uint32_t n_users;
		double base_rate;
		size_t resamples;
	} cases[] = {
		{ 1, 1, 0.5, 3 },        { 5, 3, 0.5, 50 },     { 30, 30, 0.1, 39 },
		{ 300, 20, 0.4, 100 },   { 300, 300, 0.4, 81 }, { 300, 20, 0.01, 257 },
		{ 2000, 150, 0.3, 200 }, { 300, 7, 1, 20 },     { 300, 7, 0, 20 },
		{ 12000, 5000, 0.3, 9 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int steps = 0; steps < 20; steps += 6) {
			struct table *t = draw(cases[i].n, cases[i].n_users, cases[i].base_rate,
					       steps, 10 * i + 1);
			struct bootstrap got = run(t, cases[i].resamples, i, 1);
			struct bootstrap want = naive_bootstrap(t, cases[i].resamples, i);

			check_alike(&got, &want, 1e-12);
			free(t);
		}
}

static void test_threads(void)
{
	static const size_t resamples[] = { 1, 3, 4, 5, 63, 255, 301 };

	for (size_t i = 0; i < sizeof(resamples) / sizeof(resamples[0]); i++) {
		struct table *t = draw(900, 40, 0.3, 0, i);
		struct bootstrap one = run(t, resamples[i], 5, 1);

		for (int n_threads = 2; n_threads <= 3; n_threads++) {
			struct bootstrap more = run(t, resamples[i], 5, n_threads);

			check_alike(&more, &one, 0);
		}
		free(t);
	}
}

/* The first resamples are those of fewer resamples: more of them only add to them. */
static void test_seeds(void)
{
	struct table *t = draw(900, 40, 0.3, 0, 1);
	struct bootstrap first = run(t, 400, 1, 1), again = run(t, 400, 1, 1),
			 other = run(t, 400, 2, 1), more = run(t, 100000, 2, 1);

	check_alike(&again, &first, 0);
	for (int f = 0; f < BOOTSTRAP_N; f++) {
		double width = more.scores[0][f].high - more.scores[0][f].low;

		CHECK(first.scores[0][f].low != other.scores[0][f].low);
		CHECK_NEAR(first.scores[0][f].low, more.scores[0][f].low, width / 5);
		CHECK_NEAR(other.scores[0][f].high, more.scores[0][f].high, width / 5);
	}
	free(t);
}

/* How rows are ordered and how clusters are called makes no difference. */
static void test_order_and_names(void)
{
	struct table *t = draw(900, 40, 0.3, 12, 1), *other = mem_alloc(1, sizeof(*other));
	struct bootstrap result = run(t, 200, 1, 1), same;

	*other = *t;
	other->n_users = 4000;
	for (size_t i = 0; i < t->n; i++) {
		size_t from = i * 7 % t->n;

		other->rows[0][i] = t->rows[0][from];
		other->rows[1][i] = t->rows[1][from];
		other->user[i] = t->user[from] * 99 + 5;
	}
	same = run(other, 200, 1, 1);
	check_alike(&same, &result, 1e-14);
	free(t);
	free(other);
}

static void test_rows_as_clusters(void)
{
	struct table *t = draw(700, 700, 0.3, 0, 1);
	struct bootstrap_options options = { 300, 1, NULL };
	struct bootstrap by_user = run(t, 300, 1, 1), by_row;

	bootstrap_run(&by_row, t->rows[0], t->rows[1], t->n, NULL, 0, &options);
	check_alike(&by_row, &by_user, 0);
	free(t);
}

static void test_one_score(void)
{
	struct table *t = draw(700, 50, 0.3, 0, 1);
	struct bootstrap_options options = { 300, 1, NULL };
	struct bootstrap both = run(t, 300, 1, 1), one;

	bootstrap_run(&one, t->rows[0], NULL, t->n, t->user, t->n_users, &options);
	for (int f = 0; f < BOOTSTRAP_N; f++) {
		CHECK_NEAR(one.scores[0][f].low, both.scores[0][f].low, 0);
		CHECK_NEAR(one.scores[0][f].high, both.scores[0][f].high, 0);
		CHECK(isnan(one.scores[1][f].low) && isnan(one.scores[1][f].high));
		CHECK(isnan(one.differences[f].low) && isnan(one.differences[f].high));
		CHECK(isnan(one.p_values[f]));
		CHECK_INT(one.defined[f], 300);
	}
	free(t);
}

static void test_identical_scores(void)
{
	struct table *t = draw(700, 50, 0.3, 0, 1);
	struct bootstrap result;

	memcpy(t->rows[1], t->rows[0], sizeof(t->rows[0]));
	result = run(t, 300, 1, 2);
	for (int f = 0; f < BOOTSTRAP_N; f++) {
		CHECK_NEAR(result.differences[f].low, 0, 0);
		CHECK_NEAR(result.differences[f].high, 0, 0);
		CHECK_NEAR(result.p_values[f], 1, 0);
		CHECK_NEAR(result.scores[1][f].low, result.scores[0][f].low, 0);
		CHECK(result.scores[0][f].low < result.scores[0][f].high);
	}
	free(t);
}

/* A score beside chance. */
static void test_clearly_better(void)
{
	struct table *t = draw(2000, 200, 0.3, 0, 1);
	struct bootstrap result;
	struct rng rng;

	rng_seed(&rng, 9, 9);
	for (size_t i = 0; i < t->n; i++)
		t->rows[1][i] = metrics_row(rng_uniform(&rng), metrics_positive(t->rows[0][i]));
	result = run(t, 999, 1, 2);
	CHECK_NEAR(result.p_values[BOOTSTRAP_BASE_RATE], 1, 0);
	CHECK_NEAR(result.p_values[BOOTSTRAP_AUC_ROC], 0.002, 1e-15);
	CHECK_NEAR(result.p_values[BOOTSTRAP_AVERAGE_PRECISION], 0.002, 1e-15);
	CHECK_NEAR(result.p_values[BOOTSTRAP_LOG_LOSS], 0.002, 1e-15);
	CHECK(result.differences[BOOTSTRAP_AUC_ROC].low > 0.1);
	CHECK(result.differences[BOOTSTRAP_LOG_LOSS].high < -0.1);
	CHECK(result.scores[1][BOOTSTRAP_AUC_ROC].low < 0.5);
	CHECK(result.scores[1][BOOTSTRAP_AUC_ROC].high > 0.5);
	free(t);
}

/* One user of ten has the positives: without that one there is no AUC, (9/10)^10 of the time. */
static void test_undefined_resamples(void)
{
	struct table *t = draw(100, 10, 0, 0, 1);
	struct bootstrap result;
	double rate;

	for (size_t i = 0; i < t->n; i++)
		for (int s = 0; s < 2; s++)
			t->rows[s][i] = metrics_row(metrics_score(t->rows[s][i]), !t->user[i]);
	result = run(t, 10000, 1, 2);
	rate = (double)result.defined[BOOTSTRAP_AUC_ROC] / 10000;
	CHECK_NEAR(rate, 1 - pow(0.9, 10), 0.02);
	CHECK_INT(result.defined[BOOTSTRAP_AVERAGE_PRECISION], result.defined[BOOTSTRAP_AUC_ROC]);
	CHECK_INT(result.defined[BOOTSTRAP_LOG_LOSS], 10000);
	CHECK_NEAR(result.scores[0][BOOTSTRAP_BASE_RATE].low, 0, 0);
	CHECK(result.scores[0][BOOTSTRAP_AUC_ROC].low > 0);
	free(t);
}

static void test_no_rows(void)
{
	struct bootstrap_options options = { 5, 1, NULL };
	const uint32_t cluster = 0;

	for (int named = 0; named < 2; named++) {
		struct bootstrap result;

		bootstrap_run(&result, NULL, NULL, 0, named ? &cluster : NULL, 3, &options);
		for (int f = 0; f < BOOTSTRAP_N; f++) {
			CHECK(isnan(result.scores[0][f].low) && isnan(result.scores[0][f].high));
			CHECK_INT(result.defined[f], 0);
		}
	}
}

/* The extremes of log loss are finite, as metrics clips them. */
static void test_certain_scores(void)
{
	struct table *t = draw(60, 6, 0.5, 2, 1);
	struct bootstrap got, want;

	for (size_t i = 0; i < t->n; i++)
		t->rows[1][i] = metrics_row(i % 5 ? 0 : 1, i % 3 == 0);
	for (size_t i = 0; i < t->n; i++)
		t->rows[0][i] = metrics_row(i % 2 ? 5e-324 : 1, i % 3 == 0);
	got = run(t, 50, 1, 1);
	want = naive_bootstrap(t, 50, 1);
	CHECK(isfinite(got.scores[0][BOOTSTRAP_LOG_LOSS].high));
	check_alike(&got, &want, 1e-11);
	free(t);
}

int main(void)
{
	RUN(test_all_weights_one);
	RUN(test_against_definition);
	RUN(test_threads);
	RUN(test_seeds);
	RUN(test_order_and_names);
	RUN(test_rows_as_clusters);
	RUN(test_one_score);
	RUN(test_identical_scores);
	RUN(test_clearly_better);
	RUN(test_undefined_resamples);
	RUN(test_no_rows);
	RUN(test_certain_scores);
	return CHECK_DONE();
}
