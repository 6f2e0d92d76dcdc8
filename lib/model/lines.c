#include "model/lines.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The bytes that have an escape of one letter, and those letters. */
static const char escaped[] = "\\\"\n\r\t", letters[] = "\\\"nrt";

void lines_put_word(struct buf *out, const char *word)
{
	buf_append_char(out, ' ');
	buf_append_str(out, word);
}

void lines_put_int(struct buf *out, int64_t value)
{
	buf_append_char(out, ' ');
	out->len += num_format_int(buf_reserve(out, NUM_TEXT_MAX), value);
}

void lines_put_count(struct buf *out, uint64_t value)
{
	lines_put_int(out, (int64_t)value);
}

void lines_put_double(struct buf *out, double value)
{
	buf_append_char(out, ' ');
	out->len += num_format_double(buf_reserve(out, NUM_TEXT_MAX), value);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The letter that follows a backslash in the escape of c, or 0. */
static char escape_letter(char c)
{
	const char *at = c ? strchr(escaped, c) : NULL;

	return at ? letters[at - escaped] : '\0';
}

void lines_put_string(struct buf *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	buf_append(out, " \"", 2);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (escape_letter(s[i])) {
			buf_append_char(out, '\\');
			buf_append_char(out, escape_letter(s[i]));
		} else if (is_control(s[i])) {
			buf_append_str(out, "\\x");
			buf_append_char(out, hex[c >> 4]);
			buf_append_char(out, hex[c & 15]);
		} else {
			buf_append_char(out, s[i]);
		}
	}
	buf_append_char(out, '"');
}

void lines_add_int(struct buf *out, const char *keyword, int64_t value)
{
	buf_append_str(out, keyword);
	lines_put_int(out, value);
	buf_append_char(out, '\n');
}

void lines_add_double(struct buf *out, const char *keyword, double value)
{
	buf_append_str(out, keyword);
	lines_put_double(out, value);
	buf_append_char(out, '\n');
}

int lines_fail(const struct lines *l, const char *what)
{
	return err_set(l->err, ERR_RUNTIME, "%s:%" PRIu64 ": %s", l->name, l->line, what);
}

int lines_next(struct lines *l)
{
	const char *start = l->line ? l->line_end + 1 : l->text;

	l->line++;
	l->at = start;
	l->line_end = start < l->end ? memchr(start, '\n', (size_t)(l->end - start)) : NULL;
	if (l->line_end)
		return 0;
	return lines_fail(l, start < l->end ? "the last line is cut short"
					    : "the file ends too early");
}

bool lines_have(struct lines *l, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(l->line_end - l->at) < len || memcmp(l->at, word, len) != 0 ||
	    (l->at + len < l->line_end && l->at[len] != ' '))
		return false;
	l->at += len;
	return true;
}

int lines_end(struct lines *l)
{
	return l->at == l->line_end ? 0 : lines_fail(l, "surplus text at the end of the line");
}

int lines_keyword(struct lines *l, const char *keyword)
{
	char what[64];

	if (lines_next(l))
		return -1;
	if (lines_have(l, keyword))
		return 0;
	snprintf(what, sizeof(what), "expected '%s'", keyword);
	return lines_fail(l, what);
}

/* The value after a space, up to the next one. */
static int take_value(struct lines *l, const char **value, size_t *len)
{
	const char *space;

	if (l->at == l->line_end || *l->at != ' ')
		return lines_fail(l, "a value is missing");
	*value = ++l->at;
	space = memchr(l->at, ' ', (size_t)(l->line_end - l->at));
	l->at = space ? space : l->line_end;
	*len = (size_t)(l->at - *value);
	return 0;
}

int lines_int(struct lines *l, int64_t min, int64_t max, int64_t *value)
{
	const char *text = NULL;
	size_t len = 0;

	if (take_value(l, &text, &len))
		return -1;
	if (num_parse_int(text, len, value))
		return lines_fail(l, "invalid integer");
	return *value < min || *value > max ? lines_fail(l, "a number out of range") : 0;
}

