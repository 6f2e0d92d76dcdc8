/*
 * online: the stage from event_history to event_online: at each event, what the effects learnt from
 * the outcomes that are known by then say of its session.
 *
 * The levels of a session are those of its first event. Outcomes are learnt in the order of (known
 * time, session_id): completions at their time, sessions that close without one at their closing
 * time. An event at t knows those that were known before t.
 *
 * Memory: that of effects and outcome; 40 bytes an open session; 12 times 1.5 to 3 a user and
 * genre (measured, a million of each, outcome included: 204 bytes an open session, 25 a user and
 * genre).
 */
#ifndef CE_ONLINE_H
#define CE_ONLINE_H

#include "base/names.h"
#include "base/pairs.h"
#include "events/event.h"
#include "history/effects.h"
#include "history/history.h"
#include "history/outcome.h"
#include "table/csvwriter.h"
#include "table/selection.h"

#include <stdbool.h>

/* One value a column of online.def, in millionths. */
struct online_row {
#define ONLINE(name, type, unit, definition, empty) int64_t name;
#include "table/online.def"
};

struct online {
	/* Set before online_open. */
	struct effects_options options;
	struct names keep; /* further columns that are passed on: see selection_with */

	/* For callers to read; the writer is for csv_writer_close_all, too. */
	struct csv_writer out;
	bool has_out;
	struct selection passed; /* the columns of the input that go on */
	struct effects effects;
	struct outcomes outcomes;

	/* The module's own. */
	bool typed;            /* the columns of sessions and history are not text */
	int device, plan_tier; /* input columns */
	struct intern devices, plans;
	struct pairs user_genres; /* user and genre to the id of their effect, and 1 */
	struct online_open {
		struct effects_ids *ids; /* [cap], by the number of an open session, from 1 */
		uint32_t *free;          /* [n_free] numbers */
		uint32_t n, n_free, cap;
	} open;
	int64_t now;                       /* the time of the latest event */
	struct online_completion *pending; /* [n_pending] at `now`, which its events do not know */
	size_t n_pending, pending_cap;
};

#define ONLINE_INIT                                                                                \
	{                                                                                          \
		.options = effects_defaults(), .keep = NAMES_INIT, .out = CSV_WRITER_INIT,         \
		.devices = INTERN_INIT, .plans = INTERN_INIT                                       \
	}

/* Readies what learns alone, for who uses the parts below in place of the steps. */
void online_init(struct online *o);

/*
 * The levels of a session with the user, content, genre and start of `s`: device and plan_tier are
 * those of its first event, and runtime, s, or EVENT_UNKNOWN.
 */
struct effects_ids online_session_levels(struct online *o, const struct outcome_session *s,
					 const struct csv_value *device,
					 const struct csv_value *plan_tier, int64_t runtime);

/* What is known at a time of a session with these levels. */
struct online_row online_predict(const struct online *o, const struct effects_ids *levels,
				 int64_t ts);

/*
 * Begins with the events of `in`, which is open and of whose columns n_text are text in a row, and
 * the table, unless that is NULL. Returns 0, or -1 with err: a column is missing, or is there
 * already.
 */
int online_open(struct online *o, const struct csv_reader *in, size_t n_text,
		const struct gz_output *output, struct err *err);

/*
 * Takes the next event in canonical order, as text and typed, and fills *row, unless that is NULL.
 * Returns 0, or -1 with err (without file and line) if the session columns contradict each other.
 */
int online_step(struct online *o, const struct csv_row *text, const struct event *e,
		struct online_row *row, struct err *err);

/*
 * Writes the event; history and known are what its columns are made of where they are not text
 * (else NULL). Returns 0, or -1 with err.
 */
int online_write(struct online *o, const struct csv_row *text, const struct event *e,
		 const struct history *history, const struct history_row *known,
		 const struct online_row *row, struct err *err);

/* Asks memory for what online_step will look at. */
void online_prefetch(const struct online *o, const struct event_ids *ids);

/* Learns the outcomes that are known before `until`, after the last event before it. */
void online_settle(struct online *o, int64_t until);

/* Appends the value of the column-th column of catalogue_online as a CSV field. */
void online_put(struct buf *out, const struct online_row *row, size_t column);

/*
 * Writes the effects as rows of online_effects, in the order of levels.def, then of the values,
 * then of the experts; `users`, `contents` and `genres` are behind the ids of events. Returns 0, or
 * -1 with err.
 */
int online_put_effects(const struct online *o, const struct intern *users,
		       const struct intern *contents, const struct intern *genres,
		       struct csv_writer *out, struct err *err);

#define ONLINE_HOURS 24

/* What is written of an effect's levels, and read back. */

/* What `runtime` is as a level: "12", "unknown". Returns the text, or writes it into `text`. */
#define ONLINE_RUNTIME_MAX 16
struct csv_value online_runtime(uint32_t level, char text[ONLINE_RUNTIME_MAX]);

/* The level of that name, or INTERN_NONE. */
uint32_t online_runtime_parse(const char *s, size_t len);

/* The id of the effect of a user and genre, made if it is new. */
uint32_t online_user_genre(struct online *o, uint32_t user, uint32_t genre);

/* The levels of an open session; NULL: it closes before the time up to which online_settle went. */
const struct effects_ids *online_levels(const struct online *o, const struct outcome_session *s);

/*
 * Opens a session again, after those with a smaller id; the levels that are not its own members:
 * ids of o->devices and o->plans, or INTERN_NONE, and of online_runtime.
 */
void online_restore(struct online *o, const struct outcome_session *s, uint32_t device,
		    uint32_t plan, uint32_t runtime);

/* Frees all but the writer, which is the caller's to close. */
void online_release(struct online *o);

#endif
