#include "check.h"
#include "model/classweight.h"

#include <stdlib.h>

#define N 1000

/* One row in eight is of class `rare`. */
static void fill(uint8_t *label, int rare)
{
	for (int i = 0; i < N; i++)
		label[i] = (uint8_t)(i % 8 ? !rare : rare);
}

/* Counts rows of a class, how many of them are there at all, and the largest count. */
static void tally(const uint32_t *count, const uint8_t *label, int class, uint32_t *sum,
		  uint32_t *kept, uint32_t *max)
{
	*sum = *kept = *max = 0;
	for (int i = 0; i < N; i++) {
		if (label[i] != class)
			continue;
		*sum += count[i];
		*kept += count[i] > 0;
		if (count[i] > *max)
			*max = count[i];
	}
}

static void resampling_evens_the_classes(void)
{
	uint8_t label[N];
	double weight[2];
	uint32_t sum, kept, max;

	for (int rare = 0; rare < 2; rare++) {
		struct classweight b = CLASSWEIGHT_INIT;
		uint32_t *count;

		fill(label, rare);
		b.resample = CLASSWEIGHT_RESAMPLE_OVER;
		count = classweight_rows(&b, label, N, weight);
		tally(count, label, rare, &sum, &kept, &max);
		CHECK_INT(sum, 875);
		CHECK_INT(kept, 125); /* each is there at least once */
		CHECK(max > 7);       /* they were drawn, not repeated in turn */
		tally(count, label, !rare, &sum, &kept, &max);
		CHECK(sum == 875 && kept == 875);
		free(count);
		b.resample = CLASSWEIGHT_RESAMPLE_UNDER;
		count = classweight_rows(&b, label, N, weight);
		tally(count, label, !rare, &sum, &kept, &max);
		CHECK(sum == 125 && kept == 125 && max == 1);
		tally(count, label, rare, &sum, &kept, &max);
		CHECK(sum == 125 && kept == 125);
		free(count);
		CHECK(weight[0] == 1 && weight[1] == 1);
	}
}

/* Over many seeds each row of the common class is kept equally often: 125 in 875. */
static void every_row_is_as_likely(void)
{
	struct classweight b = CLASSWEIGHT_INIT;
	uint8_t label[N];
	double weight[2];
	int kept[N] = { 0 };
	double chi2 = 0, want = 2000 / 7.0;

	fill(label, 1);
	b.resample = CLASSWEIGHT_RESAMPLE_UNDER;
	for (b.seed = 0; b.seed < 2000; b.seed++) {
		uint32_t *count = classweight_rows(&b, label, N, weight);

		for (int i = 0; i < N; i++)
			kept[i] += count[i] > 0;
		free(count);
	}
	for (int i = 0; i < N; i++)
		if (label[i])
			CHECK_INT(kept[i], 2000);
		else
			chi2 += (kept[i] - want) * (kept[i] - want) / (want * 6 / 7);
	/* 874 degrees of freedom: mean 874, standard deviation 42. */
	CHECK(chi2 > 874 - 5 * 42 && chi2 < 874 + 5 * 42);
}

static void the_seed_decides(void)
{
	struct classweight b = { .resample = CLASSWEIGHT_RESAMPLE_OVER, .seed = 9 };
	uint8_t label[N];
	double weight[2];
	uint32_t *first, *same, *other;

	fill(label, 1);
	first = classweight_rows(&b, label, N, weight);
	same = classweight_rows(&b, label, N, weight);
	b.seed = 10;
	other = classweight_rows(&b, label, N, weight);
	CHECK(!memcmp(first, same, N * sizeof(*first)));
	CHECK(memcmp(first, other, N * sizeof(*first)) != 0);
	free(first);
	free(same);
	free(other);
}

static void weights_even_the_classes(void)
{
	struct classweight b = { .weight = CLASSWEIGHT_WEIGHT_BALANCED };
	uint8_t label[N];
	double weight[2];

	fill(label, 1);
	free(classweight_rows(&b, label, N, weight));
	CHECK_NEAR(weight[0], 1000.0 / (2 * 875), 1e-15);
	CHECK_NEAR(weight[1], 1000.0 / (2 * 125), 1e-15);
	b.resample = CLASSWEIGHT_RESAMPLE_OVER; /* which has evened them already */
	free(classweight_rows(&b, label, N, weight));
	CHECK(weight[0] == 1 && weight[1] == 1);
	b = (struct classweight){ .weight = CLASSWEIGHT_WEIGHT_RATIO, .ratio = 2.5 };
	free(classweight_rows(&b, label, N, weight));
	CHECK(weight[0] == 1 && weight[1] == 2.5);
}

int main(void)
{
	RUN(resampling_evens_the_classes);
	RUN(every_row_is_as_likely);
	RUN(the_seed_decides);
	RUN(weights_even_the_classes);
	return CHECK_DONE();
}
