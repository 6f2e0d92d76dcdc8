#include "history/effects.h"

#include "base/fixedmath.h"
#include "base/mem.h"
#include "base/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	bool drifts;
} levels[] = {
#define LEVEL(NAME, name, variance, drifts) { #name, drifts },
#include "history/levels.def"
};

#define SURE 700 /* log odds; a probability is never 0 */

/* The sums of a session's effects, by expert. */
struct sums {
	double mean[EFFECTS_MAX_EXPERTS], variance[EFFECTS_MAX_EXPERTS];
};

const char *effects_level_name(enum effects_level level)
{
	return levels[level].name;
}

int effects_level_parse(const char *s, size_t len)
{
	for (int i = 0; i < EFFECTS_N_LEVELS; i++)
		if (strlen(levels[i].name) == len && !memcmp(levels[i].name, s, len))
			return i;
	return -1;
}

struct effects_options effects_defaults(void)
{
	return (struct effects_options){
		.prior = {
#define LEVEL(NAME, name, variance, drifts) variance,
#include "history/levels.def"
		},
		.drift = { 0, 0.1 },
		.n = 2,
		.alpha = 1e-4,
	};
}

void effects_init(struct effects *e, const struct effects_options *options)
{
	*e = (struct effects){ .options = *options,
			       .size = sizeof(struct effect) +
				       options->n * sizeof(struct effects_moments) };
	for (size_t j = 0; j < options->n; j++) {
		e->weight[j] = 1 / (double)options->n;
		e->drift[j] = options->drift[j] / TIME_MS_PER_DAY;
	}
}

void effects_release(struct effects *e)
{
	for (int i = 0; i < EFFECTS_N_LEVELS; i++)
		free(e->levels[i].effects);
	*e = (struct effects){ .size = 0 };
}

static struct effect *effect_at(const struct effects *e, enum effects_level level, uint32_t id)
{
	return (struct effect *)(void *)(e->levels[level].effects + id * e->size);
}

const struct effect *effects_find(const struct effects *e, enum effects_level level, uint32_t id)
{
	const struct effect *effect = id < e->levels[level].n ? effect_at(e, level, id) : NULL;

	return effect && effect->updated ? effect : NULL;
}

struct effect *effects_get(struct effects *e, enum effects_level level, uint32_t id)
{
	struct effects_store *store = &e->levels[level];

	for (; id >= store->n; store->n++) {
		struct effect *effect;

		/* It grows twofold, and has a power of two: it is full. */
		if (!(store->n & (store->n - 1)))
			store->effects = mem_realloc_huge(
				store->effects, store->n ? (size_t)store->n * 2 : 1, e->size);
		effect = effect_at(e, level, store->n);
		effect->updated = 0;
		for (size_t j = 0; j < e->options.n; j++)
			effect->by[j] = (struct effects_moments){ 0, e->options.prior[level] };
	}
	return effect_at(e, level, id);
}

void effects_prefetch(const struct effects *e, enum effects_level level, uint32_t id)
{
	const char *effect;

	if (id >= e->levels[level].n)
		return;
	effect = (const char *)effect_at(e, level, id);
	__builtin_prefetch(effect);
	__builtin_prefetch(effect + e->size - 1);
}

/* The variance that an effect has at that time by expert j. */
static double variance_at(const struct effects *e, enum effects_level level,
			  const struct effect *effect, size_t j, int64_t ts)
{
	const double prior = e->options.prior[level];
	double variance = effect->by[j].variance;

	if (!levels[level].drifts)
		return variance;
	variance = variance + e->drift[j] * (double)(ts - effect->updated);
	return variance < prior ? variance : prior;
}

/* Inlined, so that a number of experts which is known makes loops of that length. */
static inline __attribute__((always_inline)) void add_up_experts(const struct effects *e,
								 const struct effects_ids *ids,
								 int64_t ts, size_t n,
								 struct sums *sums)
{
	for (size_t j = 0; j < n; j++)
		sums->mean[j] = sums->variance[j] = 0;
	for (int i = 0; i < EFFECTS_N_LEVELS; i++) {
		const enum effects_level level = (enum effects_level)i;
		const struct effect *effect;

		if (ids->of[i] == INTERN_NONE)
			continue;
		effect = effects_find(e, level, ids->of[i]);
		for (size_t j = 0; j < n; j++) {
			sums->mean[j] += effect ? effect->by[j].mean : 0;
			sums->variance[j] += effect ? variance_at(e, level, effect, j, ts)
						    : e->options.prior[i];
		}
	}
}

static void add_up(const struct effects *e, const struct effects_ids *ids, int64_t ts,
		   struct sums *sums)
{
	if (e->options.n == 2)
		add_up_experts(e, ids, ts, 2, sums);
	else
		add_up_experts(e, ids, ts, e->options.n, sums);
}

/* The probabilities of a completion, and of none, by log odds of that mean and variance. */
static void squash(double mean, double variance, double *p, double *q)
{
	const double logit = mean / sqrt(1 + M_PI * variance / 8);
	const double size = logit < 0 ? -logit : logit;
	const double small = fixedmath_exp(size < SURE ? -size : -SURE);

	*p = (logit < 0 ? small : 1) / (1 + small);
	*q = (logit < 0 ? 1 : small) / (1 + small);
}

struct effects_belief effects_predict(const struct effects *e, const struct effects_ids *ids,
				      int64_t ts)
{
	double completed = 0, not_completed = 0, variance = 0, p, q;
	struct sums sums;

	add_up(e, ids, ts, &sums);
	for (size_t j = 0; j < e->options.n; j++) {
		squash(sums.mean[j], sums.variance[j], &p, &q);
		completed += e->weight[j] * p;
		not_completed += e->weight[j] * q;
		variance += e->weight[j] * sums.variance[j];
	}
	return (struct effects_belief){ fixedmath_log(completed / not_completed), sqrt(variance) };
}

/* Moves an effect by expert j: p is its probability of a completion, u and d as above. */
static void move(struct effects_moments *moments, double variance, double residual, double u,
		 double d)
{
	moments->mean += variance * residual / d;
	moments->variance = variance - variance * variance * u / d;
}

void effects_learn(struct effects *e, const struct effects_ids *ids, int64_t known, bool outcome)
{
	const size_t n = e->options.n;
	double given[EFFECTS_MAX_EXPERTS], residual[EFFECTS_MAX_EXPERTS], u[EFFECTS_MAX_EXPERTS],
		d[EFFECTS_MAX_EXPERTS], total = 0, p, q;
	struct sums sums;

	add_up(e, ids, known, &sums);
	for (size_t j = 0; j < n; j++) {
		squash(sums.mean[j], sums.variance[j], &p, &q);
		given[j] = e->weight[j] * (outcome ? p : q);
		residual[j] = outcome ? q : -p;
		u[j] = p * q;
		d[j] = 1 + u[j] * sums.variance[j];
		total += given[j];
	}
	for (int i = 0; i < EFFECTS_N_LEVELS; i++) {
		const enum effects_level level = (enum effects_level)i;
		struct effect *effect;

		if (ids->of[i] == INTERN_NONE)
			continue;
		effect = effects_get(e, level, ids->of[i]);
		for (size_t j = 0; j < n; j++)
			move(&effect->by[j],
			     effect->updated ? variance_at(e, level, effect, j, known)
					     : e->options.prior[i],
			     residual[j], u[j], d[j]);
		effect->updated = known;
	}
	for (size_t j = 0; j < n; j++)
		e->weight[j] = (1 - e->options.alpha) * given[j] / total +
			       e->options.alpha / (double)n;
}
