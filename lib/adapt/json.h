/*
 * json: the values that paths lead to, in JSON (RFC 8259) that comes as text or as a stream.
 *
 * The parser is yajl's, which calls us for each token; what no path leads to is passed over without
 * a copy. Numbers stay the text that they are. On top of yajl: text that is asked for is
 * well-formed UTF-8 without NUL and without half of a surrogate pair, or VALUE_NO_TEXT; a key twice
 * in one object is VALUE_TWICE; and nesting has a bound. Memory: the longest token, the values of
 * the records that wait to be taken, and a byte a level. The one module that calls yajl.
 */
#ifndef CE_JSON_H
#define CE_JSON_H

#include "adapt/path.h"
#include "adapt/recipe.h"
#include "adapt/record.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX  1000
#define JSON_RECORD_MAX ((size_t)64 * 1024 * 1024) /* bytes of a record in a stream */

struct json; /* opaque */

/*
 * A parser of records. records: the path of the array that holds them in each document, NULL: they
 * are in an array, or stand by themselves. The paths must be complete and outlive the parser.
 * Returns NULL with err: `records` is no path. The caller frees with json_free.
 */
struct json *json_new(const struct paths *paths, const char *records, struct err *err);

/* Sets the words that are read as empty. Borrowed: they must outlive the parser. */
void json_set_na(struct json *j, const struct recipe_words *na);

/*
 * Parses a text that is one object: the record to be taken. The text may be changed.
 * Returns NULL, or why it is no record: valid until the next call.
 */
const char *json_text(struct json *j, char *s, size_t len);

/*
 * Parses the next piece of a stream; its records are all to be taken before the next. line: on
 * which it begins. *keep bytes at its end have not been parsed and must come again. Returns NULL,
 * or what is wrong, at *error_line; no record can follow.
 */
const char *json_piece(struct json *j, char *s, size_t len, uint64_t line, size_t *keep,
		       uint64_t *error_line);

/* At the end of a file: NULL, or what is missing. The next file begins anew. */
const char *json_end(struct json *j);

/* Takes the next record, its values until the next call of any kind. Returns whether there is one.
 */
bool json_take(struct json *j, struct record *record);

/*
 * For records that come from elsewhere and have JSON in a value: finds what is below a node in the
 * text; where it is no JSON all of that is VALUE_NO_JSON. json_found then sets values[slots] of
 * what was found since it was last called; they are valid until the next call.
 */
void json_inside(struct json *j, const struct path_node *node, const char *s, size_t len);
void json_found(struct json *j, struct value *values);

void json_free(struct json *j);

#endif
