#include "base/nearest.h"
#include "check.h"

/* The definition, without a table. */
static size_t naive(const char *a, size_t n, const char *b, size_t m)
{
	size_t best, other;

	if (n == 0 || m == 0)
		return n + m;
	best = naive(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
	other = naive(a, n - 1, b, m) + 1;
	best = other < best ? other : best;
	other = naive(a, n, b, m - 1) + 1;
	best = other < best ? other : best;
	if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
		other = naive(a, n - 2, b, m - 2) + 1;
		best = other < best ? other : best;
	}
	return best;
}

/* The i-th word of up to five letters of three. */
static void spell(int i, char *word)
{
	for (; i; i = (i - 1) / 3)
		*word++ = "abc"[(i - 1) % 3];
	*word = '\0';
}

static void distances_are_those_of_the_definition(void)
{
	for (int i = 0; i < 364; i += 3)
		for (int j = 0; j < 364; j += 2) {
			char a[8] = "", b[8] = "";

			spell(i, a);
			spell(j, b);
			CHECK_INT(nearest_distance(a, b), naive(a, strlen(a), b, strlen(b)));
		}
}

static void distances_of_words(void)
{
	char longest[66];

	CHECK_INT(nearest_distance("modle", "model"), 1);
	CHECK_INT(nearest_distance("EVENT_ID", "event_id"), 0);
	CHECK_INT(nearest_distance("", "abc"), 3);
	CHECK_INT(nearest_distance("ca", "abc"), 3); /* each letter in one edit */
	memset(longest, 'x', 64);
	longest[64] = '\0';
	CHECK_INT(nearest_distance(longest, "x"), 63);
	memcpy(longest + 64, "x", 2);
	CHECK(nearest_distance(longest, "x") == SIZE_MAX);
	CHECK(nearest_distance("x", longest) == SIZE_MAX);
}

static void the_nearest_of_several(void)
{
	static const char *const words[] = { "label", "model", "mode", "user_id", "x" };
	const size_t n = sizeof(words) / sizeof(words[0]);
	char longest[1000];

	CHECK_STR(nearest_word("modle", words, n), "model");
	CHECK_STR(nearest_word("lable", words, n), "label");
	CHECK_STR(nearest_word("mod", words, n), "mode");
	CHECK_STR(nearest_word("userid", words, n), "user_id");
	CHECK(!nearest_word("user", words, n));
	CHECK(!nearest_word("y", words, n));
	CHECK(!nearest_word("", words, n));
	CHECK(!nearest_word("model", words, 0));
	memset(longest, 'm', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CHECK(!nearest_word(longest, words, n));
}

int main(void)
{
	RUN(distances_are_those_of_the_definition);
	RUN(distances_of_words);
	RUN(the_nearest_of_several);
	return CHECK_DONE();
}
