/*
 * trainset: from a CSV with a 0/1 label to the split, and to rows of values to learn from.
 *
 * The input is read once, row by row: that decides which columns are numeric (those whose every
 * non-empty value is a number) and, by the times of the labelled rows, the cut; the labelled
 * records go to a nameless file in $TMPDIR meanwhile. Whoever learns then says which of the train
 * rows to learn from and which, newer ones, to hold back; the file is read for the figures of the
 * encoding, from the rows to learn from alone, and again for the values of each part. Memory: 40
 * bytes a labelled row, and that of encoding.
 */
#ifndef CE_TRAINSET_H
#define CE_TRAINSET_H

#include "base/names.h"
#include "model/classweight.h"
#include "model/encoding.h"
#include "model/split.h"

struct trainset_options {
	const char *label;
	const char *time;    /* NULL: event_ts; if the input has none, only without a test part */
	const char *known;   /* NULL: label_known_ts, if the input has it */
	struct names ignore; /* columns that are no features */
	struct names categorical; /* features to take as categories, whatever their values */
	int64_t holdout;          /* the share of the test part, in millionths */
	bool by_time; /* times are wanted in any case: train rows will be told apart by them */
	struct classweight balance;
};

#define TRAINSET_OPTIONS_INIT                                                                      \
	{                                                                                          \
		.label = "is_completion", .holdout = 200000, .balance = CLASSWEIGHT_INIT           \
	}

struct trainset {
	uint64_t n_rows; /* of the input */
	struct split split;
	struct trainset_reading *reading; /* the module's own */
};

#define TRAINSET_INIT                                                                              \
	{                                                                                          \
		.split = SPLIT_INIT                                                                \
	}

/*
 * Features are all columns but: the label, time and known columns, those of `ignore`, those of
 * completion_predictions (the keys, and what a model says), and label_known_ts. The options must
 * outlive *t, which trainset_release frees in any case. Returns 0, or -1 with err: unreadable
 * input; a column that is not there; no labelled rows, no train rows, or train rows of one class
 * only.
 */
int trainset_read(struct trainset *t, const struct gz_input *input,
		  const struct trainset_options *options, struct err *err);

/*
 * Rows to learn from: the train rows before `cut` whose label was known then. Rows held back: the
 * train rows at or after it, but before `end`, whose label was known before `known`. INT64_MAX: no
 * time is too late.
 */
struct trainset_span {
	int64_t cut, end, known;
	const char *option; /* that asked for it: for what there is to say of a span without rows */
};

/*
 * The time before which all but the newest `share` (millionths) lie of the train rows before
 * `until` whose label was known then. With by_time only.
 */
int64_t trainset_time(const struct trainset *t, int64_t until, int64_t share);

/* How many train rows have a label that was known before `until`. */
uint64_t trainset_count(const struct trainset *t, int64_t until);

const struct classweight *trainset_balance(const struct trainset *t);

/* The name of the input. */
const char *trainset_file(const struct trainset *t);

/*
 * Fits the encoding to the rows to learn from. The caller releases *e. Returns 0, or -1 with err:
 * too few rows or one class alone, or the file cannot be read.
 */
int trainset_fit(struct trainset *t, struct trainset_span span, struct encoding_numbers numbers,
		 struct encoding *e, struct err *err);

/* Takes a row: value[encoding.n_values]. */
typedef void trainset_visitor(void *context, const double *value, bool label, double weight);

enum trainset_part {
	/* They weigh what class weights and resampling want; some may not come at all. */
	TRAINSET_LEARNT,
	/* All come, and weigh what those learnt from of their class weigh on average. */
	TRAINSET_HELD,
};

/*
 * Calls visit for each row of a part of the span, in the order of the input. Returns 0, or -1 with
 * err: the file cannot be read.
 */
int trainset_visit(struct trainset *t, struct trainset_span span, enum trainset_part part,
		   const struct encoding *e, trainset_visitor *visit, void *context,
		   struct err *err);

void trainset_release(struct trainset *t);

#endif
