/*
 * timeline: whether the times of the kept events, one after another, look right.
 *
 * A unit that is not what it seems puts most events before 1980 or after tomorrow; a clock that is
 * wrong puts a few events far beyond the others: after at least TIMELINE_BEFORE of them, and after
 * a gap that is longer than TIMELINE_GAP and more than twice as long as every gap before it. As
 * each of those gaps is more than twice the last, there is room for few between 1970 and 2100.
 */
#ifndef CE_TIMELINE_H
#define CE_TIMELINE_H

#include "base/time.h"
#include "base/warnings.h"

#include <stddef.h>
#include <stdint.h>

#define TIMELINE_GAP    (30 * TIME_MS_PER_DAY)
#define TIMELINE_GAPS   11 /* 30 days, doubled so often, are 168 years */
#define TIMELINE_BEFORE 3
#define TIMELINE_1980   (3652 * TIME_MS_PER_DAY)

struct timeline {
	int64_t end_of_tomorrow; /* ms, set by timeline_init */
	uint64_t n, n_old, n_future;
	int64_t last, longest; /* event, gap */
	struct timeline_gap {
		uint64_t n; /* events before it */
		int64_t from, until;
	} gaps[TIMELINE_GAPS]; /* those after which a clock may be wrong */
	size_t n_gaps;
};

/* now: ms since the epoch. */
void timeline_init(struct timeline *t, int64_t now);

/* Notes a gap that is the longest so far and ends at ts. */
void timeline_add_gap(struct timeline *t, int64_t ts);

/* Adds an event; ts (0 < ts < EVENT_TS_END) is not before the last one's. */
static inline void timeline_add(struct timeline *t, int64_t ts)
{
	if (t->n && ts - t->last > t->longest)
		timeline_add_gap(t, ts);
	t->n++;
	t->n_old += ts < TIMELINE_1980;
	t->n_future += ts >= t->end_of_tomorrow;
	t->last = ts;
}

/* Adds the warning about the events, if there is one to give. */
void timeline_warn(const struct timeline *t, struct warnings *warnings);

#endif
