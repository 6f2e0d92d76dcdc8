/*
 * report: an evaluation as one page of HTML that needs nothing else: no network, no script.
 *
 * First what was predicted by which model, and how well; then the plots; then everything in tables.
 * A number outside the captions is a <data> element whose attribute has all of its digits. Text of
 * the input is text, and a policy in the page's head forbids whatever else it might have become.
 * Memory: the page, some 500 KiB, and 1 KiB a segment, period, feature or reason, of which only so
 * many as follows are shown.
 */
#ifndef CE_REPORT_H
#define CE_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "eval/evaluation.h"
#include "eval/intervals.h"
#include "report/plot.h"
#include "report/report_inputs.h"
#include "report/words.h"

#define REPORT_SEGMENTS 50  /* the largest of a column */
#define REPORT_PERIODS  400 /* the latest */
#define REPORT_FEATURES 200 /* the first of the file */
#define REPORT_FOREMOST 15  /* of those, the ones that are not folded */
#define REPORT_MOVED    8   /* features that moved, in the summary */
#define REPORT_SOURCES  20  /* files that a model is made from */
#define REPORT_REASONS  50  /* the most frequent */

struct report {
	const struct evaluation *evaluation; /* judged */
	const struct intervals *intervals;
	const struct report_inputs *attachments;
	const struct plots *plots;
	const struct words *words; /* for the label */
	const char *title;
	const char *names[2]; /* of the score, and of the second score if there is one */
};

/* Appends the page to `out`. Returns 0, or -1 with err: gnuplot failed. */
int report_put(const struct report *r, struct buf *out, struct err *err);

/* Appends a page on the distribution of every feature to `out`: see report_distribution.c. */
void report_put_distributions(const struct report *r, struct buf *out);

/* The sections before the plots, see report_card.c: of the model and the rows, ... */
void report_put_card(const struct report *r, struct buf *page);

/* ... and of the moments of the rows, if the input tells; and what the easy ones do, as an item. */
bool report_has_starts(const struct report *r);
bool report_has_moments(const struct report *r);
void report_put_moments(const struct report *r, struct buf *page);
void report_put_easy(const struct report *r, struct buf *page);

/* The sections after the plots: see report_tables.c. Each appends what there is data for. */
void report_put_decisions(const struct report *r, struct buf *page);
void report_put_gain(const struct report *r, struct buf *page);
void report_put_intervals(const struct report *r, struct buf *page);
void report_put_segments(const struct report *r, struct buf *page);
void report_put_features(const struct report *r, struct buf *page);
void report_put_quality(const struct report *r, struct buf *page);

/* Whether a PSI of that table is a major shift. */
bool report_is_major(const struct report_inputs_features *f, double psi);

#endif
