/*
 * outcome: how each session ends, and when that becomes known. Layer: over event, mem.
 *
 * Completing event: a `complete`; or a `stop` at playback ratio >= near end, provided the session
 * has by then, itself included, at least two distinct event types; or the event that brings the
 * second distinct type to a session that already holds such a stop. A session is completed at its
 * first completing event.
 *
 * Closing time of a session: the deadline of its last event, or the start of the pair's next
 * session if that comes first. Deadlines do not come in order, so the open sessions are in a heap
 * by closing time, one entry each.
 *
 * Memory: 120 bytes an open session, 16 bytes a pair that was ever seen.
 */
#ifndef CE_OUTCOME_H
#define CE_OUTCOME_H

#include "event.h"

struct outcome_session {
	int64_t id;
	uint32_t user, content, genre, pair; /* as in struct event, of the first event */
	int64_t start, end;                  /* times of its first and last event */
	int64_t closing;                     /* closing time, if no event follows */
	int64_t completed_at;                /* completion time, or EVENT_UNKNOWN */
	int64_t max_ratio;                   /* largest playback ratio, or EVENT_UNKNOWN */
	uint32_t n_events, n_pauses, n_seeks;
	uint32_t number;        /* the pair's how-many-eth session, from 1 */
	uint8_t types;          /* set of event types: bit 1 << type */
	bool has_complete;      /* a `complete` */
	bool has_near_end_stop; /* a `stop` at playback ratio >= near end */
	size_t heap_at;         /* its place in the heap */
};

struct outcome_pair;

struct outcomes {
	int64_t near_end;              /* millionths */
	int64_t n;                     /* sessions so far */
	struct outcome_session **heap; /* open sessions, the earliest closing time first */
	size_t n_open, cap_open;
	struct outcome_session *closed; /* the one that outcomes_close returned last */
	struct outcome_pair *pairs;     /* by pair id */
	size_t cap_pairs;
};

/* near_end: playback ratio in millionths. */
void outcomes_init(struct outcomes *o, int64_t near_end);
void outcomes_release(struct outcomes *o);

/*
 * Takes the next event in canonical order, once every session that closes before its time has been
 * taken with outcomes_close. Returns its session, itself included (valid until the session is
 * closed), and in *completes whether it is the one that completes it. Returns NULL with err if the
 * session columns contradict each other, as no ce-sessionize makes them.
 */
struct outcome_session *outcomes_step(struct outcomes *o, const struct event *e, bool *completes,
				      struct err *err);

/*
 * Removes and returns the session with the earliest closing time if that is < t (ties: the smaller
 * id), NULL otherwise. Valid until the next call.
 */
const struct outcome_session *outcomes_close(struct outcomes *o, int64_t t);

/* The number of distinct event types of the session. */
int outcome_n_types(const struct outcome_session *s);

#endif
