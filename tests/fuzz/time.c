/*
 * Times, against the C library: what is read as a time has the value that strptime and timegm give
 * its parts, and each valid time, in whatever form, is read. A zone's local time is the one that
 * localtime has at the point in time that is found for it. Calendars are gmtime's; lengths of time
 * read back as what they are.
 */
#include "fuzz.h"

#include "base/time.h"

#include <inttypes.h>
#include <time.h>

static const char *const zones[] = {
	"UTC",          "Europe/Berlin",       "America/New_York", "Asia/Kathmandu",
	"Pacific/Apia", "Australia/Lord_Howe", "Antarctica/Troll", "America/St_Johns"
};
#define N_ZONES (sizeof(zones) / sizeof(zones[0]))

/* Moves *s past the clock and the fraction that strptime reads there. */
static const char *want_clock(const char *s, struct tm *tm, int *ms)
{
	const char *seconds = strptime(s, "%H:%M:%S", tm), *end = seconds;

	*ms = 0;
	if (!seconds)
		return strptime(s, "%H:%M", tm);
	if (*seconds != '.')
		return seconds;
	for (int unit = 100; *++end >= '0' && *end <= '9'; unit /= 10)
		*ms += (*end - '0') * unit;
	return end;
}

/* The value of a text that our parser has read; 24:00 and 60 seconds it does not. */
static int64_t want_iso(const char *s)
{
	struct tm tm = { 0 };
	int ms = 0, minutes = 0, hours = 0, day;
	int64_t value;
	const char *clock = strptime(s, "%Y-%m-%d", &tm), *zone = clock;

	FUZZ_CHECK(clock, "'%s'", s);
	if (*clock) {
		zone = want_clock(clock + 1, &tm, &ms);
		FUZZ_CHECK(zone, "'%s'", s);
		zone += *zone == ' ';
	}
	if (*zone == '+' || *zone == '-') {
		FUZZ_CHECK(sscanf(zone + 1, strlen(zone) == 6 ? "%2d:%2d" : "%2d%2d", &hours,
				  &minutes) >= 1,
			   "'%s'", s);
		minutes += 60 * hours;
		minutes = *zone == '-' ? -minutes : minutes;
	} else {
		FUZZ_CHECK(!*zone || !strcmp(zone, "Z") || !strcmp(zone, "z") ||
				   !strcmp(zone, "UTC") || !strcmp(zone, "GMT"),
			   "'%s'", s);
	}
	day = tm.tm_mday;
	value = timegm(&tm) * TIME_MS_PER_SECOND + ms - minutes * TIME_MS_PER_MINUTE;
	FUZZ_CHECK(tm.tm_mday == day, "'%s': no such day", s);
	return value;
}

static void check_text(const char *s, size_t len)
{
	int64_t ms = 42, again = 42;

	if (!time_parse(s, len, TIME_OFFSET_OPTIONAL, &ms))
		FUZZ_CHECK(ms == want_iso(s), "'%s': %" PRId64, s, ms);
	else
		FUZZ_CHECK(ms == 42, "'%s'", s);
	if (!time_parse(s, len, TIME_OFFSET_REQUIRED, &again))
		FUZZ_CHECK(again == ms, "'%s'", s);
}

/* A valid time from any bytes, in any of its forms. */
static void check_valid(const uint8_t bytes[16])
{
	static const char *const offsets[] = { "Z", "z", " UTC", " GMT", " Z" };
	struct tm tm = { .tm_year = (bytes[0] << 8 | bytes[1]) % 10000 - 1900,
			 .tm_mon = bytes[2] % 12,
			 .tm_mday = 1 + bytes[3] % 28,
			 .tm_hour = bytes[4] % 24,
			 .tm_min = bytes[5] % 60,
			 .tm_sec = bytes[6] % 60 };
	int fraction = (bytes[7] << 8 | bytes[8]) % 1000, minutes = 0;
	char text[96];
	int64_t ms = 42, want;
	size_t len;

	/* strftime's %Y does not pad. */
	len = (size_t)snprintf(text, sizeof(text), "%04d-%02d-%02d%c%02d:%02d", tm.tm_year + 1900,
			       tm.tm_mon + 1, tm.tm_mday, "Tt "[bytes[9] % 3], tm.tm_hour,
			       tm.tm_min);
	if (bytes[10] % 4)
		len += (size_t)snprintf(text + len, 8, ":%02d", tm.tm_sec);
	else
		tm.tm_sec = 0;
	if (bytes[10] % 4 > 1)
		len += (size_t)snprintf(text + len, 16, ".%03d%s", fraction,
					&"999999"[bytes[10] / 4 % 7]);
	else
		fraction = 0;
	if (bytes[11] % 8 < 5) {
		len += (size_t)snprintf(text + len, 8, "%s", offsets[bytes[11] % 8]);
	} else {
		int hours = bytes[12] % 24;

		minutes = bytes[11] % 8 == 5 ? 0 : bytes[13] % 60;
		len += (size_t)snprintf(text + len, 16, "%s%c%02d", &" "[bytes[15] % 2],
					"+-"[bytes[14] % 2], hours);
		if (bytes[11] % 8 > 5)
			len += (size_t)snprintf(text + len, 8, &":%02d"[bytes[11] % 8 == 6],
						minutes);
		minutes = (hours * 60 + minutes) * (bytes[14] % 2 ? -1 : 1);
	}
	want = timegm(&tm) * TIME_MS_PER_SECOND + fraction - minutes * TIME_MS_PER_MINUTE;
	FUZZ_CHECK(!time_parse(text, len, TIME_OFFSET_REQUIRED, &ms) && ms == want,
		   "'%s': %" PRId64 ", not %" PRId64, text, ms, want);
}

