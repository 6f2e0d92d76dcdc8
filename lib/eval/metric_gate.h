/*
 * metric_gate: the figures of an evaluation that a gate can be on: the metrics of all rows, their
 * intervals, and their differences from a second score.
 *
 * A figure is named by a column of the table metrics, or as METRIC_COLUMN or METRIC_METHOD_COLUMN,
 * by a metric, a method and a column of the table metric_intervals: log_loss_difference_high,
 * auc_roc_users_low. Without its method the AUC's is DeLong's, another metric's the bootstrap's.
 * `auc` is auc_roc, also where it begins a name, and calibration_error is
 * expected_calibration_error.
 */
#ifndef CE_METRIC_GATE_H
#define CE_METRIC_GATE_H

#include "eval/evaluation.h"
#include "eval/intervals.h"
#include "eval/metric_columns.h"

struct metric_gate {
	enum metric_id metric;
	const struct metric_gate_column *column; /* of an interval; NULL: the metric itself */
	const char *method;                      /* as in struct interval; NULL: any drawn one */
};

/* Finds the figure. Returns 0, or -1 with err (ERR_USAGE): there is none of that name. */
int metric_gate_find(struct metric_gate *m, const char *name, struct err *err);

/* Whether it needs intervals; and a second score. */
bool metric_gate_has_interval(const struct metric_gate *m);
bool metric_gate_compares(const struct metric_gate *m);

/*
 * Sets *value to the figure of a judged evaluation, NAN where it is undefined; iv are its
 * intervals, if the gate has one. Returns 0, or -1 with err (ERR_USAGE): they are by another
 * method.
 */
int metric_gate_value(const struct metric_gate *m, const struct evaluation *e,
		      const struct intervals *iv, double *value, struct err *err);

#endif
