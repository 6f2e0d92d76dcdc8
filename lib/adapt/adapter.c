#include "adapt/adapter.h"

#include "adapt/measure.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A value of the record; len 0: it is empty. */
struct text {
	const char *s;
	size_t len;
};

/* A position, or a length of time. */
struct length {
	int64_t us;
	bool is_known;
};

struct instant {
	int64_t ms;
	bool is_known;
};

static int reject(struct adapter *a, enum adapter_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int reject(struct adapter *a, enum adapter_reason reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->fault, sizeof(a->fault), format, args);
	va_end(args);
	a->reason = reason;
	return -1;
}

/* --- values -------------------------------------------------------------------------------------
 */

static int reject_value(struct adapter *a, int slot, enum value_kind kind)
{
	const char *field = a->recipe->paths.text[slot];
	int len = err_clip(strlen(field));

	switch (kind) {
	case VALUE_COMPOUND:
		return reject(a, REASON_WRONG_TYPE,
			      "%.*s is an object or array, where a value is expected", len, field);
	case VALUE_TWICE:
		return reject(a, REASON_TWICE,
			      "%.*s: a key on this path stands twice in its object", len, field);
	case VALUE_NO_JSON:
		return reject(a, REASON_NO_JSON, "%.*s: the text before @json is no JSON", len,
			      field);
	default:
		return reject(a, REASON_ILL_FORMED,
			      "%.*s is no text: ill-formed UTF-8, or a NUL in it", len, field);
	}
}

/* The value in a slot. Returns 0, or -1: the record is rejected. */
static int slot_text(struct adapter *a, const struct record *record, int slot, struct text *text)
{
	const struct value *value = &record->values[slot];

	*text = (struct text){ value->s, value->len };
	return value->kind > VALUE_TEXT ? reject_value(a, slot, value->kind) : 0;
}

/* Appends a part of a joined value: none looks like the end of one. */
static void put_part(struct buf *out, struct text part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.s[i] == '%')
			buf_append_str(out, "%25");
		else if (part.s[i] == '/')
			buf_append_str(out, "%2F");
		else
			buf_append_char(out, part.s[i]);
	}
}

static int join(struct adapter *a, const struct record *record, const struct recipe_source *source,
		struct buf *out, struct text *text)
{
	struct text part;

	buf_clear(out);
	for (size_t i = 0; i < source->n; i++) {
		if (slot_text(a, record, source->slots[i], &part))
			return -1;
		if (!part.len) {
			*text = (struct text){ "", 0 };
			return 0;
		}
		if (i)
			buf_append_char(out, '/');
		put_part(out, part);
	}
	*text = (struct text){ out->data, out->len };
	return 0;
}

/* The hash is of each field as "LENGTH:BYTES", or "-": so no other fields read the same. */
static int hash(struct adapter *a, const struct record *record, const struct recipe_source *source,
		struct buf *out, struct text *text)
{
	XXH128_canonical_t hash;
	struct text part;

	buf_clear(&a->hashed);
	for (size_t i = 0; i < source->n; i++) {
		char *digits;

		if (slot_text(a, record, source->slots[i], &part))
			return -1;
		if (!part.len) {
			buf_append_char(&a->hashed, '-');
			continue;
		}
		digits = buf_reserve(&a->hashed, NUM_TEXT_MAX);
		a->hashed.len += num_format_int(digits, (int64_t)part.len);
		buf_append_char(&a->hashed, ':');
		buf_append(&a->hashed, part.s, part.len);
	}
	XXH128_canonicalFromHash(&hash, XXH3_128bits(a->hashed.data, a->hashed.len));
	buf_clear(out);
	for (size_t i = 0; i < sizeof(hash.digest); i++) {
		static const char digits[] = "0123456789abcdef";

		buf_append_char(out, digits[hash.digest[i] >> 4]);
		buf_append_char(out, digits[hash.digest[i] & 15]);
	}
	*text = (struct text){ out->data, out->len };
	return 0;
}

