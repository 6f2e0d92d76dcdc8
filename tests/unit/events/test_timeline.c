#include "events/timeline.h"

#include "check.h"

#include <stdlib.h>

#define DAY TIME_MS_PER_DAY
#define NOW INT64_C(1704110400000) /* 2024-01-01T12:00Z */

/* The warnings about events at these times (ms), which are in order. */
static void check(const int64_t *times, size_t n, const char *want)
{
	struct timeline t;
	struct warnings warnings = WARNINGS_INIT;

	timeline_init(&t, NOW);
	for (size_t i = 0; i < n; i++)
		timeline_add(&t, times[i]);
	timeline_warn(&t, &warnings);
	buf_append_char(&warnings.text, '\0');
	CHECK_STR(warnings.text.data, want);
	warnings_release(&warnings);
}

/* n events a second apart up to just before `end`, and then n_late from `late` on. */
static void check_late(size_t n, int64_t end, size_t n_late, int64_t late, const char *want)
{
	int64_t *times = malloc((n + n_late) * sizeof(*times));

	for (size_t i = 0; i < n; i++)
		times[i] = end - (int64_t)(n - i) * 1000;
	for (size_t i = 0; i < n_late; i++)
		times[n + i] = late + (int64_t)i;
	check(times, n + n_late, want);
	free(times);
}

static void nothing_to_say(void)
{
	check(NULL, 0, "");
	check((int64_t[]){ NOW }, 1, "");
	check((int64_t[]){ NOW - 30 * DAY, NOW }, 2, "");
	check_late(3, NOW, 0, 0, "");
}

static void most_in_another_unit(void)
{
	check((int64_t[]){ 1, 2, TIMELINE_1980 - 1, TIMELINE_1980 }, 4,
	      "3 of 4 events are before 1980: event_ts in another unit? (--ts-unit)\n");
	check((int64_t[]){ TIMELINE_1980 - 1, TIMELINE_1980 }, 2, "");
}

static void after_tomorrow(void)
{
	const int64_t end = INT64_C(1704240000000); /* 2024-01-03 */

	check_late(2, NOW, 1, end - 1, "");
	check_late(2, NOW, 1, end,
		   "1 of 3 events are after tomorrow, the last on 2024-01-03: a wrong clock? "
		   "(--until 2024-01-03T00:00:00Z)\n");
	check_late(2, NOW, 1, end + 366 * DAY,
		   "1 of 3 events are after tomorrow, the last on 2025-01-03: a wrong clock? "
		   "(--until 2024-01-03T00:00:00Z)\n");
	check_late(2, NOW, 3, end,
		   "3 of 5 events are after tomorrow: event_ts in another unit? (--ts-unit)\n");
}

static void the_newest_are_far_from_the_rest(void)
{
	const int64_t end = NOW - 100 * DAY; /* 2023-09-23T12:00Z */

	check_late(5, end, 1, end - 1000 + 30 * DAY, "");
	check_late(5, end, 1, end - 999 + 30 * DAY,
		   "the newest 1 of 6 events are from 2023-10-23 on, 30 days after the others: a "
		   "wrong clock? (--until 2023-09-24T00:00:00Z)\n");
	check_late(5, end, 2, end + 50 * DAY, "");
	check_late(297, end, 3, end + 50 * DAY,
		   "the newest 3 of 300 events are from 2023-11-12 on, 50 days after the others: a "
		   "wrong clock? (--until 2023-09-24T00:00:00Z)\n");
	check_late(297, end, 4, end + 50 * DAY, "");
	check_late(2, end, 1, end + 50 * DAY, "");
	check_late(3, end, 1, end + 50 * DAY,
		   "the newest 1 of 4 events are from 2023-11-12 on, 50 days after the others: a "
		   "wrong clock? (--until 2023-09-24T00:00:00Z)\n");
}

/* A gap that is at most twice as long as one before it is nothing new. */
static void a_log_with_gaps(void)
{
	check((int64_t[]){ NOW - 180 * DAY, NOW - 120 * DAY, NOW - 60 * DAY, NOW }, 4, "");
	check((int64_t[]){ NOW - 90 * DAY, NOW - 70 * DAY, NOW - 40 * DAY - 1, NOW }, 4, "");
	check((int64_t[]){ NOW - 90 * DAY, NOW - 60 * DAY, NOW - 60 * DAY, NOW }, 4, "");
	check((int64_t[]){ NOW - 90 * DAY, NOW - 60 * DAY - 1, NOW - 60 * DAY - 1, NOW }, 4,
	      "the newest 1 of 4 events are from 2024-01-01 on, 60 days after the others: a wrong "
	      "clock? (--until 2023-11-03T00:00:00Z)\n");
	/* The last of two that are longer; the first has too many events after it. */
	check((int64_t[]){ NOW - 202 * DAY, NOW - 201 * DAY, NOW - 200 * DAY, NOW - 150 * DAY,
			   NOW },
	      5,
	      "the newest 1 of 5 events are from 2024-01-01 on, 150 days after the others: a wrong "
	      "clock? (--until 2023-08-05T00:00:00Z)\n");
}

/* Each gap a moment longer than twice the one before, from 1970 to 2100. */
static void as_many_gaps_as_there_can_be(void)
{
	struct timeline t;
	int64_t ts = 1, gap = TIMELINE_GAP + 1;

	timeline_init(&t, NOW);
	for (int i = 0; i < TIMELINE_BEFORE; i++)
		timeline_add(&t, ts);
	for (; ts + gap < INT64_C(4102444800000); gap = 2 * gap + 1)
		timeline_add(&t, ts += gap);
	CHECK_INT(t.n_gaps, TIMELINE_GAPS - 1);
}

int main(void)
{
	RUN(nothing_to_say);
	RUN(most_in_another_unit);
	RUN(after_tomorrow);
	RUN(the_newest_are_far_from_the_rest);
	RUN(a_log_with_gaps);
	RUN(as_many_gaps_as_there_can_be);
	return CHECK_DONE();
}
