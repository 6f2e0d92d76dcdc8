#include "check.h"
#include "learn/logistic.h"

#include <float.h>
#include <stdlib.h>

static double uniform(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*state >> 11) / 9007199254740992.0;
}

static void init(struct matrix *m, uint32_t n_dense, uint32_t n_onehot, size_t n_rows)
{
	matrix_init(m, &(struct matrix_shape){ .dense = n_dense, .onehot = n_onehot }, n_rows);
}

/* A row without sparse columns, of at most one number and two active columns. */
static void add(struct matrix *m, const double *dense, const uint32_t *active, size_t n_active,
		int label, double weight)
{
	double number = dense ? *dense : 0;
	uint32_t copy[2];
	const struct matrix_row row = { .dense = &number, .active = copy, .n_active = n_active };

	for (size_t a = 0; a < n_active; a++)
		copy[a] = active[a];
	matrix_add(m, &row, label, weight);
}

/*
 * Random rows: n_dense numbers, two categories of three levels, numbers in one of three and in one
 * of two sparse columns, labels that follow a true model.
 */
static void fill(struct matrix *m, uint32_t n_dense, size_t n, double spread, uint64_t seed)
{
	const struct matrix_shape shape = {
		.dense = n_dense, .onehot = 6, .sparse = 5, .active = 2, .entries = 2
	};
	struct matrix_row row;

	matrix_init(m, &shape, n);
	matrix_row_init(&row, &shape);
	for (size_t i = 0; i < n; i++) {
		double score;

		row.active[0] = (uint32_t)(3 * uniform(&seed));
		row.active[1] = 3 + (uint32_t)(3 * uniform(&seed));
		row.n_active = i % 5 ? 2 : 1;
		row.column[0] = (uint32_t)(3 * uniform(&seed));
		row.column[1] = 3 + (uint32_t)(2 * uniform(&seed));
		for (int k = 0; k < 2; k++)
			row.value[k] = i % 7 ? spread * (uniform(&seed) - 0.5) : 0;
		score = 0.7 * row.active[0] - 0.5 * (row.active[1] - 3) - 0.3 +
			row.value[0] * row.column[0] / spread;
		for (uint32_t j = 0; j < n_dense; j++) {
			row.dense[j] = spread * (uniform(&seed) + uniform(&seed) - 1);
			score += row.dense[j] * (j % 3 - 0.8) / spread;
		}
		matrix_add(m, &row, uniform(&seed) < logistic_probability(score),
			   0.5 + (double)(i % 3));
	}
	matrix_row_release(&row);
}

/* Score and gradient as they stand in the header, written out anew. */
static double naive_score(const struct matrix *m, size_t i, const struct logistic *fit)
{
	double score = fit->intercept;

	for (uint32_t j = 0; j < m->shape.dense; j++)
		score += fit->coef[j] * (double)m->dense[i * m->shape.dense + j];
	for (size_t a = m->start[i]; a < m->start[i + 1]; a++)
		score += fit->coef[m->shape.dense + m->active[a]];
	for (size_t k = 2 * i; m->shape.entries && k < 2 * i + 2; k++)
		score += fit->coef[m->shape.dense + 6 + m->column[k]] * (double)m->value[k];
	return score;
}

static double naive_objective(const struct matrix *m, const struct logistic *fit, double l2)
{
	double f = 0;

	for (size_t i = 0; i < m->n_rows; i++) {
		double score = naive_score(m, i, fit);

		f += m->weight[i] * log1p(exp(m->label[i] ? -score : score));
	}
	for (size_t j = 0; j < fit->n; j++)
		f += l2 / 2 * fit->coef[j] * fit->coef[j];
	return f;
}

/* The largest component of the gradient over the sum of the weights. */
static double naive_gradient(const struct matrix *m, const struct logistic *fit, double l2)
{
	double *g = calloc(fit->n + 1, sizeof(*g)), total = 0, max = 0;

	for (size_t i = 0; i < m->n_rows; i++) {
		double r = 1 / (1 + exp(-naive_score(m, i, fit))) - m->label[i];

		r *= m->weight[i];
		total += m->weight[i];
		g[fit->n] += r;
		for (uint32_t j = 0; j < m->shape.dense; j++)
			g[j] += r * (double)m->dense[i * m->shape.dense + j];
		for (size_t a = m->start[i]; a < m->start[i + 1]; a++)
			g[m->shape.dense + m->active[a]] += r;
		for (size_t k = 2 * i; m->shape.entries && k < 2 * i + 2; k++)
			g[m->shape.dense + 6 + m->column[k]] += r * (double)m->value[k];
	}
	for (size_t j = 0; j <= fit->n; j++) {
		if (j < fit->n)
			g[j] += l2 * fit->coef[j];
		max = fmax(max, fabs(g[j]));
	}
	free(g);
	return max / total;
}

