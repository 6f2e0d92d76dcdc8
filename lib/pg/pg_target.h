/*
 * pg_target: a table that rows are to go to: its names in SQL, and what readies it for them.
 *
 * pg_target_init, pg_target_header, pg_target_ready; then what the mode of the load asks for.
 */
#ifndef CE_PG_TARGET_H
#define CE_PG_TARGET_H

#include "base/buf.h"
#include "base/err.h"
#include "pg/pg.h"
#include "pg/pg_load_options.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table that PG_LOAD_UPSERT gathers the rows in, of the schema pg_temp. */
#define PG_TARGET_STAGING "ce_import_rows"

struct pg_target {
	struct pg_table name; /* as it was given */
	const struct pg_load_options *options;
	const struct csv_reader *in;
	struct pg *db;
	bool alone;                 /* the only table of the transaction */
	const char *const *columns; /* the input's, borrowed */
	size_t n_columns;
	size_t *keys; /* those of them that are the key of the table to make, or PG_LOAD_UPSERT's */
	size_t n_keys;
	char *table;     /* as SQL, like all that follows: with its schema if it was there before */
	char **names;    /* of the columns, one by one */
	char *name_list; /* and with commas */
	char *key_list;
	bool made;          /* the table is ours, and its key is yet to be added */
	uint64_t n_before;  /* rows that pg_target_empty removed */
	bool staged;        /* the rows go to PG_TARGET_STAGING first */
	struct buf upsert;  /* the command that moves them on */
	bool upsert_counts; /* the rows that it reports are those that it was given */
};

/* As pg_load_init and pg_load_header. */
int pg_target_init(struct pg_target *t, const struct pg_load_options *options, const char *text,
		   const char *schema, struct err *err);
int pg_target_header(struct pg_target *t, const struct csv_reader *in, struct err *err);

/* Whether the input's column is one that the catalogue calls raw, and the options give no type. */
bool pg_target_is_raw(const struct pg_target *t, size_t column);

/*
 * Within the transaction: makes the table if it is missing (t->made), else checks and locks it as
 * the mode asks for; see pg_load_begin. Returns 0, or -1 with err.
 */
int pg_target_ready(struct pg_target *t, struct pg *db, bool alone, struct err *err);

/* PG_LOAD_REPLACE, of a table that was there: removes its rows. Returns 0, or -1 with err. */
int pg_target_empty(struct pg_target *t, struct err *err);

/*
 * PG_LOAD_UPSERT, of a table that was there: makes the staging table, and t->upsert, which the
 * server has planned. Returns 0, or -1 with err.
 */
int pg_target_stage(struct pg_target *t, struct err *err);

/* Frees the memory; harmless on zeroed memory. */
void pg_target_release(struct pg_target *t);

#endif
