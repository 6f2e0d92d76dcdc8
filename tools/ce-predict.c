/* ce-predict: adds the predictions of a model to the rows of a feature table. */
#include "base/num.h"
#include "cli.h"
#include "eval/drift.h"
#include "eval/gate.h"
#include "eval/predict.h"
#include "model/model.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define REPEATS_MAX 1000

struct opts {
	const char *model;
	const char *importance, *drift, *distribution, *contributions;
	struct cli_choice split;                /* an enum split_part, or SPLIT_N_PARTS: all */
	int64_t repeats, sample, seed, reasons; /* -1: not given */
	int64_t scored_at;                      /* INT64_MIN: now */
	struct gates gates;
	struct predict_options predict;
};

#define PSI "psi"

/* The feature whose index a gate is on, NULL: the largest of all. */
static const char *feature_of(const struct gate *gate)
{
	return gate->name[strlen(PSI)] ? gate->name + strlen(PSI) + 1 : NULL;
}

static int parse_gate(void *value, const char *const *args, struct err *err)
{
	struct gates *gates = value;
	const char *name;

	if (gates_add(gates, args[0], err))
		return -1;
	name = gates->gate[gates->n - 1].name;
	if (!strcmp(name, PSI) ||
	    (!strncmp(name, PSI ":", strlen(PSI ":")) && name[strlen(PSI ":")]))
		return 0;
	return err_set(err, ERR_USAGE, "unknown metric '%s': expected psi or psi:FEATURE", name);
}

/* By the clock, in ms since 1970. */
static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * TIME_MS_PER_SECOND + t.tv_nsec / 1000000;
}

static void finish_opts(const struct cli *cli, struct opts *opt)
{
	struct predict_options *p = &opt->predict;

	if (!opt->model)
		cli_usage_error(cli, "--model: required");
	if (!(p->threshold >= 0 && p->threshold <= 1))
		cli_usage_error(cli, "--threshold: expected a number from 0 to 1");
	if (opt->repeats >= 0 && !opt->importance)
		cli_usage_error(cli, "--repeats: only applies to --importance");
	if ((opt->sample >= 0 || opt->seed >= 0) && !opt->importance && !opt->drift &&
	    !opt->distribution && !opt->gates.n)
		cli_usage_error(cli, "--sample, --seed: only apply to --importance, --drift, "
				     "--distribution and --fail-if");
	if (!opt->repeats || opt->repeats > REPEATS_MAX)
		cli_usage_error(cli, "--repeats: expected an integer from 1 to %d", REPEATS_MAX);
	if (!opt->sample || opt->sample > UINT32_MAX)
		cli_usage_error(cli, "--sample: expected an integer from 1 to 2^32 - 1");
	if (!opt->reasons || opt->reasons > EXPLAIN_REASONS_MAX)
		cli_usage_error(cli, "--explain: expected an integer from 1 to %d",
				EXPLAIN_REASONS_MAX);
	p->part = opt->split.value;
	p->reasons = opt->reasons < 0 ? 0 : (size_t)opt->reasons;
	p->contributions = opt->contributions;
	p->scored_at = opt->scored_at == INT64_MIN ? now() : opt->scored_at;
	p->threads = cli->input.threads;
	p->importance = opt->importance;
	p->distribution = opt->drift          ? "--drift"
			  : opt->gates.n      ? "--fail-if"
			  : opt->distribution ? "--distribution"
					      : NULL;
	p->repeats = opt->repeats < 0 ? 5 : (size_t)opt->repeats;
	p->sample = opt->sample < 0 ? 20000 : (size_t)opt->sample;
	p->seed = opt->seed < 0 ? 1 : (uint64_t)opt->seed;
}

static void parse_args(struct cli *cli, struct opts *opt, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 'm', "model", "FILE", "model file written by ce-train (required)", cli_string,
		  &opt->model },
		{ 't', "threshold", "P", "predict 1 from this probability on (0.5)", cli_real,
		  &opt->predict.threshold },
		{ 'k', "keys", NULL, "write only the keys and predictions of a row", cli_flag,
		  &opt->predict.keys },
		{ 0, "split", "PART", "write only rows of this split, or all (all)", cli_choice,
		  &opt->split },
		{ 0, "latest", "COLUMN", "write only the last row of each value", cli_string,
		  &opt->predict.latest },
		{ 0, "watermark", "TIME", "end of the log of the labels (the model's end)",
		  cli_string, &opt->predict.watermark },
		{ 0, "scored-at", "TIME", "time that scored_at has (now)", cli_event_time,
		  &opt->scored_at },
		{ 0, "explain", "K", "add the K largest contributions to each row", cli_count,
		  &opt->reasons },
		{ 0, "contributions", "FILE", "write the contributions of all features", cli_string,
		  &opt->contributions },
		{ 0, "importance", "FILE", "write the permutation importance of features",
		  cli_string, &opt->importance },
		{ 0, "repeats", "N", "permutations per feature of --importance (5)", cli_count,
		  &opt->repeats },
		{ 0, "drift", "FILE", "write the feature drift between train and test", cli_string,
		  &opt->drift },
		{ 0, "distribution", "FILE", "write the distributions of features in bins",
		  cli_string, &opt->distribution },
		{ 0, "fail-if", "GATE", "fail if the drift is so: psi>0.25", parse_gate,
		  &opt->gates },
		{ 0, "sample", "N", "maximum rows to sample from each split (20000)", cli_count,
		  &opt->sample },
		{ 0, "seed", "N", "seed of the random number generator (1)", cli_count,
		  &opt->seed },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	finish_opts(cli, opt);
}

