#include "html.h"
#include "mem.h"
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_real_cell(struct buf *page, double value, int decimals)
{
	html_cell(page);
	html_real(page, value, decimals);
}

static void put_count_cell(struct buf *page, uint64_t count)
{
	html_cell(page);
	html_count(page, count);
}

static void put_percent_cell(struct buf *page, double share)
{
	html_cell(page);
	html_percent(page, share);
}

static void put_bar_cell(struct buf *page, double share)
{
	buf_append_str(page, "<td class=\"wide\">");
	html_bar(page, share);
}

static bool has_costs(const struct evaluation *e)
{
	return e->opts.threshold == EVALUATION_EARLIER &&
	       (e->opts.choice.false_positive > 0 || e->opts.choice.false_negative > 0);
}

/* Of the decisions in m, a row, in the unit that --cost is in. */
static double cost_per_row(const struct evaluation *e, const struct metrics *m)
{
	const struct metrics_price price = { e->opts.choice.false_positive,
					     e->opts.choice.false_negative, UINT64_MAX };

	return metrics_cost(&price, m->fp, m->fn) / (double)m->rows;
}

static void put_threshold_choice(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct choice_opts *c = &e->opts.choice;

	buf_append_str(page, "<p>Outcome 1 is predicted from a probability of ");
	html_real(page, e->threshold, 4);
	buf_append_str(page, " on");
	if (e->opts.threshold == EVALUATION_BEST_F1)
		buf_append_str(page,
			       ", which has the largest F1 on these very rows, and so flatters "
			       "a little");
	if (e->opts.threshold == EVALUATION_EARLIER) {
		buf_append_str(page, ", chosen on ");
		html_count(page, e->choice.slice.rows);
		buf_append_str(page, " older rows, the newest of the train part, as the one that ");
		if (has_costs(e))
			buf_printf(page,
				   "costs least where a false positive costs %g and a false "
				   "negative %g",
				   c->false_positive, c->false_negative);
		if (c->capacity) {
			buf_printf(page, "%s at most ", has_costs(e) ? ", acting on" : "acts on");
			html_count(page, c->capacity);
			buf_append_str(page, " of the rows judged, in proportion");
		}
	}
	buf_append_str(page, ".</p>\n");
}

static void put_confusion(const struct evaluation *e, struct buf *page)
{
	static const char *const columns[] = { "", "predicted 0", "predicted 1", "recall", NULL };
	const struct metrics *m = &e->segments->metrics;

	html_table(page, "Confusion matrix, and what of each outcome and prediction was right",
		   columns);
	html_row(page);
	buf_append_str(page, "outcome 0");
	put_count_cell(page, m->tn);
	put_count_cell(page, m->fp);
	put_real_cell(page, m->classes[0].recall, 4);
	html_row_end(page);
	html_row(page);
	buf_append_str(page, "outcome 1");
	put_count_cell(page, m->fn);
	put_count_cell(page, m->tp);
	put_real_cell(page, m->classes[1].recall, 4);
	html_row_end(page);
	html_row(page);
	buf_append_str(page, "precision");
	put_real_cell(page, m->classes[0].precision, 4);
	put_real_cell(page, m->classes[1].precision, 4);
	html_cell(page);
	buf_append_str(page, "accuracy ");
	html_real(page, m->accuracy, 4);
	html_row_end(page);
	html_table_end(page);
}

/* A row of the threshold table: decisions of one kind on one set of rows. */
static void put_decision(const struct evaluation *e, struct buf *page, const char *name,
			 const struct metrics *m, bool chosen)
{
	if (chosen)
		html_row_marked(page);
	else
		html_row(page);
	buf_append_str(page, name);
	put_real_cell(page, m->threshold, 4);
	put_count_cell(page, m->tp + m->fp);
	put_percent_cell(page, (double)(m->tp + m->fp) / (double)m->rows);
	put_real_cell(page, m->classes[1].precision, 4);
	put_real_cell(page, m->classes[1].recall, 4);
	put_real_cell(page, m->classes[1].f1, 4);
	put_count_cell(page, m->fp);
	put_count_cell(page, m->fn);
	if (has_costs(e))
		put_real_cell(page, cost_per_row(e, m), 4);
	html_row_end(page);
}

