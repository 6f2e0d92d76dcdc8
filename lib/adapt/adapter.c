#include "adapt/adapter.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct csv_value csv_of(struct text text)
{
	return text.len ? csv_text(text.s, text.len) : csv_str(NULL);
}

static struct csv_value csv_time(struct instant instant)
{
	return instant.is_known ? csv_int(instant.ms) : csv_str(NULL);
}

/* Whom and what a record is about. */
struct pair {
	struct text user, content;
};

static int find_pair(struct adapter *a, const struct record *record, struct pair *pair)
{
	if (values_column(&a->values, record, RECIPE_USER_ID, &pair->user) ||
	    values_column(&a->values, record, RECIPE_CONTENT_ID, &pair->content))
		return -1;
	values_note(&a->values, RECIPE_USER_ID, pair->user.len > 0);
	values_note(&a->values, RECIPE_CONTENT_ID, pair->content.len > 0);
	return 0;
}

/* The values that all events of the record have in common. */
static int make_row(struct adapter *a, const struct record *record, const struct pair *pair,
		    struct row_events_table *row)
{
	struct text id, device, at;
	struct length position;

	if (values_column(&a->values, record, RECIPE_EVENT_ID, &id) ||
	    values_position(&a->values, record, &at, &position) ||
	    values_column(&a->values, record, RECIPE_DEVICE, &device))
		return -1;
	values_note(&a->values, RECIPE_EVENT_ID, id.len > 0);
	values_note(&a->values, RECIPE_PLAYBACK_POSITION, at.len > 0);
	values_note(&a->values, RECIPE_DEVICE, device.len > 0);
	values_note_position(&a->values, at);
	for (size_t i = 0; i < a->recipe->n_extras; i++) {
		struct text extra;

		if (values_text(&a->values, record, &a->recipe->extras[i].value,
				&a->values.scratch[RECIPE_N_COLUMNS + i], &extra))
			return -1;
		a->extras[i] = csv_of(extra);
		a->values.n_asked[RECIPE_N_COLUMNS + i]++;
		a->values.n_filled[RECIPE_N_COLUMNS + i] += extra.len > 0;
	}
	*row = (struct row_events_table){
		.event_id = csv_of(id),
		.user_id = csv_of(pair->user),
		.content_id = csv_of(pair->content),
		.playback_position = position.is_known ? csv_int(position.us / NUM_MILLION)
						       : csv_str(NULL),
		.device = csv_of(device),
	};
	return 0;
}

/* The columns of the dimensions: those of users_dim, and then those of content_dim. */
#define USER_FIRST    RECIPE_EMAIL
#define CONTENT_FIRST RECIPE_GENRE
#define CONTENT_LAST  RECIPE_MATURITY_RATING

/* What a record says of its user and its content. */
struct attributes {
	struct text texts[RECIPE_N_COLUMNS];
	char runtime[NUM_TEXT_MAX], year[NUM_TEXT_MAX], signup[48];
};

/* A runtime in whole seconds; players write 0 where they do not know it. */
static int find_runtime(struct adapter *a, const struct record *record, struct attributes *found)
{
	struct text *text = &found->texts[RECIPE_RUNTIME];
	struct length runtime;
	int64_t seconds;

	if (values_length(&a->values, record, RECIPE_RUNTIME, &runtime))
		return -1;
	values_note(&a->values, RECIPE_RUNTIME, runtime.is_known);
	seconds = num_divide_rounded(runtime.us, NUM_MILLION);
	*text = (struct text){ found->runtime, 0 };
	if (seconds > INT32_MAX)
		return values_reject(&a->values, REASON_NO_NUMBER,
				     "runtime: %" PRId64 " s are too many", seconds);
	if (runtime.is_known && seconds > 0)
		text->len = num_format_int(found->runtime, seconds);
	return 0;
}

/* A year, or that of a date. */
static int fix_year(struct adapter *a, struct attributes *found)
{
	const int64_t last = 9999;
	struct text *text = &found->texts[RECIPE_RELEASE_YEAR];
	int64_t millionths, ms, year = 0;

	if (!text->len)
		return 0;
	if (!num_parse_scaled(text->s, text->len, 6, &millionths)) {
		year = millionths / NUM_MILLION;
		if (millionths % NUM_MILLION || year < -last || year > last)
			return values_reject_number(&a->values, RECIPE_RELEASE_YEAR, *text);
		*text = (struct text){ found->year, num_format_int(found->year, year) };
		return 0;
	}
	if (time_parse(text->s, text->len, TIME_OFFSET_OPTIONAL, &ms))
		return values_reject_number(&a->values, RECIPE_RELEASE_YEAR, *text);
	num_parse_int(text->s, strlen("YYYY"), &year);
	*text = (struct text){ found->year, num_format_int(found->year, year) };
	return 0;
}

