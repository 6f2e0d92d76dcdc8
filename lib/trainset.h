/*
 * trainset: from a CSV with a 0/1 label to the split, the encoding and the matrix to learn from.
 *
 * The input is read once, row by row: that decides which columns are numeric (those whose every
 * non-empty value is a number) and, by the times of the labelled rows, the cut; the records go to a
 * nameless file in $TMPDIR meanwhile. That file is read twice: for the figures of the encoding, and
 * for the matrix; both look at train rows alone. Layer: over csvio, schema, outfile, cli (its
 * lists), split, balance, encoding, matrix.
 * Memory: 8 bytes a labelled row, 5 a train row, that of encoding, and the matrix.
 */
#ifndef CE_TRAINSET_H
#define CE_TRAINSET_H

#include "balance.h"
#include "cli.h"
#include "encoding.h"
#include "matrix.h"
#include "split.h"

struct trainset_options {
	const char *label;
	const char *time;  /* NULL: event_ts; if the input has none, only without a test part */
	const char *known; /* NULL: label_known_ts, if the input has it */
	struct cli_list ignore;      /* columns that are no features */
	struct cli_list categorical; /* features to take as categories, whatever their values */
	int64_t holdout;             /* the share of the test part, in millionths */
	struct balance balance;
};

#define TRAINSET_OPTIONS_INIT                                                                      \
	{                                                                                          \
		.label = "is_completion", .holdout = 200000, .balance = BALANCE_INIT               \
	}

/* What came of it; trainset_release frees what the caller has not taken. */
struct trainset {
	uint64_t n_rows; /* of the input */
	struct split split;
	struct encoding encoding;
	struct matrix matrix;
};

#define TRAINSET_INIT                                                                              \
	{                                                                                          \
		.split = SPLIT_INIT, .encoding = ENCODING_INIT, .matrix = MATRIX_INIT              \
	}

/*
 * Features are all columns but: the label, time and known columns, those of `ignore`, those of
 * completion_predictions (the keys, and what a model says), and label_known_ts. Returns 0, or -1
 * with err: unreadable input; a column that is not there; no labelled rows, no train rows, or train
 * rows of one class only.
 */
int trainset_read(struct trainset *t, const struct gz_input *input,
		  const struct trainset_options *options, struct err *err);

void trainset_release(struct trainset *t);

#endif
