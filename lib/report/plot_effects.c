#include "report/plot_effects.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "report/gnuplot.h"
#include "report/quantity.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS      10 /* that are drawn, the most frequent */
#define TIC_LENGTH  14
#define NAME_LENGTH 40

/* A bin by its values, with as few words as fit below an axis; ended by a NUL. */
static void put_bin_name(struct buf *out, const struct report_inputs_bin *b, const char *unit)
{
	switch (b->kind) {
	case DISTRIBUTION_MISSING:
		buf_append_str(out, "missing");
		break;
	case DISTRIBUTION_BELOW:
		buf_append_str(out, "< ");
		quantity_put(out, b->high, unit);
		break;
	case DISTRIBUTION_RANGE:
		quantity_put(out, b->high, unit);
		break;
	case DISTRIBUTION_ABOVE:
		buf_append_str(out, "> ");
		quantity_put(out, b->low, unit);
		break;
	case DISTRIBUTION_LEVEL:
		if (*b->level)
			utf8_put(out, b->level, strlen(b->level), NAME_LENGTH);
		else
			buf_append_str(out, "(empty)");
		break;
	case DISTRIBUTION_OTHER:
		buf_append_str(out, "other");
		break;
	}
	buf_append_char(out, '\0');
}

/* A bin to draw. */
struct drawn {
	const struct report_inputs_bin *bin;
	size_t place;
};

static int by_test_rows(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;
	double more = y->bin->rows[1] - x->bin->rows[1];

	return more > 0 ? 1 : more < 0 ? -1 : (x->place > y->place) - (x->place < y->place);
}

/* The bins with test rows, missing last; of levels the most frequent. Returns how many. */
static size_t choose_bins(const struct report_inputs_spread *s, bool levels, struct drawn *bins)
{
	size_t n = 0;

	for (int missing = 0; missing < 2; missing++)
		for (size_t i = 0; i < s->n; i++)
			if (s->bins[i].rows[1] > 0 &&
			    (s->bins[i].kind == DISTRIBUTION_MISSING) == missing)
				bins[n++] = (struct drawn){ &s->bins[i], i };
	if (levels && n)
		qsort(bins, n, sizeof(*bins), by_test_rows);
	return levels && n > LEVELS ? LEVELS : n;
}

static void put_tics(struct plot *p, const struct drawn *bins, size_t n, const char *unit)
{
	buf_append_str(&p->script, "set xtics rotate by 40 right (");
	for (size_t i = 0; i < n; i++) {
		struct buf name = BUF_INIT;

		put_bin_name(&name, bins[i].bin, unit);
		buf_append_str(&p->script, i ? ", " : "");
		gnuplot_put_string(&p->script, name.data, TIC_LENGTH);
		buf_printf(&p->script, " %zu", i);
		buf_release(&name);
	}
	buf_append_str(&p->script, ")\n");
}

static void put_extreme(struct plot *p, const char *what, const struct report_inputs_bin *b,
			const char *unit)
{
	struct buf name = BUF_INIT;

	put_bin_name(&name, b, unit);
	buf_printf(&p->text, "%s %.3f (%s%s)", what, b->probability[1],
		   b->kind == DISTRIBUTION_RANGE ? "up to " : "", name.data);
	buf_release(&name);
}

/* Of n > 0 bins. */
static void draw(struct plot *p, const struct drawn *bins, size_t n, const char *unit, bool levels,
		 const struct words *words)
{
	size_t least = 0, most = 0;

	plot_begin_data(p, "bins");
	for (size_t i = 0; i < n; i++) {
		const struct report_inputs_bin *b = bins[i].bin;
		double low, high;

		plot_wilson(b->positives[1], b->rows[1], &low, &high);
		/* No line leads to what has no value. */
		if (b->kind == DISTRIBUTION_MISSING)
			buf_append_char(&p->script, '\n');
		buf_printf(&p->script, "%zu %.5g %.5g %.5g %.5g\n", i, b->probability[1],
			   b->positives[1] / b->rows[1], low, high);
		least = b->probability[1] < bins[least].bin->probability[1] ? i : least;
		most = b->probability[1] > bins[most].bin->probability[1] ? i : most;
	}
	plot_end_data(p);
	put_tics(p, bins, n, unit);
	buf_printf(&p->script,
		   "set xrange [-0.6:%zu.6]\nset yrange [0:1]\nset ylabel 'probability, %s'\n"
		   "set xlabel '%s'\nset key tmargin center horizontal maxrows 1 samplen 2\n",
		   n - 1, words->share, levels ? "value" : "up to");
	/* Two signs that differ in form, too, and are a little apart. */
	buf_append_str(&p->script,
		       "plot " PLOT_BARS("$bins", "($1+0.12):4:(0):($5-$4)", PLOT_ORANGE));
	buf_printf(&p->script,
		   "$bins using ($1+0.12):3 with points pt 5 ps 0.5 lc " PLOT_ORANGE " title '%s', "
		   "$bins using ($1-0.12):2 with %s pt 7 ps 0.6 lw 2 lc " PLOT_BLUE
		   " title 'mean probability'\n",
		   words->share, levels ? "points" : "linespoints");
	put_extreme(p, "Lowest mean probability", bins[least].bin, unit);
	put_extreme(p, ", highest", bins[most].bin, unit);
	buf_append_str(&p->text, ". Bars: 95 % intervals of the observed shares, assuming "
				 "independent rows.");
}

void plots_add_effects(struct plots *p, const struct report_inputs_spread *const *spreads, size_t n,
		       const struct words *words)
{
	static const char *const names[PLOTS_EFFECTS] = { "effect-1", "effect-2", "effect-3",
							  "effect-4", "effect-5", "effect-6",
							  "effect-7", "effect-8" };

	for (size_t i = 0; i < n; i++) {
		const struct report_inputs_spread *s = spreads[i];
		struct drawn *bins = mem_alloc(s->n, sizeof(*bins));
		bool levels = !strcmp(s->kind, "category");
		size_t n_bins = choose_bins(s, levels, bins);

		if (n_bins)
			draw(plot_add(p, names[p->n - p->n_curves], s->name,
				      "mean probability and observed share in the test rows, by "
				      "bin"),
			     bins, n_bins, quantity_unit(s->name), levels, words);
		free(bins);
	}
}
