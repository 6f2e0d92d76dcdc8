/*
 * history: what may be known at each event, and nothing that is known only later.
 *
 * For an event at time t, history is every event with event_ts strictly before t: events at the
 * same millisecond do not see each other. An outcome is history once it is known: completion time
 * < t, or closing time < t. Session state is the events of the event's own session up to and
 * including it. Each column is a function of these two alone.
 *
 * How: the input is in time order, so state is kept per user, content, pair and (user, genre), and
 * every event is applied to it only when the first event of a later millisecond arrives:
 *
 *   events at one t         state they see                applied when t + something comes
 *   e1  e2  e3          <-  all that is before t     <-   e1, e2, e3, completions at t
 *
 * The window is one FIFO of events for all users; what leaves it is subtracted as exactly as it was
 * added, for all sums are of integers.
 *
 * Heartbeats are no activity: they are not in the window, nor do they make a content popular; what
 * asks when something last happened sees them.
 *
 * Memory: 88 bytes a user, 24 a content, 32 and 12 times 1.5 to 3 a (user, genre), 12 times 1.5 to
 * 3 a (user, content), 16 an event in the window; and that of outcome. Measured, a million of each,
 * ids included: 136 bytes a user, 70 a content, 57 a (user, genre), 38 a (user, content), 16 an
 * event in the window.
 */
#ifndef CE_HISTORY_H
#define CE_HISTORY_H

#include "base/pairs.h"
#include "base/ring.h"
#include "base/time.h"
#include "events/event.h"
#include "history/outcome.h"

/* Something that becomes known of a session or a content: events after `ts` know of it. */
struct history_fact {
	enum history_fact_kind {
		HISTORY_ACTIVITY, /* a user's first counted event on the content, or a stop */
		HISTORY_OUTCOME,  /* of a session, at its completion, else at its closing time */
		HISTORY_END,      /* of a completed session, at its closing time */
	} kind;
	int64_t ts;
	/* Of a session. */
	int64_t session_id;
	uint32_t user;
	bool is_completion;
	const struct outcome_session
		*closed; /* what it was, if it is closed with this; else NULL */
	/* Of activity. */
	uint32_t content;
	bool is_first_of_pair;
	int64_t stop_ratio; /* millionths; EVENT_UNKNOWN: no stop, or none of a known ratio */
};

struct history_options {
	int64_t window; /* ms */
	/* Called for each session when it is closed, in order of closing time; may be NULL. */
	void (*closed)(void *context, const struct outcome_session *session);
	void *context;
	/* Called for each fact, in order of time; may be NULL. */
	void (*became_known)(void *context, const struct history_fact *fact);
	void *facts; /* its context */
};

#define HISTORY_OPTIONS_INIT                                                                       \
	{                                                                                          \
		30 * TIME_MS_PER_DAY, NULL, NULL, NULL, NULL                                       \
	}

/*
 * One value a column of history.def: EVENT_UNKNOWN is empty; a decimal column is in millionths; the
 * genre preference is a dense genre id; the rest are as they read.
 */
struct history_row {
#define HISTORY(name, type, unit, definition, empty) int64_t name;
#include "table/history.def"
};

struct history {
	struct history_options options;
	const struct intern *genre_names; /* borrowed: ties between genres go by name */
	struct outcomes outcomes;
	int64_t first; /* the time of the first event, 0 if there is none, or a state before */
	int64_t now;   /* the time of the events that are pending */
	struct ring pending; /* events at `now`, not yet applied */
	struct ring window;  /* applied events younger than the window, oldest first */
	struct history_user *users;
	struct history_content *contents;
	struct history_genre *genres; /* by (user, genre) id */
	struct pairs genre_ids;       /* of user and genre */
	struct pairs viewings;        /* of user and content */
	size_t n_users, n_contents, n_genres;
};

/*
 * genre_names: the genres behind struct event's ids (those of the event reader); it must outlive
 * the history.
 */
void history_init(struct history *h, const struct history_options *options,
		  const struct intern *genre_names);
void history_release(struct history *h);

/*
 * Finds the event's user and genre, e->user_genre, and asks memory for what is known of them.
 * Before history_step of the event, in the same order, and as many events before as one likes.
 */
void history_prepare(struct history *h, struct event *e);

/*
 * Takes the next event in canonical order, of which history_prepare knows, and fills *row with what
 * is known at it. Returns 0, or -1 with err (without file and line) if the session columns
 * contradict each other.
 */
int history_step(struct history *h, const struct event *e, struct history_row *row,
		 struct err *err);

/* Asks memory for what history_step will look at, for who knows some steps before. */
void history_prefetch(const struct history *h, const struct event_ids *ids);

/*
 * Ends the stream: closes the sessions that remain, which calls options.closed for each. A session
 * that was not closed before the watermark, h->now, has closing >= h->now.
 */
void history_finish(struct history *h);

/*
 * Calls options.became_known for what becomes known before `until` if no event comes until then,
 * in order; changes nothing. After the last event before it.
 */
void history_foresee(const struct history *h, int64_t until);

/*
 * In place of history_step, where another history has the events: takes what that one told of a
 * content (options.became_known; of an outcome `content` is that of its session).
 */
void history_take(struct history *h, uint32_t content, const struct history_fact *fact);

/* Fills the columns that are of the content alone. */
void history_fill_content(struct history *h, uint32_t id, struct history_row *row);

/* Appends the value of the column-th column of catalogue_history as a CSV field. */
void history_put(struct buf *out, const struct history *h, const struct history_row *row,
		 size_t column);

/* Appends all columns in their order: what history_put does for each, but without a loop. */
void history_put_row(struct buf *out, const struct history *h, const struct history_row *row);

#endif
