/*
 * featurizer: the stage from event_history or event_online to completion_prediction_features.
 *
 * Which events are prediction rows, their features, and their labels once those are known. Memory:
 * that of label.
 */
#ifndef CE_FEATURIZER_H
#define CE_FEATURIZER_H

#include "base/names.h"
#include "base/warnings.h"
#include "history/features.h"
#include "history/label.h"
#include "table/csvwriter.h"

struct featurizer {
	/* Set before featurizer_open. */
	enum features_rows rows;
	int64_t watermark; /* ms, or EVENT_UNKNOWN: the time of the last event */
	struct names keep; /* further columns of the input: see features_init */

	/* For callers to read; the writer is for csv_writer_close_all, too. */
	struct csv_writer out;
	struct labels labels;

	struct buf header; /* the names of the table's columns, as a row that is not ended */
	/* Set before featurizer_open. */
	bool goes_on, none_waits; /* see labels */

	/* The module's own. */
	struct features features;
};

#define FEATURIZER_INIT                                                                            \
	{                                                                                          \
		.rows = FEATURES_OPEN, .watermark = EVENT_UNKNOWN, .keep = NAMES_INIT,             \
		.out = CSV_WRITER_INIT                                                             \
	}

/*
 * Begins with the events of `in`, which is open and of whose columns n_text are text in a row, and
 * the table, unless that is NULL: f->out is open then. Returns 0, or -1 with err, as features_init.
 */
int featurizer_open(struct featurizer *f, const struct csv_reader *in, size_t n_text,
		    const struct gz_output *output, struct err *err);

/*
 * Takes the next event in canonical order, and writes the rows whose labels are known by it.
 * Returns 0, or -1 with err: as labels_step and features_put.
 */
int featurizer_step(struct featurizer *f, const struct csv_reader *in,
		    const struct features_row *row, struct err *err);

/* After the last event: writes the rows that are left. Returns 0, or -1 with err. */
int featurizer_finish(struct featurizer *f, struct err *err);

/* Adds what looks wrong; n_events: how many events there were. After featurizer_finish. */
void featurizer_warn(const struct featurizer *f, uint64_t n_events, struct warnings *warnings);

/* Frees all but the writer, which is the caller's to close. */
void featurizer_release(struct featurizer *f);

#endif
