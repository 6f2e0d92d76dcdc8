/*
 * intern: string -> dense id.
 *
 * Ids count 0, 1, 2 ... in the order of first appearance, so state per id lives in plain arrays.
 * Open addressing with linear probing at a load of at most 2/3. A string of at most 11 bytes lies
 * in its slot, so that one look at memory finds it; of a longer one the slot has a hash of 64 bits,
 * and where that is equal, the strings are compared.
 *
 * Memory: 40 to 64 bytes and the string (with a NUL) a string; measured, a million strings of 8
 * bytes: 68 bytes each.
 */
#ifndef CE_INTERN_H
#define CE_INTERN_H

#include "base/mem.h"
#include "base/small.h"

#include <stddef.h>
#include <stdint.h>

#define INTERN_NONE UINT32_MAX

struct intern_string {
	const char *s; /* NUL-terminated, but may hold NULs */
	uint32_t len;
};

/*
 *             bytes of a slot   0 .. 7             8 .. 10      11       12 .. 15
 *   a string of up to 11 bytes  its first 8        the others   length   id + 1
 *   a longer one                its 64-bit hash    255          255      id + 1
 */
struct intern_slot {
	uint64_t head;
	uint32_t tail;
	uint32_t id_plus_1; /* 0: free */
};

struct intern {
	uint32_t n; /* ids in use: 0 ... n-1 */
	struct intern_slot *slots;
	size_t n_slots; /* a power of two */
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

/*
 * An id for a string that is new and stays the caller's, for who finds it by other means:
 * intern_find and intern_id do not know it.
 */
uint32_t intern_append(struct intern *t, const struct intern_string *string);

/* The string of an id; it stays valid until intern_release, the struct until the next intern_id. */
static inline const struct intern_string *intern_string(const struct intern *t, uint32_t id)
{
	return &t->strings[id];
}

void intern_release(struct intern *t);

/*
 * The same in two steps, for who has something to do in between: the first asks memory for the slot
 * where the second will look.
 */
struct intern_key {
	const char *s; /* borrowed */
	size_t len;
	struct intern_slot slot; /* without its id */
	uint64_t hash;
};

struct intern_key intern_prepare(const struct intern *t, const char *s, size_t len);
uint32_t intern_key_id(struct intern *t, const struct intern_key *key);
uint32_t intern_key_find(const struct intern *t, const struct intern_key *key);

/* From so many ids on, what is kept of each is too much to stay near the processor. */
#define INTERN_FAR SMALL(16384, 2)

#endif
