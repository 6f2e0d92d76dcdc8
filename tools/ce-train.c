/* ce-train: learns a model from a feature table, or from any CSV with a 0/1 label. */
#include "base/mem.h"
#include "base/num.h"
#include "base/pool.h"
#include "cli.h"
#include "table/csvio.h"
#include "train/learn.h"
#include "train/trainset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDS_MAX 100

/* A gradient, per weight, that is hardly more than rounding. */
#define ROUNDING 1e-13

/* Beyond this the rows of one class would be rounded away beside those of the other. */
#define RATIO_MAX 1e8

struct opts {
	struct trainset_options set;
	struct cli_choice model, resample, calibrate;
	struct l2 {
		double value;
		bool choose;
	} l2;
	struct learn_options learn;
	struct names interactions;
	int64_t bins; /* -1: not given */
	int64_t folds;
	int64_t rows, columns; /* shares in millionths */
};

static int parse_l2(void *value, const char *const *args, struct err *err)
{
	struct l2 *l2 = value;

	l2->choose = !strcmp(args[0], "auto");
	if (l2->choose)
		return 0;
	if (num_parse_double(args[0], strlen(args[0]), &l2->value) || l2->value < 0)
		return err_set(err, ERR_USAGE, "'%s' is neither auto nor a number from 0 on",
			       args[0]);
	return 0;
}

static int parse_class_weight(void *value, const char *const *args, struct err *err)
{
	struct classweight *b = value;

	if (!strcmp(args[0], "none")) {
		b->weight = CLASSWEIGHT_WEIGHT_NONE;
	} else if (!strcmp(args[0], "balanced")) {
		b->weight = CLASSWEIGHT_WEIGHT_BALANCED;
	} else {
		b->weight = CLASSWEIGHT_WEIGHT_RATIO;
		if (num_parse_double(args[0], strlen(args[0]), &b->ratio) ||
		    b->ratio < 1 / RATIO_MAX || b->ratio > RATIO_MAX)
			return err_set(
				err, ERR_USAGE,
				"'%s' is neither none, nor balanced, nor a number from %g to %g",
				args[0], 1 / RATIO_MAX, RATIO_MAX);
	}
	return 0;
}

static void check_count(const struct cli *cli, const char *option, int64_t value, int64_t min,
			int64_t max)
{
	if (value < min || value > max)
		cli_usage_error(cli, "%s: must be from %lld to %lld", option, (long long)min,
				(long long)max);
}

/* What one kind of model does not know is not passed over: it was meant to do something. */
static void check_kind(const struct cli *cli, const struct opts *opt)
{
	const struct gbdt_options usual = GBDT_OPTIONS_INIT, *o = &opt->learn.gbdt;
	const struct logistic_options usual_logistic = LOGISTIC_OPTIONS_INIT;
	const struct {
		const char *option;
		bool given; /* as something else than it is anyway */
		enum model_kind kind;
	} of_one[] = {
		{ "--trees", o->trees != usual.trees, MODEL_GBDT },
		{ "--rate", o->tree.rate != usual.tree.rate, MODEL_GBDT },
		{ "--depth", o->tree.depth != usual.tree.depth, MODEL_GBDT },
		{ "--leaves", o->tree.leaves != usual.tree.leaves, MODEL_GBDT },
		{ "--min-weight", o->tree.min_weight != usual.tree.min_weight, MODEL_GBDT },
		{ "--patience", o->patience != usual.patience, MODEL_GBDT },
		{ "--subsample", opt->rows != NUM_MILLION, MODEL_GBDT },
		{ "--colsample", opt->columns != NUM_MILLION, MODEL_GBDT },
		{ "--interactions", opt->interactions.n > 0, MODEL_LOGISTIC },
		{ "--l2 auto", opt->l2.choose, MODEL_LOGISTIC },
		{ "--tolerance", opt->learn.logistic.tolerance != usual_logistic.tolerance,
		  MODEL_LOGISTIC },
	};

	for (size_t i = 0; i < sizeof(of_one) / sizeof(of_one[0]); i++)
		if (of_one[i].given && of_one[i].kind != opt->learn.kind)
			cli_usage_error(cli, "%s: for --model %s alone", of_one[i].option,
					model_kind_names[of_one[i].kind]);
}

