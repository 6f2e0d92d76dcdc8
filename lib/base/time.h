/*
 * time: points in time and lengths of time, from text, and as calendar and clock.
 *
 * Times are milliseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, without leap seconds. The
 * parsers are as strict as those of num.
 */
#ifndef CE_TIME_H
#define CE_TIME_H

#include "base/num.h"

#include <stddef.h>
#include <stdint.h>

#define TIME_MS_PER_SECOND INT64_C(1000)
#define TIME_MS_PER_MINUTE INT64_C(60000)
#define TIME_MS_PER_HOUR   INT64_C(3600000)
#define TIME_MS_PER_DAY    INT64_C(86400000)

enum time_offset { TIME_OFFSET_REQUIRED, TIME_OFFSET_OPTIONAL };

/*
 * ISO 8601: YYYY-MM-DD, then 'T' or a space and HH:MM[:SS[.fraction]], then 'Z' or +HH, +HHMM,
 * +HH:MM. With TIME_OFFSET_OPTIONAL a missing offset means UTC and the time of day may be missing
 * (midnight). Digits finer than a millisecond are dropped.
 */
int time_parse(const char *s, size_t len, enum time_offset offset, int64_t *ms);

/*
 * A length of time, one or more of N followed by ms, s, m, h, d or w: 30m, 1h30m, 30d; or a bare 0.
 * At most 36,500 days.
 */
int time_parse_duration(const char *s, size_t len, int64_t *ms);

/* A point in time as calendar and clock, UTC. */
struct time_civil {
	int64_t year;
	int month;       /* 1-12 */
	int day;         /* 1-31 */
	int hour;        /* 0-23 */
	int day_of_week; /* 0 = Sunday */
	int iso_week;    /* 1-53, ISO 8601 */
};

void time_civil(int64_t ms, struct time_civil *civil);

#endif
