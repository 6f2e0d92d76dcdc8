#include "train/learn.h"

#include "base/mem.h"
#include "learn/bins.h"
#include "learn/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_FOLDS_L2 5

/* What --l2 auto tries. */
static const double l2_grid[] = { 0.01, 0.1, 1, 10, 100, 1000, 10000 };

#define N_L2 (sizeof(l2_grid) / sizeof(l2_grid[0]))

static bool holds_back(const struct learn_options *o)
{
	return o->validation && (o->kind == MODEL_GBDT || o->calibration != CALIBRATION_NONE);
}

bool learn_needs_time(const struct learn_options *o)
{
	return holds_back(o) || (o->kind == MODEL_LOGISTIC && o->choose_l2);
}

/* Without rows to hold back, only a fold can have too few. */
static struct trainset_span span_of(const struct trainset *set, int64_t until,
				    const struct learn_options *o)
{
	if (!holds_back(o))
		return (struct trainset_span){ until, until, until, "--cv" };
	return (struct trainset_span){ trainset_time(set, until, o->validation), until, until,
				       "--validation" };
}

/* Encodings ----------------------------------------------------------------------------------- */

/* The feature of that name, or -1. */
static int64_t find_feature(const struct encoding *e, const char *name, size_t len)
{
	for (size_t i = 0; i < e->n; i++)
		if (strlen(e->columns[i].name) == len && !memcmp(e->columns[i].name, name, len))
			return (int64_t)i;
	return -1;
}

static bool is_interaction(const struct encoding_interaction *i, uint32_t a, uint32_t b)
{
	return (i->column[0] == a && i->column[1] == b) || (i->column[0] == b && i->column[1] == a);
}

/* The two features of "NAME:NAME". Returns in how many ways: a name may hold a colon itself. */
static int find_pair(const struct encoding *e, const char *names, uint32_t pair[2])
{
	int n = 0;

	for (const char *colon = names; (colon = strchr(colon, ':')); colon++) {
		int64_t a = find_feature(e, names, (size_t)(colon - names));
		int64_t b = find_feature(e, colon + 1, strlen(colon + 1));

		if (a < 0 || b < 0 || a == b)
			continue;
		n++;
		pair[0] = (uint32_t)a;
		pair[1] = (uint32_t)b;
	}
	return n;
}

/* Adds the interaction "NAME:NAME", unless one of the two is constant. */
static int interact(struct encoding *e, const char *names, const char *file, struct err *err)
{
	uint32_t pair[2] = { 0 };
	int n_readings = find_pair(e, names, pair);
	const char *why = n_readings == 1 ? NULL
			  : n_readings    ? "can be read in two ways"
					  : "not two features, NAME:NAME";

	for (size_t i = 0; !why && i < e->n_interactions; i++)
		if (is_interaction(&e->interactions[i], pair[0], pair[1]))
			why = "given twice";
	if (!why && e->columns[pair[0]].kind != ENCODING_CONSTANT &&
	    e->columns[pair[1]].kind != ENCODING_CONSTANT && encoding_interact(e, pair[0], pair[1]))
		why = "too many products";
	return why ? err_set(err, ERR_RUNTIME, "%s:1: --interactions %s: %s", file, names, why) : 0;
}

static int fit_encoding(struct encoding *e, struct trainset *set, struct trainset_span span,
			const struct learn_options *o, struct err *err)
{
	struct encoding_numbers numbers = { o->bins, o->kind == MODEL_LOGISTIC && o->bins };

	if (trainset_fit(set, span, numbers, e, err))
		return -1;
	if (o->kind != MODEL_LOGISTIC)
		return 0;
	for (size_t i = 0; i < o->n_interactions; i++)
		if (interact(e, o->interactions[i], trainset_file(set), err))
			return -1;
	/* Before a matrix of so many columns is made. */
	return logistic_check_size(matrix_width(&e->shape), err);
}

/* Bins and matrices --------------------------------------------------------------------------- */

static void add_to_bins(void *context, const double *value, bool label, double weight)
{
	bins_add(context, value, label, weight);
}

