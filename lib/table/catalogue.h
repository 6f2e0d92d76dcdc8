/*
 * catalogue: the tables that the tools read and write.
 *
 * tables.def lists the tables with their columns in order; columns.def, sessions.def, history.def,
 * online.def and features.def describe the columns. From these lists come the catalogue, the rows
 * that tools write, the SQL types of ce-import, the manual page ce-tables(5) and the columns that
 * the tests expect. A line more is a column more; two lines swapped are two columns swapped, each
 * with its own values.
 */
#ifndef CE_CATALOGUE_H
#define CE_CATALOGUE_H

#include "base/buf.h"
#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>

enum catalogue_type {
	CATALOGUE_TEXT,      /* UTF-8 without NUL */
	CATALOGUE_RAW,       /* any bytes: ce-import escapes what is not such text */
	CATALOGUE_BIGINT,    /* 64-bit integer */
	CATALOGUE_FLAG,      /* 0 or 1 */
	CATALOGUE_DECIMAL,   /* a decimal number of at most 6 digits after the point */
	CATALOGUE_REAL,      /* a double, as the shortest decimal that reads back as it */
	CATALOGUE_TIMESTAMP, /* ISO 8601 */
};

struct catalogue_column {
	const char *name;
	enum catalogue_type type;
	bool key;         /* part of the primary key */
	const char *unit; /* "ms", "rows"; "": it has none */
};

struct catalogue_table {
	const char *name;
	const struct catalogue_column *columns; /* [n] */
	size_t n;
	const char *maker; /* "ce-agg", "ce-predict --drift" */
};

/* The table of that name, or NULL. */
const struct catalogue_table *catalogue_table(const char *name);

/* The i-th table of the catalogue, in the order of the pipeline; NULL after the last. */
const struct catalogue_table *catalogue_table_at(size_t i);

/* The place of the column of that name in the table, or -1. */
int catalogue_column(const struct catalogue_table *table, const char *name);

/* The column of that name in completion_prediction_features, or NULL. */
const struct catalogue_column *catalogue_feature(const char *name);

/* Why the distribution of a feature changes though nothing else does: see natures.def. */
enum catalogue_nature { CATALOGUE_STEADY, CATALOGUE_COUNTER, CATALOGUE_CALENDAR };

/* That of any column; one that is not known should be steady. */
enum catalogue_nature catalogue_nature(const char *name);

/* The columns that ce-sessionize, ce-agg and ce-online append to each event; tables in all but
 * name.
 */
extern const struct catalogue_table catalogue_sessions, catalogue_history, catalogue_online;

/* The name of the type in SQL. */
const char *catalogue_sql_type(enum catalogue_type type);

/* Appends the table's column names as CSV fields to `row`, which the caller ends. */
void catalogue_put_names(struct buf *row, const struct catalogue_table *table);

/*
 * A row of each table, struct row_TABLE, with a member for each column, in the table's order. What
 * is not set is NULL. csv_put_values(out, CATALOGUE_VALUES(&row)) appends it.
 */
#define TABLE(name, maker, row)                      struct row_##name {
#define KEY(name)                                    struct csv_value name;
#define USE(name)                                    struct csv_value name;
#define OWN_KEY(name, type, unit, definition, empty) struct csv_value name;
#define OWN(name, type, unit, definition, empty)     struct csv_value name;
#define END                                                                                        \
	}                                                                                          \
	;
#include "table/tables.def"

#define CATALOGUE_VALUES(row)                                                                      \
	((const struct csv_value *)(row)), sizeof(*(row)) / sizeof(struct csv_value)

/* Fails to compile unless the table's column stands at that place, from 0: for writers that go by
 * it. */
#define CATALOGUE_ASSERT_PLACE(table, column, place)                                               \
	_Static_assert(offsetof(struct row_##table, column) == (place) * sizeof(struct csv_value), \
		       #table "." #column " is elsewhere")

#endif
