/*
 * plot: the pictures of an evaluation, drawn by gnuplot.
 *
 * Curves are thinned to what can be seen, and of periods the latest 400 drawn, so that a picture is
 * some 100 KiB at most.
 */
#ifndef CE_PLOT_H
#define CE_PLOT_H

#include "base/buf.h"
#include "base/err.h"
#include "eval/evaluation.h"

#include <stddef.h>

enum plot_format {
	PLOT_INLINE, /* an <svg> element for a page that says the title, and in what colour text is
		      */
	PLOT_SVG,    /* a file by itself */
	PLOT_PNG,
};

struct plot {
	const char *name;  /* of its file, without the suffix */
	const char *title; /* for people */
	const char *axes;  /* what is drawn over what */
	struct buf text;   /* what there is to see, in words, plain text */
	struct buf script; /* all but the terminal and the title */
};

#define PLOTS_MAX 9

struct plots {
	struct plot plots[PLOTS_MAX];
	size_t n;
};

/*
 * The pictures that the evaluation gives cause for: curves need both outcomes, those over time
 * periods in which the figure is defined. `names` are of the score and the second score, for the
 * legends. plots_release frees.
 */
void plots_make(struct plots *p, const struct evaluation *e, const char *const names[2]);

/* Appends the picture to `out`. Returns 0, or -1 with err. */
int plot_draw(const struct plot *p, enum plot_format format, struct buf *out, struct err *err);

void plots_release(struct plots *p);

#endif
