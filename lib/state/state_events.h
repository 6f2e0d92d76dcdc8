/*
 * state_events: what a cleaning leaves for the next part of the log, and takes from the one before:
 * the event_ids that are remembered and the events that are carried, the tables seen and early of a
 * state.
 */
#ifndef CE_STATE_EVENTS_H
#define CE_STATE_EVENTS_H

#include "events/cleaning.h"
#include "state/state.h"

/*
 * Opens the tables for the events as they come; `records`: what is cleaned. Borrowed. Returns 0, or
 * -1 with err.
 */
int state_events_open(struct cleaning *c, const struct csv_reader *records, struct state_out *out,
		      struct err *err);

/*
 * Adds the events of an older state, whose columns must be those of cleaned_events and what is kept
 * here. Returns 0, or -1 with err.
 */
int state_events_read(struct cleaning *c, const struct csv_reader *records,
		      const struct state_in *in, struct err *err);

#endif
