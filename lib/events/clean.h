/*
 * clean: what makes a raw event valid, and its clean form.
 *
 * A record is judged on its own here; duplicates are found by dedup. The clean form depends on
 * nothing but the record and the options, and cleaning it again gives it back, if numbers are read
 * as ms or their size tells so (from TIME_AUTO_MS on). Memory: one record.
 */
#ifndef CE_CLEAN_H
#define CE_CLEAN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "base/time.h"
#include "base/warnings.h"
#include "table/csvreader.h"

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

/* time_read of a field, blanks around it ignored. */
int clean_parse_ts(const struct csv_field *field, const struct time_reading *reading, int64_t *ts);

/* A valid event. Borrowed: valid until the next cleaner_row or csv_reader_next. */
struct clean_event {
	int64_t ts; /* ms since the epoch, UTC; 0 < ts < EVENT_TS_END */
	const char *id;
	size_t id_len;
	const char *rest; /* the columns after event_ts as CSV text, without the line's end */
	size_t rest_len;
	const char *kept; /* the further columns to keep, likewise; NULL: there are none */
	size_t kept_len;
	bool is_as_read; /* the record reads as clean_put_event writes it, byte for byte */
};

#define CLEAN_SPELLINGS     6 /* of NULL that are remembered of a column */
#define CLEAN_SPELLING_SIZE 40

/* What looks wrong in the records and is legal, or is what makes them faulty. */
struct clean_doubts {
	uint64_t n_clock_changes;          /* local times that one skips or repeats */
	uint64_t n_nulls[CLEAN_N_COLUMNS]; /* ids and numbers that are a word for NULL */
	/* The bytewise smallest of those words, ascending; "": no more. */
	char null[CLEAN_N_COLUMNS][CLEAN_SPELLINGS][CLEAN_SPELLING_SIZE];
	bool is_above_zero, is_above_one; /* a playback_position */
};

struct cleaner {
	/* Set before cleaner_open. Borrowed. */
	struct time_reading times;          /* of event_ts */
	int64_t since, until;               /* ms: wanted is since <= event_ts < until */
	bool may_be_empty[CLEAN_N_COLUMNS]; /* see clean_can_be_empty */
	struct names keep;                  /* further columns to keep; "*": all of them */
	struct names na;                    /* words that are read as NULL */

	/* For callers to read. */
	size_t *kept; /* [n_kept]: columns of the input after those of the table */
	size_t n_kept;
	struct csv_field bad_type; /* after CLEAN_BAD_EVENT_TYPE; borrowed as the row is */
	struct clean_doubts doubts;

	/* The module's own. */
	size_t at[CLEAN_N_COLUMNS]; /* index of each column in the input */
	bool rest_in_order;         /* those after event_ts are neighbours, and so are the kept */
	bool all_in_order;          /* all of the input's are those that are written, in order */
	struct buf rest;
};

#define CLEANER_INIT                                                                               \
	{                                                                                          \
		.since = INT64_MIN, .until = INT64_MAX, .rest = BUF_INIT                           \
	}

/* The column of that name if the pipeline can do without its values, else -1. */
int clean_can_be_empty(const char *column);

/*
 * Finds the columns in the reader's header. Returns 0, or -1 with err (one is missing, or the name
 * of one to keep is not valid UTF-8).
 */
int cleaner_open(struct cleaner *c, const struct csv_reader *in, struct err *err);

/* Judges a row (of a tolerant reader): CLEAN_VALID with *event, or the reason against it. */
enum clean_reason cleaner_row(struct cleaner *c, const struct csv_row *row,
			      struct clean_event *event);

/* Adds the warnings about the n_read records. */
void cleaner_warn(const struct cleaner *c, uint64_t n_read, struct warnings *warnings);

/* Frees the memory; harmless twice. */
void cleaner_release(struct cleaner *c);

/* Appends the names of the columns, those of cleaned_events and the kept ones, as a row. */
void cleaner_put_names(const struct cleaner *c, const struct csv_reader *in, struct buf *row);

/* Appends the event as a row of cleaned_events and the kept columns, which the caller ends. */
void clean_put_event(struct buf *row, const struct clean_event *event);

#endif
