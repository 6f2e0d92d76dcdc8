#include "events/dedup.h"

#include "base/hash.h"
#include "base/intern.h"
#include "base/mem.h"
#include "base/small.h"
#include "events/dupcheck.h"
#include "table/extsort.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_MIN SMALL((uint64_t)2 * 1024 * 1024, 64 * 1024)
#define SEEN_SIZE 64 /* bytes an id that is remembered, besides its own; see intern.h */

struct dedup {
	uint64_t limit;
	int64_t from;              /* events before it that have a rest are too late */
	uint64_t share;            /* of it, half of what `events` leaves after dedup_finish */
	struct extsort *events;    /* key event_ts; event_id, NUL, rest; NUL, kept; then the note */
	struct dupcheck *suspects; /* hash of event_id with event_ts */
	bool has_kept;             /* the events have kept columns */
	int64_t n;                 /* events that came back, since the last rewind */
	int64_t last_ts;           /* of the event that came back last */
	struct buf last_id;
	bool is_late_alone; /* that event is late, and no duplicate: so are its copies */

	struct intern seen; /* ids of suspect hash that came back already, while there is room */
	uint64_t seen_size;

	/* Then: numbers of events in order, from 1 on. */
	struct extsort *by_id; /* key hash; event_id, number: the suspects, late ones negative */
	struct extsort *later; /* key number: those whose id came before */
	int64_t next_later;    /* the first of these >= n; INT64_MAX: none */
};

/* An event as it is sorted. */
struct sorted {
	struct extsort_row row;
	size_t id_len;
	bool is_copy; /* the event before has the same id and time */
	bool is_late;
};

struct dedup *dedup_new(uint64_t mem_limit, int64_t from)
{
	struct dedup *d = mem_zalloc(1, sizeof(*d));

	/* A pair takes 16 bytes, an event about four times as much. */
	d->limit = mem_limit < LIMIT_MIN ? LIMIT_MIN : mem_limit;
	d->from = from;
	d->suspects = dupcheck_new(d->limit / 5);
	d->events = extsort_new(d->limit - d->limit / 5);
	return d;
}

int dedup_add(struct dedup *d, const struct clean_event *event, const struct buf *note,
	      struct err *err)
{
	/* NUL is below all that is in a record: an id comes before those that it begins, and so
	 * does the rest, whatever is kept after it. */
	size_t plain_len = event->id_len + 1 + event->rest_len;
	size_t compare_len = plain_len + (event->kept ? 1 + event->kept_len : 0);
	char *at = extsort_reserve(d->events, event->ts, compare_len + note->len, compare_len, err);

	if (!at)
		return -1;
	memcpy(at, event->id, event->id_len);
	at[event->id_len] = '\0';
	memcpy(at + event->id_len + 1, event->rest, event->rest_len);
	d->has_kept = event->kept;
	if (event->kept) {
		at[plain_len] = '\0';
		memcpy(at + plain_len + 1, event->kept, event->kept_len);
	}
	if (note->len)
		memcpy(at + compare_len, note->data, note->len);
	return dupcheck_add(d->suspects, hash_bytes(event->id, event->id_len), event->ts, err);
}

int dedup_finish(struct dedup *d, struct err *err)
{
	uint64_t left, held;

	if (dupcheck_finish(d->suspects, err) || extsort_finish(d->events, err))
		return -1;
	/* What dupcheck keeps is an eighth of its fifth at most. */
	left = d->limit - d->limit / 40;
	held = extsort_held(d->events);
	d->share = held < left ? (left - held) / 2 : 0; /* one row may be larger than the limit */
	return 0;
}

static bool is_last_id(const struct dedup *d, const char *id, size_t id_len)
{
	return id_len == d->last_id.len && !memcmp(id, d->last_id.data, id_len);
}

static void set_last_id(struct dedup *d, const char *id, size_t id_len)
{
	buf_clear(&d->last_id);
	buf_append(&d->last_id, id, id_len);
}

static bool has_rest(const struct extsort_row *row, size_t id_len)
{
	return row->compare_len > id_len + 1 && row->bytes[id_len + 1];
}

/* The next event in order. Returns 1, 0 after the last, or -1 with err. */
static int next_sorted(struct dedup *d, struct sorted *next, struct err *err)
{
	const char *id;
	int rc = extsort_next(d->events, &next->row, err);

	if (rc <= 0)
		return rc;
	id = next->row.bytes;
	next->id_len = (size_t)((const char *)memchr(id, '\0', next->row.len) - id);
	next->is_copy = d->n && next->row.key == d->last_ts && is_last_id(d, id, next->id_len);
	/* Of the copies of one time it is that without a rest which is the first. */
	next->is_late = next->row.key < d->from && has_rest(&next->row, next->id_len);
	d->n++;
	if (!next->is_copy) {
		d->last_ts = next->row.key;
		set_last_id(d, id, next->id_len);
	}
	return 1;
}

static int rewind_events(struct dedup *d, struct err *err)
{
	d->n = 0;
	return extsort_rewind(d->events, err);
}

