/* ce-eval: probabilities and labels -> metrics, curves, intervals, a page. */
#include "base/num.h"
#include "base/pool.h"
#include "cli.h"
#include "eval/evaluation.h"
#include "eval/gate.h"
#include "eval/intervals.h"
#include "eval/metric_gate.h"
#include "model/na.h"
#include "report/report_outputs.h"
#include "table/columns.h"
#include "table/csvreader.h"

#include <stdio.h>
#include <string.h>

#define BINS_MAX      1000000
#define RESAMPLES_MAX 1000000
#define PRIOR_MIN     1e-6

#define NO_THRESHOLD (-3.0)
#define NO_COST      (-1.0)

struct opts {
	struct evaluation_opts evaluation;
	struct report_outputs_opts outputs;
	/* As given, where those take another form. */
	struct names by, na;
	struct gates gates;
	struct cli_choice period;
	double threshold; /* NO_THRESHOLD: not given */
	double cost[2];   /* of a false positive, of a false negative; NO_COST: not given */
	const char *user;
	int64_t bins, capacity, slice, resamples, seed; /* -1: not given */
};

#define OPTS_INIT                                                                                  \
	{                                                                                          \
		.evaluation = { .label = "is_completion", .score = "completion_probability" },     \
		.period = { evaluation_period_names, EVALUATION_NO_PERIOD }, .bins = 10,           \
		.threshold = NO_THRESHOLD, .cost = { NO_COST, NO_COST }, .capacity = -1,           \
		.slice = -1, .resamples = -1, .seed = -1                                           \
	}

static int parse_threshold(void *value, const char *const *args, struct err *err)
{
	double x;

	if (!strcmp(args[0], "best-f1"))
		x = EVALUATION_BEST_F1;
	else if (num_parse_double(args[0], strlen(args[0]), &x) || x < 0 || x > 1)
		return err_set(err, ERR_USAGE, "'%s': expected a number from 0 to 1, or best-f1",
			       args[0]);
	*(double *)value = x;
	return 0;
}

static int parse_cost(void *value, const char *const *args, struct err *err)
{
	const char *colon = strchr(args[0], ':');
	double *cost = value;

	if (!colon || num_parse_double(args[0], (size_t)(colon - args[0]), &cost[0]) ||
	    num_parse_double(colon + 1, strlen(colon + 1), &cost[1]) ||
	    !(cost[0] >= 0 && cost[1] >= 0 && cost[0] + cost[1] > 0))
		return err_set(err, ERR_USAGE,
			       "'%s': expected two costs FP:FN, such as 1:5, not both 0", args[0]);
	return 0;
}

static int parse_prior(void *value, const char *const *args, struct err *err)
{
	if (num_parse_double(args[0], strlen(args[0]), value) || *(double *)value < PRIOR_MIN ||
	    *(double *)value > 1 - PRIOR_MIN)
		return err_set(err, ERR_USAGE, "'%s': expected a number from %g to 1 - %g", args[0],
			       PRIOR_MIN, PRIOR_MIN);
	return 0;
}

static int parse_gate(void *value, const char *const *args, struct err *err)
{
	struct gates *gates = value;
	struct metric_gate found;

	return gates_add(gates, args[0], err) ||
			       metric_gate_find(&found, gates->gate[gates->n - 1].name, err)
		       ? -1
		       : 0;
}

/* What the i-th gate is on. */
static struct metric_gate gate_of(const struct opts *opt, size_t i)
{
	struct metric_gate found = { .column = NULL };

	metric_gate_find(&found, opt->gates.gate[i].name, &(struct err)ERR_INIT);
	return found;
}

/* Whether intervals are computed; `is_text`: the metrics are written as text. */
static bool has_intervals(const struct opts *opt, bool is_text)
{
	for (size_t i = 0; i < opt->gates.n; i++) {
		struct metric_gate found = gate_of(opt, i);

		if (metric_gate_has_interval(&found))
			return true;
	}
	return report_outputs_have_intervals(&opt->outputs, is_text, opt->evaluation.against);
}

