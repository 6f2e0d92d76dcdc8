/*
 * gbdt: gradient-boosted decision trees for a 0/1 label, from histograms.
 *
 * With scores s_i and p_i = 1 / (1 + exp(-s_i)), each tree is a Newton step on the log loss: row i
 * of weight c_i has gradient g_i = c_i (p_i - y_i) and hessian h_i = c_i p_i (1 - p_i). Where G and
 * H are their sums over the rows of a node,
 *
 *	value of a leaf   -rate G / (H + l2)
 *	gain of a split   1/2 (GL^2/(HL + l2) + GR^2/(HR + l2) - G^2/(H + l2))
 *
 * (Chen & Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, equations 5 and 7; their
 * algorithm 3 sends missing values to the side where they gain more. Friedman, "Greedy function
 * approximation: a gradient boosting machine", Annals of Statistics 29, 2001, for the rate.) The
 * sums are read from a histogram a column of a node's rows, by bin; only the smaller child's is
 * made, the other is what is left of the parent's; the leaf with the best split is split next (Ke
 * et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NIPS 2017). Levels of a
 * category are put in order of G/H, and then split as numbers are (Fisher, "On grouping for maximum
 * homogeneity", JASA 53, 1958); of G/(H + 10), in fact, so that levels of a few rows do not come
 * first.
 *
 * Where the score is to be monotone in a number, each tree is: a split at which a child's value
 * would be on the wrong side of the other's is none, and the mean of both bounds the values of all
 * leaves below either (as LightGBM's method "basic" does it, and XGBoost), whose gains are those of
 * the values within bounds. Missing numbers are apart: a split of them from all others is free.
 *
 * Gradients and hessians are rounded to 2^-30 of the largest weight, and added as integers: a
 * histogram does not depend on the order in which rows come, so the trees are the same whatever the
 * number of threads, and what the subtraction leaves is exact.
 *
 * Memory besides the bins and grow: 8 bytes a train row, with held rows 8 more and 8 for each of
 * those.
 */
#ifndef CE_GBDT_H
#define CE_GBDT_H

#include "base/pool.h"
#include "learn/bins.h"
#include "learn/grow.h"
#include "learn/trees.h"

struct gbdt_options {
	int64_t trees;            /* at most so many, >= 1 */
	struct grow_options tree; /* each */
	double rows;              /* (0, 1]: share of the rows, drawn for each tree */
	double columns;   /* (0, 1]: share of the columns, rounded up, drawn for each tree */
	int64_t patience; /* trees without a better loss on the held rows that end it, >= 1 */
	int64_t seed;
};

/* Plain boosting, of all rows and columns; the defaults of training are LEARN_OPTIONS_INIT's. */
#define GBDT_OPTIONS_INIT                                                                          \
	{                                                                                          \
		.trees = 500, .tree = GROW_OPTIONS_INIT, .rows = 1, .columns = 1, .patience = 20,  \
		.seed = 1                                                                          \
	}

/* How it went. */
struct gbdt_report {
	double train_loss; /* mean log loss of the train rows by the trees kept, by weight */
	double held_loss;  /* that of the held rows; NaN without any */
	size_t n_tried;    /* trees, of which the best first ones are kept */
};

/*
 * Learns from the rows of `train`, which must hold both classes. With held rows (NULL: none), of
 * the same columns, it stops when they no longer gain, and keeps the trees up to their best loss.
 * The caller releases *trees.
 */
void gbdt_fit(struct trees *trees, const struct bins *train, const struct bins *held,
	      const struct gbdt_options *options, struct pool *pool, struct gbdt_report *report);

#endif
