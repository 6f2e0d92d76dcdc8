/*
 * foreign: formats that are given to the tools in the place of CSV, told by their first bytes.
 */
#ifndef CE_FOREIGN_H
#define CE_FOREIGN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct foreign {
	const char *what;    /* "zstd-compressed" */
	const char *command; /* makes CSV of the file, which is @ in it; NULL: none does */
	const char *filter;  /* the same of standard input; NULL: none does; "": nothing is left */
	const char *hint;    /* instead of a command: what to do */
};

/* The format that begins with these bytes, or NULL: it may be CSV. The more bytes, the surer. */
const struct foreign *foreign_find(const char *s, size_t len);

/*
 * Appends "is WHAT: COMMAND | TOOL", what a message says after the name of the input. `path` is
 * NULL for standard input; is_gzip: the format was found inside of gzip; `tool` is NULL for a file
 * that is not the tool's main input.
 */
void foreign_explain(struct buf *out, const struct foreign *f, const char *path, bool is_gzip,
		     const char *tool);

#endif
