/*
 * evaluation: the scored rows of a table and their segments, judged.
 *
 * Rows are gathered first (which part of the table, with which label), then judged: all of them,
 * then each segment, which is the rows with one value in one of the columns asked for, or of one
 * day or week.
 * Memory: 16 bytes a scored row; with segments 24, and 4 more for each of their columns; the text
 * of each distinct value. Layer: over metrics, csvio, num, schema, intern.
 */
#ifndef CE_EVALUATION_H
#define CE_EVALUATION_H

#include "csvio.h"
#include "metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long the times of one segment are, in UTC; weeks are those of ISO 8601. */
enum evaluation_period { EVALUATION_NO_PERIOD, EVALUATION_DAY, EVALUATION_WEEK };

/* A threshold to be found: the one with the largest F1 of outcome 1 on the rows judged. */
#define EVALUATION_BEST_F1 (-1.0)

#define EVALUATION_EVERY_SPLIT "all"

struct evaluation_opts {
	const char *label; /* the columns' names */
	const char *score;
	/*
	 * Which rows: those with this word in the column `split`, or EVALUATION_EVERY_SPLIT. NULL:
	 * `test` if there is such a column, else all.
	 */
	const char *split;
	const char *const *by; /* columns whose values are segments, n_by of them */
	size_t n_by;
	/* Segments by time, too, behind those: named 2024-01-25, or 2024-W04. */
	enum evaluation_period period;
	const char *time; /* its column, milliseconds since 1970 or ISO 8601; NULL: event_ts */
	double threshold; /* in [0,1], or EVALUATION_BEST_F1 */
	uint64_t bins;    /* of the calibration, > 0 */
	/*
	 * The share of positives that the scores were learnt for, in (0,1), if class weights or
	 * resampling made it another than that of the rows judged: the scores are corrected to that
	 * (Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, theorem 2). 0: they are
	 * judged as they are.
	 */
	double prior;
};

struct evaluation {
	/* For callers to read. */
	struct evaluation_opts opts;
	const char *split;      /* the word that was looked for; NULL: every row */
	uint64_t n_other_split; /* rows left out: of another split, */
	uint64_t n_unlabelled;  /* and without a label */
	size_t n;               /* rows gathered */
	double threshold;       /* after evaluation_start */

	/* The module's own. */
	int at_label, at_score, at_split;
	size_t cap;
	struct metrics_row *rows; /* in the order of the input, if there are segments */
	struct metrics_row *sorted;
	struct metrics_row *scratch;
	struct evaluation_column *columns; /* [n_columns] */
	size_t n_columns;
	size_t next_column, next_segment;
	bool overall_done;
};

/* `opts` and what it points to must outlive the evaluation. Returns 0, or -1 with err. */
int evaluation_init(struct evaluation *e, const struct evaluation_opts *opts,
		    const struct csv_reader *in, struct err *err);

/* Takes the current row of `in`, or counts why not. Returns 0, or -1 with err: a bad value. */
int evaluation_add(struct evaluation *e, const struct csv_reader *in, const struct csv_row *row,
		   struct err *err);

/* Ends the gathering. Returns 0, or -1 with err: there is no row to judge. */
int evaluation_start(struct evaluation *e, const struct csv_reader *in, struct err *err);

/* The sorted rows[e->n], for the curves; until evaluation_next has returned the first segment. */
const struct metrics_row *evaluation_rows(const struct evaluation *e);

struct evaluation_segment {
	const char *column;     /* NULL: all rows; "day" or "week": a period */
	struct csv_field value; /* of that column; valid until evaluation_release */
	struct metrics metrics;
};

/*
 * All rows, then the segments: by column as given, then by value: NULL first, then bytewise, which
 * is the order of time.
 * Returns false behind the last.
 */
bool evaluation_next(struct evaluation *e, struct evaluation_segment *segment);

void evaluation_release(struct evaluation *e);

#endif
