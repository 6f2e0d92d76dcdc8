#include "base/intern.h"

#include "base/hash.h"
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

/* Strings whose hashes agree in every bit. */
static void colliding_strings(void)
{
	const struct hash_keys keys = hash_keys;

	hash_set_keys((struct hash_keys){ 0 });
	CHECK(hash_bytes("a", 1) == hash_bytes("a longer string", 15));
	strings_short_and_long();
	hash_set_keys(keys);
}

int main(void)
{
	RUN(ids_count_first_appearances);
	RUN(many_strings);
	RUN(strings_short_and_long);
	RUN(colliding_strings);
	return CHECK_DONE();
}
