#include "events/clean.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/shellword.h"
#include "base/time.h"
#include "base/utf8.h"
#include "events/event.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <inttypes.h>
#include <stdlib.h>
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

/* Finds the columns to keep, in the order of the header. */
static int find_kept(struct cleaner *c, const struct csv_reader *in, struct err *err)
{
	bool all, *is_kept = columns_listed(in, &c->keep, &all, err);
	int rc = 0;

	if (!is_kept)
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		is_kept[i] |= all;
	for (size_t i = 0; i < CLEAN_N_COLUMNS; i++)
		is_kept[c->at[i]] = false;
	for (size_t i = 0; i < in->header.n && !rc; i++)
		if (is_kept[i] && !utf8_valid(in->header.names[i], strlen(in->header.names[i])))
			rc = columns_fail(
				in, err, "the name of column %zu is not valid UTF-8: '%.*s'", i + 1,
				err_clip(strlen(in->header.names[i])), in->header.names[i]);
	c->kept = mem_realloc(c->kept, in->header.n, sizeof(*c->kept));
	c->n_kept = 0;
	for (size_t i = 0; i < in->header.n; i++)
		if (is_kept[i])
			c->kept[c->n_kept++] = i;
	free(is_kept);
	return rc;
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
	if (find_kept(c, in, err))
		return -1;
	c->rest_in_order = true;
	for (size_t i = CLEAN_REST + 1; i < CLEAN_N_COLUMNS; i++)
		c->rest_in_order &= c->at[i] == c->at[i - 1] + 1;
	for (size_t i = 1; i < c->n_kept; i++)
		c->rest_in_order &= c->kept[i] == c->kept[i - 1] + 1;
	c->all_in_order = in->header.n == CLEAN_N_COLUMNS + c->n_kept;
	for (size_t i = 0; i < CLEAN_N_COLUMNS; i++)
		c->all_in_order &= c->at[i] == i;
	return 0;
}

