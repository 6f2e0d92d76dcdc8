/*
 * state_online: what online has learnt: the table online_effects of a state.
 */
#ifndef CE_STATE_ONLINE_H
#define CE_STATE_ONLINE_H

#include "history/online.h"
#include "state/state.h"

/* What is written and read: the module, and the strings behind the ids of events. Borrowed. */
struct state_online {
	struct online *online;
	struct intern *users, *contents, *genres;
	bool has_no_users; /* the state has no table of users: they are new here */
};

/* Writes it, settled up to the end of this part; of an online that was never opened it is empty.
 * Returns 0, or -1 with err. */
int state_online_write(const struct state_online *o, struct state_out *out, struct err *err);

/* Reads it back, after state_history_read. Returns 0, or -1 with err: a row that cannot be. */
int state_online_read(const struct state_online *o, const struct state_in *in, struct err *err);

#endif