/* The first of the value's sources that is not empty. Returns 0, or -1: the record is rejected. */
static int find_text(struct adapter *a, const struct record *record,
		     const struct recipe_value *value, struct buf *scratch, struct text *text)
{
	int rc = 0;

	*text = (struct text){ "", 0 };
	for (size_t i = 0; i < value->n && !text->len && !rc; i++) {
		const struct recipe_source *source = &value->sources[i];

		switch (source->kind) {
		case SOURCE_FIELD:
			rc = slot_text(a, record, source->slots[0], text);
			break;
		case SOURCE_JOINED:
			rc = join(a, record, source, scratch, text);
			break;
		case SOURCE_HASH:
			rc = hash(a, record, source, scratch, text);
			break;
		case SOURCE_CONSTANT:
			*text = (struct text){ source->text, source->len };
			break;
		}
	}
	return rc;
}

/* What gives a column its value in this record: its event's own value, or the recipe's. */
static const struct recipe_value *value_of(const struct adapter *a, enum recipe_column column)
{
	const struct recipe_rule *rule = a->rule;

	if (rule && rule->values && rule->values[column])
		return rule->values[column];
	return &a->recipe->values[column];
}

static int column_text(struct adapter *a, const struct record *record, enum recipe_column column,
		       struct text *text)
{
	return find_text(a, record, value_of(a, column), &a->scratch[column], text);
}

static int reject_number(struct adapter *a, enum recipe_column column, struct text text)
{
	return reject(a, REASON_NO_NUMBER, "%s: '%.*s' is not in %s", recipe_column_name(column),
		      err_clip(text.len), text.s,
		      value_of(a, column)->unit == UNIT_HMS ? "H:MM:SS" : "the form of a number");
}

/* A runtime or a duration. */
static int column_length(struct adapter *a, const struct record *record, enum recipe_column column,
			 struct length *length)
{
	struct text text;

	*length = (struct length){ 0, false };
	if (column_text(a, record, column, &text))
		return -1;
	if (!text.len)
		return 0;
	length->is_known = true;
	return measure_length(text.s, text.len, value_of(a, column)->unit, &length->us)
		       ? reject_number(a, column, text)
		       : 0;
}

/* Counts whether a record has a value at the line of the recipe, if that is what was asked. */
static void note(struct adapter *a, enum recipe_column column, bool is_filled)
{
	if (value_of(a, column) != &a->recipe->values[column])
		return;
	a->n_asked[column]++;
	a->n_filled[column] += is_filled;
}

/* Notes a position as it stands in the log: one in another unit than the recipe says looks odd. */
static void note_position(struct adapter *a, struct text text)
{
	enum recipe_unit unit = value_of(a, RECIPE_PLAYBACK_POSITION)->unit;
	int64_t millionths;

	if (!text.len || unit == UNIT_MS || unit == UNIT_HMS ||
	    num_parse_scaled(text.s, text.len, 6, &millionths))
		return;
	a->n_positions++;
	a->n_in_one += millionths >= 0 && millionths <= NUM_MILLION;
	a->n_fractions += millionths > 0 && millionths < NUM_MILLION;
}

static int column_position(struct adapter *a, const struct record *record, struct length *position)
{
	const struct recipe_value *value = value_of(a, RECIPE_PLAYBACK_POSITION);
	struct length runtime = { 0, false };
	struct text text;

	*position = (struct length){ 0, false };
	if (column_text(a, record, RECIPE_PLAYBACK_POSITION, &text))
		return -1;
	if (!text.len)
		return 0;
	if (value->unit == UNIT_RATIO || value->unit == UNIT_PERCENT) {
		if (column_length(a, record, RECIPE_RUNTIME, &runtime))
			return -1;
		if (!runtime.is_known || runtime.us <= 0)
			return 0;
	}
	position->is_known = true;
	return measure_position(text.s, text.len, value->unit, runtime.us, &position->us)
		       ? reject_number(a, RECIPE_PLAYBACK_POSITION, text)
		       : 0;
}

static int column_time(struct adapter *a, const struct record *record, enum recipe_column column,
		       struct instant *instant)
{
	struct time_reading reading = { value_of(a, column)->time_unit, a->zone, true };
	struct text text;
	int rc;

	*instant = (struct instant){ 0, false };
	if (column_text(a, record, column, &text))
		return -1;
	if (!text.len)
		return 0;
	instant->is_known = true;
	/* The common form first, which tells as well whether there is an offset. */
	if (!time_parse(text.s, text.len, TIME_OFFSET_REQUIRED, &instant->ms))
		return 0;
	rc = time_read(text.s, text.len, &reading, &instant->ms);
	if (rc < 0)
		return reject(a, REASON_NO_TIME, "%s: '%.*s' is no time%s",
			      recipe_column_name(column), err_clip(text.len), text.s,
			      reading.unit == TIME_AUTO ? "" : " in the unit that the recipe says");
	a->n_clock_changes += rc > 0;
	a->n_local += text.len > 4 && text.s[4] == '-';
	return 0;
}

