#include "base/names.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int names_append(struct names *names, const char *list, struct err *err)
{
	for (const char *s = list;; s++) {
		size_t len = strcspn(s, ",");

		if (!len)
			return err_set(err, ERR_USAGE, "empty name in the list '%s'", list);
		names->name = mem_realloc(names->name, names->n + 1, sizeof(*names->name));
		names->name[names->n++] = mem_dup(s, len);
		s += len;
		if (!*s)
			return 0;
	}
}

bool names_has(const struct names *names, const char *name)
{
	return names_has_text(names, name, strlen(name));
}

bool names_has_text(const struct names *names, const char *s, size_t len)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->name[i]) == len && !memcmp(names->name[i], s, len))
			return true;
	return false;
}

void names_release(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct names)NAMES_INIT;
}
