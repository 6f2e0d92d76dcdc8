#include "eval/sample.h"

#include "check.h"

enum { WIDTH = 3 };

/* Offers n rows that know their own number; an odd one is positive. */
static void fill(struct sample *s, size_t size, size_t width, uint64_t n, uint64_t seed)
{
	sample_init(s, size, width, seed, 0);
	for (uint64_t i = 0; i < n; i++) {
		const double values[WIDTH] = { (double)i, (double)i + 0.25, (double)i + 0.5 };

		sample_offer(s, values, (double)i / 1024, i % 2);
	}
}

/* Each row is whole, and in it once: values, score and label are of one and the same. */
static void rows_stay_whole(void)
{
	static const size_t sizes[] = { 1, 2, 7, 64, 1000 };

	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
		for (uint64_t n = 0; n < 300; n += 1 + n / 10) {
			bool had[300] = { false };
			struct sample s;

			fill(&s, sizes[k], WIDTH, n, n);
			CHECK_INT(s.seen, n);
			CHECK_INT(s.n, n < sizes[k] ? n : sizes[k]);
			for (size_t i = 0; i < s.n; i++) {
				double first = s.values[i * WIDTH];
				size_t row = (size_t)first;

				CHECK(row < n && !had[row]);
				had[row % 300] = true;
				CHECK(s.values[i * WIDTH + 1] == first + 0.25);
				CHECK(s.values[i * WIDTH + 2] == first + 0.5);
				CHECK(s.scores[i] == first / 1024);
				CHECK_INT(s.labels[i], row % 2);
			}
			sample_release(&s);
			sample_release(&s);
		}
}

/* All of what fits, in its order. */
static void few_rows_are_all_there(void)
{
	struct sample s;

	fill(&s, 100, WIDTH, 100, 1);
	for (size_t i = 0; i < s.n; i++)
		CHECK(s.values[i * WIDTH] == (double)i);
	sample_release(&s);
}

/* Of a model without features: scores and labels alone. */
static void rows_without_values(void)
{
	struct sample s;

	fill(&s, 10, 0, 1000, 1);
	CHECK_INT(s.n, 10);
	for (size_t i = 0; i < s.n; i++)
		CHECK_INT(s.labels[i], (int)(s.scores[i] * 1024) % 2);
	sample_release(&s);
}

static void seeds_and_streams(void)
{
	struct sample a, b;
	size_t same = 0;

	fill(&a, 50, WIDTH, 5000, 1);
	fill(&b, 50, WIDTH, 5000, 1);
	CHECK(!memcmp(a.scores, b.scores, a.n * sizeof(*a.scores)));
	sample_release(&b);
	fill(&b, 50, WIDTH, 5000, 2);
	for (size_t i = 0; i < a.n; i++)
		same += a.scores[i] == b.scores[i];
	CHECK(same < 5);
	sample_release(&b);
	sample_init(&b, 50, 0, 1, 1);
	for (int i = 0; i < 5000; i++)
		sample_offer(&b, NULL, (double)i / 1024, false);
	same = 0;
	for (size_t i = 0; i < a.n; i++)
		same += a.scores[i] == b.scores[i];
	CHECK(same < 5);
	sample_release(&a);
	sample_release(&b);
}

/*
 * Of 40 rows each is among the 10 in a quarter of 20,000 samples, and each pair in 10 * 9 of 40 *
 * 39: by chi-squared, of 39 and of 779 degrees of freedom (the covariances only lower it). The
 * seeds are fixed, so that this fails always or never; the bounds are those of one in a million.
 */
static void each_row_and_each_pair_has_its_share(void)
{
	enum { N = 40, SIZE = 10, SAMPLES = 20000 };
	static uint32_t counts[N], pairs[N][N];
	double rows_chi2 = 0, pairs_chi2 = 0, expected = (double)SAMPLES * SIZE / N;

	for (uint64_t seed = 1; seed <= SAMPLES; seed++) {
		struct sample s;

		fill(&s, SIZE, WIDTH, N, seed);
		for (size_t i = 0; i < s.n; i++) {
			size_t row = (size_t)s.values[i * WIDTH];

			counts[row]++;
			for (size_t k = 0; k < s.n; k++)
				pairs[row][(size_t)s.values[k * WIDTH]]++;
		}
		sample_release(&s);
	}
	for (size_t i = 0; i < N; i++)
		rows_chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
	expected = (double)SAMPLES * SIZE * (SIZE - 1) / (N * (N - 1));
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < i; k++)
			pairs_chi2 += (pairs[i][k] - expected) * (pairs[i][k] - expected) /
				      expected;
	if (rows_chi2 > 94 || pairs_chi2 > 982)
		CHECK_FAIL("chi-squared is %g of rows, %g of pairs", rows_chi2, pairs_chi2);
}

int main(void)
{
	RUN(rows_stay_whole);
	RUN(few_rows_are_all_there);
	RUN(rows_without_values);
	RUN(seeds_and_streams);
	RUN(each_row_and_each_pair_has_its_share);
	return CHECK_DONE();
}
