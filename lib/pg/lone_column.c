#include "pg/lone_column.h"

/* A comma in a value is in quotes, and meant. */
static const char separators[] = { '\t', ';', '|', ',' };

_Static_assert(sizeof(separators) == LONE_COLUMN_SEPARATORS + 1, "the comma comes last");

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

	for (size_t i = 0; i < sizeof(separators); i++) {
		size_t n = count(name, strlen(name), separators[i]);

		if (n > most) {
			most = n;
			found = separators[i];
		}
	}
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
	for (size_t i = 0; i < LONE_COLUMN_SEPARATORS; i++)
		if (c->n[i])
			return separators[i];
	return 0;
}

const char *lone_column_word(char separator)
{
	switch (separator) {
	case '\t':
		return "tab";
	case ';':
		return "';'";
	case '|':
		return "'|'";
	default:
		return "','";
	}
}
