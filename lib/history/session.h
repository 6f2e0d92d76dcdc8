/*
 * session: which events make one viewing of one content by one user, and which of them completes
 * it.
 *
 * Many player logs have no heartbeat: a film played without a touch is one `play` and, two hours
 * later, one `complete`. So the gap that ends a session counts idle time:
 *
 *   time left   = max(runtime - playback_position, 0), an unknown position counting as 0; of an
 *                 unknown or non-positive runtime, unknown_runtime; never more than max_left
 *   deadline    = the event's time + gap, and if it leaves the player playing (play, seek), plus
 *                 the time left. After a heartbeat silence is idle: another would have come.
 *
 * An event starts a new session of its (user, content) pair if it is the pair's first, or comes
 * after the deadline of the pair's previous event, or is a rewatch: a `play` below near end, or at
 * an unknown ratio, when the pair's current session is already completed. Otherwise it continues
 * the current one. Sessions are numbered 1, 2, 3 ... in the canonical order of their first events.
 *
 * A session is completed at its first completing event, which is
 *
 *   by event     a `complete`; or a `stop` at a ratio of at least near end, provided the session
 *                has by then, itself included, at least two distinct event types; or the event
 *                that brings the second distinct type to a session that holds such a stop
 *   by position  a `complete`; or any event but `seek` at a ratio of at least near end
 *   by played    a `complete`; or the event by which the played time reaches near end * runtime:
 *                the sum, over the events before it that leave the player playing or are
 *                heartbeats, of min(time to the session's next event, time left)
 *
 * All that is said of a session after this module is what it says in the columns of a row.
 *
 * Memory: 32 bytes, times 1.5 to 3, a pair, as pairs has them (by played: 48); measured, a million
 * pairs at the peak, which is when the table grows: 101 bytes each.
 */
#ifndef CE_SESSION_H
#define CE_SESSION_H

#include "base/pairs.h"
#include "base/time.h"
#include "events/event.h"
#include "table/catalogue.h"

enum session_completion {
	SESSION_BY_EVENT,
	SESSION_BY_POSITION,
	SESSION_BY_PLAYED,
};

/* Durations are in ms, >= 0, no more than time_parse_duration makes. */
struct session_options {
	int64_t gap;
	bool plain_gap;   /* leave the time left to play out of the deadline */
	int64_t near_end; /* playback ratio in millionths */
	enum session_completion complete_by;
	int64_t unknown_runtime; /* the time left to play where the runtime is unknown */
	int64_t max_left;        /* no time left to play is longer */
};

#define SESSION_MAX_LEFT TIME_MS_PER_DAY

#define SESSION_OPTIONS_INIT                                                                       \
	{                                                                                          \
		30 * TIME_MS_PER_MINUTE, false, 950000, SESSION_BY_EVENT, 0, SESSION_MAX_LEFT      \
	}

struct sessions {
	struct session_options options;
	struct pairs pairs;     /* of user and content */
	int64_t n, n_completed; /* sessions so far */
	int64_t n_near_end;     /* those that came near the end, other than by a `seek`, and are not
				   completed */
};

/* A pair's latest event and current session; id 0: no event yet. */
struct session_pair {
	int64_t last_ts;
	int64_t deadline;
	int64_t start;
	int64_t id;
	uint8_t types;      /* of the session's events: bit 1 << type */
	bool came_near_end; /* other than by a `seek` */
	bool has_near_end_stop;
	bool is_completed;
	int64_t played, left; /* by played: ms of the session, and that may follow its last event */
};

/*
 * What is known of a pair, of which pairs_next of s->pairs returned the state; and the same back
 * into an s that is new: -1 if the pair is there already.
 */
const struct session_pair *sessions_pair(const struct sessions *s, const void *state,
					 struct session_pair *pair);
int sessions_restore(struct sessions *s, uint32_t user, uint32_t content,
		     const struct session_pair *pair);

void sessions_init(struct sessions *s, const struct session_options *options);
void sessions_release(struct sessions *s);

/* Asks memory for what sessions_step will look at. */
void sessions_prefetch(const struct sessions *s, const struct event_ids *ids);

/*
 * Takes the next event in canonical order and fills its prev_ts, session_start, session_id,
 * deadline, completes and phase. Returns whether it starts a session.
 */
bool sessions_step(struct sessions *s, struct event *e);

/* Appends the columns of catalogue_sessions, which sessions_step has filled, as CSV fields. */
void session_put(struct buf *row, const struct event *e);

/* Appends one of them, by its place there. */
void session_put_column(struct buf *row, const struct event *e, size_t column);

#endif
