#include "synth/synth_rows.h"

#include "base/num.h"
#include "base/time.h"
#include "table/catalogue.h"

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

/* There are many events: their fields are written at once, in this order. None needs quotes. */
CATALOGUE_ASSERT_PLACE(events_table, event_id, 0);
CATALOGUE_ASSERT_PLACE(events_table, event_ts, 1);
CATALOGUE_ASSERT_PLACE(events_table, user_id, 2);
CATALOGUE_ASSERT_PLACE(events_table, content_id, 3);
CATALOGUE_ASSERT_PLACE(events_table, event_type, 4);
CATALOGUE_ASSERT_PLACE(events_table, playback_position, 5);
CATALOGUE_ASSERT_PLACE(events_table, device, 6);
_Static_assert(sizeof(struct row_events_table) == 7 * sizeof(struct csv_value),
	       "events_table has other columns");

void synth_put_event(struct buf *row, const struct synth_event *e)
{
	const char *type = event_type_name(e->type), *device = synth_device_name(e->device);
	char id[SYNTH_ID_MAX];

	csv_put_raw(row, id, synth_event_id(id, 'e', e->id));
	csv_put_int(row, e->ts);
	csv_put_raw(row, id, synth_user_id(id, e->user));
	csv_put_raw(row, id, synth_content_id(id, e->content));
	csv_put_raw(row, type, strlen(type));
	csv_put_int(row, e->position);
	csv_put_raw(row, device, strlen(device));
}

void synth_put_viewing(struct buf *row, const struct synth_viewing *v)
{
	char id[SYNTH_ID_MAX], user[SYNTH_ID_MAX], content[SYNTH_ID_MAX];
	const struct row_truth truth = {
		.event_id = csv_encoded(id, synth_event_id(id, 'e', v->first_event)),
		.user_id = csv_encoded(user, synth_user_id(user, v->user)),
		.content_id = csv_encoded(content, synth_content_id(content, v->content)),
		.session_start_ts = csv_int(v->start),
		.true_probability = csv_millionths(llround(v->probability * (double)NUM_MILLION)),
		.true_outcome = csv_int(v->completed),
	};

	csv_put_values(row, CATALOGUE_VALUES(&truth));
}

void synth_put_user(struct buf *row, const struct synth_world *w, uint32_t user)
{
	const struct synth_user *u = &w->users[user];
	char id[SYNTH_ID_MAX], email[48], signup[64];
	struct row_users_dim values = { .user_id = csv_encoded(id, synth_user_id(id, user)) };
	struct time_civil at;

	snprintf(email, sizeof(email), "%s@example.com", id);
	values.email = csv_str(email);
	if (u->plan >= 0)
		values.plan_tier = csv_str(synth_plan_name(u->plan));
	if (u->signup != SYNTH_UNKNOWN) {
		time_civil(u->signup, &at);
		snprintf(signup, sizeof(signup), "%04lld-%02d-%02d %02d:%02d:%02d",
			 (long long)at.year, at.month, at.day, at.hour,
			 (int)(u->signup / 60000 % 60), (int)(u->signup / 1000 % 60));
		values.signup_date = csv_str(signup);
	}
	csv_put_values(row, CATALOGUE_VALUES(&values));
}

void synth_put_content(struct buf *row, const struct synth_world *w, uint32_t content)
{
	const struct synth_content *c = &w->contents[content];
	char id[SYNTH_ID_MAX];
	struct row_content_dim values = { .content_id =
						  csv_encoded(id, synth_content_id(id, content)) };

	if (c->genre_recorded)
		values.genre = csv_str(synth_genre_name(c->genre));
	if (c->recorded_runtime >= 0 && !c->runtime_missing)
		values.runtime = csv_int(c->recorded_runtime);
	if (c->release_year >= 0)
		values.release_year = csv_int(c->release_year);
	if (c->rating >= 0)
		values.maturity_rating = csv_str(synth_rating_name(c->rating));
	csv_put_values(row, CATALOGUE_VALUES(&values));
}
