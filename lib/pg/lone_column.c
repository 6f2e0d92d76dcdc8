#include "pg/lone_column.h"

#include <stdio.h>

#define N_PLAIN 3

/*
 * The first are in no honest name, nor equally often in each honest value; the others may be. A
 * comma in a value is in quotes, and meant.
 */
static const char separators[] = { '\t', ';', '|', '~', '^', ':', ' ' };
static const char of_names[] = { '\t', ';', '|', ',' };

_Static_assert(sizeof(separators) == LONE_COLUMN_SEPARATORS, "one counter each");

/* Whether a line of text has it only as a separator. */
static bool is_control(char c)
{
	return c > 0 && c < ' ' && c != '\n' && c != '\r';
}

static size_t count(const char *s, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] == c;
	return n;
}

char lone_column_name(const char *name)
{
	size_t most = 0;
	char found = 0;

	for (size_t i = 0; i < sizeof(of_names); i++) {
		size_t n = count(name, strlen(name), of_names[i]);

		if (n > most) {
			most = n;
			found = of_names[i];
		}
	}
	for (; *name && !found; name++)
		if (is_control(*name))
			found = *name;
	return found;
}

bool lone_column_add(struct lone_column *c, const struct csv_field *value)
{
	if (value->is_null || c->n_rows == LONE_COLUMN_ROWS)
		return false;
	for (size_t i = 0; i < LONE_COLUMN_SEPARATORS; i++) {
		size_t n = count(value->s, value->len, separators[i]);

		c->n[i] = !c->n_rows || c->n[i] == n ? n : 0;
	}
	return ++c->n_rows == LONE_COLUMN_ROWS;
}

char lone_column_values(const struct lone_column *c)
{
	for (size_t i = 0; i < N_PLAIN; i++)
		if (c->n[i])
			return separators[i];
	return 0;
}

char lone_column_rows(const struct lone_column *c, const char *name)
{
	for (size_t i = N_PLAIN; i < LONE_COLUMN_SEPARATORS; i++)
		if (c->n[i] && c->n[i] == count(name, strlen(name), separators[i]))
			return separators[i];
	return 0;
}

const char *lone_column_word(char separator, char word[LONE_COLUMN_WORD])
{
	if (separator == '\t')
		snprintf(word, LONE_COLUMN_WORD, "tab");
	else if (is_control(separator))
		snprintf(word, LONE_COLUMN_WORD, "$'\\x%02x'", separator);
	else
		snprintf(word, LONE_COLUMN_WORD, "'%c'", separator);
	return word;
}
