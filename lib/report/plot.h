/*
 * plot: plots, drawn by gnuplot; and what those who make them have in common.
 */
#ifndef CE_PLOT_H
#define CE_PLOT_H

#include "base/buf.h"
#include "base/err.h"

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

/* The two that are no grey stand out from white and from near black: at least 3 to 1. */
#define PLOT_BLUE   "rgb '#2a7fd4'"
#define PLOT_ORANGE "rgb '#d9661a'"
#define PLOT_GREY   "rgb '#808080'"

/* Bars of intervals, without the white discs that gnuplot puts below the points of yerrorbars. */
#define PLOT_BARS(data, columns, colour)                                                           \
	data " using " columns " with vectors nohead lw 1 lc " colour " notitle, "

/* A plot more, of which there are fewer than PLOTS_MAX; its names are borrowed. */
struct plot *plot_add(struct plots *p, const char *name, const char *title, const char *axes);

/* A block of data by that name. */
void plot_begin_data(struct plot *p, const char *name);
void plot_end_data(struct plot *p);

/* Wilson's 95 % interval of k of n > 0 (Journal of the American Statistical Association 22, 1927).
 */
void plot_wilson(double k, double n, double *low, double *high);

/* Appends the plot to `out`. Returns 0, or -1 with err. */
int plot_draw(const struct plot *p, enum plot_format format, struct buf *out, struct err *err);

/* Frees the memory. */
void plots_release(struct plots *p);

#endif
