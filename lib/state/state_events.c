#include "state/state_events.h"

#include "table/columns.h"

#include <string.h>

int state_events_open(struct cleaning *c, const struct csv_header *columns, struct state_out *out,
		      struct err *err)
{
	c->seen = state_out_table(out, STATE_SEEN, err);
	c->early = c->seen ? state_out_table(out, STATE_EARLY, err) : NULL;
	if (!c->early)
		return -1;
	for (size_t i = 0; i < columns->n; i++)
		csv_put_str(&c->early->row, columns->names[i]);
	return csv_writer_end_row(c->early, err);
}

static int read_seen(struct cleaning *c, const struct state_in *in, struct err *err)
{
	struct row_seen row;
	struct state_reader r;
	int rc = state_reader_open(&r, in, STATE_SEEN, err);

	while (!rc && (rc = state_reader_next(&r, &row, err)) > 0) {
		int64_t ts = state_int(&r, &row.event_ts, 1, c->from - 1, true);

		/* No event has a NUL, by which the sort ends an id. */
		if (row.event_id.kind != CSV_TEXT || !row.event_id.len ||
		    memchr(row.event_id.text, '\0', row.event_id.len))
			state_refuse(&r, &row.event_id);
		rc = state_reader_bad(&r, err) || cleaning_add_seen(c, ts, row.event_id.text,
								    row.event_id.len, err)
			     ? -1
			     : 0;
	}
	state_reader_close(&r);
	return rc;
}

static int read_early(struct cleaning *c, const struct csv_header *columns,
		      const struct state_in *in, struct err *err)
{
	struct state_reader r;
	int rc = state_reader_open(&r, in, STATE_EARLY, err);

	for (size_t i = 0; !rc && i < columns->n; i++)
		if (r.in.header.n != columns->n ||
		    strcmp(r.in.header.names[i], columns->names[i]) != 0)
			rc = columns_fail(&r.in, err,
					  "the columns are not those of cleaned_events and what is "
					  "kept here");
	while (!rc && (rc = state_reader_next(&r, NULL, err)) > 0)
		rc = memchr(r.text->raw, '\0', r.text->raw_len)
			     ? csv_reader_fail(&r.in, -1, err, "a NUL, which no event has")
			     : cleaning_add_carried(c, &r.in, r.text, err);
	state_reader_close(&r);
	return rc;
}

int state_events_read(struct cleaning *c, const struct csv_header *columns,
		      const struct state_in *in, struct err *err)
{
	return read_seen(c, in, err) || read_early(c, columns, in, err) ? -1 : 0;
}