static void check_options(const struct cli *cli, const struct opts *opt)
{
	const struct learn_options usual = LEARN_OPTIONS_INIT;
	const struct gbdt_options *o = &opt->learn.gbdt;

	check_count(cli, "--trees", o->trees, 1, INT32_MAX);
	check_count(cli, "--depth", o->tree.depth, 1, TREES_DEPTH_MAX);
	check_count(cli, "--leaves", o->tree.leaves, 2, TREES_LEAVES_MAX);
	/* No bins at all is what a logistic regression has anyway. */
	if (opt->bins > 0 || (!opt->bins && opt->learn.kind == MODEL_GBDT))
		check_count(cli, "--bins", opt->bins, 2, BINS_MAX);
	check_count(cli, "--patience", o->patience, 1, INT32_MAX);
	check_count(cli, "--cv", opt->folds, 0, FOLDS_MAX);
	if (!(o->tree.rate > 0 && o->tree.rate <= 1))
		cli_usage_error(cli, "--rate: must be above 0 and at most 1");
	if (o->tree.min_weight < 0)
		cli_usage_error(cli, "--min-weight: must not be negative");
	if (!opt->rows || !opt->columns)
		cli_usage_error(cli, "--subsample, --colsample: must be above 0");
	if (opt->learn.validation == NUM_MILLION)
		cli_usage_error(cli, "--validation: leaves no rows to learn from");
	if (!opt->learn.validation && o->patience != usual.gbdt.patience)
		cli_usage_error(cli, "--patience: needs rows to stop by (--validation)");
	if (!opt->learn.validation && opt->calibrate.value)
		cli_usage_error(cli, "--calibrate: needs rows to learn from (--validation)");
	check_kind(cli, opt);
	if (opt->learn.validation && opt->learn.validation != usual.validation &&
	    opt->learn.kind == MODEL_LOGISTIC && !opt->calibrate.value)
		cli_usage_error(cli, "--validation: for --model gbdt or --calibrate");
}

