/*
 * threshold: a threshold chosen on rows that are older than those it is evaluated on.
 *
 * Chosen on the evaluated rows themselves it would be optimistic. The rows are the newest of the
 * train split: the nearest in time, with labels known at the cut. Unless it held them back, the
 * model was trained on them, and its scores are a little too confident there. Memory: 16 bytes a
 * train row, 32 while choosing.
 */
#ifndef CE_THRESHOLD_H
#define CE_THRESHOLD_H

#include "metric/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct threshold_opts {
	double false_positive, false_negative; /* costs, >= 0; both 0: of no interest */
	uint64_t capacity; /* predict 1 for at most so many of the evaluated rows; 0: any number */
	int64_t slice;     /* the share of the train rows to choose on, the newest, in millionths */
};

bool threshold_has_costs(const struct threshold_opts *opts);

/* The cost per row of the wrong decisions in m. */
double threshold_cost(const struct threshold_opts *opts, const struct metrics *m);

/* The threshold that costs least on the sorted rows[n], n > 0, predicting 1 for at most so many. */
double threshold_cheapest(const struct threshold_opts *opts, const struct metrics_row *rows,
			  size_t n, uint64_t most);

struct threshold {
	/* For callers to read, once chosen. */
	double threshold;
	struct metrics slice; /* the rows that it was chosen on, evaluated at it */

	/* The module's own. */
	struct metrics_row *rows;
	int64_t *times;
	size_t n, cap;
};

#define THRESHOLD_INIT                                                                             \
	{                                                                                          \
		0                                                                                  \
	}

/* Takes in a train row of that time, in whatever unit. */
void threshold_add(struct threshold *c, int64_t time, struct metrics_row row);

/*
 * Chooses for n_evaluated rows: of the slice as large a share may be predicted 1 as the capacity is
 * of those. `prior` as in metrics_correct; 0: none. Needs a row. Returns false if there is none.
 */
bool threshold_make(struct threshold *c, const struct threshold_opts *opts, uint64_t n_evaluated,
		    double prior, uint64_t bins);

void threshold_release(struct threshold *c);

#endif
