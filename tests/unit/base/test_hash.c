#include "base/hash.h"

#include "base/intern.h"
#include "base/pairs.h"
#include "scratch.h"

/* What the keys were when they were the same in every process, and the hash as it was then. */
#define OLD_A UINT64_C(0xa0761d6478bd642f)
#define OLD_B UINT64_C(0xe7037ed1a0b428db)

static uint64_t old_words(uint64_t x)
{
	return hash_mix(x ^ OLD_A, OLD_B);
}

/* Of 16 bytes. */
static uint64_t old_bytes(const char *s)
{
	return hash_mix(hash_mix(OLD_A ^ 16 ^ hash_load(s, 8), OLD_B) ^ hash_load(s + 8, 8),
			OLD_B ^ OLD_A);
}

/* How many slots a look into the table passes, on average over what is in it, and at most. */
struct distances {
	double mean;
	size_t max;
};

static void add_distance(struct distances *d, size_t slot, uint64_t hash, size_t n, size_t n_slots)
{
	size_t distance = (slot - hash) & (n_slots - 1);

	d->mean += (double)distance / (double)n;
	d->max = distance > d->max ? distance : d->max;
}

static struct distances in_intern(const struct intern *t)
{
	struct distances d = { 0 };

	for (size_t i = 0; i < t->n_slots; i++) {
		const struct intern_slot *slot = &t->slots[i];
		const struct intern_string *s;

		if (!slot->id_plus_1)
			continue;
		s = intern_string(t, slot->id_plus_1 - 1);
		add_distance(&d, i, intern_prepare(t, s->s, s->len).hash, t->n, t->n_slots);
	}
	return d;
}

static struct distances in_pairs(const struct pairs *t)
{
	struct distances d = { 0 };

	for (size_t i = 0; i < t->n_slots; i++) {
		uint32_t key[2]; /* a + 1, b */

		memcpy(key, t->slots + i * t->size, sizeof(key));
		if (key[0])
			add_distance(&d, i, hash_words((uint64_t)key[0] << 32 | key[1], 0), t->n,
				     t->n_slots);
	}
	return d;
}

/* By chance the mean is 1 at the highest load, and the most that a table of this size sees is 250.
 */
static void check_harmless(struct distances d, size_t n, size_t n_slots)
{
	if (!(d.mean < 2 && d.max < 512))
		CHECK_FAIL("%zu entries pass %g slots, and up to %zu", n, d.mean, d.max);
	CHECK(n_slots <= 3 * n);
}

/* Prints the keys, for who runs this program again. */
static void print_keys(void)
{
	printf("%" PRIx64 " %" PRIx64 " %" PRIx64 "\n", hash_keys.a, hash_keys.b, hash_keys.c);
}

