/*
 * sum: a sum of many numbers that loses none of their digits to its size.
 *
 * Neumaier's compensated sum (ZAMM 54, 1974): what rounding drops is kept and added at the end.
 */
#ifndef CE_SUM_H
#define CE_SUM_H

#include <math.h>

/* Zeroed: no numbers. */
struct sum {
	double total, lost;
};

static inline void sum_add(struct sum *s, double x)
{
	double total = s->total + x;

	s->lost += fabs(s->total) >= fabs(x) ? (s->total - total) + x : (x - total) + s->total;
	s->total = total;
}

static inline double sum_of(const struct sum *s)
{
	return s->total + s->lost;
}

#endif
