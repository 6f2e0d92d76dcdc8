/* ce-sessionize: number the viewings. */
#include "cli.h"
#include "events/event.h"
#include "history/session.h"
#include "table/catalogue.h"
#include "table/columns.h"

/* The columns it appends: the last ones of session_identification. */
#define N_APPENDED 4

static const struct catalogue_column *appended(void)
{
	const struct catalogue_table *table = catalogue_table("session_identification");

	return table->columns + table->n - N_APPENDED;
}

static int open_events(struct csv_writer *out, const struct gz_output *output,
		       const struct csv_reader *in, struct err *err)
{
	if (columns_refuse(in, appended(), N_APPENDED, err) || csv_writer_open(out, output, err))
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&out->row, in->header.names[i]);
	for (size_t i = 0; i < N_APPENDED; i++)
		csv_put_str(&out->row, appended()[i].name);
	return csv_writer_end_row(out, err);
}

/* The columns behind the row's own. */
static int put_session(struct csv_writer *out, const struct event *e, struct err *err)
{
	if (e->prev_ts == EVENT_UNKNOWN)
		csv_put_null(&out->row);
	else
		csv_put_int(&out->row, e->prev_ts);
	csv_put_int(&out->row, e->session_start);
	csv_put_int(&out->row, e->session_id);
	csv_put_int(&out->row, e->deadline);
	return csv_writer_end_row(out, err);
}

static int open_starts(struct csv_writer *starts, const char *path, const struct gz_output *like,
		       const struct csv_reader *in, int *device, struct err *err)
{
	struct gz_output output = *like;

	output.path = path;
	*device = columns_require(in, "device", err);
	if (*device < 0 || csv_writer_open(starts, &output, err))
		return -1;
	catalogue_put_names(&starts->row, catalogue_table("session_starts"));
	return csv_writer_end_row(starts, err);
}

static int put_start(struct csv_writer *starts, const struct csv_row *row, const struct event *e,
		     const struct event_index *at, int device, struct err *err)
{
	csv_put_int(&starts->row, e->session_id);
	csv_put_field(&starts->row, &row->fields[at->user_id]);
	csv_put_field(&starts->row, &row->fields[at->content_id]);
	csv_put_int(&starts->row, e->session_start);
	csv_put_field(&starts->row, &row->fields[at->event_id]);
	csv_put_field(&starts->row, &row->fields[device]);
	return csv_writer_end_row(starts, err);
}

int main(int argc, char **argv)
{
	struct session_options options = SESSION_OPTIONS_INIT;
	const char *starts_path = NULL;
	const struct cli_option table[] = {
		{ 'g', "gap", "DURATION", "idle time that ends a session (30m)", cli_duration,
		  &options.gap },
		{ 0, "plain-gap", NULL, "leave the time left to play out of the deadline", cli_flag,
		  &options.plain_gap },
		{ 0, "starts", "FILE", "also write the table session_starts to FILE", cli_string,
		  &starts_path },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-sessionize",
			   .purpose = "Numbers the viewings in a table of events.",
			   .operands = "[FILE ...]",
			   .options = table };
	struct event_reader in = EVENT_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT, starts = CSV_WRITER_INIT;
	struct csv_writer *const writers[] = { &out, &starts };
	struct sessions sessions;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct event_ids ahead;
	struct event e;
	int rc, device = -1;

	cli_parse(&cli, argc, argv);
	sessions_init(&sessions, &options);
	if (event_reader_open(&in, &cli.input, EVENT_ENRICHED, &err) ||
	    open_events(&out, &cli.output, &in.in, &err) ||
	    (starts_path && open_starts(&starts, starts_path, &cli.output, &in.in, &device, &err)))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		bool is_start = sessions_step(&sessions, &e);

		if (event_reader_peek(&in, &ahead))
			sessions_prefetch(&sessions, &ahead);
		csv_put_raw(&out.row, row->raw, row->raw_len);
		if (put_session(&out, &e, &err) ||
		    (starts_path && is_start && put_start(&starts, row, &e, &in.at, device, &err)))
			cli_die(&cli, &err);
		cli_progress(&cli, in.in.n_rows);
	}
	if (rc < 0 || csv_writer_close_all(writers, starts_path ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "%lld sessions", (long long)sessions.n);
	cli_done(&cli, in.in.n_rows, out.n_rows - 1);
	event_reader_close(&in);
	sessions_release(&sessions);
	return 0;
}
