/*
 * model_gbdt: models of gradient-boosted decision trees. Their lines in the file:
 *
 *	rate X				the options
 *	max_trees N
 *	depth N
 *	leaves N
 *	l2 X
 *	min_weight X
 *	rows X
 *	columns X
 *	patience N
 *	tried N				trees
 *	train_loss X
 *	validation_loss X | -
 *	number, missing, ...		see columnlines, without coefficients
 *	monotone, base, trees, ...	see treelines
 */
#ifndef CE_MODEL_GBDT_H
#define CE_MODEL_GBDT_H

#include "learn/gbdt.h"
#include "model/model.h"

struct model_gbdt {
	struct gbdt_options options;
	struct gbdt_report report;
	struct trees trees; /* columns are the places of the encoding's values */
};

/* The lines before those of the columns; reading returns 0, or -1 with the error. */
void model_gbdt_put_options(struct buf *out, const struct model *m);
int model_gbdt_read_options(struct lines *s, struct model *m);

#endif
