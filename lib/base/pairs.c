#include "base/pairs.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)64)

struct key {
	uint32_t a_plus_1; /* 0: the slot is free */
	uint32_t b;
};

static struct key *slot_at(const struct pairs *t, size_t i)
{
	return (struct key *)(void *)(t->slots + i * t->size);
}

/* Where the search for a pair begins. */
static size_t home(const struct pairs *t, uint32_t a_plus_1, uint32_t b)
{
	return hash_words((uint64_t)a_plus_1 << 32 | b, 0) & (t->n_slots - 1);
}

/* The slot that holds the pair, or the free one where it belongs. */
static size_t find_slot(const struct pairs *t, uint32_t a, uint32_t b)
{
	const uint32_t a_plus_1 = a + 1;
	size_t i = home(t, a_plus_1, b);

	for (;; i = (i + 1) & (t->n_slots - 1)) {
		const struct key *key = slot_at(t, i);

		if (!key->a_plus_1 || (key->a_plus_1 == a_plus_1 && key->b == b))
			return i;
	}
}

static void grow(struct pairs *t)
{
	struct pairs old = *t;

	t->n_slots = t->n_slots ? t->n_slots * 2 : FIRST_SLOTS;
	t->slots = mem_table(t->n_slots, t->size);
	for (size_t i = 0; i < old.n_slots; i++) {
		const struct key *key = slot_at(&old, i);

		if (key->a_plus_1)
			memcpy(slot_at(t, find_slot(t, key->a_plus_1 - 1, key->b)), key, t->size);
	}
	free(old.slots);
}

void pairs_prefetch(const struct pairs *t, uint32_t a, uint32_t b)
{
	if (t->n)
		__builtin_prefetch(slot_at(t, home(t, a + 1, b)), 1);
}

void *pairs_get(struct pairs *t, uint32_t a, uint32_t b)
{
	struct key *key;
	size_t i;

	if ((t->n + 1) * 3 > t->n_slots * 2)
		grow(t);
	i = find_slot(t, a, b);
	key = slot_at(t, i);
	if (!key->a_plus_1) {
		while (hash_is_crowded((i - home(t, a + 1, b)) & (t->n_slots - 1), t->n,
				       t->n_slots)) {
			grow(t);
			i = find_slot(t, a, b);
			key = slot_at(t, i);
		}
		*key = (struct key){ a + 1, b };
		t->n++;
	}
	return key + 1;
}

void *pairs_find(const struct pairs *t, uint32_t a, uint32_t b)
{
	struct key *key;

	if (!t->n)
		return NULL;
	key = slot_at(t, find_slot(t, a, b));
	return key->a_plus_1 ? key + 1 : NULL;
}

void pairs_remove(struct pairs *t, uint32_t a, uint32_t b)
{
	size_t mask = t->n_slots - 1, hole = find_slot(t, a, b);

	/* Whatever the hole would hide from a search that comes by it moves into it. */
	for (size_t i = (hole + 1) & mask;; i = (i + 1) & mask) {
		const struct key *key = slot_at(t, i);

		if (!key->a_plus_1)
			break;
		if (((i - home(t, key->a_plus_1, key->b)) & mask) >= ((i - hole) & mask)) {
			memcpy(slot_at(t, hole), key, t->size);
			hole = i;
		}
	}
	memset(slot_at(t, hole), 0, t->size);
	t->n--;
}

void *pairs_next(const struct pairs *t, size_t *at, uint32_t *a, uint32_t *b)
{
	while (*at < t->n_slots) {
		struct key *key = slot_at(t, (*at)++);

		if (!key->a_plus_1)
			continue;
		*a = key->a_plus_1 - 1;
		*b = key->b;
		return key + 1;
	}
	return NULL;
}

void pairs_release(struct pairs *t)
{
	free(t->slots);
	*t = (struct pairs){ NULL, t->size, 0, 0 };
}
