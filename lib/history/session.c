#include "history/session.h"

#include "base/time.h"

#include <string.h>

/*
 * struct session_pair in 24 bytes, so that a pair and what is known of it are half a cache line. A
 * time has 42 bits (EVENT_TS_END does); a deadline, later by a gap and a time left to play, 44.
 *
 *   word     0                       1                       2
 *   bits     63..22     21..0        63..22     21..0        63..11   10..3   2..0
 *            last_ts    deadline's   start      deadline's   id       types   the three flags
 *                       high half               low half
 */
struct packed_pair {
	uint64_t word[3];
};

/* What the played time needs besides. */
struct played_pair {
	struct packed_pair pair; /* first, so that it is a packed_pair, too */
	int64_t played;          /* ms of the session, up to its latest event */
	int64_t left;            /* ms that may be played after that one, until the next */
};

#define HALF      22
#define HALF_MASK ((UINT64_C(1) << HALF) - 1)

_Static_assert(EVENT_N_TYPES <= 8, "types has a bit for each");

static struct session_pair unpack(const struct packed_pair *p)
{
	return (struct session_pair){
		.last_ts = (int64_t)(p->word[0] >> HALF),
		.deadline = (int64_t)((p->word[0] & HALF_MASK) << HALF | (p->word[1] & HALF_MASK)),
		.start = (int64_t)(p->word[1] >> HALF),
		.id = (int64_t)(p->word[2] >> 11),
		.types = (uint8_t)(p->word[2] >> 3),
		.came_near_end = p->word[2] >> 2 & 1,
		.has_near_end_stop = p->word[2] >> 1 & 1,
		.is_completed = p->word[2] & 1,
	};
}

static struct packed_pair pack(const struct session_pair *p)
{
	return (struct packed_pair){ {
		(uint64_t)p->last_ts << HALF | (uint64_t)p->deadline >> HALF,
		(uint64_t)p->start << HALF | ((uint64_t)p->deadline & HALF_MASK),
		(uint64_t)p->id << 11 | (uint64_t)p->types << 3 | (p->came_near_end ? 4 : 0) |
			(p->has_near_end_stop ? 2 : 0) | (p->is_completed ? 1 : 0),
	} };
}

const struct session_pair *sessions_pair(const struct sessions *s, const void *state,
					 struct session_pair *pair)
{
	*pair = unpack(state);
	if (s->options.complete_by == SESSION_BY_PLAYED) {
		pair->played = ((const struct played_pair *)state)->played;
		pair->left = ((const struct played_pair *)state)->left;
	}
	return pair;
}

int sessions_restore(struct sessions *s, uint32_t user, uint32_t content,
		     const struct session_pair *pair)
{
	struct packed_pair *packed = pairs_get(&s->pairs, user, content);

	if (packed->word[0])
		return -1;
	*packed = pack(pair);
	if (s->options.complete_by == SESSION_BY_PLAYED) {
		((struct played_pair *)packed)->played = pair->played;
		((struct played_pair *)packed)->left = pair->left;
	}
	return 0;
}

void sessions_init(struct sessions *s, const struct session_options *options)
{
	*s = (struct sessions){ .options = *options, .pairs = PAIRS_INIT(struct packed_pair) };
	if (options->complete_by == SESSION_BY_PLAYED)
		s->pairs = (struct pairs)PAIRS_INIT(struct played_pair);
}

void sessions_release(struct sessions *s)
{
	pairs_release(&s->pairs);
}

void sessions_prefetch(const struct sessions *s, const struct event_ids *ids)
{
	pairs_prefetch(&s->pairs, ids->user, ids->content);
}

/* The time left to play at the event, in ms. */
static int64_t time_left(const struct session_options *options, const struct event *e)
{
	int64_t left = options->unknown_runtime;
	int64_t position = e->position == EVENT_UNKNOWN ? 0 : e->position;

	if (e->runtime > 0) /* EVENT_UNKNOWN is not */
		left = position < e->runtime ? (e->runtime - position) * TIME_MS_PER_SECOND : 0;
	return left < options->max_left ? left : options->max_left;
}

