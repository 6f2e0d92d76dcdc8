#include "history/effects.h"

#include "scratch.h"

#define DAY 86400000

/* No level has an effect. */
static struct effects_ids nothing(void)
{
	struct effects_ids ids;

	for (int i = 0; i < EFFECTS_N_LEVELS; i++)
		ids.of[i] = INTERN_NONE;
	return ids;
}

static const struct effects_ids bias = { .of = { [EFFECTS_USER] = INTERN_NONE,
						 [EFFECTS_CONTENT] = INTERN_NONE,
						 [EFFECTS_USER_GENRE] = INTERN_NONE,
						 [EFFECTS_GENRE] = INTERN_NONE,
						 [EFFECTS_DEVICE] = INTERN_NONE,
						 [EFFECTS_HOUR] = INTERN_NONE,
						 [EFFECTS_PLAN] = INTERN_NONE,
						 [EFFECTS_RUNTIME] = INTERN_NONE } };

/* Each level has one of 5 effects, or none; the bias is there. */
static struct effects_ids draw(uint64_t *random)
{
	struct effects_ids ids = nothing();

	ids.of[EFFECTS_BIAS] = 0;
	for (int i = 1; i < EFFECTS_N_LEVELS; i++)
		if (scratch_below(random, 4))
			ids.of[i] = (uint32_t)scratch_below(random, 5);
	return ids;
}

/* n experts of these drifts; the rest are the defaults. */
static struct effects_options experts(const double *drift, size_t n, double alpha)
{
	struct effects_options options = effects_defaults();

	memcpy(options.drift, drift, n * sizeof(*drift));
	options.n = n;
	options.alpha = alpha;
	return options;
}

static bool same_moments(const struct effects_moments *a, const struct effects_moments *b)
{
	return a->mean == b->mean && a->variance == b->variance;
}

/* As by_hand in tests/reference/online.py, a millisecond later. */
static void two_outcomes_by_hand(void)
{
	const struct effects_options options = experts((double[]){ 0, 0.1 }, 2, 0.01);
	const struct effect *effect;
	struct effects_belief belief;
	struct effects e;

	effects_init(&e, &options);
	belief = effects_predict(&e, &bias, 1);
	CHECK(belief.logit == 0 && belief.sd == 1);
	effects_learn(&e, &bias, 1, true);
	effect = effects_find(&e, EFFECTS_BIAS, 0);
	for (int j = 0; j < 2; j++) {
		CHECK_NEAR(e.weight[j], .5, 1e-15);
		CHECK_NEAR(effect->by[j].mean, .4, 1e-15);
		CHECK_NEAR(effect->by[j].variance, .8, 1e-15);
	}
	belief = effects_predict(&e, &bias, 1);
	CHECK_NEAR(belief.logit, .3489281, 5e-8);
	CHECK_NEAR(belief.sd, .8944272, 5e-8);
	for (int i = 0; i < 2; i++) { /* a prediction leaves nothing behind */
		belief = effects_predict(&e, &bias, 1 + DAY);
		CHECK_NEAR(belief.logit, .3463779, 5e-8);
		CHECK_NEAR(belief.sd, .9219544, 5e-8);
	}
	CHECK_NEAR(effects_predict(&e, &bias, 1 + 3 * DAY).sd, .9486833, 5e-8);
	effects_learn(&e, &bias, 1 + DAY, false);
	CHECK_NEAR(effect->by[0].mean, .0071417, 5e-8);
	CHECK_NEAR(effect->by[0].variance, .6699977, 5e-8);
	CHECK_NEAR(effect->by[1].mean, -.0321849, 5e-8);
	CHECK_NEAR(effect->by[1].variance, .7386257, 5e-8);
	CHECK_NEAR(e.weight[0], .4992607, 5e-8);
	CHECK_NEAR(e.weight[1], .5007393, 5e-8);
	CHECK_INT(effect->updated, 1 + DAY);
	effects_release(&e);
}