/* A time as ce-join reads it stays as it is; a number becomes one. */
static int fix_signup(struct adapter *a, struct attributes *found)
{
	const struct time_reading reading = {
		values_source(&a->values, RECIPE_SIGNUP_DATE)->time_unit, NULL, true
	};
	struct text *text = &found->texts[RECIPE_SIGNUP_DATE];
	struct time_civil civil = { 0 };
	int64_t ms, number;
	int n;

	if (!text->len || !time_parse(text->s, text->len, TIME_OFFSET_OPTIONAL, &ms))
		return 0;
	/* What is beyond 64 bits would be read as the end of them. */
	if (!num_parse_scaled(text->s, text->len, 0, &number) && number != INT64_MAX &&
	    number != INT64_MIN && !time_read(text->s, text->len, &reading, &ms))
		time_civil(ms, &civil);
	if (civil.year < 1 || civil.year > 9999)
		return values_reject(&a->values, REASON_NO_TIME, "signup_date: '%.*s' is no time",
				     err_clip(text->len), text->s);
	ms -= num_divide_floor(ms, TIME_MS_PER_DAY) * TIME_MS_PER_DAY;
	n = snprintf(found->signup, sizeof(found->signup), "%04d-%02d-%02dT%02d:%02d:%02d",
		     (int)civil.year, civil.month, civil.day, civil.hour, (int)(ms / 60000 % 60),
		     (int)(ms / 1000 % 60));
	if (ms % 1000)
		n += snprintf(found->signup + n, sizeof(found->signup) - (size_t)n, ".%03d",
			      (int)(ms % 1000));
	found->signup[n++] = 'Z';
	*text = (struct text){ found->signup, (size_t)n };
	return 0;
}

/* Returns 0, or -1: the record is rejected. */
static int find_attributes(struct adapter *a, const struct record *record, struct attributes *found)
{
	for (int i = USER_FIRST; i <= CONTENT_LAST; i++) {
		enum recipe_column column = (enum recipe_column)i;

		if (column == RECIPE_RUNTIME)
			continue;
		if (values_column(&a->values, record, column, &found->texts[i]))
			return -1;
		values_note(&a->values, column, found->texts[i].len > 0);
	}
	return find_runtime(a, record, found) || fix_year(a, found) || fix_signup(a, found) ? -1
											    : 0;
}

/* Notes the attributes of an id: those of the columns from the first to before `until`. */
static void note_attributes(struct dimension *d, int first, int until, struct text id,
			    struct instant when, const struct attributes *found)
{
	uint32_t dense;

	if (!d || !id.len || !when.is_known)
		return;
	dense = dimension_id(d, id.s, id.len);
	for (int i = first; i < until; i++)
		if (found->texts[i].len)
			dimension_note(d, dense, (size_t)(i - first) + 1, when.ms,
				       found->texts[i].s, found->texts[i].len);
}

/* Notes what the record says, at that time. Returns 0, or -1: the record is rejected. */
static int note_dimensions(struct adapter *a, const struct record *record, const struct pair *pair,
			   struct instant when)
{
	struct attributes found;

	if (find_attributes(a, record, &found))
		return -1;
	note_attributes(a->users, USER_FIRST, CONTENT_FIRST, pair->user, when, &found);
	note_attributes(a->contents, CONTENT_FIRST, CONTENT_LAST + 1, pair->content, when, &found);
	return 0;
}

/* Counts what became of a record, and of its name, where that has an id. */
static void count(struct adapter *a, enum recipe_type type, uint32_t name)
{
	a->n_becomes[type]++;
	if (name != INTERN_NONE)
		a->named[name][type]++;
}

