/* ce-eval: scored rows -> how good the scores are. */
#include "base/mem.h"
#include "base/num.h"
#include "base/pool.h"
#include "cli.h"
#include "eval/eval_write.h"
#include "eval/evaluation.h"
#include "eval/intervals.h"
#include "report/plot.h"
#include "report/report.h"
#include "report/report_inputs.h"
#include "table/columns.h"
#include "table/csvio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BINS_MAX      1000000
#define RESAMPLES_MAX 1000000

struct opts {
	struct evaluation_opts evaluation;
	struct names by;
	struct cli_choice period;
	int64_t bins;
	double threshold; /* as given; NO_THRESHOLD: not */
	double cost[2];   /* of a false positive, of a false negative; NO_COST: not given */
	int64_t capacity, slice;
	const char *user;
	int64_t resamples, seed; /* -1: not given */
	const char *curves, *intervals, *html, *plots, *title;
	bool png;
	struct report_inputs_paths attached;
};

#define NO_THRESHOLD (-3.0)
#define NO_COST      (-1.0)

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

static int parse_cost(void *value, const char *const *args, struct err *err)
{
	const char *colon = strchr(args[0], ':');
	double *cost = value;

	if (!colon || num_parse_double(args[0], (size_t)(colon - args[0]), &cost[0]) ||
	    num_parse_double(colon + 1, strlen(colon + 1), &cost[1]) ||
	    !(cost[0] >= 0 && cost[1] >= 0 && cost[0] + cost[1] > 0))
		return err_set(err, ERR_USAGE,
			       "'%s' is no pair of costs FP:FN, such as 1:5 (not both 0)", args[0]);
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

/* Whether there is a place for intervals: a table shows them of two scores. */
static bool wants_intervals(const struct opts *opt, bool table)
{
	return opt->intervals || opt->html || (opt->evaluation.against && table);
}

/* Standard input can be read once. */
static void check_inputs(const struct cli *cli, const struct opts *opt)
{
	const struct report_inputs_paths *a = &opt->attached;
	const char *const paths[] = { opt->evaluation.against_path,
				      a->importance,
				      a->drift,
				      a->rejects,
				      a->unmatched,
				      a->sessions };
	size_t n = !cli->input.n;

	for (size_t i = 0; i < cli->input.n; i++)
		n += !strcmp(cli->input.paths[i], "-");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		n += paths[i] && !strcmp(paths[i], "-");
	if (n > 1)
		cli_usage_error(cli, "standard input is to be read %zu times", n);
}

/* Options that have no effect without others, and those that contradict each other. */
static void check_combinations(const struct cli *cli, const struct opts *opt)
{
	const struct evaluation_opts *e = &opt->evaluation;
	const struct report_inputs_paths *a = &opt->attached;
	bool chooses = e->threshold == EVALUATION_EARLIER;

	if (opt->threshold != NO_THRESHOLD && chooses)
		cli_usage_error(cli, "--threshold: --cost and --capacity choose it");
	if (opt->slice >= 0 && !chooses)
		cli_usage_error(cli, "--slice: for --cost or --capacity");
	if (!opt->slice)
		cli_usage_error(cli, "--slice: of no rows");
	if (chooses && e->split &&
	    (!strcmp(e->split, EVALUATION_EVERY_SPLIT) || !strcmp(e->split, "train")))
		cli_usage_error(cli,
				"--split %s: the train rows are there to choose a threshold on",
				e->split);
	if (!opt->period.value && e->time && !chooses)
		cli_usage_error(cli, "--time: for --by-time day or week, --cost or --capacity");
	if (e->key && !e->against_path)
		cli_usage_error(cli, "--key: for --against-file");
	if (e->prior > 0 && e->against)
		cli_usage_error(cli, "--prior: of one score alone, not --against another");
	if ((opt->user || opt->resamples >= 0 || opt->seed >= 0) && !wants_intervals(opt, true))
		cli_usage_error(cli, "--user, --resamples, --seed: for --intervals, --html or "
				     "--against");
	if (opt->title && !*opt->title)
		cli_usage_error(cli, "--title: is empty");
	if (opt->png && !opt->plots)
		cli_usage_error(cli, "--png: for --plots");
	if ((opt->title || a->rejects || a->unmatched || a->sessions || a->importance ||
	     a->drift) &&
	    !opt->html)
		cli_usage_error(cli, "--title and tables to show: for --html");
}

static void check_opts(const struct cli *cli, struct opts *opt)
{
	struct evaluation_opts *e = &opt->evaluation;
	bool costs = opt->cost[0] != NO_COST;

	if (opt->bins < 1 || opt->bins > BINS_MAX)
		cli_usage_error(cli, "--bins: must be from 1 to %d", BINS_MAX);
	if (!opt->resamples || opt->resamples > RESAMPLES_MAX)
		cli_usage_error(cli, "--resamples: must be from 1 to %d", RESAMPLES_MAX);
	if (!opt->capacity)
		cli_usage_error(cli, "--capacity: must be at least 1");
	for (size_t i = 0; i < opt->by.n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(opt->by.name[i], opt->by.name[j]))
				cli_usage_error(cli, "--by: column %s is given twice",
						opt->by.name[i]);
	e->period = (enum evaluation_period)opt->period.value;
	if (opt->period.value && names_has(&opt->by, evaluation_period_names[opt->period.value]))
		cli_usage_error(cli, "--by-time: column %s is given to --by",
				evaluation_period_names[opt->period.value]);
	e->bins = (uint64_t)opt->bins;
	e->by = (const char *const *)opt->by.name;
	e->n_by = opt->by.n;
	e->threshold = opt->threshold == NO_THRESHOLD ? 0.5 : opt->threshold;
	if (costs || opt->capacity > 0)
		e->threshold = EVALUATION_EARLIER;
	if (e->against_path && !e->against)
		e->against = e->score;
	check_combinations(cli, opt);
	check_inputs(cli, opt);
	e->choice = (struct threshold_opts){ costs ? opt->cost[0] : 0, costs ? opt->cost[1] : 0,
					     opt->capacity > 0 ? (uint64_t)opt->capacity : 0,
					     opt->slice > 0 ? opt->slice : 200000 };
	if (e->against_path && !e->key)
		e->key = "event_id";
	if (opt->resamples < 0)
		opt->resamples = 1000;
	if (opt->seed < 0)
		opt->seed = 1;
}

/* Everything that is written; csv_writer_close_all takes them in this order. */
#define OUTPUTS_MAX (4 + 2 * PLOTS_MAX)

struct outputs {
	struct csv_writer writers[OUTPUTS_MAX];
	char *paths[OUTPUTS_MAX]; /* of the plots */
	size_t n, n_paths;
};

/* Opens one more output, or returns NULL with err. */
static struct csv_writer *open_output(struct outputs *o, const struct gz_output *output,
				      const char *path, bool plain, struct err *err)
{
	struct gz_output to = *output;
	struct csv_writer *w = &o->writers[o->n];

	if (path)
		to.path = path;
	to.plain = to.plain || plain;
	if (csv_writer_open(w, &to, err))
		return NULL;
	o->n++;
	return w;
}

static int write_plot(struct outputs *o, const struct cli *cli, const char *dir,
		      const struct plot *plot, enum plot_format format, struct err *err)
{
	const char *suffix = format == PLOT_PNG ? "png" : "svg";
	size_t size = strlen(dir) + strlen(plot->name) + sizeof("/.svg");
	struct csv_writer *w;
	char *path = mem_alloc(size, 1);

	o->paths[o->n_paths++] = path;
	snprintf(path, size, "%s/%s.%s", dir, plot->name, suffix);
	w = open_output(o, &cli->output, path, true, err);
	return !w || plot_draw(plot, format, &w->row, err) ? -1 : 0;
}

static int write_plots(struct outputs *o, const struct cli *cli, const struct opts *opt,
		       const struct plots *plots, struct err *err)
{
	if (mkdir(opt->plots, 0777) && errno != EEXIST)
		return err_errno(err, opt->plots);
	for (size_t i = 0; i < plots->n; i++)
		if (write_plot(o, cli, opt->plots, &plots->plots[i], PLOT_SVG, err) ||
		    (opt->png && write_plot(o, cli, opt->plots, &plots->plots[i], PLOT_PNG, err)))
			return -1;
	return 0;
}

/* The page and the pictures. */
static int write_pictures(struct outputs *o, const struct cli *cli, const struct opts *opt,
			  const struct evaluation *e, const struct intervals *intervals,
			  const struct report_inputs *attached, struct csv_writer *html,
			  struct err *err)
{
	const char *other = e->opts.against;
	struct report report = { .evaluation = e,
				 .intervals = intervals,
				 .attachments = attached,
				 .title = opt->title ? opt->title : "Evaluation",
				 .names = { e->opts.score, other } };
	struct plots plots;
	int rc = 0;

	/* Of two columns of one name the files tell. */
	if (other && !strcmp(other, e->opts.score) && e->opts.against_path)
		report.names[1] = e->opts.against_path;
	plots_make(&plots, e, report.names);
	report.plots = &plots;
	if (opt->plots)
		rc = write_plots(o, cli, opt, &plots, err);
	if (!rc && html)
		rc = report_put(&report, &html->row, err);
	plots_release(&plots);
	return rc;
}

static int write_all(const struct cli *cli, const struct opts *opt, const struct evaluation *e,
		     const struct report_inputs *attached, struct csv_writer *opened[4],
		     struct outputs *o, struct err *err)
{
	struct csv_writer *closing[OUTPUTS_MAX], *out = opened[0];
	struct intervals intervals = { .n = 0 };
	bool drawn = wants_intervals(opt, out->gz.plain);
	int rc = -1;

	if (drawn && e->n >= BOOTSTRAP_ROWS_MAX)
		return err_set(err, ERR_RUNTIME, "%zu rows are too many to draw intervals of",
			       e->n);
	if (drawn) {
		struct pool *pool = pool_new(cli->input.threads);

		intervals_compute(&intervals, e, (size_t)opt->resamples, (uint64_t)opt->seed, pool);
		pool_free(pool);
	}
	if ((opened[1] && eval_write_curves(e, opened[1], err)) ||
	    (opened[2] && intervals_write(&intervals, opened[2], err)) ||
	    (out->gz.plain ? eval_write_table(e, drawn ? &intervals : NULL, out, err)
			   : eval_write_csv(e, out, err)))
		goto out;
	if ((opt->html || opt->plots) &&
	    write_pictures(o, cli, opt, e, &intervals, attached, opened[3], err))
		goto out;
	for (size_t i = 0; i < o->n; i++)
		closing[i] = &o->writers[i];
	rc = csv_writer_close_all(closing, o->n, err);
out:
	for (size_t i = 0; i < o->n_paths; i++)
		free(o->paths[i]);
	return rc;
}

/* Opens the outputs that are known from the start: the verdict, curves, intervals, the page. */
static int open_all(const struct cli *cli, const struct opts *opt, struct outputs *o,
		    struct csv_writer *opened[4], struct err *err)
{
	const char *const paths[] = { NULL, opt->curves, opt->intervals, opt->html };

	for (size_t i = 0; i < 4; i++) {
		opened[i] = NULL;
		if (i && !paths[i])
			continue;
		opened[i] = open_output(o, &cli->output, paths[i], i == 3, err);
		if (!opened[i])
			return -1;
	}
	return 0;
}

/* Whose the rows are, if that is to be known: by default as far as the input tells. */
static void find_user(struct opts *opt, const struct csv_reader *in)
{
	if (!wants_intervals(opt, true))
		return;
	opt->evaluation.user = opt->user;
	if (!opt->user && columns_find(&in->header, "user_id") >= 0)
		opt->evaluation.user = "user_id";
}

static void say_counts(const struct cli *cli, const struct evaluation *e)
{
	unsigned long long unpaired = e->n_skipped[EVALUATION_UNPAIRED],
			   others = e->predictions.n_scores - e->predictions.n_found;

	if (unpaired || others)
		cli_note(cli,
			 "compared on %zu rows; left out for want of a counterpart: %llu, and %llu "
			 "of "
			 "the other file",
			 e->n, unpaired, others);
	if (e->users && e->n_users < INTERVALS_FEW)
		cli_note(cli, "%u users are too few for their intervals to be wide enough",
			 (unsigned)e->n_users);
	if (cli->verbose)
		cli_note(cli, "%zu rows judged, %llu of another split, %llu without a label", e->n,
			 (unsigned long long)e->n_skipped[EVALUATION_OTHER_SPLIT],
			 (unsigned long long)e->n_skipped[EVALUATION_UNLABELLED]);
}

static void parse_args(struct cli *cli, struct opts *opt, int argc, char **argv)
{
	struct evaluation_opts *e = &opt->evaluation;
	const struct cli_option options[] = {
		{ 0, "label", "COLUMN", "the outcome, 0 or 1 (is_completion)", cli_string,
		  &e->label },
		{ 0, "score", "COLUMN", "its probability (completion_probability)", cli_string,
		  &e->score },
		{ 0, "split", "WORD", "rows with WORD in column split, or all (test)", cli_string,
		  &e->split },
		{ 0, "by", "COLUMN[,...]", "judge the rows of each value of COLUMN, too", cli_list,
		  &opt->by },
		{ 0, "by-time", "PERIOD", "judge the rows of each day or week (UTC), too",
		  cli_choice, &opt->period },
		{ 0, "time", "COLUMN", "the time of a row (event_ts)", cli_string, &e->time },
		{ 0, "threshold", "X", "score that means 1: a number or best-f1 (0.5)",
		  parse_threshold, &opt->threshold },
		{ 0, "cost", "FP:FN", "choose it on the newest train rows by cost", parse_cost,
		  opt->cost },
		{ 0, "capacity", "N", "and so as to act on at most N rows", cli_count,
		  &opt->capacity },
		{ 0, "slice", "SHARE", "which share of the train rows that is (0.2)", cli_share,
		  &opt->slice },
		{ 0, "bins", "N", "calibration bins (10)", cli_count, &opt->bins },
		{ 0, "prior", "P", "correct scores learnt for that base rate", parse_prior,
		  &e->prior },
		{ 0, "against", "COLUMN", "compare with the score in COLUMN", cli_string,
		  &e->against },
		{ 0, "against-file", "FILE", "of FILE, joined by the key", cli_string,
		  &e->against_path },
		{ 0, "key", "COLUMN", "of both (event_id)", cli_string, &e->key },
		{ 0, "user", "COLUMN", "whose rows are drawn together (user_id)", cli_string,
		  &opt->user },
		{ 0, "resamples", "N", "how often, for intervals (1000)", cli_count,
		  &opt->resamples },
		{ 0, "seed", "N", "of drawing (1)", cli_count, &opt->seed },
		{ 0, "curves", "FILE", "write ROC, precision-recall, calibration points",
		  cli_string, &opt->curves },
		{ 0, "intervals", "FILE", "write 95 % intervals, also of differences", cli_string,
		  &opt->intervals },
		{ 0, "plots", "DIR", "write pictures, as SVG (gnuplot)", cli_string, &opt->plots },
		{ 0, "png", NULL, "and as PNG", cli_flag, &opt->png },
		{ 0, "html", "FILE", "write a page with all of it (gnuplot)", cli_string,
		  &opt->html },
		{ 0, "title", "TEXT", "its title", cli_string, &opt->title },
		{ 0, "importance", "FILE", "ce-predict's, to show there", cli_string,
		  &opt->attached.importance },
		{ 0, "drift", "FILE", "ce-predict's", cli_string, &opt->attached.drift },
		{ 0, "rejects", "FILE", "ce-clean's", cli_string, &opt->attached.rejects },
		{ 0, "unmatched", "FILE", "ce-join's", cli_string, &opt->attached.unmatched },
		{ 0, "sessions", "FILE", "ce-agg's content_completion", cli_string,
		  &opt->attached.sessions },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	check_opts(cli, opt);
}

int main(int argc, char **argv)
{
	struct opts opt = { .evaluation = { .label = "is_completion",
					    .score = "completion_probability" },
			    .period = { evaluation_period_names, EVALUATION_NO_PERIOD },
			    .bins = 10,
			    .threshold = NO_THRESHOLD,
			    .cost = { NO_COST, NO_COST },
			    .capacity = -1,
			    .slice = -1,
			    .resamples = -1,
			    .seed = -1 };
	struct cli cli = { .tool = "ce-eval",
			   .purpose =
				   "Judges probabilities of a 0/1 outcome: ranking, calibration, "
				   "decisions.",
			   .operands = "[FILE ...]" };
	struct csv_reader in = CSV_READER_INIT;
	struct outputs outputs = { .n = 0 };
	struct csv_writer *opened[4];
	struct report_inputs attached;
	struct evaluation evaluation;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc;

	parse_args(&cli, &opt, argc, argv);
	if (csv_reader_open(&in, &cli.input, &err))
		cli_die(&cli, &err);
	find_user(&opt, &in);
	if (report_inputs_read(&attached, &opt.attached, &err) ||
	    evaluation_init(&evaluation, &opt.evaluation, &in, &err) ||
	    open_all(&cli, &opt, &outputs, opened, &err))
		cli_die(&cli, &err);
	if (opt.evaluation.against && !opt.plots && !wants_intervals(&opt, opened[0]->gz.plain))
		cli_usage_error(&cli, "--against: the CSV of metrics has no place for it; say "
				      "--intervals FILE, --html FILE, --plots DIR or -p");
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		cli_progress(&cli, in.n_rows);
		if (evaluation_add(&evaluation, &in, row, &err))
			cli_die(&cli, &err);
	}
	if (rc < 0 || evaluation_judge(&evaluation, &in, &err) ||
	    write_all(&cli, &opt, &evaluation, &attached, opened, &outputs, &err))
		cli_die(&cli, &err);
	say_counts(&cli, &evaluation);
	cli_done(&cli, in.n_rows, opened[0]->n_rows);
	evaluation_release(&evaluation);
	report_inputs_release(&attached);
	names_release(&opt.by);
	csv_reader_close(&in);
	return 0;
}
