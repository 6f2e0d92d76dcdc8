/*
 * fnv: the hash FNV-1a of 64 bits (Fowler, Noll and Vo; draft-eastlake-fnv).
 *
 * Unlike those of hash.h it is the same in every process and on every machine, and anybody can
 * compute it elsewhere: for what is divided by it between files. So it is nothing for tables of the
 * process, which hostile ids could fill with collisions.
 */
#ifndef CE_FNV_H
#define CE_FNV_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t fnv1a(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return h;
}

/*
 * One of n > 0 parts: of the hash, its high half folded onto the low one, as the lowest bits of
 * FNV-1a alone depend on the lowest bits of the text alone.
 */
static inline size_t fnv1a_part(const char *s, size_t len, size_t n)
{
	uint64_t h = fnv1a(s, len);

	return (size_t)((h ^ h >> 32) % n);
}

#endif
