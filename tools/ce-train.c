/* ce-train: trains a model on a feature table, or on any CSV with a 0/1 label. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/pool.h"
#include "cli.h"
#include "table/csvwriter.h"
#include "train/learn.h"
#include "train/trainset.h"

#include <stdlib.h>
#include <string.h>

#define FOLDS_MAX 100

/* Beyond this the rows of one class would be rounded away next to those of the other. */
#define RATIO_MAX 1e8

static const char model_help[] = "learner:"
#define LEARNER(name) " " #name
#include "model/learners.def"
				 " (logistic)";

struct opts {
	struct trainset_options set;
	struct learn_options learn;
	struct cli_choice model, resample, calibrate;
	int64_t folds;
	struct buf given; /* the options that were given, which the model keeps */
};

static int parse_l2(void *value, const char *const *args, struct err *err)
{
	struct learn_options *o = value;

	o->choose_l2 = !strcmp(args[0], "auto");
	if (o->choose_l2)
		return 0;
	if (num_parse_double(args[0], strlen(args[0]), &o->l2) || o->l2 < 0)
		return err_set(err, ERR_USAGE, "expected auto or a number of at least 0, not '%s'",
			       args[0]);
	return 0;
}

static int parse_horizon(void *value, const char *const *args, struct err *err)
{
	struct trainrows_horizon *h = value;
	size_t len = strlen(args[0]);

	if (!strcmp(args[0], "auto"))
		h->kind = TRAINROWS_HORIZON_AUTO;
	else if (!num_parse_int(args[0], len, &h->length) && h->length >= 0)
		h->kind = TRAINROWS_HORIZON_NUMBER;
	else if (!time_parse_duration(args[0], len, &h->length))
		h->kind = TRAINROWS_HORIZON_MS;
	else
		return err_set(err, ERR_USAGE,
			       "expected auto, a duration such as 12h or 7d, or a number of the "
			       "unit of --time, found '%s'",
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
				"expected none, balanced or a number from %g to %g, not '%s'",
				1 / RATIO_MAX, RATIO_MAX, args[0]);
	}
	return 0;
}

/* Sets what the options mean together. */
static void finish_opts(struct cli *cli, struct opts *opt)
{
	struct err err = ERR_INIT;

	if (opt->folds > FOLDS_MAX)
		cli_usage_error(cli, "--cv: expected an integer from 1 to %d", FOLDS_MAX);
	opt->learn.trainer = learn_trainer((size_t)opt->model.value);
	opt->learn.calibration = (enum calibration_kind)opt->calibrate.value;
	if (learn_check(&opt->learn, &err))
		cli_usage_error(cli, "%s", err.message);
	opt->set.by_time = opt->folds || learn_needs_time(&opt->learn);
	if (opt->set.rows.horizon.kind != TRAINROWS_HORIZON_AUTO && !opt->set.rows.holdout &&
	    !opt->set.by_time)
		cli_usage_error(cli, "--horizon: no rows are split by time (--holdout 0)");
	if (opt->set.rows.watermark && !opt->set.rows.holdout && !opt->set.by_time)
		cli_usage_error(cli, "--watermark: no rows are split by time (--holdout 0)");
	opt->set.balance.resample = (enum classweight_resample)opt->resample.value;
	if (!opt->folds)
		cli->output.plain = true; /* a model is text to be read, and never gzipped */
}

static void parse_args(struct cli *cli, struct opts *opt, int argc, char **argv)
{
	struct learn_options *learn = &opt->learn;
	const struct cli_option options[] = {
		{ 'm', "model", "KIND", model_help, cli_choice, &opt->model },
		{ 'l', "label", "COL", "label column, 0 or 1 (is_completion)", cli_string,
		  &opt->set.label },
		{ 't', "time", "COL", "time column of the rows (event_ts)", cli_string,
		  &opt->set.time },
		{ 'k', "known", "COL", "known time of the label (label_known_ts)", cli_string,
		  &opt->set.known },
		{ 'i', "ignore", "COL[,...]", "columns not to use as features", cli_list,
		  &opt->set.ignore },
		{ 'c', "categorical", "COL[,...]", "numeric columns to treat as categories",
		  cli_list, &opt->set.categorical },
		{ 'u', "use", "COL[,...]", "calendar columns to use as features", cli_list,
		  &opt->set.use },
		{ 0, "na", "TOKEN[,...]", "read fields that are TOKEN as empty", cli_list,
		  &opt->set.na },
		{ 'H', "holdout", "SHARE", "share of test rows, the newest ones (0.2)", cli_share,
		  &opt->set.rows.holdout },
		{ 0, "horizon", "DURATION", "age by which labels are known, or auto (auto)",
		  parse_horizon, &opt->set.rows.horizon },
		{ 0, "watermark", "TIME", "end of the log of the labels (the last row)", cli_string,
		  &opt->set.rows.watermark },
		{ 'w', "class-weight", "WEIGHT", "class weight: none, balanced or a ratio (none)",
		  parse_class_weight, &opt->set.balance },
		{ 'r', "resample", "HOW", "resample train rows: none, over, under (none)",
		  cli_choice, &opt->resample },
		{ 's', "seed", "N", "seed of the random number generator (1)", cli_count,
		  &opt->set.balance.seed },
		{ 0, "l2", "X", "L2 penalty, or auto by cross-validation (1)", parse_l2, learn },
		{ 0, "tolerance", "X", "logistic: gradient at convergence (1e-10)", cli_real,
		  &learn->tolerance },
		{ 0, "trees", "N", "gbdt: maximum number of trees (1000)", cli_count,
		  &learn->gbdt.trees },
		{ 0, "rate", "X", "gbdt: learning rate (0.05)", cli_real, &learn->gbdt.tree.rate },
		{ 0, "depth", "N", "gbdt: maximum depth of a tree (5)", cli_count,
		  &learn->gbdt.tree.depth },
		{ 0, "leaves", "N", "gbdt: maximum number of leaves of a tree (64)", cli_count,
		  &learn->gbdt.tree.leaves },
		{ 0, "min-weight", "X", "gbdt: minimum Hessian per side of a split (1)", cli_real,
		  &learn->gbdt.tree.min_weight },
		{ 0, "bins", "N", "maximum bins of a number (gbdt 255, else none)", cli_count,
		  &learn->bins },
		{ 0, "interactions", "A:B[,...]", "logistic: products of two features to add",
		  cli_list, &learn->interactions },
		{ 0, "subsample", "SHARE", "gbdt: share of rows sampled per tree (0.8)", cli_share,
		  &learn->subsample },
		{ 0, "colsample", "SHARE", "gbdt: share of columns sampled per tree (0.6)",
		  cli_share, &learn->colsample },
		{ 0, "monotone", "COL:+|-[,...]", "gbdt: numbers the score rises or falls with",
		  cli_list, &learn->monotone },
		{ 0, "validation", "SHARE", "share of train rows used for validation (0.1)",
		  cli_share, &learn->validation },
		{ 0, "patience", "N", "gbdt: early-stopping rounds (40)", cli_count,
		  &learn->gbdt.patience },
		{ 0, "calibrate", "HOW", "calibration: none, platt or isotonic (none)", cli_choice,
		  &opt->calibrate },
		{ 0, "cv", "K", "backtest on K folds: write a table, no model", cli_count,
		  &opt->folds },
		{ 0 }
	};

	cli->options = options;
	cli->given = &opt->given;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	finish_opts(cli, opt);
}