static void keys_differ_from_process_to_process(void)
{
	enum { N = 3 };
	char self[512], command[600], line[N][64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(n > 0);
	self[n > 0 ? n : 0] = '\0';
	snprintf(command, sizeof(command), "'%s' keys", self);
	for (int i = 0; i < N; i++) {
		FILE *f = popen(command, "r");
		uint64_t a, b, c;

		CHECK(f && fgets(line[i], sizeof(line[i]), f));
		CHECK(f && !pclose(f));
		CHECK(sscanf(line[i], "%" SCNx64 " %" SCNx64 " %" SCNx64, &a, &b, &c) == 3);
		CHECK(a != b && a != c && b != c && a && b && c);
		CHECK(!i || strcmp(line[i], line[i - 1]) != 0);
	}
}

/* Flipping a bit of the text flips half the bits of the hash, near enough. */
static void hash_mixes_every_bit(void)
{
	uint64_t random = 1;
	char text[40];

	for (size_t len = 1; len <= sizeof(text); len++) {
		double flipped = 0;

		for (int round = 0; round < 20; round++) {
			uint64_t before;

			for (size_t i = 0; i < len; i++)
				text[i] = (char)scratch_random(&random);
			before = hash_bytes(text, len);
			for (size_t bit = 0; bit < len * 8; bit++) {
				text[bit / 8] ^= (char)(1 << bit % 8);
				flipped += __builtin_popcountll(before ^ hash_bytes(text, len));
				text[bit / 8] ^= (char)(1 << bit % 8);
			}
		}
		CHECK_NEAR(flipped / (20.0 * 8 * (double)len), 32.0, 3.0);
	}
	CHECK(hash_bytes("ab", 2) != hash_bytes("ab\0", 3));
	CHECK(hash_bytes("", 0) != hash_bytes("\0", 1));
}

/* 20,000 ids of 16 bytes: whatever the first word is, the second brings the old hash to 0. */
static void ids_made_to_collide_do_not(void)
{
	enum { N = 20000 };
	struct intern t = INTERN_INIT;
	int wrong = 0;

	for (uint64_t i = 0; i < N; i++) {
		uint64_t words[2] = { htole64(i), htole64(hash_mix(OLD_A ^ 16 ^ i, OLD_B)) };

		wrong += old_bytes((const char *)words) != 0;
		wrong += intern_id(&t, (const char *)words, 16) != i;
	}
	CHECK_INT(wrong, 0);
	check_harmless(in_intern(&t), t.n, t.n_slots);
	intern_release(&t);
}

/*
 * 42,000 pairs of dense numbers, as ids get in the order of their first appearance, whose old
 * hashes all lie in 256 neighbouring slots of 65,536.
 */
static void pairs_made_to_collide_do_not(void)
{
	enum { N = 42000, SIDE = 4000 };
	struct pairs t = PAIRS_INIT(uint32_t);

	for (uint32_t a = 0; a < SIDE && t.n < N; a++)
		for (uint32_t b = 0; b < SIDE && t.n < N; b++)
			if ((old_words((uint64_t)(a + 1) << 32 | b) & 0xffff) < 256)
				pairs_get(&t, a, b);
	CHECK_INT(t.n, N);
	check_harmless(in_pairs(&t), t.n, t.n_slots);
	pairs_release(&t);
}

/* Sets of numbers that one multiplication does not spread, under many keys. */
static void dense_numbers_spread_under_any_key(void)
{
	enum { N = 20000, ROUNDS = 50 };
	const struct hash_keys keys = hash_keys;
	uint64_t random = 1;

	for (int round = 0; round < ROUNDS; round++) {
		struct pairs tables[4] = { PAIRS_INIT(uint32_t), PAIRS_INIT(uint32_t),
					   PAIRS_INIT(uint32_t), PAIRS_INIT(uint32_t) };

		hash_set_keys((struct hash_keys){ scratch_random(&random), scratch_random(&random),
						  scratch_random(&random) });
		for (uint32_t i = 0; i < N; i++) {
			pairs_get(&tables[0], 0, i);
			pairs_get(&tables[1], i, 0);
			pairs_get(&tables[2], i / 8, i % 8);
			pairs_get(&tables[3], i, i);
		}
		for (int i = 0; i < 4; i++) {
			check_harmless(in_pairs(&tables[i]), N, tables[i].n_slots);
			pairs_release(&tables[i]);
		}
	}
	hash_set_keys(keys);
}

/*
 * Somebody who knew the keys: ids and pairs that begin at one slot of 4,096. The tables grow until
 * no walk is long; where all bits are equal, until there are 16 slots an entry.
 */
static void a_flood_makes_tables_grow(void)
{
	enum { N = 2000, BITS = 0xfff };
	const struct hash_keys keys = hash_keys;

	for (int known = 0; known < 2; known++) {
		struct intern ids = INTERN_INIT;
		struct pairs pairs = PAIRS_INIT(uint32_t);
		char text[16] = { 0 };
		int wrong = 0;

		hash_set_keys(known ? (struct hash_keys){ OLD_A, OLD_B, 1 }
				    : (struct hash_keys){ 0 });
		for (uint64_t i = 0; ids.n < N; i++) {
			memcpy(text, &i, sizeof(i));
			if (!(hash_bytes(text, sizeof(text)) & BITS))
				intern_id(&ids, text, sizeof(text));
		}
		for (uint32_t i = 0; pairs.n < N; i++)
			if (!(hash_words((uint64_t)(i + 1) << 32 | 7, 0) & BITS))
				*(uint32_t *)pairs_get(&pairs, i, 7) = i;
		for (uint32_t i = 0; i < N; i++) {
			const struct intern_string *s = intern_string(&ids, i);

			wrong += intern_find(&ids, s->s, s->len) != i;
		}
		CHECK_INT(wrong, 0);
		CHECK(ids.n_slots <= 32 * N && pairs.n_slots <= 32 * N);
		CHECK(ids.n_slots >= 4 * N && pairs.n_slots >= 4 * N);
		if (known) {
			CHECK(in_intern(&ids).max <= 512);
			CHECK(in_pairs(&pairs).max <= 512);
		}
		for (uint32_t i = 0; pairs.n; i++)
			if (pairs_find(&pairs, i, 7)) {
				wrong += *(uint32_t *)pairs_find(&pairs, i, 7) != i;
				pairs_remove(&pairs, i, 7);
			}
		CHECK_INT(wrong, 0);
		intern_release(&ids);
		pairs_release(&pairs);
	}
	hash_set_keys(keys);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "keys")) {
		print_keys();
		return 0;
	}
	RUN(keys_differ_from_process_to_process);
	RUN(hash_mixes_every_bit);
	RUN(ids_made_to_collide_do_not);
	RUN(pairs_made_to_collide_do_not);
	RUN(dense_numbers_spread_under_any_key);
	RUN(a_flood_makes_tables_grow);
	return CHECK_DONE();
}
