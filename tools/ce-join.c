/* ce-join: add the columns of dimension tables by key. */
#include "cli.h"
#include "events/joiner.h"
#include "stages.h"

static void note_unmatched(const struct cli *cli, const struct joiner *j,
			   const struct csv_reader *in)
{
	struct buf summary = BUF_INIT;

	joiner_put_summary(j, in, &summary);
	if (summary.len)
		cli_note(cli, "%.*s", (int)summary.len, summary.data);
	buf_release(&summary);
}

int main(int argc, char **argv)
{
	struct joiner joiner = JOINER_INIT;
	struct join_options opt = { .joiner = &joiner };
	const struct stage_options options = stages_join(&opt);
	struct cli cli = { .tool = "ce-join",
			   .purpose = "Add the columns of dimension tables by key.",
			   .operands = "[FILE ...]",
			   .options = options.table };
	struct csv_writer *const writers[] = { &joiner.out, &joiner.unmatched };
	struct csv_reader in = CSV_READER_INIT;
	struct gz_output unmatched;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	cli_parse(&cli, argc, argv);
	stages_join_check(&cli, &opt);
	unmatched = cli_output(&cli, opt.unmatched);
	if (csv_reader_open(&in, &cli.input, &err) ||
	    joiner_load(&joiner, opt.sources, opt.n_sources, &in, &err) ||
	    joiner_open(&joiner, &cli.output, opt.unmatched ? &unmatched : NULL, &in, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		if (joiner_row(&joiner, &in, row, &err))
			cli_die(&cli, &err);
		cli_progress_reader(&cli, &in);
	}
	if (rc < 0 || joiner_finish(&joiner, &in, &err))
		cli_die(&cli, &err);
	csv_reader_warn(&in, &joiner.warnings);
	cli_warnings(&cli, &joiner.warnings);
	note_unmatched(&cli, &joiner, &in);
	if (csv_writer_close_all(writers, opt.unmatched ? 2 : 1, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, joiner.n_joined);
	csv_reader_close(&in);
	joiner_release(&joiner);
	stages_join_release(&opt);
	return 0;
}
