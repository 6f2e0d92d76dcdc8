/*
 * importance: what a model loses when the values of a feature are shuffled among the rows.
 *
 * Permutation importance (Breiman, "Random forests", Machine Learning 45, 2001; Fisher, Rudin &
 * Dominici, "All models are wrong, but many are useful", Journal of Machine Learning Research 20,
 * 2019): it asks the model, not its coefficients or gains. A feature is a column of the input;
 * whatever the model makes of it, indicators and products, follows. Features alike (see alike) are
 * a group, in which each row gets the values of one other row: shuffled alone, they replace one
 * another in trees, and each looks less important than they are together; in a linear model their
 * coefficients may be large and cancel each other, and each looks more important. Memory: for each
 * thread 28 bytes a row of the sample; before that, what alike needs.
 */
#ifndef CE_IMPORTANCE_H
#define CE_IMPORTANCE_H

#include "base/pool.h"
#include "eval/sample.h"
#include "model/model.h"
#include "table/csvwriter.h"

#include <stddef.h>
#include <stdint.h>

struct importance_feature {
	const char *name; /* of the model */
	uint32_t value;   /* its place among the model's values */
};

struct importance_group {
	const struct importance_feature *features; /* [n] in the order of the columns */
	size_t n;
	double auc_drop, auc_drop_sd;   /* mean over the repeats, and standard deviation (n - 1) */
	double loss_rise, loss_rise_sd; /* of the log loss, nats a row */
};

struct importance {
	struct importance_group *groups; /* [n_groups] the largest drop first, then by name */
	size_t n_groups;
	struct importance_feature *features; /* those that are not constant to the model */
	size_t repeats;
	size_t rows;
	double auc_roc, log_loss; /* with nothing shuffled */
};

/*
 * Shuffles each group `repeats` > 0 times, each time by a random stream of its own of the seed:
 * the result does not depend on the threads. The sample is of values and labels as `encoding_read`
 * and the model give them. Returns 0, or -1 with err: the sample has no row.
 * importance_release frees in any case. Borrows the model's names.
 */
int importance_compute(struct importance *im, const struct model *m, const struct sample *rows,
		       size_t repeats, uint64_t seed, struct pool *pool, struct err *err);

/* The table feature_importance. Returns 0, or -1 with err. */
int importance_write(const struct importance *im, struct csv_writer *out, struct err *err);

void importance_release(struct importance *im);

#endif
