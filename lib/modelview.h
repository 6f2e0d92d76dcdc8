/*
 * modelview: a model as text for people. Layer: over buf, num, model.
 */
#ifndef CE_MODELVIEW_H
#define CE_MODELVIEW_H

#include "buf.h"
#include "model.h"

/*
 * Appends what the model was learnt from and how, and then: of a logistic regression, a line a
 * coefficient, with the odds ratio exp(coefficient) for a step of one standard deviation of a
 * number or for a level; of trees, a line a column, by the gain of its splits.
 */
void modelview_put(struct buf *out, const struct model *m);

/* Appends every tree, a line a node, its children indented below it, those who go left first. */
void modelview_put_trees(struct buf *out, const struct model *m);

#endif
