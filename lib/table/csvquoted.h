/*
 * csvquoted: a record with quotes, split by libcsv in its strict mode.
 *
 * The one module that calls libcsv, which owns the bare prefix `csv_` and the header <csv.h>: ours
 * are csv_reader_*, csv_writer_*, csv_put_*.
 */
#ifndef CE_CSVQUOTED_H
#define CE_CSVQUOTED_H

#include "base/buf.h"
#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_parser;

struct csvquoted {
	size_t n; /* fields of the last record */

	struct csv_parser *parser;
	struct buf text; /* the fields, one after another */
	size_t *ends;    /* where each ends in `text` */
	bool *nulls;
	size_t cap;
};

/* All zeros: nothing split yet. */
#define CSVQUOTED_INIT                                                                             \
	{                                                                                          \
		.parser = NULL                                                                     \
	}

/*
 * Splits the record, len bytes without the end of its line. Returns whether it is one by RFC 4180;
 * then it has n fields. Text after a closing quote, and a quote in a field without quotes, are
 * malformed.
 */
bool csvquoted_split(struct csvquoted *q, const char *record, size_t len, char delimiter);

/* Field i < n of the record that was split last. Valid until the next call. */
static inline struct csv_field csvquoted_field(const struct csvquoted *q, size_t i)
{
	size_t start = i ? q->ends[i - 1] : 0;

	return (struct csv_field){ q->text.data + start, (uint32_t)(q->ends[i] - start),
				   q->nulls[i] };
}

/*
 * Splits a record of n fields that csv_put_* wrote, the len bytes at s without the last comma, in
 * place: the fields point there, and where one is quoted all are decoded there, which needs no more
 * room. Returns whether none is: the text of each is what csv_put_field writes.
 */
bool csvquoted_split_in_place(struct csvquoted *q, char *s, size_t len, size_t n,
			      struct csv_field *field);

void csvquoted_release(struct csvquoted *q);

#endif