/* Standard input can be read once. */
static void check_inputs(const struct cli *cli, const struct opts *opt)
{
	const struct report_inputs_paths *a = &opt->outputs.attached;
	const char *const paths[] = { opt->evaluation.against_path,
				      a->importance,
				      a->drift,
				      a->distribution,
				      a->model,
				      a->rejects,
				      a->unmatched,
				      a->sessions };
	size_t n = !cli->input.n;

	for (size_t i = 0; i < cli->input.n; i++)
		n += !strcmp(cli->input.paths[i], "-");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		n += paths[i] && !strcmp(paths[i], "-");
	if (n > 1)
		cli_usage_error(cli, "standard input can be read only once, not %zu times", n);
}

static void check_ranges(const struct cli *cli, const struct opts *opt)
{
	if (opt->bins < 1 || opt->bins > BINS_MAX)
		cli_usage_error(cli, "--bins: expected an integer from 1 to %d", BINS_MAX);
	if (!opt->resamples || opt->resamples > RESAMPLES_MAX)
		cli_usage_error(cli, "--resamples: expected an integer from 1 to %d",
				RESAMPLES_MAX);
	if (!opt->capacity)
		cli_usage_error(cli, "--capacity: expected a positive integer");
	if (!opt->slice)
		cli_usage_error(cli, "--slice: expected a share above 0");
	if (opt->outputs.title && !*opt->outputs.title)
		cli_usage_error(cli, "--title must not be empty");
	for (size_t i = 0; i < opt->by.n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(opt->by.name[i], opt->by.name[j]))
				cli_usage_error(cli, "--by: duplicate column %s", opt->by.name[i]);
	if (opt->period.value && names_has(&opt->by, evaluation_period_names[opt->period.value]))
		cli_usage_error(cli, "--by: column %s conflicts with --by-time",
				evaluation_period_names[opt->period.value]);
}

/* Options that have no effect without others, and those that contradict each other. */
static void check_combinations(const struct cli *cli, const struct opts *opt)
{
	const struct evaluation_opts *e = &opt->evaluation;
	const struct report_outputs_opts *o = &opt->outputs;
	const struct report_inputs_paths *a = &o->attached;
	bool chooses = e->threshold == EVALUATION_EARLIER;

	if (opt->threshold != NO_THRESHOLD && chooses)
		cli_usage_error(cli, "--threshold conflicts with --cost and --capacity");
	if (opt->slice >= 0 && !chooses)
		cli_usage_error(cli, "--slice requires --cost or --capacity");
	if (chooses && e->split &&
	    (!strcmp(e->split, EVALUATION_EVERY_SPLIT) || !strcmp(e->split, "train")))
		cli_usage_error(cli,
				"--split %s conflicts with --cost and --capacity, which choose the "
				"threshold on train rows",
				e->split);
	if (!opt->period.value && e->time && !chooses)
		cli_usage_error(cli, "--time requires --by-time, --cost or --capacity");
	if (e->key && !e->against_path)
		cli_usage_error(cli, "--key requires --against-file");
	if (e->prior > 0 && e->against)
		cli_usage_error(cli, "--prior conflicts with --against and --against-file");
	if ((opt->user || opt->resamples >= 0 || opt->seed >= 0) && !has_intervals(opt, true))
		cli_usage_error(cli, "--user, --resamples and --seed require --intervals, --html, "
				     "--against or --fail-if of an interval");
	for (size_t i = 0; i < opt->gates.n; i++) {
		struct metric_gate found = gate_of(opt, i);

		if (metric_gate_compares(&found) && !e->against)
			cli_usage_error(cli, "--fail-if %s: requires --against or --against-file",
					opt->gates.gate[i].text);
	}
	if (o->png && !o->plots)
		cli_usage_error(cli, "--png requires --plots");
	if (!o->page && (a->rejects || a->unmatched || a->sessions))
		cli_usage_error(cli, "--rejects, --unmatched and --sessions require --html");
	if (!o->page && !o->features &&
	    (o->title || a->importance || a->drift || a->distribution || a->model))
		cli_usage_error(cli, "--title, --importance, --drift, --distribution and --model "
				     "require --html or --features-report");
	if (o->features && !a->distribution)
		cli_usage_error(cli, "--features-report requires --distribution");
}

