/* ce-clean: keep the valid, distinct events. */
#include "cli.h"
#include "events/cleaning.h"
#include "resume.h"
#include "stages.h"
#include "state/agreement.h"
#include "state/state_events.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <string.h>
#include <time.h>

#define N_OWN 5 /* options besides those of the stage */

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
	cli_note_lines(cli, &summary);
	cleaning_warn(cleaning, in, &warnings);
	cli_warnings(cli, &warnings);
}

/* Where the log comes in parts: what the next part needs, and what the part before left. */
static int begin_part(struct cleaning *cleaning, const struct csv_reader *in, struct resume *resume,
		      const struct state_in *old, struct state_out *next, struct err *err)
{
	static const enum state_table tables[] = { STATE_SEEN, STATE_EARLY };
	struct manifest *manifest = &resume->out.manifest;
	struct buf columns = BUF_INIT;

	if (!old && !next)
		return 0;
	agreement_add_cleaner(&cleaning->cleaner, manifest);
	agreement_add_duration(manifest, "dedupe", resume->dedupe);
	cleaner_put_names(&cleaning->cleaner, in, &columns);
	agreement_add_columns(manifest, "cleaned", &columns);
	buf_release(&columns);
	if (resume_describe(resume, cleaning->until, err) ||
	    (next && state_events_open(cleaning, in, next, err)))
		return -1;
	if (!old)
		return 0;
	return agreement_check(old, manifest, false, err) || state_in_check(old, tables, 2, err) ||
			       state_events_read(cleaning, in, old, err)
		       ? -1
		       : 0;
}

int main(int argc, char **argv)
{
	struct cleaning cleaning = CLEANING_INIT;
	struct clean_options opt = { .cleaning = &cleaning };
	struct resume resume = RESUME_INIT;
	const struct stage_options options = stages_clean(&opt);
	struct cli_option table[STAGES_OPTIONS_MAX + N_OWN] = {
		{ 0, "part", NULL, "a part by ce-split: no bound on its rejects", cli_flag,
		  &cleaning.rejects.is_judged_elsewhere },
		RESUME_STATE(&resume),
		RESUME_EVENTS(&resume),
	};
	struct cli cli = { .tool = "ce-clean",
			   .purpose = "Keep the valid, distinct events, in canonical order.",
			   .operands = "[FILE ...]",
			   .options = table };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer *writers[3];
	const struct state_in *old;
	struct state_out *next;
	size_t n = 0;
	struct warnings warnings = WARNINGS_INIT;
	const int64_t now = (int64_t)time(NULL) * TIME_MS_PER_SECOND;
	struct gz_output rejects;
	struct clean_event event;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	memcpy(table + N_OWN, options.table, sizeof(options.table));
	cli_parse(&cli, argc, argv);
	stages_clean_check(&cli, &opt);
	resume_check(&cli, &resume, false);
	resume_take_until(&cli, &resume, &opt);
	old = resume_open_old(&cli, &resume, &cleaning.from, cleaning.until);
	cleaning.seen_from = cleaning.until - resume.dedupe;
	cleaning.rejects.is_part = old || resume.next;
	rejects = cli_output(&cli, opt.rejects);
	cleaning.threaded = cli.output.threads > 1;
	in.tolerant = true;
	if (csv_reader_open(&in, &cli.input, &err) ||
	    cleaning_open(&cleaning, &in, &cli.output, opt.rejects ? &rejects : NULL, now, &err) ||
	    resume_open_next(&cli, &resume, &next, &err) ||
	    begin_part(&cleaning, &in, &resume, old, next, &err))
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
	if (rc < 0 || (next && state_out_finish(next, &err)))
		cli_die(&cli, &err);
	report(&cli, &in, &cleaning);
	/* The state is what is finished last. */
	if (next)
		writers[n++] = &next->folder;
	writers[n++] = &cleaning.out;
	if (opt.rejects)
		writers[n++] = &cleaning.rejects.out;
	if (csv_writer_close_all(writers, n, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, cleaning.timeline.n);
	csv_reader_close(&in);
	cleaning_release(&cleaning);
	resume_release(&resume);
	stages_clean_release(&opt);
	return 0;
}
