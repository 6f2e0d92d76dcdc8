#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

const uint64_t num_power[NUM_N_POWERS] = {
	UINT64_C(1),
	UINT64_C(10),
	UINT64_C(100),
	UINT64_C(1000),
	UINT64_C(10000),
	UINT64_C(100000),
	UINT64_C(1000000),
	UINT64_C(10000000),
	UINT64_C(100000000),
	UINT64_C(1000000000),
	UINT64_C(10000000000),
	UINT64_C(100000000000),
	UINT64_C(1000000000000),
	UINT64_C(10000000000000),
	UINT64_C(100000000000000),
	UINT64_C(1000000000000000),
	UINT64_C(10000000000000000),
	UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000),
	UINT64_C(10000000000000000000),
};

/*
 * Eight digits of v < 10^8 as characters, the first in the lowest byte: the fours are divided into
 * pairs and those into digits at once, division by 100 and by 10 being exact products for them.
 */
static inline uint64_t digits8(uint64_t v)
{
	uint64_t fours = v / 10000 | v % 10000 << 32;
	uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x7f0000007f);
	uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
	uint64_t tens = pairs * 103 >> 10 & UINT64_C(0x000f000f000f000f);

	return (tens | (pairs - 10 * tens) << 8) + UINT64_C(0x3030303030303030);
}

static inline void store8(char *out, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	memcpy(out, &word, 8);
}

#define LOW_NIBBLES UINT64_C(0x0f0f0f0f0f0f0f0f) /* of characters: their values as digits */

/* v < 10^8 without leading zeros; writes 8 bytes whatever their number. */
static inline size_t format_short(char *out, uint64_t v)
{
	uint64_t word = digits8(v), values = (word & LOW_NIBBLES) | UINT64_C(1) << 56;
	unsigned n_zeros = (unsigned)__builtin_ctzll(values) / 8;

	store8(out, word >> 8 * n_zeros);
	return 8 - n_zeros;
}

size_t num_format_any_int(char *out, int64_t value)
{
	uint64_t v = (uint64_t)value;
	size_t n = 0;

	if (v < 100000000) /* few digits or fewer: no branch tells them apart */
		return format_short(out, v);
	if (value < 0) {
		out[n++] = '-';
		v = 0 - v;
		if (v < 100000000)
			return n + format_short(out + n, v);
	}
	if (v >= UINT64_C(10000000000000000)) {
		n += format_short(out + n, v / UINT64_C(10000000000000000));
		v %= UINT64_C(10000000000000000);
		store8(out + n, digits8(v / 100000000));
		n += 8;
	} else {
		n += format_short(out + n, v / 100000000);
	}
	store8(out + n, digits8(v % 100000000));
	return n + 8;
}

size_t num_format_count(char *out, uint64_t count)
{
	char digits[NUM_TEXT_MAX];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			out[len++] = ',';
		out[len++] = digits[i];
	}
	return len;
}

size_t num_format_millionths(char *out, int64_t millionths)
{
	bool negative = millionths < 0;
	uint64_t v = negative ? 0 - (uint64_t)millionths : (uint64_t)millionths;
	uint64_t word = digits8(v % 1000000 * 100);
	unsigned n_zeros = (unsigned)__builtin_clzll((word & LOW_NIBBLES) | 1) / 8;
	size_t n = negative;

	*out = '-';
	n += num_format_int(out + n, (int64_t)(v / 1000000));
	out[n] = '.';
	store8(out + n + 1, word);
	/* Without a fraction there are eight zeros, the first of which the 1 hides: no point, too.
	 */
	return n + (v % 1000000 ? 9 - n_zeros : 0);
}

/*
 * A double in [1e-4, 1e15) is m / 2^s, with 2^52 <= m < 2^53 and 3 <= s <= 66; times a power of ten
 * that gives it 17 digits before the point it fits into 128 bits, whole / 2^s, and everything about
 * its digits can be said exactly.
 */
