#include "num.h"

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

static inline void put2(char *out, uint64_t v)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	memcpy(out, pairs + v * 2, 2);
}

static inline void put4(char *out, uint64_t v)
{
	put2(out, v / 100);
	put2(out + 2, v % 100);
}

static inline void put8(char *out, uint64_t v)
{
	put4(out, v / 10000);
	put4(out + 4, v % 10000);
}

static size_t count_digits(uint64_t v)
{
	/* 1233 / 4096 is the logarithm of 2, well enough to be one too small at worst. */
	size_t n = (size_t)(64 - __builtin_clzll(v | 1)) * 1233 >> 12;

	return n + (n == 0 || (n < NUM_N_POWERS && v >= num_power[n]));
}

/* Below 2^64. */
static inline size_t format_unsigned(char *out, uint64_t v)
{
	size_t n = count_digits(v), at = n;

	for (; v >= 100000000; v /= 100000000)
		put8(out + (at -= 8), v % 100000000);
	for (; v >= 100; v /= 100)
		put2(out + (at -= 2), v % 100);
	if (at == 2)
		put2(out, v);
	else if (at)
		out[0] = (char)('0' + v);
	return n;
}

size_t num_format_any_int(char *out, int64_t value)
{
	if (value >= 0)
		return format_unsigned(out, (uint64_t)value);
	*out = '-';
	return 1 + format_unsigned(out + 1, 0 - (uint64_t)value);
}

size_t num_format_millionths(char *out, int64_t millionths)
{
	bool negative = millionths < 0;
	uint64_t v = negative ? 0 - (uint64_t)millionths : (uint64_t)millionths;
	uint64_t fraction = v % 1000000;
	size_t n = negative;

	*out = '-';
	n += num_format_int(out + n, (int64_t)(v / 1000000));
	if (!fraction)
		return n;
	out[n] = '.';
	put2(out + n + 1, fraction / 10000);
	put4(out + n + 3, fraction % 10000);
	for (n += 7; out[n - 1] == '0'; n--)
		;
	return n;
}

/*
 * A double in [1e-4, 1e15) is m / 2^s, with 2^52 <= m < 2^53 and 3 <= s <= 66; times a power of ten
 * that gives it 17 digits before the point it fits into 128 bits, whole / 2^s, and everything about
 * its digits can be said exactly.
 */
struct binary {
	unsigned s;
	int exponent;    /* of ten, of the first digit */
	uint64_t digits; /* the first 17, those behind them dropped */
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
	if (digits == num_power[17]) {
		digits = num_power[16];
		b.exponent++;
	}
	text[0] = (char)('0' + digits / num_power[16]);
	put8(text + 1, digits % num_power[16] / num_power[8]);
	put8(text + 9, digits % num_power[8]);
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
	/* 15 digits always survive decimal -> double -> decimal, 17 always double -> decimal. */
	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	memcpy(out, text, (size_t)n);
	return (size_t)n;
}
