#include "report/plot_evaluation.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "eval/metric_columns.h"
#include "report/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points nearer than this to the last one drawn are left out. */
#define RESOLUTION 0.002

#define SCORE_BINS  40
#define BINS_DRAWN  50
#define PERIODS_MAX 400
#define NAME_LENGTH 28

/* Whether (x, y) is worth drawing after (*last_x, *last_y), which it then takes the place of. */
static bool is_apart(double *last_x, double *last_y, double x, double y)
{
	if (fabs(x - *last_x) < RESOLUTION && fabs(y - *last_y) < RESOLUTION)
		return false;
	*last_x = x;
	*last_y = y;
	return true;
}

static void put_point(struct plot *p, double x, double y)
{
	buf_printf(&p->script, "%.5g %.5g\n", x, y);
}

static void put_curve(struct plot *p, const char *name, enum metrics_curve_kind kind,
		      const struct metrics_row *rows, size_t n)
{
	double x = -1, y = -1;
	struct metrics_curve curve;
	struct metrics_point point = { 0 };

	plot_begin_data(p, name);
	metrics_curve_start(&curve, kind, rows, n);
	while (metrics_curve_next(&curve, &point))
		if (is_apart(&x, &y, point.x, point.y))
			put_point(p, x, y);
	put_point(p, point.x, point.y);
	plot_end_data(p);
}

/* A data block of one point: the decisions that were taken. */
static void put_decision(struct plot *p, double x, double y)
{
	plot_begin_data(p, "decision");
	if (isfinite(x) && isfinite(y))
		put_point(p, x, y);
	else
		buf_append_str(&p->script, "NaN NaN\n");
	plot_end_data(p);
}

/* Axes from 0 to 1. */
static void put_unit_axes(struct plot *p, const char *x, const char *y)
{
	buf_printf(&p->script,
		   "set xrange [0:1]\nset yrange [0:1]\nset xlabel '%s'\nset ylabel '%s'\n", x, y);
}

/* The curve of the score, of the second score if there is one, and the point of the decisions. */
static void put_curves_command(struct plot *p, const struct evaluation *e,
			       const char *const names[2], const char *before)
{
	buf_printf(&p->script, "plot %s, $a with lines lw 2 lc " PLOT_BLUE, before);
	if (e->opts.against) {
		buf_append_str(&p->script, " title ");
		gnuplot_put_string(&p->script, names[0], NAME_LENGTH);
		buf_append_str(&p->script, ", $b with lines lw 2 dt 2 lc " PLOT_ORANGE " title ");
		gnuplot_put_string(&p->script, names[1], NAME_LENGTH);
	} else {
		buf_append_str(&p->script, " notitle");
	}
	buf_append_str(&p->script,
		       ", $decision with points pt 7 ps 0.8 lc " PLOT_BLUE " notitle\n");
}

/* The share of the positives at or above the scores of that share of the negatives, at most. */
static double roc_at(const struct evaluation *e, double x)
{
	struct metrics_curve curve;
	struct metrics_point before = { 0 }, point = { 0 };

	metrics_curve_start(&curve, METRICS_ROC, e->sorted, e->n);
	while (metrics_curve_next(&curve, &point) && point.x < x)
		before = point;
	if (point.x <= x || point.x <= before.x)
		return point.y;
	return before.y + (point.y - before.y) * (x - before.x) / (point.x - before.x);
}

static void make_roc(struct plots *plots, const struct evaluation *e, const char *const names[2])
{
	const struct metrics *m = &e->segments->metrics;
	struct plot *p =
		plot_add(plots, "roc", "ROC curve",
			 "true positive rate against false positive rate, one point per threshold");

	put_curve(p, "a", METRICS_ROC, e->sorted, e->n);
	if (e->opts.against)
		put_curve(p, "b", METRICS_ROC, e->sorted_against, e->n);
	put_decision(p, 1 - m->classes[0].recall, m->classes[1].recall);
	put_unit_axes(p, "false positive rate", "true positive rate");
	buf_append_str(&p->script, "set key bottom right\n");
	put_curves_command(p, e, names, "x with lines dt 2 lc " PLOT_GREY " notitle");
	buf_printf(&p->text,
		   "The area under the curve is %.4f. At a false positive rate of 10 %% the true "
		   "positive rate is %.0f %%, at 30 %% it is %.0f %%. Dashed: chance. Dot: the "
		   "threshold %.3g.",
		   m->auc_roc, 100 * roc_at(e, 0.1), 100 * roc_at(e, 0.3), m->threshold);
	if (e->opts.against)
		buf_printf(&p->text, " The area of the second score is %.4f.",
			   e->against_metrics.auc_roc);
}

