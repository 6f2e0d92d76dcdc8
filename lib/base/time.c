#include "base/time.h"

#include <string.h>

#define DAYS_MAX 36500 /* of a duration */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Days from 1970-01-01 to a civil date, and back, by counting from March so that the leap day ends
 * a year: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and
 * civil_from_days.
 */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = num_divide_floor(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct time_civil *civil)
{
	int64_t z = days + 719468;
	int64_t era = num_divide_floor(z, 146097);
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era -
			      (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153; /* 0 = March */

	civil->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	civil->month = (int)(month < 10 ? month + 3 : month - 9);
	civil->year = year_of_era + era * 400 + (civil->month <= 2);
}

/* The two (or `n`) digits at s as a number in [low, high], or -1. */
static int digits_in(const char *s, int n, int low, int high)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v < low || v > high ? -1 : v;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* HH:MM[:SS[.fraction]] at *s; moves *s past it. */
static int parse_clock(const char **s, const char *end, int64_t *ms)
{
	const char *p = *s;
	int hour, minute, second = 0, milli = 0;

	if (end - p < 5 || p[2] != ':')
		return -1;
	hour = digits_in(p, 2, 0, 23);
	minute = digits_in(p + 3, 2, 0, 59);
	p += 5;
	if (p < end && *p == ':') {
		if (end - p < 3)
			return -1;
		second = digits_in(p + 1, 2, 0, 59);
		p += 3;
		if (p < end && *p == '.') {
			int scale = 100;

			if (++p == end || !is_digit(*p))
				return -1;
			for (; p < end && is_digit(*p); p++, scale /= 10)
				milli += (*p - '0') * scale;
		}
	}
	if (hour < 0 || minute < 0 || second < 0)
		return -1;
	*ms = ((int64_t)(hour * 60 + minute) * 60 + second) * TIME_MS_PER_SECOND + milli;
	*s = p;
	return 0;
}

/* Z, +HH, +HHMM or +HH:MM from s to end, as milliseconds east of UTC. */
static int parse_offset(const char *s, const char *end, int64_t *ms)
{
	int hours, minutes = 0;
	int64_t east;

	if (end - s == 1 && (*s == 'Z' || *s == 'z')) {
		*ms = 0;
		return 0;
	}
	if (end - s < 3 || (*s != '+' && *s != '-'))
		return -1;
	hours = digits_in(s + 1, 2, 0, 23);
	if (end - s == 5)
		minutes = digits_in(s + 3, 2, 0, 59);
	else if (end - s == 6 && s[3] == ':')
		minutes = digits_in(s + 4, 2, 0, 59);
	else if (end - s != 3)
		return -1;
	if (hours < 0 || minutes < 0)
		return -1;
	east = hours * TIME_MS_PER_HOUR + minutes * TIME_MS_PER_MINUTE;
	*ms = *s == '-' ? -east : east;
	return 0;
}

static bool is_utc_name(const char *s, const char *end)
{
	return end - s == 3 && (!memcmp(s, "UTC", 3) || !memcmp(s, "GMT", 3));
}

/* Which parts a written time has, each with those before it. */
enum parts { DATE, LOCAL, ABSOLUTE };

/* time_parse; without an offset *ms is the local time as if it were UTC. Returns the parts or -1.
 */
static int parse_iso(const char *s, size_t len, int64_t *ms)
{
	const char *end = s + len;
	int year, month, day;
	int64_t clock = 0, east = 0;
	enum parts parts = DATE;

	if (len < 10 || s[4] != '-' || s[7] != '-')
		return -1;
	year = digits_in(s, 4, 0, 9999);
	month = digits_in(s + 5, 2, 1, 12);
	day = digits_in(s + 8, 2, 1, 31);
	if (year < 0 || month < 0 || day < 0 || day > days_in_month(year, month))
		return -1;
	s += 10;
	if (s < end) {
		if (*s != 'T' && *s != 't' && *s != ' ')
			return -1;
		s++;
		if (parse_clock(&s, end, &clock))
			return -1;
		parts = s < end ? ABSOLUTE : LOCAL;
		if (s < end && *s == ' ' && is_utc_name(s + 1, end))
			s = end;
		else if (s < end && parse_offset(s + (*s == ' '), end, &east))
			return -1;
	}
	*ms = days_from_civil(year, month, day) * TIME_MS_PER_DAY + clock - east;
	return (int)parts;
}

int time_parse(const char *s, size_t len, enum time_offset offset, int64_t *ms)
{
	int64_t value;
	int parts = parse_iso(s, len, &value);

	if (parts < (int)(offset == TIME_OFFSET_OPTIONAL ? DATE : ABSOLUTE))
		return -1;
	*ms = value;
	return 0;
}

enum time_unit time_unit_of(int64_t n)
{
	return n < TIME_AUTO_S    ? TIME_AUTO
	       : n < TIME_AUTO_MS ? TIME_S
	       : n < TIME_AUTO_US ? TIME_MS
	       : n < TIME_AUTO_NS ? TIME_US
				  : TIME_NS;
}

/* TIME_AUTO becomes the unit of such a number. Returns 0, or -1: it is too small for any. */
static int settle_unit(int64_t n, enum time_unit *unit)
{
	if (*unit == TIME_AUTO)
		*unit = time_unit_of(n);
	return *unit == TIME_AUTO ? -1 : 0;
}

int time_from_number(int64_t n, enum time_unit unit, int64_t *ms)
{
	if (settle_unit(n, &unit))
		return -1;
	if (unit == TIME_US)
		*ms = n / 1000;
	else if (unit == TIME_NS)
		*ms = n / 1000000;
	else if (unit == TIME_MS)
		*ms = n;
	else if (__builtin_mul_overflow(n, TIME_MS_PER_SECOND, ms))
		*ms = n < 0 ? INT64_MIN : INT64_MAX;
	return 0;
}

int64_t time_to_number(int64_t ms, enum time_unit unit)
{
	int64_t factor = unit == TIME_NS ? 1000000 : unit == TIME_US ? 1000 : 1, n;

	if (unit == TIME_S)
		return ms / TIME_MS_PER_SECOND + (ms % TIME_MS_PER_SECOND > 0);
	return __builtin_mul_overflow(ms, factor, &n) ? INT64_MAX : n;
}

/* Whether a valid number is rounded, for all that one can tell: see time_read. */
static bool may_be_rounded(const char *s, size_t len)
{
	const char *e = s, *end = s + len, *point;
	int64_t exponent, n_decimals;

	while (e < end && *e != 'e' && *e != 'E')
		e++;
	if (e == end)
		return false;
	point = memchr(s, '.', (size_t)(e - s));
	n_decimals = point ? e - point - 1 : 0;
	e += 1 + (e[1] == '+');
	if (num_parse_int(e, (size_t)(end - e), &exponent))
		return *e != '-'; /* beyond all bounds */
	return exponent > n_decimals;
}

int time_read(const char *s, size_t len, const struct time_reading *reading, int64_t *ms)
{
	enum time_unit unit = reading->unit;
	bool changed = false;
	int64_t value;
	int parts;

	if (!num_parse_scaled(s, len, 0, &value)) {
		if (may_be_rounded(s, len) || settle_unit(value, &unit))
			return -1;
		return unit == TIME_S ? num_parse_scaled(s, len, 3, ms)
				      : time_from_number(value, unit, ms);
	}
	parts = parse_iso(s, len, &value);
	if (parts < (int)(reading->date ? DATE : LOCAL))
		return -1;
	*ms = parts == ABSOLUTE ? value : zone_to_utc(reading->zone, value, &changed);
	return changed;
}

bool time_is_finer(const char *s, size_t len)
{
	static const int to_ns[] = {
		[TIME_AUTO] = 0, [TIME_S] = 9, [TIME_MS] = 6, [TIME_US] = 3, [TIME_NS] = 0
	};
	const char *point = memchr(s, '.', len);
	int64_t value;

	if (!num_parse_scaled(s, len, 0, &value))
		return !num_parse_scaled(s, len, to_ns[time_unit_of(value)], &value) &&
		       value % 1000000 != 0;
	if (!point)
		return false;
	for (const char *p = point + 1; p < s + len && is_digit(*p); p++)
		if (p > point + 3 && *p != '0')
			return true;
	return false;
}

/* The units of a duration, longest first. */
static const struct {
	const char *name;
	int64_t ms;
} units[] = { { "w", 7 * TIME_MS_PER_DAY }, { "d", TIME_MS_PER_DAY },    { "h", TIME_MS_PER_HOUR },
	      { "m", TIME_MS_PER_MINUTE },  { "s", TIME_MS_PER_SECOND }, { "ms", 1 } };

#define N_UNITS (sizeof(units) / sizeof(units[0]))

int time_parse_duration(const char *s, size_t len, int64_t *ms)
{
	const char *end = s + len;
	int64_t total = 0;

	if (len == 1 && *s == '0') {
		*ms = 0;
		return 0;
	}
	if (!len)
		return -1;
	while (s < end) {
		const char *number = s, *name;
		int64_t n, unit = 0;

		while (s < end && is_digit(*s))
			s++;
		if (num_parse_int(number, (size_t)(s - number), &n))
			return -1;
		for (name = s; s < end && !is_digit(*s); s++)
			;
		for (size_t i = 0; i < N_UNITS; i++)
			if (strlen(units[i].name) == (size_t)(s - name) &&
			    !memcmp(units[i].name, name, (size_t)(s - name)))
				unit = units[i].ms;
		if (!unit || __builtin_mul_overflow(n, unit, &n) ||
		    __builtin_add_overflow(total, n, &total) || total > DAYS_MAX * TIME_MS_PER_DAY)
			return -1;
	}
	*ms = total;
	return 0;
}

size_t time_format_duration(char *out, int64_t ms)
{
	char *at = out;

	if (!ms)
		*at++ = '0';
	for (size_t i = 1; i < N_UNITS; i++) {
		size_t len = strlen(units[i].name);

		if (ms < units[i].ms)
			continue;
		at += num_format_int(at, ms / units[i].ms);
		memcpy(at, units[i].name, len);
		at += len;
		ms %= units[i].ms;
	}
	return (size_t)(at - out);
}

void time_civil(int64_t ms, struct time_civil *civil)
{
	int64_t days = num_divide_floor(ms, TIME_MS_PER_DAY);
	int64_t of_day = ms % TIME_MS_PER_DAY; /* days * TIME_MS_PER_DAY may not fit */
	int64_t monday_based = days + 3 -
			       num_divide_floor(days + 3, 7) * 7; /* 1970-01-01: Thursday */
	int64_t thursday = days - monday_based + 3;

	/* An ISO week belongs to the year of its Thursday. */
	civil_from_days(thursday, civil);
	civil->iso_week = (int)((thursday - days_from_civil(civil->year, 1, 1)) / 7 + 1);
	civil_from_days(days, civil);
	civil->hour = (int)((of_day < 0 ? of_day + TIME_MS_PER_DAY : of_day) / TIME_MS_PER_HOUR);
	civil->day_of_week = (int)((monday_based + 1) % 7);
}
