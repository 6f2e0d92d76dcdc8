/* ce-features: the feature table with its label. */
#include "cli.h"
#include "events/event.h"
#include "history/doubts.h"
#include "history/featurizer.h"
#include "stages.h"

int main(int argc, char **argv)
{
	struct featurizer featurizer = FEATURIZER_INIT;
	struct features_options opt = { .featurizer = &featurizer };
	const struct stage_options options = stages_features(&opt);
	struct cli cli = {
		.tool = "ce-features",
		.purpose = "Make the feature table and its label from the output of ce-agg.",
		.operands = "[FILE ...]",
		.options = options.table
	};
	struct event_reader in = EVENT_READER_INIT;
	const struct labels *labels = &featurizer.labels;
	struct warnings warnings = WARNINGS_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct event_ids ahead;
	struct event e;
	int rc;

	cli_parse(&cli, argc, argv);
	stages_features_check(&opt);
	if (event_reader_open(&in, &cli.input, EVENT_SESSION, &err) ||
	    featurizer_open(&featurizer, &in.in, in.in.header.n, &cli.output, &err))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		(void)event_reader_peek(&in, &ahead); /* asks for the slots of the ids, too */
		if (featurizer_step(&featurizer, &in.in,
				    &(struct features_row){ .text = row, .e = &e }, &err))
			cli_die(&cli, &err);
		cli_progress_reader(&cli, &in.in);
	}
	doubts_watermark(featurizer.watermark, labels->now, &warnings);
	if (rc < 0 || featurizer_finish(&featurizer, &err))
		cli_die(&cli, &err);
	featurizer_warn(&featurizer, in.in.n_rows, &warnings);
	csv_reader_warn(&in.in, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close(&featurizer.out, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "label: %llu completed, %llu not, %llu open when the log ends",
			 (unsigned long long)labels->n_completed,
			 (unsigned long long)labels->n_not_completed,
			 (unsigned long long)labels->n_censored);
	cli_done(&cli, in.in.n_rows, featurizer.out.n_rows - 1);
	event_reader_close(&in);
	featurizer_release(&featurizer);
	return 0;
}
