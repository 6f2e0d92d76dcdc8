/*
 * schema: which columns an input has, and which columns the system's own tables have.
 *
 * The catalogue is the one place that spells the tables, their column order, types and keys; every
 * tool writes its headers from it. Layer: over csvio.
 */
#ifndef CE_SCHEMA_H
#define CE_SCHEMA_H

#include "csvio.h"

enum schema_type {
	SCHEMA_TEXT,
	SCHEMA_BIGINT,    /* 64-bit integer */
	SCHEMA_FLAG,      /* 0 or 1 */
	SCHEMA_DECIMAL,   /* a decimal number of at most 6 digits behind the point */
	SCHEMA_REAL,      /* a double, as the shortest decimal that reads back as it */
	SCHEMA_TIMESTAMP, /* ISO 8601 */
};

struct schema_column {
	const char *name;
	enum schema_type type;
	bool key; /* part of the primary key */
};

struct schema_table {
	const char *name;
	const struct schema_column *columns;
	size_t n;
};

/* The table of that name, or NULL. */
const struct schema_table *schema_table(const char *name);

/* The i-th table of the catalogue, in the order of the pipeline; NULL behind the last. */
const struct schema_table *schema_table_at(size_t i);

/* The columns that ce-agg appends to each event; a table in all but name. */
extern const struct schema_table schema_history;

/* Appends the table's column names as CSV fields to `row`, which the caller ends. */
void schema_put_names(struct buf *row, const struct schema_table *table);

/* The index of the column in the header, or -1. */
int schema_find(const struct csv_header *header, const char *name);

/* The same, but a missing column is an error: returns the index, or -1 with err. */
int schema_require(const struct csv_reader *in, const char *name, struct err *err);

/*
 * Fails if a tool's own output columns, `names` of n, are in the input already. Returns 0, or -1
 * with err.
 */
int schema_refuse(const struct csv_reader *in, const struct schema_column *columns, size_t n,
		  struct err *err);

#endif
