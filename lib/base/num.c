#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPONENT_MAX INT64_C(1000000000000000)
#define DECIMAL_MAX  800                 /* digits of a double that can matter, and some */
#define EXACT_MAX    (UINT64_C(1) << 53) /* every whole number up to it is a double */
#define SHORT_MAX    18                  /* any number of so many digits fits into 64 bits */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The eight characters at s as one number, the first the lowest byte. */
static uint64_t load8(const char *s)
{
	uint64_t word;

	memcpy(&word, s, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Whether all eight are digits: adding carries into a top bit above '9', subtracting below '0'. */
static bool are_digits(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return !(((word + ones * 0x46) | (word - ones * 0x30)) & ones * 0x80);
}

/* The top bit of every byte of `word` that is c. */
static uint64_t bytes_equal(uint64_t word, char c)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = word ^ UINT64_C(0x0101010101010101) * (unsigned char)c;

	return ~(((x & low) + low) | x | low);
}

/* Their value: neighbours become pairs, pairs become fours, and fours the eight. */
static uint64_t value_of_digits(uint64_t word)
{
	word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * (10 * 0x100 + 1) >> 8;
	word = (word & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 0x10000 + 1) >> 16;
	return (word & UINT64_C(0x0000ffff0000ffff)) * (10000 * UINT64_C(0x100000000) + 1) >> 32;
}

#define ZEROS UINT64_C(0x3030303030303030) /* "00000000" */

/* Zeros for the lowest `gap` bits, a multiple of 8 below 64. */
static uint64_t zeros_below(uint64_t gap)
{
	return ZEROS & ((UINT64_C(1) << gap) - 1);
}

/* The n < 8 characters at s in the highest bytes, and nothing in those below; n > 0. */
static uint64_t load_short(const char *s, size_t n)
{
	unsigned char first = (unsigned char)s[0], middle = (unsigned char)s[n / 2];
	unsigned char last = (unsigned char)s[n - 1];
	uint32_t head, tail;
	uint64_t word;

	/* Where two of them overlap they agree. */
	if (n < 4)
		return (first | (uint64_t)middle << 8 * (n / 2) | (uint64_t)last << 8 * (n - 1))
		       << 8 * (8 - n);
	memcpy(&head, s, 4);
	memcpy(&tail, s + n - 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	head = __builtin_bswap32(head);
	tail = __builtin_bswap32(tail);
#endif
	word = (uint64_t)head << 8 * (8 - n);
	return word | (uint64_t)tail << 32;
}

/* The value of the n digits at s, 1 to 16 of them. Returns false if one of them is not a digit. */
static inline bool read_all_digits(const char *s, size_t n, uint64_t *value)
{
	uint64_t head, tail;

	if (n < 8) {
		head = load_short(s, n);
		*value = value_of_digits(head);
		return are_digits(head | ZEROS >> 8 * n);
	}
	head = load8(s);
	tail = load8(s + n - 8);
	*value = value_of_digits(head);
	if (n > 8) /* the digits of `tail` that are not in `head` are in its highest bytes */
		*value = *value * num_power[n - 8] +
			 value_of_digits(tail >> 8 * (16 - n) << 8 * (16 - n));
	return are_digits(head) && are_digits(tail);
}

/* Appends the digits at s to *value, SHORT_MAX at most; returns where they end. */
static inline const char *read_digits(const char *s, const char *end, uint64_t *value)
{
	uint64_t v = *value, word;

	for (; end - s >= 8 && are_digits(word = load8(s)); s += 8)
		v = v * 100000000 + value_of_digits(word);
	for (; s < end && is_digit(*s); s++)
		v = v * 10 + (uint64_t)(*s - '0');
	*value = v;
	return s;
}

int num_parse_int(const char *s, size_t len, int64_t *value)
{
	bool negative = len && *s == '-';
	int64_t v = 0;

	if (len == (size_t)negative)
		return -1;
	if (len <= 16) {
		uint64_t short_value;

		if (!read_all_digits(s + negative, len - negative, &short_value))
			return -1;
		*value = negative ? -(int64_t)short_value : (int64_t)short_value;
		return 0;
	}
	for (size_t i = negative; i < len; i++) {
		/* Built downward: the negative range is the larger one. */
		if (!is_digit(s[i]) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, s[i] - '0', &v))
			return -1;
	}
	if (!negative && v == INT64_MIN)
		return -1;
	*value = negative ? v : -v;
	return 0;
}

int num_parse_int_roomy(const char *s, size_t len, int64_t *value)
{
	uint64_t head, tail, gap;

	if (!len || len > 16 || *s == '-')
		return num_parse_int(s, len, value);
	/* The digits in the highest bytes of one word, or of the second of two. */
	gap = 8 * (-len & 7);
	if (len <= 8) {
		head = load8(s) << gap;
		if (!are_digits(head | zeros_below(gap)))
			return -1;
		*value = (int64_t)value_of_digits(head);
		return 0;
	}
	head = load8(s);
	tail = load8(s + 8) << gap;
	if (!are_digits(head) || !are_digits(tail | zeros_below(gap)))
		return -1;
	*value = (int64_t)(value_of_digits(head) * num_power[len - 8] + value_of_digits(tail));
	return 0;
}

/* A decimal of the shape that most have: [-]digits[.digits], SHORT_MAX characters at most. */
struct short_decimal {
	bool negative;
	uint64_t digits; /* all of them as one number */
	int n_fraction;  /* how many of them follow the point */
};

/*
 * The same of one of at most 8 characters without a sign, in one word: where the point is, the
 * digits before it move up by a byte and close the gap.
 *
 *	bytes from the highest    "0.52":  2 5 . 0 - - - -  ->  2 5 0 - - - - -
 */
static inline bool scan_word(const char *s, size_t len, struct short_decimal *d)
{
	uint64_t word = len == 8 ? load8(s) : load_short(s, len),
		 gaps = len == 8 ? 0 : ZEROS >> 8 * len;
	uint64_t points = bytes_equal(word, '.');
	int point = points ? __builtin_ctzll(points) & ~7 : 0; /* its place in bits */

	d->negative = false;
	d->n_fraction = 0;
	if (points) {
		uint64_t below = (UINT64_C(1) << point) - 1;

		d->n_fraction = 7 - point / 8;
		word = (word & ~below & ~(UINT64_C(0xff) << point)) | (word & below) << 8;
		gaps = gaps << 8 | '0';
	}
	d->digits = value_of_digits(word);
	return are_digits(word | gaps) && len > (points != 0);
}

/* Returns false if it has another shape, be it right or wrong. */
static inline bool scan_short(const char *s, size_t len, struct short_decimal *d)
{
	const char *end = s + len, *whole, *fraction;
	bool point;

	if (len && len <= 8 && *s != '-')
		return scan_word(s, len, d);
	*d = (struct short_decimal){ 0 };
	if (len > SHORT_MAX)
		return false;
	d->negative = len && *s == '-';
	whole = s + d->negative;
	s = read_digits(whole, end, &d->digits);
	point = s < end && *s == '.';
	fraction = s + point;
	if (point)
		s = read_digits(fraction, end, &d->digits);
	d->n_fraction = (int)(s - fraction);
	return s == end && s - whole > point;
}

/*
 * The number times 10^shift, shift in [0, SHORT_MAX], fraction dropped; *dropped as shift_decimal
 * has it. Returns false if it does not fit.
 */
static bool shift_short(const struct short_decimal *d, int shift, bool *dropped, int64_t *value)
{
	int64_t v = (int64_t)d->digits;

	*dropped = false;
	if (d->n_fraction > shift) {
		int64_t unit = (int64_t)num_power[d->n_fraction - shift];

		*dropped = v % unit != 0;
		v /= unit;
	} else if (__builtin_mul_overflow(v, (int64_t)num_power[shift - d->n_fraction], &v)) {
		return false;
	}
	*value = d->negative ? -v : v;
	return true;
}

/* Where the parts of a decimal literal are. */
struct decimal {
	bool negative;
	const char *whole, *fraction;
	size_t n_whole, n_fraction;
	int64_t exponent; /* within +-EXPONENT_MAX * 10, which no number of digits makes up for */
};

static int scan_decimal(const char *s, size_t len, struct decimal *d)
{
	const char *end = s + len;

	*d = (struct decimal){ 0 };
	if (s < end && (*s == '-' || *s == '+'))
		d->negative = *s++ == '-';
	for (d->whole = s; s < end && is_digit(*s); s++)
		d->n_whole++;
	d->fraction = s;
	if (s < end && *s == '.')
		for (d->fraction = ++s; s < end && is_digit(*s); s++)
			d->n_fraction++;
	if (!d->n_whole && !d->n_fraction)
		return -1;
	if (s < end && (*s == 'e' || *s == 'E')) {
		bool negative = ++s < end && *s == '-';

		if (s < end && (*s == '-' || *s == '+'))
			s++;
		if (s == end)
			return -1;
		for (; s < end && is_digit(*s); s++)
			if (d->exponent < EXPONENT_MAX)
				d->exponent = d->exponent * 10 + (*s - '0');
		if (negative)
			d->exponent = -d->exponent;
	}
	return s == end ? 0 : -1;
}

/* Digit i of whole and fraction read as one run of digits. */
static int digit_at(const struct decimal *d, size_t i)
{
	return (i < d->n_whole ? d->whole[i] : d->fraction[i - d->n_whole]) - '0';
}

/*
 * The number times 10^shift, fraction dropped; *dropped says whether a digit other than 0 was. The
 * point moves after digit n_whole + exponent + shift; digits past the last one are zeros.
 */
static int shift_decimal(const struct decimal *d, int shift, bool *dropped, int64_t *value)
{
	int64_t point = (int64_t)d->n_whole + d->exponent + shift;
	size_t n_digits = d->n_whole + d->n_fraction;
	int64_t v = 0;

	*dropped = false;
	for (size_t i = 0; i < n_digits; i++) {
		int digit = digit_at(d, i);

		if ((int64_t)i >= point)
			*dropped |= digit != 0;
		else if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
			return -1;
	}
	for (int64_t i = (int64_t)n_digits; v && i < point; i++)
		if (__builtin_mul_overflow(v, 10, &v))
			return -1;
	if (!d->negative && v == INT64_MIN)
		return -1;
	*value = d->negative ? v : -v;
	return 0;
}

int num_parse_decimal(const char *s, size_t len, int64_t *value)
{
	struct short_decimal easy;
	struct decimal d;
	bool dropped;

	if (scan_short(s, len, &easy) && shift_short(&easy, 0, &dropped, value))
		return 0;
	return scan_decimal(s, len, &d) ? -1 : shift_decimal(&d, 0, &dropped, value);
}

int num_parse_scaled(const char *s, size_t len, int shift, int64_t *value)
{
	struct short_decimal easy;
	struct decimal d;
	bool dropped;

	if (shift >= 0 && shift <= SHORT_MAX && scan_short(s, len, &easy) &&
	    shift_short(&easy, shift, &dropped, value))
		return 0;
	if (scan_decimal(s, len, &d))
		return -1;
	if (shift_decimal(&d, shift, &dropped, value))
		*value = d.negative ? INT64_MIN : INT64_MAX;
	return 0;
}

int num_parse_millionths(const char *s, size_t len, int64_t *value)
{
	struct short_decimal easy;
	struct decimal d;
	bool dropped;
	int64_t v;

	if (scan_short(s, len, &easy) && shift_short(&easy, 6, &dropped, &v)) {
		if (dropped)
			return -1;
		*value = v;
		return 0;
	}
	if (scan_decimal(s, len, &d) || d.fraction + d.n_fraction != s + len ||
	    shift_decimal(&d, 6, &dropped, &v) || dropped)
		return -1;
	*value = v;
	return 0;
}

int num_parse_double(const char *s, size_t len, double *value)
{
	struct short_decimal easy;
	char text[DECIMAL_MAX + 1];
	struct decimal d;
	double v;

	if (scan_short(s, len, &easy) && easy.digits <= EXACT_MAX) {
		/* Both are doubles, as are all powers of ten up to 10^22: one correct rounding. */
		v = (double)easy.digits / (double)num_power[easy.n_fraction];
		*value = easy.negative ? -v : v;
		return 0;
	}
	if (scan_decimal(s, len, &d))
		return -1;
	if (d.n_whole + d.n_fraction <= 15 && !d.exponent) {
		/* The same, after a plus or leading zeros. */
		uint64_t digits = 0;

		for (size_t i = 0; i < d.n_whole + d.n_fraction; i++)
			digits = digits * 10 + (uint64_t)digit_at(&d, i);
		v = (double)digits / (double)num_power[d.n_fraction];
		*value = d.negative ? -v : v;
		return 0;
	}
	if (len > DECIMAL_MAX)
		return -1;
	memcpy(text, s, len);
	text[len] = '\0';
	v = strtod(text, NULL); /* no tool calls setlocale: the point is a point */
	if (!isfinite(v))
		return -1;
	*value = v;
	return 0;
}

int num_parse_size(const char *s, size_t len, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	int64_t n, scale = 1;

	if (len && !is_digit(s[len - 1])) {
		char upper = (char)(s[len - 1] & ~0x20);
		const char *unit = strchr(units, upper);

		if (!upper || !unit)
			return -1;
		scale = INT64_C(1) << (10 * (unit - units + 1));
		len--;
	}
	if (!len || !is_digit(*s) || num_parse_int(s, len, &n) ||
	    __builtin_mul_overflow(n, scale, &n))
		return -1;
	*bytes = (uint64_t)n;
	return 0;
}

int64_t num_divide_floor(int64_t numerator, int64_t denominator)
{
	int64_t quotient = numerator / denominator;

	return quotient - (numerator % denominator < 0);
}

int64_t num_divide_rounded(int64_t numerator, int64_t denominator)
{
	int64_t quotient = num_divide_floor(numerator, denominator);
	int64_t rest = numerator % denominator; /* quotient * denominator may not fit */

	if (rest < 0)
		rest += denominator;
	return quotient + (rest >= denominator - rest);
}
