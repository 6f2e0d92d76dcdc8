/*
 * tails: the least and the greatest of numbers that come one by one, so that quantiles near both
 * ends are exact while all others pass through.
 *
 * Two heaps of up to k numbers. A number that is not, or no longer, one of the k least is offered
 * to the k greatest, and one that is none of those either is handed back: each number is in one
 * place, and mostly costs two comparisons. Memory: 16 k bytes.
 */
#ifndef CE_TAILS_H
#define CE_TAILS_H

#include <stdbool.h>
#include <stddef.h>

struct tails {
	double *low, *high; /* [k]; `high` negated */
	size_t k, n_low, n_high;
};

#define TAILS_INIT                                                                                 \
	{                                                                                          \
		NULL, NULL, 0, 0, 0                                                                \
	}

/* Makes room for k > 0 on either side. */
void tails_init(struct tails *t, size_t k);

/* tails_push of any number. */
bool tails_sift(struct tails *t, double *value);

/*
 * Takes a number, no NaN. Returns whether it gives one back, in *value, for which it has no room;
 * mostly that is the number itself.
 */
static inline bool tails_push(struct tails *t, double *value)
{
	return (t->n_high == t->k && *value >= t->low[0] && -*value >= t->high[0]) ||
	       tails_sift(t, value);
}

/* Sorts all that it holds into one ascending list, and forgets it. *n of them; the caller frees. */
double *tails_take(struct tails *t, size_t *n);

void tails_release(struct tails *t);

#endif
