#include "base/mem.h"
#include "report/html.h"
#include "report/quantity.h"
#include "report/report.h"
#include "table/catalogue.h"

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

/* A bar of that share, and the share. */
static void put_share_bar(struct buf *page, double share)
{
	buf_append_str(page, "<td class=\"wide\">");
	if (share > 0)
		html_bar(page, 0.6 * share, false);
	html_percent(page, share);
}

static bool has_costs(const struct evaluation *e)
{
	return e->opts.threshold == EVALUATION_EARLIER && threshold_has_costs(&e->opts.choice);
}

static void put_threshold_choice(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct threshold_opts *c = &e->opts.choice;

	buf_printf(page, "<p>%s is predicted for a probability of at least ",
		   r->words->are_viewings ? "A finish" : "Label 1");
	html_real(page, e->threshold, 4);
	if (e->opts.threshold == EVALUATION_BEST_F1)
		buf_append_str(page,
			       ", which has the largest F1 on these same rows: the results at "
			       "it are optimistic");
	if (e->opts.threshold == EVALUATION_EARLIER) {
		buf_append_str(page, ", chosen on ");
		html_count(page, e->choice.slice.rows);
		buf_append_str(page, " rows, the newest of the train split");
		if (has_costs(e))
			buf_printf(page,
				   ", for the least cost, where a false positive costs %g and a "
				   "false negative %g",
				   c->false_positive, c->false_negative);
		if (c->capacity) {
			buf_append_str(page, ", with that predicted for at most as large a share "
					     "of them as ");
			html_count(page, c->capacity);
			buf_append_str(page, " is of the evaluated rows");
		}
	}
	buf_append_str(page, ".</p>\n");
	if (e->opts.threshold == EVALUATION_EARLIER)
		buf_append_str(page,
			       "<p>Results on the train rows are optimistic, unless the model "
			       "was trained without those rows; results on the evaluated rows "
			       "are not.</p>\n");
}

static void put_confusion(const struct report *r, struct buf *page)
{
	const struct words *w = r->words;
	const char *const columns[] = { "", w->predicted[0], w->predicted[1], "recall", NULL };
	const struct metrics *m = &r->evaluation->segments->metrics;

	html_table(page, "Confusion matrix, recall and precision", columns);
	html_row(page);
	buf_append_str(page, w->outcome[0]);
	put_count_cell(page, m->tn);
	put_count_cell(page, m->fp);
	put_real_cell(page, m->classes[0].recall, 4);
	html_row_end(page);
	html_row(page);
	buf_append_str(page, w->outcome[1]);
	put_count_cell(page, m->fn);
	put_count_cell(page, m->tp);
	put_real_cell(page, m->classes[1].recall, 4);
	html_row_end(page);
	html_row(page);
	buf_append_str(page, "precision");
	put_real_cell(page, m->classes[0].precision, 4);
	put_real_cell(page, m->classes[1].precision, 4);
	html_cell(page);
	html_row_end(page);
	html_table_end(page);
	buf_append_str(page, "<p>Accuracy, the share of correct predictions: ");
	html_real(page, m->accuracy, 4);
	buf_append_str(page, ".</p>\n");
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
	put_real_cell(page, m->threshold <= 1 ? m->threshold : NAN, 4);
	put_count_cell(page, m->tp + m->fp);
	put_percent_cell(page, (double)(m->tp + m->fp) / (double)m->rows);
	put_real_cell(page, m->classes[1].precision, 4);
	put_real_cell(page, m->classes[1].recall, 4);
	put_real_cell(page, m->classes[1].f1, 4);
	put_real_cell(page, m->classes[0].precision, 4);
	put_count_cell(page, m->fp);
	put_count_cell(page, m->fn);
	if (has_costs(e))
		put_real_cell(page, threshold_cost(&e->opts.choice, m), 4);
	html_row_end(page);
}

