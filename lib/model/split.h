/*
 * split: which rows train the model, and which judge it.
 *
 * Rows are split by time, never at random: a model is evaluated on what came after all that it was
 * trained on. And a label is trained on only if it was known before the cut: the outcome of a
 * viewing that began before the cut but ended after it would leak the future.
 *
 * But which labels are known at a time depends on what they are: completions are known early,
 * abandonments late, and rows chosen for being known are mostly positive where they are young.
 * Therefore only rows older than a horizon are taken, by which nearly every label is known:
 *
 *	                     c - H             c                      W - H            W
 *	---------------------->|<------------->|<---------------------->|<------------->| time
 *	train (if known        |    purged     |  test: mature          |   immature    |
 *	before c, else purged) |               |                        |               |
 *
 * with the horizon H, the cut c, and the end W: the latest time of all rows, labelled or not. Both
 * ce-train and ce-predict ask split_part, so that they cannot differ.
 *
 * Times and the horizon are integers of the unit of the time column, whatever it is.
 */
#ifndef CE_SPLIT_H
#define CE_SPLIT_H

#include "base/time.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum split_part {
	SPLIT_TRAIN,      /* older than the horizon at the cut, and the label was known before it */
	SPLIT_TEST,       /* at the cut or after, and older than the horizon at the end */
	SPLIT_PURGED,     /* before the cut, but no train row */
	SPLIT_IMMATURE,   /* at the cut or after, but not older than the horizon at the end */
	SPLIT_UNLABELLED, /* no label */
	SPLIT_N_PARTS,
};

/* "train", "test", "purged", "immature", "unlabelled". */
const char *split_part_name(enum split_part part);

struct split {
	char *label; /* column names; time and known are NULL if there is no such column */
	char *time;
	char *known;
	bool has_horizon; /* false: rows of any age are mature */
	int64_t horizon;  /* >= 0 */
	int64_t end;      /* without a horizon of no meaning */
	bool has_cut;     /* false: no test part, every labelled row is a train row */
	int64_t cut;

	/* What it made of the rows of the training input. */
	bool has_span;       /* false: the times of train rows are unknown */
	int64_t first, last; /* the earliest and the latest of them */
	uint64_t rows[SPLIT_N_PARTS];
	uint64_t positives[SPLIT_N_PARTS]; /* those with label 1 */
};

#define SPLIT_INIT                                                                                 \
	{                                                                                          \
		.label = NULL                                                                      \
	}

/* What the split needs of a row. */
struct split_row {
	bool labelled;
	bool label;
	int64_t time;  /* INT64_MIN if it has none, or if the split has no time column */
	int64_t known; /* INT64_MAX: never, or not yet; INT64_MIN: always, there is no such column
			*/
};

/* Where those columns are in an input; -1: not there. */
struct split_index {
	int label, time, known;
};

/*
 * Finds the split's columns for rows yet to be scored: without the label column every row is
 * unlabelled; with it and a cut, the other two must be there. Returns 0, or -1 with err.
 */
int split_bind(const struct split *s, const struct csv_reader *in, struct split_index *at,
	       struct err *err);

/*
 * Reads a label, from a field of a column of the input: 0 or 1 as any form of a number, 1.0 as well
 * as 1, or false, true, f or t in any case. Returns 1 with *label, 0 if the field is empty, or -1
 * with err.
 */
int split_label(const struct csv_reader *in, int column, const struct csv_field *f, bool *label,
		struct err *err);

/*
 * Reads them: the label as split_label; a time is an integer in any unit, whose fraction may be 0
 * (1700000000000.0), or ISO 8601, which becomes milliseconds. A labelled row needs its time, and
 * the known time of one without a label is not read. Returns 0, or -1 with err.
 */
int split_read(const struct split_index *at, const struct csv_reader *in, const struct csv_row *row,
	       struct split_row *out, struct err *err);

/*
 * Whether a labelled row could have been trained on at a time: it was older than the horizon, and
 * its label was known.
 */
bool split_was_known(const struct split *s, int64_t time, int64_t known, int64_t at);

/* Whether a row is older than the horizon at the end. */
bool split_is_mature(const struct split *s, int64_t time);

/* The rule. */
enum split_part split_part(const struct split *s, const struct split_row *row);

/* Counts a row of the training input under its part; of a train row the span has its time. */
void split_count(struct split *s, enum split_part part, const struct split_row *row);

/* known - time, or what end of int64_t's range it is beyond. */
int64_t split_length(int64_t time, int64_t known);

/*
 * Sets the horizon to the length within which 99 % of labels were known, the quantile by nearest
 * rank, but to 0 at least and to `longest` at most. Sorts lengths[n]. Returns the quantile; 0 if n
 * is 0.
 */
int64_t split_set_horizon(struct split *s, int64_t longest, int64_t *lengths, size_t n);

/*
 * A length or a point in time, in ms, in the unit of the time column, which the size of the end
 * tells. Returns 0, or -1: it tells none.
 */
int split_from_ms(const struct split *s, int64_t ms, int64_t *value);

/*
 * Sets the end to a watermark: a number of the unit of the time column, which the size of the
 * present end tells, or a time as time_read reads it. A number of another unit, which would make
 * all rows mature, or none, is an error, as is what is neither. Returns 0, or -1 with err.
 */
int split_read_end(struct split *s, const char *watermark, struct err *err);

/*
 * Sets the cut so that the last floor(n * millionths / 10^6) of n rows, in the order of their
 * times, are at or after it (with those of the same time as the first of them). If that is no row
 * there is no cut. Sorts times[n].
 */
void split_set_cut(struct split *s, int64_t *times, size_t n, int64_t millionths);

void split_release(struct split *s);

#endif
