#include "base/fnv.h"

#include "check.h"

/* Of the draft, and of ce-split(1). */
static void published_values(void)
{
	static const struct {
		const char *text;
		uint64_t hash;
		size_t part; /* of 1000 */
	} known[] = {
		{ "", UINT64_C(0xcbf29ce484222325), 945 },
		{ "a", UINT64_C(0xaf63dc4c8601ec8c), 824 },
		{ "u1", UINT64_C(0x08c47b07b56747f3), 380 },
		{ "foobar", UINT64_C(0x85944171f73967e8), 697 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].text);

		CHECK(fnv1a(known[i].text, len) == known[i].hash);
		CHECK_INT(fnv1a_part(known[i].text, len, 1000), known[i].part);
		CHECK_INT(fnv1a_part(known[i].text, len, 1), 0);
	}
	CHECK_INT(fnv1a_part("\xd1\x82\xe2\x80\x93"
			     "1",
			     6, 1000),
		  584);
}

/* Numbers in a row, as ids are, of which a part must not get many more than another. */
static void parts_of_dense_ids_are_even(void)
{
	enum { N = 64, EACH = 2000 };
	size_t counts[N] = { 0 };
	char id[32];

	for (int i = 0; i < N * EACH; i++)
		counts[fnv1a_part(id, (size_t)snprintf(id, sizeof(id), "u%d", i), N)]++;
	/* Five standard deviations. */
	for (size_t i = 0; i < N; i++)
		CHECK_NEAR((double)counts[i], (double)EACH, 5 * sqrt(EACH));
}

int main(void)
{
	RUN(published_values);
	RUN(parts_of_dense_ids_are_even);
	return CHECK_DONE();
}
