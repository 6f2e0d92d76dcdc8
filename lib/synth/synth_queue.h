/*
 * synth_queue: what is to come of a synthetic workload, by time: the events on their way to the
 * log, and the viewings whose beginning is settled. A binary heap. Memory: 48 bytes each.
 */
#ifndef CE_SYNTH_QUEUE_H
#define CE_SYNTH_QUEUE_H

#include "events/event.h"

#include <stddef.h>
#include <stdint.h>

struct synth_event {
	uint64_t id; /* from 1 */
	int64_t ts;  /* ms since the epoch, by the device's clock */
	uint32_t user, content;
	int32_t position; /* seconds */
	enum event_type type;
	uint8_t device;
};

/*
 * An event that arrives; or a viewing that begins, whose user, content and position are the
 * event's: of type SYNTH_REVISIT, ts being whether the content was completed the last time; or
 * SYNTH_REWATCH, on the event's device, ts being the number of the viewing before.
 */
struct synth_pending {
	int64_t when; /* arrival, or start */
	struct synth_event event;
};

#define SYNTH_REVISIT EVENT_N_TYPES
#define SYNTH_REWATCH (EVENT_N_TYPES + 1)

/* All 0 is empty. */
struct synth_queue {
	struct synth_pending *heap; /* [n]; the first is the earliest, equal times by id */
	size_t n, cap;
	uint64_t n_ids; /* of the events so far, which count from 1 */
};

void synth_queue_release(struct synth_queue *q);
void synth_queue_push(struct synth_queue *q, const struct synth_pending *p);

/* Removes the earliest; n > 0. */
void synth_queue_drop(struct synth_queue *q);

#endif
