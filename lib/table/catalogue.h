/*
 * catalogue: the tables that the tools read and write.
 *
 * The catalogue is the one place that spells the tables, their column order, types and keys; every
 * tool writes its headers from it.
 */
#ifndef CE_CATALOGUE_H
#define CE_CATALOGUE_H

#include "table/csvio.h"

enum catalogue_type {
	CATALOGUE_TEXT,
	CATALOGUE_BIGINT,    /* 64-bit integer */
	CATALOGUE_FLAG,      /* 0 or 1 */
	CATALOGUE_DECIMAL,   /* a decimal number of at most 6 digits behind the point */
	CATALOGUE_REAL,      /* a double, as the shortest decimal that reads back as it */
	CATALOGUE_TIMESTAMP, /* ISO 8601 */
};

struct catalogue_column {
	const char *name;
	enum catalogue_type type;
	bool key; /* part of the primary key */
};

struct catalogue_table {
	const char *name;
	const struct catalogue_column *columns;
	size_t n;
};

/* The table of that name, or NULL. */
const struct catalogue_table *catalogue_table(const char *name);

/* The i-th table of the catalogue, in the order of the pipeline; NULL behind the last. */
const struct catalogue_table *catalogue_table_at(size_t i);

/* The columns that ce-agg appends to each event; a table in all but name. */
extern const struct catalogue_table catalogue_history;

/* Appends the table's column names as CSV fields to `row`, which the caller ends. */
void catalogue_put_names(struct buf *row, const struct catalogue_table *table);

#endif
