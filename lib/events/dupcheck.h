/*
 * dupcheck: which hashes come with more than one value.
 *
 * Pairs of a 64-bit hash and a value are added in any order; afterwards a hash can be asked for.
 * The answer yes can be wrong, if seldom; no is certain. What is asked is only whether two pairs
 * meet, so nothing is sorted: the pairs are dealt out by the top bits of their hash, and each part
 * is looked through on its own with a small table (the partitioning of the Grace hash join:
 * Kitsuregawa, Tanaka and Moto-oka, 1983):
 *
 *	pairs --> by their top bits --> 256 open pages
 *	                                   | when one is full
 *	                                   v
 *	              full pages, in memory and, beyond the limit, in $TMPDIR,
 *	              each with the number of the one before it in its part
 *	                                   |
 *	               part by part        v
 *	              hash --> first value: another value? --> the repeats
 *
 * Memory: 16 bytes a pair, within the limit, and besides 16 to 32 bytes a hash that repeats.
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

/* Ends the adding; frees all but the hashes that repeat. Returns 0, or -1 with err. */
int dupcheck_finish(struct dupcheck *r, struct err *err);

/* Whether the hash came with more than one value; once the adding has ended. */
bool dupcheck_has(const struct dupcheck *r, uint64_t hash);

/* Frees everything; r may be NULL. */
void dupcheck_free(struct dupcheck *r);

#endif
