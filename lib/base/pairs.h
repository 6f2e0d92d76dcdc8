/*
 * pairs: state per ordered pair of ids, in one table.
 *
 * Open addressing with linear probing at a load of at most 2/3; the state lies in the slot next to
 * its pair, so that both are one look at memory. Pointers to states are valid until the next
 * pairs_get or pairs_remove.
 *
 * Memory: 8 bytes and the state, times 1.5 to 3, a pair that is in the table.
 */
#ifndef CE_PAIRS_H
#define CE_PAIRS_H

#include <stddef.h>
#include <stdint.h>

struct pairs {
	char *slots;    /* key and state each */
	size_t size;    /* of a slot */
	size_t n_slots; /* a power of two, or 0 */
	size_t n;       /* pairs in the table */
};

/* A table of states of that type. */
#define PAIRS_INIT(type)                                                                           \
	{                                                                                          \
		NULL, sizeof(uint32_t[2]) + sizeof(type), 0, 0                                     \
	}

/* Asks memory for where (a, b) is, for who has something to do before the next call. */
void pairs_prefetch(const struct pairs *t, uint32_t a, uint32_t b);

/* The state of (a, b), all zero bytes if it is new; a < UINT32_MAX. */
void *pairs_get(struct pairs *t, uint32_t a, uint32_t b);

/* The state of (a, b), or NULL. */
void *pairs_find(const struct pairs *t, uint32_t a, uint32_t b);

/* Forgets (a, b), which is in the table. */
void pairs_remove(struct pairs *t, uint32_t a, uint32_t b);

/*
 * Goes through the table in no order: *at is 0 at first. Returns the state of the next pair (*a,
 * *b), or NULL after the last. Nothing is added or removed in between.
 */
void *pairs_next(const struct pairs *t, size_t *at, uint32_t *a, uint32_t *b);

/* Frees the memory; the table is empty and usable again. */
void pairs_release(struct pairs *t);

#endif
