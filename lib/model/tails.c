#include "model/tails.h"

#include "base/mem.h"

#include <stdlib.h>

void tails_init(struct tails *t, size_t k)
{
	*t = (struct tails){ .k = k };
	t->low = mem_alloc(k, sizeof(*t->low));
	t->high = mem_alloc(k, sizeof(*t->high));
}

/* Puts a value into the heap at `at`, or one of its ancestors down there. */
static void sift_up(double *heap, size_t at, double value)
{
	for (; at && heap[(at - 1) / 2] < value; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = value;
}

/* Puts a value in the place of the greatest. */
static void sift_down(double *heap, size_t n, double value)
{
	size_t at = 0, child;

	while ((child = 2 * at + 1) < n) {
		child += child + 1 < n && heap[child] < heap[child + 1];
		if (heap[child] <= value)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = value;
}

/* The k least; returns whether *value is one that has no place among them. */
static bool push(double *heap, size_t *n, size_t k, double *value)
{
	double greatest;

	if (*n < k) {
		sift_up(heap, (*n)++, *value);
		return false;
	}
	if (*value < heap[0]) {
		greatest = heap[0];
		sift_down(heap, k, *value);
		*value = greatest;
	}
	return true;
}

bool tails_sift(struct tails *t, double *value)
{
	double negated;

	if (!push(t->low, &t->n_low, t->k, value))
		return false;
	negated = -*value;
	if (!push(t->high, &t->n_high, t->k, &negated))
		return false;
	*value = -negated;
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double *tails_take(struct tails *t, size_t *n)
{
	double *all = mem_realloc(t->low, t->n_low + t->n_high + 1, sizeof(*all));

	*n = t->n_low;
	for (size_t i = 0; i < t->n_high; i++)
		all[(*n)++] = -t->high[i];
	qsort(all, *n, sizeof(*all), by_value);
	free(t->high);
	*t = (struct tails)TAILS_INIT;
	return all;
}

void tails_release(struct tails *t)
{
	free(t->low);
	free(t->high);
	*t = (struct tails)TAILS_INIT;
}
