#include "base/utf8.h"
#include "check.h"

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
		{ "\xe2\x80\xa7", 3, 3 },
		{ "\xe2\x80\xa8", 3, 0 }, /* a line separator */
		{ right_to_left, 3, 0 },  /* right to left from here on */
		{ "\xe2\x80\xaf", 3, 3 },
		{ isolate, 3, 0 }, /* an isolate */
		{ "\xe2\x81\xaa", 3, 3 },
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

static void tells_valid_text(void)
{
	CHECK(utf8_valid("", 0));
	CHECK(utf8_valid("Ni\xc3\xb1os \xe6\x9d\xb1\x01", 11));
	CHECK(!utf8_valid("a\0b", 3));
	CHECK(!utf8_valid("abc\xff", 4));
	CHECK(!utf8_valid("abc\xc3", 4));
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
	RUN(tells_valid_text);
	RUN(puts_so_many_characters);
	return CHECK_DONE();
}
