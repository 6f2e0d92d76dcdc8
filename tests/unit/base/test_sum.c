#include "base/sum.h"

#include "scratch.h"

static double sum_all(const double *x, size_t n)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < n; i++)
		sum_add(&sum, x[i]);
	return sum_of(&sum);
}

static void no_numbers(void)
{
	CHECK(sum_all(NULL, 0) == 0);
}

/* What comes before and after a number that is large for a while; Kahan's sum gives 0 for it. */
static void what_is_lost_comes_back(void)
{
	CHECK(sum_all((const double[]){ 1, 1e100, 1, -1e100 }, 4) == 2);
	CHECK(sum_all((const double[]){ -1e100, 1, 1e100 }, 3) == 1);
	CHECK(sum_all((const double[]){ 1e16, 1, 1, -1e16 }, 4) == 2);
}

static void many_tenths(void)
{
	struct sum sum = { 0 };

	for (int i = 0; i < 10000000; i++)
		sum_add(&sum, 0.1);
	CHECK_NEAR(sum_of(&sum), 1e6, 1e-9); /* 1.6e-4 off, if they are just added */
}

/* Of multiples of 2^-30 up to 2^30, against their sum as integers, in any order. */
static void random_numbers_of_any_size(void)
{
	uint64_t random = 1;

	for (int round = 0; round < 300; round++) {
		size_t n = scratch_below(&random, 1000);
		struct sum sum = { 0 }, back = { 0 };
		int64_t exact = 0, *units = mem_alloc(n, sizeof(*units));

		for (size_t i = 0; i < n; i++) {
			units[i] = (int64_t)(scratch_random(&random) >> 11);
			units[i] >>= scratch_below(&random, 52);
			units[i] -= scratch_below(&random, 2) ? 2 * units[i] : 0;
			exact += units[i];
		}
		for (size_t i = 0; i < n; i++) {
			sum_add(&sum, ldexp((double)units[i], -30));
			sum_add(&back, ldexp((double)units[n - 1 - i], -30));
		}
		CHECK(sum_of(&sum) == ldexp((double)exact, -30));
		CHECK(sum_of(&back) == ldexp((double)exact, -30));
		free(units);
	}
}

int main(void)
{
	RUN(no_numbers);
	RUN(what_is_lost_comes_back);
	RUN(many_tenths);
	RUN(random_numbers_of_any_size);
	return CHECK_DONE();
}
