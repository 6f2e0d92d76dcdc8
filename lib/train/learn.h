/*
 * learn: from a trainset to a model, and how well that would have gone at earlier times.
 *
 * Memory: that of the matrix or the bins, and of the learner.
 */
#ifndef CE_LEARN_H
#define CE_LEARN_H

#include "base/pool.h"
#include "learn/calibration.h"
#include "metric/metrics.h"
#include "model/model.h"
#include "train/trainset.h"

struct learn_options {
	enum model_kind kind;
	struct logistic_options logistic;
	bool choose_l2; /* logistic: by cross-validation, whatever logistic.l2 is */
	/* Logistic: pairs of features, each "NAME:NAME"; borrowed. */
	const char *const *interactions;
	size_t n_interactions;
	struct gbdt_options gbdt;
	size_t bins;        /* gbdt: 2 ... BINS_MAX; logistic: 0, or into how many to cut numbers */
	int64_t validation; /* the share of the newest train rows, in millionths, by which boosting
			       stops, and calibration is learnt */
	enum calibration_kind calibration;
};

#define LEARN_OPTIONS_INIT                                                                         \
	{                                                                                          \
		.kind = MODEL_LOGISTIC, .logistic = LOGISTIC_OPTIONS_INIT,                         \
		.gbdt = GBDT_OPTIONS_INIT, .validation = 100000                                    \
	}

/* Whether learning with these options tells rows apart by their time. */
bool learn_needs_time(const struct learn_options *o);

/*
 * Learns from the train rows whose label was known before `until` (INT64_MAX: all) all but the
 * model's split. The caller releases *m. Returns 0, or -1 with err.
 */
int learn_model(struct model *m, struct trainset *set, int64_t until,
		const struct learn_options *options, struct pool *pool, struct err *err);

/* One fold of a cross-validation. */
struct learn_fold {
	int64_t cut;          /* learnt from what was known before it */
	uint64_t n_train;     /* rows whose label was known then, held back or not */
	struct metrics judge; /* of the rows behind the cut; with one class some are NaN */
};

/*
 * Rolling-origin cross-validation (Tashman, "Out-of-sample tests of forecasting accuracy: an
 * analysis and review", International Journal of Forecasting 16, 2000): the train rows are cut at
 * times into n + 1 parts of as many rows; fold k learns from what was known when part k + 1 begins,
 * and is judged by the rows of that part. Sets folds[n]. With by_time only. Returns 0, or -1 with
 * err.
 */
int learn_cross_validate(struct trainset *set, size_t n, const struct learn_options *options,
			 struct pool *pool, struct learn_fold *folds, struct err *err);

#endif
