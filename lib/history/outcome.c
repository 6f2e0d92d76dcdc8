#include "history/outcome.h"

#include "base/mem.h"

#include <stdlib.h>

struct outcome_entry {
	int64_t closing;  /* of its session, or earlier */
	uint32_t session; /* its place */
};

/* In the table of pairs: a session's place, and 1 so that 0 is none. */
typedef uint32_t place_plus_1;

void outcomes_init(struct outcomes *o)
{
	*o = (struct outcomes){ .open = PAIRS_INIT(place_plus_1) };
}

void outcomes_release(struct outcomes *o)
{
	free(o->sessions);
	free(o->heap);
	free(o->heap_at);
	pairs_release(&o->open);
	outcomes_init(o);
}

int outcome_n_types(const struct outcome_session *s)
{
	return __builtin_popcount(s->types);
}

static bool closes_before(const struct outcomes *o, const struct outcome_entry *a,
			  const struct outcome_entry *b)
{
	return a->closing < b->closing || (a->closing == b->closing &&
					   o->sessions[a->session].id < o->sessions[b->session].id);
}

static void place(struct outcomes *o, struct outcome_entry entry, uint32_t at)
{
	o->heap[at] = entry;
	o->heap_at[entry.session] = at;
}

/* Moves the entry at `at`, whose closing time may have changed, to where it belongs. */
static void settle(struct outcomes *o, uint32_t at)
{
	const struct outcome_entry entry = o->heap[at];

	while (at && closes_before(o, &entry, &o->heap[(at - 1) / 2])) {
		place(o, o->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < o->n_open && closes_before(o, &o->heap[child + 1], &o->heap[child]))
			child++;
		if (child >= o->n_open || !closes_before(o, &o->heap[child], &entry))
			break;
		place(o, o->heap[child], at);
		at = child;
	}
	place(o, entry, at);
}

static void set_closing(struct outcomes *o, uint32_t session, int64_t closing)
{
	struct outcome_entry *entry = &o->heap[o->heap_at[session]];

	o->sessions[session].closing = closing;
	if (closing < entry->closing) {
		entry->closing = closing;
		settle(o, o->heap_at[session]);
	}
}

static void grow(struct outcomes *o)
{
	size_t cap = mem_grow(o->cap, (size_t)o->cap + 1);

	o->sessions = mem_realloc(o->sessions, cap, sizeof(*o->sessions));
	o->heap = mem_realloc(o->heap, cap, sizeof(*o->heap));
	o->heap_at = mem_realloc(o->heap_at, cap, sizeof(*o->heap_at));
	/* Fewer than 2^32: the places of so many would take 400 GB. */
	for (; o->cap < (uint32_t)cap; o->cap++)
		o->heap[o->cap].session = o->cap;
}

/* Puts a session among the open ones, the latest of its pair. */
static struct outcome_session *add_session(struct outcomes *o, place_plus_1 *latest,
					   const struct outcome_session *s)
{
	uint32_t session;

	if (o->n_open == o->cap)
		grow(o);
	session = o->heap[o->n_open].session;
	o->sessions[session] = *s;
	o->heap[o->n_open++].closing = s->closing;
	settle(o, o->n_open - 1);
	*latest = session + 1;
	return &o->sessions[session];
}

/* Opens the next session of the pair whose latest open one is at *latest. */
static struct outcome_session *open_session(struct outcomes *o, place_plus_1 *latest,
					    const struct event *e)
{
	/* The pair's previous session, if its deadline is yet to come, closes now. */
	if (*latest && o->sessions[*latest - 1].closing > e->ts)
		set_closing(o, *latest - 1, e->ts);
	return add_session(o, latest,
			   &(struct outcome_session){
				   .id = ++o->n,
				   .user = e->user,
				   .content = e->content,
				   .genre = e->genre,
				   .past = session_past(e),
				   .closing = e->deadline,
				   .max_ratio = EVENT_UNKNOWN,
			   });
}

void outcomes_restore(struct outcomes *o, const struct outcome_session *session)
{
	add_session(o, pairs_get(&o->open, session->user, session->content), session);
}

const struct outcome_session *outcomes_find(const struct outcomes *o, uint32_t user,
					    uint32_t content)
{
	const place_plus_1 *latest = pairs_find(&o->open, user, content);

	return latest ? &o->sessions[*latest - 1] : NULL;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = (*(const struct outcome_session *const *)a)->id,
		y = (*(const struct outcome_session *const *)b)->id;

	return (x > y) - (x < y);
}

const struct outcome_session **outcomes_sorted(const struct outcomes *o)
{
	const struct outcome_session **sorted = mem_alloc(o->n_open, sizeof(const void *));

	for (uint32_t i = 0; i < o->n_open; i++)
		sorted[i] = &o->sessions[o->heap[i].session];
	qsort(sorted, o->n_open, sizeof(const void *), compare_ids);
	return sorted;
}

static void add_event(struct outcome_session *s, const struct event *e)
{
	session_past_add(&s->past, e);
	s->n_events += event_is_counted(e->type);
	s->n_pauses += e->type == EVENT_PAUSE;
	s->n_seeks += e->type == EVENT_SEEK;
	if (e->ratio > s->max_ratio)
		s->max_ratio = e->ratio; /* EVENT_UNKNOWN is the smallest of all */
	s->types |= (uint8_t)(1 << e->type);
	s->has_complete |= e->type == EVENT_COMPLETE;
	s->is_completed_without |= e->completes && e->type != EVENT_COMPLETE;
}

struct outcome_session *outcomes_step(struct outcomes *o, const struct event *e, struct err *err)
{
	place_plus_1 *latest = pairs_get(&o->open, e->user, e->content);
	struct outcome_session *before = *latest ? &o->sessions[*latest - 1] : NULL;
	struct outcome_session *s = *latest && before->id == e->session_id ? before : NULL;
	const struct session_past *past = s ? &s->past : NULL;
	enum sessioncols_fault fault;

	if (!s && e->session_id != o->n + 1) {
		sessioncols_fail_id(e, o->n + 1, err);
		return NULL;
	}
	fault = sessioncols_check(past, *latest ? &before->past : NULL, e);
	if (fault) {
		sessioncols_fail(fault, past, e, err);
		return NULL;
	}
	if (s)
		set_closing(o, *latest - 1, e->deadline);
	else
		s = open_session(o, latest, e);
	add_event(s, e);
	return s;
}

const struct outcome_session *outcomes_close(struct outcomes *o, int64_t t)
{
	const struct outcome_session *s;
	const place_plus_1 *latest;
	uint32_t session;

	for (;;) {
		if (!o->n_open || o->heap[0].closing >= t)
			return NULL;
		session = o->heap[0].session;
		s = &o->sessions[session];
		if (o->heap[0].closing == s->closing)
			break;
		o->heap[0].closing = s->closing; /* it was put off since */
		settle(o, 0);
	}
	o->heap[0] = o->heap[--o->n_open];
	o->heap[o->n_open].session = session;
	if (o->n_open)
		settle(o, 0);
	latest = pairs_find(&o->open, s->user, s->content);
	if (latest && *latest == session + 1)
		pairs_remove(&o->open, s->user, s->content);
	return s;
}
