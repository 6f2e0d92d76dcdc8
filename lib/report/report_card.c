/* The sections of a report before its plots: the model, the rows, and when they are. */
#include "base/time.h"
#include "report/html.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

#define UTC "\xc2\xa0UTC"

static void begin_item(struct buf *page, const char *name)
{
	buf_printf(page, "<div><dt>%s</dt><dd>", name);
}

static void end_item(struct buf *page)
{
	buf_append_str(page, "</dd></div>\n");
}

/* To the minute; behind others, UTC is said once. */
static void put_time(struct buf *page, int64_t ms, const char *zone)
{
	struct time_civil at;
	int minute = (int)(ms % TIME_MS_PER_HOUR / TIME_MS_PER_MINUTE);

	time_civil(ms, &at);
	buf_printf(page,
		   "<time datetime=\"%04lld-%02d-%02dT%02d:%02dZ\">%04lld-%02d-%02d "
		   "%02d:%02d%s</time>",
		   (long long)at.year, at.month, at.day, at.hour, minute, (long long)at.year,
		   at.month, at.day, at.hour, minute, zone);
}

/* Whether it can be shown: 1970 to 9999. */
static bool is_shown(int64_t ms)
{
	return ms >= 0 && ms < INT64_C(253402300800000);
}

static void put_span(struct buf *page, int64_t first, int64_t last)
{
	if (!is_shown(first) || !is_shown(last))
		return;
	put_time(page, first, "");
	buf_append_str(page, " to ");
	put_time(page, last, UTC);
}

/* A time of the model's, in ms since 1970; false: its time column is of another unit. */
static bool model_time(const struct split *s, int64_t time, int64_t *ms)
{
	return s->time && !time_from_number(time, time_unit_of(time), ms) && is_shown(*ms);
}

static const char *kind_of(const struct model *m)
{
	static const char *const kinds[][2] = {
		{ "logistic", "logistic regression" },
		{ "gbdt", "gradient-boosted trees" },
		{ "blend", "logistic regression and gradient-boosted trees" }
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i][0], m->learner->name))
			return kinds[i][1];
	return m->learner->name;
}

static void put_rows(struct buf *page, uint64_t rows, uint64_t positives, const struct words *w)
{
	html_count(page, rows);
	buf_append_str(page, " rows");
	if (!rows)
		return;
	buf_append_str(page, ", ");
	html_percent(page, (double)positives / (double)rows);
	buf_printf(page, " %s", w->outcome[1]);
}

/* From what the model was made, and how, as far as its file says. */
static void put_making(const struct model *m, struct buf *page)
{
	if (m->sources.n) {
		begin_item(page, "Trained from");
		for (size_t i = 0; i < m->sources.n && i < REPORT_SOURCES; i++) {
			buf_append_str(page, i ? ", " : "");
			buf_append_str(page, "<code>");
			html_str(page, strcmp(m->sources.name[i], "-") != 0 ? m->sources.name[i]
									    : "standard input");
			buf_append_str(page, "</code>");
		}
		if (m->sources.n > REPORT_SOURCES)
			buf_printf(page, " and %zu more", m->sources.n - REPORT_SOURCES);
		end_item(page);
	}
	if (m->options) {
		begin_item(page, "Options");
		if (*m->options) {
			buf_append_str(page, "<code>");
			html_str(page, m->options);
			buf_append_str(page, "</code>");
		} else {
			buf_append_str(page, "none: all as by default");
		}
		end_item(page);
	}
}

static void put_model(const struct report *r, struct buf *page)
{
	const struct model *m = &r->attachments->model;
	const struct split *s = &m->split;
	int64_t ms, last;

	begin_item(page, "Model");
	buf_printf(page, "%s, <code>%s</code>", kind_of(m), m->id);
	end_item(page);
	begin_item(page, "Trained on");
	put_rows(page, s->rows[SPLIT_TRAIN], s->positives[SPLIT_TRAIN], r->words);
	if (s->has_span && model_time(s, s->first, &ms) && model_time(s, s->last, &last)) {
		buf_append_str(page, ", ");
		put_span(page, ms, last);
	}
	end_item(page);
	if (s->has_cut && model_time(s, s->cut, &ms)) {
		begin_item(page, "Trained as of");
		put_time(page, ms, UTC);
		buf_append_str(page, ": nothing that was known later was used");
		end_item(page);
	}
	put_making(m, page);
}

static void put_row_meaning(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct moments *at = &e->moments;
	bool starts = at->has_starts && at->metrics[MOMENT_START].rows == e->n;

	buf_append_str(page, "<p class=\"row\"><strong>A row</strong> ");
	if (!r->words->are_viewings) {
		buf_append_str(page, "has a label, <code>");
		html_str(page, e->opts.label);
		buf_append_str(page, "</code>, which is 0 or 1, and the probability that it is 1, "
				     "<code>");
		html_str(page, e->opts.score);
		buf_append_str(page, "</code>.");
	} else {
		buf_append_str(
			page, starts ? "is the start of a viewing: its first event, at which one "
				       "would act. "
				     : "is a moment at which one would act: an event of a viewing, "
				       "such as a play, a pause or a seek, at which its outcome is "
				       "still open. A viewing has as many rows as it has such "
				       "events. ");
		buf_append_str(page, "The probability, <code>");
		html_str(page, e->opts.score);
		buf_append_str(page,
			       "</code>, is that the user finishes the title in this viewing: "
			       "plays it to its end, or stops near it.");
	}
	buf_append_str(page, "</p>\n");
}

