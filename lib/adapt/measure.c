#include "adapt/measure.h"

#include "base/num.h"

#include <string.h>

#define US_DIGITS    6
#define RATIO_DIGITS 12

__extension__ typedef __int128 i128;

/* times 10^shift; what is at the end of int64_t's range may lie beyond it. */
static int parse_scaled(const char *s, size_t len, int shift, int64_t *value)
{
	int64_t v;

	if (num_parse_scaled(s, len, shift, &v) || v == INT64_MAX || v == INT64_MIN)
		return -1;
	*value = v;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits up to a colon: the colon is at *s then. */
static int parse_part(const char **s, const char *end, int64_t below, int64_t *value)
{
	const char *colon = memchr(*s, ':', (size_t)(end - *s));
	size_t len = (size_t)(colon - *s);

	if (!len || **s == '-' || num_parse_int(*s, len, value) || *value >= below)
		return -1;
	*s = colon;
	return 0;
}

static int parse_hms(const char *s, size_t len, int64_t *us)
{
	const char *end = s + len, *second = memchr(s, ':', len);
	int64_t hours = 0, minutes = 0, part;
	bool has_hours;

	if (!second)
		return parse_scaled(s, len, US_DIGITS, us);
	has_hours = memchr(second + 1, ':', (size_t)(end - second - 1)) != NULL;
	if (has_hours) {
		if (parse_part(&s, end, INT32_MAX, &hours))
			return -1;
		s++;
	}
	if (parse_part(&s, end, has_hours ? 60 : INT32_MAX, &minutes))
		return -1;
	s++;
	if (s == end || !is_digit(*s) || !is_digit(end[-1]) || memchr(s, 'e', (size_t)(end - s)) ||
	    memchr(s, 'E', (size_t)(end - s)) ||
	    parse_scaled(s, (size_t)(end - s), US_DIGITS, &part) || part >= 60 * NUM_MILLION)
		return -1;
	*us = (hours * 3600 + minutes * 60) * NUM_MILLION + part;
	return 0;
}

int measure_length(const char *s, size_t len, enum recipe_unit unit, int64_t *us)
{
	if (unit == UNIT_HMS)
		return parse_hms(s, len, us);
	return parse_scaled(s, len, unit == UNIT_MS ? US_DIGITS - 3 : US_DIGITS, us);
}

int measure_position(const char *s, size_t len, enum recipe_unit unit, int64_t runtime_us,
		     int64_t *us)
{
	i128 one = 1, product;
	int64_t share;

	if (unit != UNIT_RATIO && unit != UNIT_PERCENT)
		return measure_length(s, len, unit, us);
	if (parse_scaled(s, len, unit == UNIT_RATIO ? RATIO_DIGITS : RATIO_DIGITS - 2, &share))
		return -1;
	for (int i = 0; i < RATIO_DIGITS; i++)
		one *= 10;
	product = (i128)share * runtime_us / one;
	if (product > INT64_MAX || product < INT64_MIN)
		return -1;
	*us = (int64_t)product;
	return 0;
}

bool measure_compare(int64_t position_us, enum recipe_op op, int64_t number, int64_t runtime_us)
{
	i128 position = (i128)position_us * 100 * NUM_MILLION, bound = (i128)number * runtime_us;

	if (runtime_us <= 0)
		return false;
	switch (op) {
	case OP_LESS:
		return position < bound;
	case OP_AT_MOST:
		return position <= bound;
	case OP_MORE:
		return position > bound;
	default:
		return position >= bound;
	}
}
