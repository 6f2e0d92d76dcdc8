/*
 * intervals: how sure the figures of an evaluation are, and whether a second score's differ.
 *
 * Rows of one user are alike, so users are drawn, not rows, where the input tells whose they are.
 * DeLong's interval of the AUC, which takes rows as independent, stands beside that for comparison.
 */
#ifndef CE_INTERVALS_H
#define CE_INTERVALS_H

#include "base/pool.h"
#include "eval/evaluation.h"
#include "eval/metric_columns.h"
#include "metric/bootstrap.h"
#include "table/csvio.h"

#include <stddef.h>
#include <stdint.h>

/* 95 % intervals; what is of a second score is NAN if there is none. */
struct interval {
	enum metric_id metric;
	const char *method; /* "delong", "users" or "rows": what was drawn */
	double value, low, high;
	double against, against_low, against_high;
	double difference, difference_low, difference_high; /* value - against */
	double p_value;                                     /* two-sided, of no difference */
	size_t samples;                                     /* that had the figure; 0: DeLong's */
};

/* Of fewer than these the intervals are too narrow. */
#define INTERVALS_FEW 30

struct intervals {
	struct interval rows[BOOTSTRAP_N + 1]; /* DeLong's first */
	size_t n;
	size_t resamples;
	size_t n_drawn; /* users, or rows, there are to draw: of one alone nothing is known */
};

/*
 * Of a judged evaluation; seed and threads as for bootstrap_run. Returns 0, or -1 with err: there
 * are too many rows for a bootstrap.
 */
int intervals_compute(struct intervals *iv, const struct evaluation *e, size_t resamples,
		      uint64_t seed, struct pool *pool, struct err *err);

/* The metric's bootstrap interval; it has one. */
const struct interval *intervals_drawn(const struct intervals *iv, enum metric_id metric);

/* The table metric_intervals. Returns 0, or -1 with err. */
int intervals_write(const struct intervals *iv, struct csv_writer *out, struct err *err);

#endif
