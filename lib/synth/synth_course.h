/*
 * synth_course: one viewing, acted out: its events, on their way to the log.
 *
 * The additions that synth_options ask for do not change which draws are made from the viewing's
 * own streams: a course goes on to its end as it would without them, also when the rest of it
 * happens some hours later, or when the viewer has gone and it leaves no trace.
 */
#ifndef CE_SYNTH_COURSE_H
#define CE_SYNTH_COURSE_H

#include "synth/synth_queue.h"
#include "synth/synth_world.h"

/* What a viewing is drawn from. */
struct synth_streams {
	struct rng choice; /* who views what */
	struct rng acting; /* the viewing's course */
	struct rng delay;  /* the late arrivals */
};

/* Streams of each viewing, of what is added to it. */
enum synth_addition {
	SYNTH_ADD_HEARTBEATS, /* their late arrivals */
	SYNTH_ADD_EVENING,
	SYNTH_ADD_REWATCH, /* whether, and when */
	SYNTH_REWATCH_CHOICE,
	SYNTH_REWATCH_ACTING,
	SYNTH_REWATCH_DELAY, /* these three are the streams of the viewing that a rewatch is */
	SYNTH_N_ADDITIONS,
};

struct rng synth_added_stream(const struct synth_world *w, uint64_t viewing,
			      enum synth_addition what);

/* Where the viewing's clock and player stand. */
struct synth_course {
	/* Set by the caller; the times and positions are where it begins. */
	const struct synth_world *world;
	struct synth_queue *queue;
	struct synth_streams *streams;
	uint64_t viewing; /* its number */
	uint32_t user, content;
	uint8_t device;
	bool may_add; /* a second evening, a rewatch */
	int64_t ts;
	int64_t position; /* ms */

	/* For the caller to read. */
	int64_t last_until; /* deadline of the session by its latest event, as if never away */

	/* The module's own. */
	int64_t runtime;    /* ms */
	int64_t held_back;  /* ms that its events arrive late */
	int64_t skew;       /* of the device's clock */
	int64_t next_beat;  /* when the next heartbeat is due, or NEVER */
	int64_t night_at;   /* position at which the viewer stops for the night, or NEVER */
	int64_t away;       /* ms between the evenings that have passed */
	int64_t credits_at; /* position at which who will rewatch stops, or NEVER */
	bool gone;          /* what is still to come leaves no trace */
	struct rng beats, evening, rewatch;
};

/*
 * Runs the course to its end, and adds the rewatch that begins after it. Returns whether the player
 * said `complete`, or would have if the viewer had stayed and the content's players ever did.
 */
bool synth_course_run(struct synth_course *c, bool completed);

#endif
