/*
 * record: one record of a log, as far as a recipe asks for it.
 */
#ifndef CE_RECORD_H
#define CE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is in a slot (see path). What is at fault matters only to who asks for the value. */
enum value_kind {
	VALUE_EMPTY, /* missing, null, or no characters */
	VALUE_TEXT,
	VALUE_COMPOUND, /* an object or array */
	VALUE_TWICE,    /* its key, or one above it, stands twice in its object */
	VALUE_NO_TEXT,  /* ill-formed UTF-8, a lone surrogate, or a NUL */
	VALUE_NO_JSON   /* in a string which holds none, where the path wants some */
};

struct value {
	const char *s; /* not NUL-terminated, and never NULL */
	uint32_t len;
	enum value_kind kind;
	bool has_more; /* its array has elements behind those that the recipe takes */
};

/* Borrowed: valid until the reader's next. */
struct record {
	const struct value *values; /* [slots] */
	const char *file;
	uint64_t line;     /* on which it begins, from 1 */
	const char *fault; /* NULL, or why it is no record: then it has no values */
};

#endif
