/*
 * aggregate: the tables that ce-agg writes: its events with the history columns appended, or one of
 * the aggregate tables.
 *
 * Memory: content_completion comes in the order of session_id, so a closed session waits, in 80
 * bytes, until every earlier one is closed.
 */
#ifndef CE_AGGREGATE_H
#define CE_AGGREGATE_H

#include "base/ring.h"
#include "events/event.h"
#include "history/history.h"

/* The i-th aggregate table; NULL after the last. */
const struct catalogue_table *aggregate_table(size_t i);

/* The closed sessions, in order of session_id. */
struct aggregate_sessions {
	struct ring ring; /* of struct outcome_session; id 0: not closed yet */
	int64_t first_id; /* of the ring's first element */
};

#define AGGREGATE_SESSIONS_INIT                                                                    \
	{                                                                                          \
		RING_INIT(struct outcome_session), 1                                               \
	}

/* For history_options.closed; `context` is a struct aggregate_sessions. */
void aggregate_session_closed(void *context, const struct outcome_session *session);
void aggregate_sessions_release(struct aggregate_sessions *s);

/* One table that is being written. */
struct aggregate {
	const struct catalogue_table *table; /* NULL: the events with all history columns */
	bool per_session;                    /* content_completion */
	int *source; /* per column: input column, or history column + number of input columns */
	struct csv_writer out;
};

#define AGGREGATE_INIT                                                                             \
	{                                                                                          \
		.out = CSV_WRITER_INIT                                                             \
	}

/*
 * Opens the output and writes the header. `table`: one of aggregate_table, or NULL: the events with
 * the history columns. Returns 0, or -1 with err.
 */
int aggregate_open(struct aggregate *a, const struct catalogue_table *table,
		   const struct gz_output *output, const struct event_reader *in, struct err *err);

/* Writes the event's row, if the table is one of events. Returns 0, or -1 with err. */
int aggregate_event(struct aggregate *a, const struct csv_row *row, const struct history *history,
		    const struct history_row *values, struct err *err);

/*
 * Writes the row of one closed session, if the table is one of sessions; `watermark` is the time of
 * the last event so far. Returns 0, or -1 with err.
 */
int aggregate_session(struct aggregate *a, const struct outcome_session *session,
		      const struct event_reader *in, int64_t watermark, struct err *err);

/* The next session in order of id that is closed, or NULL; aggregate_sessions_pop drops it. */
const struct outcome_session *aggregate_sessions_first(const struct aggregate_sessions *s);
void aggregate_sessions_pop(struct aggregate_sessions *s);

/* Releases everything; an output that the caller has not closed is aborted. */
void aggregate_release(struct aggregate *a);

#endif
