/*
 * doubts: what is legal in events and looks wrong: positions and runtimes in another unit than
 * seconds, or unknown too often for sessions and ratios to mean much. Memory: some counters.
 */
#ifndef CE_DOUBTS_H
#define CE_DOUBTS_H

#include "base/time.h"
#include "base/warnings.h"
#include "events/event.h"

#include <stdbool.h>
#include <stdint.h>

struct doubts {
	uint64_t n_events;
	uint64_t n_positions;          /* events of known position */
	uint64_t n_ones, n_above_one;  /* those at 1, or beyond */
	uint64_t n_runtimes, n_longer; /* events of known runtime, above 0; of one above a day */
	int64_t longest;               /* runtime */
	uint64_t n_both, n_beyond; /* events with both known; of a position far behind the end */
	uint64_t n_sessions, n_without_runtime; /* by their first events */
};

/* Takes an event; `is_start`: a session begins with it. */
static inline void doubts_step(struct doubts *d, const struct event *e, bool is_start)
{
	bool position = e->position != EVENT_UNKNOWN, runtime = e->runtime > 0;

	d->n_events++;
	d->n_positions += position;
	d->n_ones += e->position == 1;
	d->n_above_one += e->position > 1;
	d->n_runtimes += runtime;
	d->n_longer += e->runtime > TIME_MS_PER_DAY / TIME_MS_PER_SECOND;
	d->longest = e->runtime > d->longest ? e->runtime : d->longest;
	d->n_both += position && runtime;
	/* A player's last ping can be a little behind the end. */
	d->n_beyond += runtime && e->position > 1 + e->runtime + e->runtime / 20;
	d->n_sessions += is_start;
	d->n_without_runtime += is_start && !runtime;
}

/* Adds a line for each doubt that the events so far raise. */
void doubts_warn(const struct doubts *d, struct warnings *warnings);

#endif
