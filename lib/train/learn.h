/*
 * learn: from a trainset to a model, and its backtest: how well models with the same options would
 * have done at earlier times.
 *
 * Memory: that of the matrix or the bins, and of the learner.
 */
#ifndef CE_LEARN_H
#define CE_LEARN_H

#include "base/warnings.h"
#include "metric/metrics.h"
#include "table/csvwriter.h"
#include "train/trainer.h"

/* The trainer of the learner number `kind` of model_kind_names. */
const struct trainer *learn_trainer(size_t kind);

/*
 * Checks the options, whose trainer is set: each in its range, none that only other learners have,
 * none without effect. Returns 0, or -1 with err (ERR_USAGE).
 */
int learn_check(const struct learn_options *o, struct err *err);

/* Whether training with these options tells rows apart by their time. */
bool learn_needs_time(const struct learn_options *o);

/*
 * Trains on the train rows that could be learned from at `until` (INT64_MAX: all), and sets all of
 * *m but the split. The caller releases *m. Returns 0, or -1 with err.
 */
int learn_model(struct model *m, struct trainset *set, int64_t until,
		const struct learn_options *options, struct pool *pool, struct err *err);

/*
 * Of a model that was trained on the set: adds what looks wrong; appends lines about the horizon,
 * the cut, the rows of each part and how the fit went, each ended by a newline.
 */
void learn_warn(struct warnings *w, const struct model *m, const struct trainset *set);
void learn_put_summary(struct buf *lines, const struct model *m, const struct trainset *set);

/* One fold of a cross-validation. */
struct learn_fold {
	int64_t cut;          /* trained on what could be learned from then */
	uint64_t n_train;     /* rows of which that is true, validation rows among them */
	struct metrics judge; /* of the rows after the cut; with one class some are NaN */
};

/*
 * Rolling-origin cross-validation (Tashman, "Out-of-sample tests of forecasting accuracy: an
 * analysis and review", International Journal of Forecasting 16, 2000): the train rows are cut at
 * times into n + 1 parts of as many rows; fold k learns from what could be learned from when part
 * k + 1 begins, and is judged by the rows of that part. Sets folds[n], and adds what looks wrong in
 * the set and in each fold. With by_time only. Returns 0, or -1 with err.
 */
int learn_cross_validate(struct trainset *set, size_t n, const struct learn_options *options,
			 struct pool *pool, struct learn_fold *folds, struct warnings *w,
			 struct err *err);

/* The table `folds`, header and all. Returns 0, or -1 with err. */
int learn_write_folds(const struct learn_fold *folds, size_t n, struct csv_writer *out,
		      struct err *err);

#endif
