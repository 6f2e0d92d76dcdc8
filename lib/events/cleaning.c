#include "events/cleaning.h"

#include "base/relay.h"
#include "base/time.h"
#include "events/event.h"
#include "table/catalogue.h"

#include <inttypes.h>
#include <string.h>

#define BATCH_SIZE SMALL((size_t)64 * 1024, 256) /* bytes; a last event may be longer */

/* An event in a batch, in front of the bytes of its parts. */
struct packed {
	int64_t ts;
	size_t id_len, rest_len, kept_len, note_len;
	bool has_kept;
};

/* What the relay's thread does. */
static int sort_batch(void *context, void *item, struct err *err)
{
	struct cleaning *c = context;
	struct buf *batch = item;
	struct buf note = BUF_INIT; /* borrows */
	struct packed p;

	for (size_t at = 0; at < batch->len;) {
		char *s = batch->data + at + sizeof(p);

		memcpy(&p, batch->data + at, sizeof(p));
		note.data = s + p.id_len + p.rest_len + p.kept_len;
		note.len = p.note_len;
		if (dedup_add(c->events,
			      &(struct clean_event){
				      .ts = p.ts,
				      .id = s,
				      .id_len = p.id_len,
				      .rest = s + p.id_len,
				      .rest_len = p.rest_len,
				      .kept = p.has_kept ? s + p.id_len + p.rest_len : NULL,
				      .kept_len = p.kept_len,
			      },
			      &note, err))
			return -1;
		at += sizeof(p) + p.id_len + p.rest_len + p.kept_len + p.note_len;
	}
	buf_clear(batch);
	return 0;
}

/* Hands the batch on. */
static int pass_batch(struct cleaning *c, struct err *err)
{
	c->batch = NULL;
	return relay_pass(c->relay, err);
}

static int add_event(struct cleaning *c, const struct clean_event *e, const struct buf *note,
		     struct err *err)
{
	const struct packed p = { e->ts,     e->id_len,      e->rest_len, e->kept ? e->kept_len : 0,
				  note->len, e->kept != NULL };
	struct buf *to;
	char *s;

	if (!c->relay) /* nothing is copied in between */
		return dedup_add(c->events, e, note, err);
	if (!c->batch && !(c->batch = relay_get(c->relay, err)))
		return -1;
	to = c->batch;
	s = buf_reserve(to, sizeof(p) + p.id_len + p.rest_len + p.kept_len + p.note_len);
	s = mempcpy(s, &p, sizeof(p));
	s = mempcpy(s, e->id, p.id_len);
	if (e->rest && p.rest_len)
		s = mempcpy(s, e->rest, p.rest_len);
	if (e->kept)
		s = mempcpy(s, e->kept, p.kept_len);
	if (p.note_len)
		s = mempcpy(s, note->data, p.note_len);
	to->len = (size_t)(s - to->data);
	return to->len >= BATCH_SIZE ? pass_batch(c, err) : 0;
}

int cleaning_open(struct cleaning *c, const struct csv_reader *in, const struct gz_output *output,
		  const struct gz_output *rejects, int64_t now, struct err *err)
{
	timeline_init(&c->timeline, now);
	c->events = dedup_new(c->mem, c->from);
	for (size_t i = 0; i < CLEANING_BATCHES; i++)
		c->items[i] = &c->batches[i];
	if (c->threaded)
		c->relay = relay_new(c->items, CLEANING_BATCHES, sort_batch, c, true);
	if (cleaner_open(&c->cleaner, in, err) || (output && csv_writer_open(&c->out, output, err)))
		return -1;
	c->has_out = output != NULL;
	if (rejects && rejects_open(&c->rejects, rejects, err))
		return -1;
	if (!output)
		return 0;
	cleaner_put_names(&c->cleaner, in, &c->out.row);
	return csv_writer_end_row(&c->out, err);
}

int cleaning_add(struct cleaning *c, const struct csv_reader *in, const struct csv_row *row,
		 struct err *err)
{
	struct clean_event event;
	enum clean_reason reason = cleaner_row(&c->cleaner, row, &event);