/* A record that is one event. Returns 0, or -1: it is rejected. */
static int make_event(struct adapter *a, const struct record *record, size_t *n)
{
	struct row_events_table *row = &a->rows[0];
	enum recipe_type type;
	struct instant ts;
	struct pair pair;
	struct text name;
	uint32_t id;

	if (values_column(&a->values, record, RECIPE_EVENT_TYPE, &name))
		return -1;
	id = tally_add(&a->names, name.s, name.len);
	/* An id is of one name, but for those that are too long to be told apart. */
	if (id != INTERN_NONE && name.len <= TALLY_LEN && a->rules[id])
		a->values.rule = a->rules[id];
	else
		a->values.rule = recipe_rule(a->recipe, name.s, name.len);
	if (id != INTERN_NONE && name.len <= TALLY_LEN)
		a->rules[id] = a->values.rule;
	if (!a->values.rule) {
		tally_add(&a->unknown, name.s, name.len);
		count(a, BECOMES_UNKNOWN, id);
		return 0;
	}
	if (values_decide(&a->values, record, a->values.rule->result, &type))
		return -1;
	if (type == BECOMES_IGNORED) {
		tally_add(&a->ignored, name.s, name.len);
		count(a, type, id);
		return 0;
	}
	if (values_time(&a->values, record, RECIPE_EVENT_TS, &ts))
		return -1;
	values_note(&a->values, RECIPE_EVENT_TS, ts.is_known);
	values_note(&a->values, RECIPE_EVENT_TYPE, name.len > 0);
	if (find_pair(a, record, &pair) ||
	    (type != BECOMES_DIMENSION && make_row(a, record, &pair, row)) ||
	    note_dimensions(a, record, &pair, ts))
		return -1;
	count(a, type, id);
	if (type == BECOMES_DIMENSION)
		return 0;
	row->event_ts = csv_time(ts);
	row->event_type = csv_str(recipe_type_name(type));
	*n = 1;
	return 0;
}

/* The times of a whole play, of which two are given. Returns 0, or -1: the record is rejected. */
static int find_times(struct adapter *a, const struct record *record, struct instant *start,
		      struct instant *end)
{
	const struct recipe_value *values = a->recipe->values;
	struct length duration;
	int64_t ms;

	if (values_time(&a->values, record, RECIPE_START, start) ||
	    values_time(&a->values, record, RECIPE_END, end) ||
	    values_length(&a->values, record, RECIPE_DURATION, &duration))
		return -1;
	values_note(&a->values, RECIPE_START, start->is_known);
	values_note(&a->values, RECIPE_END, end->is_known);
	values_note(&a->values, RECIPE_DURATION, duration.is_known);
	ms = duration.us / 1000;
	if (duration.is_known && ms < 0)
		return values_reject(&a->values, REASON_BACKWARDS,
				     "duration is below 0: %" PRId64 " ms", ms);
	if (!values[RECIPE_END].line && start->is_known && duration.is_known) {
		end->is_known = true;
		if (__builtin_add_overflow(start->ms, ms, &end->ms))
			return values_reject(&a->values, REASON_NO_TIME,
					     "start + duration is beyond all time");
	}
	if (!values[RECIPE_START].line && end->is_known && duration.is_known) {
		start->is_known = true;
		if (__builtin_sub_overflow(end->ms, ms, &start->ms))
			return values_reject(&a->values, REASON_NO_TIME,
					     "end - duration is beyond all time");
	}
	if (start->is_known && end->is_known && end->ms < start->ms)
		return values_reject(&a->values, REASON_BACKWARDS,
				     "end is %" PRIu64 " ms before start",
				     (uint64_t)start->ms - (uint64_t)end->ms);
	return 0;
}

/* The ids of a play and its end: in canonical order even where both are at one time. */
static struct csv_value numbered(struct buf *out, struct csv_value id, const char *number)
{
	if (id.kind == CSV_NULL)
		return id;
	buf_clear(out);
	buf_append(out, id.text, id.len);
	buf_append_str(out, number);
	return csv_text(out->data, out->len);
}

/* A record that is a play and its end. Returns 0, or -1: it is rejected. */
static int make_play(struct adapter *a, const struct record *record, size_t *n)
{
	struct row_events_table *play = &a->rows[0], *end = &a->rows[1];
	struct instant from, until;
	struct pair pair;
	enum recipe_type type;

	if (values_decide(&a->values, record, &a->recipe->outcome, &type))
		return -1;
	if (type == BECOMES_IGNORED) {
		tally_add(&a->ignored, "outcome", strlen("outcome"));
		count(a, type, INTERN_NONE);
		return 0;
	}
	if (find_times(a, record, &from, &until) || find_pair(a, record, &pair) ||
	    make_row(a, record, &pair, end) || note_dimensions(a, record, &pair, until))
		return -1;
	count(a, type, INTERN_NONE);
	end->event_ts = csv_time(until);
	end->event_type = csv_str(recipe_type_name(type));
	*play = *end;
	play->event_ts = csv_time(from);
	play->event_type = csv_str(recipe_type_name(BECOMES_PLAY));
	play->playback_position = csv_str(NULL);
	play->event_id = numbered(&a->ids[0], end->event_id, "-1");
	end->event_id = numbered(&a->ids[1], end->event_id, "-2");
	*n = 2;
	return 0;
}

