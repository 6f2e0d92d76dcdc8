/*
 * dupcheck: which hashes come with more than one value.
 *
 * Pairs of a 64-bit hash and a value are added in any order; afterwards a hash can be asked for.
 * The answer no is certain. Yes can be wrong, but seldom is unless more hashes repeat than the
 * limit has room for. What is asked is only whether two pairs meet, so nothing is sorted: the pairs
 * are dealt out by the top bits of their hash, and each part is looked through on its own with a
 * small table (the partitioning of the Grace hash join: Kitsuregawa, Tanaka and Moto-oka, 1983).
 * What it finds is kept as one bit each (the filter of Bloom, 1970, with one hash):
 *
 *	pairs --> by their top bits --> 256 open pages
 *	                                   | when one is full
 *	                                   v
 *	              full pages, in memory and, beyond the limit, in $TMPDIR,
 *	              each with the number of the one before it in its part
 *	                                   |
 *	               part by part        v
 *	              hash --> first value: another value? --> the repeats: a bit each
 *
 * Memory: 16 bytes a pair and 1 to 2 for the bits, within the limit; the bits, which are what is
 * left in the end, take no more than an eighth of it.
 */
#ifndef CE_DUPCHECK_H
#define CE_DUPCHECK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct dupcheck; /* opaque */

/* `mem_limit`: how many bytes to hold in memory; at least 512 KiB are used. */
struct dupcheck *dupcheck_new(uint64_t mem_limit);

/* Returns 0, or -1 with err (the temporary file could not be written). */
int dupcheck_add(struct dupcheck *r, uint64_t hash, int64_t value, struct err *err);

/* Ends the adding; frees all but the bits of the repeats. Returns 0, or -1 with err. */
int dupcheck_finish(struct dupcheck *r, struct err *err);

/* Whether the hash came with more than one value; once the adding has ended. */
bool dupcheck_has(const struct dupcheck *r, uint64_t hash);

/* Frees everything; r may be NULL. */
void dupcheck_free(struct dupcheck *r);

#endif
