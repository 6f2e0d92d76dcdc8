/*
 * modelview: a model as text for people.
 *
 * Names and levels are shown so that they cannot drive a terminal ("?" replaces what could), cut
 * after 48 characters in tables and trees; a character counts as one column.
 */
#ifndef CE_MODELVIEW_H
#define CE_MODELVIEW_H

#include "base/buf.h"
#include "io/gzio.h"
#include "model/model.h"

/*
 * Appends what the model was trained on and how, and then
 *
 * - of a logistic regression its coefficients: of a number, that of a step of one standard
 * deviation from its mean, or of a level. Odds ratios are exp(coefficient), z is the coefficient
 * over its standard error. Columns come by the standard deviation, over the train rows, of what
 * they add to the score; levels by their rows. A level of no rows and no coefficient ("other",
 * mostly) is left out;
 * - of trees their columns, by the sum of the gains of their splits.
 */
void modelview_put(struct buf *out, const struct model *m);

/*
 * Writes every tree: a line a split, and below it, indented, what holds if it does, and else.
 * Nothing, if the model has no trees. Returns 0, or -1 with err.
 */
int modelview_write_trees(struct gz_writer *out, const struct model *m, struct err *err);

#endif
