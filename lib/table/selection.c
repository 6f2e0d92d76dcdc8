#include "table/selection.h"

#include "base/mem.h"
#include "table/columns.h"

#include <stdlib.h>

static void find_runs(struct selection *s)
{
	s->n_runs = 0;
	for (size_t i = 0; i < s->n_columns; i++) {
		if (s->has[i] && (!i || !s->has[i - 1]))
			s->runs[s->n_runs++] = (struct selection_run){ i, 0 };
		if (s->has[i])
			s->runs[s->n_runs - 1].n++;
	}
}

void selection_take(struct selection *s, bool *has, const struct csv_header *header)
{
	*s = (struct selection){ .n_columns = header->n,
				 .runs = mem_alloc(header->n, sizeof(*s->runs)) };
	s->has = has;
	find_runs(s);
}

void selection_cut(struct selection *s, size_t n)
{
	s->n_columns = n;
	find_runs(s);
}

static int select_columns(struct selection *s, const struct csv_reader *in,
			  const struct catalogue_table *table, bool with_table,
			  const struct names *keep, struct err *err)
{
	bool all, *has = columns_listed(in, keep, &all, err);

	if (!has)
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		has[i] |= catalogue_column(table, in->header.names[i]) >= 0 ? with_table : all;
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