void cleaner_put_names(const struct cleaner *c, const struct csv_reader *in, struct buf *row)
{
	catalogue_put_names(row, catalogue_table("cleaned_events"));
	for (size_t i = 0; i < c->n_kept; i++)
		csv_put_str(row, in->header.names[c->kept[i]]);
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

/* num_parse_decimal, quick about an integer; *as_is becomes false unless it is written that way. */
static int parse_number(const struct csv_field *f, int64_t *value, bool *as_is)
{
	if (!num_parse_int_roomy(f->s, f->len, value)) {
		*as_is &= f->len == 1 || *f->s > '0'; /* a sign is below all digits */
		return 0;
	}
	*as_is = false;
	return num_parse_scaled(f->s, f->len, 0, value);
}

int clean_parse_ts(const struct csv_field *field, const struct time_reading *reading, int64_t *ts)
{
	struct csv_field f = csv_trimmed(field);

	return time_read(f.s, f.len, reading, ts);
}

/* time_read, quick about a whole number of ms; *as_is: it is written that way. */
static int parse_ts(const struct csv_field *f, const struct time_reading *reading, int64_t *ts,
		    bool *as_is)
{
	int64_t number;

	*as_is = false;
	if (num_parse_int_roomy(f->s, f->len, &number))
		return time_read(f->s, f->len, reading, ts);
	if (reading->unit != TIME_MS &&
	    (reading->unit != TIME_AUTO || number < TIME_AUTO_MS || number >= TIME_AUTO_US))
		return time_from_number(number, reading->unit, ts);
	*ts = number;
	*as_is = f->len == 1 || *f->s > '0';
	return 0;
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

/* Trims the field, and makes a word for NULL one. Returns whether it is as it was. */
static bool tidy(const struct cleaner *c, struct csv_field *field)
{
	uint32_t len = field->len;

	*field = csv_trimmed(field);
	if (csv_is_one_of(field, &c->na)) {
		field->len = 0;
		field->is_null = true;
	}
	return field->len == len;
}

/* Sets field[] to the columns, trimmed. Returns the first that is empty and must not be, or -1. */
static int take_fields(const struct cleaner *c, const struct csv_row *row, struct csv_field *field,
		       bool *as_is)
{
	const bool has_na = c->na.n > 0;

	for (int i = 0; i < CLEAN_N_COLUMNS; i++) {
		struct csv_field *f = &field[i];

		*f = row->fields[c->at[i]];
		if (f->len && (*f->s <= ' ' || f->s[f->len - 1] <= ' ' || has_na))
			*as_is &= tidy(c, f);
		if (!f->len && !c->may_be_empty[i])
			return i;
	}
	return -1;
}

/* A kept column: its text as it is, or NULL. */
static struct csv_field kept_field(const struct cleaner *c, const struct csv_row *row, size_t i)
{
	const struct csv_field *field = &row->fields[c->kept[i]];

	return csv_is_one_of(field, &c->na) ? (struct csv_field){ .s = field->s, .is_null = true }
					    : *field;
}

static bool is_valid_text(const struct cleaner *c, const struct csv_row *row)
{
	for (size_t i = 0; i < CLEAN_N_COLUMNS + c->n_kept; i++) {
		const struct csv_field *f =
			&row->fields[i < CLEAN_N_COLUMNS ? c->at[i] : c->kept[i - CLEAN_N_COLUMNS]];

		if (!utf8_valid(f->s, f->len))
			return false;
	}
	return true;
}

/* The columns after event_ts and the kept ones, where they are not clean as they are. */
static void encode_rest(struct cleaner *c, const struct csv_row *row, const struct csv_field *field,
			enum event_type type, int64_t position, struct clean_event *event)
{
	struct buf *rest = &c->rest;

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
	event->rest_len = rest->len - 1;
	for (size_t i = 0; i < c->n_kept; i++) {
		struct csv_field f = kept_field(c, row, i);

		csv_put_field(rest, &f);
	}
	event->rest = rest->data;
	if (c->n_kept) {
		event->kept = rest->data + event->rest_len + 1;
		event->kept_len = rest->len - event->rest_len - 2;
	}
}

/* The n fields from `first` on, as they stand in the record. */
static const char *piece(const struct csv_field *first, size_t n, size_t *len)
{
	*len = (size_t)(first[n - 1].s - first->s) + first[n - 1].len;
	return first->s;
}

/* Words for a value that is not there, in lower case. */
static const char *const null_words[] = { "null", "none", "nan",    "nil",      "na",
					  "n/a",  "\\n",  "(null)", "undefined" };
#define NULL_WORD_MAX (sizeof("undefined") - 1)

static const char nil_uuid[] = "00000000-0000-0000-0000-000000000000";
#define UUID_LEN (sizeof(nil_uuid) - 1)

_Static_assert(NULL_WORD_MAX < CLEAN_SPELLING_SIZE && UUID_LEN < CLEAN_SPELLING_SIZE,
	       "room for a word and its NUL");

static bool is_null_word(const char *s, size_t len)
{
	if (len == UUID_LEN)
		return !memcmp(s, nil_uuid, len);
	for (size_t i = 0; len <= NULL_WORD_MAX && i < sizeof(null_words) / sizeof(*null_words);
	     i++)
		if (strlen(null_words[i]) == len && !strncasecmp(s, null_words[i], len))
			return true;
	return false;
}

static void doubt_word(struct clean_doubts *d, enum clean_column column, const struct csv_field *f)
{
	char(*words)[CLEAN_SPELLING_SIZE] = d->null[column];
	char text[CLEAN_SPELLING_SIZE] = "";
	size_t i = 0;

	if (!is_null_word(f->s, f->len))
		return;
	d->n_nulls[column]++;
	memcpy(text, f->s, f->len);
	while (i < CLEAN_SPELLINGS && *words[i] && strcmp(words[i], text) < 0)
		i++;
	if (i == CLEAN_SPELLINGS || !strcmp(words[i], text))
		return;
	memmove(words[i + 1], words[i], (CLEAN_SPELLINGS - 1 - i) * sizeof(*words));
	memcpy(words[i], text, sizeof(text));
}

/* Most ids end in a digit, as of those words only the nil UUID does. */
static inline void doubt_id(struct clean_doubts *d, enum clean_column column,
			    const struct csv_field *field)
{
	const struct csv_field *f = &field[column];

	if ((unsigned char)(f->s[f->len - 1] - '0') > 9 || f->len == UUID_LEN)
		doubt_word(d, column, f);
}

static void doubt_position(struct clean_doubts *d, const struct csv_field *f, int64_t seconds)
{
	double exact;

	if (seconds <= 1 && !num_parse_double(f->s, f->len, &exact)) {
		d->is_above_zero |= exact > 0;
		d->is_above_one |= exact > 1;
	} else {
		d->is_above_one = true;
	}
}

/* Counts what looks wrong in a valid record. */
static inline void doubt(struct clean_doubts *d, const struct csv_field *field, int64_t seconds,
			 bool is_clock_change)
{
	d->n_clock_changes += is_clock_change;
	doubt_id(d, CLEAN_EVENT_ID, field);
	doubt_id(d, CLEAN_USER_ID, field);
	doubt_id(d, CLEAN_CONTENT_ID, field);
	if (!d->is_above_one && field[CLEAN_PLAYBACK_POSITION].len)
		doubt_position(d, &field[CLEAN_PLAYBACK_POSITION], seconds);
}

/* The spellings of one column, as the word of a shell and with a NUL; none of them has a comma. */
static void put_na_argument(struct buf *out, const char (*words)[CLEAN_SPELLING_SIZE])
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < CLEAN_SPELLINGS && *words[i]; i++)
		buf_printf(&list, "%s%s", i ? "," : "", words[i]);
	buf_append_char(&list, '\0');
	buf_clear(out);
	shellword_put(out, list.data);
	buf_append_char(out, '\0');
	buf_release(&list);
}

