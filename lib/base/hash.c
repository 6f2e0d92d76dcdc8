#include "base/hash.h"

#include <endian.h>
#include <string.h>
#include <sys/auxv.h>

struct hash_keys hash_keys;

void hash_set_keys(struct hash_keys keys)
{
	hash_keys = keys;
}

/*
 * From the 16 random bytes that the kernel gives each process: unlike getrandom(2), that call can
 * neither fail nor wait. The C library makes its own secrets of the same bytes, so the keys are
 * mixed and not copied from them. The constants are those of wyhash.
 */
__attribute__((constructor)) static void draw_keys(void)
{
	uint64_t random[2] = { 0 };
	unsigned long address = getauxval(AT_RANDOM); /* 0: a kernel before 2.6.29 */
	const void *from;

	memcpy(&from, &address, sizeof(from));
	if (from)
		memcpy(random, from, sizeof(random));
	hash_keys.a = hash_mix(random[0] ^ UINT64_C(0xa0761d6478bd642f),
			       random[1] ^ UINT64_C(0xe7037ed1a0b428db));
	hash_keys.b = hash_mix(random[0] ^ UINT64_C(0x8ebc6af09c88c6e3),
			       random[1] ^ UINT64_C(0x589965cc75374cc3));
	hash_keys.c = hash_mix(random[0] ^ UINT64_C(0x1d8e4e27c47d124f),
			       random[1] ^ UINT64_C(0xeb44accab455d165));
}

uint64_t hash_bytes(const char *s, size_t len)
{
	uint64_t hash = hash_keys.a, end = hash_keys.c ^ len, word;

	for (; len > 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		hash = hash_mix(hash ^ le64toh(word), hash_keys.b);
	}
	return hash_mix(hash_mix(hash ^ hash_load(s, len), hash_keys.b), end);
}
