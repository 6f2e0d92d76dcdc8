/*
 * cleaning: the stage from raw records to cleaned_events.
 *
 * Records are added in any order; once all are there, their valid, distinct events come back in
 * canonical order. What is rejected is counted, and written if asked to. Memory: that of dedup, and
 * 1 MiB of events on their way there.
 */
#ifndef CE_CLEANING_H
#define CE_CLEANING_H

#include "base/small.h"
#include "base/warnings.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "events/rejects.h"
#include "events/timeline.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stdint.h>

#define CLEANING_MEM     SMALL((uint64_t)1024 * 1024 * 1024, 0)
#define CLEANING_BATCHES 16

struct cleaning {
	/* Set before cleaning_open: the options of the cleaner, the bound of the rejects, and: */
	struct cleaner cleaner;
	struct rejects rejects;
	uint64_t mem;  /* bytes to sort in */
	bool threaded; /* what is added is sorted by a thread of its own */

	/* For callers to read; the writers, as that of the rejects, are for csv_writer_close_all.
	 */
	struct csv_writer out;
	bool has_out;

	/* The module's own. */
	struct dedup *events;
	struct timeline timeline;
	struct relay *relay; /* to the thread; NULL: there is none */
	struct buf batches[CLEANING_BATCHES], *batch;
	void *items[CLEANING_BATCHES];
};

#define CLEANING_INIT                                                                              \
	{                                                                                          \
		.cleaner = CLEANER_INIT, .rejects = REJECTS_INIT, .mem = CLEANING_MEM,             \
		.out = CSV_WRITER_INIT                                                             \
	}

/*
 * Begins with the records of `in`, a tolerant reader that is open, and the tables cleaned_events
 * and rejects, each unless it is NULL. now: ms since the epoch, for what looks like the future.
 * Returns 0, or -1 with err.
 */
int cleaning_open(struct cleaning *c, const struct csv_reader *in, const struct gz_output *output,
		  const struct gz_output *rejects, int64_t now, struct err *err);

/* Takes a record of `in`. Returns 0, or -1 with err: more rejects than a bound that is a count. */
int cleaning_add(struct cleaning *c, const struct csv_reader *in, const struct csv_row *row,
		 struct err *err);

/*
 * Ends the adding. Returns 0, or -1 with err: more rejects than a bound that is a share, or nothing
 * is kept; then the warnings, which may say why, are added here.
 */
int cleaning_sort(struct cleaning *c, const struct csv_reader *in, struct warnings *warnings,
		  struct err *err);

/*
 * The next event in canonical order, which is written to its table. Returns 1 with *event (valid
 * until the next call), 0 after the last, or -1 with err.
 */
int cleaning_next(struct cleaning *c, const struct csv_reader *in, struct clean_event *event,
		  struct err *err);

/* Adds what looks wrong in the records, once all events have come back. */
void cleaning_warn(const struct cleaning *c, const struct csv_reader *in,
		   struct warnings *warnings);

/* Appends "kept 9 of 10 records; rejected 1: 1 ragged", or nothing if none is. */
void cleaning_put_summary(struct cleaning *c, const struct csv_reader *in, struct buf *text);

/* Frees all but the writers, which are the caller's to close. */
void cleaning_release(struct cleaning *c);

#endif
