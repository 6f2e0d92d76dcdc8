#include "choice.h"

#include "mem.h"
#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void choice_add(struct choice *c, int64_t time, struct metrics_row row)
{
	if (c->n == c->cap) {
		c->cap = mem_grow(c->cap, c->n + 1);
		c->rows = mem_realloc(c->rows, c->cap, sizeof(*c->rows));
		c->times = mem_realloc(c->times, c->cap, sizeof(*c->times));
	}
	c->rows[c->n] = row;
	c->times[c->n++] = time;
}

/* Keeps the rows of the slice: the rows at or after what would be the cut of a test part. */
static void keep_newest(struct choice *c, int64_t millionths)
{
	int64_t *times = mem_alloc(c->n, sizeof(*times));
	struct split split = SPLIT_INIT;
	size_t n = 0;

	memcpy(times, c->times, c->n * sizeof(*times));
	split_set_cut(&split, times, c->n, millionths);
	free(times);
	for (size_t i = 0; i < c->n; i++)
		if (!split.has_cut || c->times[i] >= split.cut)
			c->rows[n++] = c->rows[i];
	c->n = n;
}

bool choice_make(struct choice *c, const struct choice_opts *opts, uint64_t n_judged, double prior,
		 uint64_t bins)
{
	struct metrics_price price = { opts->false_positive, opts->false_negative, UINT64_MAX };
	struct metrics_row *scratch;

	if (!c->n)
		return false;
	keep_newest(c, opts->slice);
	if (prior > 0)
		metrics_correct(c->rows, c->n, prior);
	scratch = mem_alloc(c->n, sizeof(*scratch));
	metrics_sort(c->rows, scratch, c->n);
	free(scratch);
	if (opts->capacity && opts->capacity < n_judged)
		price.most_called =
			(uint64_t)floor((double)opts->capacity / (double)n_judged * (double)c->n);
	c->threshold = metrics_cheapest(c->rows, c->n, &price);
	metrics_compute(&c->slice, c->rows, c->n, c->threshold, bins);
	return true;
}

void choice_release(struct choice *c)
{
	free(c->rows);
	free(c->times);
	*c = (struct choice)CHOICE_INIT;
}
