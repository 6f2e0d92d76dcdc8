/*
 * rows_agree: whether two ways of reading the same CSV return the same. For the unit test and the
 * fuzz target of csvreader.
 */
#ifndef CE_ROWS_AGREE_H
#define CE_ROWS_AGREE_H

#include "table/csvreader.h"

static inline bool same_field(const struct csv_field *a, const struct csv_field *b)
{
	return a->len == b->len && a->is_null == b->is_null && !memcmp(a->s, b->s, a->len);
}

/* Whether the fields from `first` on come out of csv_put_fields as one by one. */
static inline bool copies_alike(const struct csv_row *row, size_t first)
{
	struct buf run = BUF_INIT, each = BUF_INIT;
	bool same;

	csv_put_fields(&run, row, first, row->n - first);
	for (size_t i = first; i < row->n; i++)
		csv_put_field(&each, &row->fields[i]);
	same = run.len == each.len && (!run.len || !memcmp(run.data, each.data, run.len));
	buf_release(&run);
	buf_release(&each);
	return same;
}

/* What two rows differ in, or NULL. */
static inline const char *row_difference(const struct csv_row *a, const struct csv_row *b)
{
	if (a->raw_len != b->raw_len || memcmp(a->raw, b->raw, a->raw_len) != 0)
		return "raw bytes";
	if (!a->fault != !b->fault || (a->fault && strcmp(a->fault, b->fault) != 0))
		return "fault";
	if (a->n != b->n)
		return "number of fields";
	for (size_t i = 0; i < a->n; i++)
		if (!same_field(&a->fields[i], &b->fields[i]))
			return "field";
	if (a->is_foreign != b->is_foreign)
		return "delimiter";
	if (a->n && (!copies_alike(a, a->n / 2) || !copies_alike(a, a->n - 1)))
		return "csv_put_fields";
	return NULL;
}

/*
 * Reads the file in two ways, set before open; delimiter as in struct csv_input. Returns what they
 * differ in, or NULL.
 */
static inline const char *rows_disagree(const char *path, char delimiter, struct csv_reader a,
					struct csv_reader b)
{
	struct csv_input input = { .paths = &path, .n = 1, .delimiter = delimiter };
	struct err err_a = ERR_INIT, err_b = ERR_INIT;
	const char *difference = NULL;
	int rc = csv_reader_open(&a, &input, &err_a);

	if (csv_reader_open(&b, &input, &err_b) != rc)
		difference = "open";
	if (!rc && !difference && a.header.n != b.header.n)
		difference = "header";
	rc = rc ? rc : 1;
	while (rc > 0 && !difference) {
		const struct csv_row *row_a, *row_b;

		rc = csv_reader_next(&a, &row_a, &err_a);
		if (csv_reader_next(&b, &row_b, &err_b) != rc)
			difference = "end";
		else if (a.line != b.line)
			difference = "line number";
		else if (rc > 0)
			difference = row_difference(row_a, row_b);
	}
	if (!difference && a.n_long != b.n_long)
		difference = "number of long records";
	if (!difference && strcmp(err_a.message, err_b.message) != 0)
		difference = "message";
	csv_reader_close(&a);
	csv_reader_close(&b);
	return difference;
}

#endif
