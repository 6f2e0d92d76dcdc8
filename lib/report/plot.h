/*
 * plot: the plots of an evaluation, drawn by gnuplot.
 *
 * Curves are thinned to what can be seen, and of periods the latest 400 drawn, so that a plot is
 * some 100 KiB at most.
 */
#ifndef CE_PLOT_H
#define CE_PLOT_H

#include "base/buf.h"
#include "base/err.h"
#include "eval/evaluation.h"
#include "report/report_inputs.h"
#include "report/words.h"

#include <stddef.h>

enum plot_format {
	PLOT_INLINE, /* an <svg> element for a page, which sets the title and the colour of text
		      */
	PLOT_SVG,    /* a file by itself */
	PLOT_PNG,
};

struct plot {
	const char *name;  /* of its file, without the suffix */
	const char *title; /* for people; anything may be in it */
	const char *axes;  /* what is drawn against what */
	struct buf text;   /* what it shows, in plain text */
	struct buf script; /* all but the terminal and the title */
};

#define PLOTS_EFFECTS 8
#define PLOTS_MAX     (9 + PLOTS_EFFECTS)

struct plots {
	struct plot plots[PLOTS_MAX];
	size_t n;
	size_t n_curves; /* of the evaluation: those that follow are effects */
};

/*
 * The plots that the evaluation has data for: curves need both labels, those over time need periods
 * in which the metric is defined. `names` are of the score and the second score, for the
 * legends. plots_release frees.
 */
void plots_make(struct plots *p, const struct evaluation *e, const char *const names[2],
		const struct words *words);

/*
 * Adds, for each of n <= PLOTS_EFFECTS features, which are borrowed, the mean probability of the
 * test rows in each of its bins, and the share of label 1 there.
 */
void plots_add_effects(struct plots *p, const struct report_inputs_spread *const *spreads, size_t n,
		       const struct words *words);

/* Appends the plot to `out`. Returns 0, or -1 with err. */
int plot_draw(const struct plot *p, enum plot_format format, struct buf *out, struct err *err);

void plots_release(struct plots *p);

#endif
