#include "eval/alike.h"

#include "check.h"

enum { WIDTH = 6, ROWS = 40 };

static const bool all_numeric[WIDTH] = { true, true, true, true, true, true };

/* The groups of values[n * width], by one thread and by three, are want[width]. */
static void check_groups(const double *values, size_t n, size_t width, const bool *numeric,
			 const uint32_t *want)
{
	for (int threads = 1; threads <= 3; threads += 2) {
		struct pool *pool = pool_new(threads);
		uint32_t group[WIDTH];
		struct sample s;

		sample_init(&s, n + 1, width, 1, 0);
		for (size_t i = 0; i < n; i++)
			sample_offer(&s, values + i * width, 0, false);
		alike_group(&s, numeric, pool, group);
		for (size_t i = 0; i < width; i++)
			if (group[i] != want[i])
				CHECK_FAIL("%d threads: the group of %zu is %u, expected %u",
					   threads, i, (unsigned)group[i], (unsigned)want[i]);
		sample_release(&s);
		pool_free(pool);
	}
}

/* The same, of ROWS rows of three columns. */
static void check_three(double values[][3], uint32_t a, uint32_t b, uint32_t c)
{
	check_groups(values[0], ROWS, 3, all_numeric, (const uint32_t[]){ a, b, c });
}

/* Three series of mean 0 and variance 1 without correlation, over any multiple of 8 rows. */
static double wave(size_t row, int series)
{
	return row >> series & 1 ? 1 : -1;
}

/* Of the correlation r with the first series, and of the rest with another. */
static double mixed(size_t row, double r, int series)
{
	return r * wave(row, 0) + sqrt(1 - r * r) * wave(row, series);
}

static void the_bound_is_of_either_sign(void)
{
	double v[ROWS][3];

	for (int sign = -1; sign <= 1; sign += 2) {
		for (size_t i = 0; i < ROWS; i++) {
			v[i][0] = 7 + wave(i, 0);
			v[i][1] = -3 + 1000 * mixed(i, sign * .951, 1);
			v[i][2] = 1e-6 * mixed(i, sign * .949, 2);
		}
		check_three(v, 0, 0, 2);
	}
}

/* The first series, turned towards the second: r is 0.966 to the next turn, 0.866 over two. */
static double turned(size_t row, int turns)
{
	double angle = turns * acos(-1) / 12;

	return cos(angle) * wave(row, 0) + sin(angle) * wave(row, 1);
}

/* Two are linked by a later one; groups that were found apart become one. */
static void groups_are_transitive(void)
{
	double v[ROWS][3], w[ROWS][WIDTH];

	for (size_t i = 0; i < ROWS; i++) {
		v[i][0] = turned(i, 0);
		v[i][1] = turned(i, 2);
		v[i][2] = turned(i, 1);
		w[i][0] = w[i][3] = wave(i, 2);
		w[i][1] = turned(i, 0);
		w[i][5] = turned(i, 1);
		w[i][2] = -turned(i, 2);
		w[i][4] = turned(i, 3);
	}
	check_three(v, 0, 0, 0);
	check_groups(w[0], ROWS, WIDTH, all_numeric, (const uint32_t[]){ 0, 1, 1, 0, 1, 1 });
}

static void categories_are_alone(void)
{
	const bool numeric[] = { true, false, true };
	double v[ROWS][3];

	for (size_t i = 0; i < ROWS; i++)
		v[i][0] = v[i][1] = v[i][2] = (double)i;
	check_groups(v[0], ROWS, 3, numeric, (const uint32_t[]){ 0, 1, 0 });
}

/* Only rows in which both are known matter, if there are enough. */
static void the_unknown_is_left_out(void)
{
	double v[ROWS][3];

	for (size_t common = ALIKE_ROWS - 1; common <= ALIKE_ROWS; common++) {
		for (size_t i = 0; i < ROWS; i++) {
			v[i][0] = i < ROWS - 5 ? (double)i : NAN;
			v[i][1] = i >= ROWS - 5 - common ? -(double)i : NAN;
			v[i][2] = i % 2 ? NAN : i < ROWS - 5 ? (double)(i * i % 7) : 1e6;
		}
		check_three(v, 0, common == ALIKE_ROWS ? 0 : 1, 2);
	}
}

