#include "base/num.h"

#include "base/time.h"
#include "scratch.h"

#include <float.h>
#include <limits.h>
#include <time.h>

/* A value that no parser under test returns here: it tells "left alone" from "set". */
#define UNTOUCHED INT64_C(-7777777777777)

/* The parsers on a string, as one value: what they parsed, or UNTOUCHED where they refused. */
#define PARSER(name, parse)                                                                        \
	static int64_t name(const char *s, size_t len)                                             \
	{                                                                                          \
		int64_t value = UNTOUCHED;                                                         \
		int rc = parse(s, len, &value);                                                    \
                                                                                                   \
		if ((rc != 0) != (value == UNTOUCHED) || rc > 0)                                   \
			CHECK_FAIL("%s('%.*s') returns %d", #parse, (int)len, s, rc);              \
		return value;                                                                      \
	}

static int parse_time_z(const char *s, size_t len, int64_t *ms)
{
	return time_parse(s, len, TIME_OFFSET_REQUIRED, ms);
}

static int parse_time_any(const char *s, size_t len, int64_t *ms)
{
	return time_parse(s, len, TIME_OFFSET_OPTIONAL, ms);
}

PARSER(integer, num_parse_int)
PARSER(decimal, num_parse_decimal)
PARSER(millionths, num_parse_millionths)
PARSER(duration, time_parse_duration)
PARSER(time_z, parse_time_z)
PARSER(time_any, parse_time_any)

/*
 * Puts the text at the very end of a heap block without a NUL, so that a parser which reads past
 * its end is caught by the address sanitizer, and parses it there.
 */
static int64_t at_edge(int64_t (*parse)(const char *, size_t), const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int64_t value;

	memcpy(copy, text, len);
	value = parse(copy, len);
	free(copy);
	return value;
}

#define PARSES(parse, text, want) CHECK_INT(at_edge(parse, text), want)
#define REFUSES(parse, text)      PARSES(parse, text, UNTOUCHED)

static void integers(void)
{
	PARSES(integer, "0", 0);
	PARSES(integer, "-0", 0);
	PARSES(integer, "007", 7);
	PARSES(integer, "9223372036854775807", INT64_MAX);
	PARSES(integer, "-9223372036854775808", INT64_MIN);
	PARSES(integer, "000000000000000000000000000001", 1);
	REFUSES(integer, "9223372036854775808");
	REFUSES(integer, "-9223372036854775809");
	REFUSES(integer, "99999999999999999999");
	REFUSES(integer, "");
	REFUSES(integer, "-");
	REFUSES(integer, "+1");
	REFUSES(integer, " 1");
	REFUSES(integer, "1 ");
	REFUSES(integer, "1.0");
	REFUSES(integer, "0x10");
	REFUSES(integer, "1e3");
	REFUSES(integer, "--1");
	REFUSES(integer, "\xd9\xa3"); /* an Arabic digit */
	CHECK_INT(integer("1\0", 2), UNTOUCHED);
}

static void integers_round_trip(void)
{
	uint64_t random = 3;
	char text[NUM_TEXT_MAX], want[64];

	for (int i = 0; i < 200000; i++) {
		int64_t v = (int64_t)(scratch_random(&random) >> scratch_below(&random, 64));
		size_t n;

		v = i == 0   ? INT64_MIN
		    : i == 1 ? INT64_MAX
		    : i & 1  ? v
			     : (int64_t)(0 - (uint64_t)v);
		n = num_format_int(text, v);
		snprintf(want, sizeof(want), "%" PRId64, v);
		CHECK(n == strlen(want) && !memcmp(text, want, n));
		CHECK_INT(integer(text, n), v);
	}
}

static void decimals(void)
{
	PARSES(decimal, "1.6494e12", INT64_C(1649400000000));
	PARSES(decimal, "1649400000000.999", INT64_C(1649400000000));
	PARSES(decimal, "-1.999", -1);
	PARSES(decimal, "-0.999", 0);
	PARSES(decimal, "+5", 5);
	PARSES(decimal, ".5e1", 5);
	PARSES(decimal, "5.", 5);
	PARSES(decimal, "5E+0", 5);
	PARSES(decimal, "12345e-2", 123);
	PARSES(decimal, "1e-99999999999999999999", 0);
	PARSES(decimal, "0e99999999999999999999", 0);
	PARSES(decimal, "0.000e300", 0);
	PARSES(decimal, "9223372036854775807.9", INT64_MAX);
	PARSES(decimal, "-9223372036854775808.9", INT64_MIN);
	PARSES(decimal, "922337203685477580.7e1", INT64_MAX);
	REFUSES(decimal, "9223372036854775808");
	REFUSES(decimal, "1e19");
	REFUSES(decimal, "1e99999999999999999999");
	REFUSES(decimal, "");
	REFUSES(decimal, ".");
	REFUSES(decimal, "+");
	REFUSES(decimal, "-.");
	REFUSES(decimal, "1e");
	REFUSES(decimal, "1e+");
	REFUSES(decimal, "e5");
	REFUSES(decimal, "1.2.3");
	REFUSES(decimal, "1,5");
	REFUSES(decimal, "nan");
	REFUSES(decimal, "inf");
	REFUSES(decimal, "0x1p3");
	REFUSES(decimal, "1e5 ");
	REFUSES(decimal, "+-1");
}

/* v written with its point moved by k and an exponent that moves it back is still v. */
static void decimals_with_moved_points(void)
{
	uint64_t random = 4;

	for (int i = 0; i < 100000; i++) {
		int64_t v = (int64_t)(scratch_random(&random) >> (1 + scratch_below(&random, 63)));
		char digits[64], text[256];
		int n, k = (int)scratch_below(&random, 40);

		n = snprintf(digits, sizeof(digits), "%040" PRId64, v);
		snprintf(text, sizeof(text), "%s%.*s.%s%de%d", i & 1 ? "-" : "", n - k, digits,
			 digits + n - k, (int)scratch_below(&random, 10), k);
		CHECK_INT(decimal(text, strlen(text)), i & 1 ? -v : v);
	}
}

/* A million zeros and an exponent that takes them away again: exact all the same. */
static void decimals_of_many_digits(void)
{
	enum { ZEROS = 3000000 };
	char *text = malloc(ZEROS + 32);
	size_t n;

	memset(text, '0', ZEROS + 1);
	text[0] = '1';
	n = ZEROS + 1 + (size_t)sprintf(text + ZEROS + 1, "e-%d", ZEROS);
	CHECK_INT(decimal(text, n), 1);
	memset(text, '0', ZEROS + 1);
	text[1] = '.';
	text[ZEROS] = '7';
	n = ZEROS + 1 + (size_t)sprintf(text + ZEROS + 1, "e%d", ZEROS);
	CHECK_INT(decimal(text, n), 70);
	free(text);
}

static void counts_are_grouped(void)
{
	static const struct {
		uint64_t count;
		const char *want;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 12345, "12,345" },
		{ 999999, "999,999" },
		{ 1000000, "1,000,000" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[NUM_TEXT_MAX];
		size_t n = num_format_count(text, cases[i].count);

		CHECK_INT(n, strlen(cases[i].want));
		CHECK(!memcmp(text, cases[i].want, n));
	}
}

static void millionths_are_exact(void)
{
	char text[NUM_TEXT_MAX], want[64];
	uint64_t random = 5;

	PARSES(millionths, "0.95", 950000);
	PARSES(millionths, "1", 1000000);
	PARSES(millionths, ".000001", 1);
	PARSES(millionths, "0.00000100", 1);
	PARSES(millionths, "-0.5", -500000);
	PARSES(millionths, "9223372036854.775807", INT64_MAX);
	REFUSES(millionths, "9223372036854.775808");
	REFUSES(millionths, "0.0000001");
	REFUSES(millionths, "1e-3");
	REFUSES(millionths, "0.5e0");
	REFUSES(millionths, "");
	REFUSES(millionths, ".");
	for (int i = 0; i < 100000; i++) {
		int64_t v = (int64_t)(scratch_random(&random) >> scratch_below(&random, 64));
		size_t n;
		char *zeros;

		v = i == 0 ? INT64_MIN : i & 1 ? v : (int64_t)(0 - (uint64_t)v);
		n = num_format_millionths(text, v);
		CHECK(n <= NUM_TEXT_MAX);
		CHECK_INT(millionths(text, n), v);
		/* As printf has it, trailing zeros and then a bare point taken off. */
		snprintf(want, sizeof(want), "%s%" PRIu64 ".%06" PRIu64, v < 0 ? "-" : "",
			 (v < 0 ? 0 - (uint64_t)v : (uint64_t)v) / 1000000,
			 (v < 0 ? 0 - (uint64_t)v : (uint64_t)v) % 1000000);
		for (zeros = want + strlen(want) - 1; *zeros == '0'; zeros--)
			*zeros = '\0';
		if (*zeros == '.')
			*zeros = '\0';
		CHECK(n == strlen(want) && !memcmp(text, want, n));
	}
}

static bool same_double(double a, double b)
{
	return !memcmp(&a, &b, sizeof(a));
}

static double real(const char *s, size_t len)
{
	double value = -12345.5;

	return num_parse_double(s, len, &value) ? NAN : value;
}

static void doubles_round_trip(void)
{
	uint64_t random = 6;
	char text[NUM_TEXT_MAX];

	for (int i = 0; i < 300000; i++) {
		uint64_t bits = scratch_random(&random);
		double v;
		size_t n;

		memcpy(&v, &bits, sizeof(v));
		if (i % 3 == 1)
			v = (double)(int64_t)bits / 1e6;
		else if (i % 3 == 2)
			v = (double)(bits % 100000) / 1000;
		if (!isfinite(v))
			continue;
		n = num_format_double(text, v);
		CHECK(n <= NUM_TEXT_MAX);
		CHECK(same_double(real(text, n), v));
		/* Nothing shorter would do. */
		if (i < 20000) {
			char shorter[512];
			int digits = 0;

			for (size_t k = 0; k < n && text[k] != 'e'; k++)
				digits += text[k] >= '0' && text[k] <= '9' &&
					  (digits || text[k] != '0');
			if (digits > 1 && !memchr(text, 'e', n) && memchr(text, '.', n)) {
				snprintf(shorter, sizeof(shorter), "%.*g", digits - 1, v);
				CHECK(strtod(shorter, NULL) != v);
			}
		}
	}
}

/*
 * As printf and strtod have it: the fewest of 15, 16 and 17 digits that read back, and of a
 * subnormal number the fewest of all.
 */
static size_t format_by_printf(char *out, double v)
{
	int n = 0;

	for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		n = snprintf(out, NUM_TEXT_MAX, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	return (size_t)n;
}

/*
 * Doubles of all exponents and of those that have a path of their own, neighbours of powers of two
 * and of ten, halves between two decimals, and decimals of few digits.
 */
static double hard_double(uint64_t *random, int kind)
{
	uint64_t bits = scratch_random(random);
	uint64_t exponent = 1023 - 16 + scratch_below(random, 68);
	double v;

	switch (kind) {
	case 0:
		break;
	case 1:
		bits = (bits & ~(UINT64_C(0x7ff) << 52)) | exponent << 52;
		break;
	case 2:
		bits = (exponent << 52) + scratch_below(random, 5) - 2;
		break;
	case 3:
		v = pow(10, (double)scratch_below(random, 24) - 6);
		memcpy(&bits, &v, sizeof(bits));
		bits += scratch_below(random, 7) - 3;
		break;
	case 4:
		return (double)(bits % 1000000000) / (double)(UINT64_C(1) << (bits >> 60) * 3);
	case 5:
		return (double)(bits >> (12 + bits % 40)) /
		       pow(10, (double)scratch_below(random, 18));
	default:
		return (double)(bits >> 11) * 0x1p-53;
	}
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void doubles_as_printf_writes_them(void)
{
	static const double some[] = { 0.0,
				       -0.0,
				       0.1,
				       -0.3,
				       1e-4,
				       0x1.a36e2eb1c432cp-14,
				       1e15,
				       0x1.c6bf52633fffep+49,
				       123456789012345.0,
				       0.5,
				       100,
				       5e-324,
				       1.7976931348623157e308 };
	uint64_t random = 12;
	char text[NUM_TEXT_MAX], want[NUM_TEXT_MAX];

	for (int i = 0; i < 350000 && check_ok; i++) {
		bool listed = i < (int)(sizeof(some) / sizeof(some[0]));
		double v = listed ? some[i] : hard_double(&random, i % 7);
		size_t n;

		if (!isfinite(v))
			continue;
		n = num_format_double(text, v);
		if (n != format_by_printf(want, v) || memcmp(text, want, n) != 0)
			CHECK_FAIL("%a is written %.*s, not %s", v, (int)n, text, want);
	}
}

/* The same as without room; what looks like a number is one, and which do is as it is said. */
static void check_roomy(const char *text, size_t len)
{
	int64_t value = UNTOUCHED;
	size_t n_points = 0, n_fraction = 0;
	bool others = false;

	CHECK_INT(num_parse_int_roomy(text, len, &value), integer(text, len) == UNTOUCHED ? -1 : 0);
	CHECK_INT(value, integer(text, len));
	for (size_t i = 0; i < len; i++) {
		n_points += text[i] == '.';
		n_fraction += n_points && text[i] != '.';
		others |= text[i] != '.' && (text[i] < '0' || text[i] > '9');
	}
	CHECK_INT(num_looks_int(text, len), len <= 16 && !others && !n_points);
	CHECK_INT(num_looks_millionths(text, len), len <= 12 && !others && n_points <= 1 &&
							   n_fraction <= 6 &&
							   (len > n_points || !len));
	if (len && num_looks_int(text, len))
		CHECK(integer(text, len) != UNTOUCHED);
	if (len && num_looks_millionths(text, len))
		CHECK(millionths(text, len) != UNTOUCHED);
}

/* The short paths and the long one: the same number with zeros before it takes the latter. */
static void long_and_short_ways_agree(void)
{
	static const char letters[] = "0123456789012345678901234567890123456789.-:/;";
	static const char zeros[] = "0000000000000000000";
	uint64_t random = 13;

	for (int i = 0; i < 300000 && check_ok; i++) {
		size_t len = scratch_below(&random, 20), sign;
		char text[20 + NUM_ROOM], padded[40];

		/* What is behind it is no part of it, be it digits. */
		memset(text, "7.\0,"[i % 4], sizeof(text));
		for (size_t k = 0; k < len; k++)
			text[k] = letters[scratch_below(&random, sizeof(letters) - 1)];
		sign = len && text[0] == '-';
		memcpy(padded, text, sign);
		memcpy(padded + sign, zeros, 19);
		memcpy(padded + sign + 19, text + sign, len - sign);
		check_roomy(text, len);
		if (len > sign && text[sign] != '-') {
			bool bare = len == sign + 1 && text[sign] == '.';

			CHECK_INT(integer(padded, len + 19), integer(text, len));
			CHECK_INT(decimal(padded, len + 19), bare ? 0 : decimal(text, len));
			CHECK_INT(millionths(padded, len + 19), bare ? 0 : millionths(text, len));
		}
	}
}

/* Against strtod, which glibc rounds correctly, over random literals of up to 40 digits. */
static void doubles_as_strtod_reads_them(void)
{
	uint64_t random = 7;
	char digits[802] = "";

	for (int i = 0; i < 300000; i++) {
		char text[128];
		int n = 0, whole = (int)scratch_below(&random, i & 1 ? 9 : 25);
		int fraction = (int)scratch_below(&random, i & 1 ? 9 : 25);

		if (scratch_below(&random, 2))
			text[n++] = '-';
		for (int k = 0; k < whole; k++)
			text[n++] = (char)('0' + scratch_below(&random, 10));
		text[n++] = '.';
		for (int k = 0; k < fraction; k++)
			text[n++] = (char)('0' + scratch_below(&random, 10));
		if (scratch_below(&random, 3) == 0)
			n += sprintf(text + n, "e%d", (int)scratch_below(&random, 700) - 350);
		text[n] = '\0';
		if (whole + fraction == 0)
			CHECK(isnan(real(text, (size_t)n)));
		else if (isinf(strtod(text, NULL)))
			CHECK(isnan(real(text, (size_t)n)));
		else
			CHECK(same_double(real(text, (size_t)n), strtod(text, NULL)));
	}
	CHECK(isnan(real("1e400", 5)));
	CHECK(isnan(real("inf", 3)));
	CHECK(isnan(real("nan", 3)));
	CHECK(isnan(real("0x10", 4)));
	CHECK(isnan(real("1 ", 2)));
	CHECK(isnan(real("", 0)));
	CHECK(same_double(real("1e-400", 6), 0.0));
	/* So long that no digit more can matter. */
	memset(digits, '1', sizeof(digits) - 1);
	digits[1] = '.';
	CHECK(isnan(real(digits, 801)));
	digits[800] = '\0';
	CHECK(same_double(real(digits, 800), strtod(digits, NULL)));
}

/* Every day from 1900 to 2110 as gmtime and strftime have it. */
static void calendar_as_the_c_library_has_it(void)
{
	uint64_t random = 8;

	for (int64_t day = -25567; day < 51500; day++) {
		int64_t ms_of_day = (int64_t)scratch_below(&random, 86400000);
		int64_t ms = day * TIME_MS_PER_DAY + ms_of_day;
		time_t seconds = (time_t)num_divide_floor(ms, 1000);
		struct time_civil civil;
		char week[8], text[64];
		struct tm tm;
		size_t n;

		gmtime_r(&seconds, &tm);
		strftime(week, sizeof(week), "%V", &tm);
		time_civil(ms, &civil);
		CHECK_INT(civil.year, tm.tm_year + 1900);
		CHECK_INT(civil.month, tm.tm_mon + 1);
		CHECK_INT(civil.day, tm.tm_mday);
		CHECK_INT(civil.hour, tm.tm_hour);
		CHECK_INT(civil.day_of_week, tm.tm_wday);
		CHECK_INT(civil.iso_week, strtol(week, NULL, 10));
		/* And back, written as text with an offset. */
		n = strftime(text, sizeof(text), day & 1 ? "%Y-%m-%dT%H:%M:%S" : "%F %T", &tm);
		n += (size_t)sprintf(text + n, ".%03d", (int)(ms_of_day % 1000));
		CHECK_INT(time_any(text, n), ms);
		CHECK_INT(time_z(text, n), UNTOUCHED);
		text[n] = 'Z';
		CHECK_INT(time_z(text, n + 1), ms);
		if (!check_ok)
			return;
	}
}

/* Every int64_t is a point in time, the first one in the year -292275055. */
static void the_ends_of_all_times(void)
{
	struct time_civil first, last;

	time_civil(INT64_MIN, &first);
	CHECK_INT(first.year, -292275055);
	CHECK_INT(first.month, 5);
	CHECK_INT(first.day, 16);
	CHECK_INT(first.hour, 16);
	time_civil(INT64_MAX, &last);
	CHECK_INT(last.year, 292278994);
	CHECK_INT(last.month, 8);
	CHECK_INT(last.day, 17);
	CHECK_INT(last.hour, 7);
}

static void times_in_iso_8601(void)
{
	const int64_t noon = INT64_C(1704110400000); /* 2024-01-01T12:00:00Z */

	PARSES(time_z, "2024-01-01T12:00Z", noon);
	PARSES(time_z, "2024-01-01t12:00:00z", noon);
	PARSES(time_z, "2024-01-01 12:00:00 UTC", noon);
	PARSES(time_z, "2024-01-01 14:00:00+02", noon);
	PARSES(time_z, "2024-01-01 14:30:00+0230", noon);
	PARSES(time_z, "2024-01-01T06:15:00-05:45", noon);
	PARSES(time_z, "2024-01-01T12:00:00.9999999Z", noon + 999);
	PARSES(time_z, "2024-01-01T12:00:00.05Z", noon + 50);
	PARSES(time_z, "2024-01-02T00:00:00+12:00", noon);
	PARSES(time_z, "2024-02-29T00:00:00Z", INT64_C(1709164800000));
	PARSES(time_z, "0001-01-01T00:00:00Z", INT64_C(-62135596800000));
	PARSES(time_z, "9999-12-31T23:59:59.999Z", INT64_C(253402300799999));
	PARSES(time_any, "2024-01-01", noon - 12 * TIME_MS_PER_HOUR);
	PARSES(time_any, "2024-01-01 12:00", noon);
	PARSES(time_any, "2000-02-29", INT64_C(951782400000));
	REFUSES(time_z, "2024-01-01");
	REFUSES(time_z, "2024-01-01T12:00:00");
	REFUSES(time_any, "");
	REFUSES(time_any, "2024-1-1");
	REFUSES(time_any, "2024-13-01");
	REFUSES(time_any, "2024-00-01");
	REFUSES(time_any, "2024-01-00");
	REFUSES(time_any, "2024-01-32");
	REFUSES(time_any, "2024-04-31");
	REFUSES(time_any, "2023-02-29");
	REFUSES(time_any, "1900-02-29");
	REFUSES(time_any, "2024-01-01T");
	REFUSES(time_any, "2024-01-01T1");
	REFUSES(time_any, "2024-01-01T12");
	REFUSES(time_any, "2024-01-01T12:0");
	REFUSES(time_any, "2024-01-01T24:00");
	REFUSES(time_any, "2024-01-01T12:60");
	REFUSES(time_any, "2024-01-01T12:00:60");
	REFUSES(time_any, "2024-01-01T12:00:");
	REFUSES(time_any, "2024-01-01T12:00:0");
	REFUSES(time_any, "2024-01-01T12:00:00.");
	REFUSES(time_any, "2024-01-01T12:00:00.Z");
	REFUSES(time_any, "2024-01-01T12:00:00+");
	REFUSES(time_any, "2024-01-01T12:00:00+2");
	REFUSES(time_any, "2024-01-01T12:00:00+024");
	REFUSES(time_any, "2024-01-01T12:00:00+24:00");
	REFUSES(time_any, "2024-01-01T12:00:00+02:60");
	REFUSES(time_any, "2024-01-01T12:00:00+02:0");
	REFUSES(time_any, "2024-01-01T12:00:00ZZ");
	REFUSES(time_any, "2024-01-01X12:00:00Z");
	REFUSES(time_any, "+2024-01-01");
	REFUSES(time_any, "2024/01/01");
	REFUSES(time_any, "-024-01-01");
	REFUSES(time_any, " 2024-01-01");
}

static void durations(void)
{
	PARSES(duration, "0", 0);
	PARSES(duration, "30m", 30 * 60000);
	PARSES(duration, "1h30m", 90 * 60000);
	PARSES(duration, "1d2h3m4s5ms", INT64_C(93784005));
	PARSES(duration, "2w", 14 * TIME_MS_PER_DAY);
	PARSES(duration, "36500d", 36500 * TIME_MS_PER_DAY);
	PARSES(duration, "0s", 0);
	REFUSES(duration, "36500d1ms");
	REFUSES(duration, "99999999999999999999d");
	REFUSES(duration, "9223372036854775807w");
	REFUSES(duration, "");
	REFUSES(duration, "30");
	REFUSES(duration, "m");
	REFUSES(duration, "1.5h");
	REFUSES(duration, "-1h");
	REFUSES(duration, "1h-30m");
	REFUSES(duration, "1h 30m");
	REFUSES(duration, "1H");
	REFUSES(duration, "1min");
	REFUSES(duration, "1h5");
}

static uint64_t size(const char *text)
{
	uint64_t bytes = UINT64_C(7777777777777);

	return num_parse_size(text, strlen(text), &bytes) ? UINT64_MAX : bytes;
}

static void sizes(void)
{
	CHECK_INT(size("0"), 0);
	CHECK_INT(size("512"), 512);
	CHECK_INT(size("500K"), 500 * 1024);
	CHECK_INT(size("64m"), 64 << 20);
	CHECK_INT(size("2G"), INT64_C(2) << 30);
	CHECK_INT(size("3T"), INT64_C(3) << 40);
	CHECK_INT(size("8388607T"), INT64_C(8388607) << 40);
	CHECK(size("8388608T") == UINT64_MAX);
	CHECK(size("99999999999999999999") == UINT64_MAX);
	CHECK(size("") == UINT64_MAX);
	CHECK(size("M") == UINT64_MAX);
	CHECK(size("-1") == UINT64_MAX);
	CHECK(size("-0") == UINT64_MAX);
	CHECK(size("1.5G") == UINT64_MAX);
	CHECK(size("1KB") == UINT64_MAX);
	CHECK(size("1 K") == UINT64_MAX);
	CHECK(size("1P") == UINT64_MAX);
	CHECK(size("1\x0b") == UINT64_MAX);
}

/* Against 128-bit arithmetic. */
static void divisions(void)
{
	uint64_t random = 9;

	for (int i = 0; i < 300000; i++) {
		int64_t a = (int64_t)(scratch_random(&random) >> scratch_below(&random, 64));
		int64_t b = 1 +
			    (int64_t)(scratch_random(&random) >> (1 + scratch_below(&random, 62)));
		__extension__ typedef __int128 i128;
		int64_t floor, rounded;

		if (i & 1)
			a = (int64_t)(0 - (uint64_t)a);
		floor = num_divide_floor(a, b);
		CHECK((i128)floor * b <= a && ((i128)floor + 1) * b > a);
		/* round(a/b), halves up: the r with 2rb - b <= 2a < 2rb + b. */
		rounded = num_divide_rounded(a, b);
		CHECK((i128)2 * rounded * b - b <= (i128)2 * a &&
		      (i128)2 * a < (i128)2 * rounded * b + b);
	}
	CHECK_INT(num_divide_rounded(1, 2), 1);
	CHECK_INT(num_divide_rounded(-1, 2), 0);
	CHECK_INT(num_divide_rounded(INT64_MAX, INT64_MAX), 1);
	CHECK_INT(num_divide_rounded(INT64_MIN, 1), INT64_MIN);
	CHECK_INT(num_divide_floor(INT64_MIN, INT64_MAX), -2);
}

/* Random bytes in the letters of the grammars: no crash, no read past the end, no odd return. */
static void noise(void)
{
	static const char letters[] = "0123456789+-.eE:TZ \0hmsdwKM";
	uint64_t random = 10;

	for (int i = 0; i < 300000; i++) {
		size_t len = scratch_below(&random, 30);
		char *text = malloc(len ? len : 1);
		uint64_t bytes;

		for (size_t k = 0; k < len; k++)
			text[k] = letters[scratch_below(&random, sizeof(letters))];
		integer(text, len);
		decimal(text, len);
		millionths(text, len);
		duration(text, len);
		time_z(text, len);
		time_any(text, len);
		real(text, len);
		num_parse_size(text, len, &bytes);
		free(text);
	}
}

int main(void)
{
	RUN(integers);
	RUN(counts_are_grouped);
	RUN(integers_round_trip);
	RUN(decimals);
	RUN(decimals_with_moved_points);
	RUN(decimals_of_many_digits);
	RUN(millionths_are_exact);
	RUN(long_and_short_ways_agree);
	RUN(doubles_round_trip);
	RUN(doubles_as_printf_writes_them);
	RUN(doubles_as_strtod_reads_them);
	RUN(calendar_as_the_c_library_has_it);
	RUN(the_ends_of_all_times);
	RUN(times_in_iso_8601);
	RUN(durations);
	RUN(sizes);
	RUN(divisions);
	RUN(noise);
	return CHECK_DONE();
}
