#include "train/learn.h"

#include "base/mem.h"
#include "model/splittext.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* From more rare values on, a column is likely to be no category. */
#define MANY_VALUES 20

/* In the order of model_kind_names. */
static const struct trainer *const trainers[] = {
#define LEARNER(name) &trainer_##name,
#include "model/learners.def"
};

#define N_TRAINERS (sizeof(trainers) / sizeof(trainers[0]))

const struct trainer *learn_trainer(size_t kind)
{
	return trainers[kind];
}

static bool holds_back(const struct learn_options *o)
{
	return o->validation && (o->trainer->validates || o->calibration != CALIBRATION_NONE);
}

bool learn_needs_time(const struct learn_options *o)
{
	return holds_back(o) || (o->trainer->needs_time && o->trainer->needs_time(o));
}

/* Whether a trainer takes the options of another one. */
static bool takes_options(const struct trainer *t, const struct trainer *of)
{
	const struct trainer *const *part = t->parts;

	while (part && *part && *part != of)
		part++;
	return t == of || (part && *part);
}

/* The option is one that this trainer does not take. */
static int refuse_option(const char *option, const struct trainer *of, struct err *err)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < N_TRAINERS; i++)
		if (takes_options(trainers[i], of))
			buf_printf(&names, "%s%s", names.len ? " or " : "",
				   trainers[i]->learner->name);
	err_set(err, ERR_USAGE, "%s: only applies to --model %.*s", option, (int)names.len,
		names.data);
	buf_release(&names);
	return -1;
}

/* What another learner's option asks for is not passed over: it was meant to do something. */
static int check_learner(const struct learn_options *o, struct err *err)
{
	for (size_t i = 0; i < N_TRAINERS; i++) {
		const char *option =
			takes_options(o->trainer, trainers[i]) ? NULL : trainers[i]->own_option(o);

		if (option)
			return refuse_option(option, trainers[i], err);
	}
	return o->trainer->check(o, err);
}

int learn_check(const struct learn_options *o, struct err *err)
{
	static const struct learn_options usual = LEARN_OPTIONS_INIT;

	if (o->validation == NUM_MILLION)
		return err_set(err, ERR_USAGE, "--validation: leaves no rows to train on");
	if (!o->validation && o->calibration != CALIBRATION_NONE)
		return err_set(err, ERR_USAGE,
			       "--calibrate: needs validation rows to be fitted to (--validation)");
	if (check_learner(o, err))
		return -1;
	if (o->validation != usual.validation && o->validation && !holds_back(o))
		return err_set(err, ERR_USAGE,
			       "--validation: only applies to --model %s with --calibrate",
			       o->trainer->learner->name);
	return 0;
}

/* Without validation rows, only a fold can have too few. */
static struct trainrows_span span_of(const struct trainset *set, int64_t until,
				     const struct learn_options *o)
{
	if (!holds_back(o))
		return (struct trainrows_span){ until, until, until, "--cv" };
	return (struct trainrows_span){ trainrows_time(&set->rows, until, o->validation), until,
					until, "--validation" };
}

/* Scores -------------------------------------------------------------------------------------- */

/* Rows of a part, scored. */
struct scoring {
	const struct model *model;
	struct matrix_row scratch;
	double *score;
	uint8_t *label;
	size_t n, cap;
};

static void score_row(void *context, const double *value, bool label, double weight)
{
	struct scoring *s = context;

	(void)weight;
	if (s->n == s->cap) {
		s->cap = mem_grow(s->cap, s->n + 1);
		s->score = mem_realloc(s->score, s->cap, sizeof(*s->score));
		s->label = mem_realloc(s->label, s->cap, sizeof(*s->label));
	}
	s->score[s->n] = model_score(s->model, value, &s->scratch);
	s->label[s->n++] = label;
}

static int score_held(struct scoring *s, const struct model *m, struct trainset *set,
		      struct trainrows_span span, struct err *err)
{
	int rc;

