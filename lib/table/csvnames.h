/*
 * csvnames: the names in a table's header, and whether they are good ones.
 *
 * A name has neither NUL bytes nor carriage returns, and no two columns have the same; several may
 * have none.
 */
#ifndef CE_CSVNAMES_H
#define CE_CSVNAMES_H

#include "base/buf.h"
#include "base/err.h"
#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>

struct csvnames {
	char **names; /* n of them, NUL-terminated; the caller may change them */
	size_t n;
	struct buf as_read; /* the names as they were, each ended by a NUL */
};

/* All zeros are no names yet. */
#define CSVNAMES_INIT                                                                              \
	{                                                                                          \
		.names = NULL                                                                      \
	}

/* Takes those of the header. Returns 0, or -1 with err (without file and line). */
int csvnames_take(struct csvnames *h, const struct csv_row *header, struct err *err);

/* Whether another file's header has the same names, as they are written. */
bool csvnames_are(const struct csvnames *h, const struct csv_row *header);

/* Whether two headers have the same names, as they are written. */
bool csvnames_equal(const struct csvnames *a, const struct csvnames *b);

void csvnames_release(struct csvnames *h);

#endif
