#include "events/attribute.h"

#include "check.h"

/* The canonical form of a value; NULL as "-", a refusal as "?". */
static const char *put(enum attribute kind, const char *value)
{
	static char text[64];
	const struct csv_field field = { value, (uint32_t)strlen(value), !*value };
	struct buf row = BUF_INIT;

	if (attribute_put(&row, kind, &field))
		snprintf(text, sizeof(text), "?");
	else if (row.len == 1)
		snprintf(text, sizeof(text), "-");
	else
		snprintf(text, sizeof(text), "%.*s", (int)row.len - 1, row.data);
	buf_release(&row);
	return text;
}

/* Each value is padded: it is to be read as so many bytes, whatever follows. */
#define IS(kind, value, want) CHECK_STR(put(ATTRIBUTE_##kind, value "\0################"), want)

static void runtimes_are_seconds_clocks_and_durations(void)
{
	IS(RUNTIME, "1500", "1500");
	IS(RUNTIME, "1500.0", "1500");
	IS(RUNTIME, "1500.999", "1500");
	IS(RUNTIME, "1.5e3", "1500");
	IS(RUNTIME, " 1500\t", "1500");
	IS(RUNTIME, "0", "0");
	IS(RUNTIME, "-1.5", "-1");
	IS(RUNTIME, "2147483647", "2147483647");
	IS(RUNTIME, "2147483648", "?");
	IS(RUNTIME, "25:00", "1500");
	IS(RUNTIME, "0:05", "5");
	IS(RUNTIME, "90:00", "5400");
	IS(RUNTIME, "00:25:00", "1500");
	IS(RUNTIME, "1:02:03.9", "3723");
	IS(RUNTIME, "100:00:00", "360000");
	IS(RUNTIME, "596523:14:07", "2147483647");
	IS(RUNTIME, "596523:14:08", "?");
	IS(RUNTIME, "PT25M", "1500");
	IS(RUNTIME, "PT1H2M3.5S", "3723");
	IS(RUNTIME, "PT1.5H", "5400");
	IS(RUNTIME, "PT0,5H", "1800");
	IS(RUNTIME, "PT90M", "5400");
	IS(RUNTIME, "PT5400S", "5400");
	IS(RUNTIME, "P1D", "86400");
	IS(RUNTIME, "P1DT1S", "86401");
	IS(RUNTIME, "P1W", "604800");
	IS(RUNTIME, "PT0.33333333333333333333333333H", "1199");
	IS(RUNTIME, "", "-");
	IS(RUNTIME, "  ", "-");
}

static void what_is_no_runtime_is_refused(void)
{
	static const char *const bad[] = {
		"90min",
		"1h",
		"25:0",
		"25:60",
		"1:60:00",
		":25",
		"25:",
		"1:2:3",
		"::",
		"1:::2",
		"-1:00",
		"1.5:00",
		"00:25:00:00",
		"00:25:000",
		"P",
		"PT",
		"P1DT",
		"P1M",
		"P1Y",
		"PT1M1H",
		"PT1.5H1M",
		"PT1",
		"PT-1M",
		"PTM",
		"1M",
		"pt1m",
		"PT1MT1S",
		"PT1M1M",
		"NA",
		"1500 s",
		"1 500",
		"1,500",
		"PT1e3S",
		"0x10",
		"PT.5S",
		"PT5.S",
		"1e99",
		"99999999999999999999:00",
		"PT99999999999999999999H",
		"PT9999999999S",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *got = put(ATTRIBUTE_RUNTIME, bad[i]);

		if (strcmp(got, "?") != 0)
			printf("'%s' is read as %s\n", bad[i], got);
		CHECK_STR(got, "?");
	}
}

static void years_are_whole_and_times_are_passed_on(void)
{
	IS(YEAR, "2001", "2001");
	IS(YEAR, "2001.0", "2001");
	IS(YEAR, " 2001 ", "2001");
	IS(YEAR, "-44", "-44");
	IS(YEAR, "10000", "?");
	IS(YEAR, "2001-01-01", "?");
	IS(YEAR, "", "-");
	IS(TIME, "2024-02-29", "2024-02-29");
	IS(TIME, " 2024-02-29 12:00:00.5+01 ", "2024-02-29 12:00:00.5+01");
	IS(TIME, "2023-02-29", "?");
	IS(TIME, "01/12/2023", "?");
	IS(TIME, " ", "-");
	IS(TEXT, " a ", " a ");
	IS(TEXT, "", "-");
}

static void columns_have_their_kinds(void)
{
	CHECK_INT(attribute_of("runtime"), ATTRIBUTE_RUNTIME);
	CHECK_INT(attribute_of("release_year"), ATTRIBUTE_YEAR);
	CHECK_INT(attribute_of("signup_date"), ATTRIBUTE_TIME);
	CHECK_INT(attribute_of("genre"), ATTRIBUTE_TEXT);
	CHECK_INT(attribute_of(""), ATTRIBUTE_TEXT);
}

int main(void)
{
	RUN(runtimes_are_seconds_clocks_and_durations);
	RUN(what_is_no_runtime_is_refused);
	RUN(years_are_whole_and_times_are_passed_on);
	RUN(columns_have_their_kinds);
	return CHECK_DONE();
}