/* Returns 0, or -1: the record is rejected. */
static int adapt(struct adapter *a, const struct record *record, size_t *n)
{
	const struct recipe *recipe = a->recipe;

	if (record->fault)
		return values_reject(&a->values, REASON_DAMAGED, "damaged record: %s",
				     record->fault);
	a->values.rule = NULL;
	for (size_t i = 0; i < recipe->n_where; i++) {
		int rc = values_hold(&a->values, record, recipe->where[i]);

		if (rc < 0)
			return -1;
		if (!rc) {
			a->n_left_out[i]++;
			count(a, BECOMES_IGNORED, INTERN_NONE);
			return 0;
		}
	}
	return recipe->is_whole_play ? make_play(a, record, n) : make_event(a, record, n);
}

int adapter_record(struct adapter *a, const struct record *record, size_t *n, struct err *err)
{
	*n = 0;
	a->n_records++;
	if (!adapt(a, record, n)) {
		a->n_events += *n;
		return 0;
	}
	*n = 0;
	if (!a->n_rejected) {
		snprintf(a->first, sizeof(a->first), "%s:%" PRIu64 ": %s", record->file,
			 record->line, a->values.fault);
		utf8_mask(a->first); /* it quotes the log */
	}
	a->n_rejected++;
	a->rejected[a->values.reason]++;
	if (a->max_rejects.is_share ||
	    !bound_exceeded(&a->max_rejects, a->n_rejected, a->n_records))
		return 0;
	return adapter_check(a, err);
}

void adapter_put_names(const struct adapter *a, struct buf *row)
{
	catalogue_put_names(row, catalogue_table("events_table"));
	for (size_t i = 0; i < a->recipe->n_extras; i++)
		csv_put_str(row, a->recipe->extras[i].name);
}

void adapter_put_event(const struct adapter *a, size_t i, struct buf *row)
{
	csv_put_values(row, CATALOGUE_VALUES(&a->rows[i]));
	csv_put_values(row, a->extras, a->recipe->n_extras);
}

/* --- before and after ---------------------------------------------------------------------------
 */

/* Positions in a row of events are those of the recipe's columns. */
#define COLUMN(NAME, name, group, unit) ASSERT_##group(NAME, name)
#define ASSERT_EVENT(NAME, name)        CATALOGUE_ASSERT_PLACE(events_table, name, RECIPE_##NAME);
#define ASSERT_PLAY(NAME, name)
#define ASSERT_USER(NAME, name)                                                                    \
	CATALOGUE_ASSERT_PLACE(users_dim, name, RECIPE_##NAME - USER_FIRST + 1);
#define ASSERT_CONTENT(NAME, name)                                                                 \
	CATALOGUE_ASSERT_PLACE(content_dim, name, RECIPE_##NAME - CONTENT_FIRST + 1);
#include "adapt/recipe_columns.def"

int adapter_open(struct adapter *a, struct err *err)
{
	a->values.recipe = a->recipe;
	values_open(&a->values);
	a->n_left_out = mem_zalloc(a->recipe->n_where + 1, sizeof(*a->n_left_out));
	a->named = mem_zalloc(TALLY_NAMES, sizeof(*a->named));
	a->rules = mem_zalloc(TALLY_NAMES, sizeof(void *));
	a->extras = mem_zalloc(a->recipe->n_extras + 1, sizeof(*a->extras));
	if (!a->zone && a->recipe->zone) {
		a->own_zone = zone_open(a->recipe->zone, err);
		if (!a->own_zone)
			return -1;
		a->zone = a->own_zone;
	}
	a->values.zone = a->zone;
	return 0;
}

void adapter_release(struct adapter *a)
{
	values_release(&a->values);
	free(a->n_left_out);
	free(a->named);
	free(a->rules);
	free(a->extras);
	for (int i = 0; i < 2; i++)
		buf_release(&a->ids[i]);
	tally_release(&a->names);
	tally_release(&a->ignored);
	tally_release(&a->unknown);
	zone_free(a->own_zone);
}
