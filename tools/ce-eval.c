/* ce-eval: scored rows -> how good the scores are. */
#include "cli.h"
#include "csvio.h"
#include "evaluation.h"
#include "num.h"
#include "verdict.h"

#include <string.h>

#define BINS_MAX 1000000

struct opts {
	struct evaluation_opts evaluation;
	struct cli_list by;
	struct cli_choice period;
	int64_t bins;
	const char *curves;
};

static int parse_threshold(void *value, const char *const *args, struct err *err)
{
	double x;

	if (!strcmp(args[0], "best-f1"))
		x = EVALUATION_BEST_F1;
	else if (num_parse_double(args[0], strlen(args[0]), &x) || x < 0 || x > 1)
		return err_set(err, ERR_USAGE, "'%s' is neither a number from 0 to 1 nor best-f1",
			       args[0]);
	*(double *)value = x;
	return 0;
}

#define PRIOR_MIN 1e-6

static int parse_prior(void *value, const char *const *args, struct err *err)
{
	if (num_parse_double(args[0], strlen(args[0]), value) || *(double *)value < PRIOR_MIN ||
	    *(double *)value > 1 - PRIOR_MIN)
		return err_set(err, ERR_USAGE, "'%s' is no number from %g to 1 - %g", args[0],
			       PRIOR_MIN, PRIOR_MIN);
	return 0;
}

/* By enum evaluation_period. */
static const char *const period_names[] = { "none", "day", "week", NULL };

static void check_opts(const struct cli *cli, struct opts *opt)
{
	if (opt->bins < 1 || opt->bins > BINS_MAX)
		cli_usage_error(cli, "--bins: must be from 1 to %d", BINS_MAX);
	for (size_t i = 0; i < opt->by.n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(opt->by.names[i], opt->by.names[j]))
				cli_usage_error(cli, "--by: column %s is given twice",
						opt->by.names[i]);
	opt->evaluation.period = (enum evaluation_period)opt->period.value;
	if (!opt->period.value && opt->evaluation.time)
		cli_usage_error(cli, "--time: for --by-time day or week");
	if (opt->period.value && cli_list_has(&opt->by, period_names[opt->period.value]))
		cli_usage_error(cli, "--by-time: column %s is given to --by",
				period_names[opt->period.value]);
	opt->evaluation.bins = (uint64_t)opt->bins;
	opt->evaluation.by = (const char *const *)opt->by.names;
	opt->evaluation.n_by = opt->by.n;
}

static int write_verdict(struct evaluation *e, struct csv_writer *out, struct csv_writer *curves,
			 bool with_curves, struct err *err)
{
	struct csv_writer *const writers[] = { out, curves };

	if (with_curves && verdict_write_curves(e, curves, err))
		return -1;
	if (out->gz.plain ? verdict_write_table(e, out, err) : verdict_write_csv(e, out, err))
		return -1;
	return csv_writer_close_all(writers, with_curves ? 2 : 1, err);
}

int main(int argc, char **argv)
{
	struct opts opt = { .evaluation = { .label = "is_completion",
					    .score = "completion_probability",
					    .threshold = 0.5 },
			    .period = { period_names, EVALUATION_NO_PERIOD },
			    .bins = 10 };
	const struct cli_option options[] = {
		{ 0, "label", "COLUMN", "the outcome, 0 or 1 (is_completion)", cli_string,
		  &opt.evaluation.label },
		{ 0, "score", "COLUMN", "its probability (completion_probability)", cli_string,
		  &opt.evaluation.score },
		{ 0, "split", "WORD", "rows with WORD in column split, or all (test)", cli_string,
		  &opt.evaluation.split },
		{ 0, "by", "COLUMN[,...]", "judge the rows of each value of COLUMN, too", cli_list,
		  &opt.by },
		{ 0, "by-time", "PERIOD", "judge the rows of each day or week (UTC), too",
		  cli_choice, &opt.period },
		{ 0, "time", "COLUMN", "the time of a row (event_ts)", cli_string,
		  &opt.evaluation.time },
		{ 0, "threshold", "X", "score that means 1: a number or best-f1 (0.5)",
		  parse_threshold, &opt.evaluation.threshold },
		{ 0, "bins", "N", "calibration bins (10)", cli_count, &opt.bins },
		{ 0, "prior", "P", "correct scores learnt for that base rate", parse_prior,
		  &opt.evaluation.prior },
		{ 0, "curves", "FILE", "write ROC, precision-recall, calibration points",
		  cli_string, &opt.curves },
		{ 0 }
	};
	struct cli cli = { .tool = "ce-eval",
			   .purpose =
				   "Judges probabilities of a 0/1 outcome: ranking, calibration, "
				   "decisions.",
			   .operands = "[FILE ...]",
			   .options = options };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT, curves = CSV_WRITER_INIT;
	struct evaluation evaluation;
	struct err err = ERR_INIT;
	struct gz_output curves_output;
	const struct csv_row *row;
	int rc;

	cli_parse(&cli, argc, argv);
	check_opts(&cli, &opt);
	curves_output = cli.output;
	curves_output.path = opt.curves;
	if (csv_reader_open(&in, &cli.input, &err) ||
	    evaluation_init(&evaluation, &opt.evaluation, &in, &err) ||
	    csv_writer_open(&out, &cli.output, &err) ||
	    (opt.curves && csv_writer_open(&curves, &curves_output, &err)))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		cli_progress(&cli, in.n_rows);
		if (evaluation_add(&evaluation, &in, row, &err))
			cli_die(&cli, &err);
	}
	if (rc < 0 || evaluation_start(&evaluation, &in, &err) ||
	    write_verdict(&evaluation, &out, &curves, opt.curves, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "%zu rows judged, %llu of another split, %llu without a label",
			 evaluation.n, (unsigned long long)evaluation.n_other_split,
			 (unsigned long long)evaluation.n_unlabelled);
	cli_done(&cli, in.n_rows, out.n_rows);
	evaluation_release(&evaluation);
	cli_list_release(&opt.by);
	csv_reader_close(&in);
	return 0;
}