static void parse_args(struct cli *cli, struct opts *opt, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 'm', "model", "KIND", "logistic (the default) or gbdt", cli_choice, &opt->model },
		{ 'l', "label", "COL", "the 0/1 column to predict (is_completion)", cli_string,
		  &opt->set.label },
		{ 't', "time", "COL", "the time of a row (event_ts)", cli_string, &opt->set.time },
		{ 'k', "known", "COL", "when its label became known (label_known_ts)", cli_string,
		  &opt->set.known },
		{ 'i', "ignore", "COL[,...]", "columns that are no features", cli_list,
		  &opt->set.ignore },
		{ 'c', "categorical", "COL[,...]", "numbers to take as categories", cli_list,
		  &opt->set.categorical },
		{ 'H', "holdout", "SHARE", "the newest rows, to judge by (0.2)", cli_share,
		  &opt->set.holdout },
		{ 'w', "class-weight", "WEIGHT", "none, balanced, or that of class 1 (none)",
		  parse_class_weight, &opt->set.balance },
		{ 'r', "resample", "HOW", "train rows: none, over or under (none)", cli_choice,
		  &opt->resample },
		{ 's', "seed", "N", "of the resampling (1)", cli_count, &opt->set.balance.seed },
		{ 0, "l2", "X", "penalty of coefficients or leaves; or auto (1)", parse_l2,
		  &opt->l2 },
		{ 0, "tolerance", "X", "logistic: of the gradient, per weight (1e-10)", cli_real,
		  &opt->learn.logistic.tolerance },
		{ 0, "trees", "N", "gbdt: at most so many (500)", cli_count,
		  &opt->learn.gbdt.trees },
		{ 0, "rate", "X", "gbdt: by how much each is shrunk (0.1)", cli_real,
		  &opt->learn.gbdt.tree.rate },
		{ 0, "depth", "N", "gbdt: splits above a leaf (6)", cli_count,
		  &opt->learn.gbdt.tree.depth },
		{ 0, "leaves", "N", "gbdt: of a tree (64)", cli_count,
		  &opt->learn.gbdt.tree.leaves },
		{ 0, "min-weight", "X", "gbdt: the hessian that a leaf needs (1)", cli_real,
		  &opt->learn.gbdt.tree.min_weight },
		{ 0, "bins", "N", "bins of a number, to 255 (gbdt 255, else none)", cli_count,
		  &opt->bins },
		{ 0, "interactions", "A:B[,...]", "logistic: products of features A and B",
		  cli_list, &opt->interactions },
		{ 0, "subsample", "SHARE", "gbdt: of the rows, drawn for each tree (1)", cli_share,
		  &opt->rows },
		{ 0, "colsample", "SHARE", "gbdt: of the columns, drawn for each tree (1)",
		  cli_share, &opt->columns },
		{ 0, "validation", "SHARE", "newest train rows, to stop or calibrate (0.1)",
		  cli_share, &opt->learn.validation },
		{ 0, "patience", "N", "gbdt: trees without gain that stop it (20)", cli_count,
		  &opt->learn.gbdt.patience },
		{ 0, "calibrate", "HOW", "none, platt or isotonic (none)", cli_choice,
		  &opt->calibrate },
		{ 0, "cv", "K", "a table of K cross-validation folds, no model", cli_count,
		  &opt->folds },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (!(opt->learn.logistic.tolerance > 0 && opt->learn.logistic.tolerance < 1))
		cli_usage_error(cli, "--tolerance: must be above 0 and below 1");
	opt->learn.kind = (enum model_kind)opt->model.value;
	check_options(cli, opt);
	opt->learn.logistic.l2 = opt->learn.gbdt.tree.l2 = opt->l2.value;
	opt->learn.choose_l2 = opt->l2.choose;
	opt->learn.gbdt.seed = opt->set.balance.seed;
	opt->learn.gbdt.rows = (double)opt->rows / NUM_MILLION;
	opt->learn.gbdt.columns = (double)opt->columns / NUM_MILLION;
	opt->learn.bins = (size_t)(opt->bins >= 0                  ? opt->bins
				   : opt->learn.kind == MODEL_GBDT ? BINS_MAX
								   : 0);
	opt->learn.interactions = (const char *const *)opt->interactions.name;
	opt->learn.n_interactions = opt->interactions.n;
	opt->learn.calibration = (enum calibration_kind)opt->calibrate.value;
	opt->set.by_time = opt->folds || learn_needs_time(&opt->learn);
	opt->set.balance.resample = (enum classweight_resample)opt->resample.value;
	if (!opt->folds)
		cli->output.plain = true; /* a model is text to be read, and never gzipped */
}

static void say(const struct cli *cli, const struct model *m, int64_t holdout)
{
	const struct split *s = &m->split;
	const struct logistic *fit = &m->logistic;

	if (m->kind == MODEL_LOGISTIC && !fit->converged)
		cli_note(cli, "stopped after %d iterations with a gradient of %g: %s",
			 fit->iterations, fit->gradient,
			 fit->gradient < ROUNDING ? "as near as doubles come, not --tolerance"
						  : "not the optimum; try a larger --l2");
	if (!s->has_cut && holdout)
		cli_note(cli, "no test part: too few labelled rows (%llu) for this --holdout",
			 (unsigned long long)s->rows[SPLIT_TRAIN]);
	if (!cli->verbose)
		return;
	for (int part = 0; part < SPLIT_N_PARTS; part++)
		cli_note(cli, "%s: %llu rows, %llu positive",
			 split_part_name((enum split_part)part), (unsigned long long)s->rows[part],
			 (unsigned long long)s->positives[part]);
	if (m->kind == MODEL_GBDT)
		cli_note(cli, "%zu trees of %zu tried, log loss %.6g in training", m->trees.n,
			 m->report.n_tried, m->report.train_loss);
	else
		cli_note(cli, "%zu coefficients, %d iterations, objective %.10g, gradient %.3g",
			 fit->n, fit->iterations, fit->objective, fit->gradient);
	if (m->kind == MODEL_GBDT && m->validation)
		cli_note(cli, "log loss %.6g in validation", m->report.held_loss);
}