	*s = (struct scoring){ .model = m };
	matrix_row_init(&s->scratch, &m->encoding.shape);
	rc = trainset_visit(set, span, TRAINROWS_HELD, &m->encoding, score_row, s, err);
	matrix_row_release(&s->scratch);
	if (!rc && !s->n)
		rc = err_set(
			err, ERR_RUNTIME, "%s: %s: no train rows at or after %lld and before %lld",
			trainset_file(set), span.option, (long long)span.cut, (long long)span.end);
	return rc;
}

static void release_scoring(struct scoring *s)
{
	free(s->score);
	free(s->label);
}

/* Models -------------------------------------------------------------------------------------- */

static int calibrate(struct model *m, struct trainset *set, struct trainrows_span span,
		     enum calibration_kind kind, struct pool *pool, struct err *err)
{
	struct scoring s;
	int rc = score_held(&s, m, set, span, err);

	if (!rc)
		calibration_fit(&m->calibration, kind, s.score, s.label, s.n, pool);
	release_scoring(&s);
	return rc;
}

/* Tokens, none of which is an empty name. */
static void copy_na(struct names *to, const struct names *from)
{
	struct err none = ERR_INIT;

	for (size_t i = 0; i < from->n; i++)
		names_append(to, from->name[i], &none);
}

int learn_model(struct model *m, struct trainset *set, int64_t until, const struct learn_options *o,
		struct pool *pool, struct err *err)
{
	struct trainrows_span span = span_of(set, until, o);
	struct encoding_numbers numbers = o->trainer->numbers(o);
	int rc;

	*m = (struct model)MODEL_INIT;
	model_set_learner(m, o->trainer->learner);
	m->balance = *trainset_balance(set);
	m->validation = holds_back(o) ? o->validation : 0;
	m->learnt = trainrows_count(&set->rows, span.cut);
	copy_na(&m->na, trainset_na(set));
	m->bins = numbers.max_bins;
	rc = trainset_fit(set, span, numbers, &m->encoding, err) ||
	     o->trainer->fit(m, set, span, o, pool, err);
	if (!rc && o->calibration != CALIBRATION_NONE)
		rc = calibrate(m, set, span, o->calibration, pool, err);
	if (rc)
		model_release(m);
	return rc ? -1 : 0;
}

/* The trainer of a model's learner. */
static const struct trainer *trainer_of(const struct model *m)
{
	size_t i = N_TRAINERS - 1;

	while (i && trainers[i]->learner != m->learner)
		i--;
	return trainers[i];
}

/* Of a fit, which `of` names. */
static void warn_of_fit(struct warnings *w, const char *of, const struct model *m)
{
	const struct trainer *trainer = trainer_of(m);

	if (trainer->warn)
		trainer->warn(w, of, m);
}

/* Of the input, and what its columns have become. */
static void warn_of_set(struct warnings *w, const struct encoding *e, const struct trainset *set)
{
	trainset_warn(set, w);
	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];

		if (c->n_rare > MANY_VALUES && !trainset_is_categorical(set, c->name))
			warnings_add(w,
				     "column %s has %llu values, none of them in %d or more train "
				     "rows: it tells the model %s (--ignore %s; numbers need a "
				     "point, not a comma, and no unit)",
				     c->name, (unsigned long long)c->n_rare, ENCODING_LEVEL_ROWS,
				     c->kind == ENCODING_CONSTANT ? "nothing"
								  : "only where it is empty",
				     c->name);
	}
}

void learn_warn(struct warnings *w, const struct model *m, const struct trainset *set)
{
	warn_of_fit(w, "", m);
	warn_of_set(w, &m->encoding, set);
}

/* When rows were split, and how old they had to be. */
static void put_split(struct buf *lines, const struct split *s)
{
	if (s->has_horizon) {
		buf_append_str(lines, "horizon: ");
		splittext_put_length(lines, s, s->horizon);
		buf_append_str(lines, " before ");
		splittext_put_time(lines, s, s->end);
		buf_append_char(lines, '\n');
	}
	if (s->has_cut) {
		buf_append_str(lines, "cut: ");
		splittext_put_time(lines, s, s->cut);
		buf_append_char(lines, '\n');
	}
}

