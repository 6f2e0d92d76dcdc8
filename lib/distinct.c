#include "distinct.h"

#include "extsort.h"
#include "intern.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct distinct {
	struct extsort *events; /* key event_ts; event_id, NUL, rest; then the note */
	struct extsort *hashes; /* key hash of event_id; event_ts */
	struct intern suspects; /* hashes, as their 8 bytes */
	struct intern seen;     /* ids of suspect hash that came back already */
	struct buf row;         /* of `events`, while it is put together */
	int64_t last_ts;        /* of the event that came back last */
	struct buf last_id;
};

struct distinct *distinct_new(uint64_t mem_limit)
{
	struct distinct *d = mem_zalloc(1, sizeof(*d));

	/* A row of the narrow sort takes 48 bytes, one of the wide sort about three times as much.
	 */
	d->hashes = extsort_new(mem_limit / 4);
	d->events = extsort_new(mem_limit - mem_limit / 4);
	return d;
}

static uint64_t hash_of(const struct clean_event *event)
{
	return intern_hash(event->id, event->id_len);
}

int distinct_add(struct distinct *d, const struct clean_event *event, const struct buf *note,
		 struct err *err)
{
	struct extsort_row wide, narrow = { .bytes = (const char *)&event->ts,
					    .len = sizeof(event->ts),
					    .compare_len = sizeof(event->ts) };
	uint64_t hash = hash_of(event);

	/* NUL is below every byte of an id, so that an id comes before those it begins. */
	buf_clear(&d->row);
	buf_append(&d->row, event->id, event->id_len);
	buf_append_char(&d->row, '\0');
	buf_append(&d->row, event->rest, event->rest_len);
	wide.key = event->ts;
	wide.compare_len = d->row.len;
	buf_append(&d->row, note->data, note->len);
	wide.bytes = d->row.data;
	wide.len = d->row.len;
	memcpy(&narrow.key, &hash, sizeof(hash));
	return extsort_add(d->events, &wide, err) || extsort_add(d->hashes, &narrow, err) ? -1 : 0;
}

/* Runs through the sorted hashes and keeps those that stand with different times. */
static int find_suspects(struct distinct *d, struct err *err)
{
	struct extsort_row row;
	int64_t hash = 0, ts = 0, last_hash = 0, last_ts = 0;
	bool any = false;
	int rc;

	if (extsort_finish(d->hashes, err))
		return -1;
	while ((rc = extsort_next(d->hashes, &row, err)) > 0) {
		hash = row.key;
		memcpy(&ts, row.bytes, sizeof(ts));
		if (any && hash == last_hash && ts != last_ts)
			intern_id(&d->suspects, (const char *)&hash, sizeof(hash));
		any = true;
		last_hash = hash;
		last_ts = ts;
	}
	extsort_free(d->hashes);
	d->hashes = NULL;
	return rc;
}

int distinct_finish(struct distinct *d, struct err *err)
{
	return find_suspects(d, err) || extsort_finish(d->events, err) ? -1 : 0;
}

/* Whether an event of this id came back before; remembers it. */
static bool is_duplicate(struct distinct *d, const struct clean_event *event)
{
	uint64_t hash;
	uint32_t n_seen;

	if (event->ts == d->last_ts && event->id_len == d->last_id.len &&
	    !memcmp(event->id, d->last_id.data, event->id_len))
		return true;
	d->last_ts = event->ts;
	buf_clear(&d->last_id);
	buf_append(&d->last_id, event->id, event->id_len);
	if (!d->suspects.n)
		return false;
	hash = hash_of(event);
	if (intern_find(&d->suspects, (const char *)&hash, sizeof(hash)) == INTERN_NONE)
		return false;
	n_seen = d->seen.n;
	return intern_id(&d->seen, event->id, event->id_len) < n_seen;
}

int distinct_next(struct distinct *d, struct distinct_event *next, struct err *err)
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
	next->note = row.bytes + row.compare_len;
	next->note_len = row.len - row.compare_len;
	next->duplicate = is_duplicate(d, event);
	return 1;
}

void distinct_free(struct distinct *d)
{
	if (!d)
		return;
	extsort_free(d->events);
	extsort_free(d->hashes);
	intern_release(&d->suspects);
	intern_release(&d->seen);
	buf_release(&d->row);
	buf_release(&d->last_id);
	free(d);
}
