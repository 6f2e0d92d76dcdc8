#include "base/time.h"

#include "check.h"

#include <stdlib.h>

#define REFUSED INT64_C(-7777777777777)

/* The ms of the text, which has nothing after it; REFUSED. */
static int64_t read_in(const char *text, enum time_unit unit, const struct zone *zone, bool date)
{
	const struct time_reading reading = { unit, zone, date };
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int64_t ms = REFUSED;
	int rc;

	memcpy(copy, text, len);
	rc = time_read(copy, len, &reading, &ms);
	if ((rc < 0) != (ms == REFUSED))
		CHECK_FAIL("'%s': returns %d with %lld", text, rc, (long long)ms);
	free(copy);
	return ms;
}

static int64_t read_auto(const char *text)
{
	return read_in(text, TIME_AUTO, NULL, false);
}

/* Each unit from its smallest number on, one of which each is the beginning of another. */
static void the_size_of_a_number_tells_its_unit(void)
{
	CHECK_INT(read_auto("100000000"), 100000000000);
	CHECK_INT(read_auto("99999999999"), 99999999999000);
	CHECK_INT(read_auto("100000000000"), 100000000000);
	CHECK_INT(read_auto("99999999999999"), 99999999999999);
	CHECK_INT(read_auto("100000000000000"), 100000000000);
	CHECK_INT(read_auto("99999999999999999"), 99999999999999);
	CHECK_INT(read_auto("100000000000000000"), 100000000000);
	CHECK_INT(read_auto("9223372036854775807"), 9223372036854);
	CHECK_INT(read_auto("99999999999999999999"), INT64_MAX / 1000000);
	CHECK_INT(read_auto("+01709323200"), 1709323200000);
	CHECK_INT(read_auto("99999999"), REFUSED);
	CHECK_INT(read_auto("99999999.9"), REFUSED);
	CHECK_INT(read_auto("20240101"), REFUSED);
	CHECK_INT(read_auto("2024"), REFUSED);
	CHECK_INT(read_auto("0"), REFUSED);
	CHECK_INT(read_auto("-1709323200"), REFUSED);
	CHECK_INT(read_auto("-1709323200000"), REFUSED);
}

static void fractions_count_down_to_the_millisecond(void)
{
	CHECK_INT(read_auto("1709323200.1239"), 1709323200123);
	CHECK_INT(read_auto("1709323200."), 1709323200000);
	CHECK_INT(read_auto("1709323200123.9"), 1709323200123);
	CHECK_INT(read_auto("1709323200123999.9"), 1709323200123);
	CHECK_INT(read_auto("1709323200123999999"), 1709323200123);
	CHECK_INT(read_in("1.5", TIME_S, NULL, false), 1500);
	CHECK_INT(read_in("-1.5", TIME_S, NULL, false), -1500);
	CHECK_INT(read_in("1.5", TIME_MS, NULL, false), 1);
	CHECK_INT(read_in("1999", TIME_US, NULL, false), 1);
	CHECK_INT(read_in("1999999", TIME_NS, NULL, false), 1);
	CHECK_INT(read_in("9223372036854775807", TIME_S, NULL, false), INT64_MAX);
	CHECK_INT(read_in("-9223372036854775808", TIME_S, NULL, false), INT64_MIN);
	CHECK_INT(read_in("1709323200", TIME_MS, NULL, false), 1709323200);
}

