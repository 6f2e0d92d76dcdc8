/*
 * columns: which columns an input has.
 */
#ifndef CE_COLUMNS_H
#define CE_COLUMNS_H

#include "base/names.h"
#include "table/catalogue.h"
#include "table/csvreader.h"

#include <stdbool.h>

/* The index of the column of exactly that name in the header, or -1. */
int columns_find(const struct csv_header *header, const char *name);

/* The same, but without such a name the only one that is alike (colname_alike) will do. */
int columns_find_alike(const struct csv_header *header, const char *name);

/*
 * The same, but a missing column is an error, which tells which tool makes it, the nearest name,
 * and what the header has; so are two that are alike. Returns the index, or -1 with err. The column
 * keeps the name that it has: who compares names compares that of the header.
 */
int columns_require(const struct csv_reader *in, const char *name, struct err *err);

/*
 * Which columns of the header a list names, each as columns_require finds it: an array of the
 * header's length, which the caller frees; NULL with err. Unless `all` is NULL, the name "*" is no
 * column's, and *all is whether the list has it.
 */
bool *columns_listed(const struct csv_reader *in, const struct names *list, bool *all,
		     struct err *err);

/*
 * Fails if a tool's own output columns, `names` of n, are in the input already. Returns 0, or -1
 * with err.
 */
int columns_refuse(const struct csv_reader *in, const struct catalogue_column *columns, size_t n,
		   struct err *err);

/* "FILE:LINE: MESSAGE" about the header, which is on that line. Always returns -1. */
int columns_fail(const struct csv_reader *in, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
