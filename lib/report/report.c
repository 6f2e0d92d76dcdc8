#include "report/report.h"

#include "report/html.h"

#include <math.h>
#include <string.h>

/* Colours by the reader's preference; one column on a phone, more where there is room. */
static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--panel:#f4f6f8;"
	"--line:#d5dae0;--mark:#1f6fc0}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#a3acb6;--paper:#14171b;"
	"--panel:#1e2329;--line:#3a424c;--mark:#5aa2ea}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;max-width:80rem;padding:1rem;background:var(--paper);color:var(--ink);"
	"font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
	"h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}\n"
	"h2{font-size:1.25rem;margin:2.5rem 0 .5rem;border-bottom:1px solid var(--line)}\n"
	"p,ul{max-width:46rem}a{color:var(--mark)}\n"
	".soft,figcaption p,caption{color:var(--soft);font-size:.9rem}\n"
	"nav ul{padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;"
	"max-width:none}\n"
	"dl.head{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;"
	"margin:1rem 0}\n"
	"dl.head div{background:var(--panel);border-radius:.5rem;padding:.75rem}\n"
	"dt{color:var(--soft);font-size:.9rem}dd{margin:0}\n"
	"dd.big{font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums}\n"
	"dd.note{color:var(--soft);font-size:.85rem}\n"
	".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));"
	"gap:1rem}\n"
	"figure{margin:0;background:var(--panel);border-radius:.5rem;padding:.75rem}\n"
	"h3{font-size:1rem;margin:.25rem 0}figcaption p{margin:.25rem 0 0}\n"
	"svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font-family:inherit}\n"
	".scroll{overflow-x:auto;margin:.75rem 0}\n"
	".scroll:focus-visible{outline:2px solid var(--mark)}\n"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}\n"
	"caption{text-align:left;padding:.25rem 0}\n"
	"th,td{overflow-wrap:normal;text-align:right;padding:.25rem .6rem;border-bottom:1px solid "
	"var(--line);"
	"white-space:nowrap}\n"
	"th[scope=row],thead th:first-child{text-align:left;font-weight:500;white-space:normal;"
	"min-width:8rem;max-width:24rem}\n"
	"th[scope=row]{position:sticky;left:0;background:var(--paper)}\n"
	"tr.chosen th[scope=row]{background:var(--panel)}\n"
	"thead th{color:var(--soft);font-weight:500;white-space:normal;vertical-align:bottom}\n"
	"tr.chosen{background:var(--panel);font-weight:600}\n"
	"td.wide{min-width:8rem;text-align:left}\n"
	".bar{display:inline-block;height:.7em;background:var(--mark);border-radius:2px;"
	"min-width:1px}\n"
	"@media print{body{max-width:none}figure,tr{break-inside:avoid}}\n";

