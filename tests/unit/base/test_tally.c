#include "base/tally.h"

#include "scratch.h"

static void check_text(const struct tally *t, const char *want)
{
	struct buf text = BUF_INIT;

	tally_put(t, &text);
	buf_append_char(&text, '\0');
	CHECK_STR(text.data, want);
	buf_release(&text);
}

static void the_most_frequent_come_first(void)
{
	static const char *const names[] = { "b", "a", "c", "c", "", "c\x1b[2J", "a", "c" };
	struct tally t = TALLY_INIT;

	check_text(&t, "");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		tally_add(&t, names[i], strlen(names[i]));
	CHECK_INT(t.n, 8);
	check_text(&t, "'c' 3, 'a' 2, '' 1, 'b' 1, 'c?[2J' 1");
	tally_release(&t);
	check_text(&t, "");
	tally_add(&t, "z", 1);
	check_text(&t, "'z' 1");
	tally_release(&t);
}

/* Against an array of counts, whatever order they come in. */
static void each_name_is_counted(void)
{
	enum { N = 50 };
	struct tally t = TALLY_INIT;
	uint64_t counts[N] = { 0 }, random = 1;
	uint32_t shown[N];
	uint32_t ids[N];

	for (int i = 0; i < 20000; i++) {
		size_t k = scratch_below(&random, 1 + scratch_below(&random, N));
		char name[8];

		ids[k] = tally_add(&t, name, (size_t)snprintf(name, sizeof(name), "n%zu", k));
		counts[k]++;
	}
	for (size_t i = 0; i < t.names.n; i++) {
		shown[i] = tally_next(&t, shown, i);
		CHECK(!i || t.counts[shown[i]] <= t.counts[shown[i - 1]]);
	}
	CHECK_INT(tally_next(&t, shown, t.names.n), INTERN_NONE);
	for (size_t k = 0; k < N; k++)
		CHECK(!counts[k] || t.counts[ids[k]] == counts[k]);
	tally_release(&t);
}

static void only_so_many_are_told_apart(void)
{
	struct tally t = TALLY_INIT;
	struct buf text = BUF_INIT;
	char name[TALLY_LEN + 2];

	memset(name, 'x', sizeof(name));
	for (size_t len = TALLY_LEN - 1; len <= sizeof(name); len++)
		CHECK_INT(tally_add(&t, name, len), len >= TALLY_LEN);
	for (int i = 2; i < TALLY_NAMES + 100; i++) {
		uint32_t id = tally_add(&t, name, (size_t)snprintf(name, sizeof(name), "%d", i));

		CHECK_INT(id, i < TALLY_NAMES ? (uint32_t)i : INTERN_NONE);
	}
	CHECK_INT(tally_add(&t, "2", 1), 2);
	CHECK_INT(t.counts[1], 3);
	CHECK_INT(t.names.n, TALLY_NAMES);
	CHECK_INT(t.n, 4 + TALLY_NAMES - 2 + 100 + 1);
	/* The eight that are shown count 3 + 2 + 6 of them. */
	tally_put(&t, &text);
	buf_append_char(&text, '\0');
	CHECK(strstr(text.data, ", others 1092") != NULL);
	CHECK_BEGINS(text.data,
		     "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xe2\x80\xa6' 3, '2' 2, '10' 1, ");
	buf_release(&text);
	tally_release(&t);
}

int main(void)
{
	RUN(the_most_frequent_come_first);
	RUN(each_name_is_counted);
	RUN(only_so_many_are_told_apart);
	return CHECK_DONE();
}
