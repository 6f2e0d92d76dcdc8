/*
 * extsort: external merge sort of rows by (integer key, bytes), stable.
 *
 * Rows gather in memory up to a limit; beyond it, sorted runs go to a nameless file in $TMPDIR and
 * are merged, in several passes where there are many. The order of the rows does not depend on the
 * limit. Input that is nearly in order (rows late by a little) is sorted in nearly linear time.
 * Memory: 32 bytes and its own bytes a row (a head of 8, an entry of 16, and half an entry while
 * they are sorted), within the limit; only a single row that is larger than the limit, or than its
 * share of it while runs are merged, goes beyond. The disk holds the rows with 16 bytes each, twice
 * while a pass is under way.
 */
#ifndef CE_EXTSORT_H
#define CE_EXTSORT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct extsort; /* opaque */

/* One row. Only key and the first `compare_len` bytes decide the order; the rest is carried. */
struct extsort_row {
	int64_t key;
	const char *bytes;
	size_t len;         /* below 4 GiB */
	size_t compare_len; /* <= len; as memcmp compares, a prefix before what it begins */
};

/* `mem_limit`: how many bytes to hold in memory; at least 1 MiB is used. */
struct extsort *extsort_new(uint64_t mem_limit);

/* Adds a copy of the row. Returns 0, or -1 with err (the temporary file could not be written). */
int extsort_add(struct extsort *s, const struct extsort_row *row, struct err *err);

/*
 * Adds a row of those lengths, whose bytes the caller writes to the `len` bytes that are returned,
 * before the next call: saves a copy where a row is put together. NULL with err on failure, as
 * extsort_add.
 */
char *extsort_reserve(struct extsort *s, int64_t key, size_t len, size_t compare_len,
		      struct err *err);

/* Ends the adding. Returns 0, or -1 with err. */
int extsort_finish(struct extsort *s, struct err *err);

/*
 * The next row in order; rows that compare equal come in the order in which they were added.
 * Returns 1 (row->bytes valid until the next call), 0 behind the last, or -1 with err.
 */
int extsort_next(struct extsort *s, struct extsort_row *row, struct err *err);

/* Goes back to the first row, which extsort_next returns next. Returns 0, or -1 with err. */
int extsort_rewind(struct extsort *s, struct err *err);

/* How many bytes are in memory: after extsort_finish, until extsort_free. */
uint64_t extsort_held(const struct extsort *s);

/* Frees everything; s may be NULL. */
void extsort_free(struct extsort *s);

#endif