/* Each outcome makes surer where nothing wears off, and nothing is less sure than at first. */
static void variances_shrink(void)
{
	struct effects_options options = experts((double[]){ 0, 3, 1e6 }, 3, 1e-4);
	uint64_t random = 1;

	for (int round = 0; round < 20; round++) {
		struct effects e;
		int64_t ts = 1;

		effects_init(&e, &options);
		for (int i = 0; i < 300; i++) {
			const struct effects_ids ids = draw(&random);
			double before[EFFECTS_N_LEVELS];

			for (int k = 0; k < EFFECTS_N_LEVELS; k++)
				if (ids.of[k] != INTERN_NONE)
					before[k] =
						effects_get(&e, (enum effects_level)k, ids.of[k])
							->by[0]
							.variance;
			ts += (int64_t)scratch_below(&random, DAY);
			effects_learn(&e, &ids, ts, scratch_below(&random, 2));
			for (int k = 0; k < EFFECTS_N_LEVELS; k++) {
				const struct effects_moments *by;

				if (ids.of[k] == INTERN_NONE)
					continue;
				by = effects_find(&e, (enum effects_level)k, ids.of[k])->by;
				CHECK(by[0].variance > 0 && by[0].variance < before[k]);
				for (size_t j = 0; j < options.n; j++)
					CHECK(by[j].variance > 0 &&
					      by[j].variance < options.prior[k]);
			}
		}
		effects_release(&e);
	}
}

/* The drift is of the bias, users and contents alone, and ends at the prior. */
static void three_levels_drift(void)
{
	const struct effects_options options = experts((double[]){ 0.5 }, 1, 0);

	for (int k = 0; k < EFFECTS_N_LEVELS; k++) {
		const bool drifts = k <= EFFECTS_CONTENT;
		struct effects_ids ids = nothing();
		double variance;
		struct effects e;

		effects_init(&e, &options);
		ids.of[k] = 3;
		effects_learn(&e, &ids, 1, true);
		variance = effects_find(&e, (enum effects_level)k, 3)->by[0].variance;
		CHECK(variance < options.prior[k]);
		CHECK_NEAR(effects_predict(&e, &ids, 1 + DAY / 1000).sd,
			   sqrt(variance + (drifts ? 0.0005 : 0)), 1e-15);
		CHECK_NEAR(effects_predict(&e, &ids, 1 + 100 * (int64_t)DAY).sd,
			   sqrt(drifts ? options.prior[k] : variance), 1e-15);
		effects_release(&e);
	}
}

static void weights_sum_to_1(void)
{
	static const double drifts[] = { 0, 0.01, 0.1, 1, 10, 100, 1000, 1e6 };
	uint64_t random = 2;

	for (size_t n = 1; n <= EFFECTS_MAX_EXPERTS; n++) {
		const double alpha = n % 3 ? 1e-4 : 0;
		const struct effects_options options = experts(drifts, n, alpha);
		bool moved = false;
		struct effects e;
		int64_t ts = 1;

		effects_init(&e, &options);
		for (int i = 0; i < 1000; i++) {
			const struct effects_ids ids = draw(&random);
			double sum = 0;

			ts += (int64_t)scratch_below(&random, DAY);
			effects_learn(&e, &ids, ts, scratch_below(&random, 5) < 4);
			for (size_t j = 0; j < n; j++) {
				CHECK(e.weight[j] >= alpha / (double)n);
				moved |= fabs(e.weight[j] - 1 / (double)n) > 0.01;
				sum += e.weight[j];
			}
			CHECK_NEAR(sum, 1, 1e-15 * (double)n);
		}
		CHECK_INT(moved, n > 1);
		effects_release(&e);
	}
}

/* Who gave an outcome more, gets more; alpha 1 keeps them equal; with 0 one may be forgotten. */
static void alpha_is_what_is_shared(void)
{
	for (int alpha = 0; alpha <= 1; alpha++) {
		const struct effects_options options =
			experts((double[]){ 0, 1e6 }, 2, (double)alpha);
		struct effects e;

		effects_init(&e, &options);
		for (int i = 0; i < 2000;
		     i++) /* for the second it is as if the rest were long ago */
			effects_learn(&e, &bias, 1 + i * (int64_t)DAY, i % 2);
		CHECK(alpha ? e.weight[0] == 0.5 && e.weight[1] == 0.5
			    : e.weight[0] > 1 - 1e-6 && e.weight[1] < 1e-6);
		effects_release(&e);
	}
}

/* To the last bit, but for the logarithm of a quotient that is turned over. */
static void flipped_outcomes_give_the_negative(void)
{
	const struct effects_options options = experts((double[]){ 0, 0.1, 5 }, 3, 1e-3);
	uint64_t random = 3;
	struct effects e, flipped;
	int64_t ts = 1;

	effects_init(&e, &options);
	effects_init(&flipped, &options);
	for (int i = 0; i < 3000; i++) {
		const struct effects_ids ids = draw(&random);
		const bool outcome = scratch_below(&random, 3);
		struct effects_belief a, b;

		ts += (int64_t)scratch_below(&random, DAY / 10);
		a = effects_predict(&e, &ids, ts);
		b = effects_predict(&flipped, &ids, ts);
		CHECK_NEAR(a.logit, -b.logit, 1e-14);
		CHECK(a.sd == b.sd);
		effects_learn(&e, &ids, ts, outcome);
		effects_learn(&flipped, &ids, ts, !outcome);
	}
	for (size_t j = 0; j < options.n; j++)
		CHECK(e.weight[j] == flipped.weight[j]);
	effects_release(&e);
	effects_release(&flipped);
}

