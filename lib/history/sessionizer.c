#include "history/sessionizer.h"

#include "table/catalogue.h"
#include "table/columns.h"

static int open_events(struct sessionizer *s, const struct csv_reader *in,
		       const struct gz_output *output, struct err *err)
{
	if (csv_writer_open(&s->out, output, err))
		return -1;
	s->has_out = true;
	selection_put_names(&s->passed, &in->header, &s->out.row);
	catalogue_put_names(&s->out.row, &catalogue_sessions);
	return csv_writer_end_row(&s->out, err);
}

static int open_starts(struct sessionizer *s, const struct csv_reader *in,
		       const struct gz_output *output, struct err *err)
{
	const struct {
		const char *name;
		int *column;
	} wanted[] = { { "device", &s->device },
		       { "event_id", &s->event_id },
		       { "user_id", &s->user_id },
		       { "content_id", &s->content_id } };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		*wanted[i].column = columns_require(in, wanted[i].name, err);
		if (*wanted[i].column < 0)
			return -1;
	}
	if (csv_writer_open(&s->starts, output, err))
		return -1;
	s->has_starts = true;
	catalogue_put_names(&s->starts.row, catalogue_table("session_starts"));
	return csv_writer_end_row(&s->starts, err);
}

int sessionizer_open(struct sessionizer *s, const struct csv_reader *in,
		     const struct gz_output *output, const struct gz_output *starts,
		     struct err *err)
{
	sessions_init(&s->sessions, &s->options);
	if (columns_refuse(in, catalogue_sessions.columns, catalogue_sessions.n, err) ||
	    selection_with(&s->passed, in, catalogue_table("enriched_table"), &s->keep, err) ||
	    (output && open_events(s, in, output, err)))
		return -1;
	return starts ? open_starts(s, in, starts, err) : 0;
}

static int put_start(struct sessionizer *s, const struct csv_row *row, const struct event *e,
		     struct err *err)
{
	const struct row_session_starts start = {
		.session_id = csv_int(e->session_id),
		.user_id = csv_value(&row->fields[s->user_id]),
		.content_id = csv_value(&row->fields[s->content_id]),
		.session_start_ts = csv_int(e->session_start),
		.event_id = csv_value(&row->fields[s->event_id]),
		.device = csv_value(&row->fields[s->device]),
	};

	csv_put_values(&s->starts.row, CATALOGUE_VALUES(&start));
	return csv_writer_end_row(&s->starts, err);
}

int sessionizer_step(struct sessionizer *s, const struct csv_row *row, struct event *e,
		     struct err *err)
{
	bool is_start = sessions_step(&s->sessions, e);

	doubts_step(&s->doubts, e, is_start);
	if (s->has_out) {
		selection_put(&s->passed, row, &s->out.row);
		session_put(&s->out.row, e);
		if (csv_writer_end_row(&s->out, err))
			return -1;
	}
	return s->has_starts && is_start ? put_start(s, row, e, err) : 0;
}

void sessionizer_warn(const struct sessionizer *s, struct warnings *warnings)
{
	doubts_warn(&s->doubts, &s->sessions, warnings);
}

void sessionizer_release(struct sessionizer *s)
{
	sessions_release(&s->sessions);
	selection_release(&s->passed);
	names_release(&s->keep);
}
