/*
 * num: strict numbers and sizes, from text and to text.
 *
 * Every parser takes the len bytes at s, which need no NUL, and wants all of them: no surrounding
 * blanks, no locale, no hexadecimal, no "inf" or "nan". It returns 0, or -1 and leaves *value
 * alone; the message is up to the caller. Every formatter writes at `out` without a
 * NUL and returns the number of bytes.
 */
#ifndef CE_NUM_H
#define CE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define NUM_MILLION INT64_C(1000000)

/* num_power[i] is 10^i: all that 64 bits hold. */
#define NUM_N_POWERS 20
extern const uint64_t num_power[NUM_N_POWERS];

/* Room enough for any formatter below, which may write beyond the length that it returns. */
#define NUM_TEXT_MAX 32

/* [-]digits, within int64_t. */
int num_parse_int(const char *s, size_t len, int64_t *value);

/*
 * The same of a text from whose start on NUM_ROOM bytes can be read, whatever is in those that are
 * not its own: with no branch that depends on how many digits there are.
 */
#define NUM_ROOM 16
int num_parse_int_roomy(const char *s, size_t len, int64_t *value);

/*
 * Whether such a text is empty or, without a sign, an integer of at most 16 digits, or a number of
 * millionths of at most 12 characters, 6 of them after the point. If not, it may be a number all
 * the same: ask the parser.
 */
static inline bool num_looks_int(const char *s, size_t len);
static inline bool num_looks_millionths(const char *s, size_t len);

/*
 * [+-]digits[.digits][e[+-]digits], with at least one digit before or after the point; the value
 * with its fraction dropped (toward zero), computed exactly: 1.6494e12 is 1649400000000.
 */
int num_parse_decimal(const char *s, size_t len, int64_t *value);

/*
 * The same times 10^shift, before the fraction is dropped, still exact: 1.0625 with shift 3 is
 * 1062.
 * A number beyond int64_t gives the nearest end of its range and is no error.
 */
int num_parse_scaled(const char *s, size_t len, int shift, int64_t *value);

/* The same grammar without exponent, as an exact number of millionths; finer digits must be 0. */
int num_parse_millionths(const char *s, size_t len, int64_t *value);

/*
 * The same grammar with exponent, rounded to the nearest double. Too large a number is refused, and
 * one of more than 15 digits in more than 800 characters.
 */
int num_parse_double(const char *s, size_t len, double *value);

/* Bytes: N, or N followed by K, M, G or T (powers of 1024; case ignored). */
int num_parse_size(const char *s, size_t len, uint64_t *bytes);

/* What num_format_int does for what is not in [0, 10). */
size_t num_format_any_int(char *out, int64_t value);

static inline size_t num_format_int(char *out, int64_t value)
{
	/* Most columns of numbers are flags and counts that hardly ever grow: worth a path. */
	if ((uint64_t)value >= 10)
		return num_format_any_int(out, value);
	*out = (char)('0' + value);
	return 1;
}

/* The digits of a count in groups of three: 12,345. */
size_t num_format_count(char *out, uint64_t count);

/* A number of millionths as a decimal, trailing zeros trimmed: 950000 is 0.95, 0 is 0. */
size_t num_format_millionths(char *out, int64_t millionths);

/* The shortest decimal that reads back as the same double. `value` must be finite. */
size_t num_format_double(char *out, double value);

/* numerator / denominator rounded to nearest, halves up; denominator > 0, numerator any sign. */
int64_t num_divide_rounded(int64_t numerator, int64_t denominator);

/* numerator / denominator rounded toward minus infinity; denominator > 0. */
int64_t num_divide_floor(int64_t numerator, int64_t denominator);

/* What is inlined above. A set is a bit for each of the 16 bytes at s. */

static inline uint32_t num_points(const char *s)
{
#if defined(__SSE2__)
	__m128i v = _mm_loadu_si128((const __m128i_u *)(const void *)s);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
#else
	uint32_t set = 0;

	for (int i = 0; i < NUM_ROOM; i++)
		set |= (uint32_t)(s[i] == '.') << i;
	return set;
#endif
}

static inline uint32_t num_non_digits(const char *s)
{
#if defined(__SSE2__)
	__m128i v = _mm_loadu_si128((const __m128i_u *)(const void *)s);
	__m128i off = _mm_sub_epi8(v, _mm_set1_epi8('0'));

	/* As numbers without a sign: those beyond 9 have none in common with their minimum. */
	return (uint32_t)_mm_movemask_epi8(
		       _mm_cmpeq_epi8(_mm_min_epu8(off, _mm_set1_epi8(9)), off)) ^
	       0xffff;
#else
	uint32_t set = 0;

	for (int i = 0; i < NUM_ROOM; i++)
		set |= (uint32_t)(s[i] < '0' || s[i] > '9') << i;
	return set;
#endif
}

static inline bool num_looks_int(const char *s, size_t len)
{
	return len <= NUM_ROOM && !(num_non_digits(s) & ((UINT32_C(1) << len) - 1));
}

static inline bool num_looks_millionths(const char *s, size_t len)
{
	uint32_t end = UINT32_C(1) << (len & 31), others = num_non_digits(s) & (end - 1);
	/* One point, at most six digits after it, and at least one before or after. */
	bool point = !(others & (others - 1)) && !(others & ~num_points(s)) && others << 7 >= end &&
		     end > 2;

	return len <= 12 && (!others || point);
}

#endif
