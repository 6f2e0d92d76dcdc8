/*
 * pg_load_options: how ce-import loads tables.
 */
#ifndef CE_PG_LOAD_OPTIONS_H
#define CE_PG_LOAD_OPTIONS_H

#include "base/bound.h"
#include "base/warnings.h"

#include <stdbool.h>
#include <stddef.h>

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

/* Of all tables of a transaction. Everything is borrowed. */
struct pg_load_options {
	enum pg_load_mode mode;
	const char *const *keys; /* PG_LOAD_UPSERT's, n_keys > 0; else none */
	size_t n_keys;
	const struct pg_load_type *types; /* of a table that is made; before the catalogue's */
	size_t n_types;
	struct bound max_loss; /* rows that PG_LOAD_REPLACE may leave a table fewer than it had */
	bool analyze;
	struct warnings *warnings; /* gets what looks wrong */
};

#endif
