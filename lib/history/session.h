/*
 * session: which events make one viewing of one content by one user.
 *
 * Player logs have no heartbeat: a film played without a touch is one `play` and, two hours later,
 * one `complete`. So the gap that ends a session counts idle time:
 *
 *   deadline of an event = its time + gap, and if it leaves the player playing (play, seek), plus
 *   the time left to play, max(runtime - playback_position, 0), where both are known.
 *
 * An event starts a new session of its (user, content) pair if it is the pair's first, or comes
 * after the deadline of the pair's previous event, or is a `play` when the pair's current session
 * already holds a `complete` (a rewatch is a new viewing). Otherwise it continues the current one.
 * Sessions are numbered 1, 2, 3 ... in the canonical order of their first events.
 *
 * Memory: 32 bytes, times 1.5 to 3, a pair, as pairs has them; measured, a million pairs at the
 * peak, which is when the table grows: 101 bytes each.
 */
#ifndef CE_SESSION_H
#define CE_SESSION_H

#include "base/pairs.h"
#include "base/time.h"
#include "events/event.h"
#include "table/catalogue.h"

struct session_options {
	int64_t gap;    /* ms, >= 0, no more than time_parse_duration makes */
	bool plain_gap; /* leave the time left to play out of the deadline */
};

#define SESSION_OPTIONS_INIT                                                                       \
	{                                                                                          \
		30 * TIME_MS_PER_MINUTE, false                                                     \
	}

struct sessions {
	struct session_options options;
	struct pairs pairs; /* of user and content */
	int64_t n;          /* sessions so far */
};

void sessions_init(struct sessions *s, const struct session_options *options);
void sessions_release(struct sessions *s);

/* Asks memory for what sessions_step will look at. */
void sessions_prefetch(const struct sessions *s, const struct event_ids *ids);

/*
 * Takes the next event in canonical order and fills its prev_ts, session_start, session_id and
 * deadline. Returns whether it starts a session.
 */
bool sessions_step(struct sessions *s, struct event *e);

/* Appends the columns of catalogue_sessions, which sessions_step has filled, as CSV fields. */
void session_put(struct buf *row, const struct event *e);

#endif
