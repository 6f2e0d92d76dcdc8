/* ce-sessionize: assign events to sessions. */
#include "cli.h"
#include "events/event.h"
#include "history/sessionizer.h"
#include "stages.h"

int main(int argc, char **argv)
{
	struct sessionizer sessionizer = SESSIONIZER_INIT;
	struct sessionize_options opt = { .sessionizer = &sessionizer };
	const struct stage_options options = stages_sessionize(&opt);
	struct cli cli = {
		.tool = "ce-sessionize",
		.purpose =
			"Assign each event to a session: one viewing of one content by one user.",
		.operands = "[FILE ...]",
		.options = options.table
	};
	struct csv_writer *const writers[] = { &sessionizer.out, &sessionizer.starts };
	struct event_reader in = EVENT_READER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct gz_output starts;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct event_ids ahead;
	struct event e;
	int rc;

	cli_parse(&cli, argc, argv);
	stages_sessionize_check(&opt);
	starts = cli_output(&cli, opt.starts);
	if (event_reader_open(&in, &cli.input, EVENT_ENRICHED, &err) ||
	    sessionizer_open(&sessionizer, &in.in, &cli.output, opt.starts ? &starts : NULL, &err))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		if (event_reader_peek(&in, &ahead))
			sessions_prefetch(&sessionizer.sessions, &ahead);
		if (sessionizer_step(&sessionizer, row, &e, &err))
			cli_die(&cli, &err);
		cli_progress_reader(&cli, &in.in);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	sessionizer_warn(&sessionizer, &warnings);
	csv_reader_warn(&in.in, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close_all(writers, opt.starts ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "%lld sessions, %lld completed", (long long)sessionizer.sessions.n,
			 (long long)sessionizer.sessions.n_completed);
	cli_done(&cli, in.in.n_rows, sessionizer.out.n_rows - 1);
	event_reader_close(&in);
	sessionizer_release(&sessionizer);
	return 0;
}
