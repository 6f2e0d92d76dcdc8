#include "synth/synth_world.h"

#include "base/mem.h"
#include "base/time.h"
#include "events/event.h"

#include <math.h>
#include <stdlib.h>

/* Streams of the seed; those of the timeline and of the faults are numbered 3 to 6, and from 64 on.
 */
enum {
	STREAM_USERS = 1,
	STREAM_CONTENTS = 2,
	STREAM_ENDS_BY_POSITION = 7,
	STREAM_RUNTIME_MISSING = 8,
};
#define STREAM_CLOCKS (UINT64_C(1) << 63) /* and from there on, one a device */

/* The logit of completion: an intercept and the standard deviations of what is drawn. */
#define LOGIT_BASE    (-0.75)
#define USER_SD       0.85
#define CONTENT_SD    0.80
#define TASTE_EFFECT  0.40
#define RUNTIME_SLOPE (-0.28) /* a natural logarithm, from 20 minutes */

#define TASTE_CHOICE 0.8 /* how far taste rules the choice of the genre */

/* Draws that fail the odds this often give up on them; no figure depends on it. */
#define TRIES_MAX 1000

/* Events of an hour of the day, relative: few at night, a low hill at noon, a high one at 20 h. */
static const double busy[24] = { 0.45, 0.30, 0.20, 0.15, 0.12, 0.15, 0.25, 0.40,
				 0.50, 0.55, 0.60, 0.70, 0.80, 0.75, 0.70, 0.70,
				 0.75, 0.85, 1.00, 1.20, 1.35, 1.30, 1.05, 0.70 };
#define BUSY_MAX       1.35
#define WEEKEND_FACTOR 1.25

enum format { CLIP, EPISODE, FILM };

/* The share of clips and episodes in a genre; the rest are films. */
static const struct {
	const char *name;
	double share, clips, episodes;
} genres[SYNTH_N_GENRES] = {
	{ "Action", 0.12, 0.20, 0.30 },      { "Animation", 0.07, 0.30, 0.50 },
	{ "Comedy", 0.14, 0.35, 0.45 },      { "Crime", 0.09, 0.05, 0.65 },
	{ "Documentary", 0.07, 0.20, 0.50 }, { "Drama", 0.14, 0.10, 0.50 },
	{ "Kids", 0.07, 0.50, 0.40 },        { "Music", 0.07, 0.90, 0.05 },
	{ "News, Talk", 0.06, 0.60, 0.38 },  { "Romance", 0.06, 0.10, 0.40 },
	{ "Sci-Fi", 0.06, 0.10, 0.45 },      { "Sport", 0.05, 0.65, 0.20 },
};

static const struct {
	const char *name;
	double share, effect;
} devices[SYNTH_N_DEVICES] = {
	{ "mobile", 0.45, -0.25 }, { "tv", 0.25, 0.35 },      { "web", 0.15, -0.15 },
	{ "tablet", 0.10, 0.05 },  { "console", 0.05, 0.20 },
};

static const struct {
	const char *name;
	double share, effect;
} plans[] = {
	{ "free", 0.45, -0.15 },
	{ "basic", 0.27, 0.0 },
	{ "standard", 0.18, 0.10 },
	{ "premium", 0.10, 0.25 },
};

static const char *const ratings[] = { "G", "PG", "PG-13", "R", "TV-MA" };
#define N_RATINGS (sizeof(ratings) / sizeof(ratings[0]))

/* What is added to the logit at each hour of the day, UTC. */
static double hour_effect(int64_t ts)
{
	double hour = (double)(ts / TIME_MS_PER_HOUR % 24);

	return 0.3 * cos((hour - 21) / 24 * 2 * acos(-1));
}

static uint8_t draw_device_by_share(struct rng *r)
{
	double u = rng_uniform(r);
	uint8_t i = 0;

	while (i < SYNTH_N_DEVICES - 1 && (u -= devices[i].share) >= 0)
		i++;
	return i;
}