void report_put_card(const struct report *r, struct buf *page)
{
	const struct evaluation *e = r->evaluation;
	const struct moments *at = &e->moments;

	buf_append_str(page, "<section aria-label=\"Model\" id=\"model\">\n<dl class=\"card\">\n");
	begin_item(page, "Predicted");
	buf_append_str(page, r->words->are_viewings ? "whether a viewing will be finished, "
						    : "the label, ");
	buf_append_str(page, "<code>");
	html_str(page, e->opts.label);
	buf_append_str(page, "</code>");
	end_item(page);
	if (r->attachments->paths.model)
		put_model(r, page);
	begin_item(page, "Evaluated on");
	put_rows(page, e->n, e->segments->metrics.positives, r->words);
	if (e->split) {
		buf_append_str(page, ", those of split <code>");
		html_str(page, e->split);
		buf_append_str(page, "</code>");
	}
	end_item(page);
	if (at->times.is_known) {
		begin_item(page, e->split && !strcmp(e->split, "test") ? "Test period"
								       : "Period of the rows");
		put_span(page, at->times.first, at->times.last);
		end_item(page);
	}
	if (at->scored.is_known && is_shown(at->scored.last)) {
		begin_item(page, "Scored");
		put_time(page, at->scored.last, UTC);
		end_item(page);
	}
	buf_append_str(page, "</dl>\n");
	put_row_meaning(r, page);
	buf_append_str(page, "</section>\n");
}

bool report_has_starts(const struct report *r)
{
	const struct metrics *m = r->evaluation->moments.metrics;

	return r->words->are_viewings && m[MOMENT_START].rows && m[MOMENT_LATER].rows;
}

static bool has_late(const struct report *r)
{
	const struct metrics *m = r->evaluation->moments.metrics;

	return r->words->are_viewings && m[MOMENT_QUARTER_4].rows && m[MOMENT_THREE_QUARTERS].rows;
}

bool report_has_moments(const struct report *r)
{
	return report_has_starts(r) || has_late(r);
}

void report_put_easy(const struct report *r, struct buf *page)
{
	const struct metrics *m = r->evaluation->moments.metrics;
	const struct metrics *late = &m[MOMENT_QUARTER_4];

	if (!has_late(r))
		return;
	buf_append_str(page, "<li>");
	html_percent(page, (double)late->rows / (double)r->evaluation->n);
	buf_append_str(page, " of the rows are in the last quarter of the title, where ");
	html_percent(page, late->base_rate);
	buf_printf(page, " %s: easy ones. Without them the AUC-ROC is ", r->words->have);
	html_real(page, m[MOMENT_THREE_QUARTERS].auc_roc, 4);
	if (report_has_starts(r)) {
		buf_append_str(page, ", and at the start of a viewing ");
		html_real(page, m[MOMENT_START].auc_roc, 4);
	}
	buf_append_str(page, " (<a href=\"#moments\">early and late rows</a>).</li>\n");
}

static void put_moment(struct buf *page, const char *name, const struct metrics *m, uint64_t n)
{
	static const enum metric_id shown[] = { METRIC_auc_roc, METRIC_log_loss,
						METRIC_expected_calibration_error,
						METRIC_precision_1, METRIC_recall_1 };

	if (!m->rows)
		return;
	html_row(page);
	buf_append_str(page, name);
	html_cell(page);
	html_count(page, m->rows);
	html_cell(page);
	html_percent(page, (double)m->rows / (double)n);
	html_cell(page);
	html_percent(page, m->base_rate);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		html_cell(page);
		html_real(page, metric_value(m, shown[i]), 4);
		if (shown[i] == METRIC_auc_roc)
			html_interval_cell(page, m->auc_roc_low, m->auc_roc_high);
	}
	html_row_end(page);
}

void report_put_moments(const struct report *r, struct buf *page)
{
	static const char *const columns[] = { "rows",      "number",
					       "of all",    "share finished",
					       "AUC-ROC",   "95 % interval (DeLong)",
					       "log loss",  "calibration error",
					       "precision", "recall",
					       NULL };
	static const struct {
		enum moment moment;
		const char *name;
	} rows[] = { { MOMENT_START, "at the start of a viewing" },
		     { MOMENT_LATER, "later in a viewing" },
		     { MOMENT_QUARTER_1, "in the first quarter of the title" },
		     { MOMENT_QUARTER_2, "in the second quarter" },
		     { MOMENT_QUARTER_3, "in the third quarter" },
		     { MOMENT_QUARTER_4, "in the last quarter" },
		     { MOMENT_NO_QUARTER, "at an unknown position" },
		     { MOMENT_THREE_QUARTERS, "all but those in the last quarter" } };
	const struct evaluation *e = r->evaluation;

	if (!report_has_moments(r))
		return;
	buf_append_str(
		page, "<h2 id=\"moments\">Early and late rows</h2>\n<p>The later in a viewing, the "
		      "more of its outcome can be seen, and the less there is left to act on. The "
		      "metrics of all rows mix both; those of the starts of viewings are what is "
		      "known when there is most to gain.</p>\n");
	html_table(page, "Rows by when they are in their viewing", columns);
	put_moment(page, "all", &e->segments->metrics, e->n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put_moment(page, rows[i].name, &e->moments.metrics[rows[i].moment], e->n);
	html_table_end(page);
}
