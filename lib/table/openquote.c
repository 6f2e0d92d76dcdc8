#include "table/openquote.h"

#include <stdbool.h>
#include <string.h>

/* The state after a byte that is outside of quotes, or is one. */
static enum openquote after(enum openquote state, char c, bool ends_line, char delimiter)
{
	if (ends_line)
		return OPENQUOTE_COMPLETE;
	if (c == delimiter)
		return OPENQUOTE_NEW;
	if (c == '"')
		return state == OPENQUOTE_PLAIN ? OPENQUOTE_MALFORMED : OPENQUOTE_QUOTED;
	return state == OPENQUOTE_CLOSING ? OPENQUOTE_MALFORMED : OPENQUOTE_PLAIN;
}

enum openquote openquote_read(enum openquote state, const char *s, size_t n, char delimiter)
{
	const char *end = s + n;

	for (; s < end && state < OPENQUOTE_MALFORMED; s++) {
		if (state != OPENQUOTE_QUOTED) {
			bool ends_line = *s == '\n' ||
					 (*s == '\r' && (s + 1 == end || s[1] == '\n'));

			state = after(state, *s, ends_line, delimiter);
			continue;
		}
		s = memchr(s, '"', (size_t)(end - s));
		if (!s)
			return state;
		state = OPENQUOTE_CLOSING;
	}
	/* The line of the last record of an input may have no end. */
	return state == OPENQUOTE_NEW || state == OPENQUOTE_PLAIN || state == OPENQUOTE_CLOSING
		       ? OPENQUOTE_COMPLETE
		       : state;
}