static int8_t draw_plan(struct rng *r)
{
	double u = rng_uniform(r);
	int8_t i = 0;

	while (i < 3 && (u -= plans[i].share) >= 0)
		i++;
	return i;
}

/*
 * Three in four were there before the window; the others come within it. A few are recorded
 * without a date, and a few with one years ahead, as real tables have them.
 */
static void draw_signup(const struct synth_world *w, struct synth_user *u, struct rng *r)
{
	double age = rng_exponential(r) * 500 * TIME_MS_PER_DAY;
	double window = (double)(w->end - w->start);
	bool within = rng_chance(r, 0.25), odd = rng_chance(r, 0.02);

	u->active_from = within ? w->start + (int64_t)(rng_uniform(r) * window)
				: w->start - (int64_t)fmin(age, 5000.0 * TIME_MS_PER_DAY);
	u->signup = u->active_from;
	if (odd)
		u->signup = rng_chance(r, 0.5)
				    ? SYNTH_UNKNOWN
				    : w->end + rng_between(r, 30, 1500) * TIME_MS_PER_DAY;
}

static void draw_user(const struct synth_world *w, struct synth_user *u, struct rng *r)
{
	draw_signup(w, u, r);
	u->plan = draw_plan(r);
	u->effect = (float)(USER_SD * rng_normal(r) + plans[u->plan].effect);
	if (rng_chance(r, 0.01))
		u->plan = -1;
	u->restlessness = (float)exp(0.7 * rng_normal(r));
	for (int g = 0; g < SYNTH_N_GENRES; g++)
		u->taste[g] = (float)rng_normal(r);
	u->shift = (int8_t)lround(fmax(-11, fmin(11, 2.5 * rng_normal(r))));
	u->device[0] = draw_device_by_share(r);
	u->device[1] = draw_device_by_share(r);
	u->last_content = UINT32_MAX;
}

static void draw_users(struct synth_world *w)
{
	double *activity = mem_alloc(w->n_users, sizeof(*activity));
	struct rng r;

	rng_seed(&r, w->options.seed, STREAM_USERS);
	for (uint32_t i = 0; i < w->n_users; i++) {
		draw_user(w, &w->users[i], &r);
		activity[i] = exp(1.1 * rng_normal(&r));
	}
	/* Somebody must be there from the start. */
	if (w->users[0].active_from > w->start)
		w->users[0].active_from = w->start;
	rng_alias_init(&w->by_activity, activity, w->n_users);
	free(activity);
}

static int32_t draw_runtime(enum format format, struct rng *r)
{
	double seconds;

	switch (format) {
	case CLIP:
		seconds = exp(4.9 + 0.75 * rng_normal(r)); /* median 134 s */
		return (int32_t)fmax(20, fmin(600, seconds));
	case EPISODE:
		/* Two habits of the trade, half an hour and an hour with their advertisements. */
		seconds = (rng_chance(r, 0.5) ? 23 : 46) * 60 + 180 * rng_normal(r);
		return (int32_t)fmax(1200, fmin(3600, seconds));
	default:
		seconds = 108 * 60 + 1100 * rng_normal(r);
		return (int32_t)fmax(4800, fmin(10800, seconds));
	}
}

static int8_t draw_genre(struct rng *r)
{
	double u = rng_uniform(r);
	int8_t g = 0;

	while (g < SYNTH_N_GENRES - 1 && (u -= genres[g].share) >= 0)
		g++;
	return g;
}

