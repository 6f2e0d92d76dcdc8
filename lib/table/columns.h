/*
 * columns: which columns an input has.
 */
#ifndef CE_COLUMNS_H
#define CE_COLUMNS_H

#include "table/catalogue.h"
#include "table/csvio.h"

/* The index of the column in the header, or -1. */
int columns_find(const struct csv_header *header, const char *name);

/* The same, but a missing column is an error: returns the index, or -1 with err. */
int columns_require(const struct csv_reader *in, const char *name, struct err *err);

/*
 * Fails if a tool's own output columns, `names` of n, are in the input already. Returns 0, or -1
 * with err.
 */
int columns_refuse(const struct csv_reader *in, const struct catalogue_column *columns, size_t n,
		   struct err *err);

#endif