	if (reason == CLEAN_VALID)
		return add_event(c, &event, rejects_note(&c->rejects, in, row, &event), err);
	if (reason == CLEAN_BAD_EVENT_TYPE)
		rejects_add_type(&c->rejects, &c->cleaner.bad_type);
	return rejects_add(&c->rejects, reason, in, row, err);
}

/* Records of all kinds that were read. */
static uint64_t n_read(const struct cleaning *c, const struct csv_reader *in)
{
	return in->n_rows + c->n_carried;
}

int cleaning_sort(struct cleaning *c, const struct csv_reader *in, struct warnings *warnings,
		  struct err *err)
{
	if (rejects_check(&c->rejects, n_read(c, in), err)) {
		cleaner_warn(&c->cleaner, in->n_rows, warnings);
		csv_reader_warn(in, warnings);
		return -1;
	}
	if ((c->batch && pass_batch(c, err)) || (c->relay && relay_finish(c->relay, err)))
		return -1;
	return dedup_finish(c->events, err);
}

int cleaning_add_seen(struct cleaning *c, int64_t ts, const char *id, size_t len, struct err *err)
{
	static const struct buf no_note = BUF_INIT;

	/* No record is that short: so an event that is only remembered is known, and is the first
	 * of its copies at that time. */
	return add_event(c,
			 &(struct clean_event){ .ts = ts,
						.id = id,
						.id_len = len,
						.rest = "",
						.kept = c->cleaner.n_kept ? "" : NULL },
			 &no_note, err);
}

int cleaning_add_carried(struct cleaning *c, const struct csv_reader *carried,
			 const struct csv_row *row, struct err *err)
{
	const size_t n = catalogue_table("cleaned_events")->n;
	struct clean_event e = { .id = row->fields[CLEAN_EVENT_ID].s,
				 .id_len = row->fields[CLEAN_EVENT_ID].len };
	struct buf *rest = &c->carried;

	if (event_time(carried, row, CLEAN_EVENT_TS, &e.ts, err))
		return -1;
	if (!e.id_len)
		return csv_reader_fail(carried, CLEAN_EVENT_ID, err, "empty");
	buf_clear(rest);
	for (size_t i = CLEAN_USER_ID; i < n; i++)
		csv_put_field(rest, &row->fields[i]);
	e.rest_len = rest->len - 1;
	for (size_t i = n; i < row->n; i++)
		csv_put_field(rest, &row->fields[i]);
	e.rest = rest->data;
	if (row->n > n) {
		e.kept = rest->data + e.rest_len + 1;
		e.kept_len = rest->len - e.rest_len - 2;
	}
	c->n_carried++;
	if (e.ts >= c->cleaner.until)
		return rejects_add(&c->rejects, CLEAN_AFTER_UNTIL, carried, row, err);
	c->n_still_early += e.ts >= c->until;
	return add_event(c, &e, rejects_note(&c->rejects, carried, row, &e), err);
}

/* An event that belongs to the next part. */
static int carry(struct cleaning *c, const struct clean_event *e, struct err *err)
{
	c->n_early++;
	c->n_far += e->ts - c->until >= TIME_MS_PER_DAY;
	c->last_early = e->ts;
	clean_put_event(&c->early->row, e);
	return csv_writer_end_row(c->early, err);
}

static int remember(struct cleaning *c, const struct clean_event *e, struct err *err)
{
	if (!c->seen || e->ts < c->seen_from)
		return 0;
	csv_put_int(&c->seen->row, e->ts);
	csv_put_text(&c->seen->row, e->id, e->id_len);
	return csv_writer_end_row(c->seen, err);
}

/*
 * What becomes of an event as it comes back. Returns 1 if it is one of this part, 0 if it is not,
 * or -1 with err.
 */