void cleaner_warn(const struct cleaner *c, uint64_t n_read, struct warnings *warnings)
{
	const struct catalogue_table *table = catalogue_table("cleaned_events");
	const struct clean_doubts *d = &c->doubts;
	struct buf words = BUF_INIT;

	for (size_t i = 0; i < CLEAN_N_COLUMNS; i++) {
		bool is_number = i == CLEAN_EVENT_TS || i == CLEAN_PLAYBACK_POSITION;

		/* Such a number is a reject, which says enough of a few. */
		if (d->n_nulls[i] <= (is_number ? n_read / 20 : 0))
			continue;
		put_na_argument(&words, d->null[i]);
		warnings_add(warnings,
			     "%" PRIu64 " of %" PRIu64 " records have a word such as '%s' as "
			     "their %s: a missing value? (--na %s)",
			     d->n_nulls[i], n_read, d->null[i][0], table->columns[i].name,
			     words.data);
	}
	buf_release(&words);
	if (d->is_above_zero && !d->is_above_one)
		warnings_add(warnings, "all values of playback_position are from 0 to 1: a ratio, "
				       "where seconds are expected?");
	if (d->n_clock_changes)
		warnings_add(
			warnings,
			"%" PRIu64 " of %" PRIu64 " records have a local time that a change of "
			"the clock skips or repeats, taken as before the change: is event_ts in "
			"another zone, or UTC? (--tz)",
			d->n_clock_changes, n_read);
}

/*
 * On the way it finds out whether the columns are clean as they are: in most records they are, and
 * those after event_ts are then copied in one piece.
 */
enum clean_reason cleaner_row(struct cleaner *c, const struct csv_row *row,
			      struct clean_event *event)
{
	struct csv_field field[CLEAN_N_COLUMNS];
	const struct csv_field *position = &field[CLEAN_PLAYBACK_POSITION];
	bool as_is, ts_as_is;
	int64_t seconds = 0;
	int missing, type, time;

	if (row->fault)
		return CLEAN_RAGGED;
	as_is = !row->is_foreign && is_plain(row->raw, row->raw_len);
	if (!as_is && !is_valid_text(c, row))
		return CLEAN_INVALID_UTF8;
	missing = take_fields(c, row, field, &as_is);
	if (missing >= 0)
		return (enum clean_reason)(CLEAN_MISSING_EVENT_ID + missing);
	time = parse_ts(&field[CLEAN_EVENT_TS], &c->times, &event->ts, &ts_as_is);
	if (time < 0) {
		doubt_word(&c->doubts, CLEAN_EVENT_TS, &field[CLEAN_EVENT_TS]);
		return CLEAN_BAD_EVENT_TS;
	}
	if (event->ts <= 0 || event->ts >= EVENT_TS_END)
		return CLEAN_TS_OUT_OF_RANGE;
	type = parse_type(&field[CLEAN_EVENT_TYPE], &as_is);
	if (type < 0) {
		c->bad_type = field[CLEAN_EVENT_TYPE];
		return CLEAN_BAD_EVENT_TYPE;
	}
	if (position->len) {
		if (parse_number(position, &seconds, &as_is)) {
			doubt_word(&c->doubts, CLEAN_PLAYBACK_POSITION, position);
			return CLEAN_BAD_PLAYBACK_POSITION;
		}
		if (is_negative(position))
			return CLEAN_NEGATIVE_PLAYBACK_POSITION;
		if (seconds == INT64_MAX)
			return CLEAN_BAD_PLAYBACK_POSITION;
	}
	if (event->ts < c->since)
		return CLEAN_BEFORE_SINCE;
	if (event->ts >= c->until)
		return CLEAN_AFTER_UNTIL;

	doubt(&c->doubts, field, seconds, time > 0);
	for (size_t i = 0; i < c->n_kept && c->na.n; i++)
		as_is &= kept_field(c, row, i).is_null == row->fields[c->kept[i]].is_null;
	event->id = field[CLEAN_EVENT_ID].s;
	event->id_len = field[CLEAN_EVENT_ID].len;
	event->kept = NULL;
	event->is_as_read = as_is && ts_as_is && c->all_in_order;
	if (as_is && c->rest_in_order) {
		event->rest = piece(&row->fields[c->at[CLEAN_REST]], CLEAN_N_COLUMNS - CLEAN_REST,
				    &event->rest_len);
		if (c->n_kept)
			event->kept = piece(&row->fields[c->kept[0]], c->n_kept, &event->kept_len);
	} else {
		encode_rest(c, row, field, (enum event_type)type, seconds, event);
	}
	return CLEAN_VALID;
}

void cleaner_release(struct cleaner *c)
{
	buf_release(&c->rest);
	names_release(&c->keep);
	names_release(&c->na);
	free(c->kept);
	c->kept = NULL;
	c->n_kept = 0;
}

void clean_put_event(struct buf *row, const struct clean_event *event)
{
	csv_put_text(row, event->id, event->id_len);
	csv_put_int(row, event->ts);
	csv_put_raw(row, event->rest, event->rest_len);
	if (event->kept)
		csv_put_raw(row, event->kept, event->kept_len);
}