/* Sorts the suspects among all events by their id. */
static int sort_suspects(struct dedup *d, struct err *err)
{
	struct sorted event;
	int rc;

	d->by_id = extsort_new(d->share);
	while ((rc = next_sorted(d, &event, err)) > 0) {
		uint64_t hash = hash_bytes(event.row.bytes, event.id_len);
		int64_t number = event.is_late ? -d->n : d->n;
		char *at;

		if (event.is_copy || !dupcheck_has(d->suspects, hash))
			continue;
		at = extsort_reserve(d->by_id, (int64_t)hash, event.id_len + sizeof(number),
				     event.id_len, err);
		if (!at)
			return -1;
		memcpy(at, event.row.bytes, event.id_len);
		memcpy(at + event.id_len, &number, sizeof(number));
	}
	return rc ? -1 : extsort_finish(d->by_id, err);
}

/* Sorts the numbers of all suspects but the first of each id. */
static int sort_later(struct dedup *d, struct err *err)
{
	struct extsort_row row;
	bool has_first = false; /* of the last id */
	bool is_any = false;
	int rc;

	d->later = extsort_new(d->share);
	for (; (rc = extsort_next(d->by_id, &row, err)) > 0; is_any = true) {
		struct extsort_row number = { 0 };

		memcpy(&number.key, row.bytes + row.compare_len, sizeof(number.key));
		if (!is_any || !is_last_id(d, row.bytes, row.compare_len)) {
			set_last_id(d, row.bytes, row.compare_len);
			has_first = false;
		}
		if (!has_first) {
			has_first = number.key > 0;
			continue;
		}
		if (number.key < 0)
			number.key = -number.key;
		if (extsort_add(d->later, &number, err))
			return -1;
	}
	extsort_free(d->by_id);
	d->by_id = NULL;
	return rc ? -1 : extsort_finish(d->later, err);
}

/*
 * Finds all duplicates by sorting instead of remembering ids. To be called between two events,
 * which it leaves where they were.
 */
static int find_later(struct dedup *d, struct err *err)
{
	int64_t n = d->n;
	struct sorted skipped;

	intern_release(&d->seen);
	d->seen_size = 0;
	if (rewind_events(d, err) || sort_suspects(d, err) || sort_later(d, err) ||
	    rewind_events(d, err))
		return -1;
	while (d->n < n)
		if (next_sorted(d, &skipped, err) < 0)
			return -1;
	return 0;
}

/* Whether the event that came back last is among those of `later`. Returns 0, or -1 with err. */
static int look_up_later(struct dedup *d, bool *is_later, struct err *err)
{
	while (d->next_later < d->n) {
		struct extsort_row row;
		int rc = extsort_next(d->later, &row, err);

		if (rc < 0)
			return -1;
		d->next_later = rc ? row.key : INT64_MAX;
	}
	*is_later = d->next_later == d->n;
	return 0;
}

/* Whether the id was remembered before; remembers it if there can be another event of it. */
static bool was_seen(struct dedup *d, const char *id, size_t id_len, bool is_late)
{
	uint32_t n_seen = d->seen.n;

	if (!dupcheck_has(d->suspects, hash_bytes(id, id_len)))
		return false;
	if (is_late)
		return intern_find(&d->seen, id, id_len) != INTERN_NONE;
	if (intern_id(&d->seen, id, id_len) < n_seen)
		return true;
	d->seen_size += SEEN_SIZE + id_len;
	return false;
}

int dedup_next(struct dedup *d, struct dedup_event *next, struct err *err)
{
	struct sorted sorted;
	const struct extsort_row *row = &sorted.row;
	struct clean_event *event = &next->event;
	int rc;

	if (d->seen_size > d->share && find_later(d, err))
		return -1;
	rc = next_sorted(d, &sorted, err);
	if (rc <= 0)
		return rc;
	event->ts = row->key;
	event->id = row->bytes;
	event->id_len = sorted.id_len;
	event->rest = row->bytes + event->id_len + 1;
	event->rest_len = row->compare_len - event->id_len - 1;
	event->kept = NULL;
	if (d->has_kept) {
		event->kept = (const char *)memchr(event->rest, '\0', event->rest_len) + 1;
		event->kept_len = event->rest_len - (size_t)(event->kept - event->rest);
		event->rest_len -= event->kept_len + 1;
	}
	event->is_as_read = false; /* no longer known */
	next->note = row->bytes + row->compare_len;
	next->note_len = row->len - row->compare_len;
	next->duplicate = !d->is_late_alone;
	if (sorted.is_copy)
		return 1;
	if (!d->later)
		next->duplicate = was_seen(d, event->id, event->id_len, sorted.is_late);
	else if (look_up_later(d, &next->duplicate, err))
		return -1;
	d->is_late_alone = sorted.is_late && !next->duplicate;
	return 1;
}

void dedup_free(struct dedup *d)
{
	if (!d)
		return;
	extsort_free(d->events);
	extsort_free(d->by_id);
	extsort_free(d->later);
	dupcheck_free(d->suspects);
	intern_release(&d->seen);
	buf_release(&d->last_id);
	free(d);
}
