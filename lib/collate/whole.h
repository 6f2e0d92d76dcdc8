/*
 * whole: what is known of a whole log whose events are those of several shards: the numbers of its
 * sessions, its contents and what online learns, from the facts of all shards in order of time.
 *
 * A millisecond at a time: the sessions that start in it are numbered (whole_start); what was known
 * before it is taken (whole_reach), and can be asked for; its other facts are added (whole_add),
 * and wait until a later time is reached.
 *
 * Memory: that of intern a user; of the contents of history and of the effects of online; 120 bytes
 * a session from the first one on that is open, or has rows which wait; 32 a fact that waits.
 */
#ifndef CE_WHOLE_H
#define CE_WHOLE_H

#include "base/intern.h"
#include "base/ring.h"
#include "collate/shardfacts.h"
#include "history/history.h"
#include "history/label.h"
#include "history/online.h"
#include "state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A session of the whole log. */
struct whole_session {
	int64_t id;                           /* of the whole */
	int64_t local;                        /* of its shard */
	int64_t start, completed_at, closing; /* EVENT_UNKNOWN, LABELS_NEVER: not known yet */
	struct effects_ids levels;
	uint32_t shard, user, content;
	bool has_outcome, has_end; /* that were added */
	bool is_completed;         /* by that outcome */
	/* Known with the end, or an outcome that is no completion. */
	bool has_complete, is_completed_without;
	uint8_t n_types;
	int64_t end;
};

/* Which of a shard's sessions are which of the whole. */
struct whole_shard {
	int64_t n;       /* its sessions so far */
	struct ring ids; /* of the whole, of its latest sessions, from the first that is kept */
};

struct whole {
	/* Set before whole_init. */
	struct online online; /* its options */
	bool without_online;
	bool wants_sessions; /* the caller asks for each once it is closed: whole_wanted */

	/* For callers to read. */
	int64_t n;       /* sessions so far */
	int64_t last_ts; /* the time of the last event that the facts tell of; 0: there was none */

	/* The module's own. */
	struct intern users, contents, genres;
	struct history history;     /* the contents of it */
	struct whole_shard *shards; /* [n_shards] */
	size_t n_shards;
	struct ring sessions;   /* from the first one that is kept on */
	int64_t wanted;         /* the id of the next one that is asked for, if they are */
	struct labels **labels; /* [n_labels], which learn the outcomes: the caller's */
	size_t n_labels;
	struct ring pending;        /* facts that were added, and not reached */
	struct whole_fact *reached; /* [cap] those of one millisecond */
	size_t cap;
};

#define WHOLE_INIT                                                                                 \
	{                                                                                          \
		.online = ONLINE_INIT, .users = INTERN_INIT, .contents = INTERN_INIT,              \
		.genres = INTERN_INIT                                                              \
	}

/* Nothing is known yet of so many shards; the labels, which are not begun yet, outlive *w. */
void whole_init(struct whole *w, size_t n_shards, struct labels **labels, size_t n_labels);
void whole_release(struct whole *w);

/* The start of a session, which is the whole's next one. Returns 0, or -1: it is not the shard's
 * next one. */
int whole_start(struct whole *w, size_t shard, const struct shard_fact *fact);

/* Any other fact, not before those so far. Returns 0, or -1: the shard has no such session, or that
 * has an outcome, or an end, already. */
int whole_add(struct whole *w, size_t shard, const struct shard_fact *fact);

/* Takes the facts before ts. */
void whole_reach(struct whole *w, int64_t ts);

/* The session of that id in its shard, or NULL: none that is open. Valid until whole_reach. */
const struct whole_session *whole_find(const struct whole *w, size_t shard, int64_t local);

/* The next session that was not asked for yet, or NULL; whole_done goes on to the one after it. */
const struct whole_session *whole_wanted(const struct whole *w);
void whole_done(struct whole *w);

/* Fills the columns that are of the content alone. */
void whole_content(struct whole *w, const char *id, size_t len, struct history_row *row);

/*
 * Adds it to a state: its number of sessions and the like to the MANIFEST, and the tables; and
 * reads it back, after whole_init, the labels included. Returns 0, or -1 with err.
 */
int whole_write(struct whole *w, struct state_out *out, struct err *err);
int whole_read(struct whole *w, const struct state_in *in, struct err *err);

/* The table online_effects, as it is at the time that was reached. Returns 0, or -1 with err. */
int whole_put_effects(const struct whole *w, struct csv_writer *out, struct err *err);

#endif