static void draw_content(const struct synth_world *w, struct synth_content *c, struct rng *r)
{
	struct time_civil civil;
	double u = rng_uniform(r), odd = rng_uniform(r);
	int64_t window = w->end - w->start;

	c->genre = draw_genre(r);
	c->runtime = draw_runtime(u < genres[c->genre].clips                               ? CLIP
				  : u < genres[c->genre].clips + genres[c->genre].episodes ? EPISODE
											   : FILM,
				  r);
	c->effect = (float)(CONTENT_SD * rng_normal(r) + RUNTIME_SLOPE * log(c->runtime / 1200.0));
	c->recorded_runtime = odd < 0.005 ? 0 : odd < 0.03 ? -1 : c->runtime;
	c->genre_recorded = !rng_chance(r, 0.02);
	/* One in ten comes out within the window. */
	c->available_from = rng_chance(r, 0.1)
				    ? w->start + (int64_t)(rng_uniform(r) * (double)window)
				    : w->start;
	time_civil(c->available_from, &civil);
	if (c->available_from == w->start)
		civil.year -= (int64_t)fmin(60, 8 * rng_exponential(r));
	c->release_year = rng_chance(r, 0.01) ? -1 : (int16_t)civil.year;
	c->rating = rng_chance(r, 0.02) ? -1 : (int8_t)rng_below(r, N_RATINGS);
}

static void index_genres(struct synth_world *w, const double *popularity)
{
	double *of_genre = mem_alloc(w->n_contents, sizeof(*of_genre));

	for (int g = 0; g < SYNTH_N_GENRES; g++) {
		uint32_t n = 0;

		w->of_genre[g] = mem_alloc(w->n_contents, sizeof(uint32_t));
		for (uint32_t i = 0; i < w->n_contents; i++) {
			if (w->contents[i].genre != g)
				continue;
			of_genre[n] = popularity[i];
			w->genre_mass[g] += popularity[i];
			w->of_genre[g][n++] = i;
		}
		w->of_genre[g] = mem_realloc(w->of_genre[g], n, sizeof(uint32_t));
		if (!n)
			continue;
		w->contents[w->of_genre[g][0]].available_from = w->start;
		rng_alias_init(&w->by_popularity[g], of_genre, n);
	}
	free(of_genre);
}

static void draw_contents(struct synth_world *w)
{
	double *popularity = mem_alloc(w->n_contents, sizeof(*popularity));
	struct rng r;

	rng_seed(&r, w->options.seed, STREAM_CONTENTS);
	for (uint32_t i = 0; i < w->n_contents; i++) {
		draw_content(w, &w->contents[i], &r);
		/* A Pareto tail: the k-th most popular of n has about (n / k)^0.8, Zipf's law. */
		popularity[i] = fmin(pow(rng_uniform(&r), -0.8), pow(w->n_contents, 0.8));
	}
	index_genres(w, popularity);
	free(popularity);
}

/* Of those without a recorded runtime none ends by its position: nobody could tell. */
static void mark_contents(struct synth_world *w)
{
	struct rng ends, missing;

	rng_seed(&ends, w->options.seed, STREAM_ENDS_BY_POSITION);
	rng_seed(&missing, w->options.seed, STREAM_RUNTIME_MISSING);
	for (uint32_t i = 0; i < w->n_contents; i++) {
		struct synth_content *c = &w->contents[i];

		c->ends_by_position = rng_chance(&ends, w->options.ends_by_position) &&
				      c->recorded_runtime > 0;
		c->runtime_missing = rng_chance(&missing, w->options.runtime_missing);
	}
}

void synth_world_init(struct synth_world *w, const struct synth_options *o)
{
	*w = (struct synth_world){ .options = *o,
				   .start = o->start,
				   .end = o->start + o->n_days * TIME_MS_PER_DAY,
				   .n_users = o->n_users,
				   .n_contents = o->n_contents };
	w->users = mem_zalloc(w->n_users, sizeof(*w->users));
	w->contents = mem_zalloc(w->n_contents, sizeof(*w->contents));
	draw_users(w);
	draw_contents(w);
	mark_contents(w);
}

