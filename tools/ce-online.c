/* ce-online: append to each event an online Bayesian prediction of its session's outcome. */
#include "cli.h"
#include "history/online.h"
#include "stages.h"

/* The table of what was learnt, to a path; learnt from all that is known after the last event. */
static int write_effects(struct online *online, const struct event_reader *in,
			 struct csv_writer *out, struct err *err)
{
	online_settle(online, online->now + 1);
	return online_put_effects(online, &in->users, &in->contents, &in->genres, out, err);
}

static int open_effects(const struct cli *cli, const char *path, struct csv_writer *out,
			struct err *err)
{
	struct gz_output output = cli->output;

	output.path = path;
	if (csv_writer_open(out, &output, err))
		return -1;
	catalogue_put_names(&out->row, catalogue_table("online_effects"));
	return csv_writer_end_row(out, err);
}

int main(int argc, char **argv)
{
	struct online online = ONLINE_INIT;
	struct online_options opt = { .online = &online };
	const struct stage_options options = stages_online(&opt);
	struct cli cli = { .tool = "ce-online",
			   .purpose = "Append an online Bayesian prediction to each event.",
			   .operands = "[FILE ...]",
			   .options = options.table };
	struct event_reader in = EVENT_READER_INIT;
	struct csv_writer effects = CSV_WRITER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct csv_writer *const writers[] = { &online.out, &effects };
	const struct csv_row *row;
	struct online_row values;
	struct err err = ERR_INIT;
	struct event_ids ahead;
	struct event e;
	int rc;

	cli_parse(&cli, argc, argv);
	if (event_reader_open(&in, &cli.input, EVENT_HISTORY, &err) ||
	    online_open(&online, &in.in, in.in.header.n, &cli.output, &err) ||
	    (opt.effects && open_effects(&cli, opt.effects, &effects, &err)))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		if (event_reader_peek(&in, &ahead))
			online_prefetch(&online, &ahead);
		if (online_step(&online, row, &e, &values, &err)) {
			csv_reader_fail(&in.in, -1, &err, "%s", err.message);
			cli_die(&cli, &err);
		}
		if (online_write(&online, row, &e, NULL, NULL, &values, &err))
			cli_die(&cli, &err);
		cli_progress_reader(&cli, &in.in);
	}
	if (rc < 0 || (opt.effects && write_effects(&online, &in, &effects, &err)))
		cli_die(&cli, &err);
	csv_reader_warn(&in.in, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close_all(writers, opt.effects ? 2 : 1, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.in.n_rows, online.out.n_rows - 1);
	online_release(&online);
	event_reader_close(&in);
	return 0;
}
