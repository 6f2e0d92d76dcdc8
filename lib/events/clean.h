/*
 * clean: what makes a raw event valid, and its clean form.
 *
 * A record is judged on its own here; duplicates are found by dedup. The clean form depends on
 * nothing but the record, and cleaning it again gives it back. Memory: one record.
 */
#ifndef CE_CLEAN_H
#define CE_CLEAN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"
#include "table/csvio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The columns of cleaned_events, in the table's order: CLEAN_EVENT_ID, ... */
enum clean_column {
#define REASON(NAME, name, meaning)
#define MISSING(NAME, column) CLEAN_##NAME,
#include "table/reasons.def"
	CLEAN_N_COLUMNS,
};

/*
 * Why a record is rejected, by reasons.def: CLEAN_RAGGED, CLEAN_MISSING_EVENT_ID, ... One reason a
 * record: the first that applies. cleaner_row never returns CLEAN_DUPLICATE_EVENT_ID.
 */
enum clean_reason {
#define REASON(NAME, name, meaning) CLEAN_##NAME,
#define MISSING(NAME, column)       CLEAN_MISSING_##NAME,
#include "table/reasons.def"
	CLEAN_N_REASONS,
	CLEAN_VALID = CLEAN_N_REASONS,
};

/* As it is written in tables and summaries: "ragged", "missing_device", ... */
const char *clean_reason_name(enum clean_reason reason);

/*
 * A point in time, blanks around it ignored: a number of ms (or s), whose fraction is dropped, or
 * ISO 8601 with its offset, which can be missing (UTC) if that is optional. Returns 0 with *ts in
 * ms since the epoch, or -1.
 */
int clean_parse_ts(const struct csv_field *field, bool seconds, enum time_offset offset,
		   int64_t *ts);

/* A valid event. Borrowed: valid until the next cleaner_row or csv_reader_next. */
struct clean_event {
	int64_t ts; /* ms since the epoch, UTC; 0 < ts < EVENT_TS_END */
	const char *id;
	size_t id_len;
	const char *rest; /* the columns after event_ts as CSV text, without the line's end */
	size_t rest_len;
	bool is_as_read; /* the record reads as clean_put_event writes it, byte for byte */
};

struct cleaner {
	/* Set before cleaner_open. */
	bool seconds;                       /* a numeric event_ts is in seconds, not in ms */
	bool may_be_empty[CLEAN_N_COLUMNS]; /* see clean_can_be_empty */

	/* The module's own. */
	size_t at[CLEAN_N_COLUMNS]; /* index of each column in the input */
	bool rest_in_order;         /* those after event_ts are neighbours, in this order */
	bool all_in_order;          /* and so are all of the input's */
	struct buf rest;
};

#define CLEANER_INIT                                                                               \
	{                                                                                          \
		.rest = BUF_INIT                                                                   \
	}

/* The column of that name if the pipeline can do without its values, else -1. */
int clean_can_be_empty(const char *column);

/* Finds the columns in the reader's header. Returns 0, or -1 with err (one is missing). */
int cleaner_open(struct cleaner *c, const struct csv_reader *in, struct err *err);

/* Judges a row (of a tolerant reader): CLEAN_VALID with *event, or the reason against it. */
enum clean_reason cleaner_row(struct cleaner *c, const struct csv_row *row,
			      struct clean_event *event);

/* Frees the memory; harmless twice. */
void cleaner_release(struct cleaner *c);

/* Appends the event as a row of cleaned_events, which the caller ends. */
void clean_put_event(struct buf *row, const struct clean_event *event);

#endif
