#include "base/jsonout.h"

#include "base/num.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

static void begin(struct jsonout *j)
{
	if (j->comma)
		buf_append_char(j->out, ',');
	j->comma = true;
}

void jsonout_open(struct jsonout *j, char bracket)
{
	begin(j);
	buf_append_char(j->out, bracket);
	j->comma = false;
}

void jsonout_close(struct jsonout *j, char bracket)
{
	buf_append_char(j->out, bracket);
	j->comma = true;
}

/* The code point of a well-formed character of len bytes. */
static uint32_t decode(const char *s, size_t len)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (unsigned char)s[0] & first[len];

	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	return code;
}

static void put_escape(struct buf *out, uint32_t code)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
	} else {
		buf_printf(out, "\\u%04x", code);
	}
}

static void put_string(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len;

	buf_append_char(out, '"');
	while (s < end) {
		size_t n = utf8_length(s, end);

		if (!n) {
			put_escape(out, 0xfffd);
			n = 1;
		} else if (*s == '"' || *s == '\\') {
			buf_append_char(out, '\\');
			buf_append_char(out, *s);
		} else if (utf8_printable(s, end)) {
			buf_append(out, s, n);
		} else {
			put_escape(out, decode(s, n));
		}
		s += n;
	}
	buf_append_char(out, '"');
}

void jsonout_key(struct jsonout *j, const char *name)
{
	begin(j);
	put_string(j->out, name, strlen(name));
	buf_append_char(j->out, ':');
	j->comma = false;
}

static void put_word(struct jsonout *j, const char *word)
{
	begin(j);
	buf_append_str(j->out, word);
}

void jsonout_null(struct jsonout *j)
{
	put_word(j, "null");
}

void jsonout_bool(struct jsonout *j, bool value)
{
	put_word(j, value ? "true" : "false");
}

void jsonout_int(struct jsonout *j, int64_t value)
{
	begin(j);
	j->out->len += num_format_int(buf_reserve(j->out, NUM_TEXT_MAX), value);
}

void jsonout_count(struct jsonout *j, uint64_t value)
{
	begin(j);
	buf_printf(j->out, "%llu", (unsigned long long)value);
}

void jsonout_real(struct jsonout *j, double value)
{
	if (!isfinite(value)) {
		jsonout_null(j);
		return;
	}
	begin(j);
	j->out->len += num_format_double(buf_reserve(j->out, NUM_TEXT_MAX), value);
}

void jsonout_text(struct jsonout *j, const char *s, size_t len)
{
	begin(j);
	put_string(j->out, s, len);
}

void jsonout_str(struct jsonout *j, const char *s)
{
	if (s)
		jsonout_text(j, s, strlen(s));
	else
		jsonout_null(j);
}