static void put_thresholds(const struct evaluation *e, struct buf *page)
{
	const char *columns[] = {
		"",   "from probability", "acted on",        "of all",     "precision", "recall",
		"F1", "false positives",  "false negatives", "cost a row", NULL
	};
	const struct metrics_price price = { e->opts.choice.false_positive,
					     e->opts.choice.false_negative, UINT64_MAX };
	struct metrics m = e->segments->metrics;

	if (!has_costs(e))
		columns[9] = NULL;
	html_table(page, "What other thresholds would have led to", columns);
	put_decision(e, page, "this one", &e->segments->metrics, true);
	if (e->opts.threshold == EVALUATION_EARLIER)
		put_decision(e, page, "this one, on the older rows", &e->choice.slice, false);
	if (has_costs(e)) {
		metrics_decide(&m, e->sorted, metrics_cheapest(e->sorted, e->n, &price));
		put_decision(e, page, "cheapest in hindsight", &m, false);
		metrics_decide(&m, e->sorted, nextafter(1, 2));
		put_decision(e, page, "act on none", &m, false);
		metrics_decide(&m, e->sorted, 0);
		put_decision(e, page, "act on all", &m, false);
	}
	for (int tenth = 1; tenth < 10; tenth++) {
		char name[16];

		snprintf(name, sizeof(name), "from 0.%d on", tenth);
		metrics_decide(&m, e->sorted, tenth / 10.0);
		put_decision(e, page, name, &m, false);
	}
	html_table_end(page);
}

void report_put_decisions(const struct report *r, struct buf *page)
{
	buf_append_str(page, "<h2 id=\"decisions\">Decisions</h2>\n");
	put_threshold_choice(r, page);
	put_confusion(r->evaluation, page);
	put_thresholds(r->evaluation, page);
}

void report_put_gain(const struct report *r, struct buf *page)
{
	static const char *const columns[] = { "best rows",        "acted on",  "of all",
					       "from probability", "precision", "lift",
					       "outcome 1 found",  NULL };
	static const int percents[] = { 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 };
	const struct evaluation *e = r->evaluation;
	struct metrics_walk walk = METRICS_WALK(e->sorted, e->n);
	struct metrics_ties t = { 0 };
	uint64_t positives = e->segments->metrics.positives, tp = 0, called = 0;

	buf_append_str(page,
		       "<h2 id=\"gain-and-lift\">Gain and lift</h2>\n<p>Rows with the highest "
		       "probability first; rows of equal probability go together. Lift is "
		       "precision over the base rate.</p>\n");
	html_table(page, "Acting on the best rows", columns);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		double precision;

		while ((double)called < (double)e->n * percents[i] / 100 &&
		       metrics_walk_next(&walk, &t)) {
			called += t.positives + t.negatives;
			tp += t.positives;
		}
		precision = (double)tp / (double)called;
		html_row(page);
		buf_printf(page, "%d\xc2\xa0%%", percents[i]);
		put_count_cell(page, called);
		put_percent_cell(page, (double)called / (double)e->n);
		put_real_cell(page, t.score, 4);
		put_real_cell(page, precision, 4);
		put_real_cell(page, positives ? precision / e->segments->metrics.base_rate : NAN,
			      2);
		put_percent_cell(page, positives ? (double)tp / (double)positives : NAN);
		html_row_end(page);
	}
	html_table_end(page);
}

static void put_interval_cell(struct buf *page, double low, double high)
{
	html_cell(page);
	if (isnan(low)) {
		html_real(page, low, 4);
		return;
	}
	buf_append_char(page, '[');
	html_real(page, low, 4);
	buf_append_str(page, ", ");
	html_real(page, high, 4);
	buf_append_char(page, ']');
}

static const char *metric_name(const char *metric)
{
	static const char *const names[][2] = { { "base_rate", "Base rate" },
						{ "auc_roc", "AUC-ROC" },
						{ "average_precision", "Average precision" },
						{ "log_loss", "Log loss" },
						{ "brier", "Brier score" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i][0], metric))
			return names[i][1];
	return metric;
}