static void put_head(const struct report *r, struct buf *page)
{
	buf_append_str(page,
		       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'; img-src data:\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"generator\" content=\"ce-eval " CE_VERSION "\">\n"
		       "<link rel=\"icon\" href=\"data:,\">\n<title>");
	html_str(page, r->title);
	buf_printf(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

static void put_contents(const struct report *r, struct buf *page)
{
	const struct report_inputs *a = r->attachments;
	const struct {
		const char *id, *name;
		bool there;
	} parts[] = {
		{ "summary", "Summary", true },
		{ "plots", "Plots", true },
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

/* Opens a tile of the headline, of all rows; its note is for the caller to end. */
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

static void put_interval_note(struct buf *page, const struct interval *i)
{
	if (isnan(i->low)) {
		buf_append_str(page, "no interval");
		return;
	}
	buf_append_str(page, "95\xc2\xa0% interval ");
	html_real(page, i->low, 4);
	buf_append_str(page, " to ");
	html_real(page, i->high, 4);
}

static void put_tiles(const struct report *r, struct buf *page)
{
	static const enum metric_id tiles[] = { METRIC_auc_roc, METRIC_average_precision,
						METRIC_log_loss, METRIC_brier, METRIC_base_rate };
	const struct metrics *m = &r->evaluation->segments->metrics;

	buf_append_str(page, "<dl class=\"head\">\n");
	for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		put_tile(page, m, tiles[i]);
		put_interval_note(page, intervals_drawn(r->intervals, tiles[i]));
		end_tile(page);
	}
	put_tile(page, m, METRIC_expected_calibration_error);
	buf_printf(page, "over %llu bins of equal width; no interval",
		   (unsigned long long)r->evaluation->opts.bins);
	end_tile(page);
	buf_append_str(page, "<div><dt>Evaluated rows</dt><dd class=\"big\">");
	html_count(page, m->rows);
	buf_append_str(page, "</dd><dd class=\"note\">");
	html_count(page, m->positives);
	buf_append_str(page, " with label 1");
	if (r->evaluation->users) {
		buf_append_str(page, ", of ");
		html_count(page, r->evaluation->n_users);
		buf_append_str(page, " users");
	}
	end_tile(page);
	buf_append_str(page, "</dl>\n");
	if (r->intervals->n_drawn < INTERVALS_FEW)
		buf_printf(page,
			   "<p><strong>From only %zu %s, confidence intervals are too narrow or "
			   "undefined.</strong></p>\n",
			   r->intervals->n_drawn, r->evaluation->users ? "users" : "rows");
}

/* The log loss of predicting the base rate for every row: the entropy of the labels. */
static double base_loss(double base)
{
	return -base * log(base) - (1 - base) * log1p(-base);
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

static void put_words(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct metrics *m = &e->segments->metrics;
	bool both = m->positives && m->positives < m->rows;
	double gain = both ? 1 - m->log_loss / base_loss(m->base_rate) : NAN;

	buf_append_str(page, "<h2 id=\"summary\">Summary</h2>\n<ul>\n");
	buf_append_str(page, "<li>Of all rows, ");
	html_percent(page, m->base_rate);
	buf_append_str(page, " have label 1 (the base rate).</li>\n");
	if (both) {
		buf_append_str(page, "<li>In ");
		html_percent(page, m->auc_roc);
		buf_append_str(page, " of the pairs of a row with label 1 and a row with label 0, "
				     "the first has the higher probability; a tie counts half, "
				     "chance is 50\xc2\xa0% (AUC-ROC).</li>\n"
				     "<li>The log loss is ");
		html_percent(page, fabs(gain));
		buf_append_str(page, gain < 0 ? " <strong>above</strong> that of predicting the "
						"base rate for every row: the probabilities are "
						"worse than a constant.</li>\n"
					      : " below that of predicting the base rate for every "
						"row.</li>\n");
	}
	buf_append_str(page, "<li>Per calibration bin, the mean probability and the share of "
			     "label 1 differ by ");
	html_percent(page, m->calibration_error);
	buf_append_str(page, " on average, weighted by rows; errors within a bin can "
			     "cancel.</li>\n");
	if (e->against)
		put_difference(r, page);
	buf_append_str(page, "<li>");
	if (m->tp + m->fp) {
		buf_append_str(page, "At the threshold, label 1 is predicted for ");
		html_percent(page, (double)(m->tp + m->fp) / (double)m->rows);
		buf_append_str(page, " of the rows; ");
		html_percent(page, m->classes[1].precision);
		buf_append_str(page, " of these have label 1 (precision), which is ");
		html_percent(page, m->classes[1].recall);
		buf_append_str(page, " of all rows that have it (recall).</li>\n");
	} else {
		buf_append_str(page, "No row reaches the threshold.</li>\n");
	}
	buf_append_str(page, "</ul>\n");
}

static int put_plots(const struct report *r, struct buf *page, struct err *err)
{
	buf_append_str(page, "<h2 id=\"plots\">Plots</h2>\n<div class=\"figures\">\n");
	for (size_t i = 0; i < r->plots->n; i++) {
		const struct plot *p = &r->plots->plots[i];

		buf_append_str(page, "<figure>");
		if (plot_draw(p, PLOT_INLINE, page, err))
			return -1;
		buf_printf(page, "<figcaption><h3 id=\"%s-title\">%s</h3>", p->name, p->title);
		buf_printf(page, "<p id=\"%s-text\">", p->name);
		buf_printf(page, "%c%s. ", p->axes[0] - 'a' + 'A', p->axes + 1);
		html_escape(page, p->text.data, p->text.len);
		buf_append_str(page, "</p></figcaption></figure>\n");
	}
	buf_append_str(page, "</div>\n");
	return 0;
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
	const struct evaluation *e = r->evaluation;

	put_head(r, out);
	buf_append_str(out, "<header><h1>");
	html_str(out, r->title);
	buf_append_str(out, "</h1>\n<p class=\"soft\">How well <code>");
	html_str(out, e->opts.score);
	buf_append_str(out, "</code> predicts <code>");
	html_str(out, e->opts.label);
	buf_append_str(out, "</code>");
	if (e->split) {
		buf_append_str(out, ", on the rows of split <code>");
		html_str(out, e->split);
		buf_append_str(out, "</code>");
	}
	buf_append_str(out, ".</p>\n");
	put_contents(r, out);
	buf_append_str(out, "</header>\n<main>\n");
	put_tiles(r, out);
	put_words(r, out);
	if (put_plots(r, out, err))
		return -1;
	report_put_decisions(r, out);
	report_put_gain(r, out);
	report_put_intervals(r, out);
	report_put_segments(r, out);
	report_put_features(r, out);
	report_put_quality(r, out);
	put_notes(r, out);
	buf_append_str(out, "</main>\n</body>\n</html>\n");
	return 0;
}