/* From the options as given to what the evaluation and the outputs take. */
static void set_opts(const struct cli *cli, struct opts *opt)
{
	struct evaluation_opts *e = &opt->evaluation;
	struct report_outputs_opts *o = &opt->outputs;
	bool costs = opt->cost[0] != NO_COST;

	e->period = (enum evaluation_period)opt->period.value;
	e->bins = (uint64_t)opt->bins;
	e->by = (const char *const *)opt->by.name;
	e->n_by = opt->by.n;
	e->threshold = opt->threshold == NO_THRESHOLD ? 0.5 : opt->threshold;
	if (costs || opt->capacity > 0)
		e->threshold = EVALUATION_EARLIER;
	if (e->against_path && !e->against)
		e->against = e->score;
	check_combinations(cli, opt);
	e->choice = (struct threshold_opts){ costs ? opt->cost[0] : 0, costs ? opt->cost[1] : 0,
					     opt->capacity > 0 ? (uint64_t)opt->capacity : 0,
					     opt->slice > 0 ? opt->slice : 200000 };
	if (e->against_path && !e->key)
		e->key = "event_id";
	if (!o->title)
		o->title = "Evaluation";
	e->moments = o->page || o->features;
	o->metrics = cli->output;
}

static void parse_args(struct cli *cli, struct opts *opt, int argc, char **argv)
{
	struct evaluation_opts *e = &opt->evaluation;
	struct report_outputs_opts *o = &opt->outputs;
	const struct cli_option options[] = {
		{ 0, "label", "COLUMN", "label column, 0 or 1 (is_completion)", cli_string,
		  &e->label },
		{ 0, "score", "COLUMN", "probability column (completion_probability)", cli_string,
		  &e->score },
		{ 0, "na", "TOKEN[,...]", "read fields that are TOKEN as empty", cli_list,
		  &opt->na },
		{ 0, "split", "WORD", "evaluate rows of this split, or all (test)", cli_string,
		  &e->split },
		{ 0, "by", "COLUMN[,...]", "also evaluate each value of COLUMN", cli_list,
		  &opt->by },
		{ 0, "by-time", "PERIOD", "also evaluate each UTC day or week (none)", cli_choice,
		  &opt->period },
		{ 0, "time", "COLUMN", "time column of --by-time, --cost (event_ts)", cli_string,
		  &e->time },
		{ 0, "threshold", "X", "decision threshold: 0 to 1 or best-f1 (0.5)",
		  parse_threshold, &opt->threshold },
		{ 0, "cost", "FP:FN", "choose the least-cost threshold on train rows", parse_cost,
		  opt->cost },
		{ 0, "capacity", "N", "threshold that predicts 1 for at most N rows", cli_count,
		  &opt->capacity },
		{ 0, "slice", "SHARE", "newest train rows for --cost, --capacity (0.2)", cli_share,
		  &opt->slice },
		{ 0, "bins", "N", "number of calibration bins (10)", cli_count, &opt->bins },
		{ 0, "prior", "P", "correct scores trained at a base rate of P", parse_prior,
		  &e->prior },
		{ 0, "against", "COLUMN", "compare with the probabilities in COLUMN", cli_string,
		  &e->against },
		{ 0, "against-file", "FILE", "compare with the probabilities in FILE", cli_string,
		  &e->against_path },
		{ 0, "key", "COLUMN", "join --against-file by COLUMN (event_id)", cli_string,
		  &e->key },
		{ 0, "user", "COLUMN", "cluster column of the bootstrap (user_id)", cli_string,
		  &opt->user },
		{ 0, "resamples", "N", "number of bootstrap resamples (1000)", cli_count,
		  &opt->resamples },
		{ 0, "seed", "N", "seed of the random number generator (1)", cli_count,
		  &opt->seed },
		{ 0, "fail-if", "GATE", "fail if a metric is so: auc<0.75", parse_gate,
		  &opt->gates },
		{ 0, "json", NULL, "write the metrics as one JSON object", cli_flag, &o->json },
		{ 0, "curves", "FILE", "write ROC, precision-recall and calibration", cli_string,
		  &o->curves },
		{ 0, "intervals", "FILE", "write 95 % confidence intervals of metrics", cli_string,
		  &o->intervals },
		{ 0, "plots", "DIR", "write plots as SVG to DIR (needs gnuplot)", cli_string,
		  &o->plots },
		{ 0, "png", NULL, "write the plots as PNG, too", cli_flag, &o->png },
		{ 0, "html", "FILE", "write a report as HTML (needs gnuplot)", cli_string,
		  &o->page },
		{ 0, "title", "TEXT", "title of the report (Evaluation)", cli_string, &o->title },
		{ 0, "importance", "FILE", "show ce-predict's importances in the report",
		  cli_string, &o->attached.importance },
		{ 0, "drift", "FILE", "show ce-predict's drift in the report", cli_string,
		  &o->attached.drift },
		{ 0, "distribution", "FILE", "show ce-predict's distributions in the report",
		  cli_string, &o->attached.distribution },
		{ 0, "features-report", "FILE", "write a report on each feature as HTML",
		  cli_string, &o->features },
		{ 0, "model", "FILE", "show ce-train's model in the report", cli_string,
		  &o->attached.model },
		{ 0, "rejects", "FILE", "show ce-clean's rejects in the report", cli_string,
		  &o->attached.rejects },
		{ 0, "unmatched", "FILE", "show ce-join's unmatched events in the report",
		  cli_string, &o->attached.unmatched },
		{ 0, "sessions", "FILE", "show ce-agg's content_completion in the report",
		  cli_string, &o->attached.sessions },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	check_ranges(cli, opt);
	check_inputs(cli, opt);
	set_opts(cli, opt);
}

/* The bootstrap's clusters: by default those of user_id, if the input has it. */
static void find_user(struct opts *opt, const struct csv_reader *in)
{
	if (!has_intervals(opt, true))
		return;
	opt->evaluation.user = opt->user;
	if (!opt->user && columns_find(&in->header, "user_id") >= 0)
		opt->evaluation.user = "user_id";
}

static void print_counts(const struct cli *cli, const struct evaluation *e)
{
	unsigned long long unpaired = e->n_skipped[EVALUATION_UNPAIRED],
			   others = e->predictions.n_scores - e->predictions.n_found;

	if (unpaired || others)
		cli_note(cli, "compared on %zu rows; left out as unmatched: %llu, and %llu of %s",
			 e->n, unpaired, others, e->opts.against_path);
	if (cli->verbose)
		cli_note(cli,
			 "evaluated %zu rows; skipped %llu of other splits and %llu without a "
			 "label",
			 e->n, (unsigned long long)e->n_skipped[EVALUATION_OTHER_SPLIT],
			 (unsigned long long)e->n_skipped[EVALUATION_UNLABELLED]);
}

static void warn(const struct cli *cli, const struct opts *opt, const struct csv_reader *in,
		 const struct evaluation *e)
{
	struct warnings warnings = WARNINGS_INIT;
	uint64_t positives = e->segments[0].metrics.positives;

	csv_reader_warn(in, &warnings);
	if (!positives || positives == e->n)
		warnings_add(&warnings,
			     "the label (column %s) is %d in all %zu rows: no ranking can be "
			     "judged by them (--split, --label)",
			     opt->evaluation.label, positives > 0, e->n);
	if (e->users && e->n_users < INTERVALS_FEW)
		warnings_add(&warnings,
			     "intervals from only %u users are too narrow; they need at least %d",
			     (unsigned)e->n_users, INTERVALS_FEW);
	cli_warnings(cli, &warnings);
}

/* Of a judged evaluation. */
static void compute_intervals(const struct cli *cli, const struct opts *opt,
			      const struct evaluation *e, struct intervals *iv)
{
	struct pool *pool = pool_new(cli->input.threads);
	struct err err = ERR_INIT;

	if (intervals_compute(iv, e, opt->resamples < 0 ? 1000 : (size_t)opt->resamples,
			      opt->seed < 0 ? 1 : (uint64_t)opt->seed, pool, &err))
		cli_die(cli, &err);
	pool_free(pool);
}

/* Fails if a gate does. */
static void judge_gates(const struct cli *cli, const struct opts *opt, const struct evaluation *e,
			const struct intervals *iv)
{
	struct warnings failed = WARNINGS_INIT;
	struct err err = ERR_INIT;
	char count[NUM_TEXT_MAX], rows[NUM_TEXT_MAX + 8];

	snprintf(rows, sizeof(rows), "%.*s rows", (int)num_format_count(count, e->n), count);
	for (size_t i = 0; i < opt->gates.n; i++) {
		struct metric_gate found = gate_of(opt, i);
		double value;

		if (metric_gate_value(&found, e, iv, &value, &err))
			cli_usage_error(cli, "--fail-if %s: %s", opt->gates.gate[i].text,
					err.message);
		gate_judge(&opt->gates.gate[i], value, rows, &failed);
	}
	cli_failures(cli, &failed);
}

int main(int argc, char **argv)
{
	struct opts opt = OPTS_INIT;
	struct cli cli = { .tool = "ce-eval",
			   .purpose = "Evaluate predicted probabilities: ranking, calibration, "
				      "decisions.",
			   .operands = "[FILE ...]" };
	struct csv_reader in = CSV_READER_INIT;
	struct report_outputs outputs;
	struct evaluation evaluation;
	struct intervals intervals = { .n = 0 };
	struct na na = { .tokens = &opt.na };
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc;

	parse_args(&cli, &opt, argc, argv);
	if (csv_reader_open(&in, &cli.input, &err))
		cli_die(&cli, &err);
	find_user(&opt, &in);
	if (evaluation_init(&evaluation, &opt.evaluation, &in, &err) ||
	    report_outputs_open(&outputs, &opt.outputs, &err))
		cli_die(&cli, &err);
	if (opt.evaluation.against && !opt.outputs.plots && !has_intervals(&opt, outputs.is_text))
		cli_usage_error(
			&cli,
			"--against requires --intervals, --html, --plots, --plain, --json or "
			"--fail-if of a comparison: the CSV of metrics has no column for one");
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		cli_progress_reader(&cli, &in);
		if (evaluation_add(&evaluation, &in, na_row(&na, row), &err))
			cli_die(&cli, &err);
	}
	if (rc < 0 || evaluation_judge(&evaluation, &in, &err))
		cli_die(&cli, &err);
	warn(&cli, &opt, &in, &evaluation);
	if (has_intervals(&opt, outputs.is_text))
		compute_intervals(&cli, &opt, &evaluation, &intervals);
	judge_gates(&cli, &opt, &evaluation, &intervals);
	if (report_outputs_write(&outputs, &evaluation, &intervals, &err))
		cli_die(&cli, &err);
	print_counts(&cli, &evaluation);
	cli_done(&cli, in.n_rows, outputs.n_rows);
	evaluation_release(&evaluation);
	na_release(&na);
	names_release(&opt.by);
	names_release(&opt.na);
	gates_release(&opt.gates);
	csv_reader_close(&in);
	return 0;
}
