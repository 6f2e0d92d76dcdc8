/*
 * joiner: a stream of rows with the columns of dimension tables added, each found by its key.
 *
 * An inner join, or a left one, with any number of dimensions (see join); columns of either side
 * can be dropped. A stream that has event_ts and event_id is one of events, whose canonical order
 * is verified, as are the columns of either side that later tools read (see attribute). Memory:
 * that of the dimensions.
 */
#ifndef CE_JOINER_H
#define CE_JOINER_H

#include "base/bound.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "base/warnings.h"
#include "events/attribute.h"
#include "events/event.h"
#include "events/join.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"
#include "table/selection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct joiner {
	/* Set by the caller. */
	struct names drop, na; /* columns to drop; words that are NULL in a dimension */
	struct bound max_unmatched;
	bool is_part;             /* of a log: that may be all of them */
	bool is_judged_elsewhere; /* or one whose share of them says nothing: no bound, no warning
				   */
	const struct zone *zone;  /* of a history's local times; NULL: UTC; borrowed */
	bool left;                /* keep rows without a match, with NULL for the new columns */
	bool fields;              /* joiner_fields is to be called */

	/* For callers to read; the writers are for csv_writer_close_all, too. */
	bool has_out, has_unmatched;
	struct csv_writer out, unmatched;
	uint64_t n_unmatched; /* rows without a match in some dimension */
	uint64_t n_joined;    /* rows of the joined table */
	const char **names;   /* [n_names]: the columns of the joined table */
	size_t n_names;
	struct warnings warnings; /* for cli_warnings, after joiner_finish */

	struct join_dimension *dimensions; /* [n] */
	size_t n;

	/* The module's own. */
	bool is_large;           /* one of them is worth looking ahead for */
	bool has_events;         /* its order is verified */
	bool has_times;          /* a dimension is a history */
	bool is_as_read;         /* the row's values are in canonical form */
	struct selection stream; /* the columns of the stream that are kept */
	enum attribute *kinds;   /* of its columns; NULL: there is nothing to check in them */
	struct buf value;        /* one of those in canonical form */
	struct event_order order;
	struct intern_key *keys;        /* [n]: of the row */
	uint32_t *ids;                  /* [n] */
	const struct join_text **found; /* [n]; NULL: no match */
};

#define JOINER_INIT                                                                                \
	{                                                                                          \
		.drop = NAMES_INIT, .na = NAMES_INIT, .max_unmatched = BOUND_PERCENT(50),          \
		.out = CSV_WRITER_INIT, .unmatched = CSV_WRITER_INIT, .warnings = WARNINGS_INIT    \
	}

/*
 * Loads the n dimensions for the stream `in`, which is open. None, for a left join of events, is
 * the one of join_absent. Returns 0, or -1 with err: as join_load and join_bind; no table has a
 * column to drop; a dimension without rows, which only a left join can do something with; no event
 * times where a history needs them.
 */
int joiner_load(struct joiner *j, const struct join_source *sources, size_t n,
		const struct csv_reader *in, struct err *err);

/*
 * Begins the joined table and that of the rows without a match, each unless it is NULL. Returns 0,
 * or -1 with err: also if no column is left.
 */
int joiner_open(struct joiner *j, const struct gz_output *output, const struct gz_output *unmatched,
		const struct csv_reader *in, struct err *err);

/*
 * Joins the row that the reader is at, of an event at `ts`, and writes it where it belongs. ids:
 * [j->n], of join_id, one a dimension. Returns 1, 0 if it has no match and is not kept, or -1 with
 * err: a value of it that is not as attribute says, more unmatched rows than max_unmatched if that
 * is a count, or an output that could not be written.
 */
int joiner_step(struct joiner *j, const struct csv_reader *in, const struct csv_row *row,
		const uint32_t *ids, int64_t ts, struct err *err);

/*
 * Fills joined->fields, room for n_names columns, after joiner_step returned 1. They are borrowed
 * from the row, the dimensions, and `texts` for what is not in canonical form in the row.
 */
void joiner_fields(struct joiner *j, const struct csv_row *row, struct arena *texts,
		   struct csv_row *joined);

/*
 * joiner_step of a row of a reader whose rows to come are known, after it has verified the order of
 * events. Returns 0, or -1 with err.
 */
int joiner_row(struct joiner *j, struct csv_reader *in, const struct csv_row *row, struct err *err);

/*
 * After the last row of `in`, before the outputs are closed: completes the warnings. Returns 0, or
 * -1 with err: more unmatched rows than max_unmatched, or none is kept of those that there are.
 */
int joiner_finish(struct joiner *j, const struct csv_reader *in, struct err *err);

/*
 * Appends "kept 8 of 10 rows; 2 without a match: 1 user_id (1 has no version yet), 1 content_id",
 * or nothing if all had one.
 */
void joiner_put_summary(const struct joiner *j, const struct csv_reader *in, struct buf *text);

/* Frees all but the writers, which are the caller's to close. */
void joiner_release(struct joiner *j);

#endif
