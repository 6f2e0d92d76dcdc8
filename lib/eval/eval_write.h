/*
 * eval_write: an evaluation written down: as CSV or JSON for programs, as a table for people, and
 * its curves.
 */
#ifndef CE_EVAL_WRITE_H
#define CE_EVAL_WRITE_H

#include "eval/evaluation.h"
#include "eval/intervals.h"
#include "table/csvwriter.h"

/*
 * A row for the whole, whose segment_column and segment are NULL, and for each segment; metrics
 * that are undefined are NULL. Returns 0, or -1 with err.
 */
int eval_write_csv(const struct evaluation *e, struct csv_writer *out, struct err *err);

/*
 * Text in columns: the whole, its intervals unless they are NULL, then a line a segment; metrics
 * that are undefined are "-", control characters and broken UTF-8 in names "?". Returns 0, or -1
 * with err.
 */
int eval_write_table(const struct evaluation *e, const struct intervals *intervals,
		     struct csv_writer *out, struct err *err);

/*
 * One JSON object in a line, as ce-eval(1) describes it; intervals NULL: there are none. Returns 0,
 * or -1 with err.
 */
int eval_write_json(const struct evaluation *e, const struct intervals *intervals,
		    struct csv_writer *out, struct err *err);

/*
 * The points of the curves over all rows: curve, x, y, threshold, n; from the highest threshold
 * down.
 *   roc: false positive rate, true positive rate, threshold (NULL at (0, 0)), rows at or above it
 *   pr: recall, precision, threshold, rows at or above it
 *   calibration: mean score, share of label 1, upper end of the bin, rows in the bin
 * Returns 0, or -1 with err.
 */
int eval_write_curves(const struct evaluation *e, struct csv_writer *out, struct err *err);

#endif
