/*
 * time: points in time and lengths of time, from text, and as calendar and clock.
 *
 * Times are milliseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, without leap seconds. The
 * parsers are as strict as those of num, and as they do leave *ms alone when they return -1.
 */
#ifndef CE_TIME_H
#define CE_TIME_H

#include "base/num.h"
#include "base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_MS_PER_SECOND INT64_C(1000)
#define TIME_MS_PER_MINUTE INT64_C(60000)
#define TIME_MS_PER_HOUR   INT64_C(3600000)
#define TIME_MS_PER_DAY    INT64_C(86400000)

enum time_offset { TIME_OFFSET_REQUIRED, TIME_OFFSET_OPTIONAL };

/*
 * ISO 8601: YYYY-MM-DD, then 'T' or a space and HH:MM[:SS[.fraction]], then an offset, which may be
 * behind a space: 'Z' or +HH, +HHMM, +HH:MM; or a space and UTC or GMT. With TIME_OFFSET_OPTIONAL a
 * missing offset means UTC and the time of day may be missing (midnight). Digits finer than a
 * millisecond are dropped.
 */
int time_parse(const char *s, size_t len, enum time_offset offset, int64_t *ms);

/* What a number counts since 1970. */
enum time_unit {
	TIME_AUTO, /* told by its size: s, ms, us or ns, for any time from March 1973 to 2100 */
	TIME_S,
	TIME_MS,
	TIME_US,
	TIME_NS
};

/* The size from which TIME_AUTO takes a number for each unit; a smaller one has none. */
#define TIME_AUTO_S  INT64_C(100000000)
#define TIME_AUTO_MS (TIME_AUTO_S * 1000)
#define TIME_AUTO_US (TIME_AUTO_MS * 1000)
#define TIME_AUTO_NS (TIME_AUTO_US * 1000)

/* How a time is read that people or programs have written. */
struct time_reading {
	enum time_unit unit;     /* of a number */
	const struct zone *zone; /* of a local time, one without an offset; NULL: UTC */
	bool date;               /* a date alone is a time, too: its midnight */
};

/*
 * A number, whose fraction below a millisecond is dropped (and which is the end of int64_t's range
 * if it is beyond it), or a time as time_parse reads it. Scientific notation is refused where
 * digits may have been rounded away: 1.70933E+12 has five decimals where the exponent wants twelve.
 * Returns 0, 1 if it is a local time that a change of the clock skips or repeats, or -1.
 */
int time_read(const char *s, size_t len, const struct time_reading *reading, int64_t *ms);

/* Whether a time that time_read reads as TIME_AUTO has digits, other than 0, below a millisecond.
 */
bool time_is_finer(const char *s, size_t len);

/* The same of a whole number. */
int time_from_number(int64_t number, enum time_unit unit, int64_t *ms);

/* What TIME_AUTO takes such a number for; TIME_AUTO if it is too small for any unit. */
enum time_unit time_unit_of(int64_t number);

/*
 * The number that counts ms >= 0 in a unit, not TIME_AUTO, rounded up; INT64_MAX if it is beyond
 * that.
 */
int64_t time_to_number(int64_t ms, enum time_unit unit);

/*
 * A length of time, one or more of N followed by ms, s, m, h, d or w: 30m, 1h30m, 30d; or a bare 0.
 * At most 36,500 days.
 */
int time_parse_duration(const char *s, size_t len, int64_t *ms);

/* Writes such a length of at least 0, without weeks and without a NUL, and returns how many bytes.
 */
#define TIME_DURATION_MAX 64 /* room enough, as NUM_TEXT_MAX is */
size_t time_format_duration(char *out, int64_t ms);

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
