#include "base/rng.h"
#include "check.h"

#define N 200000

/* The first outputs of the authors' code from the state 1, 2, 3, 4. */
static void xoshiro_gives_the_reference_numbers(void)
{
	static const uint64_t want[] = { UINT64_C(11520),
					 UINT64_C(0),
					 UINT64_C(1509978240),
					 UINT64_C(1215971899390074240),
					 UINT64_C(1216172134540287360),
					 UINT64_C(607988272756665600),
					 UINT64_C(16172922978634559625),
					 UINT64_C(8476171486693032832),
					 UINT64_C(10595114339597558777),
					 UINT64_C(2904607092377533576) };
	struct rng r = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CHECK(rng_next(&r) == want[i]);
}

static void streams_differ_and_repeat(void)
{
	static const uint64_t seeds[][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 2 }, { 2, 1 } };
	uint64_t first[5];

	for (int i = 0; i < 5; i++) {
		struct rng a, b;

		rng_seed(&a, seeds[i][0], seeds[i][1]);
		rng_seed(&b, seeds[i][0], seeds[i][1]);
		first[i] = rng_next(&a);
		CHECK(first[i] == rng_next(&b));
		for (int j = 0; j < i; j++)
			CHECK(first[i] != first[j]);
	}
}

/* Mean and variance, each within five standard errors of what they should be. */
static void moments(double (*draw)(struct rng *), double mean, double variance, double kurtosis)
{
	double sum = 0, squares = 0;
	struct rng r;

	rng_seed(&r, 7, 1);
	for (int i = 0; i < N; i++) {
		double x = draw(&r);

		CHECK(isfinite(x));
		sum += x;
		squares += (x - mean) * (x - mean);
	}
	CHECK_NEAR(sum / N, mean, 5 * sqrt(variance / N));
	CHECK_NEAR(squares / N, variance, 5 * variance * sqrt((kurtosis - 1) / N));
}

static void uniform_has_its_moments(void)
{
	moments(rng_uniform, 0.5, 1.0 / 12, 1.8);
}

static void exponential_has_its_moments(void)
{
	moments(rng_exponential, 1, 1, 9);
}

static void normal_has_its_moments(void)
{
	moments(rng_normal, 0, 1, 3);
}

static void normal_has_its_tails(void)
{
	int beyond = 0;
	struct rng r;

	rng_seed(&r, 3, 3);
	for (int i = 0; i < N; i++)
		beyond += fabs(rng_normal(&r)) > 2;
	CHECK_NEAR((double)beyond / N, 0.0455, 5 * sqrt(0.0455 / N));
}

static void between_reaches_both_ends_evenly(void)
{
	int counts[7] = { 0 };
	struct rng r;

	rng_seed(&r, 5, 9);
	for (int i = 0; i < N; i++) {
		int64_t x = rng_between(&r, -3, 3);

		CHECK(x >= -3 && x <= 3);
		counts[x + 3]++;
	}
	for (int i = 0; i < 7; i++)
		CHECK_NEAR(counts[i], N / 7.0, 5 * sqrt(N / 7.0));
	CHECK_INT(rng_between(&r, 4, 4), 4);
}

/*
 * Of a bound that does not divide 2^64 some numbers would come more often: of three quarters of it
 * the multiples of three, twice as often as others.
 */
static void below_a_large_bound_all_are_even(void)
{
	const uint64_t bound = UINT64_C(3) << 62;
	int counts[3] = { 0 };
	struct rng r;

	rng_seed(&r, 5, 9);
	for (int i = 0; i < N; i++) {
		uint64_t x = rng_below(&r, bound);

		CHECK(x < bound);
		counts[x % 3]++;
	}
	for (int i = 0; i < 3; i++)
		CHECK_NEAR(counts[i], N / 3.0, 5 * sqrt(N / 3.0));
}

static void alias_draws_by_weight(void)
{
	static const double weight[] = { 0, 3, 2.5, 0.001, 4, 0, 6.5 };
	const double sum = 16.001;
	struct rng_alias a;
	int counts[7] = { 0 };
	struct rng r;

	rng_alias_init(&a, weight, 7);
	rng_seed(&r, 11, 4);
	for (int i = 0; i < N; i++)
		counts[rng_alias_draw(&a, &r)]++;
	for (int i = 0; i < 7; i++) {
		double want = N * weight[i] / sum;

		CHECK_NEAR(counts[i], want, 5 * sqrt(want));
	}
	rng_alias_release(&a);
}

static void alias_of_one_draws_it(void)
{
	static const double weight[] = { 0.3 };
	struct rng_alias a;
	struct rng r;

	rng_alias_init(&a, weight, 1);
	rng_seed(&r, 1, 1);
	for (int i = 0; i < 100; i++)
		CHECK_INT(rng_alias_draw(&a, &r), 0);
	rng_alias_release(&a);
}

int main(void)
{
	RUN(xoshiro_gives_the_reference_numbers);
	RUN(streams_differ_and_repeat);
	RUN(uniform_has_its_moments);
	RUN(exponential_has_its_moments);
	RUN(normal_has_its_moments);
	RUN(normal_has_its_tails);
	RUN(between_reaches_both_ends_evenly);
	RUN(below_a_large_bound_all_are_even);
	RUN(alias_draws_by_weight);
	RUN(alias_of_one_draws_it);
	return CHECK_DONE();
}
