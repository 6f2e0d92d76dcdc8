#include "base/err.h"

#include "base/utf8.h"
#include "check.h"

#include <errno.h>

static void sets_kind_and_message(void)
{
	struct err err = ERR_INIT;

	CHECK_INT(err.kind, ERR_NONE);
	CHECK_INT(err_set(&err, ERR_USAGE, "%s:%d: no %s", "a.csv", 7, "way"), -1);
	CHECK_INT(err.kind, ERR_USAGE);
	CHECK_STR(err.message, "a.csv:7: no way");
}

static void control_characters_are_masked(void)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_RUNTIME, "a\nb\r\x1b[31m\x7f\tc\xc3\xa9");
	CHECK_STR(err.message, "a?b??[31m??c\xc3\xa9");
}

static void what_turns_text_around_is_masked(void)
{
	/* An override of the direction and an isolate, byte by byte, lest they turn this source. */
	static const char override[] = { '\xe2', '\x80', '\xae', 0 };
	static const char isolate[] = { '\xe2', '\x81', '\xa6', 0 };
	struct err err = ERR_INIT;

	/* C1, both of them, half a character, what is no UTF-8. */
	err_set(&err, ERR_RUNTIME, "a\xc2\x9b\xc3\xa9%s%s%.*s\xff \xe2\x82\xac", override, isolate,
		2, "\xe2\x82\xac");
	CHECK_STR(err.message, "a?\xc3\xa9????? \xe2\x82\xac");
}

/* Whatever is in front of them, no character is cut in half at the end. */
static void no_character_is_cut_in_half(void)
{
	char text[3000];

	for (size_t first = 0; first < 4; first++) {
		struct err err = ERR_INIT;

		memset(text, 'x', first);
		for (size_t i = first; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 5);
		err_set(&err, ERR_RUNTIME, "%s", text);
		CHECK(utf8_valid(err.message, strlen(err.message)));
		CHECK(strlen(err.message) > 1000);
	}
}

static void a_long_message_is_cut(void)
{
	struct err err = ERR_INIT;
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_RUNTIME, "%s", text);
	CHECK_INT(strlen(err.message), sizeof(err.message) - 1);
}

static void a_message_may_quote_the_one_before(void)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_RUNTIME, "inner");
	err_set(&err, ERR_DATABASE, "outer: %s", err.message);
	CHECK_STR(err.message, "outer: inner");
	CHECK_INT(err.kind, ERR_DATABASE);
}

static void errno_is_told(void)
{
	struct err err = ERR_INIT;

	errno = ENOENT;
	CHECK_INT(err_errno(&err, "x.csv.gz"), -1);
	CHECK_STR(err.message, "x.csv.gz: No such file or directory");
	CHECK_INT(err.kind, ERR_RUNTIME);
}

int main(void)
{
	RUN(sets_kind_and_message);
	RUN(control_characters_are_masked);
	RUN(what_turns_text_around_is_masked);
	RUN(no_character_is_cut_in_half);
	RUN(a_long_message_is_cut);
	RUN(a_message_may_quote_the_one_before);
	RUN(errno_is_told);
	return CHECK_DONE();
}
