/*
 * scorefile: the scores that another model gave to rows, found in its file by their key.
 *
 * The keys are asked for first and the file is read then: it may be made while the rows are read.
 * Memory: that of intern and 9 bytes a key, of the rows and of the file.
 */
#ifndef CE_SCOREFILE_H
#define CE_SCOREFILE_H

#include "base/intern.h"
#include "table/csvreader.h"

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
	/* For callers to read, once the file is read. */
	double *scores;    /* [n_wanted] in the order of scorefile_want; NAN: the file has none */
	uint64_t n_scores; /* rows of the file that have a score */
	uint64_t n_found;  /* those that were wanted */

	/* The module's own. */
	struct intern keys; /* that are wanted, then the others of the file */
	uint32_t n_wanted;
	bool *seen; /* [cap] whether the file has had the key */
	size_t cap;
};

#define SCOREFILE_INIT                                                                             \
	{                                                                                          \
		.keys = INTERN_INIT                                                                \
	}

/* Asks for the score of the row with this key. Returns 0, or -1: the key was asked for before. */
int scorefile_want(struct scorefile *p, const char *key, size_t len);

/*
 * Reads the file. If it has a column `split` and `split` is not NULL, only rows with that word
 * there have a score. Returns 0, or -1 with err: a bad score, an empty or duplicate key.
 */
int scorefile_read(struct scorefile *p, const struct scorefile_source *source, const char *split,
		   struct err *err);

void scorefile_release(struct scorefile *p);

/*
 * Reads the current row's field f of column `column` as a probability. Returns 0, or -1 with err:
 * it is empty, or no number from 0 to 1.
 */
int scorefile_score(const struct csv_reader *in, int column, const struct csv_field *f,
		    double *score, struct err *err);

#endif
