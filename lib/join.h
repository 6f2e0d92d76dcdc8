/*
 * join: a dimension table in memory, found by its key. Layer: over csvio, schema, intern.
 *
 * Keys compare bytewise; a NULL key matches nothing. Memory: the encoded text of the columns that
 * are kept, the key, and 56 bytes, a row of the dimension.
 */
#ifndef CE_JOIN_H
#define CE_JOIN_H

#include "buf.h"
#include "csvio.h"
#include "intern.h"

struct join_text {
	const char *s;
	size_t len;
};

struct join_dimension {
	const char *key;  /* the key column's name: borrowed */
	const char *path; /* borrowed */
	char **names;     /* the columns it adds */
	size_t n_names;
	struct intern keys;
	struct join_text *rows; /* by key id: the added columns, CSV-encoded */
	size_t cap;
	struct arena texts;
	int column;           /* of the key in the stream; set by join_bind */
	uint64_t n_unmatched; /* stream rows without a match here; join_find counts */
};

/* Columns that are not wanted, whichever side has them. */
struct join_drops {
	const char *const *names; /* borrowed */
	size_t n;
	bool *seen; /* per name: some side has it */
};

/* Whether the column is to be dropped; remembers that it exists. */
bool join_dropped(struct join_drops *drops, const char *column);

/*
 * Loads the table at `path` but for its key and what is dropped. A missing key column, an empty or
 * repeated key are errors. Returns 0, or -1 with err.
 */
int join_load(struct join_dimension *d, const char *key, const char *path, struct join_drops *drops,
	      struct err *err);
void join_release(struct join_dimension *d);

/*
 * Finds the keys of the n dimensions in the stream's header, and checks that no added column is
 * there already or comes from an earlier dimension. Returns 0, or -1 with err.
 */
int join_bind(struct join_dimension *dimensions, size_t n, const struct csv_reader *in,
	      struct err *err);

/* The columns to add to this row of the stream, or NULL: no match. */
const struct join_text *join_find(struct join_dimension *d, const struct csv_row *row);

#endif
