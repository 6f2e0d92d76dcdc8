/* Trains logistic regression. */
#include "learn/bins.h"
#include "learn/matrix.h"
#include "model/model_logistic.h"
#include "train/trainer.h"

#include <string.h>

/* A gradient, per weight, that is hardly more than rounding. */
#define ROUNDING 1e-13

#define N_FOLDS_L2 5

/* What --l2 auto tries. */
static const double l2_grid[] = { 0.01, 0.1, 1, 10, 100, 1000, 10000 };

#define N_L2 (sizeof(l2_grid) / sizeof(l2_grid[0]))

static const char *own_option(const struct learn_options *o)
{
	static const struct learn_options usual = LEARN_OPTIONS_INIT;

	return o->interactions.n                 ? "--interactions"
	       : o->choose_l2                    ? "--l2 auto"
	       : o->tolerance != usual.tolerance ? "--tolerance"
						 : NULL;
}

static int check(const struct learn_options *o, struct err *err)
{
	if (!(o->tolerance > 0 && o->tolerance < 1))
		return err_set(err, ERR_USAGE,
			       "--tolerance: expected a number above 0 and below 1");
	if (o->bins > 0 && (o->bins < 2 || o->bins > BINS_MAX))
		return err_set(err, ERR_USAGE, "--bins: expected 0 or an integer from 2 to %d",
			       BINS_MAX);
	return 0;
}

static bool needs_time(const struct learn_options *o)
{
	return o->choose_l2;
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
		int64_t a = encoding_find(e, names, (size_t)(colon - names));
		int64_t b = encoding_find(e, colon + 1, strlen(colon + 1));

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
	return why ? err_set(err, ERR_RUNTIME, "%s: --interactions %s: %s", file, names, why) : 0;
}

static struct encoding_numbers numbers(const struct learn_options *o)
{
	return o->bins > 0 ? (struct encoding_numbers){ (size_t)o->bins, .onehot = true }
			   : (struct encoding_numbers){ .clip = true };
}

static int add_interactions(struct encoding *e, const struct trainset *set,
			    const struct learn_options *o, struct err *err)
{
	for (size_t i = 0; i < o->interactions.n; i++)
		if (interact(e, o->interactions.name[i], trainset_file(set), err))
			return -1;
	/* Before a matrix of so many columns is made. */
	return logistic_check_size(matrix_width(&e->shape), err);
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

static int read_matrix(struct matrix *x, struct trainset *set, struct trainrows_span span,
		       enum trainrows_part part, const struct encoding *e, struct err *err)
{
	struct matrix_filling filling = { .matrix = x, .encoding = e };
	int rc;

	matrix_init(x, &e->shape,
		    part == TRAINROWS_LEARNT ? trainrows_count(&set->rows, span.cut) : 0);
	matrix_row_init(&filling.row, &e->shape);
	rc = trainset_visit(set, span, part, e, add_to_matrix, &filling, err);
	matrix_row_release(&filling.row);
	return rc;
}

/* The log loss of rows by a fit, summed up by weight. */
static double matrix_loss(const struct logistic *l, const struct matrix *x)
{
	struct matrix_row row;
	double loss = 0;

	matrix_row_init(&row, &x->shape);
	for (size_t i = 0; i < x->n_rows; i++) {
		matrix_get(x, i, &row);
		loss += x->weight[i] *
			logistic_loss(logistic_score(l, &x->shape, &row), x->label[i]);
	}
	matrix_row_release(&row);
	return loss;
}

/* Adds to loss[N_L2] what each penalty loses on a fold. */
static int try_l2(double *loss, const struct model *m, struct trainset *set,
		  struct trainrows_span span, const struct learn_options *options,
		  struct pool *pool, struct err *err)
{
	struct encoding e = ENCODING_INIT;
	struct matrix x = MATRIX_INIT, held = MATRIX_INIT;
	int rc = trainset_fit(set, span, numbers(options), &e, err) ||
		 add_interactions(&e, set, options, err) ||
		 read_matrix(&x, set, span, TRAINROWS_LEARNT, &e, err) ||
		 read_matrix(&held, set, span, TRAINROWS_HELD, &e, err);

	for (size_t i = 0; !rc && i < N_L2; i++) {
		const struct model_logistic *l = m->fit;
		struct logistic_options o = l->options;
		struct logistic tried = LOGISTIC_INIT;

		o.l2 = l2_grid[i];
		rc = logistic_fit(&tried, &x, &o, pool, err);
		if (!rc)
			loss[i] += matrix_loss(&tried, &held);
		logistic_release(&tried);
	}
	matrix_release(&x);
	matrix_release(&held);
	encoding_release(&e);
	return rc ? -1 : 0;
}

/* The penalty that would have lost the least. Returns 0, or -1 with err. */
static int choose_l2(double *l2, const struct model *m, struct trainset *set, int64_t until,
		     const struct learn_options *o, struct pool *pool, struct err *err)
{
	double loss[N_L2] = { 0 };
	size_t best = 0;

	for (size_t k = 1; k <= N_FOLDS_L2; k++)
		if (try_l2(loss, m, set,
			   trainrows_fold(&set->rows, until, k, N_FOLDS_L2, "--l2 auto"), o, pool,
			   err))
			return -1;
	for (size_t i = 1; i < N_L2; i++)
		if (loss[i] < loss[best])
			best = i;
	*l2 = l2_grid[best];
	return 0;
}

static int fit(struct model *m, struct trainset *set, struct trainrows_span span,
	       const struct learn_options *o, struct pool *pool, struct err *err)
{
	const struct logistic_options usual = LOGISTIC_OPTIONS_INIT;
	struct model_logistic *l = m->fit;
	struct matrix x = MATRIX_INIT;
	int rc;

	l->options = usual;
	l->options.l2 = o->l2;
	l->options.tolerance = o->tolerance;
	l->l2_chosen = o->choose_l2;
	rc = (o->choose_l2 && choose_l2(&l->options.l2, m, set, span.cut, o, pool, err)) ||
	     add_interactions(&m->encoding, set, o, err) ||
	     read_matrix(&x, set, span, TRAINROWS_LEARNT, &m->encoding, err) ||
	     logistic_fit(&l->fit, &x, &l->options, pool, err);
	matrix_release(&x);
	return rc ? -1 : 0;
}

static void warn(struct warnings *w, const char *of, const struct model *m)
{
	const struct model_logistic *l = m->fit;

	if (!l->fit.converged)
		warnings_add(w, "%snot converged after %d iterations: the gradient is %g, %s", of,
			     l->fit.iterations, l->fit.gradient,
			     l->fit.gradient < ROUNDING
				     ? "as small as doubles allow, but above --tolerance"
				     : "which is not the optimum; try a larger --l2");
}

static void put_summary(struct buf *lines, const struct model *m)
{
	const struct model_logistic *l = m->fit;

	buf_printf(lines, "%zu coefficients, %d iterations, objective %.10g, gradient %.3g\n",
		   l->fit.n, l->fit.iterations, l->fit.objective, l->fit.gradient);
}

const struct trainer trainer_logistic = {
	.learner = &learner_logistic,
	.own_option = own_option,
	.check = check,
	.numbers = numbers,
	.needs_time = needs_time,
	.fit = fit,
	.warn = warn,
	.put_summary = put_summary,
};
