/*
 * joiner: a stream of rows with the columns of dimension tables added, each found by its key.
 *
 * An inner join, or a left one, with any number of dimensions (see join); columns of either side
 * can be dropped. A stream that has event_ts and event_id is one of events, whose canonical order
 * is verified. Memory: that of the dimensions.
 */
#ifndef CE_JOINER_H
#define CE_JOINER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "events/event.h"
#include "events/join.h"
#include "table/csvio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dimension: the table at `path`, which the stream's column `key` refers to. Borrowed. */
struct joiner_source {
	const char *key, *path;
};

/* Columns of the stream that stay next to each other. */
struct joiner_run {
	size_t first, n;
};

struct joiner {
	bool left; /* set by the caller: keep rows without a match, with NULL for the new columns */

	/* For callers to read; the writers are for csv_writer_close_all, too. */
	uint64_t n_unmatched; /* rows without a match in some dimension */
	struct csv_writer out, unmatched;
	bool has_unmatched;

	/* The module's own. */
	struct join_dimension *dimensions; /* [n] */
	size_t n;
	bool is_large;           /* one of them is worth looking ahead for */
	bool *keep;              /* per column of the stream */
	struct joiner_run *runs; /* [n_runs]: the columns that are kept */
	size_t n_runs;
	bool has_events;
	struct event_order order;
};

#define JOINER_INIT                                                                                \
	{                                                                                          \
		.out = CSV_WRITER_INIT, .unmatched = CSV_WRITER_INIT                               \
	}

/*
 * Loads the n dimensions for the stream `in`, which is open, without the columns named by `drop`.
 * Returns 0, or -1 with err: as join_load and join_bind, or no table has a column to drop.
 */
int joiner_load(struct joiner *j, const struct joiner_source *sources, size_t n,
		const struct names *drop, const struct csv_reader *in, struct err *err);

/*
 * Begins the joined table and, if `unmatched_path` is not NULL, next to it a table of the rows
 * without a match. Returns 0, or -1 with err: also if no column is left.
 */
int joiner_open(struct joiner *j, const struct gz_output *output, const char *unmatched_path,
		const struct csv_reader *in, struct err *err);

/*
 * Joins the row that the reader is at, and writes it where it belongs. Returns 0, or -1 with err:
 * an event out of order, or an output that could not be written.
 */
int joiner_row(struct joiner *j, struct csv_reader *in, const struct csv_row *row, struct err *err);

/* Appends "2 user_id, 1 content_id": how many rows had no match for each key. */
void joiner_put_unmatched(const struct joiner *j, struct buf *text);

/* Frees all but the writers, which are the caller's to close. */
void joiner_release(struct joiner *j);

#endif
