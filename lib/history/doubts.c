#include "history/doubts.h"

#include "base/bound.h"

#include <inttypes.h>

#define RATIOS_MIN 10 /* so many positions of 0 and 1 are no chance */

/* More than these shares look wrong. */
static const struct bound some = BOUND_DOUBTFUL, most = BOUND_PERCENT(50),
			  nearly_all = BOUND_PERCENT(95);

static void warn_of_plain_gap(struct warnings *w, const char *option)
{
	warnings_add(w, "%s has no effect with --plain-gap, which leaves the time left to play out",
		     option);
}

/* That many runtimes are unknown, which matters in that way. */
static void warn_of_runtimes(const struct doubts *d, uint64_t n_sessions, const char *how,
			     struct warnings *w)
{
	if (bound_exceeded(&some, d->n_without_runtime, n_sessions))
		warnings_add(w,
			     "%" PRIu64 " of %" PRIu64 " sessions are of contents of unknown "
			     "runtime%s",
			     d->n_without_runtime, n_sessions, how);
}

void doubts_warn(const struct doubts *d, const struct sessions *sessions, struct warnings *w)
{
	const struct session_options *o = &sessions->options;
	const uint64_t n_sessions = (uint64_t)sessions->n;

	if (bound_exceeded(&most, d->n_old, d->n_events))
		warnings_add(w,
			     "%" PRIu64 " of %" PRIu64 " events are before 1980: event_ts must be "
			     "ms since 1970: was ce-clean left out?",
			     d->n_old, d->n_events);
	if (bound_exceeded(&some, d->n_beyond, d->n_both))
		warnings_add(w,
			     "%" PRIu64 " of %" PRIu64 " events with a position and a runtime are "
			     "beyond the end: %s",
			     d->n_beyond, d->n_both,
			     bound_exceeded(&nearly_all, d->n_shorter, d->n_runtimes)
				     ? "runtime in minutes? (it must be in seconds)"
				     : "playback_position in ms? (it must be in seconds)");
	if (bound_exceeded(&most, d->n_longer, d->n_runtimes))
		warnings_add(w,
			     "%" PRIu64 " of %" PRIu64 " events with a runtime are of contents "
			     "longer than 24 h: runtime in ms? (it must be in seconds)",
			     d->n_longer, d->n_runtimes);
	if (d->n_ones && !d->n_above_one && d->n_positions >= RATIOS_MIN)
		warnings_add(w,
			     "all of %" PRIu64 " known positions are 0 or 1: playback_position as "
			     "a ratio of the runtime? (it must be in seconds)",
			     d->n_positions);
	if (bound_exceeded(&most, d->n_events - d->n_positions, d->n_events))
		warnings_add(w,
			     "playback_position is unknown in %" PRIu64 " of %" PRIu64 " events: "
			     "the time left to play and how far users come are not known (give "
			     "the events a position)",
			     d->n_events - d->n_positions, d->n_events);
	if (o->plain_gap && o->complete_by != SESSION_BY_PLAYED) {
		if (o->unknown_runtime)
			warn_of_plain_gap(w, "--unknown-runtime");
		if (o->max_left != SESSION_MAX_LEFT)
			warn_of_plain_gap(w, "--max-left");
	}
	if (o->unknown_runtime > o->max_left)
		warnings_add(w, "--unknown-runtime is longer than the longest time left to play, "
				"which counts (--max-left)");
	if (!o->unknown_runtime && !o->plain_gap)
		warn_of_runtimes(d, n_sessions,
				 ": a film that plays untouched for longer than the gap is cut in "
				 "two (give the content table a runtime, or --unknown-runtime)",
				 w);
	if (o->complete_by != SESSION_BY_EVENT)
		warn_of_runtimes(d, n_sessions,
				 ", and only a `complete` can complete them with this "
				 "--complete-by (give the content table a runtime)",
				 w);
	if (d->n_heartbeats &&
	    bound_exceeded(&nearly_all, d->n_plays, d->n_plays + d->n_heartbeats))
		warnings_add(w,
			     "only %" PRIu64 " heartbeats for %" PRIu64 " plays: silence after a "
			     "heartbeat is idle time, for another would have come; are these "
			     "pings of a regular interval? (if not, leave them out before "
			     "ce-clean)",
			     d->n_heartbeats, d->n_plays);
	if (bound_exceeded(&some, d->n_resumed, n_sessions))
		warnings_add(w,
			     "%" PRIu64 " of %" PRIu64 " sessions begin with a heartbeat, after "
			     "others of their user and content: is the interval of the heartbeats "
			     "longer than the gap? (--gap)",
			     d->n_resumed, n_sessions);
	if (n_sessions >= DOUBTS_SESSIONS && !sessions->n_completed)
		warnings_add(w,
			     "none of %" PRIu64 " sessions is completed, so that every label will "
			     "be 0: how does the player report the end? (--complete-by, "
			     "--near-end)",
			     n_sessions);
	else if (o->complete_by == SESSION_BY_EVENT && n_sessions >= DOUBTS_SESSIONS &&
		 sessions->n_near_end > sessions->n_completed)
		warnings_add(w,
			     "%" PRId64 " sessions come near the end and are not completed, more "
			     "than the %" PRId64 " that are: is the end told by the position "
			     "alone? (--complete-by position)",
			     sessions->n_near_end, sessions->n_completed);
}

void doubts_watermark(int64_t watermark, int64_t last, struct warnings *w)
{
	if (watermark != EVENT_UNKNOWN && last > watermark)
		warnings_add(w,
			     "the last event, at %" PRId64 ", is after --watermark, %" PRId64
			     ": sessions that it shows to be over have no label (ce-clean --until "
			     "leaves out later events)",
			     last, watermark);
}

void doubts_beginning(uint64_t n_events, int64_t first, int64_t last, struct warnings *w)
{
	if (n_events >= 1000 && last - first < 2 * TIME_MS_PER_DAY)
		warnings_add(
			w,
			"%" PRIu64 " events of less than two days: history begins with them, and "
			"rows know nothing of the days before (give the whole log, or a day at a "
			"time to ce-materialize --state)",
			n_events);
}
