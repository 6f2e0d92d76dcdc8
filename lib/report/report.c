#include "report/report.h"

#include "report/html.h"
#include "report/quantity.h"
#include "table/catalogue.h"

#include <math.h>
#include <string.h>

static void put_contents(const struct report *r, struct buf *page)
{
	const struct report_inputs *a = r->attachments;
	const struct {
		const char *id, *name;
		bool there;
	} parts[] = {
		{ "model", "Model", true },
		{ "summary", "Summary", true },
		{ "moments", "Early and late rows", report_has_moments(r) },
		{ "plots", "Plots", true },
		{ "effects", "Effects of features", r->plots->n > r->plots->n_curves },
		{ "decisions", "Decisions", true },
		{ "gain-and-lift", "Gain and lift", true },
		{ "intervals", r->evaluation->against ? "Comparison" : "Confidence intervals",
		  true },
		{ "segments", "Segments", r->evaluation->n_segments > 1 },
		{ "importance", "Feature importance", a->paths.importance },
		{ "drift", "Feature drift", a->paths.drift },
		{ "data", "Data", true },
		{ "notes", "Methods", true },
	};

	buf_append_str(page, "<nav aria-label=\"Contents\"><ul>\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].there)
			buf_printf(page, "<li><a href=\"#%s\">%s</a></li>\n", parts[i].id,
				   parts[i].name);
	buf_append_str(page, "</ul></nav>\n");
}

/* A headline: the metrics of some rows. */
struct side {
	const char *title;
	const struct metrics *metrics;
	const struct report *drawn; /* whose bootstrap intervals there are; NULL: DeLong's alone */
};

/* Opens a tile; its note is for the caller to end. */
static void put_tile(struct buf *page, const struct metrics *m, enum metric_id id)
{
	buf_append_str(page, "<div><dt>");
	html_heading(page, metric_columns[id].page);
	buf_append_str(page, "</dt><dd class=\"big\">");
	html_real(page, metric_value(m, id), 4);
	buf_append_str(page, "</dd><dd class=\"note\">");
}

static void end_tile(struct buf *page)
{
	buf_append_str(page, "</dd></div>\n");
}

static void put_interval_note(struct buf *page, double low, double high, const char *method)
{
	if (isnan(low)) {
		buf_append_str(page, "no interval");
		return;
	}
	buf_printf(page, "95\xc2\xa0%% interval%s ", method);
	html_real(page, low, 4);
	buf_append_str(page, " to ");
	html_real(page, high, 4);
}

/* The log loss of predicting the base rate for every row: the entropy of the labels. */
static double base_loss(double base)
{
	return -base * log(base) - (1 - base) * log1p(-base);
}

/* By how much the log loss is below that of predicting the base rate, as a share; NAN: one label.
 */
static double gain_of(const struct metrics *m)
{
	return m->positives && m->positives < m->rows ? 1 - m->log_loss / base_loss(m->base_rate)
						      : NAN;
}

static void put_side(const struct report *r, const struct side *side, struct buf *page)
{
	const struct metrics *m = side->metrics;
	const struct interval *auc = side->drawn ? intervals_drawn(r->intervals, METRIC_auc_roc)
						 : NULL;

	buf_append_str(page, "<section>");
	if (side->title)
		buf_printf(page, "<h3>%s</h3>", side->title);
	buf_append_str(page, "<dl class=\"head\">\n");
	put_tile(page, m, METRIC_auc_roc);
	put_interval_note(page, auc ? auc->low : m->auc_roc_low, auc ? auc->high : m->auc_roc_high,
			  auc ? "" : " (DeLong)");
	end_tile(page);
	buf_append_str(page, "<div><dt>");
	html_heading(page, r->words->share);
	buf_append_str(page, "</dt><dd class=\"big\">");
	html_percent(page, m->base_rate);
	buf_append_str(page, "</dd><dd class=\"note\">the base rate: ");
	html_count(page, m->positives);
	buf_append_str(page, " of ");
	html_count(page, m->rows);
	buf_append_str(page, " rows");
	if (side->drawn && r->evaluation->users) {
		buf_append_str(page, ", of ");
		html_count(page, r->evaluation->n_users);
		buf_append_str(page, " users");
	}
	end_tile(page);
	put_tile(page, m, METRIC_log_loss);
	if (isnan(gain_of(m))) {
		buf_append_str(page, "one outcome only");
	} else {
		html_percent(page, fabs(gain_of(m)));
		buf_printf(page, " %s that of the base rate", gain_of(m) < 0 ? "above" : "below");
	}
	end_tile(page);
	put_tile(page, m, METRIC_expected_calibration_error);
	buf_printf(page, "over %llu bins of equal width",
		   (unsigned long long)r->evaluation->opts.bins);
	end_tile(page);
	buf_append_str(page, "</dl></section>\n");
}

static void put_headlines(const struct report *r, struct buf *page)
{
	const struct moments *at = &r->evaluation->moments;
	const struct metrics *all = &r->evaluation->segments->metrics;
	const struct side start = { "At the start of a viewing", &at->metrics[MOMENT_START], NULL };
	bool both = report_has_starts(r);
	const struct side whole = { both ? "At all moments" : NULL, all, r };

	buf_append_str(page, "<div class=\"sides\">\n");
	if (both)
		put_side(r, &start, page);
	put_side(r, &whole, page);
	buf_append_str(page, "</div>\n");
	if (r->intervals->n_drawn < INTERVALS_FEW)
		buf_printf(page,
			   "<p><strong>From only %zu %s, confidence intervals are too narrow or "
			   "undefined.</strong></p>\n",
			   r->intervals->n_drawn, r->evaluation->users ? "users" : "rows");
}

/* The log losses of both scores. */
static void put_difference(const struct report *r, struct buf *page)
{
	const struct interval *v = intervals_drawn(r->intervals, METRIC_log_loss);

	buf_append_str(page, "<li>The second score, <code>");
	html_str(page, r->names[1]);
	buf_append_str(page, "</code>, has a log loss of ");
	html_real(page, v->against, 4);
	buf_append_str(page, " on the same rows; that of the first is ");
	html_real(page, fabs(v->difference), 4);
	buf_append_str(page, v->difference > 0 ? " higher" : " lower");
	if (!isnan(v->difference_low)) {
		buf_append_str(page, " (95\xc2\xa0% interval of the difference: ");
		html_real(page, v->difference_low, 4);
		buf_append_str(page, " to ");
		html_real(page, v->difference_high, 4);
		buf_append_char(page, ')');
	}
	buf_append_str(page, ".</li>\n");
}

static void put_threshold_words(const struct report *r, struct buf *page)
{
	const struct metrics *m = &r->evaluation->segments->metrics;
	const struct words *w = r->words;

	buf_append_str(page, "<li>");
	if (!(m->tp + m->fp)) {
		buf_append_str(page, "No row reaches the threshold.</li>\n");
		return;
	}
	buf_append_str(page, "At the threshold ");
	html_real(page, m->threshold, 2);
	buf_printf(page, ", %s is predicted for ", w->are_viewings ? "a finish" : "label 1");
	html_percent(page, (double)(m->tp + m->fp) / (double)m->rows);
	buf_append_str(page, " of the rows; ");
	html_percent(page, m->classes[1].precision);
	buf_printf(page, " of these %s (precision), and they are ", w->have);
	html_percent(page, m->classes[1].recall);
	buf_printf(page, " of %s (recall).", w->all);
	if (m->tn + m->fn) {
		buf_append_str(page, " Of the rows below it, ");
		html_percent(page, m->classes[0].precision);
		buf_append_str(page, w->are_viewings ? " are of viewings that were not finished."
						     : " have label 0.");
	}
	buf_append_str(page, " <a href=\"#decisions\">What to do at which threshold</a>.</li>\n");
}

/* From which mean to which, if it has any. */
static void put_means(const struct report_inputs_feature *row, struct buf *page)
{
	const char *unit = quantity_unit(row->names.data);

	if (isnan(row->mean[0]) || isnan(row->mean[1]))
		return;
	buf_append_str(page, " (mean ");
	quantity_put(page, row->mean[0], unit);
	buf_append_str(page, ", then ");
	quantity_put(page, row->mean[1], unit);
	buf_append_char(page, ')');
}

/* What moved, if the drift is there: the features that shifted and should not by nature. */
static void put_moved(const struct report *r, struct buf *page)
{
	const struct report_inputs_features *f = &r->attachments->drift;
	size_t n = 0;

	if (!r->attachments->paths.drift)
		return;
	buf_append_str(page, "<li>");
	for (size_t i = 0; i < f->n; i++) {
		const struct report_inputs_feature *row = &f->rows[i];

		if (catalogue_nature(row->names.data) != CATALOGUE_STEADY ||
		    !report_is_major(f, row->psi))
			continue;
		if (n++ < REPORT_MOVED) {
			buf_append_str(page, n > 1 ? ", " : "What moved: ");
			buf_append_str(page, "<code>");
			html_str(page, row->names.data);
			buf_append_str(page, "</code>");
			put_means(row, page);
		}
	}
	if (n > REPORT_MOVED)
		buf_printf(page, " and %zu more", n - REPORT_MOVED);
	buf_printf(page,
		   "%s between train and test (<a href=\"#drift\">PSI of at least 0.25</a>), "
		   "counters and the calendar aside.</li>\n",
		   n ? " differ" : "No feature has moved far");
}

static void put_words(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct metrics *m = &e->segments->metrics;
	const struct words *w = r->words;
	double gain = gain_of(m);

	buf_append_str(page, "<h2 id=\"summary\">Summary</h2>\n<ul>\n");
	buf_append_str(page, "<li>Of all rows, ");
	html_percent(page, m->base_rate);
	buf_printf(page, " %s (the base rate).</li>\n", w->have);
	if (!isnan(gain)) {
		buf_append_str(page, "<li>In ");
		html_percent(page, m->auc_roc);
		buf_printf(
			page,
			" of the pairs of a row %s and a row %s, the first has the higher "
			"probability; a tie counts half, chance is 50\xc2\xa0%% (AUC-ROC).</li>\n"
			"<li>The log loss is ",
			w->of[1], w->of[0]);
		html_percent(page, fabs(gain));
		buf_append_str(page, gain < 0 ? " <strong>above</strong> that of predicting the "
						"base rate for every row: the probabilities are "
						"worse than a constant.</li>\n"
					      : " below that of predicting the base rate for every "
						"row.</li>\n");
	}
	buf_printf(page, "<li>Per calibration bin, the mean probability and the %s differ by ",
		   w->share);
	html_percent(page, m->calibration_error);
	buf_append_str(page, " on average, weighted by rows; errors within a bin can "
			     "cancel.</li>\n");
	report_put_easy(r, page);
	if (e->against)
		put_difference(r, page);
	put_threshold_words(r, page);
	put_moved(r, page);
	buf_append_str(page, "</ul>\n");
}

/* The plots from `first` to before `end`. */
static int put_figures(const struct report *r, size_t first, size_t end, struct buf *page,
		       struct err *err)
{
	buf_append_str(page, "<div class=\"figures\">\n");
	for (size_t i = first; i < end; i++) {
		const struct plot *p = &r->plots->plots[i];

		buf_append_str(page, "<figure>");
		if (plot_draw(p, PLOT_INLINE, page, err))
			return -1;
		buf_printf(page, "<figcaption><h3 id=\"%s-title\">", p->name);
		html_str(page, p->title);
		buf_printf(page, "</h3><p id=\"%s-text\">", p->name);
		buf_printf(page, "%c%s. ", p->axes[0] - 'a' + 'A', p->axes + 1);
		html_escape(page, p->text.data, p->text.len);
		buf_append_str(page, "</p></figcaption></figure>\n");
	}
	buf_append_str(page, "</div>\n");
	return 0;
}

static int put_plots(const struct report *r, struct buf *page, struct err *err)
{
	const struct plots *p = r->plots;

	buf_append_str(page, "<h2 id=\"plots\">Plots</h2>\n");
	if (put_figures(r, 0, p->n_curves, page, err))
		return -1;
	if (p->n == p->n_curves)
		return 0;
	buf_printf(page,
		   "<h2 id=\"effects\">Effects of features</h2>\n<p>How the prediction goes with "
		   "the values of %s: in each bin of values, the mean predicted probability of "
		   "the test rows, and next to it the %s that was observed. Rows of a bin differ "
		   "in other features, too: this is not what changing the feature would do.</p>\n",
		   r->attachments->paths.importance ? "the most important features"
						    : "the features that say most",
		   r->words->share);
	return put_figures(r, p->n_curves, p->n, page, err);
}

static void put_notes(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;

	buf_append_str(page, "<h2 id=\"notes\">Methods</h2>\n<p>");
	buf_printf(page,
		   "Confidence intervals are the 2.5th and 97.5th percentiles of %zu bootstrap "
		   "resamples of %s, drawn with replacement; a metric that needs both labels is "
		   "taken over the resamples that have both. DeLong's intervals assume independent "
		   "rows. ",
		   r->intervals->resamples,
		   e->users ? "whole users (user-level, or cluster, bootstrap)" : "rows");
	if (e->against)
		buf_printf(page,
			   "A p-value is the probability of a difference at least this large, in "
			   "either direction, if there were none; p-values of the bootstrap are at "
			   "least %.2g. They are not corrected for multiple comparisons. ",
			   2.0 / ((double)r->intervals->resamples + 1));
	buf_append_str(page, "Log loss is in nats per row. Rows of equal probability are tied "
			     "throughout. The calibration error uses bins of equal width. ");
	if (e->opts.prior > 0)
		buf_printf(page,
			   "Probabilities were corrected from a base rate of %.6g to that of the "
			   "evaluated rows. ",
			   e->opts.prior);
	buf_append_str(page,
		       "Outside the captions, each number has all of its digits in the "
		       "<code>value</code> of its <code>data</code> element, as in the CSV of "
		       "<code>ce-eval</code>.</p>\n");
}

int report_put(const struct report *r, struct buf *out, struct err *err)
{
	html_begin(out, r->title);
	buf_append_str(out, "<header><h1>");
	html_str(out, r->title);
	buf_append_str(out, "</h1>\n");
	put_contents(r, out);
	buf_append_str(out, "</header>\n<main>\n");
	report_put_card(r, out);
	put_headlines(r, out);
	put_words(r, out);
	report_put_moments(r, out);
	if (put_plots(r, out, err))
		return -1;
	report_put_decisions(r, out);
	report_put_gain(r, out);
	report_put_intervals(r, out);
	report_put_segments(r, out);
	report_put_features(r, out);
	report_put_quality(r, out);
	put_notes(r, out);
	buf_append_str(out, "</main>\n");
	html_end(out);
	return 0;
}