static struct logistic fit_to(const struct matrix *m, double l2)
{
	struct logistic_options options = LOGISTIC_OPTIONS_INIT;
	struct logistic fit = LOGISTIC_INIT;
	struct err err = ERR_INIT;

	options.l2 = l2;
	CHECK_INT(logistic_fit(&fit, m, &options, NULL, &err), 0);
	CHECK(isfinite(fit.intercept) && isfinite(fit.objective));
	for (size_t j = 0; j < fit.n; j++)
		CHECK(isfinite(fit.coef[j]));
	return fit;
}

static void gradient_is_zero_at_the_optimum(void)
{
	const double penalties[] = { 0, 1e-6, 1, 100, 1e9 };

	/* Widths around the tile, rows around the block. */
	for (uint32_t n_dense = 0; n_dense < 10; n_dense++)
		for (size_t p = 0; p < sizeof(penalties) / sizeof(penalties[0]); p++) {
			struct matrix m = MATRIX_INIT;
			struct logistic fit;

			fill(&m, n_dense, 250 + 13 * n_dense, 1, n_dense + 1);
			fit = fit_to(&m, penalties[p]);
			CHECK(fit.converged);
			CHECK_INT(fit.n, n_dense + 11);
			CHECK(naive_gradient(&m, &fit, penalties[p]) < 1.1e-10);
			CHECK_NEAR(fit.objective, naive_objective(&m, &fit, penalties[p]),
				   1e-9 * fit.objective);
			logistic_release(&fit);
			matrix_release(&m);
		}
}

static void no_other_point_is_better(void)
{
	struct matrix m = MATRIX_INIT;
	struct logistic fit;
	double best;

	fill(&m, 5, 400, 1, 3);
	fit = fit_to(&m, 0.5);
	best = naive_objective(&m, &fit, 0.5);
	for (size_t j = 0; j < fit.n; j++)
		for (int side = -1; side <= 1; side += 2) {
			fit.coef[j] += side * 1e-3;
			CHECK(naive_objective(&m, &fit, 0.5) > best);
			fit.coef[j] -= side * 1e-3;
		}
	logistic_release(&fit);
	matrix_release(&m);
}

/* Without columns the intercept is the log odds; a column per group gives each its rate. */
static void solves_by_hand(void)
{
	struct matrix m = MATRIX_INIT;
	struct logistic fit;
	uint32_t groups[2] = { 0, 1 };

	init(&m, 0, 0, 0);
	for (int i = 0; i < 8; i++)
		add(&m, NULL, NULL, 0, i < 2, 1);
	fit = fit_to(&m, 1);
	CHECK_NEAR(fit.intercept, log(2.0 / 6.0), 1e-8);
	CHECK_NEAR(logistic_probability(fit.intercept), 0.25, 1e-8);
	CHECK_NEAR(fit.objective, -2 * log(0.25) - 6 * log(0.75), 1e-8);
	logistic_release(&fit);
	matrix_release(&m);

	/* Group 0: 1 of 4; group 1: 3 of 5; a third column is never active. No penalty. */
	init(&m, 0, 3, 0);
	for (int i = 0; i < 9; i++)
		add(&m, NULL, &groups[i >= 4], 1, i == 0 || i > 5, 1);
	fit = fit_to(&m, 0);
	CHECK_NEAR(logistic_probability(fit.intercept + fit.coef[0]), 0.25, 1e-7);
	CHECK_NEAR(logistic_probability(fit.intercept + fit.coef[1]), 0.6, 1e-7);
	CHECK(fit.coef[2] == 0);
	logistic_release(&fit);
	matrix_release(&m);
}

/*
 * Two rows, x = 1 labelled 1 and x = -1 labelled 0: by symmetry b = 0, and w solves
 * l2 w = 2 / (1 + exp(w)).
 */
