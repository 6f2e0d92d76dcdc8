/*
 * report_inputs: the tables and the model that other tools have written of the same run, for a
 * report to show.
 *
 * Memory: of the tables of features a row each, the model, of the others a few counts.
 */
#ifndef CE_REPORT_INPUTS_H
#define CE_REPORT_INPUTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/intern.h"
#include "eval/distribution.h"
#include "model/model.h"

#include <stddef.h>
#include <stdint.h>

/* Files; NULL: not given. Borrowed. */
struct report_inputs_paths {
	const char *rejects;      /* of ce-clean --rejects */
	const char *unmatched;    /* of ce-join --unmatched */
	const char *sessions;     /* content_completion of ce-agg */
	const char *importance;   /* feature_importance, and */
	const char *drift;        /* feature_drift, and */
	const char *distribution; /* feature_distribution of ce-predict */
	const char *model;        /* of ce-train */
};

struct report_inputs_count {
	const char *name; /* NUL-terminated, but anything may be in it */
	uint64_t rows;
};

/* Numbers that are empty are NAN. */
struct report_inputs_feature {
	struct buf names; /* each ended by a NUL: of importance, those of a group; of drift, one */
	char *kind;       /* of drift */
	double auc_drop, auc_drop_sd; /* of importance */
	double loss_rise, loss_rise_sd;
	double psi;                 /* of drift */
	double missing[2], mean[2]; /* of the train part, of the test part */
};

struct report_inputs_features {
	struct report_inputs_feature
		*rows; /* [n] in the order of the file; of importance: groups */
	size_t n, cap;
	/* As the last row has it: rows and repeats of importance; train and test rows of drift. */
	double size[2];
};

/* Of the train part, of the test part. */
struct report_inputs_bin {
	enum distribution_kind kind;
	double low, high;
	char *level; /* of a level, NUL-terminated, but anything may be in it; else NULL */
	double rows[2], positives[2]; /* whole */
	double probability[2];
};

/* A feature's distribution. */
struct report_inputs_spread {
	char *name, *kind;
	struct report_inputs_bin *bins; /* [n] */
	size_t n, cap;
};

struct report_inputs {
	struct report_inputs_paths paths; /* those that were given */

	struct report_inputs_count *rejects; /* [n_rejects] records by reason, most first */
	size_t n_rejects, rejects_cap;
	uint64_t n_rejected; /* in all */
	uint64_t n_unmatched;
	uint64_t completed, not_completed, censored; /* sessions */
	struct report_inputs_features importance, drift;
	struct report_inputs_spread *spreads; /* [n_spreads] in the order of the file */
	size_t n_spreads, spreads_cap;
	struct model model; /* if its path was given */

	struct intern reasons, groups; /* the module's own: of rejects, of importance */
};

/* Reads them. report_inputs_release frees in any case. Returns 0, or -1 with err. */
int report_inputs_read(struct report_inputs *a, const struct report_inputs_paths *paths,
		       struct err *err);

/*
 * Sets spreads[most] to the distributions of the features that matter most, the first of each group
 * in the order of importance, or, without that, those over whose bins the mean probability of the
 * test rows differs most. Returns how many.
 */
size_t report_inputs_foremost(const struct report_inputs *a, size_t most,
			      const struct report_inputs_spread **spreads);

/* The distribution of the feature of that name, or NULL. */
const struct report_inputs_spread *report_inputs_spread(const struct report_inputs *a,
							const char *name);

void report_inputs_release(struct report_inputs *a);

#endif