static void put_thresholds(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct words *w = r->words;
	const char *columns[] = { "",
				  "threshold",
				  w->predicted[1],
				  "of all",
				  "precision",
				  "recall",
				  "F1",
				  w->are_viewings ? "of those below, not finished"
						  : "of those below, label 0",
				  "false positives",
				  "false negatives",
				  "cost per row",
				  NULL };
	struct metrics m = e->segments->metrics;

	if (!has_costs(e))
		columns[10] = NULL;
	html_table(page, "Results at other thresholds", columns);
	put_decision(e, page, "this threshold", &e->segments->metrics, true);
	if (e->opts.threshold == EVALUATION_EARLIER)
		put_decision(e, page, "this threshold, on the train rows", &e->choice.slice, false);
	if (has_costs(e)) {
		metrics_decide(&m, e->sorted,
			       threshold_cheapest(&e->opts.choice, e->sorted, e->n, UINT64_MAX));
		put_decision(e, page, "least cost in hindsight", &m, false);
		metrics_decide(&m, e->sorted, nextafter(1, 2));
		put_decision(e, page, "predict 0 for all", &m, false);
		metrics_decide(&m, e->sorted, 0);
		put_decision(e, page, "predict 1 for all", &m, false);
	}
	if (e->opts.threshold == EVALUATION_EARLIER && e->opts.choice.capacity) {
		const struct metrics_price best = { 0, 0, e->opts.choice.capacity };

		metrics_decide(&m, e->sorted, metrics_cheapest(e->sorted, e->n, &best));
		put_decision(e, page, "best within capacity, in hindsight", &m, false);
	}
	for (int tenth = 1; tenth < 10; tenth++) {
		char name[32];

		snprintf(name, sizeof(name), "threshold 0.%d", tenth);
		metrics_decide(&m, e->sorted, tenth / 10.0);
		put_decision(e, page, name, &m, false);
	}
	html_table_end(page);
}

/* Decisions at a threshold: how many rows are at or above it, and how many of those have label 1.
 */
struct cut {
	double threshold;
	uint64_t called, tp;
	bool is_found;
};

/* As far as the aim goes: this share is right, or found. */
#define AIM 0.8

static void put_aim(struct buf *page, const char *aim, const struct cut *c, const char *where,
		    uint64_t rows, uint64_t n, uint64_t right, uint64_t of, const char *all)
{
	if (!c->is_found)
		return;
	buf_printf(page, "<li>%s: take the rows whose probability is %s ", aim, where);
	html_real(page, c->threshold, 4);
	buf_append_str(page, ", ");
	html_percent(page, (double)rows / (double)n);
	buf_append_str(page, " of all. ");
	html_percent(page, (double)right / (double)rows);
	buf_append_str(page, " of them are right, and they are ");
	html_percent(page, (double)right / (double)of);
	buf_printf(page, " of %s.</li>\n", all);
}

/* What to do for which purpose: thresholds that come up to an aim, the one with the most rows. */
static void put_aims(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct words *w = r->words;
	struct metrics_walk walk = METRICS_WALK(e->sorted, e->n);
	uint64_t positives = e->segments->metrics.positives, negatives = e->n - positives;
	struct cut now = { .is_found = true }, sure = { 0 }, most = { 0 }, below = { 0 };
	struct metrics_ties t = { 0 };

	if (!positives || !negatives)
		return;
	while (metrics_walk_next(&walk, &t)) {
		now.threshold = t.score;
		now.called += t.positives + t.negatives;
		now.tp += t.positives;
		if ((double)now.tp >= AIM * (double)now.called)
			sure = now;
		if (!most.is_found && (double)now.tp >= AIM * (double)positives)
			most = now;
		if (!below.is_found && now.called < e->n &&
		    (double)(negatives - (now.called - now.tp)) >=
			    AIM * (double)(e->n - now.called))
			below = now;
	}
	buf_append_str(page, "<p>What to do, for which purpose:</p>\n<ul>\n");
	put_aim(page,
		w->are_viewings ? "To act on viewings of which 8 of 10 will be finished"
				: "To act on rows of which 8 of 10 have label 1",
		&sure, "at least", sure.called, e->n, sure.tp, positives, w->all);
	put_aim(page,
		w->are_viewings ? "To find 8 of 10 of those that will be finished"
				: "To find 8 of 10 of those with label 1",
		&most, "at least", most.called, e->n, most.tp, positives, w->all);
	put_aim(page,
		w->are_viewings ? "To act on viewings of which 8 of 10 will not be finished"
				: "To act on rows of which 8 of 10 have label 0",
		&below, "below", e->n - below.called, e->n, negatives - (below.called - below.tp),
		negatives,
		w->are_viewings ? "all rows of unfinished viewings" : "all rows with label 0");
	buf_append_str(
		page,
		"</ul>\n<p>These were chosen on the rows that they are judged on, which "
		"flatters a little; <code>--cost</code> and <code>--capacity</code> choose on "
		"earlier rows.</p>\n");
}