static void check_civil(int64_t ms)
{
	struct time_civil civil;
	char week[8];
	struct tm tm;
	time_t t = num_divide_floor(ms, TIME_MS_PER_SECOND);

	time_civil(ms, &civil);
	FUZZ_CHECK(civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.day <= 31,
		   "%" PRId64, ms);
	if (!gmtime_r(&t, &tm) || tm.tm_year > 1000000 || tm.tm_year < -1000000)
		return;
	strftime(week, sizeof(week), "%V", &tm);
	FUZZ_CHECK(civil.year == tm.tm_year + 1900L && civil.month == tm.tm_mon + 1 &&
			   civil.day == tm.tm_mday && civil.hour == tm.tm_hour &&
			   civil.day_of_week == tm.tm_wday &&
			   civil.iso_week == strtol(week, NULL, 10),
		   "%" PRId64, ms);
}

static void check_number(int64_t number, enum time_unit unit)
{
	int64_t ms = 42, back;

	if (time_from_number(number, unit, &ms)) {
		FUZZ_CHECK(unit == TIME_AUTO && number < TIME_AUTO_S && ms == 42, "%" PRId64,
			   number);
		return;
	}
	if (number < 0 || unit == TIME_AUTO)
		return;
	/* Down to a millisecond, and up to a whole unit. */
	back = time_to_number(ms, unit);
	FUZZ_CHECK(unit == TIME_S || unit == TIME_MS ? back == number || ms == INT64_MAX
						     : back <= number,
		   "%" PRId64, number);
}

static void check_zone(const struct zone *zone, const char *name, int64_t local)
{
	bool changed = false;
	int64_t ms;
	struct tm tm;
	time_t t;

	/* A zone is a table of the years 1970 to 2100. */
	local = local % (50000 * TIME_MS_PER_DAY);
	if (local < 10 * TIME_MS_PER_DAY || local > 47000 * TIME_MS_PER_DAY)
		return;
	ms = zone_to_utc(zone, local, &changed);
	t = num_divide_floor(ms, TIME_MS_PER_SECOND);
	localtime_r(&t, &tm);
	FUZZ_CHECK(changed || timegm(&tm) == num_divide_floor(local, TIME_MS_PER_SECOND),
		   "%s: %" PRId64, name, local);
	FUZZ_CHECK(llabs(local - ms) <= TIME_MS_PER_DAY, "%s: %" PRId64, name, local);
}

static void check_duration(const char *s, size_t len)
{
	char text[TIME_DURATION_MAX];
	int64_t ms = 42, again = 42;
	size_t n;

	if (time_parse_duration(s, len, &ms)) {
		FUZZ_CHECK(ms == 42, "'%s'", s);
		return;
	}
	FUZZ_CHECK(ms >= 0 && ms <= 36500 * TIME_MS_PER_DAY, "'%s'", s);
	n = time_format_duration(text, ms);
	FUZZ_CHECK(n < sizeof(text) && !time_parse_duration(text, n, &again) && again == ms,
		   "'%s' as '%.*s'", s, (int)n, text);
}

/* Reads the text in every way; one that is a time of its own is the same by any unit and zone. */
static void check_reading(const char *s, size_t len, const struct time_reading *reading)
{
	int64_t ms = 42, plain = 42;
	int rc = time_read(s, len, reading, &ms);

	FUZZ_CHECK(rc >= -1 && rc <= 1 && (rc >= 0 || ms == 42), "'%s'", s);
	if (!time_parse(s, len, TIME_OFFSET_REQUIRED, &plain))
		FUZZ_CHECK(!rc && ms == plain, "'%s'", s);
	if (!num_parse_int(s, len, &plain)) {
		int64_t want = 42;

		FUZZ_CHECK(rc == time_from_number(plain, reading->unit, &want) && ms == want,
			   "'%s'", s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone *opened[N_ZONES];
	struct fuzz f = fuzz_begin(data, size);
	unsigned unit = fuzz_option(&f, 5), zone = fuzz_option(&f, N_ZONES);
	bool date = fuzz_option(&f, 2);
	char *s = strndup(f.at, (size_t)(f.end - f.at));
	size_t len = strlen(s);
	uint8_t bytes[16] = { 0 };
	struct err err = ERR_INIT;
	int64_t number;

	if (!opened[zone])
		opened[zone] = zone_open(zones[zone], &err);
	FUZZ_CHECK(opened[zone], "%s", err.message);
	setenv("TZ", zones[zone], 1);
	tzset();
	memcpy(bytes, f.at, f.end - f.at < 16 ? (size_t)(f.end - f.at) : sizeof(bytes));
	memcpy(&number, bytes, sizeof(number));
	check_text(s, len);
	check_valid(bytes);
	check_civil(number);
	check_number(number, (enum time_unit)unit);
	check_zone(opened[zone], zones[zone], number);
	check_duration(s, len);
	check_reading(s, len, &(struct time_reading){ (enum time_unit)unit, opened[zone], date });
	free(s);
	return 0;
}