static void scientific_notation_has_all_its_digits(void)
{
	CHECK_INT(read_auto("1.709323200000E+12"), 1709323200000);
	CHECK_INT(read_auto("1.709323200123e12"), 1709323200123);
	CHECK_INT(read_auto("1.709323200e9"), 1709323200000);
	CHECK_INT(read_auto("1.7093232001239e9"), 1709323200123);
	CHECK_INT(read_auto("170932320000000e-2"), 1709323200000);
	CHECK_INT(read_auto("1709323200000e0"), 1709323200000);
	CHECK_INT(read_auto("1.70932320000E+12"), REFUSED);
	CHECK_INT(read_auto("1.70933E+12"), REFUSED);
	CHECK_INT(read_auto("1e12"), REFUSED);
	CHECK_INT(read_auto("1709323200e3"), REFUSED);
	CHECK_INT(read_auto("1e99999999999999999999"), REFUSED);
	CHECK_INT(read_in("1e1", TIME_MS, NULL, false), REFUSED);
	CHECK_INT(read_in("1.0e1", TIME_MS, NULL, false), 10);
	CHECK_INT(read_in("1e-99999999999999999999", TIME_MS, NULL, false), 0);
	CHECK_INT(read_auto("1.7093e"), REFUSED);
	CHECK_INT(read_auto("1709323200000e+-0"), REFUSED);
	CHECK_INT(read_auto("e12"), REFUSED);
}

static void the_offset_is_glued_or_behind_a_space(void)
{
	static const char *const noon[] = {
		"2024-01-01T12:00:00Z",       "2024-01-01 12:00:00 Z",
		"2024-01-01 12:00:00 UTC",    "2024-01-01 12:00:00.000 GMT",
		"2024-01-01T14:00:00+02",     "2024-01-01 14:00:00 +02",
		"2024-01-01T14:00:00+0200",   "2024-01-01 14:00:00 +0200",
		"2024-01-01T14:00:00+02:00",  "2024-01-01 14:00 +02:00",
		"2024-01-01 06:15:00 -05:45", "2024-01-01T12:00",
	};
	static const char *const refused[] = {
		"2024-01-01 12:00:00UTC",
		"2024-01-01 12:00:00  UTC",
		"2024-01-01 12:00:00 utc",
		"2024-01-01 12:00:00 CET",
		"2024-01-01 12:00:00 ",
		"2024-01-01 12:00:00 U",
		"2024-01-01 12:00:00 UTC ",
		"2024-01-01  12:00:00",
		"2024-01-01 UTC",
		"2024-01-01 12:00:00 +2",
		"2024-01-01 12:00:00 02",
		"2024-01-01 12:00:00 GMT+2",
		"2024-01-01",
		"2024-02-30 12:00:00",
		"",
	};

	for (size_t i = 0; i < sizeof(noon) / sizeof(*noon); i++)
		CHECK_INT(read_auto(noon[i]), 1704110400000);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (read_auto(refused[i]) != REFUSED)
			CHECK_FAIL("'%s' is a time", refused[i]);
	CHECK_INT(read_in("2024-01-01", TIME_AUTO, NULL, true), 1704067200000);
}

/* A zone is for times without an offset; dates are midnights of the zone, too. */
static void local_times(void)
{
	struct err err = ERR_INIT;
	struct zone *berlin = zone_open("Europe/Berlin", &err);
	const struct time_reading reading = { TIME_AUTO, berlin, true };
	int64_t ms;

	CHECK_INT(read_in("2024-01-01 13:00:00", TIME_AUTO, berlin, false), 1704110400000);
	CHECK_INT(read_in("2024-01-01 12:00:00 UTC", TIME_AUTO, berlin, false), 1704110400000);
	CHECK_INT(read_in("1704110400", TIME_AUTO, berlin, false), 1704110400000);
	CHECK_INT(read_in("2024-01-01", TIME_AUTO, berlin, true), 1704063600000);
	CHECK_INT(read_in("2024-01-01", TIME_AUTO, berlin, false), REFUSED);
	CHECK_INT(time_read("2024-03-31 02:30", 16, &reading, &ms), 1);
	CHECK_INT(time_read("2024-03-31 03:30", 16, &reading, &ms), 0);
	CHECK_INT(time_read("2024-10-27 02:30", 16, &reading, &ms), 1);
	CHECK_INT(time_read("2024-10-27 02:30Z", 17, &reading, &ms), 0);
	zone_free(berlin);
}

