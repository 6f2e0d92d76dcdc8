#include "base/names.h"

#include "base/blank.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void names_add(struct names *names, const char *name, size_t len)
{
	names->name = mem_realloc(names->name, names->n + 1, sizeof(*names->name));
	names->name[names->n++] = mem_dup(name, len);
}

int names_append(struct names *names, const char *list, struct err *err)
{
	for (const char *s = list;; s++) {
		size_t len = strcspn(s, ","), trimmed_len = len;
		const char *trimmed = blank_trim(s, &trimmed_len);

		if (!len)
			return err_set(err, ERR_USAGE, "empty name in the list '%s'", list);
		if (trimmed_len)
			names_add(names, trimmed, trimmed_len);
		else
			names_add(names, s, len);
		s += len;
		if (!*s)
			return 0;
	}
}

void names_put(struct buf *out, const struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		buf_append_str(out, i ? "," : "");
		buf_append_str(out, names->name[i]);
	}
}

bool names_has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], name))
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