static void make_precision_recall(struct plots *plots, const struct evaluation *e,
				  const char *const names[2])
{
	const struct metrics *m = &e->segments->metrics;
	struct plot *p = plot_add(plots, "precision-recall", "Precision and recall",
				  "precision against recall, one point per threshold");

	put_curve(p, "a", METRICS_PRECISION_RECALL, e->sorted, e->n);
	if (e->opts.against)
		put_curve(p, "b", METRICS_PRECISION_RECALL, e->sorted_against, e->n);
	put_decision(p, m->classes[1].recall, m->classes[1].precision);
	put_unit_axes(p, "recall", "precision");
	buf_printf(&p->script, "base = %.6g\nset key bottom left\n", m->base_rate);
	put_curves_command(p, e, names, "base with lines dt 2 lc " PLOT_GREY " notitle");
	buf_printf(&p->text,
		   "The average precision is %.4f. Dashed: the base rate %.4f, the precision of "
		   "chance. Dot: the threshold %.3g.",
		   m->average_precision, m->base_rate, m->threshold);
	if (e->opts.against)
		buf_printf(&p->text, " That of the second score is %.4f.",
			   e->against_metrics.average_precision);
}

/* Bins with their intervals. */
static void put_bins(struct plot *p, const char *name, const struct metrics_row *rows, size_t n,
		     uint64_t n_bins)
{
	struct metrics_bins bins = METRICS_BINS(rows, n, n_bins);
	struct metrics_bin bin;

	plot_begin_data(p, name);
	while (metrics_bins_next(&bins, &bin)) {
		double low, high;

		plot_wilson((double)bin.positives, (double)bin.rows, &low, &high);
		buf_printf(&p->script, "%.5g %.5g %.5g %.5g\n", bin.mean_score,
			   (double)bin.positives / (double)bin.rows, low, high);
	}
	plot_end_data(p);
}

static void make_calibration(struct plots *plots, const struct evaluation *e,
			     const char *const names[2], const struct words *words)
{
	static const char bars[] =
		PLOT_BARS("$%c", "1:3:(0):($4-$3)", "%s") "$%c with linespoints pt 7 ps 0.5 "
							  "lw 2 dt %d lc %s ";
	uint64_t n_bins = e->opts.bins < BINS_DRAWN ? e->opts.bins : BINS_DRAWN;
	struct plot *p = plot_add(plots, "calibration", "Calibration",
				  "observed share against mean probability, one point per bin");

	put_bins(p, "a", e->sorted, e->n, n_bins);
	put_unit_axes(p, "mean probability", words->share);
	buf_append_str(&p->script, "set key bottom right\n");
	if (e->opts.against)
		put_bins(p, "b", e->sorted_against, e->n, n_bins);
	buf_append_str(&p->script, "plot x with lines dt 2 lc " PLOT_GREY " notitle, ");
	buf_printf(&p->script, bars, 'a', PLOT_BLUE, 'a', 1, PLOT_BLUE);
	if (e->opts.against) {
		buf_append_str(&p->script, "title ");
		gnuplot_put_string(&p->script, names[0], NAME_LENGTH);
		buf_append_str(&p->script, ", ");
		buf_printf(&p->script, bars, 'b', PLOT_ORANGE, 'b', 2, PLOT_ORANGE);
		buf_append_str(&p->script, "title ");
		gnuplot_put_string(&p->script, names[1], NAME_LENGTH);
	} else {
		buf_append_str(&p->script, "notitle");
	}
	buf_append_char(&p->script, '\n');
	buf_printf(&p->text,
		   "%llu bins. Over %llu bins, weighted by rows, the mean probability and the %s "
		   "differ by %.4f on average. Dashed: perfect calibration. Bars: 95 %% "
		   "intervals of the shares, assuming independent rows.",
		   (unsigned long long)n_bins, (unsigned long long)e->opts.bins, words->share,
		   e->segments->metrics.calibration_error);
}

