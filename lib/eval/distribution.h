/*
 * distribution: how the values of each feature, and the score, are distributed in the train and in
 * the test part, with the outcomes and the predictions of each bin.
 *
 * Numbers are cut at the deciles of the train rows, with one bin more each for what is missing,
 * below all of those, and above; the bins of a category are the model's levels, and "other". A
 * column that was constant in training is none of the model's features. Memory: 100 bytes a bin.
 */
#ifndef CE_DISTRIBUTION_H
#define CE_DISTRIBUTION_H

#include "base/intern.h"
#include "eval/sample.h"
#include "model/model.h"
#include "table/csvwriter.h"

#include <stddef.h>
#include <stdint.h>

enum distribution_kind {
	DISTRIBUTION_MISSING,
	DISTRIBUTION_BELOW,
	DISTRIBUTION_RANGE,
	DISTRIBUTION_ABOVE,
	DISTRIBUTION_LEVEL,
	DISTRIBUTION_OTHER,
};

/* Their words in the table, ended by NULL. */
extern const char *const distribution_kind_names[];

/* Of the train part, of the test part. */
struct distribution_bin {
	enum distribution_kind kind;
	double low, high;                  /* NAN: open, or no numbers */
	const struct intern_string *level; /* of a level, else NULL; borrowed of the model */
	uint64_t rows[2], positives[2];
	double probability[2]; /* mean; NAN: no row */
};

struct distribution_feature {
	const char *name;              /* of the model, or that of the score */
	const char *kind;              /* "number", "category" or "score" */
	struct distribution_bin *bins; /* [n] that of missing numbers first */
	size_t n;
	double mean[2]; /* of the known values of a number, else NAN */
};

struct distribution {
	struct distribution_feature *features; /* [n] in the order of the columns, the score last */
	size_t n;
	size_t rows[2];
};

/*
 * Of samples of either part, of values as `encoding_read` gives them, scores and labels. Returns 0,
 * or -1 with err: one of them is empty. distribution_release frees in any case. Borrows the model's
 * names and levels.
 */
int distribution_compute(struct distribution *d, const struct model *m,
			 const struct sample *const parts[2], struct err *err);

/* The table feature_distribution. Returns 0, or -1 with err. */
int distribution_write(const struct distribution *d, struct csv_writer *out, struct err *err);

void distribution_release(struct distribution *d);

#endif
