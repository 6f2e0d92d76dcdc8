/* The page on the distribution of every feature. */
#include "report/html.h"
#include "report/quantity.h"
#include "report/report.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The rows of a feature in either part, and of them those with either label. */
struct totals {
	double rows[2], of[2][2];
};

static struct totals add_up(const struct report_inputs_spread *s)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < s->n; i++)
		for (int part = 0; part < 2; part++) {
			t.rows[part] += s->bins[i].rows[part];
			t.of[part][1] += s->bins[i].positives[part];
			t.of[part][0] += s->bins[i].rows[part] - s->bins[i].positives[part];
		}
	return t;
}

static void put_bin_heading(struct buf *page, const struct report_inputs_bin *b, const char *unit)
{
	struct buf low = BUF_INIT, high = BUF_INIT;

	quantity_put(&low, b->low, unit);
	quantity_put(&high, b->high, unit);
	buf_append_char(&low, '\0');
	buf_append_char(&high, '\0');
	switch (b->kind) {
	case DISTRIBUTION_MISSING:
		buf_append_str(page, "missing");
		break;
	case DISTRIBUTION_BELOW:
		buf_printf(page, "below %s", high.data);
		break;
	case DISTRIBUTION_RANGE:
		buf_printf(page, "%s to %s", low.data, high.data);
		break;
	case DISTRIBUTION_ABOVE:
		buf_printf(page, "above %s", low.data);
		break;
	case DISTRIBUTION_LEVEL:
		html_str(page, *b->level ? b->level : "(empty)");
		break;
	case DISTRIBUTION_OTHER:
		buf_append_str(page, "other");
		break;
	}
	buf_release(&low);
	buf_release(&high);
}

/* A share with its bar, whose length is that of the largest share of the feature. */
static void put_share(struct buf *page, double share, double largest, bool other)
{
	buf_append_str(page, "<td class=\"wide\">");
	if (share > 0)
		html_bar(page, 0.6 * share / largest, other);
	html_percent(page, share);
}

static double share_of(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static double largest_share(const struct report_inputs_spread *s, const struct totals *t)
{
	double most = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct report_inputs_bin *b = &s->bins[i];

		for (int part = 0; part < 2; part++)
			most = fmax(most, share_of(b->rows[part], t->rows[part]));
		most = fmax(most, share_of(b->positives[1], t->of[1][1]));
		most = fmax(most, share_of(b->rows[1] - b->positives[1], t->of[1][0]));
	}
	return most;
}

static void put_feature(const struct report *r, const struct report_inputs_spread *s, size_t number,
			struct buf *page)
{
	const struct words *w = r->words;
	const char *const columns[] = {
		"values",
		"of train rows",
		"of test rows",
		w->are_viewings ? "of finished test rows" : "of test rows with label 1",
		w->are_viewings ? "of unfinished test rows" : "of test rows with label 0",
		"mean probability, test",
		w->are_viewings ? "share finished, test" : "share of label 1, test",
		w->are_viewings ? "share finished, train" : "share of label 1, train",
		NULL
	};
	struct totals t = add_up(s);
	double largest = largest_share(s, &t);

	buf_printf(page, "<h2 id=\"feature-%zu\">", number);
	html_str(page, s->name);
	buf_append_str(page, "</h2>\n");
	html_table(page, s->kind, columns);
	for (size_t i = 0; i < s->n; i++) {
		const struct report_inputs_bin *b = &s->bins[i];

		html_row(page);
		put_bin_heading(page, b, quantity_unit(s->name));
		put_share(page, share_of(b->rows[0], t.rows[0]), largest, true);
		put_share(page, share_of(b->rows[1], t.rows[1]), largest, false);
		put_share(page, share_of(b->positives[1], t.of[1][1]), largest, false);
		put_share(page, share_of(b->rows[1] - b->positives[1], t.of[1][0]), largest, true);
		html_cell(page);
		html_real(page, b->probability[1], 4);
		for (int part = 1; part >= 0; part--) {
			html_cell(page);
			html_real(page, share_of(b->positives[part], b->rows[part]), 4);
		}
		html_row_end(page);
	}
	html_table_end(page);
}

void report_put_distributions(const struct report *r, struct buf *out)
{
	const struct report_inputs *a = r->attachments;
	struct totals t = { 0 };

	if (a->n_spreads)
		t = add_up(&a->spreads[0]);
	html_begin(out, r->title);
	buf_append_str(out, "<header><h1>");
	html_str(out, r->title);
	buf_append_str(out, "</h1>\n<p>How the values of each feature are distributed, in ");
	html_count(out, (uint64_t)t.rows[0]);
	buf_append_str(out, " train and ");
	html_count(out, (uint64_t)t.rows[1]);
	buf_append_str(out,
		       " test rows, and in the test rows by their outcome. Numbers are cut at the "
		       "deciles of the train rows; each bin is without its lower end. Shares of a "
		       "column add up to all of its rows; bars of a feature have one scale.</p>\n"
		       "<nav aria-label=\"Contents\"><ul>\n");
	for (size_t i = 0; i < a->n_spreads; i++) {
		buf_printf(out, "<li><a href=\"#feature-%zu\">", i + 1);
		html_str(out, a->spreads[i].name);
		buf_append_str(out, "</a></li>\n");
	}
	buf_append_str(out, "</ul></nav></header>\n<main>\n");
	report_put_card(r, out);
	for (size_t i = 0; i < a->n_spreads; i++)
		put_feature(r, &a->spreads[i], i + 1, out);
	buf_append_str(out, "</main>\n");
	html_end(out);
}
