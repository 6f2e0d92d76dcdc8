/*
 * pg_load: what ce-import does to a table, in one transaction.
 */
#ifndef CE_PG_LOAD_H
#define CE_PG_LOAD_H

#include "pg/pg.h"
#include "pg/rowmap.h"
#include "table/csvio.h"

#include <stdbool.h>

enum pg_load_mode {
	PG_LOAD_CREATE,  /* the table must not exist */
	PG_LOAD_APPEND,  /* add to it */
	PG_LOAD_REPLACE, /* its rows go; other clients see them until the commit */
	PG_LOAD_UPSERT   /* rows with the keys of one that is there take its place */
};

/* NAME is of the SQL type TYPE. */
struct pg_load_type {
	char *name, *type;
};

/* Everything is borrowed. */
struct pg_load_options {
	struct pg_table table;
	enum pg_load_mode mode;
	const char *const *keys; /* PG_LOAD_UPSERT's, n_keys > 0; else none */
	size_t n_keys;
	const struct pg_load_type *types; /* of a table that is made; before the catalogue's */
	size_t n_types;
	bool analyze;
};

struct pg_load {
	struct pg *db;
	const struct pg_load_options *options;
	const char *const *columns; /* the input's, borrowed */
	size_t n_columns;
	bool *raw;    /* those of them that may hold any bytes, which text cannot */
	size_t *keys; /* those of them that are the key of the table to make, or PG_LOAD_UPSERT's */
	size_t n_keys;
	char *table;     /* as SQL, like all that follows: with its schema if it was there before */
	char **names;    /* of the columns, one by one */
	char *name_list; /* and with commas */
	char *key_list;
	bool made;          /* the table is ours, and its key is yet to be added */
	bool staged;        /* the rows go to a temporary table first */
	struct buf upsert;  /* the command that moves them on */
	bool upsert_counts; /* the rows that it reports are those that it was given */
	struct buf pending; /* rows to send */
	struct buf escaped; /* a raw field as text */
	struct rowmap origin;
};

/*
 * Begins the transaction, makes or readies the table and starts to copy. PG_LOAD_REPLACE refuses
 * where a foreign key would have other tables' rows go, too. A table that is missing is made,
 * whatever the mode: with the input's columns in their order; of the types in options->types, else
 * of the catalogue's where it has a table of that name, else text; with PG_LOAD_UPSERT's keys as
 * its primary key, else the catalogue's. The reader, open, gives the header; db and options must
 * outlive l. Returns 0, or -1 with err; pg_close rolls back.
 */
int pg_load_begin(struct pg_load *l, struct pg *db, const struct pg_load_options *options,
		  const struct csv_reader *in, struct err *err);

/*
 * Sends the reader's current row. In a column that the catalogue calls raw, unless options->types
 * names it, each byte that is not part of valid UTF-8, and NUL, becomes the text \xHH. Returns 0,
 * or -1 with err, which names the row at fault.
 */
int pg_load_row(struct pg_load *l, const struct csv_reader *in, const struct csv_row *row,
		struct err *err);

/*
 * Commits, after the end of the input was verified. *n_rows: those that the table took. Returns 0,
 * or -1 with err.
 */
int pg_load_commit(struct pg_load *l, uint64_t *n_rows, struct err *err);

void pg_load_release(struct pg_load *l);

#endif
