#include "learn/logistic.h"

#include "base/mem.h"
#include "base/small.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The order of the parameters here, in every vector and along both sides of the Hessian:
 *
 *	0 ... n_dense-1	  the dense columns
 *	n_dense		  the intercept, a dense column that is 1 in every row
 *	... width-1	  zeros up to a whole tile, whose parameters stay 0
 *	width ... n-1	  the one-hot columns, then the sparse ones
 *
 * The Hessian is n x n, row-major, and only its lower triangle counts.
 *
 * The rows are cut into parts, which threads work on; each part has sums of its own, which are
 * added up in order. How many parts there are depends on the matrix alone: so do the bits.
 */
struct problem {
	const struct matrix *x;
	struct pool *pool;
	double l2;
	double weight;           /* of all rows */
	size_t width, sparse, n; /* see above; the first sparse column */
	double *curvature;       /* [n_rows] c p (1 - p), at the last point evaluated */

	size_t n_parts;      /* of an evaluation */
	double *part_loss;   /* [n_parts] */
	double *part_vector; /* [n_parts * n] */
	size_t n_squares;    /* parts of a Hessian */
	double *part_square; /* [(n_squares - 1) * n * n]: of the parts but the first */
};

#define INLINE static inline __attribute__((always_inline))

/* Numbers that are added side by side; any processor has an order for them, the same one. */
#define LANES ((size_t)4)
typedef double lanes __attribute__((vector_size(32)));

/* Rows that are gathered before they go into the Hessian: their block of numbers stays in L1. */
#define BLOCK ((size_t)64)
/* Side of a square of the Hessian whose sums stay in registers while a block runs by. */
#define TILE LANES

#define PARTS_MAX      ((size_t)64)
#define PART_ROWS      SMALL((size_t)1024, 16) /* fewer are not worth a part */
#define SQUARES_MAX    ((size_t)16)
#define SQUARES_MEMORY ((size_t)64 * 1024 * 1024)

#define MAX_HALVINGS       40
#define ARMIJO             1e-4
#define FIRST_DAMPING      1e-10
#define LAST_DAMPING       1e6
#define SMALLEST_PIVOT     1e-13 /* of the diagonal element: less is rounding */
#define OBJECTIVE_ROUNDING 1e-13

/* Lanes anywhere in an array. */
typedef double lanes_at __attribute__((vector_size(32), aligned(8), may_alias));
typedef float narrow_lanes_at __attribute__((vector_size(16), aligned(4), may_alias));

#define LANES_AT(v)       (*(lanes_at *)(v))
#define CONST_LANES_AT(v) (*(const lanes_at *)(v))
#define FLOAT_LANES_AT(v) __builtin_convertvector(*(const narrow_lanes_at *)(v), lanes)

INLINE double sum_of(const lanes *l)
{
	return ((*l)[0] + (*l)[1]) + ((*l)[2] + (*l)[3]);
}

/* The dot product of n doubles. */
INLINE double dot_inline(const double *a, const double *b, size_t n)
{
	lanes sum = { 0 };
	double rest = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		sum += CONST_LANES_AT(a + i) * CONST_LANES_AT(b + i);
	for (; i < n; i++)
		rest += a[i] * b[i];
	return sum_of(&sum) + rest;
}

INLINE double row_score(const struct problem *p, size_t row, const double *w)
{
	const struct matrix *x = p->x;
	const float *v = matrix_dense(x, row);
	double rest = w[x->shape.dense];
	lanes sum = { 0 };
	size_t j = 0;

	for (; j + LANES <= x->shape.dense; j += LANES)
		sum += CONST_LANES_AT(w + j) * FLOAT_LANES_AT(v + j);
	for (; j < x->shape.dense; j++)
		rest += w[j] * (double)v[j];
	for (size_t a = x->start[row]; a < x->start[row + 1]; a++)
		rest += w[p->width + x->active[a]];
	for (size_t k = row * x->shape.entries; k < (row + 1) * x->shape.entries; k++)
		rest += w[p->sparse + x->column[k]] * (double)x->value[k];
	return sum_of(&sum) + rest;
}

/* gradient += residual * row. */
INLINE void add_row(const struct problem *p, size_t row, double residual, double *gradient)
{
	const struct matrix *x = p->x;
	const float *v = matrix_dense(x, row);
	size_t j = 0;

	for (; j + LANES <= x->shape.dense; j += LANES)
		LANES_AT(gradient + j) += residual * FLOAT_LANES_AT(v + j);
	for (; j < x->shape.dense; j++)
		gradient[j] += residual * (double)v[j];
	gradient[x->shape.dense] += residual;
	for (size_t a = x->start[row]; a < x->start[row + 1]; a++)
		gradient[p->width + x->active[a]] += residual;
	for (size_t k = row * x->shape.entries; k < (row + 1) * x->shape.entries; k++)
		gradient[p->sparse + x->column[k]] += residual * (double)x->value[k];
}

