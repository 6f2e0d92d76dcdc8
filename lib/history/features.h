/*
 * features: the columns of completion_prediction_features, but for the label's two, from a row of
 * event_history or event_online.
 *
 * Such a row is text, as ce-agg or ce-online writes it; or its first columns are, and those that
 * ce-sessionize, ce-agg and ce-online add are typed, in an event, its history and its prediction.
 */
#ifndef CE_FEATURES_H
#define CE_FEATURES_H

#include "base/buf.h"
#include "events/event.h"
#include "history/history.h"
#include "history/online.h"
#include "table/selection.h"

/* The place of session_id among the keys, which come first. */
#define FEATURES_SESSION_ID 4

/* Which events become prediction rows; all but FEATURES_ALL are of counted events alone. */
enum features_rows {
	FEATURES_OPEN,      /* in the phase EVENT_OPEN: when one would act on a prediction */
	FEATURES_FIRST,     /* each session's first counted event, if its phase is that */
	FEATURES_UNDECIDED, /* those after which the session is not completed */
	FEATURES_ALL,
};

/* A row, as it is read. Borrowed. */
struct features_row {
	const struct csv_row *text;
	const struct event *e;
	const struct history_row *known; /* NULL: all columns are text */
	const struct online_row *online; /* NULL likewise, and without ce-online */
	struct intern_string genre;      /* of its preferred genre, if it has one */
};

/* How the columns are made, found once for the input's header. */
struct features {
	size_t n_text;               /* columns of the input that are text */
	struct features_step *steps; /* in the order of the table */
	size_t n_steps;
	struct features_number *numbers; /* copied columns that must be numbers */
	size_t n_numbers;
	struct features_known *known; /* columns of the history that are typed */
	size_t n_known;
	int release_year; /* input columns */
	int session_event_number;
	struct features_hour *hours; /* the calendar of the latest hours */
	struct selection kept;       /* further columns of the input */
};

/*
 * Finds the columns of `in`, of which n_text are text, and those of event_history or besides that
 * `keep` names (see selection_further), which go between the keys and the features. A missing one
 * is an error, and so is a kept one that the table has already. Returns 0, or -1 with err.
 */
int features_init(struct features *f, const struct csv_reader *in, size_t n_text,
		  const struct names *keep, struct err *err);
void features_release(struct features *f);

/*
 * Whether the column of the feature table is the product of two others, each a whole number or, if
 * `rates` then says so, a rate in millionths; and which.
 */
bool features_is_product(const char *column, const char *factors[2], bool *rates);

/*
 * Appends the product of two such values, empty if either is EVENT_UNKNOWN. Returns 0, or -1: it is
 * out of range.
 */
int features_put_product(int64_t a, int64_t b, bool rates, struct buf *out);

/* Appends the header, that of the label included, as CSV fields. */
void features_put_names(const struct features *f, const struct csv_reader *in, struct buf *out);

/* Whether the event is a prediction row. */
bool features_wanted(const struct features *f, enum features_rows rows,
		     const struct features_row *row);

/*
 * Appends all columns but label_known_ts and is_completion to `out`. Returns 0, or -1 with err: an
 * unreadable signup_date, release_year or count.
 */
int features_put(const struct features *f, const struct csv_reader *in,
		 const struct features_row *row, struct buf *out, struct err *err);

#endif
