/*
 * rowmap: where a row that was sent on came from, in constant memory.
 *
 * A row's number and the line of the input on which it began go up together except after a record
 * of several lines, blank lines and the end of a file; so the rows are kept as runs in which they
 * do, the newest of them.
 */
#ifndef CE_ROWMAP_H
#define CE_ROWMAP_H

#include "base/ring.h"

#include <stdbool.h>
#include <stdint.h>

/* The runs kept: a server reports an error a few buffers after the row, not more. */
#define ROWMAP_MAX_RUNS 65536

struct rowmap {
	struct ring runs;
	uint64_t n_rows; /* added so far */
};

void rowmap_init(struct rowmap *o);

/*
 * The next row: it began on `line` of `file`, a pointer that stays the same for the same file and
 * must outlive o.
 */
void rowmap_add(struct rowmap *o, const char *file, uint64_t line);

/* Finds the row with that number, from 0. Returns false if it is not, or no longer, known. */
bool rowmap_find(const struct rowmap *o, uint64_t row, const char **file, uint64_t *line);

void rowmap_release(struct rowmap *o);

#endif
