/*
 * dedup: clean events in canonical order, each event_id once.
 *
 * Events are added in any order and come back in ascending (event_ts, event_id); among equal ones
 * the bytewise smallest record is first (by its kept columns only if all others are equal), and
 * every event but the first of its event_id is marked as a duplicate. What comes back does not
 * depend on the order of adding nor on the limit, but for the notes of records that are equal in
 * all else.
 *
 * Copies at the same event_ts are neighbours. Copies at different times are not, and a table of
 * all event_ids would have no bound; so the few ids worth remembering are found on the side:
 *
 *	added events --> sort by (event_ts, event_id, record) -----------------> in order,
 *	           \                                                             duplicates
 *	            `--> dupcheck: (hash of event_id, event_ts) --> suspects: --> marked
 *	                                      hashes with more than one event_ts
 *
 * While the events come back in order, the ids of suspect hash that went by are remembered whole,
 * and an event whose id is among them is a duplicate. A hash shared by two ids makes both suspects
 * and does no harm.
 *
 * Where these ids are not few, the table would grow beyond the limit. Then the sorted events are
 * gone through once more, from the first on, and the table gives way to two sorts:
 *
 *	suspects --> sort by (hash, event_id), --> all but the first --> sort by number --> in step
 *	             with their number in order    of each event_id                         with the
 *	                                                                                    events
 *
 * Memory: an event takes 48 bytes, its id, its rest and its note, within the limit. So is all the
 * rest, but that each of the two sorts takes 1 MiB where the limit, below 12 MiB, leaves less, and
 * that the longest event is held besides.
 */
#ifndef CE_DEDUP_H
#define CE_DEDUP_H

#include "base/err.h"
#include "events/clean.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dedup; /* opaque */

/*
 * `mem_limit`: bytes for all of it together; at least 2 MiB are used. An event before `from` is too
 * late, unless it has no rest: it makes no other one a duplicate, but for equal ones of its time.
 */
struct dedup *dedup_new(uint64_t mem_limit, int64_t from);

/*
 * Adds a copy of the event, and of `note`, any bytes that are to come back with it. It holds no
 * NUL, and has kept columns if the others have. Returns 0, or -1 with err (the temporary file could
 * not be written).
 */
int dedup_add(struct dedup *d, const struct clean_event *event, const struct buf *note,
	      struct err *err);

/* Ends the adding. Returns 0, or -1 with err. */
int dedup_finish(struct dedup *d, struct err *err);

/* What dedup_next returns; valid until the next call. */
struct dedup_event {
	struct clean_event event;
	bool duplicate; /* an event of this id came before */
	const char *note;
	size_t note_len;
};

/* The next event in canonical order. Returns 1, 0 after the last, or -1 with err. */
int dedup_next(struct dedup *d, struct dedup_event *next, struct err *err);

/* Frees everything; d may be NULL. */
void dedup_free(struct dedup *d);

#endif
