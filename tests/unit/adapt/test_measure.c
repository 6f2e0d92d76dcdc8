#include "adapt/measure.h"

#include "scratch.h"

__extension__ typedef __int128 i128;

static const enum recipe_unit units[] = { UNIT_S, UNIT_MS, UNIT_RATIO, UNIT_PERCENT, UNIT_HMS };

static void check_length(const char *s, enum recipe_unit unit, int want_rc, int64_t want)
{
	int64_t us = want;

	if (measure_length(s, strlen(s), unit, &us) != want_rc || us != want)
		CHECK_FAIL("'%s' in unit %d is %" PRId64 ", not %d, %" PRId64, s, unit, us, want_rc,
			   want);
}

static void lengths_in_seconds_and_milliseconds(void)
{
	check_length("1", UNIT_S, 0, 1000000);
	check_length("-1.5", UNIT_S, 0, -1500000);
	check_length("1.9999999", UNIT_S, 0, 1999999);
	check_length("-1.9999999", UNIT_S, 0, -1999999);
	check_length("1e-6", UNIT_S, 0, 1);
	check_length("1500.0009", UNIT_MS, 0, 1500000);
	check_length("15e2", UNIT_MS, 0, 1500000);
	check_length("9223372036854.775806", UNIT_S, 0, INT64_MAX - 1);
	check_length("9223372036854.775807", UNIT_S, -1, 0);
	check_length("-9223372036854775.808", UNIT_MS, -1, 0);
	check_length("1e400", UNIT_S, -1, 0);
	check_length("", UNIT_S, -1, 0);
	check_length("x", UNIT_MS, -1, 0);
	check_length("1:00", UNIT_S, -1, 0);
}

static void hours_minutes_and_seconds(void)
{
	static const char *const none[] = {
		":",
		"1:",
		":1",
		"1:60",
		"1:2:60",
		"1:60:00",
		"1:2:3:4",
		"-1:00",
		"1:-5",
		"+1:00",
		"1:+5",
		"1: 5",
		"1:5 ",
		"1:5e1",
		"1:5E-1",
		"1:.5",
		"1:05.",
		"::",
		"1::2",
		"1:2:",
		":1:2",
		"1.5:00",
		"1:0x1",
		"1:5,5",
		"1:5..",
		"99999999999:00",
		"2147483647:00:00",
		"1e3:00",
		"1:1:1:",
		"1:59.99.9",
	};
	uint64_t random = 1;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		check_length(none[i], UNIT_HMS, -1, 7);
	check_length("90:00", UNIT_HMS, 0, INT64_C(5400) * 1000000);
	check_length("1:2:3", UNIT_HMS, 0, INT64_C(3723) * 1000000);
	check_length("1:59.9999999", UNIT_HMS, 0, INT64_C(119999999));
	check_length("5.5", UNIT_HMS, 0, 5500000);
	check_length("2147483646:59:59.999999", UNIT_HMS, 0,
		     INT64_C(2147483646) * 3600000000 + 3599999999);
	for (int i = 0; i < 20000; i++) {
		size_t h = scratch_below(&random, 100), m = scratch_below(&random, 60),
		       s = scratch_below(&random, 60), us = scratch_below(&random, 1000000);
		bool has_hours = scratch_below(&random, 2);
		char text[60];

		if (has_hours)
			snprintf(text, sizeof(text),
				 i % 2 ? "%zu:%02zu:%02zu.%06zu9" : "%02zu:%zu:%zu.%06zu", h, m, s,
				 us);
		else
			snprintf(text, sizeof(text), "%zu:%02zu.%06zu", h * 60 + m, s, us);
		check_length(text, UNIT_HMS, 0, (int64_t)((h * 3600 + m * 60 + s) * 1000000 + us));
	}
}