struct binary {
	unsigned s;
	int exponent;    /* of ten, of the first digit */
	uint64_t digits; /* the first 17; later ones are dropped */
	uint128 rest;    /* of what was dropped: / 2^s */
	uint128 ulp;     /* what one more in m would add: / 2^s */
};

static void expand(struct binary *b, double value)
{
	uint64_t bits, m;
	int power_of_2;

	memcpy(&bits, &value, sizeof(bits));
	m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	power_of_2 = (int)(bits >> 52 & 0x7ff) - 1023;
	b->s = (unsigned)(52 - power_of_2);
	/* Exact or one too small; the shift rounds down. */
	for (b->exponent = power_of_2 * 1233 >> 12;; b->exponent++) {
		int k = 16 - b->exponent;
		uint128 whole;

		b->ulp = k < 19 ? num_power[k] : (uint128)num_power[19] * num_power[k - 19];
		whole = m * b->ulp;
		if (whole >> b->s < num_power[17]) {
			b->digits = (uint64_t)(whole >> b->s);
			b->rest = whole - ((uint128)b->digits << b->s);
			return;
		}
	}
}

/* Its digits rounded to a multiple of `unit`, 1, 10 or 100: to the nearest, halves to even. */
static uint64_t round_digits(const struct binary *b, uint64_t unit)
{
	uint64_t low = b->digits / unit;
	/* Both times 2^s. */
	uint128 twice = 2 * (((uint128)(b->digits % unit) << b->s) + b->rest);
	uint128 one = (uint128)unit << b->s;

	return (low + (twice > one || (twice == one && low % 2))) * unit;
}

/*
 * Whether the nearest double to these 17 digits is the one that they are of: whether they are less
 * than half a unit away. They are never just half: what lies in the middle of two of these doubles
 * has 19 digits or more. Nor is a power of two special, below which doubles are twice as dense:
 * those from 2^-13 to 2^49 have at most 15 digits.
 */
static bool reads_back(const struct binary *b, uint64_t digits)
{
	uint128 off = digits > b->digits ? ((uint128)(digits - b->digits) << b->s) - b->rest
					 : ((uint128)(b->digits - digits) << b->s) + b->rest;

	return 2 * off < b->ulp;
}

/* What printf's %g makes of the value: as many of its 17 digits as it takes. */
static size_t format_binary(char *out, double value)
{
	struct binary b;
	uint64_t digits;
	char text[17];
	size_t n = sizeof(text), at = 0;

	expand(&b, value);
	digits = round_digits(&b, 100);
	if (!reads_back(&b, digits))
		digits = round_digits(&b, 10);
	if (!reads_back(&b, digits))
		digits = round_digits(&b, 1);
	/* Not 10^17: the double nearest to a power of ten is never below it here, and no other
	 * reads back. */
	text[0] = (char)('0' + digits / num_power[16]);
	store8(text + 1, digits8(digits % num_power[16] / num_power[8]));
	store8(text + 9, digits8(digits % num_power[8]));
	while (n > 1 && text[n - 1] == '0')
		n--;
	if (b.exponent < 0) {
		memcpy(out, "0.0000", 6);
		at = (size_t)(1 - b.exponent);
		memcpy(out + at, text, sizeof(text));
		return at + n;
	}
	at = (size_t)b.exponent + 1;
	memcpy(out, text, at);
	if (n <= at)
		return at;
	out[at] = '.';
	memcpy(out + at + 1, text + at, n - at);
	return n + 1;
}

size_t num_format_double(char *out, double value)
{
	double size = fabs(value);
	char text[NUM_TEXT_MAX];
	int n = 0;

	if (size >= 1e-4 && size < 1e15) {
		bool negative = value < 0;

		*out = '-';
		return negative + format_binary(out + negative, size);
	}
	/*
	 * 15 digits always survive decimal -> double -> decimal, so that fewer need no look, unless
	 * the double is subnormal and has fewer itself; 17 always survive double -> decimal.
	 */
	for (int digits = size < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	memcpy(out, text, (size_t)n);
	return (size_t)n;
}
