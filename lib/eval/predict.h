/*
 * predict: what a model predicts for the rows of an input and why, and the samples of those rows by
 * which importance, drift and distribution judge the model.
 *
 * A row comes out as it was, or as its keys alone, with five columns more: the probability of
 * label 1, whether that reaches the threshold, the part of the split that the row belongs to, the
 * model's id, and when the row was scored; and then its reasons, see explain. Memory: the samples,
 * 8 bytes a value of each of their rows; and that of explain.
 */
#ifndef CE_PREDICT_H
#define CE_PREDICT_H

#include "base/warnings.h"
#include "eval/distribution.h"
#include "eval/explain.h"
#include "eval/latest.h"
#include "eval/sample.h"
#include "model/model.h"
#include "model/na.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct predict_options {
	double threshold; /* predicts 1 from this probability on */
	bool keys;        /* write the table completion_predictions, not the rows as they are */
	int part;         /* write the rows of this enum split_part; SPLIT_N_PARTS: all */
	const char *watermark; /* until when labels became known, see predict_init; NULL: the
				  model's end */
	const char *latest;    /* write the last row of each value of this column; NULL: all */
	int64_t scored_at;     /* of all rows, in ms since 1970 */

	/* Which tables will be asked for, and from how many rows of each part, drawn by the seed.
	 */
	bool importance;
	const char *distribution; /* the option that asks for it; NULL: none does */
	size_t sample;
	uint64_t seed;
	size_t repeats; /* of importance_compute */

	/* How many reasons each row gets, and whether there will be a table of contributions. */
	size_t reasons;
	bool contributions;

	int threads; /* for importance and for those two */
};

struct predict {
	/* For callers to read. */
	struct sample train, test; /* the first for the distribution alone */

	/* The module's own. */
	const struct predict_options *options;
	const struct model *model;
	const struct csv_reader *in;
	int *index;            /* [encoding.n] of each of the model's columns */
	int *key;              /* [n_keys] of each key, with options->keys */
	struct split_index at; /* of the split's columns */
	struct split split;    /* the model's, but for its end: borrows its names */
	uint64_t n_late;       /* labelled rows after that */
	uint64_t n_scored;
	uint32_t *empty; /* [n_empty] numbers, as values, that were empty in all of these so far */
	size_t n_empty;
	struct na na;  /* as in training */
	double *value; /* [encoding.n_values] */
	struct matrix_row scratch;
	struct explain explain; /* with reasons or contributions */
	struct latest latest;   /* of the rows that are written, with options->latest */
	struct buf line;        /* a row for that */
	struct csv_writer *rows, *contributions;
};

/*
 * Finds the columns of the input, which is open. Borrows all but *p. The watermark is a number in
 * the unit of the model's time column, or a time as time_read reads it. Returns 0, or -1 with err:
 * the watermark is neither, or a column is missing, or one of the five is in the input already.
 * predict_release frees in any case.
 */
int predict_init(struct predict *p, const struct predict_options *options,
		 const struct model *model, const struct csv_reader *in, struct err *err);

/*
 * Writes the headers of the outputs, which are open and borrowed: of the rows, and of the
 * contributions (NULL without that option).
 */
void predict_start(struct predict *p, struct csv_writer *rows, struct csv_writer *contributions);

/*
 * Takes a row in and writes it, if it is of the part that is written; with reasons or
 * contributions, once there are rows for all threads, and with `latest` at the end. Returns 0, or
 * -1 with err.
 */
int predict_row(struct predict *p, const struct csv_row *row, struct err *err);

/* Writes the rows that are still held, once all are taken in. Returns 0, or -1 with err. */
int predict_finish(struct predict *p, struct err *err);

/*
 * Adds what looks wrong, once all rows are taken in: labelled ones after the end, a watermark
 * without effect, rows for importance of one class, a number that is empty in all of many rows.
 */
void predict_warn(const struct predict *p, struct warnings *w);

/*
 * Writes the table feature_importance, once all rows are taken in. Returns 0, or -1 with err:
 * mostly, that a part has no rows.
 */
int predict_write_importance(const struct predict *p, struct csv_writer *out, struct err *err);

/*
 * Sets *d to the distribution of the features, once all rows are taken in; the caller releases it
 * in any case. Returns as that.
 */
int predict_distribution(const struct predict *p, struct distribution *d, struct err *err);

/* Frees the memory; harmless on zeroed memory. */
void predict_release(struct predict *p);

#endif
