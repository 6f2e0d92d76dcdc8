/*
 * features: the columns of completion_prediction_features, but for the label's two, from a row of
 * ce-agg.
 */
#ifndef CE_FEATURES_H
#define CE_FEATURES_H

#include "base/buf.h"
#include "events/event.h"
#include "history/outcome.h"

/* Which events become prediction rows. */
enum features_rows {
	FEATURES_UNDECIDED, /* those after which the outcome of their session is still open */
	FEATURES_ALL,
	FEATURES_FIRST, /* each session's first */
};

/* How the columns are made, found once for the input's header. */
struct features {
	struct features_step *steps; /* in the order of the table */
	size_t n_steps;
	struct features_number *numbers; /* copied columns that must be numbers */
	size_t n_numbers;
	int release_year;            /* input column */
	struct features_hour *hours; /* the calendar of the latest hours */
};

/* Finds the columns; a missing one is an error. Returns 0, or -1 with err. */
int features_init(struct features *f, const struct csv_reader *in, struct err *err);
void features_release(struct features *f);

/* Whether the event, the last one so far of its session, is a prediction row. */
bool features_wanted(enum features_rows rows, const struct outcome_session *session);

/*
 * Appends all columns but label_known_ts and is_completion to `out`. Returns 0, or -1 with err: an
 * unreadable signup_date, release_year or count.
 */
int features_put(const struct features *f, const struct csv_reader *in, const struct csv_row *row,
		 const struct event *e, struct buf *out, struct err *err);

#endif
