/* ce-sessionize: assign events to sessions. */
#include "cli.h"
#include "events/event.h"
#include "history/doubts.h"
#include "history/session.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/selection.h"

static int open_events(struct csv_writer *out, const struct gz_output *output,
		       const struct csv_reader *in, const struct names *keep,
		       struct selection *passed, struct err *err)
{
	if (columns_refuse(in, catalogue_sessions.columns, catalogue_sessions.n, err) ||
	    selection_with(passed, in, catalogue_table("enriched_table"), keep, err) ||
	    csv_writer_open(out, output, err))
		return -1;
	selection_put_names(passed, &in->header, &out->row);
	catalogue_put_names(&out->row, &catalogue_sessions);
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
	const struct row_session_starts start = {
		.session_id = csv_int(e->session_id),
		.user_id = csv_value(&row->fields[at->user_id]),
		.content_id = csv_value(&row->fields[at->content_id]),
		.session_start_ts = csv_int(e->session_start),
		.event_id = csv_value(&row->fields[at->event_id]),
		.device = csv_value(&row->fields[device]),
	};

	csv_put_values(&starts->row, CATALOGUE_VALUES(&start));
	return csv_writer_end_row(starts, err);
}

int main(int argc, char **argv)
{
	struct session_options options = SESSION_OPTIONS_INIT;
	const char *starts_path = NULL;
	struct names keep = NAMES_INIT;
	const struct cli_option table[] = {
		{ 'g', "gap", "DURATION", "idle time that ends a session (30m)", cli_duration,
		  &options.gap },
		{ 0, "plain-gap", NULL, "end sessions by the idle gap alone", cli_flag,
		  &options.plain_gap },
		{ 0, "keep", "COL[,...]", "pass on these further columns; '*': all", cli_list,
		  &keep },
		{ 0, "starts", "FILE", "also write the table session_starts to FILE", cli_string,
		  &starts_path },
		{ 0 },
	};
	struct cli cli = {
		.tool = "ce-sessionize",
		.purpose =
			"Assign each event to a session: one viewing of one content by one user.",
		.operands = "[FILE ...]",
		.options = table
	};
	struct event_reader in = EVENT_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT, starts = CSV_WRITER_INIT;
	struct csv_writer *const writers[] = { &out, &starts };
	struct selection passed = SELECTION_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct doubts doubts = { .n_events = 0 };
	struct sessions sessions;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct event_ids ahead;
	struct event e;
	int rc, device = -1;

	cli_parse(&cli, argc, argv);
	sessions_init(&sessions, &options);
	if (event_reader_open(&in, &cli.input, EVENT_ENRICHED, &err) ||
	    open_events(&out, &cli.output, &in.in, &keep, &passed, &err) ||
	    (starts_path && open_starts(&starts, starts_path, &cli.output, &in.in, &device, &err)))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		bool is_start = sessions_step(&sessions, &e);

		if (event_reader_peek(&in, &ahead))
			sessions_prefetch(&sessions, &ahead);
		doubts_step(&doubts, &e, is_start);
		selection_put(&passed, row, &out.row);
		session_put(&out.row, &e);
		if (csv_writer_end_row(&out, &err) ||
		    (starts_path && is_start && put_start(&starts, row, &e, &in.at, device, &err)))
			cli_die(&cli, &err);
		cli_progress(&cli, in.in.n_rows);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	doubts_warn(&doubts, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close_all(writers, starts_path ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "%lld sessions", (long long)sessions.n);
	cli_done(&cli, in.in.n_rows, out.n_rows - 1);
	event_reader_close(&in);
	sessions_release(&sessions);
	selection_release(&passed);
	names_release(&keep);
	return 0;
}
