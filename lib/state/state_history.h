/*
 * state_history: what history knows: the tables users, contents, user_genres, window_events, pairs
 * and viewings of a state, the sessions of sessionize among them, and those of online; its effects
 * are in state_online.
 */
#ifndef CE_STATE_HISTORY_H
#define CE_STATE_HISTORY_H

#include "history/aggregate.h"
#include "history/history.h"
#include "history/online.h"
#include "history/session.h"
#include "state/state.h"

/* What is written and read: the modules, and the strings behind their ids. Borrowed. */
struct state_history {
	struct sessions *sessions;
	struct history *history;
	struct aggregate_sessions *closed; /* that wait for those before them */
	struct online *online;             /* NULL: there is none */
	struct intern *users, *contents, *genres;
};

/*
 * Writes them, after the last event before `until`, all of which have become history then. Returns
 * 0, or -1 with err.
 */
int state_history_write(const struct state_history *h, int64_t until, struct state_out *out,
			struct err *err);

/* The table contents alone. Returns 0, or -1 with err. */
int state_contents_write(const struct state_history *h, struct state_out *out, struct err *err);
int state_contents_read(const struct state_history *h, const struct state_in *in, struct err *err);

/* Reads them back into modules that are new. Returns 0, or -1 with err: a row that cannot be. */
int state_history_read(const struct state_history *h, const struct state_in *in, struct err *err);

#endif
