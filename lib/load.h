/*
 * load: what ce-import does to a table, in one transaction. Layer: over db, origin, schema, csvio.
 */
#ifndef CE_LOAD_H
#define CE_LOAD_H

#include "csvio.h"
#include "db.h"
#include "origin.h"

#include <stdbool.h>

enum load_mode {
	LOAD_CREATE,  /* the table must not exist */
	LOAD_APPEND,  /* add to it */
	LOAD_REPLACE, /* its rows go; other clients see them until the commit */
	LOAD_UPSERT   /* rows with the keys of one that is there take its place */
};

/* NAME is of the SQL type TYPE. */
struct load_type {
	char *name, *type;
};

/* Everything is borrowed. */
struct load_options {
	struct db_table table;
	enum load_mode mode;
	const char *const *keys; /* LOAD_UPSERT's, n_keys > 0; else none */
	size_t n_keys;
	const struct load_type *types; /* of a table that is made; before the catalogue's */
	size_t n_types;
	bool analyze;
};

struct load {
	struct db *db;
	const struct load_options *options;
	const char *const *columns; /* the input's, borrowed */
	size_t n_columns;
	size_t *keys; /* those of them that are the key of the table to make, or LOAD_UPSERT's */
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
	struct origin origin;
};

/*
 * Begins the transaction, makes or readies the table and starts to copy. LOAD_REPLACE refuses where
 * a foreign key would have other tables' rows go, too. A table that is missing is
 * made, whatever the mode: with the input's columns in their order; of the types in
 * options->types, else of the catalogue's where it has a table of that name, else text; with
 * LOAD_UPSERT's keys as its primary key, else the catalogue's. The reader, open, gives the header;
 * db and options must outlive l. Returns 0, or -1 with err; db_close rolls back.
 */
int load_begin(struct load *l, struct db *db, const struct load_options *options,
	       const struct csv_reader *in, struct err *err);

/* Sends the reader's current row. Returns 0, or -1 with err, which names the row at fault. */
int load_row(struct load *l, const struct csv_reader *in, const struct csv_row *row,
	     struct err *err);

/*
 * Commits, after the end of the input was verified. *n_rows: those that the table took. Returns 0,
 * or -1 with err.
 */
int load_commit(struct load *l, uint64_t *n_rows, struct err *err);

void load_release(struct load *l);

#endif
