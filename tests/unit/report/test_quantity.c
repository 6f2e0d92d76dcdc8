#include "report/quantity.h"

#include "check.h"

#include <math.h>

static void check_put(double value, const char *unit, const char *want)
{
	struct buf out = BUF_INIT;

	quantity_put(&out, value, unit);
	buf_append_char(&out, '\0');
	CHECK_STR(out.data, want);
	buf_release(&out);
}

/* In the largest unit of which there is one. */
static void lengths_of_time(void)
{
	check_put(276480000, "ms",
		  "3.2\xc2\xa0"
		  "days");
	check_put(86400000, "ms",
		  "1.0\xc2\xa0"
		  "days");
	check_put(86399999, "ms", "24.0\xc2\xa0h");
	check_put(-5400000, "ms", "-1.5\xc2\xa0h");
	check_put(90000, "ms", "1.5\xc2\xa0min");
	check_put(1000, "ms", "1.0\xc2\xa0s");
	check_put(999.5, "ms", "999.5\xc2\xa0ms");
	check_put(0, "ms", "0\xc2\xa0ms");
	check_put(5400, "s", "1.5\xc2\xa0h");
	check_put(0.5, "s", "0.5\xc2\xa0s");
	check_put(2.5, "days",
		  "2.5\xc2\xa0"
		  "days");
}

static void other_numbers(void)
{
	check_put(0.123456, "", "0.1235");
	check_put(0.00007, "", "0.0001");
	check_put(123.456, "events", "123.5");
	check_put(123456.7, "users", "123457");
	check_put(-1e9, "", "-1000000000");
	check_put(1e300, "", "1e+300");
	check_put(0, "", "0");
	check_put(NAN, "ms", "\xe2\x80\x93");
}

static void units_are_those_of_the_catalogue(void)
{
	CHECK_STR(quantity_unit("session_elapsed"), "ms");
	CHECK_STR(quantity_unit("content_runtime"), "s");
	CHECK_STR(quantity_unit("days_since_signup"), "days");
	CHECK_STR(quantity_unit("device"), "");
	CHECK_STR(quantity_unit("no_such_feature"), "");
}

int main(void)
{
	RUN(lengths_of_time);
	RUN(other_numbers);
	RUN(units_are_those_of_the_catalogue);
	return CHECK_DONE();
}
