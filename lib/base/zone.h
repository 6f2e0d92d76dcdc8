/*
 * zone: the local time of a place, from the C library's time zone database.
 *
 * A zone is asked for by its IANA name and is then a table of the clock changes of 1970 to 2100,
 * which no longer depends on the environment. Memory: 24 bytes a change, a few hundred at most.
 *
 * A local time that a change of the clock repeats, or skips, takes the offset in force before the
 * change: of a repeated one the first of the two is meant, and a skipped one is read as if the
 *clock had not been put forward yet (fold=0 of Python's PEP 495).
 *
 *	forward at T from +1 h to +2 h    ... 01:59 | 03:00 ...    02:30 is half an hour after T
 *	back at T from +2 h to +1 h       ... 02:59 | 02:00 ...    02:30 is half an hour before T
 */
#ifndef CE_ZONE_H
#define CE_ZONE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct zone; /* opaque */

/*
 * The zone of that IANA name: Europe/Berlin, UTC. Uses TZ for the moment, so not while other
 * threads run. Returns NULL with err: ERR_USAGE if the database has no such name, ERR_RUNTIME if
 * its file cannot be read. What else TZ may hold, a path or CET-1CEST, is no name. The caller frees
 * with zone_free.
 */
struct zone *zone_open(const char *name, struct err *err);

/*
 * The point in time (ms since the epoch) at which the zone's clocks show `local`, which is written
 * as such a point, as if it were UTC. *changed becomes true if a change of the clock skips or
 * repeats that time. A NULL zone is UTC.
 */
int64_t zone_to_utc(const struct zone *zone, int64_t local, bool *changed);

/* The name by which it was opened; "UTC" of NULL. */
const char *zone_name(const struct zone *zone);

/* zone may be NULL. */
void zone_free(struct zone *zone);

#endif
