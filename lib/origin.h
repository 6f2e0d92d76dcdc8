/*
 * origin: where a record that was sent on came from, in constant memory.
 *
 * Of each record it knows the number, the line of the input on which it began, and its line in what
 * was sent. The three go up together but behind a record of several lines, blank lines and the end
 * of a file; so the records are kept as runs in which they do, the newest of them.
 * Layer: over ring.
 */
#ifndef CE_ORIGIN_H
#define CE_ORIGIN_H

#include "ring.h"

#include <stdbool.h>
#include <stdint.h>

/* The runs kept: a server that complains does so some buffers behind us, and not more. */
#define ORIGIN_MAX_RUNS 65536

struct origin {
	struct ring runs;
	uint64_t n_rows;    /* added so far */
	uint64_t sent_line; /* of the next record, from 1 */
};

/* For records that are sent behind n_lines other lines. */
void origin_init(struct origin *o, uint64_t n_lines);

/*
 * The next record: it began on `line` of `file`, a pointer that stays the same for the same file
 * and must outlive o, and has n_lines >= 1 lines in what is sent.
 */
void origin_add(struct origin *o, const char *file, uint64_t line, uint64_t n_lines);

/*
 * Finds the record that a line of what was sent belongs to, or the one with a number (from 0).
 * Returns false if it is not, or no longer, known.
 */
bool origin_of_line(const struct origin *o, uint64_t sent_line, const char **file, uint64_t *line);
bool origin_of_row(const struct origin *o, uint64_t row, const char **file, uint64_t *line);

void origin_release(struct origin *o);

#endif
