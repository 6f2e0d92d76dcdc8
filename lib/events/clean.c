#include "events/clean.h"

#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "events/event.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <string.h>

/* The columns after event_ts, which a clean event holds as one text: from this one to the last. */
#define CLEAN_REST (CLEAN_EVENT_TS + 1)

/* Columns go by their place in the table, and the reason against an empty one by that. */
#define REASON(NAME, name, meaning)
#define MISSING(NAME, column)                                                                      \
	CATALOGUE_ASSERT_PLACE(cleaned_events, column, CLEAN_##NAME);                              \
	_Static_assert((int)CLEAN_MISSING_##NAME ==                                                \
			       (int)CLEAN_MISSING_EVENT_ID + (int)CLEAN_##NAME,                    \
		       "the MISSING lines of reasons.def are not neighbours");
#include "table/reasons.def"

_Static_assert(sizeof(struct row_cleaned_events) == CLEAN_N_COLUMNS * sizeof(struct csv_value),
	       "a column of cleaned_events has no MISSING line in reasons.def");
_Static_assert(CLEAN_EVENT_ID == 0 && CLEAN_EVENT_TS == 1, "clean_put_event writes these first");

static const char *const reason_names[CLEAN_N_REASONS] = {
#define REASON(NAME, name, meaning) name,
#define MISSING(NAME, column)       "missing_" #column,
#include "table/reasons.def"
};

const char *clean_reason_name(enum clean_reason reason)
{
	return reason_names[reason];
}

int clean_can_be_empty(const char *column)
{
	static const enum clean_column columns[] = { CLEAN_PLAYBACK_POSITION, CLEAN_DEVICE };
	const struct catalogue_table *table = catalogue_table("cleaned_events");

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (!strcmp(table->columns[columns[i]].name, column))
			return (int)columns[i];
	return -1;
}

int cleaner_open(struct cleaner *c, const struct csv_reader *in, struct err *err)
{
	const struct catalogue_table *table = catalogue_table("cleaned_events");

	for (size_t i = 0; i < CLEAN_N_COLUMNS; i++) {
		int at = columns_require(in, table->columns[i].name, err);

		if (at < 0)
			return -1;
		c->at[i] = (size_t)at;
	}
	c->rest_in_order = true;
	for (size_t i = CLEAN_REST + 1; i < CLEAN_N_COLUMNS; i++)
		c->rest_in_order &= c->at[i] == c->at[i - 1] + 1;
	c->all_in_order = in->header.n == CLEAN_N_COLUMNS && !c->seconds;
	for (size_t i = 0; i < CLEAN_N_COLUMNS; i++)
		c->all_in_order &= c->at[i] == i;
	return 0;
}

/*
 * Whether the bytes are printable ASCII without quote and backslash: true of most records, quick to
 * check (but for a few bytes alone, which are no record), and enough to know that they are valid
 * UTF-8 and that their fields, which are pieces of the record then, are written as they are read.
 */
static bool is_plain(const char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t spaces = ones * ' ', quotes = ones * '"', backslashes = ones * '\\';
	uint64_t bad = 0, word;

	if (len < sizeof(word))
		return false;
	for (size_t i = 0; i < len; i += sizeof(word)) {
		/* A difference sets the top bit of a byte that is too small (and of no other ASCII
		 * byte unless there is such a one below it). The last word overlaps the one before
		 * it. */
		memcpy(&word, s + (i < len - sizeof(word) ? i : len - sizeof(word)), sizeof(word));
		bad |= word | (word - spaces) | ((word ^ quotes) - ones) |
		       ((word ^ backslashes) - ones);
	}
	return !(bad & ones << 7);
}

/* num_parse_scaled, quick about an integer; *as_is becomes false unless it is written that way. */
static int parse_number(const struct csv_field *f, int shift, int64_t *value, bool *as_is)
{
	if (!shift && !num_parse_int(f->s, f->len, value)) {
		*as_is &= f->len == 1 || *f->s > '0'; /* a sign is below all digits */
		return 0;
	}
	*as_is = false;
	return num_parse_scaled(f->s, f->len, shift, value);
}

int clean_parse_ts(const struct csv_field *field, bool seconds, enum time_offset offset,
		   int64_t *ts)
{
	struct csv_field f = csv_trimmed(field);
	bool as_is = true;

	if (!parse_number(&f, seconds ? 3 : 0, ts, &as_is))
		return 0;
	return time_parse(f.s, f.len, offset, ts);
}

/* The type whatever its case, or -1. */
static int parse_type(const struct csv_field *f, bool *as_is)
{
	int type = event_type_parse(f->s, f->len);
	char lower[EVENT_TYPE_MAX];

	if (type >= 0 || f->len > sizeof(lower))
		return type;
	*as_is = false;
	for (size_t i = 0; i < f->len; i++)
		lower[i] = (char)(f->s[i] >= 'A' && f->s[i] <= 'Z' ? f->s[i] | 0x20 : f->s[i]);
	return event_type_parse(lower, f->len);
}

/* Whether a decimal number is below zero, even where it is more than -1 and its fraction is
 * dropped. */
static bool is_negative(const struct csv_field *f)
{
	if (*f->s != '-')
		return false;
	for (size_t i = 1; i < f->len && f->s[i] != 'e' && f->s[i] != 'E'; i++)
		if (f->s[i] >= '1' && f->s[i] <= '9')
			return true;
	return false;
}

/* Sets field[] to the columns, trimmed. Returns the first that is empty and must not be, or -1. */
static int take_fields(const struct cleaner *c, const struct csv_row *row, struct csv_field *field,
		       bool *as_is)
{
	for (int i = 0; i < CLEAN_N_COLUMNS; i++) {
		struct csv_field *f = &field[i];

		*f = row->fields[c->at[i]];
		if (f->len && (*f->s <= ' ' || f->s[f->len - 1] <= ' ')) {
			*f = csv_trimmed(f);
			*as_is = false;
		}
		if (!f->len && !c->may_be_empty[i])
			return i;
	}
	return -1;
}

static void encode_rest(struct buf *rest, const struct csv_field *field, enum event_type type,
			int64_t position)
{
	buf_clear(rest);
	for (int i = CLEAN_REST; i < CLEAN_N_COLUMNS; i++)
		if (i == CLEAN_EVENT_TYPE)
			csv_put_str(rest, event_type_name(type));
		else if (i != CLEAN_PLAYBACK_POSITION)
			csv_put_field(rest, &field[i]);
		else if (field[i].len)
			csv_put_int(rest, position);
		else
			csv_put_null(rest);
	rest->len--;
}

/*
 * On the way it finds out whether the columns are clean as they are: in most records they are, and
 * those after event_ts are then copied in one piece.
 */
enum clean_reason cleaner_row(struct cleaner *c, const struct csv_row *row,
			      struct clean_event *event)
{
	struct csv_field field[CLEAN_N_COLUMNS];
	const struct csv_field *ts = &field[CLEAN_EVENT_TS],
			       *position = &field[CLEAN_PLAYBACK_POSITION],
			       *rest = &field[CLEAN_REST], *last = &field[CLEAN_N_COLUMNS - 1];
	bool as_is, ts_as_is = true;
	int64_t seconds = 0;
	int missing, type;

	if (row->fault)
		return CLEAN_RAGGED;
	as_is = is_plain(row->raw, row->raw_len);
	for (int i = 0; i < CLEAN_N_COLUMNS && !as_is; i++)
		if (!utf8_valid(row->fields[c->at[i]].s, row->fields[c->at[i]].len))
			return CLEAN_INVALID_UTF8;
	missing = take_fields(c, row, field, &as_is);
	if (missing >= 0)
		return (enum clean_reason)(CLEAN_MISSING_EVENT_ID + missing);
	if (parse_number(ts, c->seconds ? 3 : 0, &event->ts, &ts_as_is) &&
	    time_parse(ts->s, ts->len, TIME_OFFSET_REQUIRED, &event->ts))
		return CLEAN_BAD_EVENT_TS;
	if (event->ts <= 0 || event->ts >= EVENT_TS_END)
		return CLEAN_TS_OUT_OF_RANGE;
	type = parse_type(&field[CLEAN_EVENT_TYPE], &as_is);
	if (type < 0)
		return CLEAN_BAD_EVENT_TYPE;
	if (position->len) {
		if (parse_number(position, 0, &seconds, &as_is))
			return CLEAN_BAD_PLAYBACK_POSITION;
		if (is_negative(position))
			return CLEAN_NEGATIVE_PLAYBACK_POSITION;
		if (seconds == INT64_MAX)
			return CLEAN_BAD_PLAYBACK_POSITION;
	}

	event->id = field[CLEAN_EVENT_ID].s;
	event->id_len = field[CLEAN_EVENT_ID].len;
	event->is_as_read = as_is && ts_as_is && c->all_in_order;
	if (as_is && c->rest_in_order) {
		event->rest = rest->s;
		event->rest_len = (size_t)(last->s + last->len - rest->s);
	} else {
		encode_rest(&c->rest, field, (enum event_type)type, seconds);
		event->rest = c->rest.data;
		event->rest_len = c->rest.len;
	}
	return CLEAN_VALID;
}

void cleaner_release(struct cleaner *c)
{
	buf_release(&c->rest);
}

void clean_put_event(struct buf *row, const struct clean_event *event)
{
	csv_put_text(row, event->id, event->id_len);
	csv_put_int(row, event->ts);
	csv_put_raw(row, event->rest, event->rest_len);
}
