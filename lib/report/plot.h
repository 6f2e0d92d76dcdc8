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

#include <stddef.h>

enum plot_format {
	PLOT_INLINE, /* an <svg> element for a page, which sets the title and the colour of text
		      */
	PLOT_SVG,    /* a file by itself */
	PLOT_PNG,
};

struct plot {
	const char *name;  /* of its file, without the suffix */
	const char *title; /* for people */
	const char *axes;  /* what is drawn against what */
	struct buf text;   /* what it shows, in plain text */
	struct buf script; /* all but the terminal and the title */
};

#define PLOTS_MAX 9

struct plots {
	struct plot plots[PLOTS_MAX];
	size_t n;
};

/*
 * The plots that the evaluation has data for: curves need both labels, those over time need periods
 * in which the metric is defined. `names` are of the score and the second score, for the
 * legends. plots_release frees.
 */
void plots_make(struct plots *p, const struct evaluation *e, const char *const names[2]);

/* Appends the plot to `out`. Returns 0, or -1 with err. */
int plot_draw(const struct plot *p, enum plot_format format, struct buf *out, struct err *err);

void plots_release(struct plots *p);

#endif