static void make_scores(struct plots *plots, const struct evaluation *e, const struct words *words)
{
	struct metrics_walk walk = METRICS_WALK(e->sorted, e->n);
	struct metrics_ties t;
	uint64_t counts[2][SCORE_BINS] = { { 0 } };
	double sums[2] = { 0 }, top = 0;
	struct plot *p = plot_add(plots, "scores", "Probabilities by outcome",
				  "share of all rows against probability");

	while (metrics_walk_next(&walk, &t)) {
		size_t bin = (size_t)fmin(t.score * SCORE_BINS, SCORE_BINS - 1);

		counts[0][bin] += t.negatives;
		counts[1][bin] += t.positives;
		sums[0] += t.score * (double)t.negatives;
		sums[1] += t.score * (double)t.positives;
	}
	for (size_t i = 0; i < SCORE_BINS; i++)
		top = fmax(top,
			   (double)(counts[0][i] > counts[1][i] ? counts[0][i] : counts[1][i]) /
				   (double)e->n);
	plot_begin_data(p, "scores");
	for (size_t i = 0; i < SCORE_BINS; i++)
		buf_printf(&p->script, "%.5g %.5g %.5g\n", ((double)i + 0.5) / SCORE_BINS,
			   (double)counts[0][i] / (double)e->n,
			   (double)counts[1][i] / (double)e->n);
	plot_end_data(p);
	buf_printf(&p->script,
		   "set xrange [0:1]\nset yrange [0:%.5g]\nset xlabel 'probability'\n"
		   "set ylabel 'share of rows'\nset key top right\nset boxwidth %.5g\n"
		   "set style fill transparent solid 0.5 noborder\n",
		   1.4 * top, 1.0 / SCORE_BINS);
	plot_begin_data(p, "threshold");
	if (e->threshold <= 1)
		buf_printf(&p->script, "%.5g 0\n%.5g %.5g\n", e->threshold, e->threshold, top);
	else
		buf_append_str(&p->script, "NaN NaN\n");
	plot_end_data(p);
	buf_printf(&p->script,
		   "plot $scores using 1:2 with boxes lc " PLOT_ORANGE
		   " title '%s', '' using 1:3 with boxes lc " PLOT_BLUE
		   " title '%s', $threshold with lines dt 2 lc " PLOT_GREY " title 'threshold'\n",
		   words->outcome[0], words->outcome[1]);
	buf_append_str(&p->text, "Mean probability of rows ");
	for (int label = 0; label < 2; label++) {
		uint64_t rows = e->segments->metrics.classes[label].support;

		if (rows)
			buf_printf(&p->text, "%s: %.3f; ", words->of[label],
				   sums[label] / (double)rows);
	}
	buf_printf(&p->text, "dashed: the threshold %.3g.", e->threshold);
}

static void put_gain(struct plot *p, const char *name, const struct metrics_row *rows, size_t n,
		     uint64_t positives)
{
	struct metrics_walk walk = METRICS_WALK(rows, n);
	struct metrics_ties t;
	double x = 0, y = 0;
	uint64_t called = 0, tp = 0;

	plot_begin_data(p, name);
	put_point(p, 0, 0);
	while (metrics_walk_next(&walk, &t)) {
		called += t.positives + t.negatives;
		tp += t.positives;
		if (is_apart(&x, &y, (double)called / (double)n, (double)tp / (double)positives))
			put_point(p, x, y);
	}
	put_point(p, 1, 1);
	plot_end_data(p);
}

static void make_gain(struct plots *plots, const struct evaluation *e, const char *const names[2],
		      const struct words *words)
{
	const struct metrics *m = &e->segments->metrics;
	struct plot *p = plot_add(plots, "gain", "Cumulative gain",
				  "share found against share of rows, highest probabilities first");

	put_gain(p, "a", e->sorted, e->n, m->positives);
	if (e->opts.against)
		put_gain(p, "b", e->sorted_against, e->n, m->positives);
	put_decision(p, (double)(m->tp + m->fp) / (double)m->rows, m->classes[1].recall);
	put_unit_axes(p, "share of rows",
		      words->are_viewings ? "share of finished rows found"
					  : "share of label 1 found");
	buf_printf(&p->script, "base = %.6g\nset key bottom right\n", m->base_rate);
	put_curves_command(p, e, names,
			   "x with lines dt 2 lc " PLOT_GREY " notitle, "
			   "x < base ? x / base : 1 with lines dt 3 lc " PLOT_GREY " notitle");
	buf_printf(&p->text,
		   "At the threshold %.3g, %.0f %% of the rows are predicted %s, and %.0f %% of %s "
		   "are "
		   "among them. Dashed: random order; dotted: perfect order.",
		   m->threshold, 100 * (double)(m->tp + m->fp) / (double)m->rows,
		   words->predicted_to, 100 * m->classes[1].recall, words->all);
}

