#include "state/state_labels.h"

#include "base/num.h"
#include "events/event.h"

#include <string.h>

/* --- writing ------------------------------------------------------------- */

static int write_session(const struct state_labels *l, const struct label_session *s,
			 struct csv_writer *w, struct err *err)
{
	struct row_labels row = {
		.session_id = csv_int(s->id),
		.user_id = state_name(l->users, s->user),
		.content_id = state_name(l->contents, s->content),
		.session_start_ts = csv_int(s->past.start),
		.session_end_ts = csv_int(s->past.end),
		.closing_ts = csv_int(s->closing),
	};

	if (s->past.completed_at != EVENT_UNKNOWN)
		row.completed_ts = csv_int(s->past.completed_at);
	csv_put_values(&w->row, CATALOGUE_VALUES(&row));
	return csv_writer_end_row(w, err);
}

static int write_sessions(const struct state_labels *l, struct state_out *out, struct err *err)
{
	const struct labels *labels = &l->features->labels;
	struct csv_writer *w = state_out_table(out, STATE_LABELS, err);

	/* Those of the one that remembers more are those of both. */
	if (l->first && l->first->labels.first_id < labels->first_id)
		labels = &l->first->labels;
	for (size_t i = 0; w && i < labels_n_sessions(labels); i++) {
		struct label_session s = labels_session(labels, i);

		if (write_session(l, &s, w, err))
			return -1;
	}
	return w ? 0 : -1;
}

/* Where rows go, without the two columns of the label, which are empty. */
struct rows {
	struct csv_writer *w;
	bool undecided_only;
};

static int write_row(void *context, const char *text, size_t len, bool is_decided, struct err *err)
{
	const struct rows *to = context;

	if (is_decided && to->undecided_only)
		return 0;
	buf_append(&to->w->row, text, len);
	csv_put_null(&to->w->row);
	csv_put_null(&to->w->row);
	return csv_writer_end_row(to->w, err);
}

int state_rows_write(const struct state_rows *rows, struct csv_writer *w, bool undecided_only,
		     struct err *err)
{
	struct rows to = { w, undecided_only };

	if (!w)
		return -1;
	buf_append(&w->row, rows->header->data, rows->header->len);
	return csv_writer_end_row(w, err) || labels_each(rows->labels, write_row, &to, err) ? -1
											    : 0;
}

static struct state_rows rows_of(struct featurizer *f)
{
	return (struct state_rows){ &f->labels, &f->header };
}

int state_labels_write_open(const struct state_labels *l, struct csv_writer *w, struct err *err)
{
	const struct state_rows rows = rows_of(l->features);

	return state_rows_write(&rows, w, true, err);
}

int state_labels_write(const struct state_labels *l, struct state_out *out, struct err *err)
{
	struct state_rows rows = rows_of(l->features);

	if (write_sessions(l, out, err) ||
	    state_rows_write(&rows, state_out_table(out, STATE_WAITING, err), false, err))
		return -1;
	if (!l->first)
		return 0;
	rows = rows_of(l->first);
	return state_rows_write(&rows, state_out_table(out, STATE_WAITING_FIRST, err), false, err);
}

/* --- reading ------------------------------------------------------------- */

/* `now`: the time of the last event, after which none of a session was. */
static int read_session(const struct state_labels *l, struct state_reader *r, int64_t now,
			const struct row_labels *row, struct err *err)
{
	struct label_session s = {
		.id = state_int(r, &row->session_id, 1, INT64_MAX, true),
		.user = state_id(r, l->users, &row->user_id),
		.content = state_id(r, l->contents, &row->content_id),
		.past.start = state_int(r, &row->session_start_ts, 1, now, true),
		.past.end = state_int(r, &row->session_end_ts, 1, now, true),
		.past.completed_at = state_int(r, &row->completed_ts, 1, now, false),
		.closing = state_int(r, &row->closing_ts, 1, STATE_TS_MAX, true),
	};

	if (state_reader_bad(r, err))
		return -1;
	if (labels_restore_session(&l->features->labels, &s) ||
	    (l->first && labels_restore_session(&l->first->labels, &s)))
		state_refuse(r, &row->session_id);
	return state_reader_bad(r, err);
}

static int read_sessions(const struct state_labels *l, const struct state_in *in, struct err *err)
{
	int64_t n, now, first;
	struct row_labels row;
	struct state_reader r;
	int rc;

	if (state_in_count(in, "sessions", &n, err) || state_in_count(in, "last_ts", &now, err))
		return -1;
	rc = state_reader_open(&r, in, STATE_LABELS, err);
	first = n + 1 - r.n_rows;
	if (!rc && first < 1)
		rc = state_in_fail(in, err, "more rows of labels than sessions");
	if (!rc) {
		labels_restore(&l->features->labels, first, now);
		if (l->first)
			labels_restore(&l->first->labels, first, now);
	}
	while (!rc && (rc = state_reader_next(&r, &row, err)) > 0)
		rc = read_session(l, &r, now, &row, err);
	state_reader_close(&r);
	return rc;
}

/* Whether the table has the columns of the features: as many, of the same names. */
static int check_header(const struct buf *expected, const struct csv_reader *in, struct err *err)
{
	struct buf header = BUF_INIT;
	bool is_same;

	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&header, in->header.names[i]);
	is_same = header.len && header.len == expected->len &&
		  !memcmp(header.data, expected->data, header.len);
	buf_release(&header);
	return is_same ? 0
		       : csv_reader_fail(in, -1, err,
					 "the columns are not those of the feature table here");
}

static int read_row(struct labels *labels, struct state_reader *r, struct err *err)
{
	const struct csv_field *id = &r->text->fields[FEATURES_SESSION_ID];
	int64_t session_id;

	if (num_parse_int(id->s, id->len, &session_id) || !labels_has_session(labels, session_id))
		return csv_reader_fail(&r->in, FEATURES_SESSION_ID, err,
				       "no session of the table labels: '%.*s'", err_clip(id->len),
				       id->s);
	/* All but the label's two empty columns, with the comma behind what is left. */
	if (r->text->raw_len < 2 || memcmp(r->text->raw + r->text->raw_len - 2, ",,", 2) != 0)
		return csv_reader_fail(&r->in, -1, err, "a row that waits has no label");
	buf_append(labels_row(labels), r->text->raw, r->text->raw_len - 1);
	labels_hold(labels, session_id);
	return 0;
}

int state_rows_read(const struct state_rows *rows, const struct state_in *in,
		    enum state_table table, struct err *err)
{
	struct state_reader r;
	int rc = state_reader_open(&r, in, table, err) || check_header(rows->header, &r.in, err)
			 ? -1
			 : 0;

	while (!rc && (rc = state_reader_next(&r, NULL, err)) > 0)
		rc = read_row(rows->labels, &r, err);
	state_reader_close(&r);
	return rc;
}

int state_labels_read(const struct state_labels *l, const struct state_in *in, struct err *err)
{
	struct state_rows rows = rows_of(l->features);

	if (read_sessions(l, in, err) || state_rows_read(&rows, in, STATE_WAITING, err))
		return -1;
	if (!l->first)
		return 0;
	rows = rows_of(l->first);
	return state_rows_read(&rows, in, STATE_WAITING_FIRST, err);
}
