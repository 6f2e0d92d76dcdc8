/*
 * columns: which columns an input has.
 */
#ifndef CE_COLUMNS_H
#define CE_COLUMNS_H

#include "table/catalogue.h"
#include "table/csvio.h"

/* The index of the column of exactly that name in the header, or -1. */
int columns_find(const struct csv_header *header, const char *name);

/*
 * The same, but without such a name the only one that is alike (colname_alike) will do, and is
 * `name` from now on, so that who compares names finds it, too. A missing column is an error, which
 * tells which tool makes it, the nearest name, and what the header has. Returns the index, or -1
 * with err.
 */
int columns_require(const struct csv_reader *in, const char *name, struct err *err);

/*
 * Fails if a tool's own output columns, `names` of n, are in the input already. Returns 0, or -1
 * with err.
 */
int columns_refuse(const struct csv_reader *in, const struct catalogue_column *columns, size_t n,
		   struct err *err);

#endif
