/*
 * pg_rows: the rows of an input into a COPY, and which of them the server refuses.
 *
 * pg_rows_init, then pg_copy_in by who knows the table, pg_rows_add for each row and pg_rows_end.
 * An error that the server reports of what a row holds (SQLSTATE of the classes 22, 23 and 44) is
 * one of the input, ERR_RUNTIME, and has its file, line and column where the server says which;
 * all others are ERR_DATABASE.
 */
#ifndef CE_PG_ROWS_H
#define CE_PG_ROWS_H

#include "base/buf.h"
#include "base/warnings.h"
#include "pg/lone_column.h"
#include "pg/pg.h"
#include "pg/rowmap.h"
#include "table/csvreader.h"

#include <stdbool.h>

struct pg_rows {
	struct pg *db; /* borrowed; set it before the first row */
	bool *raw;     /* the columns that may hold any bytes, which text cannot: set those */

	/* The module's own. */
	const struct csv_reader *in;
	const char *const *columns; /* the input's, borrowed */
	size_t n_columns;
	struct warnings *warnings;
	struct buf pending; /* rows to send */
	uint64_t n_sent;    /* rows before those */
	struct buf escaped; /* a raw field as text */
	struct lone_column lone;
	struct rowmap origin;
};

/* The reader, open, and the warnings must outlive r. No column is raw yet. Release r. */
void pg_rows_init(struct pg_rows *r, const struct csv_reader *in, struct warnings *warnings);

/*
 * Sends the reader's current row. In a raw column each byte that is not part of valid UTF-8, and
 * NUL, becomes the text \xHH; in others they are an error. So are values of an only column that
 * look like rows of several, unless the reader was told its separator; where that is less sure, a
 * warning. Returns 0, or -1 with err, which names the row at fault.
 */
int pg_rows_add(struct pg_rows *r, const struct csv_row *row, struct err *err);

/* Ends the COPY. Returns 0 with *n_rows, the rows that were taken, or -1 with err. */
int pg_rows_end(struct pg_rows *r, uint64_t *n_rows, struct err *err);

/* Where the row with that number, from 0, came from. Returns false if that is not known. */
bool pg_rows_find(const struct pg_rows *r, uint64_t row, const char **file, uint64_t *line);

/*
 * The last failure was of a command that moves rows: makes err one of the input if it is about what
 * they hold. Returns -1.
 */
int pg_rows_refused(const struct pg *db, struct err *err);

/* Frees the memory; harmless on zeroed memory, and a second time. */
void pg_rows_release(struct pg_rows *r);

#endif
