/*
 * model_blend: models of two parts, a logistic regression and gradient-boosted trees over the same
 * encoding, whose score is the mean of theirs. Their lines in the file:
 *
 *	l2, tolerance, ...		see model_logistic, with the columns and their coefficients
 *	rate, max_trees, ...		the options of model_gbdt
 *	monotone, base, trees, ...	see treelines
 */
#ifndef CE_MODEL_BLEND_H
#define CE_MODEL_BLEND_H

#include "model/model_gbdt.h"
#include "model/model_logistic.h"

struct model_blend {
	struct model_logistic logistic;
	struct model_gbdt gbdt;
};

#define MODEL_BLEND_PARTS 2 /* in that order */

/*
 * Part i as a model by itself, but for the calibration. All that it has is borrowed from m; whoever
 * adds to its encoding gives that back to m.
 */
struct model model_blend_part(const struct model *m, int i);

#endif
