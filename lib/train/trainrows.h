/*
 * trainrows: the labelled rows of a training table, as their times and labels alone: how the split
 * falls, which of the train rows can be learned from at a time, and what each of them weighs.
 *
 * Memory: 24 bytes a labelled row, and 8 more for a moment.
 */
#ifndef CE_TRAINROWS_H
#define CE_TRAINROWS_H

#include "base/warnings.h"
#include "model/classweight.h"
#include "model/split.h"

struct trainrows_options {
	int64_t holdout; /* the share of the mature rows that are test rows, in millionths */
	struct trainrows_horizon {
		enum trainrows_horizon_kind {
			TRAINROWS_HORIZON_AUTO,   /* see trainrows_split */
			TRAINROWS_HORIZON_MS,     /* which needs a time column of a known unit */
			TRAINROWS_HORIZON_NUMBER, /* of the unit of the time column */
		} kind;
		int64_t length; /* >= 0 */
	} horizon;
	const char *watermark; /* the split's end, see split_read_end; NULL: the latest time */
};

struct trainrows {
	/* For callers to read, once it is split. */
	struct split split;

	/* The module's own. */
	const char *file; /* for messages */
	const struct trainrows_options *options;
	struct trainrows_row *row; /* [n], in the order of the input */
	size_t n, cap, n_mature;
	int64_t start;            /* the earliest time, as split.end is the latest */
	int64_t quantile;         /* within which 99 % of the labels were known */
	size_t n_known, n_within; /* labels known, and of those within the horizon */
};

/* `file` and the options must outlive *t; the caller sets the split's column names. */
void trainrows_init(struct trainrows *t, const char *file, const struct trainrows_options *options);

/* Takes a row of the table; of an unlabelled one its time. */
void trainrows_add(struct trainrows *t, const struct split_row *row);

/*
 * Sets the horizon, the end and the cut, and the part of each row; `by_time`: the rows have times.
 *
 * The automatic horizon is the length within which 99 % of the labels were known, but at most a
 * quarter of what the rows span: of a holdout of 20 %, 80 % of three quarters lie before the cut,
 * and the train rows, one horizon older, still reach past the first horizon of the table, before
 * which hardly a late label can have been known.
 *
 * Returns 0, or -1 with err: a horizon in ms or a watermark where the times tell no unit; no
 * labelled rows, no train rows, or train rows of one class only.
 */
int trainrows_split(struct trainrows *t, bool by_time, struct err *err);

/*
 * Rows to learn from: the train rows that could be learned from at `cut`, being older than the
 * horizon then, and their label known (split_was_known). Rows held back: the train rows at or after
 * it, but before `end`, that could be learned from at `until`. INT64_MAX: no time is too late, the
 * split having seen to it that the rows are train rows.
 */
struct trainrows_span {
	int64_t cut, end, until;
	const char *option; /* that asked for it, for the message about a span without rows */
};

/*
 * The time before which all but the newest `share` (millionths) lie of the train rows that could be
 * learned from at `until`. Of rows with times only.
 */
int64_t trainrows_time(const struct trainrows *t, int64_t until, int64_t share);

/*
 * Fold k, from 1 on, of n: the train rows that could be learned from at `until` are cut by time
 * into n + 1 parts of as many rows; learnt from is what could be when part k + 1 begins, and held
 * back are the rows of that part. Of rows with times only.
 */
struct trainrows_span trainrows_fold(const struct trainrows *t, int64_t until, size_t k, size_t n,
				     const char *option);

/* How many train rows could be learned from at `until`; and whether the i-th labelled row is one.
 */
uint64_t trainrows_count(const struct trainrows *t, int64_t until);
bool trainrows_has(const struct trainrows *t, size_t i, int64_t until);

/* The label of the i-th labelled row. */
bool trainrows_label(const struct trainrows *t, size_t i);

/* That the span has rows of both classes to learn from. Returns 0, or -1 with err. */
int trainrows_check(const struct trainrows *t, struct trainrows_span span, struct err *err);

enum trainrows_part {
	/* They weigh what class weights and resampling want; some may not come at all. */
	TRAINROWS_LEARNT,
	/* All come, and weigh what those learnt from of their class weigh on average. */
	TRAINROWS_HELD,
};

/* How much each labelled row weighs in that part, 0 if it is not in it. The caller frees. */
double *trainrows_weights(const struct trainrows *t, struct trainrows_span span,
			  enum trainrows_part part, const struct classweight *balance);

/*
 * Adds what looks wrong in the split: an automatic horizon that more than 1 % of the labels
 * outlast, for the rows span too little, or a given one that more than 5 % do; no test rows, or
 * some of one class, where there should be some; or train rows from the first horizon alone.
 */
void trainrows_warn(const struct trainrows *t, struct warnings *w);

void trainrows_release(struct trainrows *t);

#endif
