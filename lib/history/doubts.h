/*
 * doubts: what is legal in events and looks wrong: times in another unit than milliseconds,
 * positions and runtimes in another one than seconds, or unknown too often for sessions and ratios
 * to mean much; sessions that come to the end, and are not completed. Memory: some counters.
 */
#ifndef CE_DOUBTS_H
#define CE_DOUBTS_H

#include "base/time.h"
#include "base/warnings.h"
#include "events/event.h"
#include "events/timeline.h"
#include "history/session.h"

#include <stdbool.h>
#include <stdint.h>

#define DOUBTS_SHORT 600 /* s: hardly a film or an episode is shorter */

#define DOUBTS_SESSIONS 20 /* of so many one should be completed */

struct doubts {
	uint64_t n_events, n_old;     /* all; those before 1980 */
	uint64_t n_positions;         /* events of known position */
	uint64_t n_ones, n_above_one; /* those at 1, or beyond */
	uint64_t n_runtimes;          /* events of known runtime, above 0 */
	uint64_t n_shorter, n_longer; /* those below ten minutes, or above a day */
	uint64_t n_both, n_beyond;    /* events with both known; of a position far behind the end */
	uint64_t n_without_runtime;   /* sessions, by their first events */
	uint64_t n_plays, n_heartbeats;
	uint64_t n_resumed; /* sessions that begin with a heartbeat, and are not their pair's first
			     */
};

/* Takes an event; `is_start`: a session begins with it. */
static inline void doubts_step(struct doubts *d, const struct event *e, bool is_start)
{
	bool position = e->position != EVENT_UNKNOWN, runtime = e->runtime > 0;

	d->n_events++;
	d->n_old += e->ts < TIMELINE_1980;
	d->n_positions += position;
	d->n_ones += e->position == 1;
	d->n_above_one += e->position > 1;
	d->n_runtimes += runtime;
	d->n_longer += e->runtime > TIME_MS_PER_DAY / TIME_MS_PER_SECOND;
	d->n_shorter += runtime && e->runtime < DOUBTS_SHORT;
	d->n_both += position && runtime;
	/* A player's last ping can be a little behind the end. */
	d->n_beyond += runtime && e->position > 1 + e->runtime + e->runtime / 20;
	d->n_without_runtime += is_start && !runtime;
	d->n_plays += e->type == EVENT_PLAY;
	d->n_heartbeats += e->type == EVENT_HEARTBEAT;
	d->n_resumed += is_start && e->type == EVENT_HEARTBEAT && e->prev_ts != EVENT_UNKNOWN;
}

/*
 * Adds a line if the last event, at `last`, is after the watermark that was asked for; there is
 * none if that is EVENT_UNKNOWN.
 */
void doubts_watermark(int64_t watermark, int64_t last, struct warnings *warnings);

/*
 * Adds a line if so many events, from the one time to the other, look like a day of a longer log,
 * before which there is no history.
 */
void doubts_beginning(uint64_t n_events, int64_t first, int64_t last, struct warnings *warnings);

/* Adds a line for each doubt that the events so far, and the sessions made of them, raise. */
void doubts_warn(const struct doubts *d, const struct sessions *sessions,
		 struct warnings *warnings);

#endif
