#include "history/session.h"

#include "base/time.h"

/* A pair's latest event and current session; id 0: no event yet. */
struct session_pair {
	int64_t last_ts;
	int64_t deadline;
	int64_t start;
	int64_t id;
	bool has_complete;
};

/*
 * The same in 24 bytes, so that a pair and what is known of it are half a cache line. A time has 42
 * bits (EVENT_TS_END does); a deadline, later by a gap and a runtime, 44.
 *
 *   word     0                       1                       2
 *   bits     63..22     21..0        63..22     21..0        63..1   0
 *            last_ts    deadline's   start      deadline's   id      has_complete
 *                       high half               low half
 */
struct packed_pair {
	uint64_t word[3];
};

#define HALF      22
#define HALF_MASK ((UINT64_C(1) << HALF) - 1)

static struct session_pair unpack(const struct packed_pair *p)
{
	return (struct session_pair){
		.last_ts = (int64_t)(p->word[0] >> HALF),
		.deadline = (int64_t)((p->word[0] & HALF_MASK) << HALF | (p->word[1] & HALF_MASK)),
		.start = (int64_t)(p->word[1] >> HALF),
		.id = (int64_t)(p->word[2] >> 1),
		.has_complete = p->word[2] & 1,
	};
}

static struct packed_pair pack(const struct session_pair *p)
{
	return (struct packed_pair){ {
		(uint64_t)p->last_ts << HALF | (uint64_t)p->deadline >> HALF,
		(uint64_t)p->start << HALF | ((uint64_t)p->deadline & HALF_MASK),
		(uint64_t)p->id << 1 | p->has_complete,
	} };
}

void sessions_init(struct sessions *s, const struct session_options *options)
{
	*s = (struct sessions){ .options = *options, .pairs = PAIRS_INIT(struct packed_pair) };
}

void sessions_release(struct sessions *s)
{
	pairs_release(&s->pairs);
}

static int64_t deadline(const struct session_options *options, const struct event *e)
{
	bool playing = e->type == EVENT_PLAY || e->type == EVENT_SEEK;
	int64_t t = e->ts + options->gap;

	if (!options->plain_gap && playing && e->runtime != EVENT_UNKNOWN &&
	    e->position != EVENT_UNKNOWN && e->runtime > e->position)
		t += (e->runtime - e->position) * TIME_MS_PER_SECOND;
	return t;
}

void sessions_prefetch(const struct sessions *s, const struct event_ids *ids)
{
	pairs_prefetch(&s->pairs, ids->user, ids->content);
}

bool sessions_step(struct sessions *s, struct event *e)
{
	struct packed_pair *packed = pairs_get(&s->pairs, e->user, e->content);
	struct session_pair pair = unpack(packed), *p = &pair;
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
	*packed = pack(p);
	return starts;
}

static inline char *put_known(char *at, int64_t value)
{
	if (value != EVENT_UNKNOWN)
		at += num_format_int(at, value);
	*at++ = ',';
	return at;
}

void session_put(struct buf *row, const struct event *e)
{
	char *at = buf_reserve(row, catalogue_sessions.n * (NUM_TEXT_MAX + 1));

#define SESSION(name, type, unit, definition, empty, value) at = put_known(at, value);
#include "table/sessions.def"
	row->len = (size_t)(at - row->data);
}
