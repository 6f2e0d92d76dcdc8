#include "base/mem.h"
#include "check.h"
#include "learn/bins.h"
#include "scratch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define N_MAX 3000

/* The definition. */
static uint8_t find_by_scan(const double *edges, size_t n_edges, double value)
{
	size_t below = 0;

	if (isnan(value))
		return 0;
	for (size_t i = 0; i < n_edges; i++)
		below += edges[i] < value;
	return (uint8_t)(1 + below);
}

static bool is_sorted(const double *values, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (values[i] < values[i - 1])
			return false;
	return true;
}

/* Cuts a copy of the values, and checks what holds of all edges; count[bin] is how many are there.
 */
static size_t cut(const double *values, size_t n, size_t max_bins, double *edges, size_t *count)
{
	double *copy = mem_alloc(n + 1, sizeof(*copy));
	size_t n_edges;

	memset(edges, 0xff, BINS_MAX * sizeof(*edges));
	memset(count, 0, (BINS_MAX + 1) * sizeof(*count));
	if (n)
		memcpy(copy, values, n * sizeof(*copy));
	n_edges = bins_cut(copy, n, max_bins, edges);
	CHECK(n_edges < max_bins);
	CHECK(is_sorted(copy, n));
	for (size_t k = 0; k < n_edges; k++) {
		size_t below = 0;

		CHECK(isfinite(edges[k]));
		CHECK(!k || edges[k] > edges[k - 1]);
		while (below < n && copy[below] <= edges[k])
			below++;
		CHECK(below > 0 && below < n);
		/* Where there is anything between the two, not far from the middle. */
		if (below > 0 && below < n) {
			double low = copy[below - 1], high = copy[below],
			       middle = low / 2 + high / 2;

			CHECK(edges[k] >= low && edges[k] < high);
			if (middle > low && middle < high)
				CHECK(fabs(edges[k] - middle) <= fabs(middle));
			else
				CHECK(edges[k] == low);
		}
	}
	for (size_t i = 0; i < n; i++)
		count[bins_find(edges, n_edges, copy[i])]++;
	CHECK_INT(count[0], 0);
	for (size_t b = 1; b <= n_edges + (n > 0); b++)
		CHECK(count[b] > 0);
	free(copy);
	return n_edges;
}

static double edges[BINS_MAX];
static size_t count[BINS_MAX + 1];

static void nothing_and_one_value_need_no_edge(void)
{
	static const double same[] = { 3, 3, 3, 3 };

	CHECK_INT(bins_cut(NULL, 0, 255, edges), 0);
	CHECK_INT(cut(same, 1, 255, edges, count), 0);
	CHECK_INT(cut(same, 4, 255, edges, count), 0);
	CHECK_INT(cut(same, 4, 2, edges, count), 0);
	CHECK_INT(count[1], 4);
	CHECK_INT(bins_find(edges, 0, -DBL_MAX), 1);
	CHECK_INT(bins_find(edges, 0, NAN), 0);
}

static void few_different_values_have_a_bin_each(void)
{
	static const double values[] = { 5, 1, 5, 5, 2, 5, 8, 5, 5, 5, 2 };
	static const size_t want[] = { 0, 1, 2, 7, 1 };

	for (size_t max_bins = 4; max_bins <= BINS_MAX; max_bins += 251) {
		CHECK_INT(cut(values, 11, max_bins, edges, count), 3);
		CHECK(edges[0] == 1.5 && edges[1] == 4 && edges[2] == 6);
		for (size_t b = 0; b < 5; b++)
			CHECK_INT(count[b], want[b]);
	}
	/* One less, and two must share. */
	CHECK_INT(cut(values, 11, 3, edges, count), 2);
	CHECK_INT(cut(values, 11, 2, edges, count), 1);
}

static void different_values_are_shared_out_evenly(void)
{
	static double values[N_MAX];
	uint64_t state = 1;

	for (size_t n = 1; n < N_MAX; n = n * 3 / 2 + 1) {
		for (size_t i = 0; i < n; i++)
			values[i] = (double)(scratch_random(&state) >> 11) * 0x1p-53;
		for (size_t max_bins = 2; max_bins <= BINS_MAX;
		     max_bins += max_bins < 10 ? 1 : 49) {
			size_t n_bins = cut(values, n, max_bins, edges, count) + 1;

			CHECK_INT(n_bins, n < max_bins ? n : max_bins);
			for (size_t b = 1; b <= n_bins; b++)
				CHECK(count[b] == n / n_bins || count[b] == n / n_bins + 1);
		}
	}
}

/* A value that is most of them takes no more than its own bin from the others. */
static void a_heavy_value_leaves_the_rest_its_bins(void)
{
	static double values[N_MAX];
	uint64_t state = 2;

	for (size_t i = 0; i < N_MAX; i++)
		values[i] = i % 3 ? 0 : 1 + (double)scratch_below(&state, 1000000);
	CHECK_INT(cut(values, N_MAX, 11, edges, count), 10);
	CHECK_INT(count[1], 2000);
	for (size_t b = 2; b <= 11; b++)
		CHECK(count[b] >= 99 && count[b] <= 101);
}

