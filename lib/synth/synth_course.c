#include "synth/synth_course.h"

#include "base/time.h"

#include <math.h>

/* The stream of the seed from which on those of the viewings are, beside those of synth. */
#define STREAM_OF_VIEWINGS 64

#define SECOND TIME_MS_PER_SECOND
#define MINUTE (60 * TIME_MS_PER_SECOND)
#define HOUR   TIME_MS_PER_HOUR

/* The gap after which a session closes, which revisits keep clear of. */
#define SESSION_GAP (30 * MINUTE)

/* Pauses and seeks for an hour of playing, before the user's restlessness. */
#define PAUSES_PER_HOUR 1.1
#define SEEKS_PER_HOUR  0.7
#define TOUCHES_MAX     200 /* in a viewing: a seek back can repeat for ever */

/* Playback ratios: a completed viewing stops above the one, the others leave below the other. */
#define CREDITS    0.955
#define LEAVE_MAX  0.90
#define SEEK_LIMIT 0.93 /* nobody finishes by a seek alone */

/* Who plays less than this is through in one evening. */
#define EVENINGS_MIN (20 * MINUTE)

struct rng synth_added_stream(const struct synth_world *w, uint64_t viewing,
			      enum synth_addition what)
{
	struct rng r;

	rng_seed(&r, w->options.seed, STREAM_OF_VIEWINGS + viewing * SYNTH_N_ADDITIONS + what);
	return r;
}

/*
 * When the event reaches the log. One viewing in a hundred is on a device without a connection,
 * and all its events arrive together, later.
 */
static int64_t arrival(struct rng *delay, int64_t ts, int64_t held_back)
{
	double u = rng_uniform(delay);

	ts += held_back;
	if (u < 0.94)
		return ts;
	if (u < 0.995)
		return ts + (int64_t)(8 * SECOND * rng_exponential(delay));
	return ts + (int64_t)(rng_uniform(delay) * HOUR);
}

#define NEVER INT64_MAX

static bool plays_on(enum event_type type)
{
	return type == EVENT_PLAY || type == EVENT_SEEK;
}

/* Logs the event, unless the window has ended by then. */
static void log_event(struct synth_course *c, enum event_type type, int64_t ts, int64_t position,
		      int64_t when)
{
	struct synth_pending p = { .when = when,
				   .event = { .ts = ts + c->skew,
					      .user = c->user,
					      .content = c->content,
					      .position = (int32_t)(position / SECOND),
					      .type = type,
					      .device = c->device } };

	if (ts >= c->world->end)
		return;
	p.event.id = ++c->queue->n_ids;
	synth_queue_push(c->queue, &p);
}

/* An event of the player, which counts the time to the next heartbeat from there. */
static void log_now(struct synth_course *c, enum event_type type, struct rng *delay)
{
	int64_t interval = c->world->options.heartbeat;

	log_event(c, type, c->ts, c->position, arrival(delay, c->ts, c->held_back));
	c->next_beat = interval && plays_on(type) ? c->ts + interval : NEVER;
}

static void act(struct synth_course *c, enum event_type type)
{
	int64_t planned = c->ts - c->away;

	c->last_until = planned + SESSION_GAP + (plays_on(type) ? c->runtime - c->position : 0);
	if (planned >= c->world->end)
		return;
	if (c->gone)
		arrival(&c->streams->delay, c->ts, c->held_back);
	else
		log_now(c, type, &c->streams->delay);
}

/* Plays to the position with nothing between but heartbeats. */
static void play_straight(struct synth_course *c, int64_t position)
{
	int64_t until = c->ts + position - c->position;
	int64_t last = until < c->world->end ? until : c->world->end;

	for (; c->next_beat < last; c->next_beat += c->world->options.heartbeat)
		log_event(c, EVENT_HEARTBEAT, c->next_beat, c->position + c->next_beat - c->ts,
			  arrival(&c->beats, c->next_beat, c->held_back));
	c->ts = until;
	c->position = position;
}

/* From 18 to 22 o'clock by the user's day, 12 to 40 hours later. */
static int64_t next_evening(const struct synth_course *c, struct rng *r)
{
	int64_t from = c->ts + 12 * HOUR, begins;

	begins = from - from % TIME_MS_PER_DAY +
		 (18 + c->world->users[c->user].shift + 24) % 24 * HOUR;
	if (begins < from)
		begins += TIME_MS_PER_DAY;
	return begins + (int64_t)(rng_uniform(r) * 4 * HOUR);
}

static void sleep_over_it(struct synth_course *c)
{
	int64_t evening;

	c->night_at = NEVER;
	log_now(c, EVENT_STOP, &c->evening);
	evening = next_evening(c, &c->evening);
	c->away += evening - c->ts;
	c->ts = evening;
	log_now(c, EVENT_PLAY, &c->evening);
}

/* The viewer watches again: on the same device, a little later, from the start or from within. */
static void leave_in_the_credits(struct synth_course *c)
{
	struct rng *r = &c->rewatch;
	struct synth_pending p = { .when = c->ts + rng_between(r, 20 * SECOND, 28 * MINUTE),
				   .event = { .ts = (int64_t)c->viewing,
					      .user = c->user,
					      .content = c->content,
					      .type = SYNTH_REWATCH,
					      .device = c->device } };

	if (rng_chance(r, 0.3))
		p.event.position = (int32_t)(rng_uniform(r) * 0.8 * (double)c->runtime / SECOND);
	c->credits_at = NEVER;
	log_now(c, EVENT_STOP, r);
	c->gone = true;
	p.event.id = c->queue->n_ids + 1;
	if (p.when < c->world->end)
		synth_queue_push(c->queue, &p);
}

