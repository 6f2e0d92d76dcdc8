#include "synth/synth.h"

#include "base/mem.h"
#include "base/time.h"

#include <math.h>
#include <stdlib.h>

/* Streams of the seed, beside those of synth_world. */
enum { STREAM_CHOICE = 3, STREAM_ACTING = 4, STREAM_DELAY = 5 };

#define SECOND TIME_MS_PER_SECOND
#define MINUTE (60 * TIME_MS_PER_SECOND)
#define HOUR   TIME_MS_PER_HOUR

/* The gap after which a session closes, which revisits keep clear of. */
#define SESSION_GAP (30 * MINUTE)

#define REVISIT_SHARE  0.08
#define REWATCH_EFFECT 0.5    /* on the logit, of a content that was finished the last time */
#define RETURN_EFFECT  (-0.3) /* of one that was left */

/* Pauses and seeks for an hour of playing, before the user's restlessness. */
#define PAUSES_PER_HOUR 1.1
#define SEEKS_PER_HOUR  0.7
#define TOUCHES_MAX     200 /* in a viewing: a seek back can repeat for ever */

/* Playback ratios: a completed viewing stops above the one, the others leave below the other. */
#define CREDITS    0.955
#define LEAVE_MAX  0.90
#define SEEK_LIMIT 0.93 /* nobody finishes by a seek alone */

/* What waits in the heap: an event to arrive, or a revisit to begin (type PENDING_REVISIT). */
struct synth_pending {
	int64_t when; /* arrival, or start */
	struct synth_event event;
};

#define PENDING_REVISIT EVENT_N_TYPES

static bool earlier(const struct synth_pending *a, const struct synth_pending *b)
{
	return a->when != b->when ? a->when < b->when : a->event.id < b->event.id;
}

