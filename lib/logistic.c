#include "logistic.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The order of the parameters here, in every vector and along both sides of the Hessian:
 *
 *	0 ... n_dense-1	  the dense columns
 *	n_dense		  the intercept, a dense column that is 1 in every row
 *	... width-1	  zeros up to a whole tile, whose parameters stay 0
 *	width ... n-1	  the one-hot columns
 *
 * The Hessian is n x n, row-major, and only its lower triangle counts.
 */
struct problem {
	const struct matrix *x;
	double l2;
	double weight; /* of all rows */
	size_t width, n;
	double *curvature; /* [n_rows] c p (1 - p), at the last point evaluated */
};

/* Rows that are gathered before they go into the Hessian: their block of numbers stays in L1. */
#define BLOCK ((size_t)64)
/* Side of a square of the Hessian whose sums stay in registers while a block runs by. */
#define TILE ((size_t)4)

#define MAX_HALVINGS       40
#define ARMIJO             1e-4
#define FIRST_DAMPING      1e-10
#define LAST_DAMPING       1e6
#define SMALLEST_PIVOT     1e-13 /* of the diagonal element: less is rounding */
#define OBJECTIVE_ROUNDING 1e-13

/* The dot product of n doubles; four sums at a time, which do not wait for one another. */
static double dot(const double *a, const double *b, size_t n)
{
	double sum[4] = { 0 };
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		for (size_t k = 0; k < 4; k++)
			sum[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum[0] += a[i] * b[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double row_score(const struct problem *p, size_t row, const double *w)
{
	const struct matrix *x = p->x;
	const float *v = matrix_dense(x, row);
	double sum[4] = { w[x->n_dense], 0, 0, 0 };
	size_t j = 0;

	for (; j + 4 <= x->n_dense; j += 4)
		for (size_t k = 0; k < 4; k++)
			sum[k] += w[j + k] * (double)v[j + k];
	for (; j < x->n_dense; j++)
		sum[1] += w[j] * (double)v[j];
	for (size_t a = x->start[row]; a < x->start[row + 1]; a++)
		sum[2] += w[p->width + x->active[a]];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* gradient += residual * row. */
static void add_row(const struct problem *p, size_t row, double residual, double *gradient)
{
	const struct matrix *x = p->x;
	const float *v = matrix_dense(x, row);

	for (size_t j = 0; j < x->n_dense; j++)
		gradient[j] += residual * (double)v[j];
	gradient[x->n_dense] += residual;
	for (size_t a = x->start[row]; a < x->start[row + 1]; a++)
		gradient[p->width + x->active[a]] += residual;
}

/* The objective at w; sets gradient[n], and the curvature of each row. */
static double evaluate(const struct problem *p, const double *w, double *gradient)
{
	const struct matrix *x = p->x;
	double loss = 0, penalty = 0;

	memset(gradient, 0, p->n * sizeof(*gradient));
	for (size_t i = 0; i < x->n_rows; i++) {
		double score = row_score(p, i, w), c = x->weight[i];
		double e = exp(-fabs(score)), small = e / (1 + e);
		double probability = score < 0 ? small : 1 - small;
		double label = x->label[i];
		/* The margin by which the row is on the wrong side, or 0. */
		double wrong = (score < 0) == (label > 0) ? fabs(score) : 0;
		/* 1 - p of a row with label 1 would cancel where p is close to 1. */
		double residual = label > 0 ? (score < 0 ? small - 1 : -small) : probability;

		loss += c * (log1p(e) + wrong);
		p->curvature[i] = c * small / (1 + e);
		add_row(p, i, c * residual, gradient);
	}
	for (size_t j = 0; j < p->n; j++) {
		if (j >= x->n_dense && j < p->width)
			continue;
		penalty += w[j] * w[j];
		gradient[j] += p->l2 * w[j];
	}
	return loss + p->l2 / 2 * penalty;
}

/*
 * out[TILE][TILE] (of rows `stride` apart) += A'B, where A and B are `n` rows of TILE numbers each,
 * `width` apart.
 */
static void add_tile(double *out, size_t stride, const double *a, const double *b, size_t width,
		     size_t n)
{
	double sum[TILE][TILE] = { { 0 } };

	for (size_t i = 0; i < n; i++, a += width, b += width)
/* Unrolled, the sums stay in registers; at -O2 the compiler does not see to that. */
#pragma GCC unroll 4
		for (size_t r = 0; r < TILE; r++)
#pragma GCC unroll 4
			for (size_t c = 0; c < TILE; c++)
				sum[r][c] += a[r] * b[c];
	for (size_t r = 0; r < TILE; r++)
		for (size_t c = 0; c < TILE; c++)
			out[r * stride + c] += sum[r][c];
}

/* block[n * width]: the dense part of n rows, each times the root of its curvature. */
static void fill_block(const struct problem *p, size_t first, size_t n, double *block)
{
	const struct matrix *x = p->x;

	for (size_t i = 0; i < n; i++) {
		const float *v = matrix_dense(x, first + i);
		double *out = block + i * p->width;
		double root = sqrt(p->curvature[first + i]);

		for (size_t j = 0; j < x->n_dense; j++)
			out[j] = root * (double)v[j];
		out[x->n_dense] = root;
		memset(out + x->n_dense + 1, 0, (p->width - x->n_dense - 1) * sizeof(*out));
	}
}

/* What a row's active columns add: themselves times the dense part, and each pair of them. */
static void add_active(const struct problem *p, size_t row, const double *scaled, double *hessian)
{
	const struct matrix *x = p->x;
	double curvature = p->curvature[row], root = sqrt(curvature);

	for (size_t a = x->start[row]; a < x->start[row + 1]; a++) {
		double *out = hessian + (p->width + x->active[a]) * p->n;

		for (size_t j = 0; j < p->width; j += TILE)
			for (size_t k = 0; k < TILE; k++)
				out[j + k] += root * scaled[j + k];
		for (size_t b = x->start[row]; b <= a; b++) {
			uint32_t i = x->active[a], j = x->active[b];

			if (i >= j)
				hessian[(p->width + i) * p->n + p->width + j] += curvature;
			else
				hessian[(p->width + j) * p->n + p->width + i] += curvature;
		}
	}
}

/* The Hessian at the point that was evaluated last. */
static void compute_hessian(const struct problem *p, double *hessian)
{
	const struct matrix *x = p->x;
	double *block = mem_alloc(BLOCK * p->width, sizeof(*block));

	memset(hessian, 0, p->n * p->n * sizeof(*hessian));
	for (size_t first = 0; first < x->n_rows; first += BLOCK) {
		size_t n = x->n_rows - first < BLOCK ? x->n_rows - first : BLOCK;

		fill_block(p, first, n, block);
		for (size_t r = 0; r < p->width; r += TILE)
			for (size_t c = 0; c <= r; c += TILE)
				add_tile(hessian + r * p->n + c, p->n, block + r, block + c,
					 p->width, n);
		for (size_t i = 0; i < n; i++)
			add_active(p, first + i, block + i * p->width, hessian);
	}
	for (size_t j = 0; j < p->n; j++)
		if (j > x->n_dense && j < p->width)
			hessian[j * p->n + j] = 1;
		else if (j != x->n_dense)
			hessian[j * p->n + j] += p->l2;
	free(block);
}

/*
 * The Cholesky factor of the Hessian, its diagonal raised by the share `damping` of itself, into
 * the lower triangle of factor[n * n] (Golub & Van Loan, Matrix Computations, section 4.2). Returns
 * whether the matrix is positive definite.
 */
static bool factorise(const double *hessian, size_t n, double damping, double *factor)
{
	for (size_t i = 0; i < n; i++) {
		double *row = factor + i * n;
		double diagonal = hessian[i * n + i], pivot;

		for (size_t j = 0; j < i; j++) {
			const double *other = factor + j * n;

			row[j] = (hessian[i * n + j] - dot(row, other, j)) / other[j];
		}
		/* A column without rows has no curvature: any positive number keeps it at 0. */
		diagonal = diagonal > 0 || damping == 0 ? diagonal * (1 + damping) : damping;
		pivot = diagonal - dot(row, row, i);
		if (!(pivot > SMALLEST_PIVOT * diagonal))
			return false;
		row[i] = sqrt(pivot);
	}
	return true;
}

/* Solves L L' step = -gradient. */
static void solve(const double *factor, size_t n, const double *gradient, double *step)
{
	for (size_t i = 0; i < n; i++)
		step[i] = (-gradient[i] - dot(factor + i * n, step, i)) / factor[i * n + i];
	for (size_t i = n; i-- > 0;) {
		const double *row = factor + i * n;

		step[i] /= row[i];
		for (size_t j = 0; j < i; j++)
			step[j] -= row[j] * step[i];
	}
}

static double max_norm(const double *v, size_t n)
{
	double max = 0;

	for (size_t i = 0; i < n; i++)
		if (!(fabs(v[i]) <= max)) /* a NaN gets through */
			max = fabs(v[i]);
	return max;
}

/* The vectors and matrices of the iteration. */
struct state {
	double *w, *gradient, *trial, *trial_gradient, *step; /* [n] */
	double *hessian, *factor;                             /* [n * n] */
	double objective;
};

static void swap(double **a, double **b)
{
	double *t = *a;

	*a = *b;
	*b = t;
}

/* Goes along s->step as far as Armijo's condition allows. Returns false if nowhere. */
static bool search(const struct problem *p, struct state *s)
{
	double slope = dot(s->gradient, s->step, p->n);
	double length = 1;

	for (int i = 0; i < MAX_HALVINGS; i++, length /= 2) {
		double objective;

		for (size_t j = 0; j < p->n; j++)
			s->trial[j] = s->w[j] + length * s->step[j];
		objective = evaluate(p, s->trial, s->trial_gradient);
		if (objective <= s->objective + ARMIJO * length * slope +
					 OBJECTIVE_ROUNDING * fabs(s->objective)) {
			swap(&s->w, &s->trial);
			swap(&s->gradient, &s->trial_gradient);
			s->objective = objective;
			return true;
		}
	}
	return false;
}

/* One Newton step, damped as little as will do. Returns false if no step lowers the objective. */
static bool newton_step(const struct problem *p, struct state *s)
{
	compute_hessian(p, s->hessian);
	for (double damping = 0; damping <= LAST_DAMPING;
	     damping = damping > 0 ? damping * 100 : FIRST_DAMPING) {
		if (!factorise(s->hessian, p->n, damping, s->factor))
			continue;
		solve(s->factor, p->n, s->gradient, s->step);
		if (search(p, s))
			return true;
	}
	return false;
}

static void minimise(struct logistic *fit, const struct problem *p, struct state *s,
		     const struct logistic_options *options)
{
	s->objective = evaluate(p, s->w, s->gradient);
	for (fit->iterations = 0;; fit->iterations++) {
		fit->gradient = max_norm(s->gradient, p->n) / p->weight;
		fit->converged = fit->gradient <= options->tolerance;
		if (fit->converged || fit->iterations == options->max_iterations ||
		    !newton_step(p, s))
			break;
	}
	fit->objective = s->objective;
}

/* The best constant: the log odds of the weighted label. A single class has no finite one. */
static double start_intercept(const struct problem *p)
{
	double positive = 0;

	for (size_t i = 0; i < p->x->n_rows; i++)
		if (p->x->label[i])
			positive += p->x->weight[i];
	return positive > 0 && positive < p->weight ? log(positive / (p->weight - positive)) : 0;
}

static void take_fit(struct logistic *fit, const struct problem *p, const double *w)
{
	size_t n_dense = p->x->n_dense, n_onehot = p->x->n_onehot;

	fit->intercept = w[n_dense];
	fit->n = n_dense + n_onehot;
	fit->coef = mem_zalloc(fit->n, sizeof(*fit->coef));
	fit->se = mem_zalloc(fit->n, sizeof(*fit->coef));
	memcpy(fit->coef, w, n_dense * sizeof(*w));
	memcpy(fit->coef + n_dense, w + p->width, n_onehot * sizeof(*w));
}

int logistic_fit(struct logistic *fit, const struct matrix *x,
		 const struct logistic_options *options, struct pool *pool, struct err *err)
{
	struct problem p = { .x = x, .l2 = options->l2 };
	struct state s = { 0 };
	double *vectors;

	(void)pool;
	if (!x->n_rows)
		return err_set(err, ERR_RUNTIME, "no rows to learn from");
	if ((size_t)x->n_dense + x->n_onehot > LOGISTIC_COEFFICIENTS_MAX)
		return err_set(err, ERR_RUNTIME,
			       "%zu coefficients: Newton's method takes at most %d (use --ignore)",
			       (size_t)x->n_dense + x->n_onehot, LOGISTIC_COEFFICIENTS_MAX);
	*fit = (struct logistic)LOGISTIC_INIT;
	p.width = (x->n_dense + 1 + TILE - 1) / TILE * TILE;
	p.n = p.width + x->n_onehot;
	p.curvature = mem_alloc(x->n_rows, sizeof(*p.curvature));
	for (size_t i = 0; i < x->n_rows; i++)
		p.weight += x->weight[i];
	vectors = mem_zalloc(5 * p.n, sizeof(*vectors));
	s = (struct state){ .w = vectors,
			    .gradient = vectors + p.n,
			    .trial = vectors + 2 * p.n,
			    .trial_gradient = vectors + 3 * p.n,
			    .step = vectors + 4 * p.n,
			    .hessian = mem_alloc(p.n * p.n, sizeof(double)),
			    .factor = mem_alloc(p.n * p.n, sizeof(double)) };
	s.w[x->n_dense] = start_intercept(&p);
	minimise(fit, &p, &s, options);
	take_fit(fit, &p, s.w);
	free(vectors);
	free(s.hessian);
	free(s.factor);
	free(p.curvature);
	return 0;
}

double logistic_score(const struct logistic *fit, const double *dense, size_t n_dense,
		      const uint32_t *active, size_t n_active)
{
	double score = fit->intercept + dot(fit->coef, dense, n_dense);

	for (size_t a = 0; a < n_active; a++)
		score += fit->coef[n_dense + active[a]];
	return score;
}

double logistic_probability(double score)
{
	double e = exp(-fabs(score));

	return score < 0 ? e / (1 + e) : 1 / (1 + e);
}

void logistic_release(struct logistic *fit)
{
	free(fit->coef);
	free(fit->se);
	*fit = (struct logistic)LOGISTIC_INIT;
}
