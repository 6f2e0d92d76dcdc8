/*
 * label: rows that wait until the outcome of their session is known, and leave in the order in
 * which they came.
 *
 * A row is text that lacks only its last two fields, the session's known time (completion time,
 * else closing time) and its label: 1 if it was completed, 0 if it closed before the watermark (the
 * time of the last event) without that, and both empty if it was still open then (right-censored).
 *
 * Memory: the rows since the first event of the oldest session that is undecided, 8 bytes each
 * beside their text; 16 bytes a session since then; and that of outcome. Measured, a million rows
 * that wait, of a session each: 165 bytes beside their text of 149.
 */
#ifndef CE_LABEL_H
#define CE_LABEL_H

#include "base/buf.h"
#include "base/ring.h"
#include "events/event.h"
#include "history/outcome.h"
#include "table/csvio.h"

struct labels {
	/* Rows written so far, by label, for callers to read. */
	uint64_t n_completed, n_not_completed, n_censored;

	struct outcomes outcomes;
	struct ring verdicts; /* of the sessions from first_id on */
	int64_t first_id;
	struct ring rows;  /* lengths and sessions of the waiting rows */
	struct ring texts; /* their text, one after another, in a struct buf for so many each */
	struct buf spare;  /* one that is not in use */
	size_t text_start; /* of the first row in the first buf */
	size_t row_start;  /* in the last one, of the row that is being put together */
};

/* near_end: playback ratio in millionths. */
void labels_init(struct labels *l, int64_t near_end);
void labels_release(struct labels *l);

/*
 * Takes the next event in canonical order. Returns its session, this event included (valid until
 * the next call), or NULL with err (without file and line).
 */
const struct outcome_session *labels_step(struct labels *l, const struct event *e, struct err *err);

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
