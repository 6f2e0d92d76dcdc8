#include "events/attribute.h"

#include "base/num.h"
#include "base/time.h"

#include <stdbool.h>
#include <string.h>

#define BILLION    INT64_C(1000000000)
#define PER_MINUTE 60
#define PER_HOUR   3600
#define PER_DAY    86400
#define PER_WEEK   604800
#define YEAR_MAX   9999

static const struct {
	const char *column, *expected;
} kinds[] = {
	[ATTRIBUTE_TEXT] = { "", "text" },
	[ATTRIBUTE_RUNTIME] = { "runtime", "seconds, 01:30:00 or PT1H30M" },
	[ATTRIBUTE_YEAR] = { "release_year", "a year" },
	[ATTRIBUTE_TIME] = { "signup_date", "a time such as 2024-01-31 or 2024-01-31T12:00:00Z" },
};

enum attribute attribute_of(const char *column)
{
	for (size_t i = ATTRIBUTE_TEXT + 1; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].column, column))
			return (enum attribute)i;
	return ATTRIBUTE_TEXT;
}

const char *attribute_expected(enum attribute kind)
{
	return kinds[kind].expected;
}

/*
 * Digits, and where a fraction may be a point (or, in ISO 8601, a comma) and digits, from *s on, as
 * billionths of `unit`: sums of them are exact. Moves *s behind them. Returns 0, or -1.
 */
static int parse_part(const char **s, const char *end, int64_t unit, bool *has_fraction,
		      int64_t *billionths)
{
	const char *digits = *s, *p = digits;
	char text[2 * NUM_TEXT_MAX];
	int64_t n;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	*has_fraction = p > digits && end - p > 1 && (*p == '.' || *p == ',') && p[1] >= '0' &&
			p[1] <= '9';
	if (*has_fraction)
		for (p++; p < end && *p >= '0' && *p <= '9';)
			p++;
	if (p == digits || (size_t)(p - digits) > sizeof(text))
		return -1;
	for (size_t i = 0; i < (size_t)(p - digits); i++)
		text[i] = (char)(digits[i] == ',' ? '.' : digits[i]);
	if (num_parse_scaled(text, (size_t)(p - digits), 9, &n) ||
	    __builtin_mul_overflow(n, unit, billionths))
		return -1;
	*s = p;
	return 0;
}

static int add(int64_t *total, int64_t billionths)
{
	return __builtin_add_overflow(*total, billionths, total) ? -1 : 0;
}

/* [hours:]minutes:seconds[.fraction]; two digits each, but for the first, which may be any number.
 */
static int parse_clock(const char *s, size_t len, int64_t *billionths)
{
	static const int64_t units[] = { PER_HOUR, PER_MINUTE, 1 };
	const char *end = s + len;
	size_t n_colons = 0;
	int64_t total = 0;

	for (size_t i = 0; i < len; i++)
		n_colons += s[i] == ':';
	if (n_colons != 1 && n_colons != 2)
		return -1;
	for (size_t i = 2 - n_colons, first = i; i <= 2; i++) {
		const char *part = s;
		bool has_fraction;
		int64_t n;

		if (parse_part(&s, end, units[i], &has_fraction, &n) || add(&total, n))
			return -1;
		if (i > first && (s < part + 2 || (s > part + 2 && part[2] != '.') ||
				  n >= 60 * units[i] * BILLION))
			return -1;
		if (i < 2 ? has_fraction || s == end || *s++ != ':' : s != end)
			return -1;
	}
	*billionths = total;
	return 0;
}

/* PnWnDTnHnMnS with any of its parts, of which the last may have a fraction. Years and months
 * have no fixed length. */
static int parse_iso(const char *s, size_t len, int64_t *billionths)
{
	static const struct {
		char name;
		bool of_clock;
		int64_t unit;
	} parts[] = { { 'W', false, PER_WEEK },
		      { 'D', false, PER_DAY },
		      { 'H', true, PER_HOUR },
		      { 'M', true, PER_MINUTE },
		      { 'S', true, 1 } };
	const size_t n_parts = sizeof(parts) / sizeof(parts[0]);
	const char *end = s + len;
	bool in_clock = false, has_fraction = false;
	int64_t total = 0;
	size_t next = 0;

	if (!len || *s++ != 'P' || s == end)
		return -1;
	while (s < end) {
		int64_t n;

		if (!in_clock && *s == 'T') {
			in_clock = true;
			s++;
		}
		if (has_fraction || parse_part(&s, end, 1, &has_fraction, &n) || s == end)
			return -1;
		while (next < n_parts &&
		       (parts[next].name != *s || parts[next].of_clock != in_clock))
			next++;
		if (next == n_parts || __builtin_mul_overflow(n, parts[next++].unit, &n) ||
		    add(&total, n))
			return -1;
		s++;
	}
	*billionths = total;
	return 0;
}

static bool fits_runtime(int64_t seconds)
{
	return seconds >= INT32_MIN && seconds <= INT32_MAX;
}

int attribute_parse_seconds(const char *s, size_t len, int64_t *seconds)
{
	int64_t n;

	if (num_parse_decimal(s, len, &n) || !fits_runtime(n))
		return -1;
	*seconds = n;
	return 0;
}

int attribute_parse_runtime(const char *s, size_t len, int64_t *seconds)
{
	int64_t n;

	if (!attribute_parse_seconds(s, len, seconds))
		return 0;
	if ((parse_clock(s, len, &n) && parse_iso(s, len, &n)) || !fits_runtime(n / BILLION))
		return -1;
	*seconds = n / BILLION;
	return 0;
}

int attribute_parse_year(const char *s, size_t len, int64_t *year)
{
	int64_t n;

	if (num_parse_decimal(s, len, &n) || n < -YEAR_MAX || n > YEAR_MAX)
		return -1;
	*year = n;
	return 0;
}

int attribute_parse_time(const char *s, size_t len, int64_t *ms)
{
	return time_parse(s, len, TIME_OFFSET_OPTIONAL, ms);
}

int attribute_put(struct buf *row, enum attribute kind, const struct csv_field *field)
{
	const struct csv_field f = kind == ATTRIBUTE_TEXT ? *field : csv_trimmed(field);
	int64_t value;

	if (!f.len) {
		csv_put_field(row, &f);
		return 0;
	}
	switch (kind) {
	case ATTRIBUTE_RUNTIME:
		if (attribute_parse_runtime(f.s, f.len, &value))
			return -1;
		csv_put_int(row, value);
		return 0;
	case ATTRIBUTE_YEAR:
		if (attribute_parse_year(f.s, f.len, &value))
			return -1;
		csv_put_int(row, value);
		return 0;
	case ATTRIBUTE_TIME:
		if (attribute_parse_time(f.s, f.len, &value))
			return -1;
		break;
	case ATTRIBUTE_TEXT:
		break;
	}
	csv_put_field(row, &f);
	return 0;
}
