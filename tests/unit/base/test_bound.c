#include "base/bound.h"

#include "scratch.h"

static struct bound parse(const char *text)
{
	struct bound bound = { 0 };
	struct err err = ERR_INIT;

	if (bound_parse(&bound, text, &err))
		CHECK_FAIL("%s", err.message);
	CHECK(bound.text == text);
	return bound;
}

static void counts(void)
{
	static const uint64_t bounds[] = { 0, 1, 5, INT64_MAX };

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		char text[32];
		struct bound bound;

		snprintf(text, sizeof(text), "%" PRIu64, bounds[i]);
		bound = parse(text);
		CHECK(!bound.is_share);
		/* Of how many does not matter. */
		for (uint64_t all = 0; all < 3; all++) {
			CHECK(!bound_exceeded(&bound, 0, all));
			CHECK(!bound_exceeded(&bound, bounds[i], all));
			CHECK(bound_exceeded(&bound, bounds[i] + 1, all));
			CHECK(bound_exceeded(&bound, UINT64_MAX, all));
		}
	}
}

/* Against n / n_all > p / 100 in integers that are small enough for it. */
static void shares(void)
{
	static const struct {
		const char *text;
		uint64_t millionths; /* of a percent */
	} cases[] = { { "0%", 0 },          { "5%", 5000000 },
		      { "0.1%", 100000 },   { "33.333333%", 33333333 },
		      { "0.000001%", 1 },   { "100%", 100000000 },
		      { "+2.50%", 2500000 } };
	uint64_t random = 1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bound bound = parse(cases[i].text);

		CHECK(bound.is_share);
		CHECK_INT(bound.value, cases[i].millionths);
		CHECK(!bound_exceeded(&bound, 0, 0));
		for (int k = 0; k < 2000; k++) {
			uint64_t all = scratch_below(&random, k % 2 ? 50 : 100000000);
			/* About the bound, and just there. */
			uint64_t n = all * cases[i].millionths / 100000000 +
				     scratch_below(&random, 3);

			CHECK_INT(bound_exceeded(&bound, n, all),
				  n * 100000000 > all * cases[i].millionths);
		}
	}
}

/* What 64 bits do not hold on the way. */
static void shares_of_very_many(void)
{
	struct bound half = parse("50%"), all = parse("100%"), none = parse("0%");
	static const struct bound given = BOUND_PERCENT(50);

	CHECK(!bound_exceeded(&half, UINT64_MAX / 2, UINT64_MAX));
	CHECK(bound_exceeded(&half, UINT64_MAX / 2 + 1, UINT64_MAX));
	CHECK(!bound_exceeded(&all, UINT64_MAX, UINT64_MAX));
	CHECK(bound_exceeded(&none, 1, UINT64_MAX));
	CHECK_STR(given.text, "50%");
	CHECK_INT(given.value, half.value);
	CHECK(given.is_share);
}

static void what_is_no_bound(void)
{
	static const char *const texts[] = { "",     "%",           "-1",
					     "-1%",  "100.000001%", "101%",
					     "5 %",  " 5",          "5%%",
					     "1.5",  "x",           "0.0000001%",
					     "1e2%", "5%x",         "9223372036854775808" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bound bound = { 0 };
		struct err err = ERR_INIT;
		char want[128];

		snprintf(want, sizeof(want),
			 "expected a count or a percentage up to 100%%, not '%s'", texts[i]);
		CHECK_INT(bound_parse(&bound, texts[i], &err), -1);
		CHECK_INT(err.kind, ERR_USAGE);
		CHECK_STR(err.message, want);
	}
}

int main(void)
{
	RUN(counts);
	RUN(shares);
	RUN(shares_of_very_many);
	RUN(what_is_no_bound);
	return CHECK_DONE();
}
