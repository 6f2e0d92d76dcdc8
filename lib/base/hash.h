/*
 * hash: numbers and strings to 64 bits, for tables, under keys that nobody knows beforehand.
 *
 * Whoever writes an input and knows the hash can make all its ids collide, so that each look into a
 * table becomes a walk through the whole of it (Crosby and Wallach, Denial of Service via
 * Algorithmic Complexity Attacks, USENIX Security 2003). So each process has keys of its own. No
 * output may depend on them: no order and no byte may come from a hash.
 *
 * The step is that of wyhash (Wang Yi, public domain): the halves of the 128-bit product of two
 * words fold into one. Either word needs a key that is secret:
 *
 * - With a known factor, the secret that is XORed to the other word only decides the signs in the
 *   difference of two products, D = +-2^i +-2^j ... times the factor. Somebody can search for
 *   differences D of few bits whose product keeps the low bits; each makes its pairs collide under
 *   one in 2^bits of all secrets, whatever the rest of the secret is.
 * - With a known XOR, a word that equals it makes the product 0, whatever the other word is.
 *
 * With both secret, two different inputs agree in m bits for about one in 2^m keys, as in
 * multiply-shift (Dietzfelbinger, Hagerup, Katajainen and Penttonen, A Reliable Randomized
 * Algorithm for the Closest-Pair Problem, 1997). But one product is so linear that under one key in
 * a hundred dense numbers form runs a thousand slots long (Patrascu and Thorup, On the
 * k-Independence Required by Linear Probing and Minwise Independence, 2010); after a second step,
 * under a third key, thousands of keys had none.
 *
 * This is no cryptographic hash: who sees hashes, or sends inputs and measures while one process
 * runs, might find the keys. Nobody sees any, and an input is there before the process that reads
 * it.
 */
#ifndef CE_HASH_H
#define CE_HASH_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The keys of the process: made before main begins, constant from then on. */
struct hash_keys {
	uint64_t a, b, c;
};

extern struct hash_keys hash_keys;

/* For tests alone: other keys, which must be set while no table holds anything. */
void hash_set_keys(struct hash_keys keys);

static inline uint64_t hash_mix(uint64_t x, uint64_t y)
{
	__extension__ typedef unsigned __int128 u128;
	u128 product = (u128)x * y;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash of two numbers. */
static inline uint64_t hash_words(uint64_t x, uint64_t y)
{
	return hash_mix(hash_mix(x ^ hash_keys.a, y ^ hash_keys.b), hash_keys.c);
}

/* The hash of len bytes. */
uint64_t hash_bytes(const char *s, size_t len);

/* The n <= 8 bytes at s as a number, the first the lowest; where reads overlap they agree. */
static inline uint64_t hash_load(const char *s, size_t n)
{
	uint64_t word = 0;
	uint32_t low, high;

	if (n >= 4) {
		memcpy(&low, s, 4);
		memcpy(&high, s + (n - 4), 4);
		return le32toh(low) | (uint64_t)le32toh(high) << 8 * (n - 4);
	}
	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)(unsigned char)s[i] << 8 * i;
	return word;
}

/*
 * Whether a table with linear probing, at a load of at most 2/3, should grow because an insertion
 * came so many slots away from where its search began: by chance none does, even in a table of
 * billions. So it gets more bits of the hash to look at; but no more than 16 slots an entry, as
 * there is no help against hashes that are equal.
 */
static inline bool hash_is_crowded(size_t distance, size_t n, size_t n_slots)
{
	return distance > 512 && n_slots / 16 < n;
}

#endif