/* --- conditions ---------------------------------------------------------------------------------
 */

static int position_holds(struct adapter *a, const struct record *record,
			  const struct recipe_condition *c)
{
	struct length position, runtime;

	if (column_position(a, record, &position) ||
	    column_length(a, record, RECIPE_RUNTIME, &runtime))
		return -1;
	return position.is_known && runtime.is_known &&
	       measure_compare(position.us, c->op, c->number, runtime.us);
}

static int number_holds(struct adapter *a, const struct recipe_condition *c, struct text text)
{
	int64_t number;

	if (!text.len)
		return 0;
	if (num_parse_scaled(text.s, text.len, 6, &number))
		return reject(a, REASON_NO_NUMBER, "%s: '%.*s' is no number",
			      a->recipe->paths.text[c->slot], err_clip(text.len), text.s);
	switch (c->op) {
	case OP_LESS:
		return number < c->number;
	case OP_AT_MOST:
		return number <= c->number;
	case OP_MORE:
		return number > c->number;
	default:
		return number >= c->number;
	}
}

/* Whether a condition holds; -1: the record is rejected. */
static int holds(struct adapter *a, const struct record *record, const struct recipe_condition *c)
{
	struct text text;

	if (c->slot < 0)
		return position_holds(a, record, c);
	if (slot_text(a, record, c->slot, &text))
		return -1;
	switch (c->op) {
	case OP_IS:
		return text.len && recipe_words_have(&c->words, text.s, text.len);
	case OP_IS_NOT:
		return !text.len || !recipe_words_have(&c->words, text.s, text.len);
	case OP_EXISTS:
		return text.len > 0;
	case OP_EMPTY:
		return !text.len;
	default:
		return number_holds(a, c, text);
	}
}

/* What becomes of a record by a result. Returns 0, or -1: it is rejected. */
static int decide(struct adapter *a, const struct record *record,
		  const struct recipe_result *result, enum recipe_type *type)
{
	const struct recipe_condition *c = result->condition;
	int rc = 1;

	if (c) {
		rc = holds(a, record, c);
		if (rc < 0)
			return -1;
		if (c->slot >= 0) {
			a->n_decided[c->slot]++;
			a->n_decidable[c->slot] += record->values[c->slot].kind == VALUE_TEXT;
		}
	}
	*type = rc ? result->type : result->otherwise;
	return 0;
}

/* --- events -------------------------------------------------------------------------------------
 */

static struct csv_value csv_of(struct text text)
{
	return text.len ? csv_text(text.s, text.len) : csv_str(NULL);
}

static struct csv_value csv_time(struct instant instant)
{
	return instant.is_known ? csv_int(instant.ms) : csv_str(NULL);
}

