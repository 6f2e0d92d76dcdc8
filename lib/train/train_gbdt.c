/* Trains gradient-boosted trees. */
#include "learn/bins.h"
#include "model/model_gbdt.h"
#include "train/trainer.h"

#include <string.h>

static const char *own_option(const struct learn_options *o)
{
	static const struct learn_options usual = LEARN_OPTIONS_INIT;
	const struct {
		const char *name;
		bool given;
	} own[] = {
		{ "--trees", o->gbdt.trees != usual.gbdt.trees },
		{ "--rate", o->gbdt.tree.rate != usual.gbdt.tree.rate },
		{ "--depth", o->gbdt.tree.depth != usual.gbdt.tree.depth },
		{ "--leaves", o->gbdt.tree.leaves != usual.gbdt.tree.leaves },
		{ "--min-weight", o->gbdt.tree.min_weight != usual.gbdt.tree.min_weight },
		{ "--patience", o->gbdt.patience != usual.gbdt.patience },
		{ "--subsample", o->subsample != usual.subsample },
		{ "--colsample", o->colsample != usual.colsample },
		{ "--monotone", o->monotone.n > 0 },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].given)
			return own[i].name;
	return NULL;
}

static int check_count(const char *option, int64_t value, int64_t min, int64_t max, struct err *err)
{
	if (value >= min && value <= max)
		return 0;
	return err_set(err, ERR_USAGE, "%s: expected an integer from %lld to %lld", option,
		       (long long)min, (long long)max);
}

/* The sign of "NAME:+" or "NAME:-", or 0; *len is the length of the name. */
static int monotone_sign(const char *text, size_t *len)
{
	size_t n = strlen(text);

	*len = n > 2 ? n - 2 : 0;
	return !*len || text[*len] != ':' ? 0
	       : text[n - 1] == '+'       ? 1
	       : text[n - 1] == '-'       ? -1
					  : 0;
}

static int check_monotone(const struct names *monotone, struct err *err)
{
	size_t len;

	for (size_t i = 0; i < monotone->n; i++)
		if (!monotone_sign(monotone->name[i], &len))
			return err_set(err, ERR_USAGE,
				       "--monotone: expected COL:+ or COL:-, not '%s'",
				       monotone->name[i]);
	return 0;
}

static int check(const struct learn_options *o, struct err *err)
{
	const struct learn_options usual = LEARN_OPTIONS_INIT;
	const struct gbdt_options *g = &o->gbdt;

	if (check_count("--trees", g->trees, 1, INT32_MAX, err) ||
	    check_count("--depth", g->tree.depth, 1, TREES_DEPTH_MAX, err) ||
	    check_count("--leaves", g->tree.leaves, 2, TREES_LEAVES_MAX, err) ||
	    check_count("--patience", g->patience, 1, INT32_MAX, err) ||
	    (o->bins >= 0 && check_count("--bins", o->bins, 2, BINS_MAX, err)))
		return -1;
	if (!(g->tree.rate > 0 && g->tree.rate <= 1))
		return err_set(err, ERR_USAGE, "--rate: expected a number above 0 and at most 1");
	if (g->tree.min_weight < 0)
		return err_set(err, ERR_USAGE, "--min-weight: must not be negative");
	if (!o->subsample || !o->colsample)
		return err_set(err, ERR_USAGE, "--subsample, --colsample: must be above 0");
	if (!o->validation && g->patience != usual.gbdt.patience)
		return err_set(err, ERR_USAGE,
			       "--patience: needs validation rows to stop by (--validation)");
	return check_monotone(&o->monotone, err);
}

static struct encoding_numbers numbers(const struct learn_options *o)
{
	return (struct encoding_numbers){ .max_bins = o->bins < 0 ? BINS_MAX : (size_t)o->bins };
}

static void add_row(void *context, const double *value, bool label, double weight)
{
	bins_add(context, value, label, weight);
}