int lines_count(struct lines *l, uint64_t *value)
{
	int64_t n;

	if (lines_int(l, 0, INT64_MAX, &n))
		return -1;
	*value = (uint64_t)n;
	return 0;
}

int lines_double(struct lines *l, double min, double *value)
{
	const char *text = NULL;
	size_t len = 0;

	if (take_value(l, &text, &len))
		return -1;
	if (num_parse_double(text, len, value))
		return lines_fail(l, "invalid number");
	return *value < min ? lines_fail(l, "a number out of range") : 0;
}

int lines_positive(struct lines *l, double *value)
{
	if (lines_double(l, 0, value))
		return -1;
	return *value > 0 ? 0 : lines_fail(l, "a number out of range");
}

int lines_read_int(struct lines *l, const char *keyword, int64_t min, int64_t max, int64_t *value)
{
	return lines_keyword(l, keyword) || lines_int(l, min, max, value) || lines_end(l) ? -1 : 0;
}

int lines_read_double(struct lines *l, const char *keyword, double min, double *value)
{
	return lines_keyword(l, keyword) || lines_double(l, min, value) || lines_end(l) ? -1 : 0;
}

int lines_read_share(struct lines *l, const char *keyword, double *value)
{
	if (lines_keyword(l, keyword) || lines_positive(l, value))
		return -1;
	return *value > 1 ? lines_fail(l, "a number out of range") : lines_end(l);
}

int lines_choice(struct lines *l, const char *const *words, int *value)
{
	if (l->at < l->line_end && *l->at == ' ') {
		l->at++;
		for (*value = 0; words[*value]; ++*value)
			if (lines_have(l, words[*value]))
				return 0;
	}
	return lines_fail(l, "an unknown word");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at l->at, after its backslash, means, or -1. */
static int take_escape(struct lines *l)
{
	const char *at;
	int high, low;

	if (l->at == l->line_end || !*l->at)
		return -1;
	at = strchr(letters, *l->at);
	if (at) {
		l->at++;
		return escaped[at - letters];
	}
	if (*l->at != 'x' || l->line_end - l->at < 3)
		return -1;
	high = hex_digit(l->at[1]);
	low = hex_digit(l->at[2]);
	l->at += 3;
	if (high < 0 || low < 0)
		return -1;
	low += 16 * high;
	/* Only what lines_put_string escapes so: one string, one spelling. */
	return is_control((char)low) && !escape_letter((char)low) ? low : -1;
}

int lines_string(struct lines *l, struct buf *out)
{
	buf_clear(out);
	if (l->line_end - l->at < 3 || l->at[0] != ' ' || l->at[1] != '"')
		return lines_fail(l, "expected a string in double quotes");
	for (l->at += 2; l->at < l->line_end && *l->at != '"';) {
		char c = *l->at++;

		if (c == '\\') {
			int byte = take_escape(l);

			if (byte < 0)
				return lines_fail(l, "an invalid escape in a string");
			c = (char)byte;
		} else if (is_control(c)) {
			return lines_fail(l, "a control byte in a string");
		}
		buf_append_char(out, c);
	}
	if (l->at == l->line_end)
		return lines_fail(l, "a string without its closing quote");
	l->at++;
	buf_append_char(out, '\0');
	out->len--;
	return 0;
}

int lines_name(struct lines *l, struct buf *out)
{
	if (lines_string(l, out))
		return -1;
	return memchr(out->data, '\0', out->len) ? lines_fail(l, "a NUL byte in a name") : 0;
}

bool lines_next_is(struct lines *l, const char *keyword)
{
	struct lines ahead = *l;
	struct err ignored = ERR_INIT;

	ahead.err = &ignored;
	if (lines_next(&ahead) || !lines_have(&ahead, keyword))
		return false;
	ahead.err = l->err;
	*l = ahead;
	return true;
}
