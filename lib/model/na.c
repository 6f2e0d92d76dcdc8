#include "model/na.h"

#include "base/mem.h"

#include <stdlib.h>

const struct csv_row *na_row(struct na *na, const struct csv_row *row)
{
	if (!na->tokens || !na->tokens->n)
		return row;
	if (!na->fields)
		na->fields = mem_alloc(row->n, sizeof(*na->fields));
	na->row = *row;
	na->row.fields = na->fields;
	for (size_t i = 0; i < row->n; i++) {
		bool is_na = csv_is_one_of(&row->fields[i], na->tokens);

		na->fields[i] = is_na ? (struct csv_field){ "", 0, true } : row->fields[i];
		na->row.is_verbatim = na->row.is_verbatim && !is_na;
	}
	return &na->row;
}

void na_release(struct na *na)
{
	free(na->fields);
	*na = (struct na)NA_INIT;
}