/* Neither to what others learn, nor to itself; its effects are as at first. */
static void an_absent_level_changes_nothing(void)
{
	const struct effects_options options = effects_defaults();
	uint64_t random = 4;

	for (int absent = 0; absent < EFFECTS_N_LEVELS; absent++) {
		struct effects_options other = options;
		struct effects e, without;
		int64_t ts = 1;

		other.prior[absent] = 0; /* as if there were none */
		effects_init(&e, &options);
		effects_init(&without, &other);
		for (int i = 0; i < 200; i++) {
			struct effects_ids with = draw(&random), ids = with;
			struct effects_belief a, b;

			with.of[absent] = 0;
			ids.of[absent] = INTERN_NONE;
			ts += (int64_t)scratch_below(&random, DAY);
			a = effects_predict(&e, &ids, ts);
			b = effects_predict(&without, &with, ts);
			CHECK(a.logit == b.logit && a.sd == b.sd);
			effects_learn(&e, &ids, ts, i % 3);
			effects_learn(&without, &with, ts, i % 3);
		}
		CHECK_INT(e.levels[absent].n, 0);
		CHECK(!effects_find(&e, (enum effects_level)absent, 0));
		effects_release(&e);
		effects_release(&without);
	}
}

/* Experts share a prediction, not what they learn: to the bit, be they 1, 2 or more. */
static void an_expert_is_what_it_is_alone(void)
{
	static const double drifts[] = { 0.05, 0.7, 20 };
	struct effects_options options[3];
	struct effects e[3];
	bool differ = false;
	uint64_t random = 5;
	int64_t ts = 1;

	for (size_t n = 0; n < 3; n++) {
		options[n] = experts(drifts, n + 1, 1e-4);
		effects_init(&e[n], &options[n]);
	}
	for (int i = 0; i < 2000; i++) {
		const struct effects_ids ids = draw(&random);

		ts += (int64_t)scratch_below(&random, DAY);
		for (size_t n = 0; n < 3; n++)
			effects_learn(&e[n], &ids, ts, i % 3 || i % 5);
		for (int k = 0; k < EFFECTS_N_LEVELS; k++) {
			const struct effect *by[3];

			if (ids.of[k] == INTERN_NONE)
				continue;
			for (size_t n = 0; n < 3; n++)
				by[n] = effects_find(&e[n], (enum effects_level)k, ids.of[k]);
			CHECK(same_moments(&by[0]->by[0], &by[1]->by[0]));
			CHECK(same_moments(&by[1]->by[0], &by[2]->by[0]));
			CHECK(same_moments(&by[1]->by[1], &by[2]->by[1]));
			differ |= !same_moments(&by[2]->by[1], &by[2]->by[2]);
		}
	}
	CHECK(differ);
	for (size_t n = 0; n < 3; n++)
		effects_release(&e[n]);
}

/* A prediction of equals is that of one of them, to rounding. */
static void equal_experts_are_one(void)
{
	const struct effects_options options[] = { experts((double[]){ 1 }, 1, 0),
						   experts((double[]){ 1, 1, 1, 1 }, 4, 0) };
	struct effects e[2];
	uint64_t random = 6;
	int64_t ts = 1;

	for (int n = 0; n < 2; n++)
		effects_init(&e[n], &options[n]);
	for (int i = 0; i < 500; i++) {
		const struct effects_ids ids = draw(&random);
		struct effects_belief a, b;

		ts += (int64_t)scratch_below(&random, DAY);
		a = effects_predict(&e[0], &ids, ts);
		b = effects_predict(&e[1], &ids, ts);
		CHECK_NEAR(a.logit, b.logit, 1e-14);
		CHECK_NEAR(a.sd, b.sd, 1e-14);
		for (int n = 0; n < 2; n++)
			effects_learn(&e[n], &ids, ts, i % 3);
	}
	for (int n = 0; n < 2; n++)
		effects_release(&e[n]);
}

