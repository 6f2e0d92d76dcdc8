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
#include "table/catalogue.h"
#include "table/selection.h"

/*
 * Appends a session as a row of content_completion, as it stands at the watermark: what of it is
 * asked for is its id, user, content, past, closing, types and has_complete, is_completed_without.
 */
void aggregate_put_session(struct buf *out, const struct outcome_session *s,
			   const struct intern *users, const struct intern *contents,
			   int64_t watermark);

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

/* The next session in order of id that is closed, or NULL; aggregate_sessions_pop drops it. */
const struct outcome_session *aggregate_sessions_first(const struct aggregate_sessions *s);
void aggregate_sessions_pop(struct aggregate_sessions *s);
void aggregate_sessions_release(struct aggregate_sessions *s);

/* The tables that one run writes. */
struct aggregates {
	struct aggregate *outputs; /* [n] the first is the caller's own output */
	size_t n;
	bool per_session;        /* one of them has a row a session */
	struct selection passed; /* the columns of the input that go on before the history's */
	bool typed;              /* the session columns are not among those, but in the event */
	struct aggregate_sessions sessions;
	int64_t watermark; /* or EVENT_UNKNOWN */
	bool goes_on;      /* the log does: see aggregate_options */
	const struct csv_reader *in;
	const struct intern *users, *contents; /* behind the ids of events */
};

/*
 * What to write: `table` (NULL: the events, with the columns of session_identification, those that
 * `keep` names and all history columns) to the output, and, unless `directory` is NULL, every
 * aggregate table, as gz_output_table names them. A session that closes before the watermark (ms,
 * or EVENT_UNKNOWN for the time of the last event) without being completed is no completion.
 */
struct aggregate_options {
	const struct catalogue_table *table;
	const char *directory;
	struct names keep; /* see selection_with */
	int64_t watermark;
	bool goes_on; /* the log does: sessions that the watermark leaves open wait */
};

/*
 * Opens the outputs and writes their headers. `in`, which is open, and the ids must outlive *a;
 * n_text: how many of its columns are text in a row, the others being catalogue_sessions, in the
 * event. Without an output (NULL) nothing is written at all. history->closed is set if a table has
 * a row a session. aggregates_release frees in any case. Returns 0, or -1 with err.
 */
int aggregates_open(struct aggregates *a, const struct aggregate_options *options,
		    const struct gz_output *output, const struct csv_reader *in, size_t n_text,
		    const struct intern *users, const struct intern *contents,
		    struct history_options *history, struct err *err);

/* Writes the rows of an event, and of sessions that are closed by now. Returns 0, or -1 with err.
 */
int aggregates_step(struct aggregates *a, const struct csv_row *row, const struct event *e,
		    const struct history *history, const struct history_row *values,
		    struct err *err);

/* Writes what is left once history is finished. Returns 0, or -1 with err. */
int aggregates_finish(struct aggregates *a, const struct history *history, struct err *err);

/* The writer of output i < a->n, for csv_writer_close_all; the caller's own is the first. */
struct csv_writer *aggregates_writer(const struct aggregates *a, size_t i);

/* How many rows the caller's own output has, without its header. */
uint64_t aggregates_n_rows(const struct aggregates *a);

/* Releases everything; an output that is not closed is aborted. */
void aggregates_release(struct aggregates *a);

#endif
