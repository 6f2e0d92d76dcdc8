/*
 * plot_evaluation: the plots of an evaluation.
 *
 * Curves are thinned to what can be seen, and of periods the latest 400 drawn, so that a plot is
 * some 100 KiB at most.
 */
#ifndef CE_PLOT_EVALUATION_H
#define CE_PLOT_EVALUATION_H

#include "eval/evaluation.h"
#include "report/plot.h"
#include "report/words.h"

/*
 * The plots that the evaluation has data for: curves need both labels, those over time need periods
 * in which the metric is defined. `names` are of the score and the second score, for the
 * legends. plots_release frees.
 */
void plots_make(struct plots *p, const struct evaluation *e, const char *const names[2],
		const struct words *words);

#endif
