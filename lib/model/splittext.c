#include "model/splittext.h"

#include "model/viewtext.h"

#include <string.h>

void splittext_put_time(struct buf *out, const struct split *s, int64_t time)
{
	struct time_civil at;
	int64_t ms;

	viewtext_whole(out, s->time);
	if (strcmp(s->time, "event_ts") != 0 || time < 100000 * NUM_MILLION ||
	    time >= 10000000 * NUM_MILLION) {
		buf_printf(out, " %lld", (long long)time);
		return;
	}
	time_civil(time, &at);
	ms = time % TIME_MS_PER_HOUR;
	buf_printf(out, " %04lld-%02d-%02dT%02d:%02lld:%02lld.%03lldZ", (long long)at.year,
		   at.month, at.day, at.hour, (long long)(ms / TIME_MS_PER_MINUTE),
		   (long long)(ms % TIME_MS_PER_MINUTE / TIME_MS_PER_SECOND),
		   (long long)(ms % TIME_MS_PER_SECOND));
}

void splittext_put_length(struct buf *out, const struct split *s, int64_t length)
{
	char text[TIME_DURATION_MAX];
	int64_t ms;

	if (time_from_number(length, time_unit_of(s->end), &ms))
		buf_printf(out, "%lld", (long long)length);
	else
		buf_append(out, text, time_format_duration(text, ms));
}
