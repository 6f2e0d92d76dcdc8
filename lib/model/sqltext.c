#include "model/sqltext.h"

#include "base/num.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* Smaller factors are taken as 0, for their products could be too small for a double. */
#define FACTOR_MIN 1e-200

void sqltext_number(struct buf *out, double value)
{
	buf_append_str(out, "float8 '");
	out->len += num_format_double(buf_reserve(out, NUM_TEXT_MAX), value);
	buf_append_char(out, '\'');
}

void sqltext_name(struct buf *out, const char *name)
{
	buf_append_char(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_append_char(out, '"');
		buf_append_char(out, *name);
	}
	buf_append_char(out, '"');
}

/* The escape of a character in a string, with escapes or without; or NULL. */
static const char *escape_of(char c)
{
	switch (c) {
	case '\'':
		return "''";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	default:
		return NULL;
	}
}

void sqltext_string(struct buf *out, const char *s, size_t len)
{
	bool escaped = memchr(s, '\\', len) || memchr(s, '\n', len) || memchr(s, '\r', len);
	size_t done = 0;

	buf_append_str(out, escaped ? "E'" : "'");
	for (size_t i = 0; i < len; i++) {
		const char *escape = escape_of(s[i]);

		if (!escape)
			continue;
		buf_append(out, s + done, i - done);
		buf_append_str(out, escape);
		done = i + 1;
	}
	buf_append(out, s + done, len - done);
	buf_append_char(out, '\'');
}

const struct intern_string *sqltext_level(const struct encoding_column *c, uint32_t level)
{
	const struct intern_string *text = intern_string(&c->levels, level);

	return utf8_valid(text->s, text->len) ? text : NULL;
}

void sqltext_sum(struct buf *out, sqltext_term *put_term, const void *context, size_t first,
		 size_t n)
{
	if (n == 1) {
		put_term(out, context, first);
		return;
	}
	buf_append_char(out, '(');
	sqltext_sum(out, put_term, context, first, n / 2);
	buf_append_str(out, "\n + ");
	sqltext_sum(out, put_term, context, first + n / 2, n - n / 2);
	buf_append_char(out, ')');
}

double sqltext_factor(double value)
{
	return fabs(value) < FACTOR_MIN ? 0 : value;
}
