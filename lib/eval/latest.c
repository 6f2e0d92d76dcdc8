#include "eval/latest.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/*
 * One block of memory: the lengths of the fields, their text behind one another, and the text to be
 * written, with CSV_SLACK behind that.
 */
struct latest_row {
	uint64_t number; /* of the row, from 0 on */
	char *block;
	size_t size; /* of the block */
	uint32_t fields_len, len;
};

#define IS_NULL UINT32_MAX /* for a length */

static size_t fields_len(const struct latest *l, const struct csv_row *row)
{
	size_t len = 0;

	for (size_t i = 0; i < l->n_fields; i++)
		len += row->fields[i].len;
	return len;
}

static void fill(const struct latest *l, struct latest_row *to, const struct csv_row *row,
		 const char *text)
{
	char *at = to->block + l->n_fields * sizeof(uint32_t);

	for (size_t i = 0; i < l->n_fields; i++) {
		const struct csv_field *f = &row->fields[i];
		uint32_t len = f->is_null ? IS_NULL : f->len;

		memcpy(to->block + i * sizeof(len), &len, sizeof(len));
		memcpy(at, f->s, f->len);
		at += f->len;
	}
	memcpy(at, text, to->len);
}

void latest_keep(struct latest *l, const struct csv_row *row, const char *text, size_t len)
{
	const struct csv_field *value = &row->fields[l->column];
	uint32_t id = intern_id(&l->values, value->s, value->len);
	struct latest_row *to;
	size_t size;

	if (l->values.n > l->cap) {
		size_t cap = mem_grow(l->cap, l->values.n);

		l->rows = mem_realloc(l->rows, cap, sizeof(*l->rows));
		memset(l->rows + l->cap, 0, (cap - l->cap) * sizeof(*l->rows));
		l->cap = cap;
	}
	to = &l->rows[id];
	to->number = l->n++;
	to->fields_len = (uint32_t)fields_len(l, row);
	to->len = (uint32_t)len;
	size = l->n_fields * sizeof(uint32_t) + to->fields_len + len + CSV_SLACK;
	if (size > to->size) {
		free(to->block);
		to->block = mem_alloc(size, 1);
		to->size = size;
	}
	fill(l, to, row, text);
}

/* Sets fields[n_fields] to those of a row. */
static void take_fields(const struct latest *l, const struct latest_row *from,
			struct csv_field *fields)
{
	const char *at = from->block + l->n_fields * sizeof(uint32_t);

	for (size_t i = 0; i < l->n_fields; i++) {
		uint32_t len;

		memcpy(&len, from->block + i * sizeof(len), sizeof(len));
		fields[i] = (struct csv_field){ .s = at,
						.len = len == IS_NULL ? 0 : len,
						.is_null = len == IS_NULL };
		at += fields[i].len;
	}
}

static int by_number(const void *a, const void *b)
{
	const struct latest_row *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

int latest_visit(const struct latest *l, latest_visitor *visit, void *context)
{
	size_t n = l->values.n;
	const struct latest_row **order = mem_alloc(n, sizeof(struct latest_row *));
	struct csv_field *fields = mem_alloc(l->n_fields, sizeof(*fields));
	struct csv_row row = { .fields = fields, .n = l->n_fields };
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		order[i] = &l->rows[i];
	qsort(order, n, sizeof(struct latest_row *), by_number);
	for (size_t i = 0; !rc && i < n; i++) {
		const struct latest_row *r = order[i];

		take_fields(l, r, fields);
		rc = visit(context, r->block + l->n_fields * sizeof(uint32_t) + r->fields_len,
			   r->len, l->n_fields ? &row : NULL);
	}
	free(order);
	free(fields);
	return rc;
}

void latest_release(struct latest *l)
{
	for (size_t i = 0; i < l->values.n; i++)
		free(l->rows[i].block);
	free(l->rows);
	intern_release(&l->values);
	*l = (struct latest)LATEST_INIT;
}
