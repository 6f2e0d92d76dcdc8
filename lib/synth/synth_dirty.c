#include "synth/synth_dirty.h"

#include "base/num.h"
#include "base/time.h"
#include "events/clean.h"
#include "table/catalogue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The stream of the seed, beside those of synth. */
enum { STREAM_DIRT = 6 };

#define HOLD_MAX 20 /* rows between an event and a faulty row made of it */

/* The columns of events_table, by their places. */
#define PLACE(column) (offsetof(struct row_events_table, column) / sizeof(struct csv_value))
enum column {
	ID = PLACE(event_id),
	TS = PLACE(event_ts),
	USER = PLACE(user_id),
	CONTENT = PLACE(content_id),
	TYPE = PLACE(event_type),
	POSITION = PLACE(playback_position),
	DEVICE = PLACE(device),
	N_COLUMNS = sizeof(struct row_events_table) / sizeof(struct csv_value)
};

/* The encoded fields of one row. */
struct fields {
	char text[N_COLUMNS][64];
};

enum fault_kind {
	REPLACE,          /* the column's field by the text */
	DROP,             /* the last field */
	EXTRA,            /* a field more */
	DUPLICATE,        /* the row again */
	DUPLICATE_LATER,  /* the id again, at a later time */
	DUPLICATE_LARGER, /* id and time again, in a row that comes later bytewise */
};

/*
 * A quote that opens a field and never closes it runs on until the next quote in the file, which
 * must not close it in good order: so every other quote of the dirty rows has a letter, a digit, a
 * blank or a quote behind it.
 */
static const struct {
	enum clean_reason reason;
	enum fault_kind kind;
	enum column column;
	const char *text;
} faults[] = {
	{ CLEAN_RAGGED, DROP, 0, NULL },
	{ CLEAN_MISSING_EVENT_ID, REPLACE, ID, "" },
	{ CLEAN_BAD_EVENT_TS, REPLACE, TS, "yesterday" },
	{ CLEAN_TS_OUT_OF_RANGE, REPLACE, TS, "9999999999999" },
	{ CLEAN_BAD_EVENT_TYPE, REPLACE, TYPE, "buffering" },
	{ CLEAN_BAD_PLAYBACK_POSITION, REPLACE, POSITION, "1:23:45" },
	{ CLEAN_NEGATIVE_PLAYBACK_POSITION, REPLACE, POSITION, "-1" },
	{ CLEAN_INVALID_UTF8, REPLACE, DEVICE, "t\xff" },
	{ CLEAN_DUPLICATE_EVENT_ID, DUPLICATE, 0, NULL },
	{ CLEAN_MISSING_EVENT_TS, REPLACE, TS, "" },
	{ CLEAN_MISSING_USER_ID, REPLACE, USER, "" },
	{ CLEAN_MISSING_CONTENT_ID, REPLACE, CONTENT, "" },
	{ CLEAN_MISSING_EVENT_TYPE, REPLACE, TYPE, "" },
	{ CLEAN_MISSING_PLAYBACK_POSITION, REPLACE, POSITION, "" },
	{ CLEAN_MISSING_DEVICE, REPLACE, DEVICE, "" },
	{ CLEAN_DUPLICATE_EVENT_ID, DUPLICATE_LATER, 0, NULL },
	{ CLEAN_RAGGED, EXTRA, 0, NULL },
	{ CLEAN_DUPLICATE_EVENT_ID, DUPLICATE_LARGER, 0, NULL },
	{ CLEAN_RAGGED, REPLACE, USER, "u\"7" },
	{ CLEAN_RAGGED, REPLACE, CONTENT, "\"c7\"x" },
	{ CLEAN_RAGGED, REPLACE, DEVICE, "\"tv" },
	{ CLEAN_MISSING_USER_ID, REPLACE, USER, "\"\"" },
	{ CLEAN_MISSING_EVENT_TYPE, REPLACE, TYPE, "  " },
	{ CLEAN_BAD_EVENT_TS, REPLACE, TS, "2024-02-30T10:00:00Z" },
	{ CLEAN_BAD_EVENT_TS, REPLACE, TS, "1.70445E+12" }, /* what a spreadsheet leaves of it */
	{ CLEAN_BAD_EVENT_TS, REPLACE, TS, "1704448800000ms" },
	{ CLEAN_TS_OUT_OF_RANGE, REPLACE, TS, "0001-01-01T00:00:00Z" },
	{ CLEAN_TS_OUT_OF_RANGE, REPLACE, TS, "4102444800000" },
	{ CLEAN_TS_OUT_OF_RANGE, REPLACE, TS, "4102444800000000000" }, /* nanoseconds */
	{ CLEAN_TS_OUT_OF_RANGE, REPLACE, TS, "1969-12-31T23:59:59Z" },
	{ CLEAN_BAD_EVENT_TYPE, REPLACE, TYPE, "play;" },
	{ CLEAN_BAD_PLAYBACK_POSITION, REPLACE, POSITION, "NaN" },
	{ CLEAN_BAD_PLAYBACK_POSITION, REPLACE, POSITION, "12s" },
	{ CLEAN_NEGATIVE_PLAYBACK_POSITION, REPLACE, POSITION, "-1.5e2" },
	{ CLEAN_INVALID_UTF8, REPLACE, USER, "u\xc0\xaf" },        /* an overlong slash */
	{ CLEAN_INVALID_UTF8, REPLACE, CONTENT, "c\xed\xa0\x80" }, /* half a surrogate pair */
	{ CLEAN_INVALID_UTF8, REPLACE, DEVICE, "tv\xc3" },         /* a character cut short */
};
#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

