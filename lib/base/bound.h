/*
 * bound: how many of something may be, as an option says: "N", a count, or "P%", a share.
 */
#ifndef CE_BOUND_H
#define CE_BOUND_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct bound {
	const char *text; /* as it was given, borrowed */
	bool is_share;
	int64_t value; /* a count; a share: millionths of a percent */
};

/* P percent, a whole number: BOUND_PERCENT(50) is 50%. */
#define BOUND_PERCENT(p)                                                                           \
	{                                                                                          \
#p "%", true, (p)*INT64_C(1000000)                                                 \
	}

/* What is in doubt is worth a warning in more than these. */
#define BOUND_DOUBTFUL BOUND_PERCENT(5)

/* Reads "N" or "P%". Returns 0, or -1 with err (ERR_USAGE). */
int bound_parse(struct bound *bound, const char *text, struct err *err);

/* Whether n of n_all are more than the bound allows. */
bool bound_exceeded(const struct bound *bound, uint64_t n, uint64_t n_all);

#endif
