/*
 * rejects: the ledger of the records that are not kept as events.
 *
 * Counts them by reason, fails when they are more than a bound, and writes them, if asked to, as
 * the table rejects: first the invalid records, as they are read, then the duplicates. A duplicate
 * is known only after the sort, so a valid event takes a note of its record along (see dedup).
 * Unknown event types are counted by name, so that a summary can say what the log calls them.
 * Records outside of --since and --until are left out by choice: they count neither for the bound
 * nor for the warning. Memory: a pointer for each file, one record, and a tally.
 */
#ifndef CE_REJECTS_H
#define CE_REJECTS_H

#include "base/bound.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/tally.h"
#include "base/warnings.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rejects {
	/* Set by the caller: how many records may be rejected; and whether that may be all of them,
	 * as in a part of a log. */
	struct bound bound;
	bool is_part;
	/* Or of a part whose share says nothing, as all malformed records may be in one: who has
	 * all parts judges it. There is no bound then, and no warning. */
	bool is_judged_elsewhere;

	/* For callers to read; `out` is for csv_writer_close_all, too. */
	uint64_t n;
	uint64_t counts[CLEAN_N_REASONS];
	struct csv_writer out;
	bool has_out;

	/* The module's own. */
	const char **files; /* [n_files]: names of the inputs that notes refer to */
	size_t n_files, cap;
	struct buf text;    /* a note, a record, or the counts */
	struct tally types; /* the unknown ones */
};

#define REJECTS_INIT                                                                               \
	{                                                                                          \
		.bound = BOUND_PERCENT(50), .out = CSV_WRITER_INIT, .text = BUF_INIT,              \
		.types = TALLY_INIT                                                                \
	}

/* Begins the table of the rejected records. Without it they are only counted. */
int rejects_open(struct rejects *r, const struct gz_output *output, struct err *err);

/*
 * Counts, and writes, the record that the reader is at. Returns 0, or -1 with err: it is one more
 * than a bound that is a count, or the table could not be written.
 */
int rejects_add(struct rejects *r, enum clean_reason reason, const struct csv_reader *in,
		const struct csv_row *row, struct err *err);

/* Counts an unknown event type, by its name. */
void rejects_add_type(struct rejects *r, const struct csv_field *type);

/*
 * What the valid event that the reader is at is to take along: where its record is, and the record
 * itself if the event does not say it all. Empty without a table. Valid until the next call.
 */
const struct buf *rejects_make_note(struct rejects *r, const struct csv_reader *in,
				    const struct csv_row *row, const struct clean_event *event);

static inline const struct buf *rejects_note(struct rejects *r, const struct csv_reader *in,
					     const struct csv_row *row,
					     const struct clean_event *event)
{
	return r->has_out ? rejects_make_note(r, in, row, event) : &r->text;
}

/* As rejects_add, for an event that came back with its note; n_read records. */
int rejects_add_noted(struct rejects *r, enum clean_reason reason, const struct dedup_event *event,
		      uint64_t n_read, struct err *err);

/*
 * Whether, of n_read records, at least one is kept, unless there are none or all may be rejected,
 * and the rejects are within the bound: for a bound that is a share, which no other call checks.
 * Returns 0, or -1 with err.
 */
int rejects_check(struct rejects *r, uint64_t n_read, struct err *err);

/* Adds a warning if more than 5 % of n_read records are rejected. */
void rejects_warn(const struct rejects *r, uint64_t n_read, struct warnings *warnings);

/* "4 ragged, 6 bad_event_type ('start' 5, 'end' 1)". Valid until the next call. */
const char *rejects_summary(struct rejects *r);

/* Frees all but the writer, which is the caller's to close. */
void rejects_release(struct rejects *r);

#endif