/* A metric over time; the AUC with DeLong's interval. */
struct course {
	const char *name, *title, *axis;
	bool from_zero;
	enum metric_id value;
};

static double value_of(const struct evaluation_segment *s, enum metric_id id)
{
	return metric_value(&s->metrics, id);
}

/* The number of a day or week: those that follow each other differ by one. */
static int64_t period_number(const struct evaluation *e, const struct csv_field *name)
{
	int64_t time = 0, week = 0, day;
	char text[32];

	if (e->opts.period == EVALUATION_DAY) {
		time_parse(name->s, name->len, TIME_OFFSET_OPTIONAL, &time);
		return time / TIME_MS_PER_DAY;
	}
	/* 2024-W04: January 4 is in week 1, and 1970 began on a Thursday. */
	snprintf(text, sizeof(text), "%.4s-01-04", name->s);
	time_parse(text, strlen(text), TIME_OFFSET_OPTIONAL, &time);
	num_parse_int(name->s + 6, 2, &week);
	day = time / TIME_MS_PER_DAY;
	return num_divide_floor(day + 3, 7) + week - 1;
}

/* The periods to draw: the latest, and where each is. */
struct periods {
	const struct evaluation_segment *segments;
	int64_t *number; /* from 0 on */
	size_t n;
};

/* The day or week of a name: 2024-01-25 is 01-25, 2024-W04 is W04; the year is in the title. */
static void put_period_name(struct plot *p, const struct csv_field *name, bool with_year)
{
	buf_append(&p->script, name->s + (with_year ? 0 : 5), name->len - (with_year ? 0 : 5));
}

/*
 * Labels at some of the periods, whose names are this program's own, so few that they fit next to
 * each other; and the title of the axis.
 */
static void put_period_axis(struct plot *p, const struct periods *t, enum evaluation_period period)
{
	const struct csv_field *first = &t->segments[0].value, *last = &t->segments[t->n - 1].value;
	bool years = memcmp(first->s, last->s, 4) != 0;
	double step = (double)(t->number[t->n - 1] + 1) / (years ? 3 : 6), next = 0;

	buf_append_str(&p->script, "set xtics (");
	for (size_t i = 0; i < t->n; i++) {
		if ((double)t->number[i] < next)
			continue;
		buf_append_str(&p->script, i ? ", '" : "'");
		put_period_name(p, &t->segments[i].value, years);
		buf_printf(&p->script, "' %lld", (long long)t->number[i]);
		next = (double)t->number[i] + step;
	}
	buf_printf(&p->script, ")\nset xlabel '%s", evaluation_period_names[period]);
	if (!years)
		buf_printf(&p->script, " of %.4s", first->s);
	buf_append_str(&p->script, " (UTC)'\n");
}

/* The metrics `low` and `high`, which may be one; a gap where there is none, or no period. */
static void put_course(struct plot *p, const char *name, const struct periods *t,
		       enum metric_id low, enum metric_id high)
{
	int64_t last = -1;

	plot_begin_data(p, name);
	for (size_t i = 0; i < t->n; i++) {
		const struct evaluation_segment *s = &t->segments[i];

		if (isnan(value_of(s, low)))
			continue;
		if (last >= 0 && t->number[i] > last + 1)
			buf_append_char(&p->script, '\n');
		buf_printf(&p->script, "%lld %.6g %.6g\n", (long long)t->number[i],
			   value_of(s, low), value_of(s, high));
		last = t->number[i];
	}
	plot_end_data(p);
}

/* Which periods have the least and the largest value; false: none has any. */
static bool find_extremes(const struct periods *t, enum metric_id id, size_t *least, size_t *most)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		double value = value_of(&t->segments[i], id);

		if (isnan(value))
			continue;
		if (!any || value < value_of(&t->segments[*least], id))
			*least = i;
		if (!any || value > value_of(&t->segments[*most], id))
			*most = i;
		any = true;
	}
	return any;
}

