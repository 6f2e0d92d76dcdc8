/*
 * synth_world: the users and contents of a synthetic workload, and what draws one to the other.
 *
 * Everything here is drawn once, from the seed alone: neither the number of viewings nor the faults
 * change it. Activity and popularity are independent of the index, so that an id says nothing.
 * Memory: 96 bytes a user, 44 bytes a content (20 more of each while they are drawn).
 */
#ifndef CE_SYNTH_WORLD_H
#define CE_SYNTH_WORLD_H

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

#define SYNTH_N_GENRES  12
#define SYNTH_N_DEVICES 5

/* The device whose player stops in the credits, or at the end, and never says `complete`. */
#define SYNTH_DEVICE_SILENT 4

/* "Not recorded", for the times below. */
#define SYNTH_UNKNOWN INT64_MIN

/* What a workload is to be. */
struct synth_options {
	uint64_t seed;
	uint32_t n_users, n_contents; /* > 0 */
	uint64_t n_viewings;
	int64_t start;  /* of the window, ms since the epoch; later than 1990 */
	int64_t n_days; /* > 0; the window ends before EVENT_TS_END */

	/* The additions; 0 is none, shares are in [0,1]. */
	int64_t heartbeat; /* ms between two, from a play or a seek until the next event */
	double ends_by_position, runtime_missing; /* of the contents: see synth_content */
	double rewatched;                         /* of the completed viewings: see synth_next */
	double two_evenings; /* of the viewings that play 20 minutes or more: see synth_next */
	double clock_skewed; /* of the devices: see synth_clock_skew */
};

struct synth_user {
	int64_t active_from; /* no viewing starts before; ms since the epoch */
	int64_t signup;      /* as users_dim has it: perhaps SYNTH_UNKNOWN, or in the future */
	float effect;        /* on the logit of completion */
	float restlessness;  /* factor on the rate of pauses and seeks */
	float taste[SYNTH_N_GENRES]; /* standard normal; draws to the genre, and on to the end */
	int8_t shift;                /* hours by which the user's day is later than most people's */
	int8_t plan;                 /* index of the plan tier, or -1: not recorded */
	uint8_t device[2];           /* the usual one, and the other */

	/* The timeline's: the user's latest viewing, and when its session is surely closed. */
	uint32_t last_content;
	int64_t last_until;
};

struct synth_content {
	int64_t available_from;   /* ms since the epoch */
	float effect;             /* on the logit of completion, runtime's share included */
	int32_t runtime;          /* seconds, the true one */
	int32_t recorded_runtime; /* as content_dim has it: that one, 0, or -1: not recorded */
	int16_t release_year;     /* or -1: not recorded */
	int8_t genre;             /* the true one */
	bool genre_recorded;
	int8_t rating; /* index of the maturity rating, or -1: not recorded */

	/* Of the options' shares, each drawn for itself: a larger share holds the smaller one. */
	bool ends_by_position; /* its player pauses at the end, without a word more */
	bool runtime_missing;  /* in content_dim; its player knows it */
};

struct synth_world {
	struct synth_options options;
	int64_t start, end; /* of the workload's window */
	struct synth_user *users;
	struct synth_content *contents;
	uint32_t n_users, n_contents;

	/* The module's own. */
	struct rng_alias by_activity;
	uint32_t
		*of_genre[SYNTH_N_GENRES]; /* contents; the first of each is there from the start */
	struct rng_alias by_popularity[SYNTH_N_GENRES];
	double genre_mass[SYNTH_N_GENRES];
};

/* Draws the world. Release it. */
void synth_world_init(struct synth_world *w, const struct synth_options *options);
void synth_world_release(struct synth_world *w);

/*
 * How far the clock of the user's device is ahead, ms: on the share clock_skewed of the devices 1
 * minute to 12 hours, either way, on one in twenty of them 1 to 10 years, but never so far that the
 * workload's end is EVENT_TS_END or later; on the others 0.
 */
int64_t synth_clock_skew(const struct synth_world *w, uint32_t user, uint8_t device);

/* How busy everybody together is in the hour that begins at ts, relative to other hours. */
double synth_hour_weight(int64_t ts);

/* Who starts a viewing at ts: by activity, the user's time of day, and who has signed up by then.
 */
uint32_t synth_draw_user(const struct synth_world *w, int64_t ts, struct rng *r);

/* What a user starts at ts: a genre by taste, a content by popularity, released by then. */
uint32_t synth_draw_content(const struct synth_world *w, uint32_t user, int64_t ts, struct rng *r);

uint8_t synth_draw_device(const struct synth_world *w, uint32_t user, struct rng *r);

/*
 * The probability that the viewing will be completed, as it stands when it starts at ts:
 * sigmoid(base + user + content + taste for the genre + device + hour (UTC) + `extra`).
 */
double synth_probability(const struct synth_world *w, uint32_t user, uint32_t content,
			 uint8_t device, int64_t ts, double extra);

/* The words of the tables. */
const char *synth_device_name(int device);
const char *synth_genre_name(int genre);
const char *synth_plan_name(int plan);
const char *synth_rating_name(int rating);

#endif
