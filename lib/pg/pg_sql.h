/*
 * pg_sql: commands in pieces, PG_SQL("LOCK TABLE ", name, ...).
 */
#ifndef CE_PG_SQL_H
#define CE_PG_SQL_H

#include "base/err.h"
#include "pg/pg.h"

#include <stddef.h>
#include <stdint.h>

#define PG_SQL(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* SQLSTATE of a key that is there twice. */
#define PG_UNIQUE_VIOLATION "23505"

/* Runs the command. Returns 0, or -1 with err. */
int pg_sql_run(struct pg *db, const char *const *pieces, struct err *err);

/* The same; *n_rows: how many it wrote. */
int pg_sql_count(struct pg *db, const char *const *pieces, uint64_t *n_rows, struct err *err);

/*
 * *value: the one value, or NULL, that the query gives with $1 = param (NULL: none); the caller
 * frees it. Returns 0, or -1 with err.
 */
int pg_sql_ask(struct pg *db, const char *const *pieces, const char *param, char **value,
	       struct err *err);

#endif