static size_t part_start(size_t part, size_t n_parts, size_t n_rows)
{
	return n_rows / n_parts * part + n_rows % n_parts * part / n_parts;
}

/* A point that is evaluated. */
struct evaluation {
	const struct problem *p;
	const double *w;
};

/* The loss and the gradient of a part, and the curvature of its rows. */
INLINE void evaluate_rows(const struct evaluation *e, size_t part)
{
	const struct problem *p = e->p;
	const struct matrix *x = p->x;
	double *gradient = p->part_vector + part * p->n, loss = 0;
	size_t end = part_start(part + 1, p->n_parts, x->n_rows);

	memset(gradient, 0, p->n * sizeof(*gradient));
	for (size_t i = part_start(part, p->n_parts, x->n_rows); i < end; i++) {
		double score = row_score(p, i, e->w), c = x->weight[i];
		double tail = exp(-fabs(score)), small = tail / (1 + tail);
		double probability = score < 0 ? small : 1 - small;
		double label = x->label[i];
		/* The margin by which the row is on the wrong side, or 0. */
		double wrong = (score < 0) == (label > 0) ? fabs(score) : 0;
		/* 1 - p of a row with label 1 would cancel where p is close to 1. */
		double residual = label > 0 ? (score < 0 ? small - 1 : -small) : probability;

		loss += c * (log1p(tail) + wrong);
		p->curvature[i] = c * small / (1 + tail);
		add_row(p, i, c * residual, gradient);
	}
	p->part_loss[part] = loss;
}

/*
 * out[TILE][TILE] (of rows `stride` apart) += A'B, where A and B are `n` rows of TILE numbers each,
 * `width` apart.
 */
INLINE void add_tile(double *out, size_t stride, const double *a, const double *b, size_t width,
		     size_t n)
{
	lanes sum[TILE] = { { 0 } };

	for (size_t i = 0; i < n; i++, a += width, b += width)
/* Unrolled, the sums stay in registers; at -O2 the compiler does not see to that. */
#pragma GCC unroll 4
		for (size_t r = 0; r < TILE; r++)
			sum[r] += a[r] * CONST_LANES_AT(b);
	for (size_t r = 0; r < TILE; r++)
		LANES_AT(out + r * stride) += sum[r];
}

/* block[n * width]: the dense part of n rows, each times the root of its curvature. */
INLINE void fill_block(const struct problem *p, size_t first, size_t n, double *block)
{
	const struct matrix *x = p->x;

	for (size_t i = 0; i < n; i++) {
		const float *v = matrix_dense(x, first + i);
		double *out = block + i * p->width;
		double root = sqrt(p->curvature[first + i]);
		size_t j = 0;

		for (; j + LANES <= x->shape.dense; j += LANES)
			LANES_AT(out + j) = root * FLOAT_LANES_AT(v + j);
		for (; j < x->shape.dense; j++)
			out[j] = root * (double)v[j];
		out[x->shape.dense] = root;
		memset(out + x->shape.dense + 1, 0, (p->width - x->shape.dense - 1) * sizeof(*out));
	}
}

/* out[width] += factor * v[width] */
INLINE void add_scaled(double *out, double factor, const double *v, size_t width)
{
	for (size_t j = 0; j < width; j += LANES)
		LANES_AT(out + j) += factor * CONST_LANES_AT(v + j);
}

/*
 * What a row's active and sparse columns add: themselves times the dense part, and each pair of
 * them. They ascend: no pair lies above the diagonal.
 */
INLINE void add_few(const struct problem *p, size_t row, const double *scaled, double *hessian)
{
	const struct matrix *x = p->x;
	const uint32_t *active = x->active + x->start[row];
	const uint32_t *column = x->column + row * x->shape.entries;
	const float *value = x->value + row * x->shape.entries;
	size_t n = x->start[row + 1] - x->start[row];
	double curvature = p->curvature[row], root = sqrt(curvature);

	for (size_t a = 0; a < n; a++) {
		double *out = hessian + (p->width + active[a]) * p->n;

		add_scaled(out, root, scaled, p->width);
		for (size_t b = 0; b <= a; b++)
			out[p->width + active[b]] += curvature;
	}
	for (size_t k = 0; k < x->shape.entries; k++) {
		double *out = hessian + (p->sparse + column[k]) * p->n, v = (double)value[k];

		add_scaled(out, root * v, scaled, p->width);
		for (size_t b = 0; b < n; b++)
			out[p->width + active[b]] += curvature * v;
		for (size_t l = 0; l <= k; l++)
			out[p->sparse + column[l]] += curvature * v * (double)value[l];
	}
}

