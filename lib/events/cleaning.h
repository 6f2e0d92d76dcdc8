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

	/* Likewise, of a log that comes in parts: ms, and where the outputs of such a run are. */
	int64_t from;      /* before it all is taken in already: INT64_MIN for the first part */
	int64_t until;     /* from it on events are carried to the next part; INT64_MAX: none are */
	int64_t seen_from; /* from it on event_ids are remembered for that */
	struct csv_writer *seen, *early; /* the tables of these; NULL without a next part */

	/* For callers to read; the writers, as that of the rejects, are for csv_writer_close_all.
	 */
	struct csv_writer out;
	bool has_out;
	uint64_t n_carried;     /* events that were added by cleaning_add_carried */
	uint64_t n_early;       /* that are carried on */
	uint64_t n_still_early; /* both */
	uint64_t n_repeated;    /* duplicates of events of an earlier part */
	uint64_t n_far;         /* of the early ones: a day or more */
	int64_t last_early;     /* the time of the last one */

	/* The module's own. */
	struct dedup *events;
	struct timeline timeline;
	struct relay *relay; /* to the thread; NULL: there is none */
	struct buf batches[CLEANING_BATCHES], *batch;
	struct buf carried; /* the columns of such an event */
	void *items[CLEANING_BATCHES];
};

#define CLEANING_INIT                                                                              \
	{                                                                                          \
		.cleaner = CLEANER_INIT, .rejects = REJECTS_INIT, .mem = CLEANING_MEM,             \
		.from = INT64_MIN, .until = INT64_MAX, .out = CSV_WRITER_INIT                      \
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

/* Takes the event_id of an event that an earlier part had: others of it are duplicates. */
int cleaning_add_seen(struct cleaning *c, int64_t ts, const char *id, size_t len, struct err *err);

/*
 * Takes a row of the table of carried events, which has the columns of cleaned_events and those
 * that are kept; `carried`, its reader, outlives *c. Returns 0, or -1 with err.
 */
int cleaning_add_carried(struct cleaning *c, const struct csv_reader *carried,
			 const struct csv_row *row, struct err *err);

/*
 * Ends the adding. Returns 0, or -1 with err: more rejects than a bound that is a share, or nothing
 * is kept; then the warnings, which may say why, are added here.
 */
int cleaning_sort(struct cleaning *c, const struct csv_reader *in, struct warnings *warnings,
		  struct err *err);

/*
 * The next event in canonical order, which is written to its table. Returns 1 with *event (valid
 * until the next call), 0 after the last, or -1 with err: also if most records are of another part.
 */
int cleaning_next(struct cleaning *c, const struct csv_reader *in, struct clean_event *event,
		  struct err *err);

/* Adds what looks wrong in the records, once all events have come back. */
void cleaning_warn(const struct cleaning *c, const struct csv_reader *in,
		   struct warnings *warnings);

/* Appends "kept 9 of 10 records; rejected 1: 1 ragged" if one is, and a line of those carried. */
void cleaning_put_summary(struct cleaning *c, const struct csv_reader *in, struct buf *text);

/* Frees all but the writers, which are the caller's to close. */
void cleaning_release(struct cleaning *c);

#endif