enum variant {
	TYPE_UPPER,
	TYPE_TITLE,
	BLANKS,
	QUOTES,
	QUOTES_AND_BLANKS,
	TIME_UTC,
	TIME_EAST,
	TIME_WEST,
	TIME_SCIENTIFIC,
	TIME_FRACTION,
	POSITION_FRACTION,
	N_VARIANTS,
};

void synth_dirt_init(struct synth_dirt *d, uint64_t seed, double rate)
{
	*d = (struct synth_dirt){ .rate = rate, .held = BUF_INIT };
	rng_seed(&d->rng, seed, STREAM_DIRT);
}

void synth_dirt_release(struct synth_dirt *d)
{
	buf_release(&d->held);
}

#define SET(fields, column, ...)                                                                   \
	snprintf((fields)->text[column], sizeof((fields)->text[column]), __VA_ARGS__)

static void set_fields(struct fields *f, const struct synth_event *e)
{
	synth_event_id(f->text[ID], 'e', e->id);
	SET(f, TS, "%lld", (long long)e->ts);
	synth_user_id(f->text[USER], e->user);
	synth_content_id(f->text[CONTENT], e->content);
	SET(f, TYPE, "%s", event_type_name(e->type));
	SET(f, POSITION, "%d", (int)e->position);
	SET(f, DEVICE, "%s", synth_device_name(e->device));
}

static void put_fields(struct buf *row, const struct fields *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		csv_put_raw(row, f->text[i], strlen(f->text[i]));
}

static void put_fault(struct synth_dirt *d, const struct synth_event *e)
{
	size_t i = d->n_faults++ % N_FAULTS;
	struct synth_event copy = *e;
	struct fields f = { 0 };

	if (faults[i].kind == DUPLICATE_LATER)
		copy.ts += rng_between(&d->rng, 1, 10 * TIME_MS_PER_SECOND);
	set_fields(&f, &copy);
	if (faults[i].reason != CLEAN_DUPLICATE_EVENT_ID)
		synth_event_id(f.text[ID], 'x', d->n_faults);
	if (faults[i].kind == REPLACE)
		SET(&f, faults[i].column, "%s", faults[i].text);
	if (faults[i].kind == DUPLICATE_LARGER)
		strncat(f.text[DEVICE], "-2", 3);
	put_fields(&d->held, &f, faults[i].kind == DROP ? N_COLUMNS - 1 : N_COLUMNS);
	if (faults[i].kind == EXTRA)
		csv_put_str(&d->held, "1");
}

void synth_dirt_put_counts(const struct synth_dirt *d, struct buf *text)
{
	uint64_t counts[CLEAN_N_REASONS] = { 0 };
	const char *separator = "";

	for (size_t i = 0; i < N_FAULTS; i++)
		counts[faults[i].reason] += d->n_faults / N_FAULTS + (i < d->n_faults % N_FAULTS);
	for (int i = 0; i < CLEAN_N_REASONS; i++) {
		if (!counts[i])
			continue;
		buf_printf(text, "%s%" PRIu64 " %s", separator, counts[i],
			   clean_reason_name((enum clean_reason)i));
		separator = ", ";
	}
}