/* Plays to the position, with what is added on the way; a seek may have led over where. */
static void play_on(struct synth_course *c, int64_t position)
{
	if (position >= c->night_at) {
		play_straight(c, c->night_at > c->position ? c->night_at : c->position);
		sleep_over_it(c);
	}
	if (position >= c->credits_at) {
		play_straight(c, c->credits_at);
		leave_in_the_credits(c);
	}
	play_straight(c, position);
}

/* Stopped at the fridge, mostly a minute; one in a hundred comes back after half an hour. */
static void pause(struct synth_course *c)
{
	double minutes = exp(1.45 * rng_normal(&c->streams->acting));

	act(c, EVENT_PAUSE);
	c->ts += (int64_t)(fmax(0.02, fmin(480, minutes)) * MINUTE);
	act(c, EVENT_PLAY);
}

/* Back 10 to 60 seconds, or ahead 10 seconds to 10 minutes, but not over `limit`. */
static void seek(struct synth_course *c, int64_t limit)
{
	struct rng *r = &c->streams->acting;
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

/* Whether the viewing, which is to play to `end`, is spread over two evenings, and where it halts.
 */
static void plan_night(struct synth_course *c, int64_t end)
{
	double share = c->world->options.two_evenings, part;

	if (share <= 0 || !c->may_add || end - c->position < EVENINGS_MIN)
		return;
	c->evening = synth_added_stream(c->world, c->viewing, SYNTH_ADD_EVENING);
	if (!rng_chance(&c->evening, share))
		return;
	part = 0.2 + 0.6 * rng_uniform(&c->evening);
	c->night_at = (int64_t)fmin((double)c->position + part * (double)(end - c->position),
				    SEEK_LIMIT * (double)c->runtime);
}

/* Plays, with pauses and seeks, until the player stands at `end` (ms). */
static void play_to(struct synth_course *c, int64_t end, int64_t seek_limit)
{
	struct rng *r = &c->streams->acting;
	double rate = (PAUSES_PER_HOUR + SEEKS_PER_HOUR) / HOUR *
		      (double)c->world->users[c->user].restlessness;

	plan_night(c, end);
	act(c, EVENT_PLAY);
	for (int i = 0; i < TOUCHES_MAX; i++) {
		double until = rng_exponential(r) / rate;

		if (until >= (double)(end - c->position))
			break;
		play_on(c, c->position + (int64_t)until);
		if (rng_chance(r, PAUSES_PER_HOUR / (PAUSES_PER_HOUR + SEEKS_PER_HOUR)))
			pause(c);
		else
			seek(c, seek_limit);
	}
	play_on(c, end);
}

/* Whether the viewer, who is to complete the content, stops in the credits and watches it again. */
static void plan_rewatch(struct synth_course *c, bool silent, int64_t end, int64_t credits)
{
	double share = c->world->options.rewatched;

	if (share <= 0 || !c->may_add)
		return;
	c->rewatch = synth_added_stream(c->world, c->viewing, SYNTH_ADD_REWATCH);
	if (rng_chance(&c->rewatch, share))
		c->credits_at = (silent ? end : rng_between(&c->rewatch, credits, end)) * SECOND;
}

/* Plays to the end, or into the credits. Returns what synth_course_run does. */
static bool act_completed(struct synth_course *c)
{
	const struct synth_content *content = &c->world->contents[c->content];
	struct rng *r = &c->streams->acting;
	int64_t seconds = c->runtime / SECOND, credits = (int64_t)ceil(CREDITS * (double)seconds);
	/* Without a recorded runtime nobody could tell a stop in the credits from another. */
	bool told = content->recorded_runtime > 0;
	bool silent = (c->device == SYNTH_DEVICE_SILENT || rng_chance(r, 0.08)) && told;
	int64_t end = !silent ? seconds : rng_between(r, credits, seconds);

	if (told && !content->ends_by_position)
		plan_rewatch(c, silent, end, credits);
	play_to(c, end * SECOND, (int64_t)(SEEK_LIMIT * (double)c->runtime));
	act(c, content->ends_by_position ? EVENT_PAUSE : silent ? EVENT_STOP : EVENT_COMPLETE);
	c->gone |= content->ends_by_position;
	if (!silent && rng_chance(r, 0.3)) {
		c->ts += rng_chance(r, 0.2) ? 0 : rng_between(r, 200, 5000);
		act(c, EVENT_STOP);
	}
	return !silent;
}

/* Leaves, early more often than late: with a stop, with a pause, or without a word. */
static void act_left(struct synth_course *c)
{
	struct rng *r = &c->streams->acting;
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

bool synth_course_run(struct synth_course *c, bool completed)
{
	const struct synth_options *o = &c->world->options;
	struct rng *delay = &c->streams->delay;

	c->runtime = c->world->contents[c->content].runtime * SECOND;
	c->next_beat = c->night_at = c->credits_at = NEVER;
	if (rng_chance(delay, 0.01))
		c->held_back = (int64_t)(rng_uniform(delay) * HOUR);
	if (o->heartbeat)
		c->beats = synth_added_stream(c->world, c->viewing, SYNTH_ADD_HEARTBEATS);
	if (o->clock_skewed > 0)
		c->skew = synth_clock_skew(c->world, c->user, c->device);
	if (completed)
		return act_completed(c);
	act_left(c);
	return false;
}
