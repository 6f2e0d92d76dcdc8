#include "table/colname.h"

#include "base/blank.h"
#include "base/mem.h"
#include "table/catalogue.h"

#include <stdlib.h>
#include <string.h>

static char fold(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The name without outer blanks: where it begins, and its length. */
static const char *trim(const char *name, size_t *len)
{
	*len = strlen(name);
	return blank_trim(name, len);
}

bool colname_alike(const char *a, const char *b)
{
	size_t n, m;

	a = trim(a, &n);
	b = trim(b, &m);
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

/* Whether it may be alike to a name of the catalogue, which are all of small letters. */
static bool is_odd(const char *name)
{
	size_t len;

	if (trim(name, &len) != name || name[len])
		return true;
	for (size_t i = 0; i < len; i++)
		if (fold(name[i]) != name[i])
			return true;
	return false;
}

static void normalise_one(char *const *names, const bool *odd, size_t n, const char *wanted)
{
	char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!odd[i] && !strcmp(names[i], wanted))
			return;
		if (!odd[i] || !colname_alike(names[i], wanted))
			continue;
		if (found)
			return;
		found = names[i];
	}
	if (found)
		memcpy(found, wanted, strlen(wanted) + 1);
}

void colname_normalise(char *const *names, size_t n)
{
	static const char *const tables[] = { "users_dim", "event_history",
					      "completion_prediction_features",
					      "completion_predictions" };
	bool *odd = mem_zalloc(n, sizeof(*odd)), any = false;

	for (size_t i = 0; i < n; i++)
		any |= odd[i] = is_odd(names[i]);
	for (size_t t = 0; any && t < sizeof(tables) / sizeof(tables[0]); t++) {
		const struct catalogue_table *table = catalogue_table(tables[t]);

		for (size_t i = 0; i < table->n; i++)
			normalise_one(names, odd, n, table->columns[i].name);
	}
	free(odd);
}
