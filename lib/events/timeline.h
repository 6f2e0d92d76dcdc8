/*
 * timeline: whether the times of the kept events, one after another, look right.
 *
 * A unit that is not what it seems puts most events before 1980 or after tomorrow; a clock that is
 * wrong puts a few events far beyond the others. Memory: 24 bytes for each 30 days without events.
 */
#ifndef CE_TIMELINE_H
#define CE_TIMELINE_H

#include "base/time.h"
#include "base/warnings.h"

#include <stddef.h>
#include <stdint.h>

#define TIMELINE_GAP  (30 * TIME_MS_PER_DAY)
#define TIMELINE_1980 (3652 * TIME_MS_PER_DAY)

struct timeline {
	int64_t end_of_tomorrow; /* ms, set by timeline_init */
	uint64_t n, n_old, n_future;
	int64_t last;
	struct timeline_gap {
		uint64_t n; /* events before it */
		int64_t from, until;
	} * gaps; /* [n_gaps]: longer than TIMELINE_GAP */
	size_t n_gaps, cap;
};

/* now: ms since the epoch. */
void timeline_init(struct timeline *t, int64_t now);

void timeline_add_gap(struct timeline *t, int64_t ts);

/* Adds an event; ts (ms since the epoch, > 0) is not before the last one's. */
static inline void timeline_add(struct timeline *t, int64_t ts)
{
	if (ts - t->last > TIMELINE_GAP)
		timeline_add_gap(t, ts);
	t->n++;
	t->n_old += ts < TIMELINE_1980;
	t->n_future += ts >= t->end_of_tomorrow;
	t->last = ts;
}

/* Adds the warning about the events, if there is one to give. */
void timeline_warn(const struct timeline *t, struct warnings *warnings);

void timeline_release(struct timeline *t);

#endif
