/*
 * intern: string -> dense id, and pair of ids -> dense id. Layer: over mem.
 *
 * Ids count 0, 1, 2 ... in the order of first appearance, so state per id lives in plain arrays.
 * Strings are compared whole; the hash only says where to look. Both tables use open addressing
 * with linear probing at a load of at most 1/2.
 * Memory: 24 to 40 bytes and the string (with a NUL) a string; 24 to 48 bytes a pair.
 */
#ifndef CE_INTERN_H
#define CE_INTERN_H

#include "mem.h"

#include <stddef.h>
#include <stdint.h>

#define INTERN_NONE UINT32_MAX

struct intern_string {
	const char *s; /* NUL-terminated, but may hold NULs */
	uint32_t len;
	uint32_t hash;
};

struct intern {
	uint32_t n;      /* ids in use: 0 ... n-1 */
	uint32_t *slots; /* id + 1, 0: free */
	size_t n_slots;  /* a power of two */
	struct intern_string *strings;
	size_t cap;
	struct arena arena;
};

#define INTERN_INIT                                                                                \
	{                                                                                          \
		.arena = ARENA_INIT                                                                \
	}

/* The id of the len bytes at s, a new one if they are new. */
uint32_t intern_id(struct intern *t, const char *s, size_t len);

/* The id, or INTERN_NONE if the string is unknown. */
uint32_t intern_find(const struct intern *t, const char *s, size_t len);

/* The string of an id; it stays valid until intern_release. */
static inline const struct intern_string *intern_string(const struct intern *t, uint32_t id)
{
	return &t->strings[id];
}

void intern_release(struct intern *t);

struct intern_pairs {
	uint32_t n;
	struct intern_pair_slot *slots;
	size_t n_slots;
};

#define INTERN_PAIRS_INIT                                                                          \
	{                                                                                          \
		0, NULL, 0                                                                         \
	}

/* The id of the ordered pair (a, b), a new one if it is new. */
uint32_t intern_pair(struct intern_pairs *t, uint32_t a, uint32_t b);

/* The id, or INTERN_NONE if the pair is unknown. */
uint32_t intern_pair_find(const struct intern_pairs *t, uint32_t a, uint32_t b);

void intern_pairs_release(struct intern_pairs *t);

/* A 64-bit hash of the bytes: for tables and fingerprints, not against an adversary. */
uint64_t intern_hash(const char *s, size_t len);

#endif
