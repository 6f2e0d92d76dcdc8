#include "session.h"

#include "mem.h"
#include "num.h"

#include <stdlib.h>
#include <string.h>

/* A pair's latest event and current session; id 0: no event yet. */
struct session_pair {
	int64_t last_ts;
	int64_t deadline;
	int64_t start;
	int64_t id;
	bool has_complete;
};

void sessions_init(struct sessions *s, const struct session_options *options)
{
	*s = (struct sessions){ .options = *options };
}

void sessions_release(struct sessions *s)
{
	free(s->pairs);
	s->pairs = NULL;
	s->cap = 0;
}

static struct session_pair *find_pair(struct sessions *s, uint32_t pair)
{
	if (pair >= s->cap) {
		size_t cap = mem_grow(s->cap, (size_t)pair + 1);

		s->pairs = mem_realloc(s->pairs, cap, sizeof(*s->pairs));
		memset(s->pairs + s->cap, 0, (cap - s->cap) * sizeof(*s->pairs));
		s->cap = cap;
	}
	return &s->pairs[pair];
}

static int64_t deadline(const struct session_options *options, const struct event *e)
{
	bool playing = e->type == EVENT_PLAY || e->type == EVENT_SEEK;
	int64_t t = e->ts + options->gap;

	if (!options->plain_gap && playing && e->runtime != EVENT_UNKNOWN &&
	    e->position != EVENT_UNKNOWN && e->runtime > e->position)
		t += (e->runtime - e->position) * NUM_MS_PER_SECOND;
	return t;
}

bool sessions_step(struct sessions *s, struct event *e)
{
	struct session_pair *p = find_pair(s, e->pair);
	bool starts = !p->id || e->ts > p->deadline || (e->type == EVENT_PLAY && p->has_complete);

	e->prev_ts = p->id ? p->last_ts : EVENT_UNKNOWN;
	if (starts) {
		p->id = ++s->n;
		p->start = e->ts;
		p->has_complete = false;
	}
	p->last_ts = e->ts;
	p->deadline = deadline(&s->options, e);
	p->has_complete |= e->type == EVENT_COMPLETE;
	e->session_id = p->id;
	e->session_start = p->start;
	e->deadline = p->deadline;
	return starts;
}