/* What is written is what is read, and begins with the largest unit. */
static void lengths_are_written_as_they_are_read(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1ms" },
		{ 90 * TIME_MS_PER_SECOND, "1m30s" },
		{ 14 * TIME_MS_PER_DAY, "14d" },
		{ TIME_MS_PER_DAY + TIME_MS_PER_MINUTE + 7, "1d1m7ms" },
		{ INT64_MAX, "106751991167d7h12m55s807ms" },
	};
	char text[TIME_DURATION_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text[time_format_duration(text, cases[i].ms)] = '\0';
		CHECK_STR(text, cases[i].text);
	}
	for (int64_t ms = 1, back; ms < 36500 * TIME_MS_PER_DAY; ms += ms / 3 + 1) {
		CHECK_INT(time_parse_duration(text, time_format_duration(text, ms), &back), 0);
		CHECK_INT(back, ms);
	}
}

static void units_there_and_back(void)
{
	static const enum time_unit units[] = { TIME_S, TIME_MS, TIME_US, TIME_NS };
	int64_t time = INT64_C(1700000000000), back;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t number = time_to_number(time, units[i]);

		CHECK_INT(time_unit_of(number), units[i]);
		CHECK_INT(time_from_number(number, TIME_AUTO, &back), 0);
		CHECK_INT(back, time);
	}
	CHECK_INT(time_unit_of(TIME_AUTO_S - 1), TIME_AUTO);
	CHECK_INT(time_unit_of(-1), TIME_AUTO);
	CHECK_INT(time_to_number(1, TIME_S), 1);
	CHECK_INT(time_to_number(1000, TIME_S), 1);
	CHECK_INT(time_to_number(INT64_MAX, TIME_S), INT64_MAX / 1000 + 1);
	CHECK_INT(time_to_number(INT64_MAX, TIME_NS), INT64_MAX);
}

/* Digits below the millisecond, of each unit and of the written forms; zeros are none. */
static void what_is_finer_than_a_millisecond(void)
{
	static const struct {
		const char *text;
		bool is_finer;
	} times[] = {
		{ "1709323200", false },
		{ "1709323200.123", false },
		{ "1709323200.1230", false },
		{ "1709323200.1231", true },
		{ "1709323200.000000001", true },
		{ "1709323200123", false },
		{ "1709323200123.0", false },
		{ "1709323200123.5", true },
		{ "1709323200123000", false },
		{ "1709323200123001", true },
		{ "1709323200123000000", false },
		{ "1709323200123000001", true },
		{ "1709323200122999999", true },
		{ "2024-03-01", false },
		{ "2024-03-01T20:00:00Z", false },
		{ "2024-03-01T20:00:00.123Z", false },
		{ "2024-03-01T20:00:00.123000Z", false },
		{ "2024-03-01T20:00:00.1234Z", true },
		{ "2024-03-01 20:00:00.1230001", true },
		{ "2024-03-01T20:00:00.123+01:30", false },
		{ "2024-03-01T20:00:00.0004+01:30", true },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		size_t len = strlen(times[i].text);
		char *copy = malloc(len);

		CHECK(read_in(times[i].text, TIME_AUTO, NULL, true) != REFUSED);
		memcpy(copy, times[i].text, len);
		if (time_is_finer(copy, len) != times[i].is_finer)
			CHECK_FAIL("'%s'", times[i].text);
		free(copy);
	}
}

int main(void)
{
	RUN(the_size_of_a_number_tells_its_unit);
	RUN(fractions_count_down_to_the_millisecond);
	RUN(scientific_notation_has_all_its_digits);
	RUN(the_offset_is_glued_or_behind_a_space);
	RUN(local_times);
	RUN(lengths_are_written_as_they_are_read);
	RUN(units_there_and_back);
	RUN(what_is_finer_than_a_millisecond);
	return CHECK_DONE();
}