static int read_bins(struct bins *b, struct trainset *set, struct trainrows_span span,
		     enum trainrows_part part, const struct encoding *e, struct err *err)
{
	bins_init(b, e->n_values,
		  part == TRAINROWS_LEARNT ? trainrows_count(&set->rows, span.cut) : 0);
	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];

		if (c->kind == ENCODING_CATEGORY)
			b->columns[c->value] =
				(struct bins_column){ .is_category = true, .n = c->levels.n + 1 };
		else if (encoding_is_number(c))
			b->columns[c->value] = (struct bins_column){ .n = (uint32_t)c->n_edges + 2,
								     .edges = c->edges };
	}
	return trainset_visit(set, span, part, e, add_row, b, err);
}

/* Whether an earlier one of the list is about the same column as the i-th. */
static bool is_repeated(const struct names *monotone, size_t i)
{
	size_t len = strlen(monotone->name[i]) - strlen(":+");

	for (size_t j = 0; j < i; j++)
		if (!strncmp(monotone->name[i], monotone->name[j], len + 1) &&
		    strlen(monotone->name[j]) == strlen(monotone->name[i]))
			return true;
	return false;
}

/* Of what is constant the score depends in neither way. */
static int set_monotone(struct bins *b, const struct encoding *e, const struct trainset *set,
			const struct names *monotone, struct err *err)
{
	for (size_t i = 0; i < monotone->n; i++) {
		size_t len;
		int sign = monotone_sign(monotone->name[i], &len);
		int64_t place = encoding_find(e, monotone->name[i], len);
		const struct encoding_column *c = place < 0 ? NULL : &e->columns[place];
		const char *why = NULL;

		if (!c)
			why = "no feature of that name";
		else if (!trainset_is_number(set, (size_t)place))
			why = "a category, not a number";
		else if (is_repeated(monotone, i))
			why = "given twice";
		if (why)
			return err_set(err, ERR_RUNTIME, "%s: --monotone %s: %s",
				       trainset_file(set), monotone->name[i], why);
		if (encoding_is_number(c))
			b->columns[c->value].monotone = sign;
	}
	return 0;
}

static int fit(struct model *m, struct trainset *set, struct trainrows_span span,
	       const struct learn_options *o, struct pool *pool, struct err *err)
{
	struct bins train = BINS_INIT, held = BINS_INIT;
	struct model_gbdt *g = m->fit;
	int rc;

	g->options = o->gbdt;
	g->options.tree.l2 = o->l2;
	g->options.rows = (double)o->subsample / NUM_MILLION;
	g->options.columns = (double)o->colsample / NUM_MILLION;
	g->options.seed = m->balance.seed;
	rc = read_bins(&train, set, span, TRAINROWS_LEARNT, &m->encoding, err) ||
	     (m->validation && read_bins(&held, set, span, TRAINROWS_HELD, &m->encoding, err)) ||
	     set_monotone(&train, &m->encoding, set, &o->monotone, err);
	if (!rc && m->validation && !held.n_rows)
		rc = err_set(err, ERR_RUNTIME, "%s: --validation: no validation rows to stop by",
			     trainset_file(set));
	if (!rc)
		gbdt_fit(&g->trees, &train, m->validation ? &held : NULL, &g->options, pool,
			 &g->report);
	bins_release(&train);
	bins_release(&held);
	return rc ? -1 : 0;
}

static void put_summary(struct buf *lines, const struct model *m)
{
	const struct model_gbdt *g = m->fit;

	buf_printf(lines, "%zu trees kept of %zu grown, their log loss %.6g in training",
		   g->trees.n, g->report.n_tried, g->report.train_loss);
	if (m->validation)
		buf_printf(lines, ", %.6g in validation", g->report.held_loss);
	buf_append_char(lines, '\n');
}

const struct trainer trainer_gbdt = {
	.learner = &learner_gbdt,
	.validates = true,
	.own_option = own_option,
	.check = check,
	.numbers = numbers,
	.fit = fit,
	.put_summary = put_summary,
};
