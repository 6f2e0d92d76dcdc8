/*
 * state_labels: the rows that wait for their labels, and the sessions that they wait for: the
 * tables waiting, waiting_first and labels of a state.
 */
#ifndef CE_STATE_LABELS_H
#define CE_STATE_LABELS_H

#include "history/featurizer.h"
#include "state/state.h"

/* Rows that wait, and the header of their table, a row that is not ended. Borrowed. */
struct state_rows {
	struct labels *labels;
	const struct buf *header;
};

/*
 * Writes them to the writer that has no row yet (NULL: err says why), those that are undecided
 * alone, or all; and reads them back into labels that know their sessions. Returns 0, or -1 with
 * err.
 */
int state_rows_write(const struct state_rows *rows, struct csv_writer *w, bool undecided_only,
		     struct err *err);
int state_rows_read(const struct state_rows *rows, const struct state_in *in,
		    enum state_table table, struct err *err);

/* The strings behind the ids of sessions. Borrowed. */
struct state_labels {
	struct featurizer *features, *first; /* the latter NULL: there is none */
	struct intern *users, *contents;
};

/* Writes them. Returns 0, or -1 with err. */
int state_labels_write(const struct state_labels *l, struct state_out *out, struct err *err);

/* The rows of l->features whose sessions are undecided, to the writer that has no row yet. */
int state_labels_write_open(const struct state_labels *l, struct csv_writer *w, struct err *err);

/* Reads them back into modules that are new, after the history. Returns 0, or -1 with err. */
int state_labels_read(const struct state_labels *l, const struct state_in *in, struct err *err);

#endif
