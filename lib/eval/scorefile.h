/*
 * scorefile: what another model said of rows, to be found by their key.
 *
 * Memory: that of intern and 9 bytes a row.
 */
#ifndef CE_SCOREFILE_H
#define CE_SCOREFILE_H

#include "base/intern.h"
#include "table/csvio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which file, and which of its columns. Borrowed. */
struct scorefile_source {
	const char *path; /* "-": standard input */
	const char *key;
	const char *score;
};

struct scorefile {
	/* For callers to read. */
	uint64_t n_scores; /* rows that have one */
	uint64_t n_found;  /* those that were asked for */

	/* The module's own. */
	struct intern keys;
	double *scores; /* of each key; NAN: a row of another split */
	bool *taken;
	size_t cap;
};

#define SCOREFILE_INIT                                                                             \
	{                                                                                          \
		.keys = INTERN_INIT                                                                \
	}

/*
 * Reads the file. If it has a column `split` and `split` is not NULL, only rows with that word
 * there have a score. Returns 0, or -1 with err: a bad score, an empty key, one that is there
 * twice.
 */
int scorefile_read(struct scorefile *p, const struct scorefile_source *source, const char *split,
		   struct err *err);

/*
 * The score of a key: returns 1 with *score, 0 if there is none, or -1 if it was asked for before.
 */
int scorefile_take(struct scorefile *p, const char *key, size_t len, double *score);

void scorefile_release(struct scorefile *p);

/*
 * Reads the current row's field f of column `column` as a probability. Returns 0, or -1 with err:
 * it is empty, or no number from 0 to 1.
 */
int scorefile_score(const struct csv_reader *in, int column, const struct csv_field *f,
		    double *score, struct err *err);

#endif