/* The values that all events of the record have in common. */
static int make_row(struct adapter *a, const struct record *record, struct row_events_table *row)
{
	struct text id, user, content, device, at;
	struct length position;

	if (column_text(a, record, RECIPE_EVENT_ID, &id) ||
	    column_text(a, record, RECIPE_USER_ID, &user) ||
	    column_text(a, record, RECIPE_CONTENT_ID, &content) ||
	    column_position(a, record, &position) ||
	    column_text(a, record, RECIPE_PLAYBACK_POSITION, &at) ||
	    column_text(a, record, RECIPE_DEVICE, &device))
		return -1;
	note(a, RECIPE_EVENT_ID, id.len > 0);
	note(a, RECIPE_USER_ID, user.len > 0);
	note(a, RECIPE_CONTENT_ID, content.len > 0);
	note(a, RECIPE_PLAYBACK_POSITION, at.len > 0);
	note(a, RECIPE_DEVICE, device.len > 0);
	note_position(a, at);
	for (size_t i = 0; i < a->recipe->n_extras; i++) {
		struct text extra;

		if (find_text(a, record, &a->recipe->extras[i].value,
			      &a->scratch[RECIPE_N_COLUMNS + i], &extra))
			return -1;
		a->extras[i] = csv_of(extra);
		a->n_asked[RECIPE_N_COLUMNS + i]++;
		a->n_filled[RECIPE_N_COLUMNS + i] += extra.len > 0;
	}
	*row = (struct row_events_table){
		.event_id = csv_of(id),
		.user_id = csv_of(user),
		.content_id = csv_of(content),
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

	if (column_length(a, record, RECIPE_RUNTIME, &runtime))
		return -1;
	note(a, RECIPE_RUNTIME, runtime.is_known);
	seconds = num_divide_rounded(runtime.us, NUM_MILLION);
	*text = (struct text){ found->runtime, 0 };
	if (seconds > INT32_MAX)
		return reject(a, REASON_NO_NUMBER, "runtime: %" PRId64 " s are too many", seconds);
	if (runtime.is_known && seconds > 0)
		text->len = num_format_int(found->runtime, seconds);
	return 0;
}

/* A year, or that of a date. */
static int fix_year(struct adapter *a, struct attributes *found)
{
	const int64_t last = 9999;
	struct text *text = &found->texts[RECIPE_RELEASE_YEAR];
	int64_t millionths, ms;

	if (!text->len)
		return 0;
	if (!num_parse_scaled(text->s, text->len, 6, &millionths)) {
		int64_t year = millionths / NUM_MILLION;

		if (millionths % NUM_MILLION || year < -last || year > last)
			return reject_number(a, RECIPE_RELEASE_YEAR, *text);
		*text = (struct text){ found->year, num_format_int(found->year, year) };
		return 0;
	}
	if (time_parse(text->s, text->len, TIME_OFFSET_OPTIONAL, &ms))
		return reject_number(a, RECIPE_RELEASE_YEAR, *text);
	text->len = strlen("YYYY");
	return 0;
}

/* A time as ce-join reads it stays as it is; a number becomes one. */
static int fix_signup(struct adapter *a, struct attributes *found)
{
	const struct time_reading reading = { value_of(a, RECIPE_SIGNUP_DATE)->time_unit, NULL,
					      true };
	struct text *text = &found->texts[RECIPE_SIGNUP_DATE];
	struct time_civil civil = { 0 };
	int64_t ms;
	int n;

	if (!text->len || !time_parse(text->s, text->len, TIME_OFFSET_OPTIONAL, &ms))
		return 0;
	if (!time_read(text->s, text->len, &reading, &ms))
		time_civil(ms, &civil);
	if (civil.year < 1 || civil.year > 9999)
		return reject(a, REASON_NO_TIME, "signup_date: '%.*s' is no time",
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
		if (column_text(a, record, column, &found->texts[i]))
			return -1;
		note(a, column, found->texts[i].len > 0);
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
static int note_dimensions(struct adapter *a, const struct record *record, struct instant when)
{
	struct attributes found;
	struct text user, content;

	if (column_text(a, record, RECIPE_USER_ID, &user) ||
	    column_text(a, record, RECIPE_CONTENT_ID, &content) ||
	    find_attributes(a, record, &found))
		return -1;
	note_attributes(a->users, USER_FIRST, CONTENT_FIRST, user, when, &found);
	note_attributes(a->contents, CONTENT_FIRST, CONTENT_LAST + 1, content, when, &found);
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
	struct text name;
	uint32_t id;

	if (column_text(a, record, RECIPE_EVENT_TYPE, &name))
		return -1;
	id = tally_add(&a->names, name.s, name.len);
	/* An id is of one name, but for those that are too long to be told apart. */
	if (id != INTERN_NONE && name.len <= TALLY_LEN && a->rules[id])
		a->rule = a->rules[id];
	else
		a->rule = recipe_rule(a->recipe, name.s, name.len);
	if (id != INTERN_NONE && name.len <= TALLY_LEN)
		a->rules[id] = a->rule;
	if (!a->rule) {
		tally_add(&a->unknown, name.s, name.len);
		count(a, BECOMES_UNKNOWN, id);
		return 0;
	}
	if (decide(a, record, a->rule->result, &type))
		return -1;
	if (type == BECOMES_IGNORED) {
		tally_add(&a->ignored, name.s, name.len);
		count(a, type, id);
		return 0;
	}
	if (column_time(a, record, RECIPE_EVENT_TS, &ts))
		return -1;
	note(a, RECIPE_EVENT_TS, ts.is_known);
	note(a, RECIPE_EVENT_TYPE, name.len > 0);
	if ((type != BECOMES_DIMENSION && make_row(a, record, row)) ||
	    note_dimensions(a, record, ts))
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

	if (column_time(a, record, RECIPE_START, start) ||
	    column_time(a, record, RECIPE_END, end) ||
	    column_length(a, record, RECIPE_DURATION, &duration))
		return -1;
	note(a, RECIPE_START, start->is_known);
	note(a, RECIPE_END, end->is_known);
	note(a, RECIPE_DURATION, duration.is_known);
	ms = duration.us / 1000;
	if (duration.is_known && ms < 0)
		return reject(a, REASON_BACKWARDS, "duration is below 0: %" PRId64 " ms", ms);
	if (!values[RECIPE_END].line && start->is_known && duration.is_known) {
		end->is_known = true;
		if (__builtin_add_overflow(start->ms, ms, &end->ms))
			return reject(a, REASON_NO_TIME, "start + duration is beyond all time");
	}
	if (!values[RECIPE_START].line && end->is_known && duration.is_known) {
		start->is_known = true;
		if (__builtin_sub_overflow(end->ms, ms, &start->ms))
			return reject(a, REASON_NO_TIME, "end - duration is beyond all time");
	}
	if (start->is_known && end->is_known && end->ms < start->ms)
		return reject(a, REASON_BACKWARDS, "end is %" PRIu64 " ms before start",
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
	enum recipe_type type;

	if (decide(a, record, &a->recipe->outcome, &type))
		return -1;
	if (type == BECOMES_IGNORED) {
		tally_add(&a->ignored, "outcome", strlen("outcome"));
		count(a, type, INTERN_NONE);
		return 0;
	}
	if (find_times(a, record, &from, &until) || make_row(a, record, end) ||
	    note_dimensions(a, record, until))
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
		return reject(a, REASON_DAMAGED, "damaged record: %s", record->fault);
	a->rule = NULL;
	for (size_t i = 0; i < recipe->n_where; i++) {
		int rc = holds(a, record, recipe->where[i]);

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
	if (!a->n_rejected)
		snprintf(a->first, sizeof(a->first), "%s:%" PRIu64 ": %s", record->file,
			 record->line, a->fault);
	a->n_rejected++;
	a->rejected[a->reason]++;
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
	size_t n_columns = RECIPE_N_COLUMNS + a->recipe->n_extras;
	size_t n_slots = (size_t)a->recipe->paths.n + 1;

	a->n_left_out = mem_zalloc(a->recipe->n_where + 1, sizeof(*a->n_left_out));
	a->n_asked = mem_zalloc(n_columns, sizeof(*a->n_asked));
	a->n_filled = mem_zalloc(n_columns, sizeof(*a->n_filled));
	a->n_decided = mem_zalloc(n_slots, sizeof(*a->n_decided));
	a->n_decidable = mem_zalloc(n_slots, sizeof(*a->n_decidable));
	a->named = mem_zalloc(TALLY_NAMES, sizeof(*a->named));
	a->rules = mem_zalloc(TALLY_NAMES, sizeof(void *));
	a->scratch = mem_zalloc(n_columns, sizeof(*a->scratch));
	a->extras = mem_zalloc(a->recipe->n_extras + 1, sizeof(*a->extras));
	if (!a->zone && a->recipe->zone) {
		a->own_zone = zone_open(a->recipe->zone, err);
		if (!a->own_zone)
			return -1;
		a->zone = a->own_zone;
	}
	return 0;
}

void adapter_release(struct adapter *a)
{
	size_t n_columns = a->scratch ? RECIPE_N_COLUMNS + a->recipe->n_extras : 0;

	for (size_t i = 0; i < n_columns; i++)
		buf_release(&a->scratch[i]);
	free(a->scratch);
	free(a->n_left_out);
	free(a->n_asked);
	free(a->n_filled);
	free(a->n_decided);
	free(a->n_decidable);
	free(a->named);
	free(a->rules);
	free(a->extras);
	buf_release(&a->hashed);
	for (int i = 0; i < 2; i++)
		buf_release(&a->ids[i]);
	tally_release(&a->names);
	tally_release(&a->ignored);
	tally_release(&a->unknown);
	zone_free(a->own_zone);
}
