#include "events/joiner.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "table/columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* From this share of unmatched rows on there is a warning. */
static const struct bound many = BOUND_DOUBTFUL;

static int load_dimension(struct joiner *j, const struct join_source *source,
			  const struct join_rules *rules, struct err *err)
{
	struct join_dimension *d = &j->dimensions[j->n];

	if (join_load(d, source, rules, err))
		return -1;
	j->n++;
	j->is_large |= d->n_rows >= INTERN_FAR;
	j->has_times |= source->valid_from != NULL;
	if (!d->n_rows && !j->left)
		return err_set(err, ERR_RUNTIME,
			       "%s: no rows: nothing can match (--left keeps rows without a match)",
			       source->path);
	if (!d->n_rows && d->n_names)
		warnings_add(&j->warnings, "%s has no rows: its columns are empty in all rows",
			     source->path);
	return 0;
}

static int refuse_drop(const struct joiner *j, const struct csv_header *stream, const char *name,
		       struct err *err)
{
	size_t n = stream->n;
	const char **names, *near;

	for (size_t i = 0; i < j->n; i++)
		n += j->dimensions[i].n_names;
	names = mem_alloc(n, sizeof(*names));
	n = 0;
	for (size_t i = 0; i < stream->n; i++)
		names[n++] = stream->names[i];
	for (size_t i = 0; i < j->n; i++)
		for (size_t c = 0; c < j->dimensions[i].n_names; c++)
			names[n++] = j->dimensions[i].names[c];
	near = nearest_word(name, names, n);
	free(names);
	return err_set(err, ERR_RUNTIME, "--drop: no table has a column %s%s%s%s", name,
		       near ? "; the nearest name is '" : "", near ? near : "", near ? "'" : "");
}

static int load_dimensions(struct joiner *j, const struct join_source *sources, size_t n,
			   const struct join_rules *rules, const struct csv_reader *in,
			   struct err *err)
{
	struct join_drops *drops = rules->drops;
	bool *keep;

	for (size_t i = 0; i < n; i++)
		if (load_dimension(j, &sources[i], rules, err))
			return -1;
	keep = mem_alloc(in->header.n, sizeof(*keep));
	for (size_t i = 0; i < in->header.n; i++)
		keep[i] = !join_dropped(drops, &in->header, i);
	selection_take(&j->stream, keep, &in->header);
	if (!n)
		join_absent(&j->dimensions[j->n++], &in->header, drops);
	for (size_t i = 0; i < drops->n; i++)
		if (!drops->seen[i])
			return refuse_drop(j, &in->header, drops->names[i], err);
	return join_bind(j->dimensions, j->n, in, err);
}

/* The columns of events that ce-join would check in a dimension are checked here, too. */
static void find_kinds(struct joiner *j, const struct csv_header *stream)
{
	enum attribute *kinds = mem_zalloc(stream->n, sizeof(*kinds));
	bool any = false;

	for (size_t i = 0; i < stream->n && j->has_events; i++) {
		if (j->stream.has[i])
			kinds[i] = attribute_of(stream->names[i]);
		any |= kinds[i] != ATTRIBUTE_TEXT;
	}
	if (any)
		j->kinds = kinds;
	else
		free(kinds);
}

int joiner_load(struct joiner *j, const struct join_source *sources, size_t n,
		const struct csv_reader *in, struct err *err)
{
	struct join_drops drops = { (const char *const *)j->drop.name, j->drop.n,
				    mem_zalloc(j->drop.n, sizeof(bool)) };
	struct join_rules rules = { &drops, &j->na, false, j->fields, &j->warnings, j->zone };
	int rc;

	/* A table with both columns is one of events. */
	j->order.event_ts = columns_find(&in->header, "event_ts");
	j->order.event_id = columns_find(&in->header, "event_id");
	rules.checks = j->has_events = j->order.event_ts >= 0 && j->order.event_id >= 0;
	j->dimensions = mem_zalloc(n + 1, sizeof(*j->dimensions));
	rc = load_dimensions(j, sources, n, &rules, in, err);
	free(drops.seen);
	if (rc)
		return -1;
	find_kinds(j, &in->header);
	if (!n && !j->has_events)
		return columns_fail(in, err,
				    "no events, which have the columns event_ts and event_id: only "
				    "those can be joined without a dimension table (-k KEY FILE)");
	if (j->has_times && columns_require(in, "event_ts", err) < 0)
		return -1;
	return 0;
}

/* The names of the joined table. */
static void find_names(struct joiner *j, const struct csv_header *stream)
{
	size_t n = stream->n;

	for (size_t i = 0; i < j->n; i++)
		n += j->dimensions[i].n_names;
	j->names = mem_alloc(n, sizeof(*j->names));
	for (size_t i = 0; i < stream->n; i++)
		if (j->stream.has[i])
			j->names[j->n_names++] = stream->names[i];
	for (size_t i = 0; i < j->n; i++)
		for (size_t c = 0; c < j->dimensions[i].n_names; c++)
			j->names[j->n_names++] = j->dimensions[i].names[c];
}

