/*
 * report_inputs: the tables that other tools have written of the same run, for a report to show.
 *
 * Memory: of the tables of features a row each, of the others a few counts.
 */
#ifndef CE_REPORT_INPUTS_H
#define CE_REPORT_INPUTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/intern.h"

#include <stddef.h>
#include <stdint.h>

/* Files; NULL: not given. Borrowed. */
struct report_inputs_paths {
	const char *rejects;    /* of ce-clean --rejects */
	const char *unmatched;  /* of ce-join --unmatched */
	const char *sessions;   /* content_completion of ce-agg */
	const char *importance; /* feature_importance, and */
	const char *drift;      /* feature_drift of ce-predict */
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

struct report_inputs {
	struct report_inputs_paths paths; /* those that were given */

	struct report_inputs_count *rejects; /* [n_rejects] records by reason, most first */
	size_t n_rejects, rejects_cap;
	uint64_t n_rejected; /* in all */
	uint64_t n_unmatched;
	uint64_t completed, not_completed, censored; /* sessions */
	struct report_inputs_features importance, drift;

	struct intern reasons, groups; /* the module's own: of rejects, of importance */
};

/* Reads them. report_inputs_release frees in any case. Returns 0, or -1 with err. */
int report_inputs_read(struct report_inputs *a, const struct report_inputs_paths *paths,
		       struct err *err);

void report_inputs_release(struct report_inputs *a);

#endif
