/*
 * treeshap: by how much each column moves the score of a row by trees: its SHAP value.
 *
 * The SHAP value of a column is its Shapley value in the game in which a set S of columns is worth
 * the mean score of a row of which only S is known: at a split by another column, a tree goes both
 * ways, by the shares of its train rows that went there. This is the path-dependent value of
 * Lundberg, Erion & Lee, "Consistent Individualized Feature Attribution for Tree Ensembles", 2018
 * (arXiv 1802.03888), algorithm 1 for the worth and algorithm 2 for the sum over all S.
 *
 * Here that sum is an integral (Owen, "Multilinear extensions of games", Management Science 18,
 * 1972). On the way to a leaf of value v let z_j be the share of the train rows that pass all of
 * column j's splits, and o_j 1 if the row passes them, or else 0. Then the leaf gives column i
 *
 *	v (o_i - z_i) * integral over t from 0 to 1 of  product over j != i of (t o_j + (1 - t) z_j)
 *
 * a polynomial, which a Gauss-Legendre rule of half as many points as there are splits on the way
 * sums exactly. The products grow on the way down and their sums over the leaves on the way up, so
 * that a split takes a fixed number of steps a point (Yu et al., "Linear TreeShap", NeurIPS 2022,
 * which carries polynomials instead). UNWIND of algorithm 2, which undoes products one by one,
 * multiplies errors by binomial coefficients, and is off by some 1e-9 at 32 splits; this is not.
 *
 * Shares are those of trees_node's rows; where no train row came to a split, one half. Memory: 12
 * bytes a node, and 96 more for each 4 splits, or fewer, of the longest way to a leaf.
 */
#ifndef CE_TREESHAP_H
#define CE_TREESHAP_H

#include "learn/trees.h"

struct treeshap; /* opaque */

/* What there is to know of the trees before any row. Borrows them. The caller frees it. */
struct treeshap *treeshap_new(const struct trees *t);

/* The mean score of a row of which nothing is known: trees->base, and that of each tree. */
double treeshap_base(const struct treeshap *s);

/*
 * Adds the SHAP values of rows of value[n_rows * n_columns], row-major, to shap, which is of that
 * shape, too: with treeshap_base, those of a row add up to its trees_score. A column that no split
 * of any tree is about gains exactly 0. Threads may share *s.
 */
void treeshap_add(const struct treeshap *s, const double *value, size_t n_rows, size_t n_columns,
		  double *shap);

void treeshap_free(struct treeshap *s); /* NULL allowed */

#endif
