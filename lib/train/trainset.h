/*
 * trainset: from a CSV with a 0/1 label to the split, and to rows of values to train on.
 *
 * The input is read once, row by row: that decides which columns are numeric (those whose every
 * non-empty value is a number, blanks around it aside; if most are, but some are not, that is an
 * error, for one faulty field would make a category of the column) and, by the times of the rows,
 * the horizon and the cut; the labelled records go to a nameless file in $TMPDIR meanwhile. The
 * caller then chooses which of the train rows to train on and which, newer ones, to hold back as
 * validation rows; the file is read for the figures of the encoding, from the rows trained on
 * alone, and again for the values of each part. Memory: 40 bytes a labelled row, and that of
 * encoding.
 */
#ifndef CE_TRAINSET_H
#define CE_TRAINSET_H

#include "base/names.h"
#include "base/warnings.h"
#include "model/classweight.h"
#include "model/encoding.h"
#include "model/split.h"

struct trainset_options {
	const char *label;
	const char *time;    /* NULL: event_ts; if the input has none, only without a test part */
	const char *known;   /* NULL: label_known_ts, if the input has it */
	struct names ignore; /* columns that are not features */
	struct names categorical; /* features to take as categories, whatever their values */
	struct names use;         /* calendar columns to take as features after all, as numbers */
	struct names na;          /* read as NULL, see na */
	int64_t holdout; /* the share of the mature rows that are test rows, in millionths */
	bool by_time;    /* times are wanted in any case: train rows will be split by them */
	struct trainset_horizon {
		enum trainset_horizon_kind {
			TRAINSET_HORIZON_AUTO,   /* see trainset_read */
			TRAINSET_HORIZON_MS,     /* which needs a time column of a known unit */
			TRAINSET_HORIZON_NUMBER, /* of the unit of the time column */
		} kind;
		int64_t length; /* >= 0 */
	} horizon;
	const char *watermark; /* the split's end, see split_read_end; NULL: the latest time */
	struct classweight balance;
};

#define TRAINSET_OPTIONS_INIT                                                                      \
	{                                                                                          \
		.label = "is_completion", .holdout = 200000, .balance = CLASSWEIGHT_INIT           \
	}

struct trainset {
	uint64_t n_rows;   /* of the input */
	uint64_t n_mature; /* labelled rows that are mature; only if times are wanted */
	struct split split;
	struct trainset_reading *reading; /* the module's own */
};

#define TRAINSET_INIT                                                                              \
	{                                                                                          \
		.split = SPLIT_INIT                                                                \
	}

/*
 * The automatic horizon is the length within which 99 % of the labels were known, but at most a
 * quarter of what the rows span: of a holdout of 20 %, 80 % of three quarters lie before the cut,
 * and the train rows, one horizon older, still reach past the first horizon of the table, before
 * which hardly a late label can have been known.
 *
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
 * Rows to learn from: the train rows that could be learned from at `cut`, being older than the
 * horizon then, and their label known (split_was_known). Rows held back: the train rows at or after
 * it, but before `end`, that could be learned from at `until`. INT64_MAX: no time is too late, the
 * split having seen to it that the rows are train rows.
 */
struct trainset_span {
	int64_t cut, end, until;
	const char *option; /* that asked for it, for the message about a span without rows */
};

/*
 * The time before which all but the newest `share` (millionths) lie of the train rows that could be
 * learned from at `until`. With by_time only.
 */
int64_t trainset_time(const struct trainset *t, int64_t until, int64_t share);

/*
 * Fold k, from 1 on, of n: the train rows that could be learned from at `until` are cut by time
 * into n + 1 parts of as many rows; learnt from is what could be when part k + 1 begins, and held
 * back are the rows of that part. With by_time only.
 */
struct trainset_span trainset_fold(const struct trainset *t, int64_t until, size_t k, size_t n,
				   const char *option);

/*
 * Adds what looks wrong in the input: a category that may be meant to be a number, a tenth of its
 * values being some; and in what the split made of it: a horizon that more than 1 % of the labels
 * outlast, for the rows span too little; no test rows, or some of one class, or train rows from the
 * first horizon alone.
 */
void trainset_warn(const struct trainset *t, struct warnings *w);

/* How many train rows could be learned from at `until`. */
uint64_t trainset_count(const struct trainset *t, int64_t until);

/*
 * Of the options: class weights and resampling, the share of the test part, what is NULL, what is a
 * category whatever its values.
 */
const struct classweight *trainset_balance(const struct trainset *t);
int64_t trainset_holdout(const struct trainset *t);
const struct names *trainset_na(const struct trainset *t);

/* Whether --categorical names the feature. */
bool trainset_is_categorical(const struct trainset *t, const char *name);

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
