#include "base/utf8.h"
#include "scratch.h"

#include <stdlib.h>

/* Byte by byte, lest they turn this source around. */
static const char right_to_left[] = { '\xe2', '\x80', '\xae', 0 };
static const char isolate[] = { '\xe2', '\x81', '\xa6', 0 };

static void tells_what_is_well_formed(void)
{
	static const struct {
		const char *text;
		size_t length, printable;
	} cases[] = {
		{ "a", 1, 1 },
		{ "\x7f", 1, 0 },
		{ "\x1b", 1, 0 },
		{ "\xc2\x80", 2, 0 }, /* C1 */
		{ "\xc2\x9f", 2, 0 },
		{ "\xc2\xa0", 2, 2 },
		{ "\xc3\xb1", 2, 2 },
		{ "\xdf\xbf", 2, 2 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xd8\x9b", 2, 2 },
		{ "\xd8\x9c", 2, 0 },     /* the mark of an Arabic letter */
		{ "\xe2\x80\x8e", 3, 0 }, /* left to right */
		{ "\xe2\x80\x8f", 3, 0 },
		{ "\xe2\x80\xa7", 3, 3 },
		{ "\xe2\x80\xa8", 3, 0 }, /* a line separator */
		{ right_to_left, 3, 0 },  /* right to left from here on */
		{ "\xe2\x80\xaf", 3, 3 },
		{ isolate, 3, 0 }, /* an isolate */
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\x80", 0, 0 },
		{ "\xbf", 0, 0 },
		{ "\xc0\xaf", 0, 0 }, /* overlong */
		{ "\xc1\xbf", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 }, /* half a surrogate pair */
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xf5\x80\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
		{ "\xc3", 0, 0 }, /* cut short */
		{ "\xe2\x82", 0, 0 },
		{ "\xf0\x9f\x98", 0, 0 },
		{ "\xc3(", 0, 0 },
		{ "\xe2(\xa1", 0, 0 },
		{ "\xe2\x82(", 0, 0 },
		{ "\xf0\x9f\x98(", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);
		char *copy =
			malloc(len); /* exactly so long: a sanitizer sees who reads behind it */

		memcpy(copy, cases[i].text, len);
		CHECK_INT(utf8_length(copy, copy + len), cases[i].length);
		CHECK_INT(utf8_printable(copy, copy + len), cases[i].printable);
		CHECK_INT(utf8_valid(copy, len), cases[i].length == len);
		free(copy);
	}
}

/* Encodes by the definition, table 3-6. */
static size_t encode(uint32_t code, char text[4])
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		text[i] = (char)(0x80 | (code & 0x3f));
	text[0] = (char)(n == 1 ? code : (0xf00U >> n & 0xf0) | code);
	return n;
}

/* What has no width by definition; what is next to it passes. */
static void the_invisible_is_not_printable(void)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0xad, 0xad },       { 0x34f, 0x34f },     { 0x61c, 0x61c },
		{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
		{ 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },
		{ 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};
	char text[4];
	size_t n;

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		for (uint32_t c = hidden[i].first - 1; c <= hidden[i].last + 1; c++) {
			n = encode(c, text);
			CHECK_INT(utf8_length(text, text + n), n);
			if (utf8_printable(text, text + n) !=
			    (c < hidden[i].first || c > hidden[i].last ? n : 0))
				CHECK_FAIL("U+%04X", c);
		}
}

static void masks_what_is_not_printable(void)
{
	char text[] = "a\xc2\xad"     /* a soft hyphen */
		      "b\xe2\x80\x8b" /* a space, and a joiner, of no width */
		      "c\xe2\x81\xa0"
		      "d\xef\xbb\xbf" /* a byte order mark */
		      "e\xc3\xa9\x1b\xff";

	utf8_mask(text);
	CHECK_STR(text, "a?b?c?d?e\xc3\xa9??");
}

static void tells_valid_text(void)
{
	CHECK(utf8_valid("", 0));
	CHECK(utf8_valid("Ni\xc3\xb1os \xe6\x9d\xb1\x01", 11));
	CHECK(!utf8_valid("a\0b", 3));
	CHECK(!utf8_valid("abc\xff", 4));
	CHECK(!utf8_valid("abc\xc3", 4));
}

/* The beginning of any bytes that is text: what utf8_length says of one character after another. */
static void the_span_ends_where_text_does(void)
{
	static const char *const parts[] = { "a",    "abcdefgh", "\xc3\xb1",         "\xe6\x9d\xb1",
					     "\x7f", "\x01",     "\xf0\x9f\x98\x80", "\xff",
					     "\x80", "\xc3" };
	uint64_t seed = 1;

	for (int round = 0; round < 20000; round++) {
		size_t n = scratch_below(&seed, 12), len = 0, want = 0;
		char text[128], *copy;

		for (size_t i = 0; i < n; i++) {
			/* Seldom what is no text; a NUL, too. */
			size_t which = scratch_below(&seed, scratch_below(&seed, 8) ? 7 : 11);
			const char *part = which < 10 ? parts[which] : "";
			size_t part_len = which < 10 ? strlen(part) : 1;

			memcpy(text + len, part, part_len);
			len += part_len;
		}
		copy = malloc(len + !len); /* exactly so long, for a sanitizer */
		memcpy(copy, text, len);
		for (size_t step = 1; step && want < len; want += step)
			step = copy[want] ? utf8_length(copy + want, copy + len) : 0;
		CHECK_INT(utf8_span(copy, len), want);
		CHECK(utf8_valid(copy, len) == (want == len));
		free(copy);
	}
}

static void puts_so_many_characters(void)
{
	static const struct {
		const char *text;
		size_t max, width;
		const char *want;
	} cases[] = {
		{ "", 3, 0, "" },
		{ "abc", 3, 3, "abc" },
		{ "abcd", 3, 3, "ab\xe2\x80\xa6" },
		{ "Ni\xc3\xb1os", 5, 5, "Ni\xc3\xb1os" },
		{ "Ni\xc3\xb1os", 4, 4, "Ni\xc3\xb1\xe2\x80\xa6" },
		{ "a\x1b[31m\xff", 99, 7, "a?[31m?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT;

		CHECK_INT(utf8_put(&out, cases[i].text, strlen(cases[i].text), cases[i].max),
			  cases[i].width);
		buf_append_char(&out, 0);
		CHECK_STR(out.data, cases[i].want);
		buf_release(&out);
	}
}

int main(void)
{
	RUN(tells_what_is_well_formed);
	RUN(the_invisible_is_not_printable);
	RUN(masks_what_is_not_printable);
	RUN(tells_valid_text);
	RUN(the_span_ends_where_text_does);
	RUN(puts_so_many_characters);
	return CHECK_DONE();
}
