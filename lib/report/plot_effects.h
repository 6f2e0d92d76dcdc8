/*
 * plot_effects: how predictions and outcomes go with the values of features.
 */
#ifndef CE_PLOT_EFFECTS_H
#define CE_PLOT_EFFECTS_H

#include "report/plot.h"
#include "report/report_inputs.h"
#include "report/words.h"

/*
 * Adds, for each of n <= PLOTS_EFFECTS features, which are borrowed, the mean probability of the
 * test rows in each of its bins, and the share of label 1 there.
 */
void plots_add_effects(struct plots *p, const struct report_inputs_spread *const *spreads, size_t n,
		       const struct words *words);

#endif