/* Adds what was played until the event, and says whether that is enough of its runtime. */
static bool is_played(struct played_pair *p, const struct session_options *options,
		      const struct event *e, bool starts, int64_t last_ts)
{
	if (starts)
		p->played = 0;
	else
		p->played += e->ts - last_ts < p->left ? e->ts - last_ts : p->left;
	p->left = event_leaves_playing(e->type) || e->type == EVENT_HEARTBEAT
			  ? time_left(options, e)
			  : 0;
	/* ms and millionths of seconds: a runtime has 32 bits, so neither side overflows. */
	return e->runtime > 0 && p->played * 1000 >= options->near_end * e->runtime;
}

/* Whether the session, which this event is now of, is completed by it if it was not before. */
static bool completes(const struct session_options *options, const struct event *e,
		      const struct session_pair *p, bool is_near_end, bool is_played_enough)
{
	if (e->type == EVENT_COMPLETE)
		return true;
	switch (options->complete_by) {
	case SESSION_BY_EVENT:
		return p->has_near_end_stop && p->types & (p->types - 1); /* two bits at least */
	case SESSION_BY_POSITION:
		return is_near_end && e->type != EVENT_SEEK;
	case SESSION_BY_PLAYED:
		break;
	}
	return is_played_enough;
}

bool sessions_step(struct sessions *s, struct event *e)
{
	const struct session_options *options = &s->options;
	struct packed_pair *packed = pairs_get(&s->pairs, e->user, e->content);
	struct session_pair pair = unpack(packed), *p = &pair;
	bool is_near_end = e->ratio != EVENT_UNKNOWN && e->ratio >= options->near_end;
	bool is_rewatch = p->is_completed && e->type == EVENT_PLAY && !is_near_end;
	bool starts = !p->id || e->ts > p->deadline || is_rewatch;
	bool is_played_enough = false;

	e->prev_ts = p->id ? p->last_ts : EVENT_UNKNOWN;
	if (starts) {
		p->id = ++s->n;
		p->start = e->ts;
		p->types = 0;
		p->came_near_end = false;
		p->has_near_end_stop = false;
		p->is_completed = false;
	}
	if (options->complete_by == SESSION_BY_PLAYED)
		is_played_enough =
			is_played((struct played_pair *)packed, options, e, starts, p->last_ts);
	p->last_ts = e->ts;
	p->deadline = e->ts + options->gap;
	if (!options->plain_gap && event_leaves_playing(e->type))
		p->deadline += time_left(options, e);
	p->types |= (uint8_t)(1 << e->type);
	p->has_near_end_stop |= e->type == EVENT_STOP && is_near_end;
	e->completes = !p->is_completed && completes(options, e, p, is_near_end, is_played_enough);
	s->n_completed += e->completes;
	if (is_near_end && e->type != EVENT_SEEK && !p->came_near_end && !p->is_completed) {
		p->came_near_end = true;
		s->n_near_end++;
	}
	s->n_near_end -= e->completes && p->came_near_end;
	p->is_completed |= e->completes;
	if (p->is_completed)
		e->phase = EVENT_COMPLETED;
	else
		e->phase = e->type == EVENT_STOP || is_near_end ? EVENT_ENDING : EVENT_OPEN;
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

static inline char *put_word(char *at, const char *word)
{
	size_t len = strlen(word);

	memcpy(at, word, len);
	at[len] = ',';
	return at + len + 1;
}

void session_put(struct buf *row, const struct event *e)
{
	/* No word is longer than a number. */
	char *at = buf_reserve(row, catalogue_sessions.n * (NUM_TEXT_MAX + 1));

#define PUT_BIGINT(value)                                   at = put_known(at, value);
#define PUT_FLAG(value)                                     at = put_known(at, value);
#define PUT_TEXT(value)                                     at = put_word(at, value);
#define SESSION(name, type, unit, definition, empty, value) PUT_##type(value)
#include "table/sessions.def"
	row->len = (size_t)(at - row->data);
}

void session_put_column(struct buf *row, const struct event *e, size_t column)
{
	char *at = buf_reserve(row, NUM_TEXT_MAX + 1);
	size_t i = 0;

#define SESSION(name, type, unit, definition, empty, value)                                        \
	if (i++ == column)                                                                         \
	PUT_##type(value)
#include "table/sessions.def"
	row->len = (size_t)(at - row->data);
}
