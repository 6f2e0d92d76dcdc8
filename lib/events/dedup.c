#include "events/dedup.h"

#include "base/intern.h"
#include "base/mem.h"
#include "events/dupcheck.h"
#include "table/extsort.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_MIN ((uint64_t)2 * 1024 * 1024)

struct dedup {
	struct extsort *events;    /* key event_ts; event_id, NUL, rest; NUL, kept; then the note */
	struct dupcheck *suspects; /* hash of event_id with event_ts */
	struct intern seen;        /* ids of suspect hash that came back already */
	bool has_kept;             /* the events have kept columns */
	int64_t last_ts;           /* of the event that came back last */
	struct buf last_id;
};

struct dedup *dedup_new(uint64_t mem_limit)
{
	struct dedup *d = mem_zalloc(1, sizeof(*d));
	uint64_t limit = mem_limit < LIMIT_MIN ? LIMIT_MIN : mem_limit;

	/* A pair takes 16 bytes, an event about four times as much. */
	d->suspects = dupcheck_new(limit / 5);
	d->events = extsort_new(limit - limit / 5);
	return d;
}

static uint64_t hash_of(const struct clean_event *event)
{
	return intern_hash(event->id, event->id_len);
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
	return dupcheck_add(d->suspects, hash_of(event), event->ts, err);
}

int dedup_finish(struct dedup *d, struct err *err)
{
	return dupcheck_finish(d->suspects, err) || extsort_finish(d->events, err) ? -1 : 0;
}

/* Whether an event of this id came back before; remembers it. */
static bool is_duplicate(struct dedup *d, const struct clean_event *event)
{
	uint32_t n_seen;

	if (event->ts == d->last_ts && event->id_len == d->last_id.len &&
	    !memcmp(event->id, d->last_id.data, event->id_len))
		return true;
	d->last_ts = event->ts;
	buf_clear(&d->last_id);
	buf_append(&d->last_id, event->id, event->id_len);
	if (!dupcheck_has(d->suspects, hash_of(event)))
		return false;
	n_seen = d->seen.n;
	return intern_id(&d->seen, event->id, event->id_len) < n_seen;
}

int dedup_next(struct dedup *d, struct dedup_event *next, struct err *err)
{
	struct extsort_row row;
	struct clean_event *event = &next->event;
	int rc = extsort_next(d->events, &row, err);

	if (rc <= 0)
		return rc;
	event->ts = row.key;
	event->id = row.bytes;
	event->id_len = (size_t)((const char *)memchr(row.bytes, '\0', row.len) - row.bytes);
	event->rest = row.bytes + event->id_len + 1;
	event->rest_len = row.compare_len - event->id_len - 1;
	event->kept = NULL;
	if (d->has_kept) {
		event->kept = (const char *)memchr(event->rest, '\0', event->rest_len) + 1;
		event->kept_len = event->rest_len - (size_t)(event->kept - event->rest);
		event->rest_len -= event->kept_len + 1;
	}
	event->is_as_read = false; /* no longer known */
	next->note = row.bytes + row.compare_len;
	next->note_len = row.len - row.compare_len;
	next->duplicate = is_duplicate(d, event);
	return 1;
}

void dedup_free(struct dedup *d)
{
	if (!d)
		return;
	extsort_free(d->events);
	dupcheck_free(d->suspects);
	intern_release(&d->seen);
	buf_release(&d->last_id);
	free(d);
}