static int take_event(struct cleaning *c, const struct csv_reader *in,
		      const struct dedup_event *next, struct err *err)
{
	const bool is_seen = !next->event.rest_len;

	if (next->event.ts >= c->until)
		return carry(c, &next->event, err);
	c->n_repeated += !is_seen && next->duplicate && next->event.ts < c->from;
	if (!is_seen && next->duplicate)
		return rejects_add_noted(&c->rejects, CLEAN_DUPLICATE_EVENT_ID, next, n_read(c, in),
					 err);
	if (!is_seen && next->event.ts < c->from)
		return rejects_add_noted(&c->rejects, CLEAN_LATE, next, n_read(c, in), err);
	if (remember(c, &next->event, err))
		return -1;
	return !is_seen;
}

/* Whether most of the records are of this part, and the rejects within their bound. */
static int check(struct cleaning *c, const struct csv_reader *in, struct err *err)
{
	uint64_t late = c->rejects.counts[CLEAN_LATE] + c->n_repeated;
	uint64_t early = c->n_early - c->n_still_early;

	if (!c->rejects.is_judged_elsewhere &&
	    bound_exceeded(&c->rejects.bound, late + early, in->n_rows))
		return err_set(
			err, ERR_RUNTIME,
			"%" PRIu64 " of %" PRIu64 " records are not of this day: %" PRIu64
			" are late, before the --until of the state (%" PRIu64
			" of them are in it already), and %" PRIu64
			" early, not before this --until: is it another day, or the same one "
			"again? (--max-rejects)",
			late + early, in->n_rows, late, c->n_repeated, early);
	return rejects_check(&c->rejects, n_read(c, in), err);
}

int cleaning_next(struct cleaning *c, const struct csv_reader *in, struct clean_event *event,
		  struct err *err)
{
	struct dedup_event next;
	int rc;

	while ((rc = dedup_next(c->events, &next, err)) > 0) {
		rc = take_event(c, in, &next, err);
		if (rc)
			break;
	}
	if (rc <= 0)
		return rc || check(c, in, err) ? -1 : 0;
	timeline_add(&c->timeline, next.event.ts);
	*event = next.event;
	if (!c->has_out)
		return 1;
	clean_put_event(&c->out.row, event);
	return csv_writer_end_row(&c->out, err) ? -1 : 1;
}

void cleaning_warn(const struct cleaning *c, const struct csv_reader *in, struct warnings *warnings)
{
	timeline_warn(&c->timeline, warnings);
	cleaner_warn(&c->cleaner, in->n_rows, warnings);
	rejects_warn(&c->rejects, in->n_rows, warnings);
	csv_reader_warn(in, warnings);
	if (c->n_far)
		warnings_add(
			warnings,
			"%" PRIu64 " of %" PRIu64
			" events that are early are so by a day or more, the last one, at %" PRId64
			", by %" PRId64 " days: a wrong clock? They are carried until their day "
			"comes (take them out of the log)",
			c->n_far, c->n_early, c->last_early,
			(c->last_early - c->until) / TIME_MS_PER_DAY);
}

void cleaning_put_summary(struct cleaning *c, const struct csv_reader *in, struct buf *text)
{
	if (c->rejects.n)
		buf_printf(text,
			   "kept %" PRIu64 " of %" PRIu64 " records; rejected %" PRIu64 ": %s",
			   n_read(c, in) - c->rejects.n, n_read(c, in), c->rejects.n,
			   rejects_summary(&c->rejects));
	if (c->n_carried || c->n_early)
		buf_printf(text,
			   "%stook in %" PRIu64 " records that were early, and carried %" PRIu64
			   " on",
			   c->rejects.n ? "\n" : "", c->n_carried, c->n_early);
}

void cleaning_release(struct cleaning *c)
{
	relay_free(c->relay);
	c->relay = NULL;
	for (size_t i = 0; i < CLEANING_BATCHES; i++)
		buf_release(&c->batches[i]);
	cleaner_release(&c->cleaner);
	dedup_free(c->events);
	c->events = NULL;
	rejects_release(&c->rejects);
	buf_release(&c->carried);
}
