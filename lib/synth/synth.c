#include "synth/synth.h"

#include "base/time.h"

#include <math.h>

/* Streams of the seed, beside those of synth_world and synth_dirty. */
enum { STREAM_CHOICE = 3, STREAM_ACTING = 4, STREAM_DELAY = 5 };

#define MINUTE (60 * TIME_MS_PER_SECOND)
#define HOUR   TIME_MS_PER_HOUR

#define REVISIT_SHARE  0.08
#define REWATCH_EFFECT 0.5    /* on the logit, of a content that was finished the last time */
#define RETURN_EFFECT  (-0.3) /* of one that was left */

void synth_init(struct synth *s, const struct synth_options *o)
{
	*s = (struct synth){ .rest = 1, .hour = o->start, .next_start = SYNTH_UNKNOWN };
	synth_world_init(&s->world, o);
	rng_seed(&s->streams.choice, o->seed, STREAM_CHOICE);
	rng_seed(&s->streams.acting, o->seed, STREAM_ACTING);
	rng_seed(&s->streams.delay, o->seed, STREAM_DELAY);
	s->n_revisits = (uint64_t)((double)o->n_viewings * REVISIT_SHARE);
	s->n_first = o->n_viewings - s->n_revisits;
	for (int64_t hour = o->start; hour < s->world.end; hour += HOUR)
		s->activity += synth_hour_weight(hour);
}

