#include "base/jsonout.h"

#include "check.h"

#include <math.h>
#include <string.h>

static void check_text(const char *s, size_t len, const char *want)
{
	struct buf text = BUF_INIT;
	struct jsonout j = { .out = &text };

	jsonout_text(&j, s, len);
	buf_append_char(&text, '\0');
	CHECK_STR(text.data, want);
	buf_release(&text);
}

static void text_is_escaped(void)
{
	check_text("", 0, "\"\"");
	check_text("Ni\xc3\xb1os", 6, "\"Ni\xc3\xb1os\"");
	check_text("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
	check_text("\t\n\0\x7f", 4, "\"\\u0009\\u000a\\u0000\\u007f\"");
	/* What turns text around, beyond the first plane, and what is cut in half. */
	check_text("\xe2\x80\x8f", 3, "\"\\u200f\"");
	check_text("\xf0\x9f\x8e\xac", 4, "\"\xf0\x9f\x8e\xac\"");
	check_text("\xf3\xa0\x81\x81", 4, "\"\\udb40\\udc41\"");
	check_text("x\xf0\x9f\x8e", 4, "\"x\\ufffd\\ufffd\\ufffd\"");
	check_text("\xed\xa0\x80\xc0\xaf", 5, "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void commas_are_put_between_values(void)
{
	struct buf text = BUF_INIT;
	struct jsonout j = { .out = &text };

	jsonout_open(&j, '{');
	jsonout_key(&j, "a");
	jsonout_open(&j, '[');
	jsonout_close(&j, ']');
	jsonout_key(&j, "b");
	jsonout_open(&j, '[');
	jsonout_int(&j, INT64_MIN);
	jsonout_count(&j, UINT64_MAX);
	jsonout_open(&j, '{');
	jsonout_close(&j, '}');
	jsonout_bool(&j, true);
	jsonout_bool(&j, false);
	jsonout_close(&j, ']');
	jsonout_key(&j, "c\"");
	jsonout_str(&j, NULL);
	jsonout_key(&j, "d");
	jsonout_null(&j);
	jsonout_close(&j, '}');
	buf_append_char(&text, '\0');
	CHECK_STR(text.data,
		  "{\"a\":[],\"b\":[-9223372036854775808,18446744073709551615,{},true,false],"
		  "\"c\\\"\":null,\"d\":null}");
	buf_release(&text);
}

static void numbers_are_whole(void)
{
	struct buf text = BUF_INIT;
	struct jsonout j = { .out = &text };

	jsonout_open(&j, '[');
	jsonout_real(&j, 0.1);
	jsonout_real(&j, -0.0);
	jsonout_real(&j, 5e-324);
	jsonout_real(&j, 1e300);
	jsonout_real(&j, 3);
	jsonout_real(&j, NAN);
	jsonout_real(&j, -INFINITY);
	jsonout_close(&j, ']');
	buf_append_char(&text, '\0');
	CHECK_STR(text.data, "[0.1,-0,5e-324,1e+300,3,null,null]");
	buf_release(&text);
}

int main(void)
{
	RUN(text_is_escaped);
	RUN(commas_are_put_between_values);
	RUN(numbers_are_whole);
	return CHECK_DONE();
}
