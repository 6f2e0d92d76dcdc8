/*
 * colname: the names of columns, as people write them.
 *
 * A database writes EVENT_ID, a spreadsheet " event_id". Two names are alike if they differ only in
 * the case of ASCII letters and in outer blanks; where no name is exactly the one that is wanted,
 * the only one that is alike will do.
 */
#ifndef CE_COLNAME_H
#define CE_COLNAME_H

#include <stdbool.h>
#include <stddef.h>

bool colname_alike(const char *a, const char *b);

/*
 * Gives each name of a header that is alike to a column of the pipe, and is not it, that column's
 * name, in its place: unless the header has that very name, or two that are alike to it. The
 * columns of the pipe are those of the tables of users, contents, events and what is made of them,
 * up to the predictions; others' names (x, kind, value) are too common to be taken for them.
 */
void colname_normalise(char *const *names, size_t n);

#endif
