/*
 * trainer: how a model of each learner is trained. One trainer for each learner of
 * model/learners.def, in train_NAME.c.
 */
#ifndef CE_TRAINER_H
#define CE_TRAINER_H

#include "base/buf.h"
#include "base/names.h"
#include "base/num.h"
#include "base/pool.h"
#include "base/warnings.h"
#include "learn/calibration.h"
#include "learn/gbdt.h"
#include "learn/logistic.h"
#include "model/model.h"
#include "train/trainset.h"

struct trainer;

/* What is asked of training. The options of one learner alone are refused to all others. */
struct learn_options {
	const struct trainer *trainer;
	double l2;          /* >= 0, of coefficients or of leaves */
	int64_t bins;       /* the most bins of a number: 0, none; -1: as usual for the learner */
	int64_t validation; /* the share of the newest train rows, in millionths, by which boosting
			       stops, and calibration is fitted */
	enum calibration_kind calibration;

	/* logistic */
	bool choose_l2; /* by cross-validation, whatever l2 is */
	double tolerance;
	struct names interactions; /* pairs of features, each "NAME:NAME" */

	/* gbdt; its l2, shares and seed come from elsewhere */
	struct gbdt_options gbdt;
	int64_t subsample, colsample; /* in millionths */
	struct names monotone;        /* numbers, each "NAME:+" or "NAME:-" */
};

/* Those of trees won a cross-validation on four workloads (tests/bench/README.md). */
#define LEARN_OPTIONS_INIT                                                                         \
	{                                                                                          \
		.l2 = 1, .bins = -1, .validation = 100000, .tolerance = 1e-10,                     \
		.gbdt = { .trees = 1000,                                                           \
			  .tree = { .rate = 0.05, .depth = 5, .leaves = 64, .min_weight = 1 },     \
			  .patience = 40 },                                                        \
		.subsample = 800000, .colsample = 600000                                           \
	}

struct trainer {
	const struct model_learner *learner;
	/* Of a model of several parts, the trainers of those, which end with NULL: it takes their
	 * options. */
	const struct trainer *const *parts;
	bool validates; /* fits with validation rows, whether it is calibrated or not */

	/* What it makes of numbers, with checked options. */
	struct encoding_numbers (*numbers)(const struct learn_options *o);

	/* The first of the learner's own options that is not as usual, or NULL. */
	const char *(*own_option)(const struct learn_options *o);

	/* Checks the options: 0, or -1 with err (ERR_USAGE). */
	int (*check)(const struct learn_options *o, struct err *err);

	/* Whether it tells train rows apart by their time, validation rows aside; NULL: no. */
	bool (*needs_time)(const struct learn_options *o);

	/*
	 * Fits m->fit, which is empty, to the rows of the span, and may add interactions to
	 * m->encoding, which is fitted; m->validation is set, 0 without validation rows. Returns 0,
	 * or -1 with err.
	 */
	int (*fit)(struct model *m, struct trainset *set, struct trainrows_span span,
		   const struct learn_options *o, struct pool *pool, struct err *err);

	/*
	 * Adds what looks wrong with a fit (NULL: nothing does), each line after `of`, which says
	 * which fit it is; appends lines on how it went.
	 */
	void (*warn)(struct warnings *w, const char *of, const struct model *m);
	void (*put_summary)(struct buf *lines, const struct model *m);
};

/* trainer_NAME of each learner. */
#define LEARNER(name) extern const struct trainer trainer_##name;
#include "model/learners.def"

#endif
