#include "check.h"
#include "model/tails.h"

#include <stdlib.h>

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * Pushes n numbers below `range`, so that there are ties, of which up to k are to be kept on either
 * side, against sorting them all.
 */
static void check(size_t n, size_t k, uint64_t range, uint64_t seed)
{
	double *all = malloc((n + 1) * sizeof(*all)), *rest = malloc((n + 1) * sizeof(*rest));
	double *kept;
	struct tails t;
	size_t n_rest = 0, n_kept, low = n < k ? n : k;

	tails_init(&t, k);
	for (size_t i = 0; i < n; i++) {
		double value = all[i] = (double)(next(&seed) % range) - 3;

		if (tails_push(&t, &value))
			rest[n_rest++] = value;
	}
	kept = tails_take(&t, &n_kept);
	qsort(all, n, sizeof(*all), by_value);
	qsort(rest, n_rest, sizeof(*rest), by_value);
	CHECK_INT(n_kept, n < 2 * k ? n : 2 * k);
	CHECK_INT(n_kept + n_rest, n);
	for (size_t i = 0; i < n; i++) {
		bool is_low = i < low, is_high = i >= low + n_rest;

		CHECK(all[i] == (is_low ? kept[i] : is_high ? kept[i - n_rest] : rest[i - low]));
	}
	tails_release(&t);
	free(all);
	free(rest);
	free(kept);
}

static void keeps_both_ends(void)
{
	for (size_t n = 0; n < 200; n++)
		for (size_t k = 1; k < 20; k += 3) {
			check(n, k, 1, n);
			check(n, k, 7, n);
			check(n, k, 1000000, n * k);
		}
}

int main(void)
{
	RUN(keeps_both_ends);
	return CHECK_DONE();
}
