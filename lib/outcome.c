#include "outcome.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct outcome_pair {
	struct outcome_session *current; /* NULL: none is open */
	uint32_t n_sessions;
};

void outcomes_init(struct outcomes *o, int64_t near_end)
{
	*o = (struct outcomes){ .near_end = near_end };
}

void outcomes_release(struct outcomes *o)
{
	for (size_t i = 0; i < o->n_open; i++)
		free(o->heap[i]);
	free(o->heap);
	free(o->closed);
	free(o->pairs);
	*o = (struct outcomes){ 0 };
}

int outcome_n_types(const struct outcome_session *s)
{
	return __builtin_popcount(s->types);
}

static bool closes_before(const struct outcome_session *a, const struct outcome_session *b)
{
	return a->closing < b->closing || (a->closing == b->closing && a->id < b->id);
}

static void place(struct outcomes *o, struct outcome_session *s, size_t at)
{
	o->heap[at] = s;
	s->heap_at = at;
}

/* Moves s, whose closing time may have changed, to where it belongs. */
static void settle(struct outcomes *o, struct outcome_session *s)
{
	size_t at = s->heap_at;

	while (at && closes_before(s, o->heap[(at - 1) / 2])) {
		place(o, o->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < o->n_open && closes_before(o->heap[child + 1], o->heap[child]))
			child++;
		if (child >= o->n_open || !closes_before(o->heap[child], s))
			break;
		place(o, o->heap[child], at);
		at = child;
	}
	place(o, s, at);
}

static struct outcome_pair *find_pair(struct outcomes *o, uint32_t pair)
{
	if (pair >= o->cap_pairs) {
		size_t cap = mem_grow(o->cap_pairs, (size_t)pair + 1);

		o->pairs = mem_realloc(o->pairs, cap, sizeof(*o->pairs));
		memset(o->pairs + o->cap_pairs, 0, (cap - o->cap_pairs) * sizeof(*o->pairs));
		o->cap_pairs = cap;
	}
	return &o->pairs[pair];
}

static struct outcome_session *open_session(struct outcomes *o, struct outcome_pair *pair,
					    const struct event *e)
{
	struct outcome_session *s = mem_alloc(1, sizeof(*s));

	/* The pair's previous session, if its deadline is yet to come, closes now. */
	if (pair->current && pair->current->closing > e->ts) {
		pair->current->closing = e->ts;
		settle(o, pair->current);
	}
	*s = (struct outcome_session){
		.id = ++o->n,
		.user = e->user,
		.content = e->content,
		.genre = e->genre,
		.pair = e->pair,
		.start = e->ts,
		.closing = e->deadline,
		.completed_at = EVENT_UNKNOWN,
		.max_ratio = EVENT_UNKNOWN,
		.number = ++pair->n_sessions,
	};
	pair->current = s;
	if (o->n_open == o->cap_open) {
		o->cap_open = mem_grow(o->cap_open, o->n_open + 1);
		o->heap = mem_realloc(o->heap, o->cap_open, sizeof(struct outcome_session *));
	}
	s->heap_at = o->n_open++;
	settle(o, s);
	return s;
}

static void add_event(struct outcomes *o, struct outcome_session *s, const struct event *e)
{
	s->end = e->ts;
	s->n_events++;
	s->n_pauses += e->type == EVENT_PAUSE;
	s->n_seeks += e->type == EVENT_SEEK;
	if (e->ratio > s->max_ratio)
		s->max_ratio = e->ratio; /* EVENT_UNKNOWN is the smallest of all */
	s->types |= (uint8_t)(1 << e->type);
	s->has_complete |= e->type == EVENT_COMPLETE;
	s->has_near_end_stop |= e->type == EVENT_STOP && e->ratio >= o->near_end;
}

struct outcome_session *outcomes_step(struct outcomes *o, const struct event *e, bool *completes,
				      struct err *err)
{
	struct outcome_pair *pair = find_pair(o, e->pair);
	struct outcome_session *s = pair->current;

	if (!s || s->id != e->session_id) {
		if (e->session_id != o->n + 1) {
			err_set(err, ERR_RUNTIME,
				"session %lld is neither the next one, %lld, nor open for its user "
				"and content",
				(long long)e->session_id, (long long)o->n + 1);
			return NULL;
		}
		if (e->session_start != e->ts) {
			err_set(err, ERR_RUNTIME,
				"session %lld begins at %lld, but its first event is at %lld",
				(long long)e->session_id, (long long)e->session_start,
				(long long)e->ts);
			return NULL;
		}
		s = open_session(o, pair, e);
	} else if (s->start != e->session_start) {
		err_set(err, ERR_RUNTIME, "session %lld began at %lld, not at %lld",
			(long long)s->id, (long long)s->start, (long long)e->session_start);
		return NULL;
	} else {
		s->closing = e->deadline;
		settle(o, s);
	}
	add_event(o, s, e);
	*completes = s->completed_at == EVENT_UNKNOWN &&
		     (s->has_complete || (s->has_near_end_stop && outcome_n_types(s) >= 2));
	if (*completes)
		s->completed_at = e->ts;
	return s;
}

const struct outcome_session *outcomes_close(struct outcomes *o, int64_t t)
{
	struct outcome_session *first, *last;

	if (!o->n_open || o->heap[0]->closing >= t)
		return NULL;
	first = o->heap[0];
	last = o->heap[--o->n_open];
	if (last != first) {
		last->heap_at = 0;
		settle(o, last);
	}
	if (o->pairs[first->pair].current == first)
		o->pairs[first->pair].current = NULL;
	free(o->closed);
	o->closed = first;
	return first;
}