void report_put_decisions(const struct report *r, struct buf *page)
{
	buf_append_str(page, "<h2 id=\"decisions\">Decisions</h2>\n");
	put_threshold_choice(r, page);
	put_aims(r, page);
	put_confusion(r, page);
	buf_printf(page,
		   "<p>A higher threshold is right more often, and misses more; a lower one finds "
		   "more, and is wrong more often.%s</p>\n",
		   r->words->are_viewings ? " To act on viewings that will not be finished, take "
					    "the rows below a threshold."
					  : "");
	put_thresholds(r, page);
}

void report_put_gain(const struct report *r, struct buf *page)
{
	const char *const columns[] = { "top rows",  r->words->predicted[1],
					"of all",    "threshold",
					"precision", "lift",
					"recall",    NULL };
	static const int percents[] = { 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 };
	const struct evaluation *e = r->evaluation;
	struct metrics_walk walk = METRICS_WALK(e->sorted, e->n);
	struct metrics_ties t = { 0 };
	uint64_t positives = e->segments->metrics.positives, tp = 0, called = 0;

	buf_append_str(
		page,
		"<h2 id=\"gain-and-lift\">Gain and lift</h2>\n<p>Rows are ordered by probability, "
		"highest first; rows of equal probability stay together. Lift is precision "
		"divided by the base rate.</p>\n");
	html_table(page, "The rows of highest probability", columns);
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

void report_put_intervals(const struct report *r, struct buf *page)
{
	const char *columns[] = { "metric",     "method",
				  "value",      "95 % interval",
				  NULL,         "its 95 % interval",
				  "difference", "its 95 % interval",
				  "p-value",    NULL };
	bool both = r->evaluation->against;

	buf_printf(page, "<h2 id=\"intervals\">%s</h2>\n",
		   both ? "Comparison" : "Confidence intervals");
	if (both) {
		buf_append_str(page, "<p>The first score is <code>");
		html_str(page, r->names[0]);
		buf_append_str(page, "</code>, the second <code>");
		html_str(page, r->names[1]);
		buf_append_str(page, "</code>, on the same rows; the difference is first minus "
				     "second. DeLong's paired test assumes independent rows, the "
				     "bootstrap of users does not.</p>\n");
		columns[2] = "first score";
		columns[3] = "its 95 % interval";
		columns[4] = "second score";
	}
	html_table(page, both ? "Two scores on the same rows" : "95 % confidence intervals",
		   columns);
	for (size_t i = 0; i < r->intervals->n; i++) {
		const struct interval *v = &r->intervals->rows[i];

		/* The labels are the same. */
		if (both && v->metric == METRIC_base_rate)
			continue;
		html_row(page);
		html_heading(page, metric_columns[v->metric].page);
		html_cell(page);
		if (strcmp(v->method, "delong") != 0)
			buf_printf(page, "bootstrap of %s", v->method);
		else
			buf_append_str(page, "DeLong");
		put_real_cell(page, v->value, 4);
		html_interval_cell(page, v->low, v->high);
		if (both) {
			put_real_cell(page, v->against, 4);
			html_interval_cell(page, v->against_low, v->against_high);
			put_real_cell(page, v->difference, 4);
			html_interval_cell(page, v->difference_low, v->difference_high);
			html_cell(page);
			html_p_value(page, v->p_value);
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

/* Which segments are among the `most` largest, of as many rows the first ones. */
struct largest {
	uint64_t rows;  /* those with more are, */
	size_t n_equal; /* and so many of those with as many */
};

static struct largest find_largest(const struct evaluation_segment *s, size_t n, size_t most)
{
	uint64_t *rows = mem_alloc(n, sizeof(*rows));
	struct largest largest = { 0, most };

	for (size_t i = 0; i < n; i++)
		rows[i] = s[i].metrics.rows;
	qsort(rows, n, sizeof(*rows), most_rows_first);
	largest.rows = rows[most - 1];
	for (size_t i = 0; i < most; i++)
		largest.n_equal -= rows[i] > largest.rows;
	free(rows);
	return largest;
}

/* The names of the columns of segments, ended by NULL. */
static void name_columns(const char *columns[METRIC_N + 3], const char *segment_column)
{
	*columns++ = segment_column;
	for (enum metric_id id = 0; id < METRIC_N; id++) {
		if (*metric_columns[id].page)
			*columns++ = metric_columns[id].page;
		if (id == METRIC_auc_roc)
			*columns++ = "95 % interval (DeLong)";
	}
	*columns = NULL;
}

static void put_segment(struct buf *page, const struct evaluation_segment *s)
{
	const struct metrics *m = &s->metrics;

	html_row(page);
	html_value(page, &s->value);
	for (enum metric_id id = 0; id < METRIC_N; id++) {
		if (*metric_columns[id].page && metric_columns[id].is_count)
			put_count_cell(page, (uint64_t)metric_value(m, id));
		else if (*metric_columns[id].page)
			put_real_cell(page, metric_value(m, id), 4);
		if (id == METRIC_auc_roc)
			html_interval_cell(page, m->auc_roc_low, m->auc_roc_high);
	}
	html_row_end(page);
}

/* The segments of one column. */
static void put_column(struct buf *page, const struct evaluation_segment *s, size_t n, bool periods)
{
	const char *columns[METRIC_N + 3];
	size_t most = periods ? REPORT_PERIODS : REPORT_SEGMENTS, equal = 0;
	struct largest largest = { 0, n };
	struct buf caption = BUF_INIT;

	if (n > most && periods) {
		s += n - most;
		largest.n_equal = most;
	} else if (n > most) {
		largest = find_largest(s, n, most);
	}
	name_columns(columns, s->column);
	buf_printf(&caption, "By %.80s", s->column);
	if (n > most)
		buf_printf(&caption, ": the %zu %s of %zu", most, periods ? "latest" : "largest",
			   n);
	buf_append_char(&caption, '\0');
	html_table(page, caption.data, columns);
	for (size_t i = 0; i < (periods && n > most ? most : n); i++)
		if (s[i].metrics.rows > largest.rows ||
		    (s[i].metrics.rows == largest.rows && equal++ < largest.n_equal))
			put_segment(page, &s[i]);
	html_table_end(page);
	buf_release(&caption);
}

void report_put_segments(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct evaluation_segment *periods;

	if (e->n_segments == 1)
		return;
	evaluation_periods(e, &periods);
	buf_append_str(
		page, "<h2 id=\"segments\">Segments</h2>\n<p>The same metrics, of the rows of each "
		      "segment alone. Differences between segments alone can raise the AUC of all "
		      "rows: check it within segments before relying on it.</p>\n");
	for (size_t i = 1, n; i < e->n_segments; i += n) {
		const struct evaluation_segment *s = e->segments + i;

		for (n = 1; i + n < e->n_segments && s[n].column == s->column; n++)
			;
		put_column(page, s, n, s >= periods);
	}
}

/* The numbers of rows or shuffles, if the file has them. */
static void put_sizes(struct buf *page, const struct report_inputs_features *f, const char *what,
		      const char *other)
{
	/* Whatever is in the file, no more than can be counted. */
	for (int i = 0; i < 2; i++)
		if (!f->n || !(f->size[i] >= 0 && f->size[i] < 0x1p53))
			return;
	buf_append_str(page, ": ");
	html_count(page, (uint64_t)f->size[0]);
	buf_append_str(page, what);
	html_count(page, (uint64_t)f->size[1]);
	buf_append_str(page, other);
}

/* Whether row i of n begins what is folded: then the table before it ends and another begins. */
static void fold(struct buf *page, size_t i, size_t n, const char *name, const char *const *columns)
{
	if (i != REPORT_FOREMOST)
		return;
	html_table_end(page);
	buf_printf(page, "<details><summary>The other %zu features</summary>\n",
		   n - REPORT_FOREMOST);
	html_table(page, name, columns);
}

static void end_features(struct buf *page, size_t n)
{
	html_table_end(page);
	if (n > REPORT_FOREMOST)
		buf_append_str(page, "</details>\n");
}

static void put_names(struct buf *page, const struct buf *names)
{
	const char *end = names->data + names->len;

	for (const char *name = names->data; name < end; name += strlen(name) + 1) {
		if (name > names->data)
			buf_append_str(page, ", ");
		html_str(page, name);
	}
}

/* Says how many of all there are, if that is not all. */
static void put_caption(char *caption, size_t size, const char *name, size_t n, size_t all)
{
	if (n < all)
		snprintf(caption, size, "%s: the first %zu of %zu", name, n, all);
	else
		snprintf(caption, size, "%s", name);
}

static void put_importance(const struct report_inputs_features *f, struct buf *page)
{
	static const char *const columns[] = { "feature",
					       "drop in AUC-ROC",
					       "standard deviation",
					       "rise in log loss",
					       "standard deviation",
					       "drop, of the largest",
					       NULL };
	size_t n = f->n < REPORT_FEATURES ? f->n : REPORT_FEATURES;
	char caption[128];
	double most = 0;

	for (size_t i = 0; i < f->n; i++)
		most = fmax(most, f->rows[i].auc_drop);
	buf_append_str(
		page,
		"<h2 id=\"importance\">Feature importance</h2>\n<p>Permutation importance: the "
		"performance that the model loses when the values of one feature, or of features "
		"that are alike, are shuffled among the rows of the test split");
	put_sizes(page, f, " rows, ", " shuffles each; standard deviations are over the shuffles");
	buf_append_str(
		page,
		". Numeric features with an absolute correlation above 0.95 are alike: they are "
		"shuffled together and share a row. Other features that depend on each other are "
		"shuffled alone. Where the model uses one for another, as trees do, each of them "
		"looks less important than they are together; where their coefficients in a "
		"linear model cancel each other, more important.</p>\n");
	put_caption(caption, sizeof(caption), "Features by drop in AUC-ROC", n, f->n);
	html_table(page, caption, columns);
	for (size_t i = 0; i < n; i++) {
		const struct report_inputs_feature *row = &f->rows[i];

		fold(page, i, n, "Features by drop in AUC-ROC, continued", columns);
		html_row(page);
		put_names(page, &row->names);
		put_real_cell(page, row->auc_drop, 5);
		put_real_cell(page, row->auc_drop_sd, 5);
		put_real_cell(page, row->loss_rise, 5);
		put_real_cell(page, row->loss_rise_sd, 5);
		put_share_bar(page, most > 0 ? row->auc_drop / most : NAN);
		html_row_end(page);
	}
	end_features(page, n);
}

/* With fewer rows on either side the index is mostly chance. */
#define DRIFT_ROWS 1000

/* The usual reading of a population stability index (Siddiqi, Credit Risk Scorecards, 2006). */
static const char *drift_word(const struct report_inputs_features *f, double psi)
{
	if (isnan(psi) || !(f->size[0] >= DRIFT_ROWS && f->size[1] >= DRIFT_ROWS))
		return "";
	return psi < 0.1 ? "stable" : psi < 0.25 ? "moderate shift" : "major shift";
}

bool report_is_major(const struct report_inputs_features *f, double psi)
{
	return psi >= 0.25 && f->size[0] >= DRIFT_ROWS && f->size[1] >= DRIFT_ROWS;
}

/* A mean as people say it, with all of its digits in the element. */
static void put_mean_cell(struct buf *page, double mean, const char *unit)
{
	struct buf text = BUF_INIT;

	quantity_put(&text, mean, unit);
	html_cell(page);
	html_data(page, mean, text.data, text.len);
	buf_release(&text);
}

/* The features of one nature, those that moved farthest first. */
static void put_drifts(const struct report_inputs_features *f, enum catalogue_nature nature,
		       const char *name, struct buf *page)
{
	static const char *const columns[] = { "feature",     "type",           "PSI",
					       "reading",     "missing, train", "missing, test",
					       "mean, train", "mean, test",     NULL };
	size_t n = 0, i = 0;
	char caption[128];

	for (size_t k = 0; k < f->n; k++)
		n += catalogue_nature(f->rows[k].names.data) == nature;
	if (!n)
		return;
	put_caption(caption, sizeof(caption), name, n < REPORT_FEATURES ? n : REPORT_FEATURES, n);
	n = n < REPORT_FEATURES ? n : REPORT_FEATURES;
	html_table(page, caption, columns);
	for (size_t k = 0; k < f->n && i < n; k++) {
		const struct report_inputs_feature *row = &f->rows[k];

		if (catalogue_nature(row->names.data) != nature)
			continue;
		fold(page, i++, n, name, columns);
		html_row(page);
		put_names(page, &row->names);
		html_cell(page);
		html_str(page, row->kind);
		put_real_cell(page, row->psi, 4);
		html_cell(page);
		buf_append_str(page, nature != CATALOGUE_STEADY && row->psi >= 0.1
					     ? "by nature"
					     : drift_word(f, row->psi));
		for (int part = 0; part < 2; part++)
			put_percent_cell(page, row->missing[part]);
		for (int part = 0; part < 2; part++)
			put_mean_cell(page, row->mean[part], quantity_unit(row->names.data));
		html_row_end(page);
	}
	end_features(page, n);
}

static void put_drift(const struct report_inputs_features *f, struct buf *page)
{
	buf_append_str(
		page,
		"<h2 id=\"drift\">Feature drift</h2>\n<p>Population stability index (PSI) of each "
		"feature between the train and the test split");
	put_sizes(page, f, " and ", " rows");
	buf_append_str(page,
		       ". With many rows, a PSI below 0.1 is usually read as stable and one of at "
		       "least 0.25 as a major shift; with few rows, chance alone makes it "
		       "large.</p>\n");
	put_drifts(f, CATALOGUE_STEADY, "What should stay as it was, by PSI", page);
	put_drifts(f, CATALOGUE_COUNTER, "Counters and ages, which change as the log grows", page);
	put_drifts(f, CATALOGUE_CALENDAR,
		   "The calendar, which changes with the days that the splits span", page);
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
	static const char *const columns[] = { "", "count", NULL };
	const struct evaluation *e = r->evaluation;
	const struct report_inputs *a = r->attachments;
	char what[256];

	buf_append_str(page, "<h2 id=\"data\">Data</h2>\n");
	html_table(page, "Scored rows", columns);
	put_count_row(page, "evaluated", e->n);
	if (e->split)
		put_count_row(page, "of other splits", e->n_skipped[EVALUATION_OTHER_SPLIT]);
	put_count_row(page, "without a label", e->n_skipped[EVALUATION_UNLABELLED]);
	if (e->opts.against_path) {
		put_count_row(page, "without a second score", e->n_skipped[EVALUATION_UNPAIRED]);
		put_count_row(page, "only in the file of second scores",
			      e->predictions.n_scores - e->predictions.n_found);
	}
	html_table_end(page);
	if (!a->paths.rejects && !a->paths.unmatched && !a->paths.sessions)
		return;
	html_table(page, "Records, events and sessions before scoring", columns);
	if (a->paths.rejects)
		put_count_row(page, "rejected raw records", a->n_rejected);
	for (size_t i = 0; i < a->n_rejects && i < REPORT_REASONS; i++) {
		snprintf(what, sizeof(what), "rejected: %.200s", a->rejects[i].name);
		put_count_row(page, what, a->rejects[i].rows);
	}
	if (a->paths.unmatched)
		put_count_row(page, "events of unknown users or contents", a->n_unmatched);
	if (a->paths.sessions) {
		put_count_row(page, "completed sessions", a->completed);
		put_count_row(page, "not completed sessions", a->not_completed);
		put_count_row(page, "censored sessions: still open when the log ends", a->censored);
	}
	html_table_end(page);
}
