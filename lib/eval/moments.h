/*
 * moments: when rows are, and where in their viewing: metrics of the starts of viewings, of the
 * quarters of the title, and of all but the last quarter, in which outcomes are easy to tell; when
 * they were scored, and by which model.
 *
 * From the columns session_event_number, playback_position_ratio, a time, scored_at and model_id,
 * where the input has them. What is not as expected there is unknown, and no error. Memory: a byte
 * a row.
 */
#ifndef CE_MOMENTS_H
#define CE_MOMENTS_H

#include "base/intern.h"
#include "metric/metrics.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum moment {
	MOMENT_START, /* the first event of the viewing */
	MOMENT_LATER,
	MOMENT_QUARTER_1, /* of the title, by the playback ratio, below 0.25 */
	MOMENT_QUARTER_2,
	MOMENT_QUARTER_3,
	MOMENT_QUARTER_4,      /* 0.75 and above */
	MOMENT_NO_QUARTER,     /* the ratio is unknown */
	MOMENT_THREE_QUARTERS, /* all rows but those of the last quarter */
	MOMENT_N,
};

/* Times in ms since 1970, both ends included. */
struct moments_span {
	int64_t first, last;
	bool is_known; /* of every row */
};

struct moments {
	/* For callers to read. */
	bool has_starts, has_quarters;    /* there are such columns */
	struct moments_span times;        /* of the rows */
	struct moments_span scored;       /* when they were scored */
	struct intern models;             /* the ids of what scored them, by their first row */
	struct metrics metrics[MOMENT_N]; /* after moments_judge; of no rows: only .rows counts */

	/* The module's own. */
	int at_number, at_ratio, at_time, at_scored, at_model;
	uint8_t *sets; /* of each row: a bit for each moment that it is of */
	size_t cap;
};

/* Finds the columns, that of times by its name. moments_release frees. */
void moments_init(struct moments *m, const struct csv_reader *in, const char *time);

/* Takes a row in as the i-th: rows come in order, from 0. */
void moments_add(struct moments *m, const struct csv_row *row, size_t i);

/* Row `from` becomes row `to` <= from, as rows before it are left out; the times stay. */
void moments_move(struct moments *m, size_t from, size_t to);

/* Judges rows[n], in the order in which they were taken in; bucket[n] and scratch[n] are
 * overwritten. */
void moments_judge(struct moments *m, const struct metrics_row *rows, size_t n, double threshold,
		   uint64_t bins, struct metrics_row *bucket, struct metrics_row *scratch);

/* Frees the memory; harmless on zeroed memory. */
void moments_release(struct moments *m);

#endif
