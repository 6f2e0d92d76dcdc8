/*
 * synth: a stream of synthetic player events, and of the viewings they come from, whose outcomes
 * and true probabilities are known.
 *
 * A viewing is one user's going at one content. Its outcome is drawn when it starts, once, from
 * synth_probability; its events then only act the outcome out. A completed viewing ends in
 * `complete`, or in a `stop` at a playback ratio of 0.95 or more (some players never say complete);
 * any other ends in a `stop` at 0.9 or less, in a pause, or in nothing at all. Viewings begin in
 * time order; a share of them are revisits, in which a user comes back to what was finished (a
 * rewatch) or left. Events of the window's end and later are not there: the log was exported then.
 *
 * What else real logs have is added on demand (struct synth_options). An addition draws from
 * streams of its own, so that all else stays: the same viewings with the same probabilities and
 * outcomes begin at the same times and run the same courses, only the numbers in the event ids are
 * others.
 *
 * Events come in the order of their arrival at the log, which is late for some, so not in the order
 * of event_ts; event ids count in the order in which viewings begin, ascending within a viewing: an
 * event is of the viewing with the largest first_event that is not larger than its id.
 * The same options make the same stream (with the same libm: exp and log are not exactly rounded).
 * Memory: that of synth_world and 48 bytes for each event that is yet to arrive and each revisit to
 * come: the open viewings and some days' revisits.
 */
#ifndef CE_SYNTH_H
#define CE_SYNTH_H

#include "synth/synth_course.h"
#include "synth/synth_queue.h"
#include "synth/synth_world.h"

struct synth_viewing {
	uint64_t first_event; /* id */
	int64_t start;        /* by a clock that is right */
	uint32_t user, content;
	uint8_t device;
	double probability; /* of completion, at the start */
	bool completed;     /* as drawn */
};

struct synth {
	/* For callers to read. */
	struct synth_world world;

	/* The module's own. */
	struct synth_streams streams;
	struct synth_queue queue;
	uint64_t n_first,
		n_revisits; /* viewings yet to begin of their own accord / to be planned */
	uint64_t n_begun;   /* viewings, those of `rewatched` aside */
	double rest;        /* share of the window's activity that lies ahead */
	double activity;    /* of the whole window: the sum of synth_hour_weight */
	double passed;      /* of the hours before `hour` */
	int64_t hour;       /* the one in which the latest viewing began */
	int64_t next_start; /* of the next viewing of its own accord, or SYNTH_UNKNOWN: not drawn */
};

/* Draws the world and sets the clock to the window's start. Release it. */
void synth_init(struct synth *s, const struct synth_options *options);
void synth_release(struct synth *s);

enum synth_what { SYNTH_END, SYNTH_VIEWING, SYNTH_EVENT };

/*
 * What comes next: a viewing that begins (in *viewing), or an event that arrives (in *event); or
 * SYNTH_END, behind the last. A viewing comes before its events.
 *
 * Viewings are as many as asked for, and those that `rewatched` adds: the viewer stops in the
 * credits, and less than 30 minutes later watches the content again, from its start or from within.
 * A viewing that `two_evenings` draws has a stop in its middle, and a play at the same position 12
 * to 40 hours later, in the evening. Neither happens to a viewing that a revisit follows or that is
 * a rewatch, nor a rewatch where the end is not to be told by a stop: contents without a recorded
 * runtime, or that end by position.
 */
enum synth_what synth_next(struct synth *s, struct synth_viewing *viewing,
			   struct synth_event *event);

#endif
