#include "table/csvhead.h"

#include "table/foreign.h"

#include <string.h>

static const char bom[] = "\xef\xbb\xbf";
static const char delimiters[] = "\t;|"; /* but the comma */

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool csvhead_may_delimit(char c)
{
	return (unsigned char)c < 0x80 && c && !strchr("\"\r\n", c) && !is_alphanumeric(c);
}

static bool begins_with_sep(const char *s, size_t len)
{
	return len >= 4 && (s[0] | 32) == 's' && (s[1] | 32) == 'e' && (s[2] | 32) == 'p' &&
	       s[3] == '=';
}

bool csvhead_is_enough(const char *s, size_t len)
{
	if (len >= CSVHEAD_LOOK)
		return true;
	if (len && (s[0] == '{' || s[0] == '['))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			return true;
		if ((unsigned char)s[i] < ' ' && s[i] != '\t' && s[i] != '\r')
			return false; /* a format that is no text, perhaps */
	}
	return false;
}

size_t csvhead_skip(const char *s, size_t len, char *delimiter)
{
	const char *newline;
	size_t line, end, blanks = 0;

	if (len >= 3 && !memcmp(s, bom, 3))
		return 3;
	if (len > CSVHEAD_LOOK)
		len = CSVHEAD_LOOK;
	newline = len ? memchr(s, '\n', len) : NULL;
	if (!newline && len == CSVHEAD_LOOK)
		return 0;
	line = newline ? (size_t)(newline - s) : len;
	end = line + (newline != NULL);
	line -= line && s[line - 1] == '\r';
	while (blanks < line && (s[blanks] == ' ' || s[blanks] == '\t'))
		blanks++;
	if (blanks == line)
		return end;
	if (line == 5 && begins_with_sep(s, line) && csvhead_may_delimit(s[4])) {
		*delimiter = s[4];
		return end;
	}
	return 0;
}

char csvhead_delimiter(const char *record, size_t len)
{
	size_t n[sizeof(delimiters)] = { 0 };
	bool in_quotes = false;
	char best = ',';
	size_t most = 0;

	for (size_t i = 0; i < len; i++) {
		const char *found;

		in_quotes ^= record[i] == '"';
		if (in_quotes)
			continue;
		if (record[i] == ',')
			return ',';
		found = record[i] ? strchr(delimiters, record[i]) : NULL;
		if (found)
			n[found - delimiters]++;
	}
	for (size_t i = 0; delimiters[i]; i++)
		if (n[i] > most) {
			most = n[i];
			best = delimiters[i];
		}
	return best;
}

bool csvhead_misleads(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(delimiters, name[i])) /* or NUL */
			return true;
	return len && (strchr(" {[<", name[0]) || (len >= 3 && !memcmp(name, bom, 3)) ||
		       begins_with_sep(name, len) || foreign_find(name, len));
}
