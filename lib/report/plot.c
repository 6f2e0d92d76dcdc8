#include "report/plot.h"

#include "metric/metrics.h"
#include "report/gnuplot.h"

#include <math.h>
#include <string.h>

/* In units of the picture: as large as a phone is wide, so that its text stays legible there. */
#define WIDTH  400
#define HEIGHT 300

#define TITLE_LENGTH 48

struct plot *plot_add(struct plots *p, const char *name, const char *title, const char *axes)
{
	struct plot *plot = &p->plots[p->n++];

	*plot = (struct plot){ name, title, axes, BUF_INIT, BUF_INIT };
	return plot;
}

void plot_begin_data(struct plot *p, const char *name)
{
	buf_printf(&p->script, "$%s << EOD\n", name);
}

void plot_end_data(struct plot *p)
{
	buf_append_str(&p->script, "EOD\n");
}

void plot_wilson(double k, double n, double *low, double *high)
{
	double share = k / n, z2 = METRICS_Z_95 * METRICS_Z_95 / n;
	double middle = (share + z2 / 2) / (1 + z2);
	double half = METRICS_Z_95 / (1 + z2) * sqrt(share * (1 - share) / n + z2 / (4 * n));

	*low = fmin(middle - half, share);
	*high = fmax(middle + half, share);
}

/* The bytes of a drawn <svg> that are worth keeping, with ids that no other picture has. */
static int put_inline(struct buf *out, const struct plot *p, const char *svg, size_t len,
		      struct err *err)
{
	static const char *const ids[] = { " id='", " id=\"", "href='#" };
	const char *end = svg + len, *at = memmem(svg, len, "<defs>", 6);

	if (!at || !memmem(at, (size_t)(end - at), "</svg>", 6))
		return err_set(err, ERR_RUNTIME, "gnuplot: unexpected SVG");
	buf_printf(out,
		   "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-title\" "
		   "aria-describedby=\"%s-text\"><g>",
		   WIDTH, HEIGHT, p->name, p->name);
	while (at < end) {
		size_t skip = 0;

		/* gnuplot names its parts, which a browser would show where the mouse rests. */
		if (end - at > 7 && !memcmp(at, "<title>", 7)) {
			const char *after = memmem(at, (size_t)(end - at), "</title>", 8);

			at = after ? after + 8 : end;
			continue;
		}
		for (size_t i = 0; !skip && i < sizeof(ids) / sizeof(ids[0]); i++)
			if ((size_t)(end - at) > strlen(ids[i]) &&
			    !memcmp(at, ids[i], strlen(ids[i])))
				skip = strlen(ids[i]);
		buf_append(out, at, skip ? skip : 1);
		if (skip)
			buf_printf(out, "%s-", p->name);
		at += skip ? skip : 1;
	}
	return 0;
}

int plot_draw(const struct plot *p, enum plot_format format, struct buf *out, struct err *err)
{
	struct buf script = BUF_INIT, svg = BUF_INIT;
	int rc;

	if (format == PLOT_PNG)
		buf_printf(&script,
			   "set terminal pngcairo size %d,%d font 'sans,20' linewidth 2 noenhanced "
			   "background rgb 'white'\n",
			   2 * WIDTH, 2 * HEIGHT);
	else
		buf_printf(
			&script,
			"set terminal svg size %d,%d dynamic font 'sans-serif,13' noenhanced%s\n",
			WIDTH, HEIGHT, format == PLOT_SVG ? " background 'white'" : "");
	if (format != PLOT_INLINE) {
		buf_append_str(&script, "set title ");
		gnuplot_put_string(&script, p->title, TITLE_LENGTH);
		buf_append_char(&script, '\n');
	}
	buf_append_str(&script, "set encoding utf8\nset border 3 lc " PLOT_GREY "\n"
				"set tics nomirror scale 0.5 textcolor rgb 'black'\n"
				"set grid dt 3 lc " PLOT_GREY " lw 0.5\n");
	buf_append(&script, p->script.data, p->script.len);
	rc = gnuplot_run(&script, format == PLOT_INLINE ? &svg : out, err);
	if (!rc && format == PLOT_INLINE)
		rc = put_inline(out, p, svg.data, svg.len, err);
	buf_release(&script);
	buf_release(&svg);
	return rc;
}

void plots_release(struct plots *p)
{
	for (size_t i = 0; i < p->n; i++) {
		buf_release(&p->plots[i].text);
		buf_release(&p->plots[i].script);
	}
	p->n = 0;
}