static void constants_are_alone(void)
{
	double v[ROWS][3];

	for (size_t i = 0; i < ROWS; i++) {
		v[i][0] = v[i][1] = .1;
		v[i][2] = (double)i;
	}
	check_three(v, 0, 1, 2);
	/* Of rows in which the other is known. */
	for (size_t i = 0; i < ROWS; i++) {
		v[i][0] = i < 20 ? 1e15 + .3 : wave(i, 0);
		v[i][1] = i < 20 ? wave(i, 0) : NAN;
		v[i][2] = NAN;
	}
	check_three(v, 0, 1, 2);
	check_groups(v[0], 0, 3, all_numeric, (const uint32_t[]){ 0, 1, 2 });
	check_groups(v[0], 1, 1, all_numeric, (const uint32_t[]){ 0 });
	check_groups(v[0], 1, 0, all_numeric, NULL);
}

/* Small differences of large numbers, where a sum of squares has no digit left for them. */
static void nothing_cancels(void)
{
	double v[ROWS][3];

	for (size_t i = 0; i < ROWS; i++) {
		v[i][0] = 1.7e15 + wave(i, 0);
		v[i][1] = -1.7e15 + wave(i, 1);
		v[i][2] = 1e-100 * wave(i, 0);
	}
	check_three(v, 0, 1, 0);
	/* What has no square that is a number is not alike, either. */
	for (size_t i = 0; i < ROWS; i++)
		v[i][0] = v[i][1] = 1e300 * wave(i, 0);
	check_three(v, 0, 1, 2);
}

/* By the definition, in two passes. */
static bool is_alike(double v[][WIDTH], int a, int b)
{
	long double n = 0, mean[2] = { 0 }, xx = 0, yy = 0, xy = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < ROWS; i++) {
			long double x = v[i][a], y = v[i][b];

			if (isnan(x) || isnan(y))
				continue;
			if (!pass) {
				n++;
				mean[0] += x;
				mean[1] += y;
				continue;
			}
			x -= mean[0] / n;
			y -= mean[1] / n;
			xx += x * x;
			yy += y * y;
			xy += x * y;
		}
	return n >= ALIKE_ROWS && xy * xy > .95L * .95L * xx * yy;
}

static void random_tables(void)
{
	unsigned grouped = 0;

	for (uint64_t seed = 0; seed < 500; seed++) {
		uint32_t want[WIDTH];
		double v[ROWS][WIDTH];
		struct rng rng;

		rng_seed(&rng, seed, 0);
		for (size_t i = 0; i < ROWS; i++) {
			double common = (double)rng_below(&rng, 1000);

			for (int k = 0; k < WIDTH; k++) {
				double own = (double)rng_below(&rng, 1000);

				v[i][k] = (k % 2 ? 1 : -1) * common + .3 * own;
				if (rng_below(&rng, 8) < (uint64_t)k)
					v[i][k] = NAN;
			}
		}
		for (uint32_t k = 0; k < WIDTH; k++)
			want[k] = k;
		for (bool more = true; more;) {
			more = false;
			for (int a = 0; a < WIDTH; a++)
				for (int b = 0; b < WIDTH; b++)
					if (want[a] < want[b] && is_alike(v, a, b)) {
						want[b] = want[a];
						more = true;
					}
		}
		for (uint32_t k = 0; k < WIDTH; k++)
			grouped += want[k] != k;
		check_groups(v[0], ROWS, WIDTH, all_numeric, want);
	}
	CHECK(grouped > 200 && grouped < 2300);
}

int main(void)
{
	RUN(the_bound_is_of_either_sign);
	RUN(groups_are_transitive);
	RUN(categories_are_alone);
	RUN(the_unknown_is_left_out);
	RUN(constants_are_alone);
	RUN(nothing_cancels);
	RUN(random_tables);
	return CHECK_DONE();
}