static void converges_where_classes_are_apart(void)
{
	const double penalties[] = { 100, 1, 1e-3, 1e-9 };
	struct matrix m = MATRIX_INIT;
	struct logistic fit;
	double plus = 1, minus = -1;

	init(&m, 1, 0, 2);
	add(&m, &plus, NULL, 0, 1, 1);
	add(&m, &minus, NULL, 0, 0, 1);
	for (size_t p = 0; p < 4; p++) {
		fit = fit_to(&m, penalties[p]);
		CHECK(fit.converged);
		CHECK_NEAR(fit.intercept, 0, 1e-7);
		CHECK_NEAR(penalties[p] * fit.coef[0], 2 / (1 + exp(fit.coef[0])), 3e-8);
		logistic_release(&fit);
	}
	/* Without a penalty there is no optimum: the answer is finite and on the right side. */
	fit = fit_to(&m, 0);
	CHECK(fit.coef[0] > 10);
	logistic_release(&fit);
	matrix_release(&m);
}

static void bad_scales_converge(void)
{
	const double spreads[] = { 1e-6, 1e3, 1e6 };

	for (int i = 0; i < 3; i++) {
		struct matrix m = MATRIX_INIT;
		struct logistic fit;

		fill(&m, 3, 500, spreads[i], 11);
		fit = fit_to(&m, 1e-12);
		/* The gradient of a column is in its units. */
		CHECK(naive_gradient(&m, &fit, 1e-12) < 1e-8 * fmax(1, spreads[i]));
		logistic_release(&fit);
		matrix_release(&m);
	}
}

static void weight_is_repetition(void)
{
	struct matrix once = MATRIX_INIT, often = MATRIX_INIT;
	struct logistic a, b;
	uint64_t state = 5;

	init(&once, 1, 2, 0);
	init(&often, 1, 2, 0);
	for (int i = 0; i < 100; i++) {
		double x = uniform(&state);
		uint32_t active = uniform(&state) < 0.5;
		int label = uniform(&state) < x, n = 1 + i % 3;

		add(&once, &x, &active, 1, label, n);
		while (n--)
			add(&often, &x, &active, 1, label, 1);
	}
	a = fit_to(&once, 1);
	b = fit_to(&often, 1);
	CHECK_NEAR(a.intercept, b.intercept, 1e-7);
	for (size_t j = 0; j < 3; j++)
		CHECK_NEAR(a.coef[j], b.coef[j], 1e-7);
	logistic_release(&a);
	logistic_release(&b);
	matrix_release(&once);
	matrix_release(&often);
}

static void the_same_matrix_makes_the_same_bits(void)
{
	struct matrix m = MATRIX_INIT;
	struct logistic a, b;

	fill(&m, 7, 1000, 1, 17);
	a = fit_to(&m, 1);
	b = fit_to(&m, 1);
	CHECK(!memcmp(a.coef, b.coef, a.n * sizeof(*a.coef)) && a.intercept == b.intercept);
	logistic_release(&a);
	logistic_release(&b);
	matrix_release(&m);
}

static void threads_make_the_same_bits(void)
{
	struct matrix m = MATRIX_INIT;
	struct logistic a = LOGISTIC_INIT, b = LOGISTIC_INIT;
	struct logistic_options options = LOGISTIC_OPTIONS_INIT;
	struct err err = ERR_INIT;

	fill(&m, 7, 20000, 1, 5);
	CHECK_INT(logistic_fit(&a, &m, &options, NULL, &err), 0);
	CHECK(naive_gradient(&m, &a, options.l2) < 1.1e-10);
	for (int threads = 2; threads <= 7; threads += 5) {
		struct pool *pool = pool_new(threads);

		CHECK_INT(logistic_fit(&b, &m, &options, pool, &err), 0);
		CHECK(!memcmp(a.coef, b.coef, a.n * sizeof(*a.coef)) && a.intercept == b.intercept);
		CHECK(!memcmp(a.se, b.se, a.n * sizeof(*a.se)) && a.intercept_se == b.intercept_se);
		logistic_release(&b);
		pool_free(pool);
	}
	logistic_release(&a);
	matrix_release(&m);
}

