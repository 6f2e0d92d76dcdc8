#include "base/intern.h"

#include "base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)64)
#define SHORT_MAX   ((size_t)11)
#define LONG        UINT32_MAX

/* The slot of a string, without its id. */
static struct intern_slot make_slot(const char *s, size_t len)
{
	if (len > SHORT_MAX)
		return (struct intern_slot){ hash_bytes(s, len), LONG, 0 };
	if (len <= 8)
		return (struct intern_slot){ hash_load(s, len), (uint32_t)len << 24, 0 };
	return (struct intern_slot){ hash_load(s, 8),
				     (uint32_t)(hash_load(s + 8, len - 8) | len << 24), 0 };
}

static uint64_t slot_hash(const struct intern_slot *slot)
{
	return slot->tail == LONG ? slot->head : hash_words(slot->head, slot->tail);
}

static struct intern_key make_key(const char *s, size_t len)
{
	struct intern_slot slot = make_slot(s, len);

	return (struct intern_key){ s, len, slot, slot_hash(&slot) };
}

/* Whether an occupied slot holds the string of the key. */
static bool holds(const struct intern *t, const struct intern_slot *slot,
		  const struct intern_key *key)
{
	const struct intern_string *have;

	if (slot->head != key->slot.head || slot->tail != key->slot.tail)
		return false;
	if (slot->tail != LONG)
		return true;
	have = &t->strings[slot->id_plus_1 - 1];
	return have->len == key->len && !memcmp(have->s, key->s, key->len);
}

/* The slot that holds the string, or the free one where it belongs. */
static struct intern_slot *find_slot(const struct intern *t, const struct intern_key *key)
{
	size_t mask = t->n_slots - 1;
	size_t i = key->hash & mask;

	while (t->slots[i].id_plus_1 && !holds(t, &t->slots[i], key))
		i = (i + 1) & mask;
	return &t->slots[i];
}

static void grow(struct intern *t)
{
	struct intern_slot *old = t->slots;
	size_t n_old = t->n_slots;

	t->n_slots = n_old ? n_old * 2 : FIRST_SLOTS;
	t->slots = mem_table(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < n_old; i++) {
		size_t to = slot_hash(&old[i]) & (t->n_slots - 1);

		if (!old[i].id_plus_1)
			continue;
		while (t->slots[to].id_plus_1)
			to = (to + 1) & (t->n_slots - 1);
		t->slots[to] = old[i];
	}
	free(old);
}

struct intern_key intern_prepare(const struct intern *t, const char *s, size_t len)
{
	struct intern_key key = make_key(s, len);

	if (t->n_slots)
		__builtin_prefetch(&t->slots[key.hash & (t->n_slots - 1)]);
	return key;
}

uint32_t intern_append(struct intern *t, const struct intern_string *string)
{
	if (t->n >= INTERN_NONE - 1)
		mem_fail("more than 2^32 - 2 distinct ids");
	if (t->n == t->cap) {
		t->cap = mem_grow(t->cap, (size_t)t->n + 1);
		t->strings = mem_realloc(t->strings, t->cap, sizeof(*t->strings));
	}
	t->strings[t->n] = *string;
	return t->n++;
}

uint32_t intern_key_id(struct intern *t, const struct intern_key *key)
{
	struct intern_string copy;
	struct intern_slot *slot;

	if (((size_t)t->n + 1) * 3 > t->n_slots * 2)
		grow(t);
	slot = find_slot(t, key);
	if (slot->id_plus_1)
		return slot->id_plus_1 - 1;
	while (hash_is_crowded(((size_t)(slot - t->slots) - key->hash) & (t->n_slots - 1), t->n,
			       t->n_slots)) {
		grow(t);
		slot = find_slot(t, key);
	}
	if (key->len > UINT32_MAX)
		mem_fail("an id of 4 GiB");
	copy = (struct intern_string){ arena_dup(&t->arena, key->s, key->len), (uint32_t)key->len };
	*slot = key->slot;
	slot->id_plus_1 = intern_append(t, &copy) + 1;
	return t->n - 1;
}

uint32_t intern_id(struct intern *t, const char *s, size_t len)
{
	const struct intern_key key = make_key(s, len);

	return intern_key_id(t, &key);
}

uint32_t intern_key_find(const struct intern *t, const struct intern_key *key)
{
	/* No id is INTERN_NONE, so that a free slot's 0 may stand for it. */
	return t->n ? find_slot(t, key)->id_plus_1 - 1 : INTERN_NONE;
}

uint32_t intern_find(const struct intern *t, const char *s, size_t len)
{
	const struct intern_key key = make_key(s, len);

	return intern_key_find(t, &key);
}

void intern_release(struct intern *t)
{
	free(t->slots);
	free(t->strings);
	arena_release(&t->arena);
	*t = (struct intern)INTERN_INIT;
}
