#include "intern.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)64)

struct intern_pair_slot {
	uint32_t a, b;
	uint32_t id_plus_1; /* 0: free */
};

/*
 * Two 64-bit halves of the product of two words fold into one: the mixing step of wyhash
 * (Wang Yi, public domain), by which every input bit reaches every output bit.
 */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t intern_hash(const char *s, size_t len)
{
	const uint64_t k0 = UINT64_C(0xa0761d6478bd642f), k1 = UINT64_C(0xe7037ed1a0b428db);
	uint64_t hash = k0 ^ len, word = 0;

	for (; len > 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		hash = mix(hash ^ word, k1);
	}
	word = 0;
	memcpy(&word, s, len);
	return mix(hash ^ word, k1 ^ k0);
}

static _Noreturn void too_many(void)
{
	/* 4 billion ids: out of memory in all but name, and reported as mem does. */
	fprintf(stderr, "ce: more than 2^32 - 2 distinct ids\n");
	exit(1);
}

/* The slot that holds the string, or the free one where it belongs. */
static size_t find_slot(const struct intern *t, const char *s, size_t len, uint32_t hash)
{
	size_t mask = t->n_slots - 1;
	size_t i = hash & mask;

	for (; t->slots[i]; i = (i + 1) & mask) {
		const struct intern_string *have = &t->strings[t->slots[i] - 1];

		if (have->hash == hash && have->len == len && !memcmp(have->s, s, len))
			break;
	}
	return i;
}

static void grow_strings(struct intern *t)
{
	free(t->slots);
	t->n_slots = t->n_slots ? t->n_slots * 2 : FIRST_SLOTS;
	t->slots = mem_zalloc(t->n_slots, sizeof(*t->slots));
	for (uint32_t id = 0; id < t->n; id++) {
		size_t i = t->strings[id].hash & (t->n_slots - 1);

		while (t->slots[i])
			i = (i + 1) & (t->n_slots - 1);
		t->slots[i] = id + 1;
	}
}

uint32_t intern_id(struct intern *t, const char *s, size_t len)
{
	uint32_t hash = (uint32_t)intern_hash(s, len);
	size_t slot;

	if (len > UINT32_MAX || t->n >= INTERN_NONE - 1)
		too_many();
	if ((size_t)t->n * 2 >= t->n_slots)
		grow_strings(t);
	slot = find_slot(t, s, len, hash);
	if (t->slots[slot])
		return t->slots[slot] - 1;
	if (t->n == t->cap) {
		t->cap = mem_grow(t->cap, (size_t)t->n + 1);
		t->strings = mem_realloc(t->strings, t->cap, sizeof(*t->strings));
	}
	t->strings[t->n] =
		(struct intern_string){ arena_dup(&t->arena, s, len), (uint32_t)len, hash };
	t->slots[slot] = ++t->n;
	return t->n - 1;
}

uint32_t intern_find(const struct intern *t, const char *s, size_t len)
{
	size_t slot;

	if (!t->n)
		return INTERN_NONE;
	slot = find_slot(t, s, len, (uint32_t)intern_hash(s, len));
	return t->slots[slot] ? t->slots[slot] - 1 : INTERN_NONE;
}

void intern_release(struct intern *t)
{
	free(t->slots);
	free(t->strings);
	arena_release(&t->arena);
	*t = (struct intern)INTERN_INIT;
}

static size_t find_pair_slot(const struct intern_pairs *t, uint32_t a, uint32_t b)
{
	size_t mask = t->n_slots - 1;
	size_t i = mix((uint64_t)a << 32 | b, UINT64_C(0xe7037ed1a0b428db)) & mask;

	while (t->slots[i].id_plus_1 && (t->slots[i].a != a || t->slots[i].b != b))
		i = (i + 1) & mask;
	return i;
}

static void grow_pairs(struct intern_pairs *t)
{
	struct intern_pairs old = *t;

	t->n_slots = t->n_slots ? t->n_slots * 2 : FIRST_SLOTS;
	t->slots = mem_zalloc(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < old.n_slots; i++)
		if (old.slots[i].id_plus_1)
			t->slots[find_pair_slot(t, old.slots[i].a, old.slots[i].b)] = old.slots[i];
	free(old.slots);
}

uint32_t intern_pair(struct intern_pairs *t, uint32_t a, uint32_t b)
{
	struct intern_pair_slot *slot;

	if (t->n >= INTERN_NONE - 1)
		too_many();
	if ((size_t)t->n * 2 >= t->n_slots)
		grow_pairs(t);
	slot = &t->slots[find_pair_slot(t, a, b)];
	if (!slot->id_plus_1)
		*slot = (struct intern_pair_slot){ a, b, ++t->n };
	return slot->id_plus_1 - 1;
}

uint32_t intern_pair_find(const struct intern_pairs *t, uint32_t a, uint32_t b)
{
	if (!t->n)
		return INTERN_NONE;
	return t->slots[find_pair_slot(t, a, b)].id_plus_1 - 1;
}

void intern_pairs_release(struct intern_pairs *t)
{
	free(t->slots);
	*t = (struct intern_pairs)INTERN_PAIRS_INIT;
}
