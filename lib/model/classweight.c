#include "model/classweight.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdlib.h>

/* Draws `extra` rows of class `rare`, with replacement. */
static void draw_again(uint32_t *count, const uint8_t *label, size_t n, int rare, size_t n_rare,
		       size_t extra, struct rng *rng)
{
	size_t *rows = mem_alloc(n_rare, sizeof(*rows)), at = 0;

	for (size_t i = 0; i < n; i++)
		if (label[i] == rare)
			rows[at++] = i;
	for (; extra; extra--)
		count[rows[rng_below(rng, n_rare)]]++;
	free(rows);
}

/*
 * Keeps n_kept of the n_class rows of a class, without replacement: selection sampling (Knuth, The
 * Art of Computer Programming, volume 2, section 3.4.2, algorithm S).
 */
static void keep_some(uint32_t *count, const uint8_t *label, size_t n, int class, size_t n_class,
		      size_t n_kept, struct rng *rng)
{
	for (size_t i = 0; i < n; i++) {
		if (label[i] != class)
			continue;
		if (rng_below(rng, n_class--) < n_kept)
			n_kept--;
		else
			count[i] = 0;
	}
}

uint32_t *classweight_rows(const struct classweight *b, const uint8_t *label, size_t n,
			   double class_weight[2])
{
	uint32_t *count = mem_alloc(n, sizeof(*count));
	struct rng rng;
	size_t n_class[2] = { 0, 0 };
	int rare, common;

	rng_seed(&rng, (uint64_t)b->seed, 0);
	for (size_t i = 0; i < n; i++) {
		count[i] = 1;
		n_class[label[i]]++;
	}
	rare = n_class[1] <= n_class[0];
	common = !rare;
	if (b->resample == CLASSWEIGHT_RESAMPLE_OVER) {
		draw_again(count, label, n, rare, n_class[rare], n_class[common] - n_class[rare],
			   &rng);
		n_class[rare] = n_class[common];
	} else if (b->resample == CLASSWEIGHT_RESAMPLE_UNDER) {
		keep_some(count, label, n, common, n_class[common], n_class[rare], &rng);
		n_class[common] = n_class[rare];
	}
	class_weight[0] = class_weight[1] = 1;
	if (b->weight == CLASSWEIGHT_WEIGHT_BALANCED)
		for (int c = 0; c < 2; c++)
			class_weight[c] = (double)(n_class[0] + n_class[1]) /
					  (2 * (double)n_class[c]);
	else if (b->weight == CLASSWEIGHT_WEIGHT_RATIO)
		class_weight[1] = b->ratio;
	return count;
}
