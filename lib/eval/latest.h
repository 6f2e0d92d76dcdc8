/*
 * latest: of rows that stream by, the last one of each value of a column.
 *
 * Memory: 32 bytes a value, that of intern, and the row: the text to be written, and where its
 * fields are wanted, their text and 4 bytes each. No more rows are held than there are values.
 */
#ifndef CE_LATEST_H
#define CE_LATEST_H

#include "base/intern.h"
#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latest {
	int column;
	size_t n_fields; /* of a row; 0: its fields are not wanted */
	struct intern values;
	struct latest_row *rows; /* [values.n] by id */
	size_t cap;
	uint64_t n; /* rows so far */
};

#define LATEST_INIT                                                                                \
	{                                                                                          \
		.values = INTERN_INIT                                                              \
	}

/* Keeps the row, and what is to be written of it, in place of an earlier one of its value, whose
 * column is `column`; NULL and the empty string are one value. */
void latest_keep(struct latest *l, const struct csv_row *row, const char *text, size_t len);

/*
 * Visits the rows that are left, in the order in which they came, until a visit is not 0; returns
 * that, or 0. `row` has fields alone, and is NULL where they are not wanted.
 */
typedef int latest_visitor(void *context, const char *text, size_t len, const struct csv_row *row);
int latest_visit(const struct latest *l, latest_visitor *visit, void *context);

/* Frees the memory; harmless on zeroed memory. */
void latest_release(struct latest *l);

#endif
