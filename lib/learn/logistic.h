/*
 * logistic: L2-regularised logistic regression, to its global optimum.
 *
 * With margins s_i = b + x_i.w, labels y_i in {0,1} and row weights c_i, it minimises
 *
 *	f(b, w) = sum_i c_i (log(1 + exp(s_i)) - y_i s_i)  +  l2/2 |w|^2
 *
 * by Newton's method (iteratively reweighted least squares: McCullagh & Nelder, Generalized Linear
 * Models, 2nd ed., section 2.5; Hastie, Tibshirani & Friedman, The Elements of Statistical
 * Learning, 2nd ed., equations 4.21-4.26). f is convex; the intercept b is not penalised. With
 * p_i = 1 / (1 + exp(-s_i)):
 *
 *	gradient  X'(c (p - y)) + l2 w		Hessian  X' diag(c p (1 - p)) X + l2 I
 *
 * The step solves Hessian d = -gradient by Cholesky; a Hessian that is not positive definite in
 * double precision (l2 = 0 and collinear columns) is damped (Levenberg 1944, Marquardt 1963). The
 * step is halved until f falls by Armijo's condition (Nocedal & Wright, Numerical Optimization,
 * equation 3.4), so that badly scaled and separable data converge too.
 *
 * Standard errors are the roots of the diagonal of the inverse Hessian at the optimum. Without a
 * penalty those are the large-sample ones (McCullagh & Nelder, section 4.4.4); with it they are the
 * widths of the Laplace approximation to the posterior of coefficients that are normal beforehand,
 * of variance 1 / l2, and say nothing of the bias that the penalty brings. Row weights count as
 * rows.
 *
 * Sums are in double, over parts of the rows whose number does not depend on that of the threads:
 * the same matrix makes the same bits. Memory besides the matrix: 8 bytes a row, 16 bytes per pair
 * of parameters, and for the parts 8 more per pair and part, of which there are up to 16, but no
 * more than fit into 64 MiB.
 */
#ifndef CE_LOGISTIC_H
#define CE_LOGISTIC_H

#include "base/err.h"
#include "base/pool.h"
#include "learn/matrix.h"

#include <stdbool.h>

/* Most coefficients: the Hessian and its factor take 64 MiB then, and a step some seconds. */
#define LOGISTIC_COEFFICIENTS_MAX 2000

struct logistic_options {
	double l2;        /* >= 0 */
	double tolerance; /* > 0 */
	int max_iterations;
};

#define LOGISTIC_OPTIONS_INIT                                                                      \
	{                                                                                          \
		.l2 = 1, .tolerance = 1e-10, .max_iterations = 100                                 \
	}

struct logistic {
	double intercept;
	double *coef; /* [n] of the dense, the one-hot and the sparse columns */
	size_t n;
	double intercept_se, *se; /* [n] standard errors; infinite where the Hessian is singular */
	int iterations;           /* Newton steps */
	double objective;         /* f at the end */
	double gradient;          /* its largest component there, over the sum of the row weights */
	bool converged;           /* gradient <= tolerance */
};

#define LOGISTIC_INIT                                                                              \
	{                                                                                          \
		0                                                                                  \
	}

/* Returns 0, or -1 with err if there are more coefficients than Newton's method can hold. */
int logistic_check_size(size_t n_coefficients, struct err *err);

/*
 * Fits `fit` to the rows of x. Returns 0, also if it stopped before the tolerance was reached (see
 * `converged`), or -1 with err: no rows, or more columns than Newton's method can hold.
 */
int logistic_fit(struct logistic *fit, const struct matrix *x,
		 const struct logistic_options *options, struct pool *pool, struct err *err);

/* b + x.w for a row of that shape. */
double logistic_score(const struct logistic *fit, const struct matrix_shape *shape,
		      const struct matrix_row *row);

/* 1 / (1 + exp(-score)), without overflow: 0 or 1 only where the nearest double is. */
double logistic_probability(double score);

/* Its log loss, -log of the probability of what happened, for any finite score. */
double logistic_loss(double score, bool label);

void logistic_release(struct logistic *fit);

#endif