int joiner_open(struct joiner *j, const struct gz_output *output, const struct gz_output *unmatched,
		const struct csv_reader *in, struct err *err)
{
	find_names(j, &in->header);
	j->keys = mem_alloc(j->n, sizeof(*j->keys));
	j->ids = mem_alloc(j->n, sizeof(*j->ids));
	j->found = mem_zalloc(j->n, sizeof(struct join_text *));
	if (output && csv_writer_open(&j->out, output, err))
		return -1;
	j->has_out = output != NULL;
	if (!j->n_names)
		return err_set(err, ERR_RUNTIME, "--drop: no column is left");
	for (size_t i = 0; i < j->n_names && output; i++)
		csv_put_str(&j->out.row, j->names[i]);
	if (output && csv_writer_end_row(&j->out, err))
		return -1;
	if (!unmatched)
		return 0;
	if (csv_writer_open(&j->unmatched, unmatched, err))
		return -1;
	j->has_unmatched = true;
	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&j->unmatched.row, in->header.names[i]);
	return csv_writer_end_row(&j->unmatched, err);
}

/* How many rows had no match for each key. */
static void put_unmatched(const struct joiner *j, struct buf *text)
{
	size_t start = text->len;

	for (size_t i = 0; i < j->n; i++) {
		const struct join_dimension *d = &j->dimensions[i];

		if (d->n_unmatched)
			buf_printf(text, "%s%" PRIu64 " %s", text->len > start ? ", " : "",
				   d->n_unmatched, d->source.key);
		if (d->n_early)
			buf_printf(text, " (%" PRIu64 " %s no version yet)", d->n_early,
				   d->n_early == 1 ? "has" : "have");
	}
}

static int check_bound(const struct joiner *j, uint64_t n_rows, struct err *err)
{
	struct buf by_key = BUF_INIT;

	if (j->is_judged_elsewhere || !bound_exceeded(&j->max_unmatched, j->n_unmatched, n_rows))
		return 0;
	put_unmatched(j, &by_key);
	err_set(err, ERR_RUNTIME,
		"%" PRIu64 " of %" PRIu64 " rows have no match, more than --max-unmatched %s: %.*s",
		j->n_unmatched, n_rows, j->max_unmatched.text, (int)by_key.len, by_key.data);
	buf_release(&by_key);
	return -1;
}

static int add_unmatched(struct joiner *j, const struct csv_reader *in, const struct csv_row *row,
			 struct err *err)
{
	j->n_unmatched++;
	if (!j->max_unmatched.is_share && check_bound(j, in->n_rows, err))
		return -1;
	if (!j->has_unmatched)
		return 0;
	csv_put_row(&j->unmatched.row, row);
	return csv_writer_end_row(&j->unmatched, err);
}

/* Checks the values of the stream's row, and whether they are in their canonical form. */
static int check_values(struct joiner *j, const struct csv_reader *in, const struct csv_row *row,
			struct err *err)
{
	j->is_as_read = true;
	if (!j->kinds)
		return 0;
	for (size_t i = 0; i < row->n; i++) {
		const struct csv_field *f = &row->fields[i];

		if (j->kinds[i] == ATTRIBUTE_TEXT || !f->len)
			continue;
		buf_clear(&j->value);
		if (attribute_put(&j->value, j->kinds[i], f))
			return csv_reader_fail(in, (int)i, err, "expected %s, found '%.*s'",
					       attribute_expected(j->kinds[i]), err_clip(f->len),
					       f->s);
		j->is_as_read &= j->value.len == (size_t)f->len + 1 && /* the comma */
				 !memcmp(j->value.data, f->s, f->len);
	}
	return 0;
}

/* Appends the columns of the stream. */
static void put_stream(const struct joiner *j, const struct csv_row *row, struct buf *out)
{
	if (j->is_as_read)
		selection_put(&j->stream, row, out);
	for (size_t i = 0; i < row->n && !j->is_as_read; i++)
		if (j->stream.has[i])
			attribute_put(out, j->kinds[i], &row->fields[i]);
}

static int write_row(struct joiner *j, const struct csv_row *row, struct err *err)
{
	struct buf *out = &j->out.row;

	put_stream(j, row, out);
	for (size_t i = 0; i < j->n; i++) {
		const struct join_dimension *d = &j->dimensions[i];
		const struct join_text *text = j->found[i];

		if (text && d->n_names)
			csv_put_raw(out, join_text(text), text->len);
		for (size_t c = 0; !text && c < d->n_names; c++)
			csv_put_null(out);
	}
	return csv_writer_end_row(&j->out, err);
}

int joiner_step(struct joiner *j, const struct csv_reader *in, const struct csv_row *row,
		const uint32_t *ids, int64_t ts, struct err *err)
{
	bool matched = true;

	if (check_values(j, in, row, err))
		return -1;
	for (size_t i = 0; i < j->n && (matched || j->left); i++) {
		j->found[i] = join_find(&j->dimensions[i], ids[i], ts);
		matched &= j->found[i] || !j->dimensions[i].n_rows;
	}
	if (!matched && add_unmatched(j, in, row, err))
		return -1;
	if (!matched && !j->left)
		return 0;
	j->n_joined++;
	return j->has_out && write_row(j, row, err) ? -1 : 1;
}