void learn_put_summary(struct buf *lines, const struct model *m, const struct trainset *set)
{
	put_split(lines, &set->rows.split);
	for (int part = 0; part < SPLIT_N_PARTS; part++)
		buf_printf(lines, "%s: %llu rows, %llu positive\n",
			   split_part_name((enum split_part)part),
			   (unsigned long long)set->rows.split.rows[part],
			   (unsigned long long)set->rows.split.positives[part]);
	trainer_of(m)->put_summary(lines, m);
}

/* Backtest ------------------------------------------------------------------------------------ */

static void judge(struct metrics *m, const struct model *model, const struct scoring *s)
{
	struct metrics_row *rows = mem_alloc(s->n, sizeof(*rows));
	struct metrics_row *scratch = mem_alloc(s->n, sizeof(*scratch));

	for (size_t i = 0; i < s->n; i++)
		rows[i] = metrics_row(calibration_probability(&model->calibration, s->score[i]),
				      s->label[i]);
	metrics_sort(rows, scratch, s->n);
	metrics_compute(m, rows, s->n, 0.5, 10);
	free(rows);
	free(scratch);
}

/* Fold k, whose label is in this column. */
static void warn_of_fold(struct warnings *w, size_t k, const struct learn_fold *fold,
			 const struct model *m, const char *label)
{
	uint64_t n = fold->judge.rows, positives = fold->judge.positives;
	char of[32];

	snprintf(of, sizeof(of), "fold %zu: ", k);
	warn_of_fit(w, of, m);
	if (!positives || positives == n)
		warnings_add(w,
			     "%sthe label (column %s) is %d in all %llu rows that judge it: it has "
			     "no AUC (a smaller --cv)",
			     of, label, positives > 0, (unsigned long long)n);
}

int learn_cross_validate(struct trainset *set, size_t n, const struct learn_options *o,
			 struct pool *pool, struct learn_fold *folds, struct warnings *w,
			 struct err *err)
{
	for (size_t k = 1; k <= n; k++) {
		struct trainrows_span span = trainrows_fold(&set->rows, INT64_MAX, k, n, "--cv");
		struct model m;
		struct scoring s = { 0 };
		int rc;

		if (learn_model(&m, set, span.cut, o, pool, err))
			return -1;
		rc = score_held(&s, &m, set, span, err);
		if (!rc) {
			folds[k - 1].cut = span.cut;
			folds[k - 1].n_train = trainrows_count(&set->rows, span.cut);
			judge(&folds[k - 1].judge, &m, &s);
			warn_of_fold(w, k, &folds[k - 1], &m, set->rows.split.label);
			if (k == n) /* it has the most train rows to judge columns by */
				warn_of_set(w, &m.encoding, set);
		}
		release_scoring(&s);
		model_release(&m);
		if (rc)
			return -1;
	}
	return 0;
}

static void put_fold(struct buf *row, size_t number, const struct learn_fold *fold)
{
	const struct metrics *m = &fold->judge;
	const struct row_folds fields = {
		.fold = csv_int((int64_t)number),
		.cut = csv_int(fold->cut),
		.train_rows = csv_int((int64_t)fold->n_train),
		.rows = csv_int((int64_t)m->rows),
		.positives = csv_int((int64_t)m->positives),
		.auc_roc = csv_real(m->auc_roc),
		.log_loss = csv_real(m->log_loss),
		.brier = csv_real(m->brier),
	};

	csv_put_values(row, CATALOGUE_VALUES(&fields));
}

int learn_write_folds(const struct learn_fold *folds, size_t n, struct csv_writer *out,
		      struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("folds"));
	csv_end_row(&out->row);
	for (size_t k = 0; k < n; k++) {
		put_fold(&out->row, k + 1, &folds[k]);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}
