/*
 * splittext: the times and lengths of a split as text for people.
 *
 * A split's numbers may be of any unit. A length is a duration (7d1h30m) where the size of the end
 * tells the unit, and a time is a date where the column is event_ts, and the number may count
 * milliseconds; else both are numbers.
 */
#ifndef CE_SPLITTEXT_H
#define CE_SPLITTEXT_H

#include "base/buf.h"
#include "model/split.h"

/* The name of the time column, which the split has, and a time of it. */
void splittext_put_time(struct buf *out, const struct split *s, int64_t time);

/* A length >= 0, such as --horizon reads. */
void splittext_put_length(struct buf *out, const struct split *s, int64_t length);

#endif
