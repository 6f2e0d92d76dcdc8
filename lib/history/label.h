/*
 * label: rows that wait until the outcome of their session is known, and leave in the order in
 * which they came.
 *
 * A row is text that lacks only its last two fields, the session's known time (completion time,
 * else closing time) and its label: 1 if it was completed, 0 if it closed before the watermark (the
 * time of the last event, unless the caller knows better) without that, and both empty if it was
 * still open then (right-censored).
 *
 * Only the oldest row is asked whether its label is known, so sessions need no order of closing:
 * each is closed once the time of the latest event is after its closing time.
 *
 * Memory: the rows since the first event of the oldest session that is undecided, 8 bytes each
 * beside their text; and 48 bytes a session since the oldest one that is open, and 16 times 1.5 to
 * 3 in the table of pairs.
 */
#ifndef CE_LABEL_H
#define CE_LABEL_H

#include "base/buf.h"
#include "base/pairs.h"
#include "base/ring.h"
#include "events/event.h"
#include "history/sessioncols.h"
#include "table/csvwriter.h"

struct labels {
	/* Rows written so far, by label, for callers to read. */
	uint64_t n_completed, n_not_completed, n_censored;

	int64_t watermark; /* or EVENT_UNKNOWN: the time of the last event */
	bool goes_on; /* the log does: what is not decided at the end waits, and is not censored */
	bool none_waits;        /* but it leaves at the end, without a label */
	int64_t now;            /* the time of the latest event; INT64_MAX after the last one */
	int64_t limit;          /* a session that closes before it is decided */
	bool is_over;           /* no row waits any more */
	struct ring sessions;   /* those from first_id on */
	struct pairs latest_of; /* user and content to their latest session, if it is in the ring */
	int64_t first_id;
	struct ring rows;  /* lengths and sessions of the waiting rows */
	struct ring texts; /* their text, one after another, in a struct buf for so many each */
	struct buf spare;  /* one that is not in use */
	size_t text_start; /* of the first row in the first buf */
	size_t row_start;  /* in the last one, of the row that is being put together */
};

/* watermark: ms, or EVENT_UNKNOWN for the time of the last event. */
void labels_init(struct labels *l, int64_t watermark);
void labels_release(struct labels *l);

/* Asks memory for what labels_step will look at. */
static inline void labels_prefetch(const struct labels *l, const struct event *e)
{
	if (e->session_start == e->ts)
		pairs_prefetch(&l->latest_of, e->user, e->content);
}

/*
 * Takes the next event in canonical order. Returns 0, or -1 with err (without file and line) if the
 * session columns contradict each other.
 */
int labels_step(struct labels *l, const struct event *e, struct err *err);

/*
 * In place of labels_step, where who knows the sessions by other means tells of them: that one
 * begins at `ts`, whose id is the next; that its outcome is known; that it is closed. An id that is
 * not remembered (any more) is nothing to say. `closing` of one that is not closed is
 * LABELS_NEVER; labels_advance: the time of the latest event.
 */
#define LABELS_NEVER INT64_MAX
void labels_begin(struct labels *l, int64_t ts);
void labels_decide(struct labels *l, int64_t session_id, int64_t known, bool is_completion);
void labels_close(struct labels *l, int64_t session_id, int64_t closing);
void labels_advance(struct labels *l, int64_t ts);

/*
 * Where the caller csv_put_*s a row of the session of the last event; labels_hold then ends it.
 */
struct buf *labels_row(struct labels *l);
void labels_hold(struct labels *l, int64_t session_id);

/*
 * Ends the stream: what is undecided now is censored; if the log goes on it waits, or leaves
 * without a label if none waits.
 */
void labels_finish(struct labels *l);

/* What is known of a session, for who writes it down and reads it back. */
struct label_session {
	int64_t id;
	struct session_past past;
	int64_t closing; /* if no event follows */
	uint32_t user, content;
};

/* The i-th session that is remembered; and the number of them. */
struct label_session labels_session(const struct labels *l, size_t i);
static inline size_t labels_n_sessions(const struct labels *l)
{
	return l->sessions.n;
}

/*
 * Reads them back into an l that is new, in their order: the first one's id, or that of the session
 * to come; `now`, the time of the last event; and the sessions. Returns 0, or -1: an id is not
 * next.
 */
void labels_restore(struct labels *l, int64_t first_id, int64_t now);
int labels_restore_session(struct labels *l, const struct label_session *session);

/*
 * Calls `take` with the text of each row that waits, in order, and whether its session is decided,
 * until that returns anything but 0, which this returns, too.
 */
int labels_each(const struct labels *l,
		int (*take)(void *context, const char *text, size_t len, bool is_decided,
			    struct err *err),
		void *context, struct err *err);

/* Whether a row may wait for that session, for labels_row and labels_hold of a row that is read
 * back. */
bool labels_has_session(const struct labels *l, int64_t session_id);

/* Writes the rows at the front whose labels are decided. Returns 0, or -1 with err. */
int labels_write(struct labels *l, struct csv_writer *out, struct err *err);

#endif
