/* ce-train: learns a model from a feature table, or from any CSV with a 0/1 label. */
#include "cli.h"
#include "logistic.h"
#include "model.h"
#include "num.h"
#include "trainset.h"

#include <string.h>

struct opts {
	struct trainset_options set;
	struct cli_choice model, resample;
	struct logistic_options fit;
};

static int parse_class_weight(void *value, const char *const *args, struct err *err)
{
	struct balance *b = value;

	if (!strcmp(args[0], "none")) {
		b->weight = BALANCE_WEIGHT_NONE;
	} else if (!strcmp(args[0], "balanced")) {
		b->weight = BALANCE_WEIGHT_BALANCED;
	} else {
		b->weight = BALANCE_WEIGHT_RATIO;
		if (num_parse_double(args[0], strlen(args[0]), &b->ratio) || !(b->ratio > 0))
			return err_set(err, ERR_USAGE,
				       "'%s' is neither none, nor balanced, nor a number above 0",
				       args[0]);
	}
	return 0;
}

static void parse_args(struct cli *cli, struct opts *opt, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 'm', "model", "KIND", "logistic (the default)", cli_choice, &opt->model },
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
		{ 0, "l2", "X", "the penalty on squared coefficients (1)", cli_real, &opt->fit.l2 },
		{ 0, "tolerance", "X", "of the gradient, a unit of weight (1e-10)", cli_real,
		  &opt->fit.tolerance },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (opt->fit.l2 < 0)
		cli_usage_error(cli, "--l2: must not be negative");
	if (!(opt->fit.tolerance > 0))
		cli_usage_error(cli, "--tolerance: must be above 0");
	opt->set.balance.resample = (enum balance_resample)opt->resample.value;
	cli->output.plain = true; /* a model is text to be read, and never gzipped */
}

static void say(const struct cli *cli, const struct model *m, int64_t holdout)
{
	const struct split *s = &m->split;
	const struct logistic *fit = &m->logistic;

	if (!fit->converged)
		cli_note(
			cli,
			"stopped after %d iterations with a gradient of %g: not the optimum; try a "
			"larger --l2",
			fit->iterations, fit->gradient);
	if (!s->has_cut && holdout)
		cli_note(cli, "no test part: too few labelled rows (%llu) for this --holdout",
			 (unsigned long long)s->rows[SPLIT_TRAIN]);
	if (!cli->verbose)
		return;
	for (int part = 0; part < SPLIT_N_PARTS; part++)
		cli_note(cli, "%s: %llu rows, %llu positive",
			 split_part_name((enum split_part)part), (unsigned long long)s->rows[part],
			 (unsigned long long)s->positives[part]);
	cli_note(cli, "%zu coefficients, %d iterations, objective %.10g, gradient %.3g", fit->n,
		 fit->iterations, fit->objective, fit->gradient);
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "logistic", NULL };
	static const char *const resamples[] = { "none", "over", "under", NULL };
	struct opts opt = { .set = TRAINSET_OPTIONS_INIT,
			    .model = { kinds, 0 },
			    .resample = { resamples, 0 },
			    .fit = LOGISTIC_OPTIONS_INIT };
	struct cli cli = { .tool = "ce-train",
			   .purpose = "Learn a model from a feature table.",
			   .operands = "[FILE ...]" };
	struct trainset set = TRAINSET_INIT;
	struct model model = MODEL_INIT;
	struct gz_writer out = GZ_WRITER_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	parse_args(&cli, &opt, argc, argv);
	if (gz_writer_open(&out, &cli.output, &err) ||
	    trainset_read(&set, &cli.input, &opt.set, &err) ||
	    logistic_fit(&model.logistic, &set.matrix, &opt.fit, &err))
		cli_die(&cli, &err);
	model.split = set.split;
	model.encoding = set.encoding;
	model.balance = opt.set.balance;
	model.options = opt.fit;
	model_format(&text, &model);
	if (gz_writer_write(&out, text.data, text.len, &err) || gz_writer_close(&out, &err))
		cli_die(&cli, &err);
	say(&cli, &model, opt.set.holdout);
	cli_done(&cli, set.n_rows, 0);
	buf_release(&text);
	matrix_release(&set.matrix);
	model_release(&model);
	cli_list_release(&opt.set.ignore);
	cli_list_release(&opt.set.categorical);
	return 0;
}
