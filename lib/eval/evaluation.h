/*
 * evaluation: the metrics of the scored rows of a table and of their segments.
 *
 * Rows are gathered first (of one split, with a label), then evaluated: all of them,
 * then each segment, which is the rows with one value in one of the columns asked for, or of one
 * day or week. The scores of a second model of the same rows can come along, and who each row is
 * of; comparing is for others. Memory: 24 bytes an evaluated row; 8 more with segments, and 4 for
 * each of their columns; 16 with a second score; 4 with users; 1 with moments; 216 to 324 a
 * segment, and the text of each distinct value and user.
 */
#ifndef CE_EVALUATION_H
#define CE_EVALUATION_H

#include "eval/moments.h"
#include "eval/scorefile.h"
#include "eval/threshold.h"
#include "metric/metrics.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long the times of one segment are, in UTC; weeks are those of ISO 8601. */
enum evaluation_period { EVALUATION_NO_PERIOD, EVALUATION_DAY, EVALUATION_WEEK };

/* Their names, ended by NULL. */
extern const char *const evaluation_period_names[];

/* A threshold to be found: the one with the largest F1 of label 1 on the evaluated rows. */
#define EVALUATION_BEST_F1 (-1.0)
/* One that `threshold` finds on the newest rows of the train part, which a column `split` must
 * tell.
 */
#define EVALUATION_EARLIER (-2.0)

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
	/* Segments by time, too, after those: named 2024-01-25, or 2024-W04. */
	enum evaluation_period period;
	const char *time; /* its column, milliseconds since 1970 or ISO 8601; NULL: event_ts */
	double threshold; /* in [0,1], EVALUATION_BEST_F1 or EVALUATION_EARLIER */
	struct threshold_opts choice; /* for the latter */
	uint64_t bins;                /* of the calibration, > 0 */
	/*
	 * The base rate that the scores were trained at, in (0,1), if class weights or resampling
	 * made it another than that of the evaluated rows: see metrics_correct. 0: no correction.
	 */
	double prior;
	/*
	 * A second score of the same rows: another column of the input, or, if against_path is not
	 * NULL, one of that file, whose rows have the same value in the column `key`; then only
	 * rows that are in both are judged, and the file is read by evaluation_judge. NULL: there
	 * is none.
	 */
	const char *against;
	const char *against_path;
	const char *key;
	/* The column of users. NULL: of no interest. */
	const char *user;
	bool moments; /* also judge the rows by when they are: see moments */
};

struct evaluation_segment {
	const char *column;     /* NULL: all rows; "day" or "week": a period */
	struct csv_field value; /* of that column; valid until evaluation_release */
	struct metrics metrics;
};

/* Rows that are not evaluated, by why. */
enum evaluation_skip {
	EVALUATION_OTHER_SPLIT,
	EVALUATION_UNLABELLED,
	EVALUATION_UNPAIRED, /* without a second score */
	EVALUATION_N_SKIPS,
};

struct evaluation {
	/* For callers to read. */
	struct evaluation_opts opts;
	const char *split; /* the word that was looked for; NULL: every row */
	uint64_t n_skipped[EVALUATION_N_SKIPS];
	size_t n;                    /* rows gathered */
	struct metrics_row *rows;    /* [n] in the order of the input */
	struct metrics_row *against; /* [n] the second score of each, or NULL */
	uint32_t *users;             /* [n] whose each row is, < n_users; NULL: not asked for. */
	uint32_t n_users;            /* A row of nobody (an empty field) is of one more user. */

	/* After evaluation_judge. */
	double threshold;
	struct threshold choice;            /* in use with EVALUATION_EARLIER */
	struct metrics_row *sorted;         /* [n] by score */
	struct metrics_row *sorted_against; /* [n] by the second score, or NULL */
	/*
	 * All rows, then the segments: by column as given, then by value: NULL first, then
	 * bytewise, which is the order of time.
	 */
	struct evaluation_segment *segments; /* [n_segments], at least one */
	size_t n_segments;
	struct metrics against_metrics; /* of all rows by their second score, if there is one */
	struct moments moments;         /* with opts.moments */

	/* The module's own. */
	int at_label, at_score, at_split, at_against, at_key, at_user, at_time;
	size_t cap, segments_cap;
	struct scorefile predictions;
	struct intern user_ids;
	struct evaluation_column *columns; /* [n_columns] */
	size_t n_columns;
};

/* `opts` and what it points to must outlive the evaluation. Returns 0, or -1 with err. */
int evaluation_init(struct evaluation *e, const struct evaluation_opts *opts,
		    const struct csv_reader *in, struct err *err);

/* Takes the current row of `in`, or counts why not. Returns 0, or -1 with err: a bad value. */
int evaluation_add(struct evaluation *e, const struct csv_reader *in, const struct csv_row *row,
		   struct err *err);

/*
 * Ends the gathering, reads the file of second scores, chooses the threshold and computes the
 * metrics. Returns 0, or -1 with err: there is no row to evaluate, none to choose a threshold on,
 * or that file is not readable.
 */
int evaluation_judge(struct evaluation *e, const struct csv_reader *in, struct err *err);

/* The segments that are periods: how many, from *first on. */
size_t evaluation_periods(const struct evaluation *e, const struct evaluation_segment **first);

void evaluation_release(struct evaluation *e);

#endif