int64_t synth_clock_skew(const struct synth_world *w, uint32_t user, uint8_t device)
{
	int64_t most = EVENT_TS_END - 1 - w->end, skew;
	struct rng r;

	rng_seed(&r, w->options.seed, STREAM_CLOCKS + (uint64_t)user * SYNTH_N_DEVICES + device);
	if (!rng_chance(&r, w->options.clock_skewed))
		return 0;
	skew = (int64_t)(exp(rng_uniform(&r) * log(12 * 60)) * 60 * TIME_MS_PER_SECOND);
	if (rng_chance(&r, 0.5))
		skew = -skew;
	if (rng_chance(&r, 0.05))
		skew = rng_between(&r, 365, 3650) * TIME_MS_PER_DAY;
	return skew < most ? skew : most;
}

void synth_world_release(struct synth_world *w)
{
	free(w->users);
	free(w->contents);
	rng_alias_release(&w->by_activity);
	for (int g = 0; g < SYNTH_N_GENRES; g++) {
		free(w->of_genre[g]);
		rng_alias_release(&w->by_popularity[g]);
	}
	*w = (struct synth_world){ 0 };
}

double synth_hour_weight(int64_t ts)
{
	struct time_civil civil;

	time_civil(ts, &civil);
	return busy[civil.hour] *
	       (civil.day_of_week == 0 || civil.day_of_week == 6 ? WEEKEND_FACTOR : 1);
}

uint32_t synth_draw_user(const struct synth_world *w, int64_t ts, struct rng *r)
{
	int hour = (int)(ts / TIME_MS_PER_HOUR % 24);

	for (int i = 0; i < TRIES_MAX; i++) {
		uint32_t user = (uint32_t)rng_alias_draw(&w->by_activity, r);
		const struct synth_user *u = &w->users[user];

		if (ts >= u->active_from &&
		    rng_uniform(r) * BUSY_MAX < busy[(hour - u->shift + 24) % 24])
			return user;
	}
	return 0;
}

uint32_t synth_draw_content(const struct synth_world *w, uint32_t user, int64_t ts, struct rng *r)
{
	double mass[SYNTH_N_GENRES], sum = 0, u;
	int g = -1;

	for (int i = 0; i < SYNTH_N_GENRES; i++) {
		mass[i] = w->genre_mass[i] * exp(TASTE_CHOICE * w->users[user].taste[i]);
		sum += mass[i];
	}
	u = rng_uniform(r) * sum;
	for (int i = 0; i < SYNTH_N_GENRES; i++) {
		if (!w->by_popularity[i].n)
			continue;
		g = i; /* the last that has contents takes what rounding leaves */
		if ((u -= mass[i]) < 0)
			break;
	}
	for (int i = 0; i < TRIES_MAX; i++) {
		uint32_t content = w->of_genre[g][rng_alias_draw(&w->by_popularity[g], r)];

		if (ts >= w->contents[content].available_from)
			return content;
	}
	return w->of_genre[g][0];
}

uint8_t synth_draw_device(const struct synth_world *w, uint32_t user, struct rng *r)
{
	double u = rng_uniform(r);

	return u < 0.78   ? w->users[user].device[0]
	       : u < 0.97 ? w->users[user].device[1]
			  : draw_device_by_share(r);
}

double synth_probability(const struct synth_world *w, uint32_t user, uint32_t content,
			 uint8_t device, int64_t ts, double extra)
{
	const struct synth_user *u = &w->users[user];
	const struct synth_content *c = &w->contents[content];
	double logit = LOGIT_BASE + u->effect + c->effect + TASTE_EFFECT * u->taste[c->genre] +
		       devices[device].effect + hour_effect(ts) + extra;

	return 1 / (1 + exp(-logit));
}

const char *synth_device_name(int device)
{
	return devices[device].name;
}

const char *synth_genre_name(int genre)
{
	return genres[genre].name;
}

const char *synth_plan_name(int plan)
{
	return plans[plan].name;
}

const char *synth_rating_name(int rating)
{
	return ratings[rating];
}