/* A value in its canonical form. */
static struct csv_field canonical(struct joiner *j, size_t column, const struct csv_field *f,
				  struct arena *texts)
{
	size_t len;
	char *s;

	if (!f->len)
		return *f;
	buf_clear(&j->value);
	attribute_put(&j->value, j->kinds[column], f);
	len = j->value.len - 1; /* the comma; no such value needs quotes */
	s = arena_alloc(texts, len + CSV_SLACK);
	memcpy(s, j->value.data, len);
	return (struct csv_field){ s, (uint32_t)len, !len };
}

void joiner_fields(struct joiner *j, const struct csv_row *row, struct arena *texts,
		   struct csv_row *joined)
{
	static const char nothing[CSV_SLACK];
	const struct csv_field null = { nothing, 0, true };
	struct csv_field *field = joined->fields;

	joined->n = j->n_names;
	joined->is_foreign = true; /* there is no record that it stands in */
	joined->is_plain = row->is_plain;
	for (size_t i = 0; i < row->n; i++) {
		if (!j->stream.has[i])
			continue;
		*field++ = j->is_as_read || j->kinds[i] == ATTRIBUTE_TEXT
				   ? row->fields[i]
				   : canonical(j, i, &row->fields[i], texts);
	}
	for (size_t i = 0; i < j->n; i++) {
		const struct join_dimension *d = &j->dimensions[i];
		const struct csv_field *of_row = j->found[i] ? join_fields(d) : NULL;

		joined->is_plain &= !of_row || d->is_plain[d->found];
		for (size_t c = 0; c < d->n_names; c++)
			*field++ = of_row ? of_row[c] : null;
	}
}

int joiner_row(struct joiner *j, struct csv_reader *in, const struct csv_row *row, struct err *err)
{
	int64_t ts = 0;

	if (j->is_large) {
		csv_reader_look_ahead(in);
		for (size_t i = 0; i < j->n; i++)
			join_prefetch(&j->dimensions[i], in);
	}
	for (size_t i = 0; i < j->n; i++)
		j->keys[i] = join_key(&j->dimensions[i], row);
	if (j->has_events ? event_order_check(&j->order, in, row, &ts, err)
			  : j->has_times && event_time(in, row, j->order.event_ts, &ts, err))
		return -1;
	for (size_t i = 0; i < j->n; i++)
		j->ids[i] = join_id(&j->dimensions[i], &j->keys[i]);
	return joiner_step(j, in, row, j->ids, ts, err) < 0 ? -1 : 0;
}

int joiner_finish(struct joiner *j, const struct csv_reader *in, struct err *err)
{
	const uint64_t n_rows = in->n_rows;
	struct buf by_key = BUF_INIT;
	uint64_t n_early = 0;
	int rc = 0;

	for (size_t i = 0; i < j->n; i++)
		n_early += j->dimensions[i].n_early;
	if (check_bound(j, n_rows, err))
		return -1;
	put_unmatched(j, &by_key);
	if (j->is_judged_elsewhere)
		rc = 0;
	else if (n_rows && !j->left && j->n_unmatched == n_rows && !j->is_part)
		rc = err_set(err, ERR_RUNTIME, "none of %" PRIu64 " rows has a match: %.*s", n_rows,
			     (int)by_key.len, by_key.data);
	else if (bound_exceeded(&many, j->n_unmatched, n_rows))
		warnings_add(&j->warnings,
			     "%" PRIu64 " of %" PRIu64 " rows have no match: %.*s: %s (--unmatched "
			     "FILE writes them)",
			     j->n_unmatched, n_rows, (int)by_key.len, by_key.data,
			     n_early > j->n_unmatched / 2
				     ? "a history that begins too late? An empty time means since "
				       "ever"
				     : "another form of the key, or a dimension table of another "
				       "day?");
	buf_release(&by_key);
	return rc;
}

void joiner_put_summary(const struct joiner *j, const struct csv_reader *in, struct buf *text)
{
	if (!j->n_unmatched)
		return;
	buf_printf(text, "%s %" PRIu64 " of %" PRIu64 " rows; %" PRIu64 " without a match: ",
		   j->left ? "wrote" : "kept", j->n_joined, in->n_rows, j->n_unmatched);
	put_unmatched(j, text);
}

void joiner_release(struct joiner *j)
{
	for (size_t i = 0; i < j->n; i++)
		join_release(&j->dimensions[i]);
	free(j->dimensions);
	selection_release(&j->stream);
	free(j->names);
	free(j->keys);
	free(j->ids);
	free(j->found);
	free(j->kinds);
	buf_release(&j->value);
	event_order_release(&j->order);
	names_release(&j->drop);
	names_release(&j->na);
	warnings_release(&j->warnings);
}
