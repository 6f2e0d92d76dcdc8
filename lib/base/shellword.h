/*
 * shellword: text as one word of a shell, for the commands that messages suggest.
 */
#ifndef CE_SHELLWORD_H
#define CE_SHELLWORD_H

#include "base/buf.h"

#include <stdbool.h>

/* Whether a POSIX shell takes the text for itself without quotes. */
bool shellword_is_plain(const char *text);

/* Appends the text: in single quotes if anything in it needs them. */
void shellword_put(struct buf *out, const char *text);

#endif