static int read_bins(struct bins *b, struct trainset *set, struct trainset_span span,
		     enum trainset_part part, const struct encoding *e, struct err *err)
{
	bins_init(b, e->n_values, part == TRAINSET_LEARNT ? trainset_count(set, span.cut) : 0);
	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];

		if (c->kind == ENCODING_CATEGORY)
			b->columns[c->value] =
				(struct bins_column){ .is_category = true, .n = c->levels.n + 1 };
		else if (c->kind == ENCODING_NUMBER)
			b->columns[c->value] = (struct bins_column){ .n = (uint32_t)c->n_edges + 2,
								     .edges = c->edges };
	}
	return trainset_visit(set, span, part, e, add_to_bins, b, err);
}

struct matrix_filling {
	struct matrix *matrix;
	const struct encoding *encoding;
	struct matrix_row row;
};

static void add_to_matrix(void *context, const double *value, bool label, double weight)
{
	struct matrix_filling *f = context;

	encoding_expand(f->encoding, value, &f->row);
	matrix_add(f->matrix, &f->row, label, weight);
}

static int read_matrix(struct matrix *x, struct trainset *set, struct trainset_span span,
		       enum trainset_part part, const struct encoding *e, struct err *err)
{
	struct matrix_filling filling = { .matrix = x, .encoding = e };
	int rc;

	matrix_init(x, &e->shape, part == TRAINSET_LEARNT ? trainset_count(set, span.cut) : 0);
	matrix_row_init(&filling.row, &e->shape);
	rc = trainset_visit(set, span, part, e, add_to_matrix, &filling, err);
	matrix_row_release(&filling.row);
	return rc;
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
		      struct trainset_span span, struct err *err)
{
	int rc;

	*s = (struct scoring){ .model = m };
	matrix_row_init(&s->scratch, &m->encoding.shape);
	rc = trainset_visit(set, span, TRAINSET_HELD, &m->encoding, score_row, s, err);
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

static int learn_gbdt(struct model *m, struct trainset *set, struct trainset_span span,
		      const struct learn_options *o, struct pool *pool, struct err *err)
{
	struct bins train = BINS_INIT, held = BINS_INIT;
	int rc;

	m->boosting = o->gbdt;
	rc = fit_encoding(&m->encoding, set, span, o, err) ||
	     read_bins(&train, set, span, TRAINSET_LEARNT, &m->encoding, err) ||
	     (m->validation && read_bins(&held, set, span, TRAINSET_HELD, &m->encoding, err));
	if (!rc && m->validation && !held.n_rows)
		rc = err_set(err, ERR_RUNTIME, "%s: --validation: no train rows to stop by",
			     trainset_file(set));
	if (!rc)
		gbdt_fit(&m->trees, &train, m->validation ? &held : NULL, &m->boosting, pool,
			 &m->report);
	bins_release(&train);
	bins_release(&held);
	return rc ? -1 : 0;
}

static int learn_logistic(struct model *m, struct trainset *set, struct trainset_span span,
			  const struct learn_options *o, struct pool *pool, struct err *err)
{
	struct matrix x = MATRIX_INIT;
	int rc = fit_encoding(&m->encoding, set, span, o, err) ||
		 read_matrix(&x, set, span, TRAINSET_LEARNT, &m->encoding, err) ||
		 logistic_fit(&m->logistic, &x, &m->options, pool, err);

	matrix_release(&x);
	return rc ? -1 : 0;
}

/* Fold k of n, from 1 on, of what was known before `until`. */
static struct trainset_span fold_span(const struct trainset *set, int64_t until, size_t k, size_t n,
				      const char *option)
{
	int64_t parts = (int64_t)n + 1, at = (int64_t)k;
	int64_t cut = trainset_time(set, until, NUM_MILLION * (parts - at) / parts);
	int64_t end = k == n ? until
			     : trainset_time(set, until, NUM_MILLION * (parts - at - 1) / parts);

	return (struct trainset_span){ cut, end, until, option };
}

/* The log loss of rows by a fit, summed up by weight. */
static double matrix_loss(const struct logistic *fit, const struct matrix *x)
{
	struct matrix_row row;
	double loss = 0;

	matrix_row_init(&row, &x->shape);
	for (size_t i = 0; i < x->n_rows; i++) {
		matrix_get(x, i, &row);
		loss += x->weight[i] *
			logistic_loss(logistic_score(fit, &x->shape, &row), x->label[i]);
	}
	matrix_row_release(&row);
	return loss;
}

/* Adds to loss[N_L2] what each penalty loses on a fold. */
static int try_l2(double *loss, struct trainset *set, struct trainset_span span,
		  const struct learn_options *options, struct pool *pool, struct err *err)
{
	struct encoding e = ENCODING_INIT;
	struct matrix x = MATRIX_INIT, held = MATRIX_INIT;
	int rc = fit_encoding(&e, set, span, options, err) ||
		 read_matrix(&x, set, span, TRAINSET_LEARNT, &e, err) ||
		 read_matrix(&held, set, span, TRAINSET_HELD, &e, err);

	for (size_t i = 0; !rc && i < N_L2; i++) {
		struct logistic_options o = options->logistic;
		struct logistic fit = LOGISTIC_INIT;

		o.l2 = l2_grid[i];
		rc = logistic_fit(&fit, &x, &o, pool, err);
		if (!rc)
			loss[i] += matrix_loss(&fit, &held);
		logistic_release(&fit);
	}
	matrix_release(&x);
	matrix_release(&held);
	encoding_release(&e);
	return rc ? -1 : 0;
}

/* Sets *l2 to the penalty that would have lost the least. */
static int choose_l2(double *l2, struct trainset *set, int64_t until,
		     const struct learn_options *options, struct pool *pool, struct err *err)
{
	double loss[N_L2] = { 0 };
	size_t best = 0;

	for (size_t k = 1; k <= N_FOLDS_L2; k++)
		if (try_l2(loss, set, fold_span(set, until, k, N_FOLDS_L2, "--l2 auto"), options,
			   pool, err))
			return -1;
	for (size_t i = 1; i < N_L2; i++)
		if (loss[i] < loss[best])
			best = i;
	*l2 = l2_grid[best];
	return 0;
}

static int calibrate(struct model *m, struct trainset *set, struct trainset_span span,
		     enum calibration_kind kind, struct pool *pool, struct err *err)
{
	struct scoring s;
	int rc = score_held(&s, m, set, span, err);

