/*
 * intervals: confidence intervals of the metrics of an evaluation, and of the differences from a
 * second score.
 *
 * Rows of one user are alike, so whole users are resampled where the input has a user column
 * (user-level, or cluster, bootstrap), else rows. DeLong's interval of the AUC, which assumes
 * independent rows, is given next to that for comparison.
 */
#ifndef CE_INTERVALS_H
#define CE_INTERVALS_H

#include "base/pool.h"
#include "eval/evaluation.h"
#include "eval/metric_columns.h"
#include "metric/bootstrap.h"
#include "table/catalogue.h"
#include "table/csvwriter.h"

#include <stddef.h>
#include <stdint.h>

/* 95 % intervals; what is of a second score is NAN if there is none. */
struct interval {
	enum metric_id metric;
	const char *method; /* "delong", or what was resampled: "users", "rows" */
	double value, low, high;
	double against, against_low, against_high;
	double difference, difference_low, difference_high; /* value - against */
	double p_value;                                     /* two-sided, of no difference */
	size_t samples;                                     /* where it is defined; 0: DeLong's */
};

/* Of fewer users or rows the intervals are too narrow. */
#define INTERVALS_FEW 30

struct intervals {
	struct interval rows[BOOTSTRAP_N + 1]; /* DeLong's first */
	size_t n;
	size_t resamples;
	size_t n_drawn; /* users, or rows, there are to draw from: one alone has no interval */
};

/*
 * Of a judged evaluation; seed and threads as for bootstrap_run. Returns 0, or -1 with err: there
 * are too many rows for a bootstrap.
 */
int intervals_compute(struct intervals *iv, const struct evaluation *e, size_t resamples,
		      uint64_t seed, struct pool *pool, struct err *err);

/* The metric's bootstrap interval; it has one. */
const struct interval *intervals_drawn(const struct intervals *iv, enum metric_id metric);

/* Its row of the table metric_intervals. Borrows its names. */
struct row_metric_intervals interval_row(const struct interval *r);

/* The table metric_intervals. Returns 0, or -1 with err. */
int intervals_write(const struct intervals *iv, struct csv_writer *out, struct err *err);

#endif
