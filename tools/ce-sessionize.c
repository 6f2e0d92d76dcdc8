/* ce-sessionize: assign events to sessions. */
#include "cli.h"
#include "events/event.h"
#include "history/doubts.h"
#include "history/session.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"
#include "table/selection.h"

/* Everything behind the reader. */
struct state {
	struct sessions sessions;
	struct selection passed; /* the columns of the input that go on */
	struct doubts doubts;
	struct csv_writer out, starts;
	bool has_starts;
	int device; /* input column, for the starts */
};

static int open_events(struct state *s, const struct gz_output *output, const struct csv_reader *in,
		       const struct names *keep, struct err *err)
{
	if (columns_refuse(in, catalogue_sessions.columns, catalogue_sessions.n, err) ||
	    selection_with(&s->passed, in, catalogue_table("enriched_table"), keep, err) ||
	    csv_writer_open(&s->out, output, err))
		return -1;
	selection_put_names(&s->passed, &in->header, &s->out.row);
	catalogue_put_names(&s->out.row, &catalogue_sessions);
	return csv_writer_end_row(&s->out, err);
}

static int open_starts(struct state *s, const char *path, const struct gz_output *like,
		       const struct csv_reader *in, struct err *err)
{
	struct gz_output output = *like;

	if (!path)
		return 0;
	output.path = path;
	s->device = columns_require(in, "device", err);
	if (s->device < 0 || csv_writer_open(&s->starts, &output, err))
		return -1;
	s->has_starts = true;
	catalogue_put_names(&s->starts.row, catalogue_table("session_starts"));
	return csv_writer_end_row(&s->starts, err);
}

static int put_start(struct state *s, const struct csv_row *row, const struct event *e,
		     const struct event_index *at, struct err *err)
{
	const struct row_session_starts start = {
		.session_id = csv_int(e->session_id),
		.user_id = csv_value(&row->fields[at->user_id]),
		.content_id = csv_value(&row->fields[at->content_id]),
		.session_start_ts = csv_int(e->session_start),
		.event_id = csv_value(&row->fields[at->event_id]),
		.device = csv_value(&row->fields[s->device]),
	};

	csv_put_values(&s->starts.row, CATALOGUE_VALUES(&start));
	return csv_writer_end_row(&s->starts, err);
}

static int step(struct state *s, struct event_reader *in, const struct csv_row *row,
		struct event *e, struct err *err)
{
	bool is_start = sessions_step(&s->sessions, e);
	struct event_ids ahead;

	if (event_reader_peek(in, &ahead))
		sessions_prefetch(&s->sessions, &ahead);
	doubts_step(&s->doubts, e, is_start);
	selection_put(&s->passed, row, &s->out.row);
	session_put(&s->out.row, e);
	if (csv_writer_end_row(&s->out, err))
		return -1;
	return s->has_starts && is_start ? put_start(s, row, e, &in->at, err) : 0;
}

int main(int argc, char **argv)
{
	static const char *const completions[] = { "event", "position", "played", NULL };
	struct cli_choice complete_by = { completions, SESSION_BY_EVENT };
	struct session_options options = SESSION_OPTIONS_INIT;
	const char *starts_path = NULL;
	struct names keep = NAMES_INIT;
	const struct cli_option table[] = {
		{ 'g', "gap", "DURATION", "idle time that ends a session (30m)", cli_duration,
		  &options.gap },
		{ 0, "plain-gap", NULL, "end sessions by the idle gap alone", cli_flag,
		  &options.plain_gap },
		{ 0, "near-end", "RATIO", "ratio from which the end is near (0.95)", cli_share,
		  &options.near_end },
		{ 0, "complete-by", "RULE", "rule: event, position or played (event)", cli_choice,
		  &complete_by },
		{ 0, "unknown-runtime", "DURATION", "time left to play if it is unknown (0)",
		  cli_duration, &options.unknown_runtime },
		{ 0, "max-left", "DURATION", "longest time left to play (24h)", cli_duration,
		  &options.max_left },
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
	struct state s = { .out = CSV_WRITER_INIT, .starts = CSV_WRITER_INIT };
	struct csv_writer *const writers[] = { &s.out, &s.starts };
	struct warnings warnings = WARNINGS_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct event e;
	int rc;

	cli_parse(&cli, argc, argv);
	options.complete_by = (enum session_completion)complete_by.value;
	sessions_init(&s.sessions, &options);
	if (event_reader_open(&in, &cli.input, EVENT_ENRICHED, &err) ||
	    open_events(&s, &cli.output, &in.in, &keep, &err) ||
	    open_starts(&s, starts_path, &cli.output, &in.in, &err))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		if (step(&s, &in, row, &e, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.in.n_rows);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	doubts_warn(&s.doubts, &s.sessions, &warnings);
	csv_reader_warn(&in.in, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close_all(writers, s.has_starts ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "%lld sessions, %lld completed", (long long)s.sessions.n,
			 (long long)s.sessions.n_completed);
	cli_done(&cli, in.in.n_rows, s.out.n_rows - 1);
	event_reader_close(&in);
	sessions_release(&s.sessions);
	selection_release(&s.passed);
	names_release(&keep);
	return 0;
}
