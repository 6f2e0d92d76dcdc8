#include "check.h"
#include "model/lines.h"

static struct lines over(const char *text, size_t len, struct err *err)
{
	return (struct lines){ .text = text, .end = text + len, .name = "f", .err = err };
}

/* Every byte, alone and in company, comes back; and no string breaks its line. */
static void strings_hold_any_bytes(void)
{
	struct buf text = BUF_INIT, back = BUF_INIT;
	struct err err = ERR_INIT;
	struct lines l;
	char bytes[256];

	for (int i = 0; i < 256; i++) {
		bytes[i] = (char)i;
		buf_append_str(&text, "s");
		lines_put_string(&text, bytes, (size_t)i + 1);
		lines_put_string(&text, bytes + i, 1);
		buf_append_char(&text, '\n');
	}
	l = over(text.data, text.len, &err);
	for (int i = 0; i < 256; i++) {
		CHECK_INT(lines_keyword(&l, "s"), 0);
		CHECK_INT(lines_string(&l, &back), 0);
		CHECK(back.len == (size_t)i + 1 && !memcmp(back.data, bytes, back.len));
		CHECK_INT(lines_string(&l, &back), 0);
		CHECK(back.len == 1 && back.data[0] == (char)i);
		CHECK_INT(lines_end(&l), 0);
	}
	CHECK_INT(lines_next(&l), -1);
	CHECK_STR(err.message, "f:257: the file ends too early");
	buf_release(&text);
	buf_release(&back);
}

static void numbers_come_back(void)
{
	const double values[] = { 0, -0.0, 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -1e-300 };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct lines l;
	double value;
	int64_t whole;
	uint64_t count;

	buf_append_str(&text, "n");
	for (size_t i = 0; i < 7; i++)
		lines_put_double(&text, values[i]);
	lines_put_int(&text, INT64_MIN);
	lines_put_count(&text, INT64_MAX);
	buf_append_char(&text, '\n');
	l = over(text.data, text.len, &err);
	CHECK_INT(lines_keyword(&l, "n"), 0);
	for (size_t i = 0; i < 7; i++) {
		CHECK_INT(lines_double(&l, -1e308, &value), 0);
		CHECK(!memcmp(&value, &values[i], sizeof(value)));
	}
	CHECK(!lines_int(&l, INT64_MIN, INT64_MAX, &whole) && whole == INT64_MIN);
	CHECK(!lines_count(&l, &count) && count == INT64_MAX);
	CHECK_INT(lines_end(&l), 0);
	buf_release(&text);
}

static void looks_ahead(void)
{
	static const char text[] = "a 1\nb two\n";
	static const char *const words[] = { "tw", "two", NULL };
	struct err err = ERR_INIT;
	struct lines l = over(text, sizeof(text) - 1, &err);
	int word;

	CHECK(!lines_next_is(&l, "b"));
	CHECK(lines_next_is(&l, "a"));
	CHECK(!lines_next_is(&l, "a"));
	CHECK(!lines_next_is(&l, ""));
	CHECK(lines_next_is(&l, "b"));
	CHECK(!lines_choice(&l, words, &word) && word == 1);
	CHECK(!lines_next_is(&l, "c"));
	CHECK_STR(err.message, "");
}

static void refuses(const char *text, const char *reason)
{
	struct buf s = BUF_INIT;
	struct err err = ERR_INIT;
	struct lines l = over(text, strlen(text), &err);

	CHECK(lines_next(&l) || lines_string(&l, &s));
	CHECK_STR(err.message, reason);
	buf_release(&s);
}

static void refuses_other_spellings(void)
{
	refuses(" \"a\"", "f:1: the last line is cut short");
	refuses(" \"a\n", "f:1: a string without its closing quote");
	refuses(" \"\\\n", "f:1: an invalid escape in a string");
	refuses(" \"\\x4\n", "f:1: an invalid escape in a string");
	refuses(" \"\\x0a\"\n", "f:1: an invalid escape in a string"); /* that is \n */
	refuses(" \"\\x1F\"\n", "f:1: an invalid escape in a string");
	refuses(" \"\\q\"\n", "f:1: an invalid escape in a string");
	refuses(" \"\t\"\n", "f:1: a control byte in a string");
	refuses("\"a\"\n", "f:1: expected a string in double quotes");
	refuses(" \"\n", "f:1: expected a string in double quotes");
}

int main(void)
{
	RUN(strings_hold_any_bytes);
	RUN(numbers_come_back);
	RUN(looks_ahead);
	RUN(refuses_other_spellings);
	return CHECK_DONE();
}
