#include "table/columns.h"

#include <string.h>

int columns_find(const struct csv_header *header, const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (!strcmp(header->names[i], name))
			return (int)i;
	return -1;
}

int columns_require(const struct csv_reader *in, const char *name, struct err *err)
{
	int index = columns_find(&in->header, name);

	if (index < 0)
		return err_set(err, ERR_RUNTIME, "%s:1: missing column %s", in->file, name);
	return index;
}

int columns_refuse(const struct csv_reader *in, const struct catalogue_column *columns, size_t n,
		   struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (columns_find(&in->header, columns[i].name) >= 0)
			return err_set(err, ERR_RUNTIME, "%s:1: column %s: is in the input already",
				       in->file, columns[i].name);
	return 0;
}