/* A Hessian that is computed: the first part goes to `out`. */
struct squaring {
	const struct problem *p;
	double *out;
	double *blocks; /* [n_squares * BLOCK * width] */
};

INLINE void square_rows(const struct squaring *s, size_t part)
{
	const struct problem *p = s->p;
	double *out = part ? p->part_square + (part - 1) * p->n * p->n : s->out;
	double *block = s->blocks + part * BLOCK * p->width;
	size_t end = part_start(part + 1, p->n_squares, p->x->n_rows);

	memset(out, 0, p->n * p->n * sizeof(*out));
	for (size_t first = part_start(part, p->n_squares, p->x->n_rows); first < end;
	     first += BLOCK) {
		size_t n = end - first < BLOCK ? end - first : BLOCK;

		fill_block(p, first, n, block);
		for (size_t r = 0; r < p->width; r += TILE)
			for (size_t c = 0; c <= r; c += TILE)
				add_tile(out + r * p->n + c, p->n, block + r, block + c, p->width,
					 n);
		for (size_t i = 0; i < n; i++)
			add_few(p, first + i, block + i * p->width, out);
	}
}

/* What takes the time, once for any processor and once for wider registers: the same operations. */
static void evaluate_part(void *context, size_t part)
{
	evaluate_rows(context, part);
}

static void square_part(void *context, size_t part)
{
	square_rows(context, part);
}