void synth_release(struct synth *s)
{
	synth_world_release(&s->world);
	synth_queue_release(&s->queue);
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

	s->rest *= exp(log(rng_uniform(&s->streams.choice)) / (double)s->n_first);
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
 * The user comes back: after a `complete` perhaps at once, else when the session is surely closed,
 * for a `play` before that would continue it. What falls behind the window's end becomes somebody's
 * viewing of its own accord, so that the number of viewings stays as asked for.
 */
static void plan_revisit(struct synth *s, const struct synth_course *c, bool completed,
			 bool said_complete)
{
	struct rng *r = &c->streams->choice;
	bool at_once = rng_chance(r, 0.3);
	double wait = rng_exponential(r);
	struct synth_pending p = { .event = { /* The id tells equal times apart. */
					      .id = s->queue.n_ids + 1,
					      .user = c->user,
					      .content = c->content,
					      .type = SYNTH_REVISIT } };

	if (said_complete && at_once)
		p.when = c->ts + 20 * TIME_MS_PER_SECOND + (int64_t)(wait * 4 * MINUTE);
	else
		p.when = c->last_until + MINUTE + (int64_t)(wait * 20 * HOUR);
	if (!completed)
		p.event.position = (int32_t)(c->position / TIME_MS_PER_SECOND);
	p.event.ts = completed;
	s->n_revisits--;
	if (p.when < s->world.end)
		synth_queue_push(&s->queue, &p);
	else
		s->n_first++;
}

/* What a viewing begins with. */
struct opening {
	uint64_t viewing; /* its number, that of a rewatch is n_viewings or more */
	int64_t start;
	uint32_t user, content;
	int32_t position; /* seconds */
	int device;       /* or -1: to be drawn */
	double effect;    /* on the logit */
	bool may_revisit;
};

static void begin(struct synth *s, const struct opening *o, struct synth_streams *streams,
		  struct synth_viewing *v)
{
	struct synth_user *user = &s->world.users[o->user];
	bool rewatch = o->viewing >= s->world.options.n_viewings, revisit, said_complete;
	struct synth_course c = { .world = &s->world,
				  .queue = &s->queue,
				  .streams = streams,
				  .viewing = o->viewing,
				  .user = o->user,
				  .content = o->content,
				  .ts = o->start,
				  .position = o->position * TIME_MS_PER_SECOND };

	c.device = o->device < 0 ? synth_draw_device(&s->world, o->user, &streams->choice)
				 : (uint8_t)o->device;
	*v = (struct synth_viewing){ .first_event = s->queue.n_ids + 1,
				     .start = o->start,
				     .user = o->user,
				     .content = o->content,
				     .device = c.device };
	v->probability =
		synth_probability(&s->world, o->user, o->content, c.device, o->start, o->effect);
	v->completed = rng_chance(&streams->choice, v->probability);
	/* Selection sampling: just as many as planned (Knuth, TAOCP 2, 3.4.2, algorithm S). */
	revisit = o->may_revisit &&
		  rng_uniform(&streams->choice) * (double)(s->n_first + 1) < (double)s->n_revisits;
	c.may_add = !revisit && !rewatch;
	said_complete = synth_course_run(&c, v->completed);
	if (rewatch)
		return; /* the timeline is as it would be without */
	user->last_content = o->content;
	user->last_until = c.last_until;
	if (revisit)
		plan_revisit(s, &c, v->completed, said_complete);
}

static void begin_first(struct synth *s, struct synth_viewing *v)
{
	struct opening o = {
		.viewing = s->n_begun++, .start = s->next_start, .device = -1, .may_revisit = true
	};
	const struct synth_user *user;

	s->n_first--;
	s->next_start = SYNTH_UNKNOWN;
	o.user = synth_draw_user(&s->world, o.start, &s->streams.choice);
	user = &s->world.users[o.user];
	/* Starting again what one has on already is no new viewing, but with nothing else there. */
	for (int i = 0; i < 8; i++) {
		o.content = synth_draw_content(&s->world, o.user, o.start, &s->streams.choice);
		if (o.content != user->last_content || o.start > user->last_until)
			break;
	}
	begin(s, &o, &s->streams, v);
}

static void begin_revisit(struct synth *s, const struct synth_pending *p, struct synth_viewing *v)
{
	bool completed = p->event.ts;

	begin(s,
	      &(struct opening){ .viewing = s->n_begun++,
				 .start = p->when,
				 .user = p->event.user,
				 .content = p->event.content,
				 .position = p->event.position,
				 .device = -1,
				 .effect = completed ? REWATCH_EFFECT : RETURN_EFFECT },
	      &s->streams, v);
}

static void begin_rewatch(struct synth *s, const struct synth_pending *p, struct synth_viewing *v)
{
	uint64_t of = (uint64_t)p->event.ts;
	struct synth_streams streams = {
		.choice = synth_added_stream(&s->world, of, SYNTH_REWATCH_CHOICE),
		.acting = synth_added_stream(&s->world, of, SYNTH_REWATCH_ACTING),
		.delay = synth_added_stream(&s->world, of, SYNTH_REWATCH_DELAY)
	};

	begin(s,
	      &(struct opening){ .viewing = s->world.options.n_viewings + of,
				 .start = p->when,
				 .user = p->event.user,
				 .content = p->event.content,
				 .position = p->event.position,
				 .device = p->event.device,
				 .effect = REWATCH_EFFECT },
	      &streams, v);
}

/*
 * A viewing's events do not arrive before it begins, so whatever arrives before the next start is
 * next for good.
 */
enum synth_what synth_next(struct synth *s, struct synth_viewing *viewing,
			   struct synth_event *event)
{
	struct synth_pending revisit;

	if (s->n_first && s->next_start == SYNTH_UNKNOWN)
		s->next_start = draw_start(s);
	if (s->n_first && (!s->queue.n || s->next_start < s->queue.heap[0].when)) {
		begin_first(s, viewing);
		return SYNTH_VIEWING;
	}
	if (!s->queue.n)
		return SYNTH_END;
	if (s->queue.heap[0].event.type < EVENT_N_TYPES) {
		*event = s->queue.heap[0].event;
		synth_queue_drop(&s->queue);
		return SYNTH_EVENT;
	}
	revisit = s->queue.heap[0];
	synth_queue_drop(&s->queue);
	if (revisit.event.type == SYNTH_REVISIT)
		begin_revisit(s, &revisit, viewing);
	else
		begin_rewatch(s, &revisit, viewing);
	return SYNTH_VIEWING;
}
