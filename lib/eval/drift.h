/*
 * drift: how far each feature, and the score, moved between the train and the test part.
 *
 * By the population stability index (Siddiqi, Credit Risk Scorecards, Wiley 2006; Yurdakul &
 * Naranjo, "Statistical properties of the population stability index", Journal of Risk Model
 * Validation 14, 2020): over bins with shares p of the train rows and q of the test rows, the sum
 * of (q - p) ln(q / p), which is the Kullback-Leibler divergence of the one from the other added to
 * that of the other from the one. The bins are those of distribution. Bins without a row on either
 * side do not count; to each other is added half a row on both sides, so that one that is empty on
 * one side makes the index large, and not infinite.
 */
#ifndef CE_DRIFT_H
#define CE_DRIFT_H

#include "eval/distribution.h"
#include "eval/sample.h"
#include "model/model.h"
#include "table/csvwriter.h"

#include <stddef.h>

/* Of the train part, of the test part; shares and means are NAN where there is nothing to say. */
struct drift_feature {
	const char *name; /* of the model, or that of the score */
	const char *kind; /* "number", "category" or "score" */
	double psi;
	double missing[2]; /* shares; of a category where its model has a level for the empty field
			    */
	double mean[2];    /* of the known values of a number */
};

struct drift {
	struct drift_feature *features; /* [n] the largest index first, then by name */
	size_t n;
	size_t rows[2];
};

/* Of a distribution, whose names it borrows. drift_release frees. */
void drift_compute(struct drift *d, const struct distribution *of);

/* The table feature_drift. Returns 0, or -1 with err. */
int drift_write(const struct drift *d, struct csv_writer *out, struct err *err);

/* The feature of that name, or NULL. */
const struct drift_feature *drift_find(const struct drift *d, const char *name);

void drift_release(struct drift *d);

#endif
