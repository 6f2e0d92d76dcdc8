#include "balance.h"

#include "mem.h"

#include <stdlib.h>

/* SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A whole number in [0, n), each as likely: what would favour the low ones is drawn again. */
static uint64_t random_below(uint64_t *state, uint64_t n)
{
	uint64_t rest = (0 - n) % n, r;

	do
		r = random_next(state);
	while (r < rest);
	return r % n;
}

/* Draws `extra` rows of class `rare`, with replacement. */
static void draw_again(uint32_t *count, const uint8_t *label, size_t n, int rare, size_t n_rare,
		       size_t extra, uint64_t *state)
{
	size_t *rows = mem_alloc(n_rare, sizeof(*rows)), at = 0;

	for (size_t i = 0; i < n; i++)
		if (label[i] == rare)
			rows[at++] = i;
	for (; extra; extra--)
		count[rows[random_below(state, n_rare)]]++;
	free(rows);
}

/*
 * Keeps n_kept of the n_class rows of a class, without replacement: selection sampling (Knuth, The
 * Art of Computer Programming, volume 2, section 3.4.2, algorithm S).
 */
static void keep_some(uint32_t *count, const uint8_t *label, size_t n, int class, size_t n_class,
		      size_t n_kept, uint64_t *state)
{
	for (size_t i = 0; i < n; i++) {
		if (label[i] != class)
			continue;
		if (random_below(state, n_class--) < n_kept)
			n_kept--;
		else
			count[i] = 0;
	}
}

uint32_t *balance_rows(const struct balance *b, const uint8_t *label, size_t n,
		       double class_weight[2])
{
	uint32_t *count = mem_alloc(n, sizeof(*count));
	uint64_t state = (uint64_t)b->seed;
	size_t n_class[2] = { 0, 0 };
	int rare, common;

	for (size_t i = 0; i < n; i++) {
		count[i] = 1;
		n_class[label[i]]++;
	}
	rare = n_class[1] <= n_class[0];
	common = !rare;
	if (b->resample == BALANCE_RESAMPLE_OVER) {
		draw_again(count, label, n, rare, n_class[rare], n_class[common] - n_class[rare],
			   &state);
		n_class[rare] = n_class[common];
	} else if (b->resample == BALANCE_RESAMPLE_UNDER) {
		keep_some(count, label, n, common, n_class[common], n_class[rare], &state);
		n_class[common] = n_class[rare];
	}
	class_weight[0] = class_weight[1] = 1;
	if (b->weight == BALANCE_WEIGHT_BALANCED)
		for (int c = 0; c < 2; c++)
			class_weight[c] = (double)(n_class[0] + n_class[1]) /
					  (2 * (double)n_class[c]);
	else if (b->weight == BALANCE_WEIGHT_RATIO)
		class_weight[1] = b->ratio;
	return count;
}