/* A share of a runtime, against the same in 128 bits: to twelve digits, and then toward zero. */
static void shares_of_a_runtime(void)
{
	const i128 one = (i128)1000000 * 1000000;
	uint64_t random = 1;
	int64_t us = 0;

	for (int i = 0; i < 20000; i++) {
		uint64_t share = scratch_random(&random) % 2000000000000;
		int64_t runtime =
			(int64_t)(scratch_random(&random) >> (12 + scratch_below(&random, 40)));
		bool is_negative = !scratch_below(&random, 10);
		i128 want = (i128)share * runtime / one * (is_negative ? -1 : 1);
		char text[60];
		size_t len = (size_t)snprintf(text, sizeof(text), "%s%" PRIu64 ".%012" PRIu64 "99",
					      is_negative ? "-" : "", share / 1000000000000,
					      share % 1000000000000);

		CHECK(!measure_position(text, len, UNIT_RATIO, runtime, &us) &&
		      us == (int64_t)want);
		len = (size_t)snprintf(text, sizeof(text), "%s%" PRIu64 ".%010" PRIu64,
				       is_negative ? "-" : "", share / 10000000000,
				       share % 10000000000);
		CHECK(!measure_position(text, len, UNIT_PERCENT, runtime, &us) &&
		      us == (int64_t)want);
		if (!check_ok)
			break;
	}
	us = 7;
	CHECK_INT(measure_position("2", 1, UNIT_RATIO, INT64_MAX / 2 + 1, &us), -1);
	CHECK_INT(measure_position("-3", 2, UNIT_RATIO, INT64_MAX / 2 + 1, &us), -1);
	CHECK_INT(measure_position("1e9", 3, UNIT_RATIO, 1, &us), -1);
	CHECK_INT(measure_position("0:30", 4, UNIT_PERCENT, 1, &us), -1);
	CHECK_INT(us, 7);
	CHECK_INT(measure_position("200", 3, UNIT_PERCENT, INT64_MAX / 2, &us), 0);
	CHECK_INT(us, INT64_MAX - 1);
}

/* In the other units the runtime does not matter. */
static void positions_are_lengths(void)
{
	static const char *const texts[] = { "1.5", "0:30", "1:02:03.25", "x", "-7", "1e300", "" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t u = 0; u < 5; u++) {
			int64_t a = 1, b = 1;
			size_t len = strlen(texts[i]);

			if (units[u] == UNIT_RATIO || units[u] == UNIT_PERCENT)
				continue;
			CHECK_INT(measure_position(texts[i], len, units[u], -5, &a),
				  measure_length(texts[i], len, units[u], &b));
			CHECK_INT(a, b);
		}
}

static void check_compare(int64_t position, int64_t number, int64_t runtime)
{
	i128 x = (i128)position * 100000000, y = (i128)number * runtime;
	int order = (x > y) - (x < y);
	bool is = runtime > 0;

	CHECK_INT(measure_compare(position, OP_LESS, number, runtime), is && order < 0);
	CHECK_INT(measure_compare(position, OP_AT_MOST, number, runtime), is && order <= 0);
	CHECK_INT(measure_compare(position, OP_MORE, number, runtime), is && order > 0);
	CHECK_INT(measure_compare(position, OP_AT_LEAST, number, runtime), is && order >= 0);
}

/* Around equality, as far as the integers go. */
static void positions_against_a_share(void)
{
	static const int64_t ends[] = { INT64_MIN, -1, 0, 1, INT64_MAX };
	uint64_t random = 1;

	for (int i = 0; i < 125; i++)
		check_compare(ends[i % 5], ends[i / 5 % 5], ends[i / 25]);
	for (int i = 0; i < 20000 && check_ok; i++) {
		int64_t runtime =
			(int64_t)(scratch_random(&random) >> (20 + scratch_below(&random, 40)));
		int64_t number = (int64_t)scratch_below(&random, 100000001);
		int64_t equal = (int64_t)((i128)number * runtime / 100000000);

		for (int64_t d = -1; d <= 1; d++)
			check_compare(equal + d, number, runtime);
	}
	CHECK(measure_compare(95, OP_AT_LEAST, 95000000, 100));
	CHECK(!measure_compare(94, OP_AT_LEAST, 95000000, 100));
}

int main(void)
{
	RUN(lengths_in_seconds_and_milliseconds);
	RUN(hours_minutes_and_seconds);
	RUN(shares_of_a_runtime);
	RUN(positions_are_lengths);
	RUN(positions_against_a_share);
	return CHECK_DONE();
}