/* The time as a clock that is `east` minutes ahead of UTC shows it. */
static void set_clock(struct fields *f, int64_t ts, char separator, int east, const char *zone)
{
	struct time_civil at;

	ts += (int64_t)east * 60 * TIME_MS_PER_SECOND;
	time_civil(ts, &at);
	SET(f, TS, "%04d-%02d-%02d%c%02d:%02d:%02d.%03d%s", (int)at.year, at.month, at.day,
	    separator, at.hour, (int)(ts / 60000 % 60), (int)(ts / 1000 % 60), (int)(ts % 1000),
	    zone);
}

static void wrap(struct fields *f, const char *before, const char *behind)
{
	char text[sizeof(f->text[0])];

	for (size_t i = 0; i < N_COLUMNS; i++) {
		memcpy(text, f->text[i], sizeof(text));
		SET(f, i, "%s%.40s%s", before, text, behind);
	}
}

static void put_variant(struct synth_dirt *d, const struct synth_event *e, struct buf *row)
{
	struct fields f = { 0 };
	char digits[NUM_TEXT_MAX + 1];

	set_fields(&f, e);
	switch ((enum variant)(d->n_variants++ % N_VARIANTS)) {
	case TYPE_UPPER:
		for (char *c = f.text[TYPE]; *c; c++)
			*c = (char)(*c & ~0x20);
		break;
	case TYPE_TITLE:
		f.text[TYPE][0] = (char)(f.text[TYPE][0] & ~0x20);
		break;
	case BLANKS:
		wrap(&f, "  ", " ");
		break;
	case QUOTES:
		wrap(&f, "\"", "\"");
		break;
	case QUOTES_AND_BLANKS:
		wrap(&f, "\" ", " \"");
		break;
	case TIME_UTC:
		set_clock(&f, e->ts, 'T', 0, "Z");
		break;
	case TIME_EAST:
		set_clock(&f, e->ts, 'T', 120, "+02:00");
		break;
	case TIME_WEST:
		set_clock(&f, e->ts, ' ', -210, "-0330");
		break;
	case TIME_SCIENTIFIC:
		digits[num_format_int(digits, e->ts)] = '\0';
		SET(&f, TS, "%c.%se%zu", digits[0], digits + 1, strlen(digits) - 1);
		break;
	case TIME_FRACTION:
		SET(&f, TS, "%lld.5", (long long)e->ts);
		break;
	case POSITION_FRACTION:
	case N_VARIANTS:
		SET(&f, POSITION, "%d.75", (int)e->position);
		break;
	}
	put_fields(row, &f, N_COLUMNS);
}

int synth_dirt_finish(struct synth_dirt *d, struct csv_writer *out, struct err *err)
{
	if (!d->held.len)
		return 0;
	buf_append(&out->row, d->held.data, d->held.len);
	buf_clear(&d->held);
	return csv_writer_end_row(out, err);
}

int synth_dirt_write(struct synth_dirt *d, const struct synth_event *event, struct csv_writer *out,
		     struct err *err)
{
	bool varied;

	if (d->rate <= 0) {
		synth_put_event(&out->row, event);
		return csv_writer_end_row(out, err);
	}
	varied = rng_chance(&d->rng, d->rate);
	if (rng_chance(&d->rng, d->rate)) {
		if (synth_dirt_finish(d, out, err))
			return -1;
		/* Which of two equal keys is the smaller must not hang on how they are written. */
		varied &= faults[d->n_faults % N_FAULTS].kind != DUPLICATE_LARGER;
		put_fault(d, event);
		d->wait = rng_below(&d->rng, HOLD_MAX);
		if (rng_chance(&d->rng, 0.25) && synth_dirt_finish(d, out, err))
			return -1;
	}
	if (varied)
		put_variant(d, event, &out->row);
	else
		synth_put_event(&out->row, event);
	if (csv_writer_end_row(out, err))
		return -1;
	return d->held.len && !d->wait-- ? synth_dirt_finish(d, out, err) : 0;
}
