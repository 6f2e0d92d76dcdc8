#include "events/joiner.h"

#include "base/mem.h"
#include "table/columns.h"

#include <inttypes.h>
#include <stdlib.h>

static int load_dimensions(struct joiner *j, const struct joiner_source *sources, size_t n,
			   struct join_drops *drops, const struct csv_reader *in, struct err *err)
{
	for (j->n = 0; j->n < n; j->n++) {
		struct join_dimension *d = &j->dimensions[j->n];

		if (join_load(d, sources[j->n].key, sources[j->n].path, drops, err))
			return -1;
		j->is_large |= d->keys.n >= INTERN_FAR;
	}
	for (size_t i = 0; i < in->header.n; i++) {
		j->keep[i] = !join_dropped(drops, in->header.names[i]);
		if (j->keep[i] && (!i || !j->keep[i - 1]))
			j->runs[j->n_runs++] = (struct joiner_run){ i, 0 };
		if (j->keep[i])
			j->runs[j->n_runs - 1].n++;
	}
	for (size_t i = 0; i < drops->n; i++)
		if (!drops->seen[i])
			return err_set(err, ERR_RUNTIME, "--drop: no table has a column %s",
				       drops->names[i]);
	return join_bind(j->dimensions, j->n, in, err);
}

int joiner_load(struct joiner *j, const struct joiner_source *sources, size_t n,
		const struct names *drop, const struct csv_reader *in, struct err *err)
{
	struct join_drops drops = { (const char *const *)drop->name, drop->n,
				    mem_zalloc(drop->n, sizeof(bool)) };
	int rc;

	j->dimensions = mem_zalloc(n, sizeof(*j->dimensions));
	j->keep = mem_alloc(in->header.n, sizeof(*j->keep));
	j->runs = mem_alloc(in->header.n, sizeof(*j->runs));
	rc = load_dimensions(j, sources, n, &drops, in, err);
	free(drops.seen);
	/* A table with both columns is one of events, whose order is verified. */
	j->order.event_ts = columns_find(&in->header, "event_ts");
	j->order.event_id = columns_find(&in->header, "event_id");
	j->has_events = j->order.event_ts >= 0 && j->order.event_id >= 0;
	return rc;
}

int joiner_open(struct joiner *j, const struct gz_output *output, const char *unmatched_path,
		const struct csv_reader *in, struct err *err)
{
	struct gz_output unmatched = *output;

	unmatched.path = unmatched_path;
	if (csv_writer_open(&j->out, output, err))
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		if (j->keep[i])
			csv_put_str(&j->out.row, in->header.names[i]);
	for (size_t i = 0; i < j->n; i++)
		for (size_t c = 0; c < j->dimensions[i].n_names; c++)
			csv_put_str(&j->out.row, j->dimensions[i].names[c]);
	if (!j->out.row.len)
		return err_set(err, ERR_RUNTIME, "--drop: no column is left");
	if (csv_writer_end_row(&j->out, err))
		return -1;
	if (!unmatched_path)
		return 0;
	if (csv_writer_open(&j->unmatched, &unmatched, err))
		return -1;
	j->has_unmatched = true;
	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&j->unmatched.row, in->header.names[i]);
	return csv_writer_end_row(&j->unmatched, err);
}

static void put_stream(struct joiner *j, const struct csv_row *row)
{
	if (j->n_runs && j->runs[0].n == row->n) {
		csv_put_raw(&j->out.row, row->raw, row->raw_len); /* however it is quoted */
		return;
	}
	for (size_t i = 0; i < j->n_runs; i++)
		csv_put_fields(&j->out.row, row, j->runs[i].first, j->runs[i].n);
}

static int add_unmatched(struct joiner *j, const struct csv_row *row, struct err *err)
{
	j->n_unmatched++;
	if (!j->has_unmatched)
		return 0;
	csv_put_raw(&j->unmatched.row, row->raw, row->raw_len);
	return csv_writer_end_row(&j->unmatched, err);
}

/* Writes the joined row, unless a dimension has no match for it and the join is an inner one. */
static int join_row(struct joiner *j, const struct csv_row *row, struct err *err)
{
	size_t start = j->out.row.len;
	bool matched = true;

	put_stream(j, row);
	for (size_t i = 0; i < j->n && (matched || j->left); i++) {
		const struct join_dimension *d = &j->dimensions[i];
		const struct join_text *text = join_find(&j->dimensions[i]);

		matched &= text != NULL;
		if (text && d->n_names)
			csv_put_raw(&j->out.row, join_text(text), text->len);
		for (size_t c = 0; !text && c < d->n_names; c++)
			csv_put_null(&j->out.row);
	}
	if (!matched && add_unmatched(j, row, err))
		return -1;
	if (matched || j->left)
		return csv_writer_end_row(&j->out, err);
	j->out.row.len = start;
	return 0;
}

int joiner_row(struct joiner *j, struct csv_reader *in, const struct csv_row *row, struct err *err)
{
	int64_t ts;

	if (j->is_large) {
		csv_reader_look_ahead(in);
		for (size_t i = 0; i < j->n; i++)
			join_prefetch(&j->dimensions[i], in);
	}
	for (size_t i = 0; i < j->n; i++)
		join_prepare(&j->dimensions[i], row);
	if (j->has_events && event_order_check(&j->order, in, row, &ts, err))
		return -1;
	return join_row(j, row, err);
}

void joiner_put_unmatched(const struct joiner *j, struct buf *text)
{
	size_t start = text->len;

	for (size_t i = 0; i < j->n; i++)
		if (j->dimensions[i].n_unmatched)
			buf_printf(text, "%s%" PRIu64 " %s", text->len > start ? ", " : "",
				   j->dimensions[i].n_unmatched, j->dimensions[i].key);
}

void joiner_release(struct joiner *j)
{
	for (size_t i = 0; i < j->n; i++)
		join_release(&j->dimensions[i]);
	free(j->dimensions);
	free(j->keep);
	free(j->runs);
	event_order_release(&j->order);
}
