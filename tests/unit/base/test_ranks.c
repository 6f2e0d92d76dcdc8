#include "base/ranks.h"

#include "scratch.h"

/* Strings that are others' beginnings, have NULs, or bytes that are negative as chars. */
static const struct {
	const char *s;
	size_t len;
} strings[] = {
	{ "b", 1 },
	{ "", 0 },
	{ "ab", 2 },
	{ "a", 1 },
	{ "a\0", 2 },
	{ "a\0b", 3 },
	{ "\xc3\x91", 2 },
	{ "\x7f", 1 },
	{ "B", 1 },
	{ "10", 2 },
	{ "9", 1 },
	{ "a\xff", 2 },
	{ "\xff", 1 },
	{ "abcdefghij", 10 },
	{ "abcdefghijkl", 12 },
	{ "abcdefghijk", 11 },
};
enum { N = sizeof(strings) / sizeof(strings[0]) };

/* Whether a is strictly before b, a byte at a time. */
static bool is_before(const struct intern_string *a, const struct intern_string *b)
{
	for (uint32_t i = 0; i < a->len && i < b->len; i++)
		if (a->s[i] != b->s[i])
			return (unsigned char)a->s[i] < (unsigned char)b->s[i];
	return a->len < b->len;
}

/* In whatever order the ids were given: ascending, and each the other's inverse. */
static void ranks_are_in_the_order_of_bytes(void)
{
	for (size_t first = 0; first < N; first++) {
		struct intern ids = INTERN_INIT;
		struct ranks r;

		for (size_t i = 0; i < N; i++) {
			size_t at = (first + i * 7) % N; /* 7 is prime to 16 */

			CHECK_INT(intern_id(&ids, strings[at].s, strings[at].len), i);
		}
		ranks_init(&r, &ids);
		CHECK_INT(r.n, N);
		for (uint32_t i = 0; i < r.n; i++) {
			CHECK_INT(r.ranks[r.ids[i]], i);
			CHECK_INT(r.ids[r.ranks[i]], i);
			if (i)
				CHECK(is_before(intern_string(&ids, r.ids[i - 1]),
						intern_string(&ids, r.ids[i])));
		}
		ranks_release(&r);
		CHECK_INT(r.n, 0);
		intern_release(&ids);
	}
}

static void nothing_has_no_ranks(void)
{
	struct intern none = INTERN_INIT;
	struct pairs t = PAIRS_INIT(uint32_t);
	struct ranks r;

	ranks_init(&r, &none);
	CHECK_INT(r.n, 0);
	free(ranks_sort(&t, &r, &r));
	ranks_release(&r);
}

/* Each pair of a table at random once, with its state, by the ranks of a, then of b. */
static void pairs_are_sorted_by_both(void)
{
	struct intern ids = INTERN_INIT;
	struct ranks r;
	uint64_t random = 1;

	for (size_t i = 0; i < N; i++)
		intern_id(&ids, strings[i].s, strings[i].len);
	ranks_init(&r, &ids);
	for (int round = 0; round < 50; round++) {
		struct pairs t = PAIRS_INIT(uint32_t);
		struct ranked_pair *sorted;
		size_t n = scratch_below(&random, 2 * N * N);

		for (size_t i = 0; i < n; i++) {
			uint32_t a = (uint32_t)scratch_below(&random, N);
			uint32_t b = (uint32_t)scratch_below(&random, N);

			*(uint32_t *)pairs_get(&t, a, b) = a * N + b;
		}
		sorted = ranks_sort(&t, &r, &r);
		for (size_t i = 0; i < t.n; i++) {
			uint32_t a = r.ranks[sorted[i].a], b = r.ranks[sorted[i].b];

			CHECK_INT(*(const uint32_t *)sorted[i].state,
				  sorted[i].a * N + sorted[i].b);
			if (i)
				CHECK(r.ranks[sorted[i - 1].a] * N + r.ranks[sorted[i - 1].b] <
				      a * N + b);
		}
		free(sorted);
		pairs_release(&t);
	}
	ranks_release(&r);
	intern_release(&ids);
}

int main(void)
{
	RUN(ranks_are_in_the_order_of_bytes);
	RUN(nothing_has_no_ranks);
	RUN(pairs_are_sorted_by_both);
	return CHECK_DONE();
}
