/*
 * lone_column: whether a table of one column is one of several, read by the wrong separator.
 *
 * Such a column has the whole header for its name. Where a title was put above the header, or the
 * header is one name, its values are whole rows: each contains the separator, equally often. A
 * blank, a colon, a circumflex or a tilde tells that only if the name has as many as each value.
 */
#ifndef CE_LONE_COLUMN_H
#define CE_LONE_COLUMN_H

#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>

#define LONE_COLUMN_SEPARATORS 7

/* The values looked at. */
#define LONE_COLUMN_ROWS 10

struct lone_column {
	size_t n_rows;
	size_t n[LONE_COLUMN_SEPARATORS]; /* of each, in every value so far; 0: not in each */
};

/*
 * The separator that the name contains: a control byte, such as Hive's \001, or most often if
 * several, tab ; | or a comma. 0: none.
 */
char lone_column_name(const char *name);

/* The next value. Returns whether it is the last to look at; NULLs and later ones are ignored. */
bool lone_column_add(struct lone_column *c, const struct csv_field *value);

/* The separator that each value contains equally often: tab ; or |. 0: none. */
char lone_column_values(const struct lone_column *c);

/* The separator that each value contains as often as the name: ~ ^ : or a blank. 0: none. */
char lone_column_rows(const struct lone_column *c, const char *name);

#define LONE_COLUMN_WORD 8

/* The separator as a word of the command line, written to `word`: ';' in its quotes, or tab. */
const char *lone_column_word(char separator, char word[LONE_COLUMN_WORD]);

#endif
