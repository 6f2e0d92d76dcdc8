/*
 * names: a list of names, as an option gives them: NAME[,NAME...], once or several times.
 */
#ifndef CE_NAMES_H
#define CE_NAMES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct names {
	char **name; /* [n] */
	size_t n;
};

#define NAMES_INIT                                                                                 \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/*
 * Appends the names of a comma-separated list, without blanks around them; one of nothing but
 * blanks stays as it is. Returns 0, or -1 with err: one of them is empty.
 */
int names_append(struct names *names, const char *list, struct err *err);

/* Appends one name as it is, of len bytes, none of them a NUL. */
void names_add(struct names *names, const char *name, size_t len);

/* Appends the list as names_append reads it, without a NUL. */
void names_put(struct buf *out, const struct names *names);

bool names_has(const struct names *names, const char *name);

/* Frees the memory; harmless on zeroed memory. */
void names_release(struct names *names);

#endif
