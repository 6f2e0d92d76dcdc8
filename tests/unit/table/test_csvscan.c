#include "table/csvscan.h"

#include "scratch.h"

static bool is_mark(char c)
{
	return c && strchr(",\"\n\r\\", c);
}

/* Every way against a look at each byte, in a heap block that ends where the text does. */
static void compare(const char *text, size_t len)
{
	uint32_t *at = mem_alloc(len + CSVSCAN_SLACK, sizeof(*at));
	char *copy = mem_alloc(len + 1, 1), *s;
	struct csvscan way;

	memcpy(copy + 1, text, len);
	s = mem_dup(text, len);
	for (size_t i = 0; (way = csvscan_choice(i)).scan; i++)
		for (int odd = 0; odd < 2; odd++) {
			size_t n = way.scan(odd ? copy + 1 : s, len, at), want = 0;

			for (size_t k = 0; k < len; k++)
				if (is_mark(text[k]) && (want >= n || at[want++] != k)) {
					CHECK_FAIL("%s: byte %zu of %zu", way.name, k, len);
					break;
				}
			if (n != want)
				CHECK_FAIL("%s: %zu marks, not %zu", way.name, n, want);
		}
	free(at);
	free(copy);
	free(s);
}

static void each_byte_at_each_place(void)
{
	char text[200];

	for (int c = 0; c < 256 && check_ok; c++)
		for (size_t at = 0; at < 130; at += 1 + at / 70 * 13) {
			memset(text, ',' + 0x80, sizeof(text));
			text[at] = (char)c;
			compare(text, at + 1 + (size_t)c % 70);
		}
}

/* Random bytes of every density of marks, and of the bytes next to marks. */
static void random_texts(void)
{
	static const char letters[] = ",\"\n\r\\+-!#\x0b\x0c\x0e[]|\xac\x8a\xdc";
	uint64_t random = 1;
	char text[3000];

	for (int i = 0; i < 3000 && check_ok; i++) {
		size_t len = scratch_below(&random, i % 10 ? 260 : sizeof(text));
		size_t density = scratch_below(&random, 17);

		for (size_t k = 0; k < len; k++)
			text[k] = scratch_below(&random, 16) < density
					  ? letters[scratch_below(&random, sizeof(letters))]
					  : (char)scratch_random(&random);
		compare(text, len);
	}
}

static void nothing_but_marks(void)
{
	char text[1000];

	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, "\n,\r\"\\"[len % 5], len);
		compare(text, len);
	}
}

/* The portable way is among them on every processor. */
static void there_is_a_way(void)
{
	size_t n = 0;

	while (csvscan_choice(n).scan)
		n++;
	CHECK(n > 0);
	CHECK_STR(csvscan_choice(n - 1).name, "words");
	CHECK(!csvscan_choice(n + 1).scan);
}

int main(void)
{
	RUN(each_byte_at_each_place);
	RUN(random_texts);
	RUN(nothing_but_marks);
	RUN(there_is_a_way);
	return CHECK_DONE();
}
