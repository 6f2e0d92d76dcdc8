/*
 * pg_select: what ce-export reads, as one SELECT, and its rows as CSV.
 */
#ifndef CE_PG_SELECT_H
#define CE_PG_SELECT_H

#include "pg/pg.h"
#include "table/csvio.h"

/* What is wanted of a table or of a query. Everything is borrowed. */
struct pg_select {
	struct pg_table table;      /* name NULL: `query` instead */
	const char *query;          /* a SELECT; semicolons at its end are left out */
	const char *const *columns; /* n_columns names; none: all */
	size_t n_columns;
	const char *where;     /* an SQL condition, or NULL */
	const int64_t *since;  /* event_ts at or after it, or NULL */
	const int64_t *until;  /* event_ts before it, or NULL */
	bool event_ts_missing; /* filled: since or until left out, for there is no event_ts */
};

/*
 * Writes the SELECT, NUL-terminated, at the end of `sql`, and the header of its CSV, whole, at the
 * end of `header`. since and until are compared with an event_ts that is a number as they are, and
 * with a timestamp or date (UTC) as milliseconds since 1970. A column that two columns of a query
 * share the name of is an error, for no reader could tell them apart. Returns 0, or -1 with err.
 */
int pg_select_query(struct pg *db, struct pg_select *x, struct buf *sql, struct buf *header,
		    struct err *err);

/* Asks for the SELECT's rows. Returns 0, or -1 with err. */
int pg_select_start(struct pg *db, const char *select, struct err *err);

/*
 * Writes the next of them to `out`. Returns 1, 0 when the server has said that there are no more,
 * or -1 with err.
 */
int pg_select_row(struct pg *db, struct csv_writer *out, struct err *err);

#endif
