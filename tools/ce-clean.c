/* ce-clean: keep the valid, distinct events. */
#include "cli.h"
#include "events/cleaning.h"
#include "stages.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <time.h>

/* What the records are like may say why they are refused; with --strict it would take the error's
 * place. */
static _Noreturn void die_with(const struct cli *cli, struct warnings *warnings,
			       const struct err *err)
{
	if (!cli->strict)
		cli_warnings(cli, warnings);
	cli_die(cli, err);
}

/* Says what was rejected, and what looks wrong, which may end the run. */
static void report(const struct cli *cli, const struct csv_reader *in, struct cleaning *cleaning)
{
	struct warnings warnings = WARNINGS_INIT;
	struct buf summary = BUF_INIT;

	cleaning_put_summary(cleaning, in, &summary);
	if (summary.len)
		cli_note(cli, "%.*s", (int)summary.len, summary.data);
	buf_release(&summary);
	cleaning_warn(cleaning, in, &warnings);
	cli_warnings(cli, &warnings);
}

int main(int argc, char **argv)
{
	struct cleaning cleaning = CLEANING_INIT;
	struct clean_options opt = { .cleaning = &cleaning };
	const struct stage_options options = stages_clean(&opt);
	struct cli cli = { .tool = "ce-clean",
			   .purpose = "Keep the valid, distinct events, in canonical order.",
			   .operands = "[FILE ...]",
			   .options = options.table };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer *const writers[] = { &cleaning.out, &cleaning.rejects.out };
	struct warnings warnings = WARNINGS_INIT;
	const int64_t now = (int64_t)time(NULL) * TIME_MS_PER_SECOND;
	struct gz_output rejects;
	struct clean_event event;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	cli_parse(&cli, argc, argv);
	stages_clean_check(&cli, &opt);
	rejects = cli_output(&cli, opt.rejects);
	cleaning.threaded = cli.output.threads > 1;
	in.tolerant = true;
	if (csv_reader_open(&in, &cli.input, &err) ||
	    cleaning_open(&cleaning, &in, &cli.output, opt.rejects ? &rejects : NULL, now, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		cli_progress_reader(&cli, &in);
		if (cleaning_add(&cleaning, &in, row, &err))
			cli_die(&cli, &err);
	}
	if (rc < 0 || cleaning_sort(&cleaning, &in, &warnings, &err))
		die_with(&cli, &warnings, &err);
	while ((rc = cleaning_next(&cleaning, &in, &event, &err)) > 0)
		;
	if (rc < 0)
		cli_die(&cli, &err);
	report(&cli, &in, &cleaning);
	if (csv_writer_close_all(writers, opt.rejects ? 2 : 1, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, cleaning.timeline.n);
	csv_reader_close(&in);
	cleaning_release(&cleaning);
	stages_clean_release(&opt);
	return 0;
}
