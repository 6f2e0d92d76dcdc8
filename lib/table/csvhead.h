/*
 * csvhead: how a CSV begins: what comes before its header, and what that says of its delimiter.
 *
 * Before the header may come byte-order marks, blank lines, and the line by which spreadsheets name
 * the delimiter, `sep=;`. Knows nothing of records: that is csvreader's.
 */
#ifndef CE_CSVHEAD_H
#define CE_CSVHEAD_H

#include <stdbool.h>
#include <stddef.h>

/* So many bytes decide what comes first; fewer if the input ends. */
#define CSVHEAD_LOOK 512

/*
 * Whether c can be a delimiter: an ASCII character that is no letter, digit or quote, and ends no
 * line.
 */
bool csvhead_may_delimit(char c);

/*
 * Whether the first len bytes tell how the input begins: CSVHEAD_LOOK do, and so does a first line
 * of text that cannot be JSON. More may be long in coming, from a pipe that is written slowly.
 */
bool csvhead_is_enough(const char *s, size_t len);

/*
 * The bytes at s to pass over: one byte-order mark, blank line (also of blanks) or `sep=` line,
 * which sets *delimiter; 0: the header begins here. `len` is enough, or all there is.
 */
size_t csvhead_skip(const char *s, size_t len, char *delimiter);

/*
 * The delimiter of the header, a record of len bytes: a comma, if it has one outside quotes; else
 * the tab, semicolon or vertical bar that it has most of; else a comma, for a table of one column.
 */
char csvhead_delimiter(const char *record, size_t len);

/*
 * Whether a header whose first name this is, without quotes, is taken for something else: for one
 * that begins with a mark or a blank, for a `sep=` line, for several columns, for a format that is
 * no CSV.
 */
bool csvhead_misleads(const char *name, size_t len);

#endif