/* The outputs: the predictions, then those of the options of these names. */
struct outputs {
	struct csv_writer rows, contributions, importance, drift, distribution;
	struct csv_writer *all[5];
	size_t n;
};

/* Opens the output, at `path` instead of that of the command line if it is not NULL. */
static int open_output(struct outputs *o, struct csv_writer *w, const struct gz_output *output,
		       const char *path, struct err *err)
{
	struct gz_output to = *output;

	if (path)
		to.path = path;
	o->all[o->n++] = w;
	return csv_writer_open(w, &to, err);
}

static int open_outputs(struct outputs *o, const struct cli *cli, const struct opts *opt,
			struct err *err)
{
	const struct gz_output *to = &cli->output;

	o->n = 0;
	if (open_output(o, &o->rows, to, NULL, err) ||
	    (opt->contributions &&
	     open_output(o, &o->contributions, to, opt->contributions, err)) ||
	    (opt->importance && open_output(o, &o->importance, to, opt->importance, err)) ||
	    (opt->drift && open_output(o, &o->drift, to, opt->drift, err)) ||
	    (opt->distribution && open_output(o, &o->distribution, to, opt->distribution, err)))
		return -1;
	return 0;
}

/* Fails by the gates. */
static void judge_drift(const struct cli *cli, const struct opts *opt, const struct drift *d)
{
	struct warnings failed = WARNINGS_INIT;
	char rows[2][NUM_TEXT_MAX];

	for (int part = 0; part < 2; part++)
		rows[part][num_format_count(rows[part], d->rows[part])] = '\0';
	for (size_t i = 0; i < opt->gates.n; i++) {
		const struct gate *gate = &opt->gates.gate[i];
		const char *name = feature_of(gate);
		const struct drift_feature *f = name ? drift_find(d, name) : d->features;
		struct buf of = BUF_INIT;

		if (!f)
			cli_usage_error(cli, "--fail-if: '%s' is no feature of the model", name);
		buf_printf(&of, "feature %s, %s train and %s test rows", f->name, rows[0], rows[1]);
		buf_append_char(&of, '\0');
		gate_judge(gate, f->psi, of.data, &failed);
		buf_release(&of);
	}
	cli_failures(cli, &failed);
}

int main(int argc, char **argv)
{
	/* In the order of enum split_part. */
	const char *const parts[] = { split_part_name(SPLIT_TRAIN),
				      split_part_name(SPLIT_TEST),
				      split_part_name(SPLIT_PURGED),
				      split_part_name(SPLIT_IMMATURE),
				      split_part_name(SPLIT_UNLABELLED),
				      "all",
				      NULL };
	struct opts opt = { .split = { parts, SPLIT_N_PARTS },
			    .repeats = -1,
			    .sample = -1,
			    .seed = -1,
			    .reasons = -1,
			    .scored_at = INT64_MIN,
			    .predict = { .threshold = 0.5 } };
	struct cli cli = { .tool = "ce-predict",
			   .purpose = "Predict the rows of a feature table with a model.",
			   .operands = "[FILE ...]" };
	struct model model = MODEL_INIT;
	struct predict p = { 0 };
	struct distribution distribution = { 0 };
	struct drift drift = { 0 };
	struct csv_reader in = CSV_READER_INIT;
	struct outputs out = { .n = 0 };
	struct warnings warnings = WARNINGS_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	parse_args(&cli, &opt, argc, argv);
	if (model_read(&model, opt.model, &err) || csv_reader_open(&in, &cli.input, &err) ||
	    predict_init(&p, &opt.predict, &model, &in, &err) ||
	    open_outputs(&out, &cli, &opt, &err))
		cli_die(&cli, &err);
	predict_start(&p, &out.rows, opt.contributions ? &out.contributions : NULL);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		cli_progress_reader(&cli, &in);
		if (predict_row(&p, row, &err))
			cli_die(&cli, &err);
	}
	if (rc < 0 || predict_finish(&p, &err))
		cli_die(&cli, &err);
	csv_reader_warn(&in, &warnings);
	predict_warn(&p, &warnings);
	cli_warnings(&cli, &warnings);
	if (opt.importance && predict_write_importance(&p, &out.importance, &err))
		cli_die(&cli, &err);
	if (opt.predict.distribution && predict_distribution(&p, &distribution, &err))
		cli_die(&cli, &err);
	if (opt.drift || opt.gates.n) {
		drift_compute(&drift, &distribution);
		judge_drift(&cli, &opt, &drift);
	}
	if ((opt.drift && drift_write(&drift, &out.drift, &err)) ||
	    (opt.distribution && distribution_write(&distribution, &out.distribution, &err)) ||
	    csv_writer_close_all(out.all, out.n, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, out.rows.n_rows);
	csv_reader_close(&in);
	predict_release(&p);
	drift_release(&drift);
	distribution_release(&distribution);
	gates_release(&opt.gates);
	model_release(&model);
	return 0;
}