void report_put_intervals(const struct report *r, struct buf *page)
{
	const char *columns[] = { "",           "by drawing",
				  "this",       "95 % interval",
				  NULL,         "95 % interval",
				  "difference", "95 % interval",
				  "p",          NULL };
	bool both = r->evaluation->against;

	buf_printf(page, "<h2 id=\"intervals\">%s</h2>\n", both ? "Comparison" : "Intervals");
	if (both) {
		buf_append_str(page, "<p>This is <code>");
		html_str(page, r->names[0]);
		buf_append_str(page, "</code>, the other <code>");
		html_str(page, r->names[1]);
		buf_append_str(page,
			       "</code>, on the same rows. The difference is this less the "
			       "other; p is two-sided, that there is none: DeLong&#39;s paired "
			       "test takes rows as independent, drawing users does not.</p>\n");
		columns[4] = "the other";
	}
	html_table(page, both ? "Two models on the same rows" : "How sure the figures are",
		   columns);
	for (size_t i = 0; i < r->intervals->n; i++) {
		const struct interval *v = &r->intervals->rows[i];

		html_row(page);
		buf_append_str(page, metric_name(v->metric));
		html_cell(page);
		buf_append_str(page, strcmp(v->method, "delong") ? v->method : "none (DeLong)");
		put_real_cell(page, v->value, 4);
		put_interval_cell(page, v->low, v->high);
		if (both) {
			put_real_cell(page, v->against, 4);
			put_interval_cell(page, v->against_low, v->against_high);
			put_real_cell(page, v->difference, 4);
			put_interval_cell(page, v->difference_low, v->difference_high);
			put_real_cell(page, v->p_value, 4);
		}
		html_row_end(page);
	}
	html_table_end(page);
}

static int most_rows_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* So many rows a segment needs to be among the `most` largest. */
static uint64_t rows_to_show(const struct evaluation_segment *s, size_t n, size_t most)
{
	uint64_t *rows = mem_alloc(n, sizeof(*rows)), least;

	for (size_t i = 0; i < n; i++)
		rows[i] = s[i].metrics.rows;
	qsort(rows, n, sizeof(*rows), most_rows_first);
	least = rows[most - 1];
	free(rows);
	return least;
}

static void put_segment(struct buf *page, const struct evaluation_segment *s)
{
	const struct metrics *m = &s->metrics;

	html_row(page);
	html_value(page, &s->value);
	put_count_cell(page, m->rows);
	put_real_cell(page, m->base_rate, 4);
	put_real_cell(page, m->auc_roc, 4);
	put_interval_cell(page, m->auc_roc_low, m->auc_roc_high);
	put_real_cell(page, m->average_precision, 4);
	put_real_cell(page, m->log_loss, 4);
	put_real_cell(page, m->brier, 4);
	put_real_cell(page, m->calibration_error, 4);
	put_real_cell(page, m->classes[1].precision, 4);
	put_real_cell(page, m->classes[1].recall, 4);
	html_row_end(page);
}

/* The segments of one column. */
static void put_column(struct buf *page, const struct evaluation_segment *s, size_t n, bool periods)
{
	const char *columns[] = { s->column,
				  "rows",
				  "base rate",
				  "AUC-ROC",
				  "95 % interval (DeLong)",
				  "average precision",
				  "log loss",
				  "Brier score",
				  "calibration error",
				  "precision",
				  "recall",
				  NULL };
	size_t most = periods ? REPORT_PERIODS : REPORT_SEGMENTS, shown = 0;
	uint64_t least = n > most && !periods ? rows_to_show(s, n, most) : 0;
	char caption[64];

	if (n > most)
		snprintf(caption, sizeof(caption), "The %zu %s of %zu", most,
			 periods ? "latest" : "largest", n);
	else
		snprintf(caption, sizeof(caption), periods ? "By time" : "By value of a column");
	html_table(page, caption, columns);
	for (size_t i = periods && n > most ? n - most : 0; i < n && shown < most; i++)
		if (s[i].metrics.rows >= least) {
			put_segment(page, &s[i]);
			shown++;
		}
	html_table_end(page);
}

void report_put_segments(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct evaluation_segment *periods;

	if (e->n_segments == 1)
		return;
	evaluation_periods(e, &periods);
	buf_append_str(page,
		       "<h2 id=\"segments\">Segments</h2>\n<p>The same figures, of the rows of "
		       "each segment alone. A segment easier than the whole lends it its ease: "
		       "look here before believing a headline.</p>\n");
	for (size_t i = 1, n; i < e->n_segments; i += n) {
		const struct evaluation_segment *s = e->segments + i;

		for (n = 1; i + n < e->n_segments && s[n].column == s->column; n++)
			;
		put_column(page, s, n, s >= periods);
	}
}