/* What the model was made from. */
static void set_origin(struct model *m, const struct cli *cli, const struct buf *given)
{
	m->options = mem_dup(given->data, given->len - 1);
	for (size_t i = 0; i < cli->input.n; i++)
		names_add(&m->sources, cli->input.paths[i], strlen(cli->input.paths[i]));
	if (!cli->input.n)
		names_add(&m->sources, "-", 1);
}

/* Reads the set, and writes the model. Returns 0, or -1 with err. */
static int train(const struct cli *cli, struct trainset *set, const struct opts *opt,
		 struct pool *pool, struct err *err)
{
	struct gz_writer out = GZ_WRITER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct buf notes = BUF_INIT;
	struct model model;
	int rc;

	if (gz_writer_open(&out, &cli->output, err) ||
	    trainset_read(set, &cli->input, &opt->set, err) ||
	    learn_model(&model, set, INT64_MAX, &opt->learn, pool, err))
		return -1;
	model.split = set->rows.split;
	set_origin(&model, cli, &opt->given);
	learn_warn(&warnings, &model, set);
	cli_warnings(cli, &warnings);
	rc = model_write(&model, &out, err);
	if (!rc && cli->verbose) {
		learn_put_summary(&notes, &model, set);
		cli_note_lines(cli, &notes);
	}
	if (!rc)
		rc = gz_writer_close(&out, err);
	model.split = (struct split)SPLIT_INIT; /* the trainset's */
	model_release(&model);
	return rc ? -1 : 0;
}

/* Reads the set, and writes the table of a backtest. Returns 0, or -1 with err. */
static int backtest(const struct cli *cli, struct trainset *set, const struct opts *opt,
		    struct pool *pool, struct err *err)
{
	size_t n = (size_t)opt->folds;
	struct learn_fold *folds = mem_alloc(n, sizeof(*folds));
	struct csv_writer out = CSV_WRITER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	int rc = csv_writer_open(&out, &cli->output, err) ||
		 trainset_read(set, &cli->input, &opt->set, err) ||
		 learn_cross_validate(set, n, &opt->learn, pool, folds, &warnings, err);

	if (!rc) {
		cli_warnings(cli, &warnings);
		rc = learn_write_folds(folds, n, &out, err) || csv_writer_close(&out, err);
	}
	free(folds);
	return rc ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct opts opt = { .set = TRAINSET_OPTIONS_INIT,
			    .learn = LEARN_OPTIONS_INIT,
			    .model = { model_kind_names, 0 },
			    .resample = { model_resample_names, 0 },
			    .calibrate = { model_calibration_names, 0 },
			    .given = BUF_INIT };
	struct cli cli = { .tool = "ce-train",
			   .purpose = "Train a model on a feature table.",
			   .operands = "[FILE ...]" };
	struct trainset set = TRAINSET_INIT;
	struct err err = ERR_INIT;
	struct pool *pool;

	parse_args(&cli, &opt, argc, argv);
	pool = pool_new(cli.input.threads);
	if (opt.folds ? backtest(&cli, &set, &opt, pool, &err)
		      : train(&cli, &set, &opt, pool, &err))
		cli_die(&cli, &err);
	cli_done(&cli, set.n_rows, 0);
	trainset_release(&set);
	pool_free(pool);
	names_release(&opt.set.ignore);
	names_release(&opt.set.categorical);
	names_release(&opt.set.use);
	names_release(&opt.set.na);
	names_release(&opt.learn.interactions);
	names_release(&opt.learn.monotone);
	buf_release(&opt.given);
	return 0;
}
