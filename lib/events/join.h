/*
 * join: a dimension table in memory, found by its key.
 *
 * Keys compare bytewise; a NULL key matches nothing. Memory, a row of the dimension: that of intern
 * for its key, 32 to 48 bytes, and the encoded text of the columns that are kept if that is longer
 * than JOIN_NEAR.
 */
#ifndef CE_JOIN_H
#define CE_JOIN_H

#include "base/buf.h"
#include "base/intern.h"
#include "table/csvio.h"

#include <string.h>

/* Short ones lie in the table itself, so that they are one look at memory. */
#define JOIN_NEAR 28

struct join_text {
	char near[JOIN_NEAR]; /* or, of a longer one, a pointer to it */
	uint32_t len;
};

static inline const char *join_text(const struct join_text *text)
{
	const char *far;

	if (text->len <= JOIN_NEAR)
		return text->near;
	memcpy(&far, text->near, sizeof(far));
	return far;
}

struct join_dimension {
	const char *key;  /* the key column's name: borrowed */
	const char *path; /* borrowed */
	char **names;     /* the columns it adds */
	size_t n_names;
	struct intern keys;
	struct join_text *rows; /* by key id: the added columns, CSV-encoded */
	size_t cap;
	struct arena texts;
	int column;               /* of the key in the stream; set by join_bind */
	struct intern_key wanted; /* of the stream's row; s is NULL if it has none */
	uint64_t n_unmatched;     /* stream rows without a match here; join_find counts */
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

/*
 * Asks memory for what rows to come will look at, where the dimension is large; after
 * csv_reader_look_ahead.
 */
void join_prefetch(const struct join_dimension *d, const struct csv_reader *in);

/*
 * Looks for the row's key: join_prepare asks memory for where it is, join_find returns the columns
 * to add, or NULL: no match. The first for all dimensions, then something else, then the second.
 */
void join_prepare(struct join_dimension *d, const struct csv_row *row);
const struct join_text *join_find(struct join_dimension *d);

#endif
