/*
 * trainset: from a CSV with a 0/1 label to the split, and to rows of values to train on.
 *
 * The input is read once, row by row: that decides which columns are numeric (those whose every
 * non-empty value is a number, blanks around it aside; if most are, but some are not, that is an
 * error, for one faulty field would make a category of the column) and, by trainrows, the horizon
 * and the cut; the labelled records go to a nameless file in $TMPDIR meanwhile. The
 * caller then chooses which of the train rows to train on and which, newer ones, to hold back as
 * validation rows; the file is read for the figures of the encoding, from the rows trained on
 * alone, and again for the values of each part. Memory: 40 bytes a labelled row, and that of
 * encoding.
 */
#ifndef CE_TRAINSET_H
#define CE_TRAINSET_H

#include "base/names.h"
#include "base/warnings.h"
#include "model/encoding.h"
#include "train/trainrows.h"

struct trainset_options {
	const char *label;
	const char *time;    /* NULL: event_ts; if the input has none, only without a test part */
	const char *known;   /* NULL: label_known_ts, if the input has it */
	struct names ignore; /* columns that are not features */
	struct names categorical; /* features to take as categories, whatever their values */
	struct names use;         /* calendar columns to take as features after all, as numbers */
	struct names na;          /* read as NULL, see na */
	bool by_time; /* times are wanted in any case: train rows will be split by them */
	struct trainrows_options rows;
	struct classweight balance;
};

#define TRAINSET_OPTIONS_INIT                                                                      \
	{                                                                                          \
		.label = "is_completion", .rows.holdout = 200000, .balance = CLASSWEIGHT_INIT      \
	}

struct trainset {
	uint64_t n_rows; /* of the input */
	struct trainrows rows;
	struct trainset_reading *reading; /* the module's own */
};

#define TRAINSET_INIT                                                                              \
	{                                                                                          \
		.rows.split = SPLIT_INIT                                                           \
	}

/*
 * Features are all columns but: the label, time and known columns, those of `ignore`, those of
 * completion_predictions (the keys and what ce-predict adds), label_known_ts, and
 * event_week_of_year and event_month_of_year unless `use` or `categorical` names them: near a
 * boundary of the calendar they are all but constant in training, and elsewhere in the test rows.
 * The options must outlive *t, which trainset_release frees in any case. Returns 0, or -1 with err:
 * unreadable input; a column that is not there, or mostly numbers, or that `use` names without
 * effect; a horizon in ms where the times tell no unit; no labelled rows, no train rows, or train
 * rows of one class only.
 */
int trainset_read(struct trainset *t, const struct csv_input *input,
		  const struct trainset_options *options, struct err *err);

/*
 * Adds what looks wrong in the input: a category that may be meant to be a number, a tenth of its
 * values being some; and in what the split made of it (trainrows_warn).
 */
void trainset_warn(const struct trainset *t, struct warnings *w);

/*
 * Of the options: class weights and resampling, what is NULL, what is a category whatever its
 * values.
 */
const struct classweight *trainset_balance(const struct trainset *t);
const struct names *trainset_na(const struct trainset *t);

/* Whether --categorical names the feature. */
bool trainset_is_categorical(const struct trainset *t, const char *name);

/* Whether the i-th feature, a column of encodings, is numeric, be it constant or not. */
bool trainset_is_number(const struct trainset *t, size_t i);

/* The name of the input. */
const char *trainset_file(const struct trainset *t);

/*
 * Fits the encoding to the rows to learn from. The caller releases *e. Returns 0, or -1 with err:
 * too few rows or one class alone, or the file cannot be read.
 */
int trainset_fit(struct trainset *t, struct trainrows_span span, struct encoding_numbers numbers,
		 struct encoding *e, struct err *err);

/* Takes a row: value[encoding.n_values]. */
typedef void trainset_visitor(void *context, const double *value, bool label, double weight);

/*
 * Calls visit for each row of a part of the span, in the order of the input. Returns 0, or -1 with
 * err: the file cannot be read.
 */
int trainset_visit(struct trainset *t, struct trainrows_span span, enum trainrows_part part,
		   const struct encoding *e, trainset_visitor *visit, void *context,
		   struct err *err);

void trainset_release(struct trainset *t);

#endif
