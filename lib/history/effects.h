/*
 * effects: an online Bayesian logistic regression over outcomes, as they become known.
 *
 * The log odds of a session's outcome are the sum of the effects of its levels (levels.def). Of
 * each effect a normal distribution is kept: assumed-density filtering with MacKay's approximation
 * of the logistic-normal integral (The Evidence Framework Applied to Classification Networks,
 * Neural Computation 4, 1992, 720-736; with indicators only, cf. Graepel et al., Web-Scale Bayesian
 * Click-Through Rate Prediction, ICML 2010). With mean m and variance v of the sum, p = sigma(m /
 * sqrt(1 + pi v / 8)), u = p (1 - p) and d = 1 + u v, the outcome y makes of each mean and variance
 *
 *	mean + variance (y - p) / d    and    variance - variance^2 u / d
 *
 * Experts differ in how fast what they know of users and contents wears off (drift: what the
 * variance gains a day, up to the prior's). They share a prediction by weights, which outcomes
 * move: w_j <- (1 - alpha) w_j q_j / sum(w q) + alpha / J, with q_j the probability that expert j
 * gave to y (fixed share: Herbster & Warmuth, Machine Learning 32, 1998).
 *
 * Every operation is in one order, and exp and log are fixedmath's: equal input, equal bits.
 *
 * Memory: 8 bytes, and 16 an expert, an effect (measured, a million with two experts: 42 bytes
 * each).
 */
#ifndef CE_EFFECTS_H
#define CE_EFFECTS_H

#include "base/intern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* EFFECTS_BIAS, ... */
enum effects_level {
#define LEVEL(NAME, name, variance, drifts) EFFECTS_##NAME,
#include "history/levels.def"
	EFFECTS_N_LEVELS,
};

/* The level's name; that with exactly that name, or -1. */
const char *effects_level_name(enum effects_level level);
int effects_level_parse(const char *s, size_t len);

#define EFFECTS_MAX_EXPERTS 8
#define EFFECTS_MAX_NUMBER  1e6 /* of a variance, or a drift */

struct effects_options {
	double prior[EFFECTS_N_LEVELS];    /* variances, >= 0 */
	double drift[EFFECTS_MAX_EXPERTS]; /* [n] of the variance, a day, >= 0: one an expert */
	size_t n;
	double alpha; /* in [0, 1] */
};

/* The priors of levels.def, drifts of 0 and 0.1, and an alpha of 0.0001. */
struct effects_options effects_defaults(void);

/* Which effects a session has: of each level an id, from 0, or INTERN_NONE. */
struct effects_ids {
	uint32_t of[EFFECTS_N_LEVELS];
};

/* What is known of an effect by one expert. */
struct effects_moments {
	double mean, variance;
};

/* What is known of an effect. */
struct effect {
	int64_t updated;             /* known time of its latest outcome, ms; 0: there was none */
	struct effects_moments by[]; /* experts */
};

struct effects {
	struct effects_options options;
	double weight[EFFECTS_MAX_EXPERTS];
	double drift[EFFECTS_MAX_EXPERTS]; /* a ms */
	size_t size;                       /* of a struct effect */
	struct effects_store {
		char *effects; /* [n] by id */
		uint32_t n;
	} levels[EFFECTS_N_LEVELS];
};

void effects_init(struct effects *e, const struct effects_options *options);
void effects_release(struct effects *e);

/* The outcome of a session with these effects became known then, not before those so far. */
void effects_learn(struct effects *e, const struct effects_ids *ids, int64_t known, bool outcome);

/* The log odds of a session with these effects, at a time, and their standard deviation. */
struct effects_belief {
	double logit, sd;
};

struct effects_belief effects_predict(const struct effects *e, const struct effects_ids *ids,
				      int64_t ts);

/* Asks memory for the effect, for who knows some steps before. */
void effects_prefetch(const struct effects *e, enum effects_level level, uint32_t id);

/* The effect of that id, of which outcomes are known; NULL: none are. */
const struct effect *effects_find(const struct effects *e, enum effects_level level, uint32_t id);

/* The same, made if it is new: for who reads it back. */
struct effect *effects_get(struct effects *e, enum effects_level level, uint32_t id);

#endif