/* Reads the set, and writes the model. Returns 0, or -1 with err. */
static int train(const struct cli *cli, struct trainset *set, const struct opts *opt,
		 struct pool *pool, struct err *err)
{
	struct gz_writer out = GZ_WRITER_INIT;
	struct buf text = BUF_INIT;
	struct model model;
	int rc;

	if (gz_writer_open(&out, &cli->output, err) ||
	    trainset_read(set, &cli->input, &opt->set, err) ||
	    learn_model(&model, set, INT64_MAX, &opt->learn, pool, err))
		return -1;
	model.split = set->split;
	model_format(&text, &model);
	if (text.len > MODEL_SIZE_MAX)
		return err_set(err, ERR_RUNTIME,
			       "a model of %zu MiB, and no more than %zu are read back: fewer "
			       "--trees or --leaves",
			       text.len >> 20, MODEL_SIZE_MAX >> 20);
	rc = gz_writer_write(&out, text.data, text.len, err) || gz_writer_close(&out, err);
	if (!rc)
		say(cli, &model, opt->set.holdout);
	model.split = (struct split)SPLIT_INIT; /* the trainset's */
	model_release(&model);
	buf_release(&text);
	return rc ? -1 : 0;
}

static void put_fold(struct buf *row, int64_t number, const struct learn_fold *fold)
{
	const struct metrics *m = &fold->judge;

	csv_put_int(row, number);
	csv_put_int(row, fold->cut);
	csv_put_int(row, (int64_t)fold->n_train);
	csv_put_int(row, (int64_t)m->rows);
	csv_put_int(row, (int64_t)m->positives);
	if (isnan(m->auc_roc))
		csv_put_null(row);
	else
		csv_put_double(row, m->auc_roc);
	csv_put_double(row, m->log_loss);
	csv_put_double(row, m->brier);
}

/* Reads the set, and writes a table of the folds of a cross-validation. Returns 0, or -1 with err.
 */
static int cross_validate(const struct cli *cli, struct trainset *set, const struct opts *opt,
			  struct pool *pool, struct err *err)
{
	static const char *const names[] = { "fold",      "cut",     "train_rows", "rows",
					     "positives", "auc_roc", "log_loss",   "brier" };
	size_t n = (size_t)opt->folds;
	struct learn_fold *folds = mem_alloc(n, sizeof(*folds));
	struct csv_writer out = CSV_WRITER_INIT;

	if (csv_writer_open(&out, &cli->output, err) ||
	    trainset_read(set, &cli->input, &opt->set, err) ||
	    learn_cross_validate(set, n, &opt->learn, pool, folds, err))
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		csv_put_str(&out.row, names[i]);
	if (csv_writer_end_row(&out, err))
		return -1;
	for (size_t k = 0; k < n; k++) {
		put_fold(&out.row, (int64_t)k + 1, &folds[k]);
		if (csv_writer_end_row(&out, err))
			return -1;
	}
	free(folds);
	return csv_writer_close(&out, err);
}

int main(int argc, char **argv)
{
	struct opts opt = { .set = TRAINSET_OPTIONS_INIT,
			    .model = { model_kind_names, 0 },
			    .resample = { model_resample_names, 0 },
			    .calibrate = { model_calibration_names, 0 },
			    .l2 = { 1, false },
			    .learn = LEARN_OPTIONS_INIT,
			    .bins = -1,
			    .rows = NUM_MILLION,
			    .columns = NUM_MILLION };
	struct cli cli = { .tool = "ce-train",
			   .purpose = "Learn a model from a feature table.",
			   .operands = "[FILE ...]" };
	struct trainset set = TRAINSET_INIT;
	struct err err = ERR_INIT;
	struct pool *pool;

	parse_args(&cli, &opt, argc, argv);
	pool = pool_new(cli.input.threads);
	if (opt.folds ? cross_validate(&cli, &set, &opt, pool, &err)
		      : train(&cli, &set, &opt, pool, &err))
		cli_die(&cli, &err);
	cli_done(&cli, set.n_rows, 0);
	trainset_release(&set);
	pool_free(pool);
	names_release(&opt.set.ignore);
	names_release(&opt.set.categorical);
	names_release(&opt.interactions);
	return 0;
}
