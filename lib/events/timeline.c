#include "events/timeline.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

void timeline_init(struct timeline *t, int64_t now)
{
	int64_t today = num_divide_floor(now, TIME_MS_PER_DAY);

	*t = (struct timeline){ .end_of_tomorrow = (today + 2) * TIME_MS_PER_DAY };
}

void timeline_add_gap(struct timeline *t, int64_t ts)
{
	int64_t gap = ts - t->last;

	if (t->n >= TIMELINE_BEFORE && gap > TIMELINE_GAP && gap > 2 * t->longest)
		t->gaps[t->n_gaps++] = (struct timeline_gap){ t->n, t->last, ts };
	t->longest = gap;
}

struct date {
	char text[32];
};

/* The day of a point in time, UTC. */
static struct date date_of(int64_t ms)
{
	struct time_civil civil;
	struct date date;

	time_civil(ms, &civil);
	snprintf(date.text, sizeof(date.text), "%04" PRId64 "-%02d-%02d", civil.year, civil.month,
		 civil.day);
	return date;
}

/* The first gap with at most max(1, 1 %) of the events after it, or NULL. */
static const struct timeline_gap *last_gap(const struct timeline *t)
{
	for (size_t i = 0; i < t->n_gaps; i++) {
		uint64_t n_after = t->n - t->gaps[i].n;

		if (n_after == 1 || n_after <= t->n / 100)
			return &t->gaps[i];
	}
	return NULL;
}

void timeline_warn(const struct timeline *t, struct warnings *warnings)
{
	const struct timeline_gap *gap = last_gap(t);

	if (t->n_old > t->n / 2)
		warnings_add(warnings,
			     "%" PRIu64 " of %" PRIu64
			     " events are before 1980: event_ts in another "
			     "unit? (--ts-unit)",
			     t->n_old, t->n);
	if (t->n_future > t->n / 2)
		warnings_add(warnings,
			     "%" PRIu64 " of %" PRIu64 " events are after tomorrow: event_ts in "
			     "another unit? (--ts-unit)",
			     t->n_future, t->n);
	else if (t->n_future)
		warnings_add(
			warnings,
			"%" PRIu64 " of %" PRIu64 " events are after tomorrow, the last on %s: "
			"a wrong clock? (--until %sT00:00:00Z)",
			t->n_future, t->n, date_of(t->last).text, date_of(t->end_of_tomorrow).text);
	else if (gap)
		warnings_add(warnings,
			     "the newest %" PRIu64 " of %" PRIu64 " events are from %s on, %" PRId64
			     " days after the others: a wrong clock? (--until %sT00:00:00Z)",
			     t->n - gap->n, t->n, date_of(gap->until).text,
			     (gap->until - gap->from) / TIME_MS_PER_DAY,
			     date_of(gap->from + TIME_MS_PER_DAY).text);
}