static double dot(const double *a, const double *b, size_t n)
{
	return dot_inline(a, b, n);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

static AVX2 void evaluate_part_avx2(void *context, size_t part)
{
	evaluate_rows(context, part);
}

static AVX2 void square_part_avx2(void *context, size_t part)
{
	square_rows(context, part);
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
#define evaluate_part_avx2 evaluate_part
#define square_part_avx2   square_part

static bool has_avx2(void)
{
	return false;
}
#endif

/* The objective at w; sets gradient[n], and the curvature of each row. */
static double evaluate(const struct problem *p, const double *w, double *gradient)
{
	struct evaluation evaluation = { p, w };
	double loss = 0, penalty = 0;

	pool_run(p->pool, p->n_parts, has_avx2() ? evaluate_part_avx2 : evaluate_part, &evaluation);
	memset(gradient, 0, p->n * sizeof(*gradient));
	for (size_t part = 0; part < p->n_parts; part++) {
		loss += p->part_loss[part];
		for (size_t j = 0; j < p->n; j++)
			gradient[j] += p->part_vector[part * p->n + j];
	}
	for (size_t j = 0; j < p->n; j++) {
		if (j >= p->x->shape.dense && j < p->width)
			continue;
		penalty += w[j] * w[j];
		gradient[j] += p->l2 * w[j];
	}
	return loss + p->l2 / 2 * penalty;
}

/* The Hessian at the point that was evaluated last. */
static void compute_hessian(const struct problem *p, double *hessian)
{
	const struct matrix *x = p->x;
	struct squaring squaring = { p, hessian,
				     mem_alloc(p->n_squares * BLOCK * p->width, sizeof(double)) };

	pool_run(p->pool, p->n_squares, has_avx2() ? square_part_avx2 : square_part, &squaring);
	for (size_t part = 1; part < p->n_squares; part++)
		for (size_t i = 0; i < p->n * p->n; i++)
			hessian[i] += p->part_square[(part - 1) * p->n * p->n + i];
	for (size_t j = 0; j < p->n; j++)
		if (j > x->shape.dense && j < p->width)
			hessian[j * p->n + j] = 1;
		else if (j != x->shape.dense)
			hessian[j * p->n + j] += p->l2;
	free(squaring.blocks);
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

static void take(const struct problem *p, const double *v, double *intercept, double *out)
{
	size_t n_dense = p->x->shape.dense;

	*intercept = v[n_dense];
	memcpy(out, v, n_dense * sizeof(*v));
	memcpy(out + n_dense, v + p->width, (p->n - p->width) * sizeof(*v));
}

/* The roots of the diagonal of the inverse Hessian at s->w, into se[n]; infinite without one. */
static void standard_errors(const struct problem *p, struct state *s, double *se)
{
	double *column = s->step;

	evaluate(p, s->w, s->gradient);
	compute_hessian(p, s->hessian);
	if (!factorise(s->hessian, p->n, 0, s->factor)) {
		for (size_t j = 0; j < p->n; j++)
			se[j] = INFINITY;
		return;
	}
	/* With H = L L', the j-th element is the square of column j of the inverse of L. */
	for (size_t j = 0; j < p->n; j++) {
		memset(column, 0, p->n * sizeof(*column));
		column[j] = 1 / s->factor[j * p->n + j];
		for (size_t i = j + 1; i < p->n; i++)
			column[i] = -dot(s->factor + i * p->n + j, column + j, i - j) /
				    s->factor[i * p->n + i];
		se[j] = sqrt(dot(column + j, column + j, p->n - j));
	}
}

static size_t at_most(size_t n, size_t max)
{
	return n < 1 ? 1 : n < max ? n : max;
}

static void init_problem(struct problem *p)
{
	const struct matrix *x = p->x;

	p->width = (x->shape.dense + 1 + TILE - 1) / TILE * TILE;
	p->sparse = p->width + x->shape.onehot;
	p->n = p->sparse + x->shape.sparse;
	p->curvature = mem_alloc(x->n_rows, sizeof(*p->curvature));
	for (size_t i = 0; i < x->n_rows; i++)
		p->weight += x->weight[i];
	p->n_parts = at_most(x->n_rows / PART_ROWS, PARTS_MAX);
	p->part_loss = mem_alloc(p->n_parts, sizeof(double));
	p->part_vector = mem_alloc(p->n_parts * p->n, sizeof(double));
	p->n_squares = at_most(SQUARES_MEMORY / (p->n * p->n * sizeof(double)),
			       at_most(x->n_rows / PART_ROWS, SQUARES_MAX));
	p->part_square = mem_alloc((p->n_squares - 1) * p->n * p->n, sizeof(double));
}

static void release_problem(struct problem *p)
{
	free(p->curvature);
	free(p->part_loss);
	free(p->part_vector);
	free(p->part_square);
}

int logistic_check_size(size_t n_coefficients, struct err *err)
{
	if (n_coefficients > LOGISTIC_COEFFICIENTS_MAX)
		return err_set(
			err, ERR_RUNTIME,
			"%zu coefficients are too many for Newton's method, which takes %d: use "
			"fewer columns, --bins or --interactions",
			n_coefficients, LOGISTIC_COEFFICIENTS_MAX);
	return 0;
}

int logistic_fit(struct logistic *fit, const struct matrix *x,
		 const struct logistic_options *options, struct pool *pool, struct err *err)
{
	struct problem p = { .x = x, .pool = pool, .l2 = options->l2 };
	struct state s = { 0 };
	double *vectors;

	if (!x->n_rows)
		return err_set(err, ERR_RUNTIME, "no rows to train on");
	if (logistic_check_size(matrix_width(&x->shape), err))
		return -1;
	*fit = (struct logistic)LOGISTIC_INIT;
	fit->n = matrix_width(&x->shape);
	fit->coef = mem_alloc(fit->n, sizeof(*fit->coef));
	fit->se = mem_alloc(fit->n, sizeof(*fit->se));
	init_problem(&p);
	vectors = mem_zalloc(5 * p.n, sizeof(*vectors));
	s = (struct state){ .w = vectors,
			    .gradient = vectors + p.n,
			    .trial = vectors + 2 * p.n,
			    .trial_gradient = vectors + 3 * p.n,
			    .step = vectors + 4 * p.n,
			    .hessian = mem_alloc(p.n * p.n, sizeof(double)),
			    .factor = mem_alloc(p.n * p.n, sizeof(double)) };
	s.w[x->shape.dense] = start_intercept(&p);
	minimise(fit, &p, &s, options);
	take(&p, s.w, &fit->intercept, fit->coef);
	standard_errors(&p, &s, s.trial);
	take(&p, s.trial, &fit->intercept_se, fit->se);
	free(vectors);
	free(s.hessian);
	free(s.factor);
	release_problem(&p);
	return 0;
}

double logistic_score(const struct logistic *fit, const struct matrix_shape *shape,
		      const struct matrix_row *row)
{
	const double *onehot = fit->coef + shape->dense, *sparse = onehot + shape->onehot;
	double score = fit->intercept + dot(fit->coef, row->dense, shape->dense);

	for (size_t a = 0; a < row->n_active; a++)
		score += onehot[row->active[a]];
	for (uint32_t k = 0; k < shape->entries; k++)
		score += sparse[row->column[k]] * row->value[k];
	return score;
}

double logistic_probability(double score)
{
	double e = exp(-fabs(score));

	return score < 0 ? e / (1 + e) : 1 / (1 + e);
}

double logistic_loss(double score, bool label)
{
	double wrong = label ? -score : score; /* the margin on the wrong side, if > 0 */

	return log1p(exp(-fabs(score))) + (wrong > 0 ? wrong : 0);
}

void logistic_release(struct logistic *fit)
{
	free(fit->coef);
	free(fit->se);
	*fit = (struct logistic)LOGISTIC_INIT;
}
