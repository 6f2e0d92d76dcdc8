#include "table/selection.h"

#include "base/mem.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

void selection_take(struct selection *s, bool *has, const struct csv_header *header)
{
	*s = (struct selection){ .n_columns = header->n,
				 .runs = mem_alloc(header->n, sizeof(*s->runs)) };
	s->has = has;
	for (size_t i = 0; i < header->n; i++) {
		if (has[i] && (!i || !has[i - 1]))
			s->runs[s->n_runs++] = (struct selection_run){ i, 0 };
		if (has[i])
			s->runs[s->n_runs - 1].n++;
	}
}

static int select_columns(struct selection *s, const struct csv_reader *in,
			  const struct catalogue_table *table, bool with_table,
			  const struct names *keep, struct err *err)
{
	bool all = names_has(keep, "*"), *has;

	for (size_t i = 0; i < keep->n; i++)
		if (strcmp(keep->name[i], "*") != 0 && columns_require(in, keep->name[i], err) < 0)
			return -1;
	has = mem_alloc(in->header.n, sizeof(*has));
	for (size_t i = 0; i < in->header.n; i++) {
		const char *name = in->header.names[i];

		has[i] = names_has(keep, name) ||
			 (catalogue_column(table, name) >= 0 ? with_table : all);
	}
	selection_take(s, has, &in->header);
	return 0;
}

int selection_further(struct selection *s, const struct csv_reader *in,
		      const struct catalogue_table *table, const struct names *keep,
		      struct err *err)
{
	return select_columns(s, in, table, false, keep, err);
}

int selection_with(struct selection *s, const struct csv_reader *in,
		   const struct catalogue_table *table, const struct names *keep, struct err *err)
{
	return select_columns(s, in, table, true, keep, err);
}

void selection_put_names(const struct selection *s, const struct csv_header *header,
			 struct buf *out)
{
	for (size_t i = 0; i < header->n; i++)
		if (s->has[i])
			csv_put_str(out, header->names[i]);
}

void selection_release(struct selection *s)
{
	free(s->has);
	free(s->runs);
	*s = (struct selection)SELECTION_INIT;
}