static void put_importance(const struct attachments_features *f, struct buf *page)
{
	static const char *const columns[] = { "feature",
					       "AUC-ROC drop",
					       "standard deviation",
					       "log loss rise",
					       "standard deviation",
					       "",
					       NULL };
	double most = 0;

	for (size_t i = 0; i < f->n; i++)
		most = fmax(most, f->rows[i].auc_drop);
	buf_append_str(page, "<h2 id=\"importance\">Importance</h2>\n<p>What the model loses on "
			     "these rows when one feature&#39;s values are shuffled among them "
			     "(permutation importance). Features that say the same share their "
			     "importance: each looks less than both are.</p>\n");
	html_table(page, "Features by what shuffling them costs", columns);
	for (size_t i = 0; i < f->n; i++) {
		const struct attachments_feature *row = &f->rows[i];

		html_row(page);
		html_str(page, row->name);
		put_real_cell(page, row->auc_drop, 5);
		put_real_cell(page, row->auc_drop_sd, 5);
		put_real_cell(page, row->loss_rise, 5);
		put_real_cell(page, row->loss_rise_sd, 5);
		put_bar_cell(page, most > 0 ? row->auc_drop / most : 0);
		html_row_end(page);
	}
	html_table_end(page);
}

/* The usual reading of a population stability index (Siddiqi, Credit Risk Scorecards, 2006). */
static const char *drift_word(double psi)
{
	if (isnan(psi))
		return "";
	return psi < 0.1 ? "stable" : psi < 0.25 ? "moved" : "moved far";
}

static void put_drift(const struct attachments_features *f, struct buf *page)
{
	static const char *const columns[] = {
		"feature",       "kind",        "PSI",        "",  "missing, train",
		"missing, test", "mean, train", "mean, test", NULL
	};

	buf_append_str(page,
		       "<h2 id=\"drift\">Drift</h2>\n<p>The population stability index of each "
		       "feature between the train and the test part: below 0.1 it is usually "
		       "called stable, from 0.25 on a reason to look. What counts or dates drifts "
		       "by its nature.</p>\n");
	html_table(page, "Features by how far they moved", columns);
	for (size_t i = 0; i < f->n; i++) {
		const struct attachments_feature *row = &f->rows[i];

		html_row(page);
		html_str(page, row->name);
		html_cell(page);
		html_str(page, row->kind);
		put_real_cell(page, row->psi, 4);
		html_cell(page);
		buf_append_str(page, drift_word(row->psi));
		for (int part = 0; part < 2; part++)
			put_percent_cell(page, row->missing[part]);
		for (int part = 0; part < 2; part++)
			put_real_cell(page, row->mean[part], 4);
		html_row_end(page);
	}
	html_table_end(page);
}

void report_put_features(const struct report *r, struct buf *page)
{
	if (r->attachments->paths.importance)
		put_importance(&r->attachments->importance, page);
	if (r->attachments->paths.drift)
		put_drift(&r->attachments->drift, page);
}

static void put_count_row(struct buf *page, const char *what, uint64_t count)
{
	html_row(page);
	html_str(page, what);
	put_count_cell(page, count);
	html_row_end(page);
}

void report_put_quality(const struct report *r, struct buf *page)
{
	static const char *const columns[] = { "", "rows", NULL };
	const struct evaluation *e = r->evaluation;
	const struct attachments *a = r->attachments;
	char what[256];

	buf_append_str(page, "<h2 id=\"data\">Data</h2>\n");
	html_table(page, "Rows that were scored", columns);
	put_count_row(page, "judged", e->n);
	if (e->split)
		put_count_row(page, "of another split", e->n_skipped[EVALUATION_OTHER_SPLIT]);
	put_count_row(page, "without an outcome", e->n_skipped[EVALUATION_UNLABELLED]);
	if (e->opts.against_path)
		put_count_row(page, "without a second score", e->n_skipped[EVALUATION_UNPAIRED]);
	html_table_end(page);
	if (!a->paths.rejects && !a->paths.unmatched && !a->paths.sessions)
		return;
	html_table(page, "What was lost on the way here", columns);
	if (a->paths.rejects)
		put_count_row(page, "raw records rejected", a->n_rejected);
	for (size_t i = 0; i < a->n_rejects; i++) {
		snprintf(what, sizeof(what), "rejected: %.200s", a->rejects[i].name);
		put_count_row(page, what, a->rejects[i].rows);
	}
	if (a->paths.unmatched)
		put_count_row(page, "events whose user or content is unknown", a->n_unmatched);
	if (a->paths.sessions) {
		put_count_row(page, "viewings completed", a->completed);
		put_count_row(page, "viewings not completed", a->not_completed);
		put_count_row(page, "viewings censored: still open when the log ends", a->censored);
	}
	html_table_end(page);
}
