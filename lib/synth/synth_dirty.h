/*
 * synth_dirty: the events of a synthetic workload as a careless exporter would write them.
 *
 * At a given rate a faulty row is added, each to be rejected for one reason: a damaged copy of an
 * event under an id of its own (x0000000001, ...), or a second row with the event's id. At the same
 * rate an event's own row is written in another way that means the same. So cleaning the dirty rows
 * gives what cleaning the clean ones does. Every kind of fault has its turn, in a fixed order.
 * Memory: one row.
 */
#ifndef CE_SYNTH_DIRTY_H
#define CE_SYNTH_DIRTY_H

#include "base/rng.h"
#include "synth/synth_rows.h"
#include "table/csvwriter.h"

struct synth_dirt {
	/* For callers to read. */
	uint64_t n_faults, n_variants;

	/* The module's own. */
	struct rng rng;
	double rate;
	struct buf held; /* a faulty row that is yet to be written */
	uint64_t wait;   /* behind so many rows */
};

/* `rate` in [0,1]. Release it with synth_dirt_release. */
void synth_dirt_init(struct synth_dirt *d, uint64_t seed, double rate);
void synth_dirt_release(struct synth_dirt *d);

/* Writes the event's row, and sometimes a faulty one near it. Returns 0, or -1 with err. */
int synth_dirt_write(struct synth_dirt *d, const struct synth_event *event, struct csv_writer *out,
		     struct err *err);

/* Writes what is still held, behind the last event. Returns 0, or -1 with err. */
int synth_dirt_finish(struct synth_dirt *d, struct csv_writer *out, struct err *err);

/* Appends "45 ragged, 9 missing_event_id, ...": the faults so far, by a cleaner's reason for them.
 */
void synth_dirt_put_counts(const struct synth_dirt *d, struct buf *text);

#endif
