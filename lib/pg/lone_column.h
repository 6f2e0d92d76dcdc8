/*
 * lone_column: whether a table of one column is one of several, read by the wrong separator.
 *
 * Such a column has the whole header for its name. Where a title was put above the header, or the
 * header is one name, its values are whole rows: each contains the separator, equally often.
 */
#ifndef CE_LONE_COLUMN_H
#define CE_LONE_COLUMN_H

#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>

#define LONE_COLUMN_SEPARATORS 3

/* The values looked at. */
#define LONE_COLUMN_ROWS 10

struct lone_column {
	size_t n_rows;
	size_t n[LONE_COLUMN_SEPARATORS]; /* of each, in every value so far; 0: not in each */
};

/* The separator that the name contains, most often if several: tab ; | or a comma. 0: none. */
char lone_column_name(const char *name);

/* The next value. Returns whether it is the last to look at; NULLs and later ones are ignored. */
bool lone_column_add(struct lone_column *c, const struct csv_field *value);

/* The separator that each value contains equally often: tab ; or |. 0: none. */
char lone_column_values(const struct lone_column *c);

/* The separator as a word of the command line: ';' in its quotes, or tab. */
const char *lone_column_word(char separator);

#endif