	if (!rc)
		calibration_fit(&m->calibration, kind, s.score, s.label, s.n, pool);
	release_scoring(&s);
	return rc;
}

int learn_model(struct model *m, struct trainset *set, int64_t until, const struct learn_options *o,
		struct pool *pool, struct err *err)
{
	struct trainset_span span = span_of(set, until, o);
	int rc;

	*m = (struct model)MODEL_INIT;
	m->kind = o->kind;
	m->balance = *trainset_balance(set);
	m->options = o->logistic;
	m->l2_chosen = o->kind == MODEL_LOGISTIC && o->choose_l2;
	m->validation = holds_back(o) ? o->validation : 0;
	m->learnt = trainset_count(set, span.cut);
	m->bins = o->bins;
	if (o->kind == MODEL_GBDT)
		rc = learn_gbdt(m, set, span, o, pool, err);
	else
		rc = (o->choose_l2 && choose_l2(&m->options.l2, set, span.cut, o, pool, err)) ||
		     learn_logistic(m, set, span, o, pool, err);
	if (!rc && o->calibration != CALIBRATION_NONE)
		rc = calibrate(m, set, span, o->calibration, pool, err);
	if (rc)
		model_release(m);
	return rc ? -1 : 0;
}

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

int learn_cross_validate(struct trainset *set, size_t n, const struct learn_options *o,
			 struct pool *pool, struct learn_fold *folds, struct err *err)
{
	for (size_t k = 1; k <= n; k++) {
		struct trainset_span span = fold_span(set, INT64_MAX, k, n, "--cv");
		struct model m;
		struct scoring s = { 0 };
		int rc;

		if (learn_model(&m, set, span.cut, o, pool, err))
			return -1;
		rc = score_held(&s, &m, set, span, err);
		if (!rc) {
			folds[k - 1].cut = span.cut;
			folds[k - 1].n_train = trainset_count(set, span.cut);
			judge(&folds[k - 1].judge, &m, &s);
		}
		release_scoring(&s);
		model_release(&m);
		if (rc)
			return -1;
	}
	return 0;
}
