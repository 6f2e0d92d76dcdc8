#include "state/state_events.h"

#include "table/columns.h"

#include <string.h>

int state_events_open(struct cleaning *c, const struct csv_reader *records, struct state_out *out,
		      struct err *err)
{
	c->seen = state_out_table(out, STATE_SEEN, err);
	c->early = c->seen ? state_out_table(out, STATE_EARLY, err) : NULL;
	if (!c->early)
		return -1;
	cleaner_put_names(&c->cleaner, records, &c->early->row);
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

static int check_columns(const struct cleaning *c, const struct csv_reader *records,
			 const struct csv_reader *early, struct err *err)
{
	struct buf here = BUF_INIT, there = BUF_INIT;
	bool is_same;

	cleaner_put_names(&c->cleaner, records, &here);
	for (size_t i = 0; i < early->header.n; i++)
		csv_put_str(&there, early->header.names[i]);
	is_same = here.len == there.len && here.len && !memcmp(here.data, there.data, here.len);
	buf_release(&here);
	buf_release(&there);
	return is_same ? 0
		       : columns_fail(early, err,
				      "the columns are not those of cleaned_events and what is "
				      "kept here");
}

static int read_early(struct cleaning *c, const struct csv_reader *records,
		      const struct state_in *in, struct err *err)
{
	struct state_reader r;
	int rc = state_reader_open(&r, in, STATE_EARLY, err) ||
				 check_columns(c, records, &r.in, err)
			 ? -1
			 : 0;

	while (!rc && (rc = state_reader_next(&r, NULL, err)) > 0)
		rc = memchr(r.text->raw, '\0', r.text->raw_len)
			     ? csv_reader_fail(&r.in, -1, err, "a NUL, which no event has")
			     : cleaning_add_carried(c, &r.in, r.text, err);
	state_reader_close(&r);
	return rc;
}

int state_events_read(struct cleaning *c, const struct csv_reader *records,
		      const struct state_in *in, struct err *err)
{
	return read_seen(c, in, err) || read_early(c, records, in, err) ? -1 : 0;
}