static void push(struct synth *s, const struct synth_pending *p)
{
	size_t i = s->n_heap;

	if (s->n_heap == s->heap_cap) {
		s->heap_cap = mem_grow(s->heap_cap, s->n_heap + 1);
		s->heap = mem_realloc(s->heap, s->heap_cap, sizeof(*s->heap));
	}
	s->n_heap++;
	while (i && earlier(p, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = *p;
}

static struct synth_pending pop(struct synth *s)
{
	struct synth_pending top = s->heap[0], last = s->heap[--s->n_heap];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= s->n_heap)
			break;
		if (child + 1 < s->n_heap && earlier(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!earlier(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

void synth_init(struct synth *s, const struct synth_options *o)
{
	int64_t end = o->start + o->n_days * TIME_MS_PER_DAY;

	*s = (struct synth){
		.rest = 1, .next_id = 1, .hour = o->start, .next_start = SYNTH_UNKNOWN
	};
	synth_world_init(&s->world, o->seed, o->n_users, o->n_contents, o->start, end);
	rng_seed(&s->choice, o->seed, STREAM_CHOICE);
	rng_seed(&s->acting, o->seed, STREAM_ACTING);
	rng_seed(&s->delay, o->seed, STREAM_DELAY);
	s->n_revisits = (uint64_t)((double)o->n_viewings * REVISIT_SHARE);
	s->n_first = o->n_viewings - s->n_revisits;
	for (int64_t hour = o->start; hour < end; hour += HOUR)
		s->activity += synth_hour_weight(hour);
}

void synth_release(struct synth *s)
{
	synth_world_release(&s->world);
	free(s->heap);
	*s = (struct synth){ 0 };
}

/*
 * The next of n_first start times in ascending order, without holding them: the smallest of n
 * uniforms on (0, 1) leaves the share V^(1/n) of the interval behind it, V uniform, and the others
 * are uniform on that (J. L. Bentley and J. B. Saxe, ACM TOMS 6(3), 1980). The uniform is then read
 * as a share of the window's activity, and its time found in the hour that holds that share.
 */
static int64_t draw_start(struct synth *s)
{
	double target, within, weight;

	s->rest *= exp(log(rng_uniform(&s->choice)) / (double)s->n_first);
	target = (1 - s->rest) * s->activity;
	weight = synth_hour_weight(s->hour);
	while (s->passed + weight <= target && s->hour + HOUR < s->world.end) {
		s->passed += weight;
		s->hour += HOUR;
		weight = synth_hour_weight(s->hour);
	}
	within = fmin((target - s->passed) / weight, 1);
	return s->hour + (int64_t)(within * (double)(HOUR - 1));
}

/*
 * When the event reaches the log. One viewing in a hundred is on a device without a connection,
 * and all its events arrive together, later.
 */
static int64_t arrival(struct synth *s, int64_t ts, int64_t held_back)
{
	double u = rng_uniform(&s->delay);

	ts += held_back;
	if (u < 0.94)
		return ts;
	if (u < 0.995)
		return ts + (int64_t)(8 * SECOND * rng_exponential(&s->delay));
	return ts + (int64_t)(rng_uniform(&s->delay) * HOUR);
}

/* A viewing on its way: where its clock and its player stand. */
struct course {
	struct synth *s;
	uint32_t user, content;
	uint8_t device;
	int64_t ts;
	int64_t position;   /* ms */
	int64_t runtime;    /* ms */
	int64_t held_back;  /* ms that its events arrive late */
	int64_t last_until; /* deadline of the session by its latest event */
};

static void act(struct course *c, enum event_type type)
{
	struct synth *s = c->s;
	bool playing = type == EVENT_PLAY || type == EVENT_SEEK;
	struct synth_pending p = { .event = { .ts = c->ts,
					      .user = c->user,
					      .content = c->content,
					      .position = (int32_t)(c->position / SECOND),
					      .type = type,
					      .device = c->device } };

	c->last_until = c->ts + SESSION_GAP + (playing ? c->runtime - c->position : 0);
	if (c->ts >= s->world.end)
		return;
	p.event.id = s->next_id++;
	p.when = arrival(s, c->ts, c->held_back);
	push(s, &p);
}

/* Stopped at the fridge, mostly a minute; one in a hundred comes back after half an hour. */
static void pause(struct course *c)
{
	double minutes = exp(1.45 * rng_normal(&c->s->acting));

	act(c, EVENT_PAUSE);
	c->ts += (int64_t)(fmax(0.02, fmin(480, minutes)) * MINUTE);
	act(c, EVENT_PLAY);
}

/* Back 10 to 60 seconds, or ahead 10 seconds to 10 minutes, but not over `limit`. */
static void seek(struct course *c, int64_t limit)
{
	struct rng *r = &c->s->acting;
	int64_t step;

	if (rng_chance(r, 0.55))
		step = -rng_between(r, 10, 60) * SECOND;
	else
		step = (int64_t)(10 * SECOND * exp(rng_uniform(r) * 4.1));
	if (c->position + step > limit || c->position + step < 0)
		return;
	c->position += step;
	act(c, EVENT_SEEK);
	/* Some players report that they play on, in the same millisecond. */
	if (rng_chance(r, 0.15))
		act(c, EVENT_PLAY);
}

/* Plays, with pauses and seeks, until the player stands at `end` (ms). */
static void play_to(struct course *c, int64_t end, int64_t seek_limit)
{
	struct rng *r = &c->s->acting;
	double rate = (PAUSES_PER_HOUR + SEEKS_PER_HOUR) / HOUR *
		      (double)c->s->world.users[c->user].restlessness;

	act(c, EVENT_PLAY);
	for (int i = 0; i < TOUCHES_MAX; i++) {
		double until = rng_exponential(r) / rate;

		if (until >= (double)(end - c->position))
			break;
		c->ts += (int64_t)until;
		c->position += (int64_t)until;
		if (rng_chance(r, PAUSES_PER_HOUR / (PAUSES_PER_HOUR + SEEKS_PER_HOUR)))
			pause(c);
		else
			seek(c, seek_limit);
	}
	c->ts += end - c->position;
	c->position = end;
}

/* Plays to the end, or into the credits. Returns whether the player said `complete`. */
static bool act_completed(struct course *c, bool runtime_recorded)
{
	struct rng *r = &c->s->acting;
	int64_t seconds = c->runtime / SECOND;
	/* Without a recorded runtime nobody could tell a stop in the credits from another. */
	bool silent = (c->device == SYNTH_DEVICE_SILENT || rng_chance(r, 0.08)) && runtime_recorded;
	int64_t end = !silent ? seconds
			      : rng_between(r, (int64_t)ceil(CREDITS * (double)seconds), seconds);

	play_to(c, end * SECOND, (int64_t)(SEEK_LIMIT * (double)c->runtime));
	act(c, silent ? EVENT_STOP : EVENT_COMPLETE);
	if (!silent && rng_chance(r, 0.3)) {
		c->ts += rng_chance(r, 0.2) ? 0 : rng_between(r, 200, 5000);
		act(c, EVENT_STOP);
	}
	return !silent;
}

/* Leaves, early more often than late: with a stop, with a pause, or without a word. */
static void act_left(struct course *c)
{
	struct rng *r = &c->s->acting;
	double ahead = fmax(0, LEAVE_MAX * (double)c->runtime - (double)c->position);
	int64_t end = c->position + (int64_t)(pow(rng_uniform(r), 1.5) * ahead);
	double u;

	play_to(c, end, end);
	u = rng_uniform(r);
	if (u < 0.65)
		act(c, EVENT_STOP);
	else if (u < 0.8)
		act(c, EVENT_PAUSE);
}

/*
 * The user comes back: after a `complete` perhaps at once, else when the session is surely closed,
 * for a `play` before that would continue it. What falls behind the window's end becomes somebody's
 * viewing of its own accord, so that the number of viewings stays as asked for.
 */
static void plan_revisit(struct course *c, bool completed, bool said_complete)
{
	struct synth *s = c->s;
	struct rng *r = &s->choice;
	bool at_once = rng_chance(r, 0.3);
	double wait = rng_exponential(r);
	struct synth_pending p = { .event = { .id = s->next_id, /* tells equal times apart */
					      .user = c->user,
					      .content = c->content,
					      .type = PENDING_REVISIT } };

	if (said_complete && at_once)
		p.when = c->ts + 20 * SECOND + (int64_t)(wait * 4 * MINUTE);
	else
		p.when = c->last_until + MINUTE + (int64_t)(wait * 20 * HOUR);
	if (!completed)
		p.event.position = (int32_t)(c->position / SECOND);
	p.event.ts = completed;
	s->n_revisits--;
	if (p.when < s->world.end)
		push(s, &p);
	else
		s->n_first++;
}

/* What a viewing begins with. */
struct opening {
	int64_t start;
	uint32_t user, content;
	int32_t position; /* seconds */
	double effect;    /* on the logit */
	bool may_revisit;
};

static void begin(struct synth *s, const struct opening *o, struct synth_viewing *v)
{
	const struct synth_content *content = &s->world.contents[o->content];
	struct synth_user *user = &s->world.users[o->user];
	struct course c = { .s = s,
			    .user = o->user,
			    .content = o->content,
			    .ts = o->start,
			    .position = o->position * SECOND,
			    .runtime = content->runtime * SECOND };
	bool said_complete = false, revisit;

	c.device = synth_draw_device(&s->world, o->user, &s->choice);
	if (rng_chance(&s->delay, 0.01))
		c.held_back = (int64_t)(rng_uniform(&s->delay) * HOUR);
	*v = (struct synth_viewing){ .first_event = s->next_id,
				     .start = o->start,
				     .user = o->user,
				     .content = o->content,
				     .device = c.device };
	v->probability =
		synth_probability(&s->world, o->user, o->content, c.device, o->start, o->effect);
	v->completed = rng_chance(&s->choice, v->probability);
	if (v->completed)
		said_complete = act_completed(&c, content->recorded_runtime > 0);
	else
		act_left(&c);
	user->last_content = o->content;
	user->last_until = c.last_until;
	/* Selection sampling: just as many as planned (Knuth, TAOCP 2, 3.4.2, algorithm S). */
	revisit = o->may_revisit &&
		  rng_uniform(&s->choice) * (double)(s->n_first + 1) < (double)s->n_revisits;
	if (revisit)
		plan_revisit(&c, v->completed, said_complete);
}

static void begin_first(struct synth *s, struct synth_viewing *v)
{
	struct opening o = { .start = s->next_start, .may_revisit = true };
	const struct synth_user *user;

	s->n_first--;
	s->next_start = SYNTH_UNKNOWN;
	o.user = synth_draw_user(&s->world, o.start, &s->choice);
	user = &s->world.users[o.user];
	/* Starting again what one has on already is no new viewing, but with nothing else there. */
	for (int i = 0; i < 8; i++) {
		o.content = synth_draw_content(&s->world, o.user, o.start, &s->choice);
		if (o.content != user->last_content || o.start > user->last_until)
			break;
	}
	begin(s, &o, v);
}

static void begin_revisit(struct synth *s, const struct synth_pending *p, struct synth_viewing *v)
{
	bool completed = p->event.ts;

	begin(s,
	      &(struct opening){ .start = p->when,
				 .user = p->event.user,
				 .content = p->event.content,
				 .position = p->event.position,
				 .effect = completed ? REWATCH_EFFECT : RETURN_EFFECT },
	      v);
}

/*
 * A viewing's events do not arrive before it begins, so whatever arrives before the next start is
 * next for good.
 */
enum synth_what synth_next(struct synth *s, struct synth_viewing *viewing,
			   struct synth_event *event)
{
	struct synth_pending p;

	if (s->n_first && s->next_start == SYNTH_UNKNOWN)
		s->next_start = draw_start(s);
	if (s->n_first && (!s->n_heap || s->next_start < s->heap[0].when)) {
		begin_first(s, viewing);
		return SYNTH_VIEWING;
	}
	if (!s->n_heap)
		return SYNTH_END;
	p = pop(s);
	if (p.event.type == PENDING_REVISIT) {
		begin_revisit(s, &p, viewing);
		return SYNTH_VIEWING;
	}
	*event = p.event;
	return SYNTH_EVENT;
}