/* By hand: of a share, of a difference of log odds; none where columns are collinear. */
static void standard_errors(void)
{
	struct matrix m = MATRIX_INIT;
	struct logistic fit;
	uint32_t active[2] = { 0, 1 };

	init(&m, 0, 0, 0);
	for (int i = 0; i < 8; i++)
		add(&m, NULL, NULL, 0, i < 2, 1);
	fit = fit_to(&m, 1);
	CHECK_NEAR(fit.intercept_se, 1 / sqrt(8 * 0.25 * 0.75), 1e-8);
	logistic_release(&fit);
	matrix_release(&m);

	/* 1 of 4 without the column, 3 of 5 with it. */
	init(&m, 0, 1, 0);
	for (int i = 0; i < 9; i++)
		add(&m, NULL, active, i >= 4, i == 0 || i > 5, 1);
	fit = fit_to(&m, 0);
	CHECK_NEAR(fit.intercept_se, 1 / sqrt(4 * 0.25 * 0.75), 1e-7);
	CHECK_NEAR(fit.se[0], sqrt(1 / (4 * 0.25 * 0.75) + 1 / (5 * 0.6 * 0.4)), 1e-7);
	logistic_release(&fit);
	matrix_release(&m);

	init(&m, 0, 2, 0);
	for (int i = 0; i < 9; i++)
		add(&m, NULL, active, i >= 4 ? 2 : 0, i == 0 || i > 5, 1);
	fit = fit_to(&m, 0);
	CHECK(isinf(fit.se[0]) && isinf(fit.se[1]));
	logistic_release(&fit);
	fit = fit_to(&m, 1);
	CHECK(isfinite(fit.se[0]) && isfinite(fit.se[1]));
	logistic_release(&fit);
	matrix_release(&m);
}

static void stops_where_it_is_told(void)
{
	struct logistic_options options = { .l2 = 1, .tolerance = 1e-300, .max_iterations = 2 };
	struct logistic fit = LOGISTIC_INIT;
	struct matrix m = MATRIX_INIT;
	struct err err = ERR_INIT;

	fill(&m, 3, 300, 1, 1);
	CHECK_INT(logistic_fit(&fit, &m, &options, NULL, &err), 0);
	CHECK(!fit.converged);
	CHECK_INT(fit.iterations, 2);
	CHECK(fit.gradient > 0);
	logistic_release(&fit);
	matrix_release(&m);
}

static void refuses_what_it_cannot_fit(void)
{
	struct logistic_options options = LOGISTIC_OPTIONS_INIT;
	struct logistic fit = LOGISTIC_INIT;
	struct matrix m = MATRIX_INIT;
	struct err err = ERR_INIT;

	init(&m, 1, 1, 0);
	CHECK_INT(logistic_fit(&fit, &m, &options, NULL, &err), -1);
	CHECK_STR(err.message, "no rows to train on");
	matrix_release(&m);
	init(&m, 0, LOGISTIC_COEFFICIENTS_MAX + 1, 0);
	add(&m, NULL, NULL, 0, 1, 1);
	CHECK_INT(logistic_fit(&fit, &m, &options, NULL, &err), -1);
	CHECK(strstr(err.message, "2001 coefficients"));
	matrix_release(&m);
}

static void probability_is_stable(void)
{
	CHECK(logistic_probability(0) == 0.5);
	CHECK(logistic_probability(1e30) == 1);
	CHECK(logistic_probability(-1e30) == 0);
	CHECK(logistic_probability(-700) == exp(-700));
	CHECK(logistic_probability(36) < 1);
	for (double s = -40; s < 40; s += 0.37) {
		CHECK_NEAR(logistic_probability(s), 1 / (1 + exp(-s)), 4 * DBL_EPSILON);
		CHECK_NEAR(logistic_probability(s) + logistic_probability(-s), 1, DBL_EPSILON);
	}
}

int main(void)
{
	RUN(gradient_is_zero_at_the_optimum);
	RUN(no_other_point_is_better);
	RUN(solves_by_hand);
	RUN(converges_where_classes_are_apart);
	RUN(bad_scales_converge);
	RUN(weight_is_repetition);
	RUN(the_same_matrix_makes_the_same_bits);
	RUN(threads_make_the_same_bits);
	RUN(standard_errors);
	RUN(stops_where_it_is_told);
	RUN(refuses_what_it_cannot_fit);
	RUN(probability_is_stable);
	return CHECK_DONE();
}