/* Whatever it is sure of, and however it is surprised then. */
static void what_is_certain_is_finite(void)
{
	for (int outcome = 0; outcome < 2; outcome++) {
		for (double prior = 0; prior <= EFFECTS_MAX_NUMBER;
		     prior += EFFECTS_MAX_NUMBER / 2) {
			struct effects_options options =
				experts((double[]){ 0, EFFECTS_MAX_NUMBER }, 2, 0);
			const struct effects_ids all = { 0 };
			struct effects_belief belief = { 0, 0 };
			struct effects e;

			for (int k = 0; k < EFFECTS_N_LEVELS; k++)
				options.prior[k] = prior;
			effects_init(&e, &options);
			for (int i = 0; i < 12000; i++) {
				effects_learn(&e, &all, 1 + i * (int64_t)DAY,
					      i % 5000 < 4990 ? outcome : !outcome);
				belief = effects_predict(&e, &all, 1 + i * (int64_t)DAY);
				CHECK(isfinite(belief.logit) && belief.sd >= 0 &&
				      belief.sd <= 3000);
				CHECK(fabs(belief.logit) <= 1000);
				CHECK_NEAR(e.weight[0] + e.weight[1], 1, 1e-14);
			}
			CHECK(prior == 0 ? belief.logit == 0 && belief.sd == 0
					 : (belief.logit > 0) == outcome);
			effects_release(&e);
		}
	}
}

/* The sum of a mean that no outcomes make: its odds are those of 700, and a surprise moves it. */
static void a_probability_is_never_0(void)
{
	for (int sign = -1; sign <= 1; sign += 2) {
		const struct effects_options options = experts((double[]){ 0 }, 1, 0);
		struct effect *effect;
		struct effects e;

		effects_init(&e, &options);
		effect = effects_get(&e, EFFECTS_BIAS, 0);
		effect->updated = 1;
		effect->by[0] = (struct effects_moments){ sign * 1e9, 0.5 };
		CHECK_NEAR(effects_predict(&e, &bias, 1).logit, sign * 700, 1e-9);
		effects_learn(&e, &bias, 1, sign < 0);
		CHECK_NEAR(effect->by[0].mean, sign * (1e9 - 0.5), 1e-6);
		CHECK(effect->by[0].variance == 0.5 && e.weight[0] == 1);
		effects_release(&e);
	}
}

static void a_high_id_leaves_the_others_at_their_prior(void)
{
	const struct effects_options options = effects_defaults();
	struct effects_ids low = nothing();
	struct effects e;

	effects_init(&e, &options);
	low.of[EFFECTS_USER] = 2;
	effects_learn(&e, &low, 7, true);
	effects_get(&e, EFFECTS_USER, 100000)->updated = 9;
	CHECK_INT(effects_find(&e, EFFECTS_USER, 2)->updated, 7);
	CHECK_INT(effects_find(&e, EFFECTS_USER, 100000)->updated, 9);
	for (uint32_t id = 0; id <= 100001; id++) {
		const struct effect *effect;

		if (id == 2 || id == 100000)
			continue;
		CHECK(!effects_find(&e, EFFECTS_USER, id));
		if (id > 100000)
			continue;
		effect = effects_get(&e, EFFECTS_USER, id);
		for (size_t j = 0; j < options.n; j++)
			CHECK(effect->by[j].mean == 0 &&
			      effect->by[j].variance == options.prior[EFFECTS_USER]);
	}
	CHECK_INT(e.levels[EFFECTS_USER].n, 100001);
	effects_prefetch(&e, EFFECTS_USER, 100000);
	effects_prefetch(&e, EFFECTS_USER, INTERN_NONE);
	effects_release(&e);
}

static void a_level_has_one_name(void)
{
	for (int i = 0; i < EFFECTS_N_LEVELS; i++) {
		const char *name = effects_level_name((enum effects_level)i);

		CHECK_INT(effects_level_parse(name, strlen(name)), i);
		CHECK_INT(effects_level_parse(name, strlen(name) - 1), -1);
	}
	CHECK_INT(effects_level_parse("users", 5), -1);
	CHECK_INT(effects_level_parse("", 0), -1);
	CHECK_INT(effects_level_parse("user_genre", 4), EFFECTS_USER);
}

int main(void)
{
	RUN(two_outcomes_by_hand);
	RUN(variances_shrink);
	RUN(three_levels_drift);
	RUN(weights_sum_to_1);
	RUN(alpha_is_what_is_shared);
	RUN(flipped_outcomes_give_the_negative);
	RUN(an_absent_level_changes_nothing);
	RUN(an_expert_is_what_it_is_alone);
	RUN(equal_experts_are_one);
	RUN(what_is_certain_is_finite);
	RUN(a_probability_is_never_0);
	RUN(a_high_id_leaves_the_others_at_their_prior);
	RUN(a_level_has_one_name);
	return CHECK_DONE();
}
