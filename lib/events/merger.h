/*
 * merger: tables of one header, each in canonical order, as one table in canonical order.
 *
 * The order is that of event_ts and, among equals, of the bytes of event_id; a table without
 * event_ts goes by session_start_ts. It is verified: a row out of order, and one that is there
 * twice, in whichever inputs, is an error that names both. Memory: a reader an input, 0.4 to 0.8
 * MiB, and 1 MiB for each that has a thread ahead of it.
 */
#ifndef CE_MERGER_H
#define CE_MERGER_H

#include "base/err.h"
#include "base/tournament.h"
#include "base/warnings.h"
#include "events/event.h"
#include "table/csvreader.h"

#include <stddef.h>
#include <stdint.h>

struct merger {
	/* For callers to read: of the first input, whose header is that of all. */
	const struct csv_reader *first;
	uint64_t n_rows; /* returned so far */

	/* The module's own. */
	struct merger_input {
		struct csv_reader in;
		const struct csv_row *row; /* the next one; NULL: it has ended */
		int64_t ts;
		struct csv_field id;
	} * inputs; /* [n] */
	size_t n;
	struct tournament tournament;
	struct event_order order; /* of what is returned */
};

#define MERGER_INIT                                                                                \
	{                                                                                          \
		.n = 0                                                                             \
	}

/*
 * Opens all inputs and finds the columns. Returns 0, or -1 with err: headers differ, a column is
 * missing, there are more inputs than may be open at once, and as csv_reader_open.
 */
int merger_open(struct merger *m, const struct csv_input *input, struct err *err);

/*
 * The next row of all. Returns 1 with *row (valid until the next call), 0 at the verified end of
 * all inputs, or -1 with err.
 */
int merger_next(struct merger *m, const struct csv_row **row, struct err *err);

/* As csv_reader_warn, of each input. */
void merger_warn(const struct merger *m, struct warnings *w);

/* Releases everything; harmless on what is not open. */
void merger_close(struct merger *m);

#endif
