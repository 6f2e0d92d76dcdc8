#include "events/join.h"

#include "base/mem.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

static struct join_text make_text(struct join_dimension *d, const char *s, size_t len)
{
	struct join_text text = { .len = (uint32_t)len };

	if (len <= JOIN_NEAR) {
		memcpy(text.near, s, len);
	} else {
		const char *far = arena_dup(&d->texts, s, len);

		memcpy(text.near, &far, sizeof(far));
	}
	return text;
}

/* Encodes the kept columns of a row and stores them under its key. */
static int add_row(struct join_dimension *d, const struct csv_reader *in, const struct csv_row *row,
		   int key, const bool *keep, struct buf *encoded, struct err *err)
{
	const struct csv_field *k = &row->fields[key];
	uint32_t n = d->keys.n, id;

	if (!k->len)
		return csv_reader_fail(in, key, err, "empty key");
	id = intern_id(&d->keys, k->s, k->len);
	if (id < n)
		return csv_reader_fail(in, key, err, "duplicate key '%.*s'", err_clip(k->len),
				       k->s);
	if (id == d->cap) {
		d->cap = mem_grow(d->cap, (size_t)id + 1);
		d->rows = mem_realloc_huge(d->rows, d->cap, sizeof(*d->rows));
	}
	buf_clear(encoded);
	for (size_t i = 0; i < row->n; i++)
		if (keep[i])
			csv_put_field(encoded, &row->fields[i]);
	if (encoded->len > UINT32_MAX)
		return csv_reader_fail(in, -1, err, "a row longer than 4 GiB");
	d->rows[id] = (struct join_text){ .len = 0 };
	if (encoded->len) /* its last comma is the caller's to put */
		d->rows[id] = make_text(d, encoded->data, encoded->len - 1);
	return 0;
}

bool join_dropped(struct join_drops *drops, const char *column)
{
	bool dropped = false;

	for (size_t i = 0; i < drops->n; i++)
		if (!strcmp(drops->names[i], column))
			dropped = drops->seen[i] = true;
	return dropped;
}

int join_load(struct join_dimension *d, const char *key, const char *path, struct join_drops *drops,
	      struct err *err)
{
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct csv_reader in = CSV_READER_INIT;
	struct buf encoded = BUF_INIT;
	const struct csv_row *row;
	bool *keep = NULL;
	int column, rc = -1;

	*d = (struct join_dimension){ .key = key, .path = path, .keys = INTERN_INIT };
	if (csv_reader_open(&in, &input, err))
		return -1;
	column = columns_require(&in, key, err);
	if (column < 0)
		goto done;
	keep = mem_zalloc(in.header.n, sizeof(*keep));
	d->names = mem_alloc(in.header.n, sizeof(*d->names));
	for (size_t i = 0; i < in.header.n; i++) {
		keep[i] = i != (size_t)column && !join_dropped(drops, in.header.names[i]);
		if (keep[i])
			d->names[d->n_names++] =
				mem_dup(in.header.names[i], strlen(in.header.names[i]));
	}
	while ((rc = csv_reader_next(&in, &row, err)) > 0)
		if (add_row(d, &in, row, column, keep, &encoded, err)) {
			rc = -1;
			break;
		}
done:
	free(keep);
	buf_release(&encoded);
	csv_reader_close(&in);
	if (rc)
		join_release(d);
	return rc;
}

void join_release(struct join_dimension *d)
{
	for (size_t i = 0; i < d->n_names; i++)
		free(d->names[i]);
	free(d->names);
	free(d->rows);
	intern_release(&d->keys);
	arena_release(&d->texts);
	*d = (struct join_dimension){ .keys = INTERN_INIT };
}

/* Whether the table of the stream and of dimensions before number `n` has the column. */
static bool has_column(const struct join_dimension *dimensions, size_t n,
		       const struct csv_reader *in, const char *name)
{
	if (columns_find(&in->header, name) >= 0)
		return true;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < dimensions[i].n_names; j++)
			if (!strcmp(dimensions[i].names[j], name))
				return true;
	return false;
}

int join_bind(struct join_dimension *dimensions, size_t n, const struct csv_reader *in,
	      struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct join_dimension *d = &dimensions[i];

		d->column = columns_require(in, d->key, err);
		if (d->column < 0)
			return -1;
		for (size_t j = 0; j < d->n_names; j++)
			if (has_column(dimensions, i, in, d->names[j]))
				return err_set(err, ERR_RUNTIME,
					       "%s:1: duplicate column %s (--drop removes columns)",
					       d->path, d->names[j]);
	}
	return 0;
}

void join_prefetch(const struct join_dimension *d, const struct csv_reader *in)
{
	struct csv_field f;
	uint32_t id;

	if (d->keys.n < INTERN_FAR)
		return;
	if (csv_reader_peek(in, CSV_AHEAD, d->column, &f))
		intern_prepare(&d->keys, f.s, f.len);
	if (!csv_reader_peek(in, CSV_AHEAD / 2, d->column, &f))
		return;
	id = intern_find(&d->keys, f.s, f.len);
	if (id != INTERN_NONE)
		__builtin_prefetch(&d->rows[id]);
}

void join_prepare(struct join_dimension *d, const struct csv_row *row)
{
	const struct csv_field *f = &row->fields[d->column];

	if (f->is_null)
		d->wanted.s = NULL;
	else
		d->wanted = intern_prepare(&d->keys, f->s, f->len);
}

const struct join_text *join_find(struct join_dimension *d)
{
	uint32_t id = d->wanted.s ? intern_key_find(&d->keys, &d->wanted) : INTERN_NONE;

	if (id == INTERN_NONE) {
		d->n_unmatched++;
		return NULL;
	}
	return &d->rows[id];
}
