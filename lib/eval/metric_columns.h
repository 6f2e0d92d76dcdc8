/*
 * metric_columns: the metrics of the table `metrics`, one by one: what each is called, where it is
 * shown, and its value in a struct metrics. Made from table/metrics.def.
 */
#ifndef CE_METRIC_COLUMNS_H
#define CE_METRIC_COLUMNS_H

#include "metric/bootstrap.h"
#include "metric/metrics.h"

#include <stdbool.h>

/* METRIC_auc_roc and so on, in the order of the columns. */
enum metric_id {
#define METRIC(name, ...) METRIC_##name,
#include "table/metrics.def"
	METRIC_N
};

struct metric_column {
	const char *name; /* of the column */
	/* Headings: in the printed list, the printed segments, the page; "": not shown there. */
	const char *verdict, *segments, *page;
	enum bootstrap_metric bootstrap; /* BOOTSTRAP_NONE: it has no such interval */
	bool is_count;                   /* a number of rows, else a real number */
};

extern const struct metric_column metric_columns[METRIC_N];

/* Its value in m; NAN: undefined. Counts are below 2^32, and so exact. */
double metric_value(const struct metrics *m, enum metric_id id);

#endif
