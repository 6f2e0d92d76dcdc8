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
#include "table/csvwriter.h"

struct labels {
	/* Rows written so far, by label, for callers to read. */
	uint64_t n_completed, n_not_completed, n_censored;

	int64_t watermark;      /* or EVENT_UNKNOWN: the time of the last event */
	int64_t now;            /* the time of the latest event; INT64_MAX after the last one */
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
 * Where the caller csv_put_*s a row of the session of the last event; labels_hold then ends it.
 */
struct buf *labels_row(struct labels *l);
void labels_hold(struct labels *l, int64_t session_id);

/* Ends the stream: what is undecided now is censored. */
void labels_finish(struct labels *l);

/* Writes the rows at the front whose labels are decided. Returns 0, or -1 with err. */
int labels_write(struct labels *l, struct csv_writer *out, struct err *err);

#endif
