/*
 * pg_select: what ce-export reads, as one SELECT, and its rows as CSV.
 */
#ifndef CE_PG_SELECT_H
#define CE_PG_SELECT_H

#include "pg/pg.h"
#include "table/csvwriter.h"

/* What is wanted of a table or of a query. Everything is borrowed, but `table` and what is filled.
 */
struct pg_select {
	struct pg_table table;      /* name NULL: `query` instead */
	const char *query;          /* a SELECT; semicolons at its end are left out */
	const char *const *columns; /* n_columns names; none: all */
	size_t n_columns;
	const char *where;    /* an SQL condition, or NULL */
	const int64_t *since; /* event_ts at or after it, or NULL */
	const int64_t *until; /* event_ts before it, or NULL */

	/* Filled by pg_select_prepare. */
	struct buf select, header; /* the SELECT, NUL-terminated; the header of its CSV */
	bool event_ts_missing;     /* since and until left out, for there is no event_ts */
};

/*
 * Works out what to ask the server, for all n before the first is read: a table that is missing is
 * an error at once. since and until are compared with an event_ts that is a number as they are, and
 * with a timestamp or date (UTC) as milliseconds since 1970; a table without event_ts is read
 * whole, but that none of them has one is an error. So is a query with two columns of one name, for
 * no reader could tell them apart. Returns 0, or -1 with err.
 */
int pg_select_prepare(struct pg *db, struct pg_select *selects, size_t n, struct err *err);

/* Asks for the rows. Returns 0, or -1 with err. */
int pg_select_start(struct pg *db, const struct pg_select *select, struct err *err);

/*
 * Writes the next of them to `out`. Returns 1, 0 when the server has confirmed that there are no
 * more, or -1 with err.
 */
int pg_select_row(struct pg *db, struct csv_writer *out, struct err *err);

void pg_select_release(struct pg_select *select);

#endif