/* Ties of all kinds: no bin but the last has less than a fair share of what was left for it. */
/* How many of the values are the smallest one above an edge. */
static size_t ties_above(const double *values, size_t n, double edge)
{
	double smallest = DBL_MAX;
	size_t ties = 0;

	for (size_t i = 0; i < n; i++)
		if (values[i] > edge && values[i] < smallest)
			smallest = values[i];
	for (size_t i = 0; i < n; i++)
		ties += values[i] == smallest;
	return ties;
}

/* Each bin has its fair share of what is left, unless the next value fills one by itself. */
static void ties_stay_together(void)
{
	static double values[N_MAX];
	uint64_t state = 3;

	for (int round = 0; round < 300; round++) {
		size_t n = 1 + scratch_below(&state, 400), left = n, n_edges;
		size_t range = 1 + scratch_below(&state, 300);
		size_t max_bins = 2 + scratch_below(&state, 60), n_different;

		for (size_t i = 0; i < n; i++) {
			size_t v = scratch_below(&state, range), square = v * v / range;

			values[i] = (double)square - 50;
		}
		n_different = cut(values, n, BINS_MAX, edges, count) + 1;
		n_edges = cut(values, n, max_bins, edges, count);
		if (n_different <= max_bins)
			CHECK_INT(n_edges + 1, n_different);
		for (size_t b = 1; b <= n_edges && n_different > max_bins; b++) {
			size_t fair = left / (max_bins - b + 1);

			CHECK(count[b] >= fair || ties_above(values, n, edges[b - 1]) >= fair);
			left -= count[b];
		}
	}
}

static void extremes_have_edges_between_them(void)
{
	static const double values[] = { DBL_MAX,
					 -DBL_MAX,
					 0.0,
					 -0.0,
					 5e-324,
					 -5e-324,
					 1e-323,
					 1,
					 1 + DBL_EPSILON,
					 1 + 2 * DBL_EPSILON,
					 1e308,
					 -1e308,
					 1e-310 };

	CHECK_INT(cut(values, 13, BINS_MAX, edges, count), 11);
	for (size_t max_bins = 2; max_bins < 13; max_bins++)
		cut(values, 13, max_bins, edges, count);
}

static void finds_as_a_scan_does(void)
{
	double values[BINS_MAX], probes[8];
	uint64_t state = 4;

	for (size_t n = 0; n < BINS_MAX; n++) {
		size_t n_edges;

		for (size_t i = 0; i <= n; i++)
			values[i] = (double)(int64_t)scratch_random(&state) * 0x1p-40;
		n_edges = cut(values, n + 1, BINS_MAX, edges, count);
		CHECK_INT(n_edges, n);
		for (size_t k = 0; k < n_edges; k++) {
			probes[0] = edges[k];
			probes[1] = nextafter(edges[k], INFINITY);
			probes[2] = nextafter(edges[k], -INFINITY);
			probes[3] = values[k];
			probes[4] = NAN;
			probes[5] = DBL_MAX;
			probes[6] = -DBL_MAX;
			probes[7] = (double)(int64_t)scratch_random(&state) * 0x1p-40;
			for (size_t i = 0; i < 8; i++)
				CHECK_INT(bins_find(edges, n_edges, probes[i]),
					  find_by_scan(edges, n_edges, probes[i]));
		}
	}
}

static void rows_are_kept_as_bins(void)
{
	static const double cuts[] = { 1.5, 2.5 };
	struct bins b = BINS_INIT;

	bins_init(&b, 2, 1);
	b.columns[0] = (struct bins_column){ .n = 4, .edges = cuts };
	b.columns[1] = (struct bins_column){ .is_category = true, .n = 256 };
	for (int i = 0; i < 1000; i++) {
		double x = i % 4, value[2] = { x > 0 ? x : (double)NAN, i % 256 };

		bins_add(&b, value, i % 3 == 0, i + 1);
	}
	CHECK_INT(b.n_rows, 1000);
	for (size_t i = 0; i < b.n_rows; i++) {
		CHECK_INT(bins_row(&b, i)[0], i % 4);
		CHECK_INT(bins_row(&b, i)[1], i % 256);
		CHECK_INT(b.label[i], i % 3 == 0);
		CHECK((double)b.weight[i] == (double)i + 1);
	}
	bins_release(&b);
	CHECK_INT(b.n_rows, 0);
	bins_init(&b, 0, 0);
	bins_add(&b, NULL, 1, 1);
	CHECK_INT(b.n_rows, 1);
	bins_release(&b);
}

int main(void)
{
	RUN(nothing_and_one_value_need_no_edge);
	RUN(few_different_values_have_a_bin_each);
	RUN(different_values_are_shared_out_evenly);
	RUN(a_heavy_value_leaves_the_rest_its_bins);
	RUN(ties_stay_together);
	RUN(extremes_have_edges_between_them);
	RUN(finds_as_a_scan_does);
	RUN(rows_are_kept_as_bins);
	return CHECK_DONE();
}
