/*
 * pg_load: what ce-import does to tables, in one transaction.
 *
 * pg_load_init and pg_load_header for each table, pg_load_begin for all; then for one after the
 * other pg_load_start, pg_load_row and pg_load_end; pg_load_commit for all. Until that nothing has
 * changed for anybody else. Whose fault an error is: see pg_rows.
 */
#ifndef CE_PG_LOAD_H
#define CE_PG_LOAD_H

#include "pg/pg.h"
#include "pg/pg_load_options.h"
#include "pg/pg_rows.h"
#include "pg/pg_target.h"
#include "table/csvreader.h"

#include <stddef.h>
#include <stdint.h>

struct pg_load {
	struct pg_target to;
	uint64_t n_rows; /* that the table took, after pg_load_end */
	struct pg_rows rows;
};

/*
 * A table by its name, as pg_table_parse reads `text` and `schema`. The options and `text` must
 * outlive l. Returns 0, or -1 with err (ERR_USAGE); release l in either case.
 */
int pg_load_init(struct pg_load *l, const struct pg_load_options *options, const char *text,
		 const char *schema, struct err *err);

/*
 * The reader, open, gives the table's columns, and must outlive l. It is an error if one of them
 * has no name, or nothing but blanks, or one that is not UTF-8, if a key of PG_LOAD_UPSERT is
 * missing, and if the name of the only column contains a separator: then the input was read by the
 * wrong one. Returns 0, or -1 with err.
 */
int pg_load_header(struct pg_load *l, const struct csv_reader *in, struct err *err);

/*
 * Begins the transaction and makes or readies the n tables. It is an error if options->types names
 * a column that none of them has. A table that is missing is made, whatever the mode: with the
 * input's columns in their order; of the types in options->types, else of the catalogue's where it
 * has a table of that name, else text; with PG_LOAD_UPSERT's keys as its primary key, else the
 * catalogue's. PG_LOAD_REPLACE removes the rows, of the last table first, and refuses where a
 * foreign key would have other tables' rows go, too. A column that it, or PG_LOAD_APPEND, leaves
 * empty for want of a default is a warning.
 *
 * Tables are made and locked in the order of their names, so that two such transactions do not wait
 * for each other. PG_LOAD_REPLACE, and of several tables PG_LOAD_UPSERT, lock out what others would
 * write until the commit; no reader waits. Returns 0, or -1 with err; pg_close rolls back.
 */
int pg_load_begin(struct pg_load *loads, size_t n, struct pg *db, struct err *err);

/* Starts to copy. Returns 0, or -1 with err. */
int pg_load_start(struct pg_load *l, struct err *err);

/*
 * Sends the reader's current row, as pg_rows_add does; raw are the columns that the catalogue calls
 * so, unless options->types names them. Returns 0, or -1 with err, which names the row at fault.
 */
int pg_load_row(struct pg_load *l, const struct csv_row *row, struct err *err);

/*
 * After the end of the input was verified: the table has its rows and its key. With PG_LOAD_REPLACE
 * it is an error if they are fewer than before by more than options->max_loss. Returns 0, or -1
 * with err.
 */
int pg_load_end(struct pg_load *l, struct err *err);

/* Commits all of them. Returns 0, or -1 with err. */
int pg_load_commit(struct pg_load *loads, size_t n, struct err *err);

/* Frees the memory; harmless on zeroed memory. */
void pg_load_release(struct pg_load *l);

#endif
