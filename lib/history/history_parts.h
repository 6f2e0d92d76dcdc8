/*
 * history_parts: what history keeps of each user, content, (user, genre), pair and event, for who
 * writes it down and reads it back (state), and nobody else.
 */
#ifndef CE_HISTORY_PARTS_H
#define CE_HISTORY_PARTS_H

#include <stdbool.h>
#include <stdint.h>

struct history;

/* Outcomes that are known: how many, and how many of them are completions. */
struct history_rate {
	uint32_t n, completed;
};

struct history_user {
	/* Within the window. */
	uint32_t n_events, n_ratios;
	int64_t ratio_sum; /* millionths */
	/* Genres of the window: a list through history_genre.next, and the leader of it. */
	uint32_t genres, favourite; /* (user, genre) ids, INTERN_NONE: none */
	uint32_t favourite_genre;   /* that of the favourite, for it is far away */
	bool favourite_stale;
	/* Over all history. */
	bool last_outcome;
	uint32_t n_closed;
	int64_t closed_duration; /* ms, summed over closed sessions */
	struct history_rate rate;
	int64_t last_known_time, last_known_session; /* those of last_outcome */
	int64_t last_event, last_completion;         /* times, or EVENT_UNKNOWN */
};

struct history_content {
	struct history_rate rate;
	uint32_t n_users; /* distinct, with an event */
	uint32_t n_stops; /* with a known ratio */
	int64_t stop_ratio_sum;
};

/* What is known of one user and one genre. */
struct history_genre {
	uint32_t genre;
	uint32_t next;     /* of the user's genres, if it is listed */
	uint32_t n_events; /* within the window */
	bool listed;       /* all that have events in the window are, and some that had */
	struct history_rate rate;
	int64_t last_event; /* time, or EVENT_UNKNOWN */
};

/*
 * An event in the window, in 16 bytes, for there are many: a time has 42 bits (EVENT_TS_END does),
 * a ratio in millionths, plus one so that 0 is "unknown", 20.
 */
struct history_windowed {
	uint64_t ts_and_ratio;
	uint32_t user;
	uint32_t genre_id; /* (user, genre) id, or INTERN_NONE */
};

#define HISTORY_RATIO_BITS 20

/* In a table of pairs: an id, and 1 so that 0 is none. */
typedef uint32_t history_id_plus_1;

/* Of a pair: its sessions so far, and whether they hold a counted event. */
struct history_viewings {
	uint32_t n : 31, is_counted : 1;
};

/*
 * The events at h->now become history, as the next event, which is later, would have it: before
 * anything is written down.
 */
void history_settle(struct history *h);

/* Of an id, made if it is new, as those that are read back are. */
struct history_user *history_user(struct history *h, uint32_t user);
struct history_content *history_content(struct history *h, uint32_t content);
struct history_genre *history_genre(struct history *h, uint32_t user, uint32_t genre);

/* An event, later than those before, that is in the window: counts it for its user and genre. */
void history_restore_window(struct history *h, int64_t ts, int64_t ratio, uint32_t user,
			    uint32_t genre);

#endif
