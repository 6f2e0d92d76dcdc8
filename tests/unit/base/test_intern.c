#include "base/intern.h"

#include "scratch.h"

static void ids_count_first_appearances(void)
{
	struct intern t = INTERN_INIT;

	CHECK_INT(intern_find(&t, "a", 1), INTERN_NONE);
	CHECK_INT(intern_id(&t, "a", 1), 0);
	CHECK_INT(intern_id(&t, "b", 1), 1);
	CHECK_INT(intern_id(&t, "a", 1), 0);
	CHECK_INT(intern_id(&t, "", 0), 2);
	CHECK_INT(intern_id(&t, "a\0", 2), 3);
	CHECK_INT(intern_id(&t, "a\0b", 3), 4);
	CHECK_INT(intern_find(&t, "a\0b", 3), 4);
	CHECK_INT(intern_find(&t, "a\0c", 3), INTERN_NONE);
	CHECK_INT(intern_find(&t, "", 0), 2);
	CHECK_INT(t.n, 5);
	CHECK_STR(intern_string(&t, 1)->s, "b");
	intern_release(&t);
	CHECK_INT(intern_id(&t, "z", 1), 0);
	intern_release(&t);
	intern_release(&t);
}

/* Strings that share all but a byte, at every length: ids are one to one. */
static void many_strings(void)
{
	enum { N = 300000 };
	struct intern t = INTERN_INIT;
	char text[64];
	int wrong = 0;

	for (uint32_t i = 0; i < N; i++) {
		int n = snprintf(text, sizeof(text), "%*u", (int)(8 + i % 30), i);

		wrong += intern_id(&t, text, (size_t)n) != i;
	}
	for (uint32_t i = 0; i < N; i++) {
		int n = snprintf(text, sizeof(text), "%*u", (int)(8 + i % 30), i);
		const struct intern_string *s = intern_string(&t, i);

		wrong += intern_find(&t, text, (size_t)n) != i;
		wrong += s->len != (uint32_t)n || strcmp(s->s, text) != 0;
		text[0] = 'x';
		wrong += intern_find(&t, text, (size_t)n) != INTERN_NONE;
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(t.n, N);
	intern_release(&t);
}

/* Strings whose hashes agree in all the bits that the table looks at, and more. */
static void colliding_strings(void)
{
	enum { N = 64, MASK = 0xfff };
	struct intern t = INTERN_INIT;
	char found[N][16];
	size_t n = 0;

	for (unsigned i = 0; n < N; i++) {
		snprintf(found[n], sizeof(found[n]), "u%u", i);
		if ((intern_hash(found[n], strlen(found[n])) & MASK) == 7)
			n++;
	}
	for (uint32_t i = 0; i < N; i++)
		CHECK_INT(intern_id(&t, found[i], strlen(found[i])), i);
	for (uint32_t i = 0; i < N; i++)
		CHECK_INT(intern_find(&t, found[i], strlen(found[i])), i);
	intern_release(&t);
}

/* Every length around those that a slot holds, with bytes that differ at one place alone. */
static void strings_short_and_long(void)
{
	enum { LONGEST = 20 };
	char text[LONGEST] = { 0 };
	struct intern t = INTERN_INIT;
	uint32_t next = 0;

	for (int round = 0; round < 2; round++, next = 0) {
		for (size_t len = 0; len <= LONGEST; len++) {
			CHECK_INT(intern_id(&t, text, len), next++);
			for (size_t i = 0; i < len; i++)
				for (int bit = 0; bit < 8; bit++) {
					text[i] = (char)(1 << bit);
					CHECK_INT(intern_id(&t, text, len), next++);
					text[i] = 0;
				}
		}
	}
	intern_release(&t);
}

/* Flipping a bit of the text flips half the bits of the hash, near enough. */
static void hash_mixes_every_bit(void)
{
	uint64_t random = 1;
	char text[40];

	for (size_t len = 1; len <= sizeof(text); len++) {
		double flipped = 0;

		for (int round = 0; round < 20; round++) {
			uint64_t before;

			for (size_t i = 0; i < len; i++)
				text[i] = (char)scratch_random(&random);
			before = intern_hash(text, len);
			for (size_t bit = 0; bit < len * 8; bit++) {
				text[bit / 8] ^= (char)(1 << bit % 8);
				flipped += __builtin_popcountll(before ^ intern_hash(text, len));
				text[bit / 8] ^= (char)(1 << bit % 8);
			}
		}
		CHECK_NEAR(flipped / (20.0 * 8 * (double)len), 32.0, 3.0);
	}
	CHECK(intern_hash("ab", 2) != intern_hash("ab\0", 3));
	CHECK(intern_hash("", 0) != intern_hash("\0", 1));
}

int main(void)
{
	RUN(ids_count_first_appearances);
	RUN(many_strings);
	RUN(colliding_strings);
	RUN(strings_short_and_long);
	RUN(hash_mixes_every_bit);
	return CHECK_DONE();
}
