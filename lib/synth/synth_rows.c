#include "synth/synth_rows.h"

#include "base/num.h"
#include "base/time.h"
#include "table/csvio.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 10 /* bytewise order is numeric order */

size_t synth_event_id(char *out, char letter, uint64_t id)
{
	char digits[NUM_TEXT_MAX];
	size_t n = num_format_int(digits, (int64_t)id), zeros = n < ID_DIGITS ? ID_DIGITS - n : 0;

	out[0] = letter;
	memset(out + 1, '0', zeros);
	memcpy(out + 1 + zeros, digits, n);
	out[1 + zeros + n] = '\0';
	return 1 + zeros + n;
}

static size_t small_id(char *out, char letter, uint32_t index)
{
	size_t n = 1 + num_format_int(out + 1, (int64_t)index + 1);

	out[0] = letter;
	out[n] = '\0';
	return n;
}

size_t synth_user_id(char *out, uint32_t user)
{
	return small_id(out, 'u', user);
}

size_t synth_content_id(char *out, uint32_t content)
{
	return small_id(out, 'c', content);
}

/* The three ids, event_id with the time behind it or not; none of them ever needs quotes. */
static void put_user_and_content(struct buf *row, uint32_t user, uint32_t content)
{
	char id[SYNTH_ID_MAX];

	csv_put_raw(row, id, synth_user_id(id, user));
	csv_put_raw(row, id, synth_content_id(id, content));
}

void synth_put_event(struct buf *row, const struct synth_event *e)
{
	char id[SYNTH_ID_MAX];

	csv_put_raw(row, id, synth_event_id(id, 'e', e->id));
	csv_put_int(row, e->ts);
	put_user_and_content(row, e->user, e->content);
	csv_put_str(row, event_type_name(e->type));
	csv_put_int(row, e->position);
	csv_put_str(row, synth_device_name(e->device));
}

void synth_put_truth_names(struct buf *row)
{
	static const char *const names[] = {
		"event_id",         "user_id",          "content_id",
		"session_start_ts", "true_probability", "true_outcome"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		csv_put_str(row, names[i]);
}

void synth_put_viewing(struct buf *row, const struct synth_viewing *v)
{
	char id[SYNTH_ID_MAX];

	csv_put_raw(row, id, synth_event_id(id, 'e', v->first_event));
	put_user_and_content(row, v->user, v->content);
	csv_put_int(row, v->start);
	csv_put_millionths(row, llround(v->probability * (double)NUM_MILLION));
	csv_put_int(row, v->completed);
}

static void put_optional_int(struct buf *row, int64_t value)
{
	if (value < 0)
		csv_put_null(row);
	else
		csv_put_int(row, value);
}

void synth_put_user(struct buf *row, const struct synth_world *w, uint32_t user)
{
	const struct synth_user *u = &w->users[user];
	char text[64];
	struct time_civil at;
	size_t n = synth_user_id(text, user);

	csv_put_raw(row, text, n);
	snprintf(text + n, sizeof(text) - n, "@example.com");
	csv_put_str(row, text);
	if (u->plan < 0)
		csv_put_null(row);
	else
		csv_put_str(row, synth_plan_name(u->plan));
	if (u->signup == SYNTH_UNKNOWN) {
		csv_put_null(row);
		return;
	}
	time_civil(u->signup, &at);
	snprintf(text, sizeof(text), "%04lld-%02d-%02d %02d:%02d:%02d", (long long)at.year,
		 at.month, at.day, at.hour, (int)(u->signup / 60000 % 60),
		 (int)(u->signup / 1000 % 60));
	csv_put_str(row, text);
}

void synth_put_content(struct buf *row, const struct synth_world *w, uint32_t content)
{
	const struct synth_content *c = &w->contents[content];
	char id[SYNTH_ID_MAX];

	csv_put_raw(row, id, synth_content_id(id, content));
	if (c->genre_recorded)
		csv_put_str(row, synth_genre_name(c->genre));
	else
		csv_put_null(row);
	put_optional_int(row, c->recorded_runtime);
	put_optional_int(row, c->release_year);
	if (c->rating < 0)
		csv_put_null(row);
	else
		csv_put_str(row, synth_rating_name(c->rating));
}
