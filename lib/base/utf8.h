/*
 * utf8: characters of text that may be anything.
 */
#ifndef CE_UTF8_H
#define CE_UTF8_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes of the character at s < end, 1 to 4; 0: none that is well-formed (The Unicode Standard,
 * table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF).
 */
size_t utf8_length(const char *s, const char *end);

/*
 * The same, but 0 also for what could drive a terminal, turn the text around it, or make two texts
 * look the same: C0, DEL, C1, line and paragraph separators, and what is invisible by definition
 * (The Unicode Standard, Default_Ignorable_Code_Point: soft hyphens, spaces and joiners of no
 * width, marks and overrides of directions, fillers, variation selectors, tags, U+FEFF), with the
 * interlinear annotations.
 */
size_t utf8_printable(const char *s, const char *end);

/*
 * Makes a '?' of each character of the text that is not printable, and of each byte that belongs to
 * none, such as those that are left of one which was cut in half. The text gets no longer.
 */
void utf8_mask(char *text);

/*
 * Appends at most `max` characters of the text, so that it cannot drive a terminal: what is not
 * printable is a `?`, and where more would come the last one is an ellipsis. Returns how many
 * characters that are.
 */
size_t utf8_put(struct buf *out, const char *s, size_t len, size_t max);

/* Bytes of the longest beginning that is well-formed, and without NUL. */
size_t utf8_span(const char *s, size_t len);

/* Whether all of it is well-formed, and no NUL among it: what a database takes as text. */
bool utf8_valid(const char *s, size_t len);

#endif
