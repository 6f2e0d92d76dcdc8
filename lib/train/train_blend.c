/* Trains a logistic regression and gradient-boosted trees on the same rows. */
#include "model/model_blend.h"
#include "train/trainer.h"

/* In the order of model_blend_part. */
static const struct trainer *const parts[] = { &trainer_logistic, &trainer_gbdt, NULL };

/* It has none but those of its parts. */
static const char *own_option(const struct learn_options *o)
{
	(void)o;
	return NULL;
}

static int check(const struct learn_options *o, struct err *err)
{
	return trainer_logistic.check(o, err) || trainer_gbdt.check(o, err) ? -1 : 0;
}

/* Numbers as the logistic regression wants them, with the bins of trees. */
static struct encoding_numbers numbers(const struct learn_options *o)
{
	struct encoding_numbers n = trainer_logistic.numbers(o);

	n.max_bins = trainer_gbdt.numbers(o).max_bins;
	return n;
}

static int fit(struct model *m, struct trainset *set, struct trainrows_span span,
	       const struct learn_options *o, struct pool *pool, struct err *err)
{
	int rc = 0;

	for (int i = 0; !rc && i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		rc = parts[i]->fit(&part, set, span, o, pool, err);
		m->encoding = part.encoding;
	}
	return rc;
}

static void warn(struct warnings *w, const char *of, const struct model *m)
{
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		if (parts[i]->warn)
			parts[i]->warn(w, of, &part);
	}
}

static void put_summary(struct buf *lines, const struct model *m)
{
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		parts[i]->put_summary(lines, &part);
	}
}

static bool needs_time(const struct learn_options *o)
{
	return trainer_logistic.needs_time(o);
}

const struct trainer trainer_blend = {
	.learner = &learner_blend,
	.parts = parts,
	.validates = true,
	.own_option = own_option,
	.check = check,
	.numbers = numbers,
	.needs_time = needs_time,
	.fit = fit,
	.warn = warn,
	.put_summary = put_summary,
};
