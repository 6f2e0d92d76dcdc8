#include "base/pairs.h"

#include "scratch.h"

struct state {
	uint64_t value;
	uint32_t more[2];
};

static void states_belong_to_ordered_pairs(void)
{
	enum { SIDE = 300 };
	struct pairs t = PAIRS_INIT(struct state);
	int wrong = 0;

	CHECK(!pairs_find(&t, 0, 0));
	for (uint32_t a = 0; a < SIDE; a++)
		for (uint32_t b = 0; b < SIDE; b++) {
			struct state *s = pairs_get(&t, a * 65537, UINT32_MAX - b);

			wrong += s->value || s->more[0] || s->more[1];
			*s = (struct state){ (uint64_t)a * SIDE + b + 1, { a, b } };
		}
	for (uint32_t a = SIDE; a-- > 0;)
		for (uint32_t b = SIDE; b-- > 0;) {
			const struct state *s = pairs_find(&t, a * 65537, UINT32_MAX - b);

			wrong += !s || s->value != (uint64_t)a * SIDE + b + 1 || s->more[0] != a ||
				 s->more[1] != b;
			wrong += s != pairs_get(&t, a * 65537, UINT32_MAX - b);
			wrong += pairs_find(&t, UINT32_MAX - 1 - b, a * 65537) != NULL;
		}
	CHECK_INT(wrong, 0);
	CHECK_INT(t.n, SIDE * SIDE);
	pairs_release(&t);
	pairs_release(&t);
	CHECK(!pairs_find(&t, 0, 0));
}

/* Adds and removes at random beside a plain array of what is there. */
static void what_is_removed_is_gone_and_nothing_else(void)
{
	enum { SIDE = 64, N = SIDE * SIDE };
	static uint32_t there[N]; /* 0: not in the table */
	struct pairs t = PAIRS_INIT(uint32_t);
	uint64_t random = 1;
	size_t n = 0;
	int wrong = 0;

	for (uint32_t round = 1; round < 400000; round++) {
		/* Fills and empties in turns: from none to most of them and back. */
		bool add = scratch_below(&random, 100) < (round / 20000 % 2 ? 30 : 70);
		uint32_t i = (uint32_t)scratch_below(&random, N), a = i / SIDE, b = i % SIDE;
		const uint32_t *have = pairs_find(&t, a, b);

		wrong += have ? *have != there[i] : there[i] != 0;
		if (add) {
			*(uint32_t *)pairs_get(&t, a, b) = round;
			n += !there[i];
			there[i] = round;
		} else if (there[i]) {
			pairs_remove(&t, a, b);
			there[i] = 0;
			n--;
		}
		wrong += t.n != n;
	}
	for (uint32_t i = 0; i < N; i++) {
		const uint32_t *have = pairs_find(&t, i / SIDE, i % SIDE);

		wrong += have ? *have != there[i] : there[i] != 0;
	}
	CHECK_INT(wrong, 0);
	pairs_release(&t);
}

/* Each pair once with its own state, whatever was removed; of an empty table none. */
static void a_walk_meets_each_pair_once(void)
{
	enum { SIDE = 50 };
	static bool met[SIDE][SIDE];
	struct pairs t = PAIRS_INIT(uint32_t);
	uint32_t a = 7, b = 7;
	size_t at = 0, n = 0;
	uint32_t *state;

	CHECK(!pairs_next(&t, &at, &a, &b));
	for (uint32_t i = 0; i < SIDE * SIDE; i++)
		*(uint32_t *)pairs_get(&t, i / SIDE, UINT32_MAX - i % SIDE) = i;
	for (uint32_t i = 0; i < SIDE * SIDE; i += 3)
		pairs_remove(&t, i / SIDE, UINT32_MAX - i % SIDE);
	for (at = 0; (state = pairs_next(&t, &at, &a, &b)); n++) {
		b = UINT32_MAX - b;
		CHECK(a < SIDE && b < SIDE && !met[a][b]);
		CHECK_INT(*state, a * SIDE + b);
		CHECK(*state % 3);
		CHECK(state == pairs_find(&t, a, UINT32_MAX - b));
		met[a][b] = true;
	}
	CHECK_INT(n, t.n);
	CHECK_INT(n, SIDE * SIDE - (SIDE * SIDE + 2) / 3);
	CHECK(!pairs_next(&t, &at, &a, &b));
	pairs_release(&t);
}

int main(void)
{
	RUN(states_belong_to_ordered_pairs);
	RUN(what_is_removed_is_gone_and_nothing_else);
	RUN(a_walk_meets_each_pair_once);
	return CHECK_DONE();
}
