/*
 * sessionizer: the stage from enriched_table to session_identification and session_starts.
 *
 * It gives each event its session, and writes the events, with the columns of enriched_table and
 * those that are to be kept, and the first event of each session. Memory: that of session.
 */
#ifndef CE_SESSIONIZER_H
#define CE_SESSIONIZER_H

#include "base/names.h"
#include "base/warnings.h"
#include "events/event.h"
#include "history/doubts.h"
#include "history/session.h"
#include "table/csvwriter.h"
#include "table/selection.h"

#include <stdbool.h>

struct sessionizer {
	/* Set before sessionizer_open. */
	struct session_options options;
	struct names keep; /* further columns that are passed on: see selection_with */

	/* For callers to read; the writers are for csv_writer_close_all, too. */
	struct csv_writer out, starts;
	bool has_out, has_starts;
	struct selection passed; /* the columns of the input that go on */
	struct sessions sessions;

	/* The module's own. */
	struct doubts doubts;
	int event_id, user_id, content_id, device; /* input columns, for the starts */
};

#define SESSIONIZER_INIT                                                                           \
	{                                                                                          \
		.options = SESSION_OPTIONS_INIT, .keep = NAMES_INIT, .out = CSV_WRITER_INIT,       \
		.starts = CSV_WRITER_INIT                                                          \
	}

/*
 * Begins with the events of `in`, which is open, and the two tables, each unless it is NULL.
 * Returns 0, or -1 with err: a column is missing, or is there already.
 */
int sessionizer_open(struct sessionizer *s, const struct csv_reader *in,
		     const struct gz_output *output, const struct gz_output *starts,
		     struct err *err);

/*
 * Takes the next event in canonical order, as text and typed, fills the members of its session, and
 * writes it. Returns 0, or -1 with err.
 */
int sessionizer_step(struct sessionizer *s, const struct csv_row *row, struct event *e,
		     struct err *err);

/* Adds what looks wrong in the events and their sessions. */
void sessionizer_warn(const struct sessionizer *s, struct warnings *warnings);

/* Frees all but the writers, which are the caller's to close. */
void sessionizer_release(struct sessionizer *s);

#endif
