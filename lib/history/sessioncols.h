/*
 * sessioncols: whether an event's session columns agree with the events before it.
 *
 * ce-sessionize writes them so that they do. Who reads them has other rows only if some were left
 * out, moved or changed since, and numbers made of those would be wrong without a sign of it.
 */
#ifndef CE_SESSIONCOLS_H
#define CE_SESSIONCOLS_H

#include "events/event.h"

#include <stdint.h>

/* What is known of a session from its events so far. */
struct session_past {
	int64_t start, end;   /* times of its first and last event */
	int64_t completed_at; /* completion time, or EVENT_UNKNOWN */
};

/* Of a session that e begins; session_past_add is yet to take it. */
static inline struct session_past session_past(const struct event *e)
{
	return (struct session_past){ .start = e->ts, .completed_at = EVENT_UNKNOWN };
}

static inline void session_past_add(struct session_past *past, const struct event *e)
{
	past->end = e->ts;
	if (e->completes)
		past->completed_at = e->ts;
}

/* What of them does not agree. */
enum sessioncols_fault {
	SESSIONCOLS_AGREE,
	SESSIONCOLS_FIRST, /* a session begins at another time than its first event */
	SESSIONCOLS_START, /* its start is not what it was */
	SESSIONCOLS_TWICE, /* it is completed a second time */
	SESSIONCOLS_PREV,  /* prev_ts is not the time of the pair's previous event */
	SESSIONCOLS_PHASE, /* the phase is ahead of the completion, or behind it */
};

/*
 * The first fault of an event before it is added. `past` is that of its session, NULL if the event
 * begins it; `before` then that of the pair's session before, NULL if none is known.
 */
enum sessioncols_fault sessioncols_check(const struct session_past *past,
					 const struct session_past *before, const struct event *e);

/* Says so, of the same session. Always returns -1, with err (without file and line). */
int sessioncols_fail(enum sessioncols_fault fault, const struct session_past *past,
		     const struct event *e, struct err *err);

/* That its session is none which its user and content have open, nor `next`. Always -1, as above.
 */
int sessioncols_fail_id(const struct event *e, int64_t next, struct err *err);

#endif
