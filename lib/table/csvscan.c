#include "table/csvscan.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK  64
#define INLINE static inline __attribute__((always_inline))

/*
 * Appends the positions of the bits that are set. Eight at a time without asking how many there
 * are: a branch that depends on the data costs more than the few stores that it would save.
 */
INLINE uint32_t *put_positions(uint32_t *at, uint32_t base, uint64_t bits)
{
	int n = __builtin_popcountll(bits);

	for (int done = 0; done < n; done += 8)
		for (int i = 0; i < 8; i++) {
			/* Without bits left there is no lowest one: any position will do. */
			at[done + i] = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
			bits &= bits - 1;
		}
	return at + n;
}

/*
 * The scan over a way to tell the marks of one block. What is left behind the last whole block is
 * copied into one: nothing is read that is not there.
 */
INLINE size_t scan_blocks(const char *s, size_t len, uint32_t *at, uint64_t (*marks)(const char *))
{
	char last[BLOCK] = { 0 };
	uint32_t *next = at;
	size_t i = 0;

	for (; len - i >= BLOCK; i += BLOCK)
		next = put_positions(next, (uint32_t)i, marks(s + i));
	memcpy(last, s + i, len - i);
	next = put_positions(next, (uint32_t)i, marks(last));
	return (size_t)(next - at);
}

/* The top bit of every byte of `word` that is c. */
INLINE uint64_t bytes_equal(uint64_t word, char c)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = word ^ UINT64_C(0x0101010101010101) * (unsigned char)c;

	return ~(((x & low) + low) | x | low);
}

/* Any processor: eight bytes as one number. */
INLINE uint64_t word_marks(const char *s)
{
	uint64_t bits = 0;

	for (int i = 0; i < BLOCK; i += 8) {
		uint64_t word, found;

		memcpy(&word, s + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		found = bytes_equal(word, ',') | bytes_equal(word, '"') | bytes_equal(word, '\n') |
			bytes_equal(word, '\r') | bytes_equal(word, '\\');
		/* The product moves bit 8k of its factor to bit 56 + k. */
		bits |= ((found >> 7) * UINT64_C(0x0102040810204080) >> 56) << i;
	}
	return bits;
}

static size_t scan_words(const char *s, size_t len, uint32_t *at)
{
	return scan_blocks(s, len, at, word_marks);
}

#if defined(__x86_64__)

INLINE uint64_t sse2_marks(const char *s)
{
	uint64_t bits = 0;

	for (int i = 0; i < BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i_u *)(s + i));
		__m128i found = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(',')),
				     _mm_cmpeq_epi8(v, _mm_set1_epi8('"'))),
			_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
						  _mm_cmpeq_epi8(v, _mm_set1_epi8('\r'))),
				     _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(found) << i;
	}
	return bits;
}

static size_t scan_sse2(const char *s, size_t len, uint32_t *at)
{
	return scan_blocks(s, len, at, sse2_marks);
}

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

/*
 * The low half of each byte looks up the mark that ends in it (none of the four shares it with
 * another), which then must be the byte itself. A byte from 0x80 on looks up zero, and so is none.
 * 0xff stands where there is no such mark. The backslash shares its half with the comma.
 */
INLINE AVX2 uint64_t avx2_marks(const char *s)
{
	const __m256i table = _mm256_setr_epi8(
		-1, -1, '"', -1, -1, -1, -1, -1, -1, -1, '\n', -1, ',', '\r', -1, -1, /* */
		-1, -1, '"', -1, -1, -1, -1, -1, -1, -1, '\n', -1, ',', '\r', -1, -1);
	uint64_t bits = 0;

	for (int i = 0; i < BLOCK; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i_u *)(s + i));
		__m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, v), v),
						_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));

		bits |= (uint64_t)(uint32_t)_mm256_movemask_epi8(found) << i;
	}
	return bits;
}

static AVX2 size_t scan_avx2(const char *s, size_t len, uint32_t *at)
{
	return scan_blocks(s, len, at, avx2_marks);
}

#define AVX512 __attribute__((target("avx512bw,avx512vbmi,avx512vbmi2,bmi,popcnt")))

/* The marks of one block, as avx2_marks finds them. */
INLINE AVX512 __mmask64 avx512_marks(__m512i v)
{
	const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(
		-1, -1, '"', -1, -1, -1, -1, -1, -1, -1, '\n', -1, ',', '\r', -1, -1));

	return _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(table, v), v) |
	       _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
}

/* One instruction puts the positions of the set bits beside each other, as bytes; 16 are widened at
 * a time. */
INLINE AVX512 uint32_t *compress_positions(uint32_t *at, uint32_t base, __mmask64 marks)
{
	static const unsigned char all[BLOCK] = {
		0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	int n = __builtin_popcountll(marks);
	unsigned char found[BLOCK];

	_mm512_storeu_si512(found, _mm512_maskz_compress_epi8(marks, _mm512_loadu_si512(all)));
	for (int done = 0; done < n; done += 16) {
		__m512i wide =
			_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i_u *)(found + done)));

		_mm512_storeu_si512(at + done,
				    _mm512_add_epi32(wide, _mm512_set1_epi32((int)base)));
	}
	return at + n;
}

static AVX512 size_t scan_avx512(const char *s, size_t len, uint32_t *at)
{
	uint32_t *next = at;
	size_t i = 0;

	for (; len - i >= BLOCK; i += BLOCK)
		next = compress_positions(next, (uint32_t)i,
					  avx512_marks(_mm512_loadu_si512(s + i)));
	/* What is behind the last whole block: what is not there is not read, and no mark. */
	next = compress_positions(
		next, (uint32_t)i,
		avx512_marks(_mm512_maskz_loadu_epi8((UINT64_C(1) << (len - i)) - 1, s + i)));
	return (size_t)(next - at);
}

#endif

struct csvscan csvscan_choice(size_t i)
{
#if defined(__x86_64__)
	bool has_avx512 = __builtin_cpu_supports("avx512bw") &&
			  __builtin_cpu_supports("avx512vbmi") &&
			  __builtin_cpu_supports("avx512vbmi2");
	bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
			__builtin_cpu_supports("popcnt");

	if (has_avx512 && i-- == 0)
		return (struct csvscan){ "AVX-512", scan_avx512 };
	if (has_avx2 && i-- == 0)
		return (struct csvscan){ "AVX2", scan_avx2 };
	if (i-- == 0)
		return (struct csvscan){ "SSE2", scan_sse2 };
#endif
	if (i == 0)
		return (struct csvscan){ "words", scan_words };
	return (struct csvscan){ NULL, NULL };
}
