/*
 * outcome: how each session ends, and when that becomes known.
 *
 * Which event completes a session is said in its row (completes_session); this keeps the sessions
 * that are open, and closes them.
 *
 * Closing time of a session: the deadline of its last event, or the start of the pair's next
 * session if that comes first. Deadlines do not come in order, so the open sessions are in a heap
 * by closing time, one entry each. Most events put off the closing of their session: the entry
 * learns of that only when it has come to the top; what comes earlier it learns at once. So no
 * session closes before its entry's time, and the top one closes at it if the two are equal.
 *
 * Memory: 100 bytes, and 12 times 1.5 to 3 in the table of pairs, an open session (measured, a
 * million: 118 bytes each); of those that are closed, nothing.
 */
#ifndef CE_OUTCOME_H
#define CE_OUTCOME_H

#include "base/pairs.h"
#include "events/event.h"
#include "history/sessioncols.h"

struct outcome_session {
	int64_t id;
	struct session_past past;
	int64_t closing;               /* closing time, if no event follows */
	int64_t max_ratio;             /* largest playback ratio, or EVENT_UNKNOWN */
	uint32_t user, content, genre; /* as in struct event, of the first event */
	uint32_t n_events;             /* counted ones */
	uint32_t n_pauses, n_seeks;
	uint32_t number;           /* the caller's, 0 at first */
	uint8_t types;             /* set of event types: bit 1 << type */
	bool has_complete;         /* a `complete` */
	bool is_completed_without; /* by something else than a `complete` */
};

struct outcome_entry;

struct outcomes {
	int64_t n;                        /* sessions so far */
	struct outcome_session *sessions; /* the open ones, at places that change hands */
	struct outcome_entry *heap;       /* n_open entries; behind them, the free places */
	uint32_t *heap_at;                /* per place: its entry's index in the heap */
	uint32_t n_open, cap;
	struct pairs open; /* (user, content) to the place of its latest open session */
};

void outcomes_init(struct outcomes *o);
void outcomes_release(struct outcomes *o);

/*
 * Takes the next event in canonical order, once every session that closes before its time has been
 * taken with outcomes_close. Returns its session, itself included (valid until the next call).
 * Returns NULL with err if the session columns, prev_ts among them, contradict each other, as no
 * ce-sessionize makes them.
 */
struct outcome_session *outcomes_step(struct outcomes *o, const struct event *e, struct err *err);

/*
 * Removes and returns the session with the earliest closing time if that is < t (ties: the smaller
 * id), NULL otherwise. Valid until the next call.
 */
const struct outcome_session *outcomes_close(struct outcomes *o, int64_t t);

/* The pair's latest session, if that is open, or NULL. Valid until the next call. */
const struct outcome_session *outcomes_find(const struct outcomes *o, uint32_t user,
					    uint32_t content);

/* The open sessions in order of id: an array of o->n_open, which the caller frees. */
const struct outcome_session **outcomes_sorted(const struct outcomes *o);

/* Opens a session again, of which outcomes_sorted told: in that order, o->n being as it was. */
void outcomes_restore(struct outcomes *o, const struct outcome_session *session);

/* The number of distinct event types of the session. */
int outcome_n_types(const struct outcome_session *s);

#endif
