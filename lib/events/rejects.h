/*
 * rejects: the ledger of the records that are not kept as events.
 *
 * Counts them by reason, fails when they are more than a bound, and writes them, if asked to, as
 * the table rejects: first the invalid records, as they are read, then the duplicates. A duplicate
 * is known only after the sort, so a valid event takes a note of its record along (see dedup).
 * Memory: a pointer for each file, and one record.
 */
#ifndef CE_REJECTS_H
#define CE_REJECTS_H

#include "base/bound.h"
#include "base/buf.h"
#include "base/err.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "table/csvio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rejects {
	struct bound
		bound; /* set by the caller: how many records may be rejected; text NULL: any */

	/* For callers to read; `out` is for csv_writer_close_all, too. */
	uint64_t n;
	uint64_t counts[CLEAN_N_REASONS];
	struct csv_writer out;
	bool has_out;

	/* The module's own. */
	const char **files; /* [n_files]: names of the inputs that notes refer to */
	size_t n_files, cap;
	struct buf text; /* a note, a record, or the counts */
};

#define REJECTS_INIT                                                                               \
	{                                                                                          \
		.out = CSV_WRITER_INIT, .text = BUF_INIT                                           \
	}

/* Begins the table of the rejected records. Without it they are only counted. */
int rejects_open(struct rejects *r, const struct gz_output *output, struct err *err);

/*
 * Counts, and writes, the record that the reader is at. Returns 0, or -1 with err: it is one more
 * than a bound that is a count, or the table could not be written.
 */
int rejects_add(struct rejects *r, enum clean_reason reason, const struct csv_reader *in,
		const struct csv_row *row, struct err *err);

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

/* As rejects_add, for an event that came back, with its note, as a duplicate; n_read records. */
int rejects_add_duplicate(struct rejects *r, const struct dedup_event *duplicate, uint64_t n_read,
			  struct err *err);

/*
 * Whether the rejects are within the bound, out of n_read records: for a bound that is a share,
 * which no other call checks. Returns 0, or -1 with err.
 */
int rejects_check(struct rejects *r, uint64_t n_read, struct err *err);

/* "4 ragged, 6 bad_event_ts". Valid until the next call. */
const char *rejects_summary(struct rejects *r);

/* Frees all but the writer, which is the caller's to close. */
void rejects_release(struct rejects *r);

#endif
