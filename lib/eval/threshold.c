#include "eval/threshold.h"

#include "base/mem.h"
#include "model/split.h"

#include <stdlib.h>
#include <string.h>

static struct metrics_price price_of(const struct threshold_opts *o, uint64_t most)
{
	return (struct metrics_price){ o->false_positive, o->false_negative, most };
}

bool threshold_has_costs(const struct threshold_opts *opts)
{
	return opts->false_positive > 0 || opts->false_negative > 0;
}

double threshold_cost(const struct threshold_opts *opts, const struct metrics *m)
{
	const struct metrics_price price = price_of(opts, 0);

	return metrics_cost(&price, m->fp, m->fn) / (double)m->rows;
}

double threshold_cheapest(const struct threshold_opts *opts, const struct metrics_row *rows,
			  size_t n, uint64_t most)
{
	const struct metrics_price price = price_of(opts, most);

	return metrics_cheapest(rows, n, &price);
}

void threshold_add(struct threshold *c, int64_t time, struct metrics_row row)
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
static void keep_newest(struct threshold *c, int64_t millionths)
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

bool threshold_make(struct threshold *c, const struct threshold_opts *opts, uint64_t n_evaluated,
		    double prior, uint64_t bins)
{
	uint64_t most = UINT64_MAX;
	struct metrics_row *scratch;

	if (!c->n)
		return false;
	keep_newest(c, opts->slice);
	if (prior > 0)
		metrics_correct(c->rows, c->n, prior);
	scratch = mem_alloc(c->n, sizeof(*scratch));
	metrics_sort(c->rows, scratch, c->n);
	free(scratch);
	if (opts->capacity && opts->capacity < n_evaluated)
		most = opts->capacity * c->n / n_evaluated; /* each is below 2^32 */
	c->threshold = threshold_cheapest(opts, c->rows, c->n, most);
	metrics_compute(&c->slice, c->rows, c->n, c->threshold, bins);
	return true;
}

void threshold_release(struct threshold *c)
{
	free(c->rows);
	free(c->times);
	*c = (struct threshold)THRESHOLD_INIT;
}
