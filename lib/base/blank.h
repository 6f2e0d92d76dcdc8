/*
 * blank: what does not count around a name, a word or a value: spaces, tabs and what ends a line.
 */
#ifndef CE_BLANK_H
#define CE_BLANK_H

#include <stdbool.h>
#include <stddef.h>

static inline bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The text without blanks around it: returns where it begins, and sets *len. */
static inline const char *blank_trim(const char *s, size_t *len)
{
	while (*len && is_blank(s[*len - 1]))
		--*len;
	for (; *len && is_blank(*s); s++)
		--*len;
	return s;
}

#endif
