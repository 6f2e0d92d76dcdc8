/*
 * selection: which columns of its input a tool passes on, in the order of the input.
 *
 * A row is copied as it stands if no column is left out, else in runs of columns that are
 * neighbours.
 */
#ifndef CE_SELECTION_H
#define CE_SELECTION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "table/catalogue.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>

struct selection {
	bool *has; /* per column of the input: for callers to read */
	size_t n_columns;
	struct selection_run {
		size_t first, n;
	} * runs;
	size_t n_runs;
};

#define SELECTION_INIT                                                                             \
	{                                                                                          \
		.has = NULL                                                                        \
	}

/* Selects the columns of the header for which `has`, which it takes over, is true. */
void selection_take(struct selection *s, bool *has, const struct csv_header *header);

/*
 * Those of --keep: each by its name, and if one of the names is "*" all columns that are not the
 * table's. A name that the input lacks is an error. Returns 0, or -1 with err.
 */
int selection_further(struct selection *s, const struct csv_reader *in,
		      const struct catalogue_table *table, const struct names *keep,
		      struct err *err);

/* The same, and all columns of the table. */
int selection_with(struct selection *s, const struct csv_reader *in,
		   const struct catalogue_table *table, const struct names *keep, struct err *err);

/* Keeps of them only those that are among the first n columns. */
void selection_cut(struct selection *s, size_t n);

/* Appends the selected names, or the selected fields of a row, as CSV. */
void selection_put_names(const struct selection *s, const struct csv_header *header,
			 struct buf *out);

static inline void selection_put(const struct selection *s, const struct csv_row *row,
				 struct buf *out)
{
	if (s->n_runs && s->runs[0].n == s->n_columns) {
		csv_put_row(out, row); /* however it is quoted */
		return;
	}
	for (size_t i = 0; i < s->n_runs; i++)
		csv_put_fields(out, row, s->runs[i].first, s->runs[i].n);
}

/* Frees the memory; harmless on zeroed memory. */
void selection_release(struct selection *s);

#endif
