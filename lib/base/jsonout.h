/*
 * jsonout: JSON (RFC 8259), written.
 *
 * Values come one after the other; the commas between them are put by the module. The text is ASCII
 * but for printable characters, so that it cannot drive a terminal.
 */
#ifndef CE_JSONOUT_H
#define CE_JSONOUT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonout {
	struct buf *out; /* borrowed */
	bool comma;      /* the next value needs one before it */
};

/* An object or an array: '{' or '[' begins it, '}' or ']' ends it. */
void jsonout_open(struct jsonout *j, char bracket);
void jsonout_close(struct jsonout *j, char bracket);

/* The name of the value that follows, in an object. */
void jsonout_key(struct jsonout *j, const char *name);

/*
 * Values. Of text, each byte that belongs to no well-formed character of UTF-8 becomes U+FFFD. A
 * real number is the shortest decimal that reads back as the same double; one that is not finite is
 * null.
 */
void jsonout_null(struct jsonout *j);
void jsonout_bool(struct jsonout *j, bool value);
void jsonout_int(struct jsonout *j, int64_t value);
void jsonout_count(struct jsonout *j, uint64_t value);
void jsonout_real(struct jsonout *j, double value);
void jsonout_text(struct jsonout *j, const char *s, size_t len);
void jsonout_str(struct jsonout *j, const char *s); /* NULL: null */

#endif