static void put_extreme(struct plot *p, const char *what, const struct course *c,
			const struct evaluation_segment *s)
{
	buf_printf(&p->text, "%s %.4f (%.*s)", what, value_of(s, c->value), (int)s->value.len,
		   s->value.s);
}

static void make_course(struct plots *plots, const struct course *c, const struct periods *t,
			enum evaluation_period period)
{
	size_t least = 0, most = 0, lowest = 0, highest = 0;
	bool banded = c->value == METRIC_auc_roc &&
		      find_extremes(t, METRIC_auc_roc_low, &lowest, &highest);
	double bottom, top, margin;
	struct plot *p;

	if (!find_extremes(t, c->value, &least, &most))
		return;
	p = plot_add(plots, c->name, c->title, "by the time of the rows");
	put_course(p, "a", t, c->value, c->value);
	bottom = value_of(&t->segments[least], c->value);
	top = value_of(&t->segments[most], c->value);
	if (banded) {
		put_course(p, "band", t, METRIC_auc_roc_low, METRIC_auc_roc_high);
		bottom = fmin(bottom, value_of(&t->segments[lowest], METRIC_auc_roc_low));
		find_extremes(t, METRIC_auc_roc_high, &lowest, &highest);
		top = fmax(top, value_of(&t->segments[highest], METRIC_auc_roc_high));
	}
	margin = fmax((top - bottom) / 10, 0.005);
	buf_printf(&p->script, "set xrange [-0.5:%lld.5]\nset yrange [%.6g:%.6g]\nunset key\n",
		   (long long)t->number[t->n - 1], c->from_zero ? 0 : bottom - margin,
		   top + margin);
	put_period_axis(p, t, period);
	buf_printf(&p->script, "set ylabel '%s'\n", c->axis);
	buf_append_str(&p->script, "plot ");
	if (banded)
		buf_append_str(&p->script,
			       "$band using 1:2:3 with filledcurves fs transparent solid "
			       "0.25 noborder lc " PLOT_BLUE ", ");
	buf_append_str(&p->script,
		       "$a using 1:2 with linespoints pt 7 ps 0.5 lw 2 lc " PLOT_BLUE "\n");
	put_extreme(p, "Lowest", c, &t->segments[least]);
	put_extreme(p, ", highest", c, &t->segments[most]);
	put_extreme(p, ", latest", c, &t->segments[t->n - 1]);
	buf_append_str(&p->text, banded ? ". Shaded: DeLong's 95 % intervals, assuming independent "
					  "rows."
					: ".");
}

static void make_courses(struct plots *plots, const struct evaluation *e, const struct words *words)
{
	const struct course courses[] = {
		{ "time-auc", "AUC-ROC over time", "AUC-ROC", false, METRIC_auc_roc },
		{ "time-log-loss", "Log loss over time", "log loss", false, METRIC_log_loss },
		{ "time-calibration", "Calibration error over time", "calibration error", true,
		  METRIC_expected_calibration_error },
		{ "time-base-rate", "Base rate over time", words->share, false, METRIC_base_rate },
	};
	struct periods t;
	size_t n = evaluation_periods(e, &t.segments);

	/* Rows without a time, which come first, are at none. */
	if (n && t.segments->value.is_null) {
		t.segments++;
		n--;
	}
	if (n > PERIODS_MAX)
		t.segments += n - PERIODS_MAX;
	t.n = n < PERIODS_MAX ? n : PERIODS_MAX;
	if (!n)
		return;
	t.number = mem_alloc(t.n, sizeof(*t.number));
	for (size_t i = 0; i < t.n; i++)
		t.number[i] = period_number(e, &t.segments[i].value) -
			      period_number(e, &t.segments->value);
	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++)
		make_course(plots, &courses[i], &t, e->opts.period);
	free(t.number);
}

void plots_make(struct plots *p, const struct evaluation *e, const char *const names[2],
		const struct words *words)
{
	const struct metrics *m = &e->segments->metrics;

	p->n = 0;
	if (m->positives && m->positives < m->rows) {
		make_roc(p, e, names);
		make_precision_recall(p, e, names);
		make_gain(p, e, names, words);
	}
	make_calibration(p, e, names, words);
	make_scores(p, e, words);
	make_courses(p, e, words);
	p->n_curves = p->n;
}
