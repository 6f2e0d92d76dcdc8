#include "base/utf8.h"

#include "base/hash.h"

#include <stdint.h>
#include <string.h>

size_t utf8_length(const char *s, const char *end)
{
	unsigned char lead = (unsigned char)*s, low = 0x80, high = 0xbf;
	size_t len = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead < 0x80)
		return 1;
	if (lead > 0xf4 || (size_t)(end - s) < len)
		return 0;
	/* The second byte's range excludes overlong forms, surrogates and what lies beyond
	 * U+10FFFF. */
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < len; i++, low = 0x80, high = 0xbf)
		if ((unsigned char)s[i] < low || (unsigned char)s[i] > high)
			return 0;
	return len;
}

/* The character of that length. */
static uint32_t code_of(const char *s, size_t len)
{
	uint32_t code = (unsigned char)*s & (len == 1 ? 0x7fU : 0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	return code;
}

/* Ranges of what is not printable, in their order. */
static const struct range {
	uint32_t first, last;
} unprintable[] = {
	{ 0, 0x1f },          { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
	{ 0x61c, 0x61c },     { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
	{ 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

size_t utf8_printable(const char *s, const char *end)
{
	size_t len = utf8_length(s, end);
	uint32_t code;

	if (!len)
		return 0;
	code = code_of(s, len);
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (code <= unprintable[i].last)
			return code < unprintable[i].first ? len : 0;
	return len;
}

void utf8_mask(char *text)
{
	const char *s = text, *end = text + strlen(text);
	char *to = text;

	while (s < end) {
		size_t n = utf8_length(s, end);

		if (utf8_printable(s, end)) {
			memmove(to, s, n);
			to += n;
		} else {
			*to++ = '?';
		}
		s += n ? n : 1;
	}
	*to = '\0';
}

size_t utf8_span(const char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	const char *p = s, *end = len ? s + len : s; /* of nothing, s may be NULL */

	while (p < end) {
		uint64_t eight;
		size_t n;

		/* Eight characters of ASCII at once; only a NUL needs to borrow for its 1. */
		for (; end - p >= (ptrdiff_t)sizeof(eight); p += sizeof(eight)) {
			memcpy(&eight, p, sizeof(eight));
			if ((eight | (eight - ones)) & high)
				break;
		}
		/* And the fewer that are left, filled up to eight. */
		n = (size_t)(end - p);
		if (n < sizeof(eight)) {
			eight = hash_load(p, n) | ones << 8 * n;
			if (!((eight | (eight - ones)) & high))
				return len;
		}
		n = utf8_length(p, end);
		if (!n || !*p)
			break;
		p += n;
	}
	return (size_t)(p - s);
}

bool utf8_valid(const char *s, size_t len)
{
	return utf8_span(s, len) == len;
}

size_t utf8_put(struct buf *out, const char *s, size_t len, size_t max)
{
	const char *end = s + len;
	size_t width = 0, n;

	for (; s < end; s += n) {
		n = utf8_length(s, end);
		n += !n; /* a byte of no character */
		if (++width == max && s + n < end) {
			buf_append_str(out, "…");
			break;
		}
		if (utf8_printable(s, end))
			buf_append(out, s, n);
		else
			buf_append_char(out, '?');
	}
	return width;
}
