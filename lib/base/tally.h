/*
 * tally: how often each of some names came, for a person to read.
 *
 * Of names that may be anything, and any number: the first TALLY_NAMES are told apart, and the
 * first TALLY_LEN bytes of each. Memory: 8 KiB, and the names.
 */
#ifndef CE_TALLY_H
#define CE_TALLY_H

#include "base/buf.h"
#include "base/intern.h"

#include <stddef.h>
#include <stdint.h>

#define TALLY_NAMES 1000
#define TALLY_LEN   80

struct tally {
	struct intern names;
	uint64_t counts[TALLY_NAMES]; /* by id */
	uint64_t n;                   /* of all, those that are not told apart among them */
};

#define TALLY_INIT                                                                                 \
	{                                                                                          \
		.names = INTERN_INIT                                                               \
	}

/* Counts a name. Returns its id in `names`, or INTERN_NONE: it is not told apart. */
uint32_t tally_add(struct tally *t, const char *s, size_t len);

/*
 * The most frequent name that is not among the n in shown, of equals the bytewise smallest, or
 * INTERN_NONE.
 */
uint32_t tally_next(const struct tally *t, const uint32_t *shown, size_t n);

/* Appends the most frequent names, so that they cannot drive a terminal: "'a' 5, 'b' 1, others 3".
 */
void tally_put(const struct tally *t, struct buf *out);

/* Frees the memory; empty and usable again. */
void tally_release(struct tally *t);

#endif
