/*
 * completions: the table content_completion of a whole log, from its sessions: see aggregate.
 *
 * In order of session_id: a session waits until every earlier one is closed. whole keeps it
 * meanwhile, in a state, too.
 */
#ifndef CE_COMPLETIONS_H
#define CE_COMPLETIONS_H

#include "collate/whole.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stdint.h>

struct completions {
	struct csv_writer out; /* for csv_writer_close_all */
	bool has_out;
	int64_t watermark; /* or EVENT_UNKNOWN */
	bool goes_on;      /* the log does: see aggregate_options */
};

#define COMPLETIONS_INIT                                                                           \
	{                                                                                          \
		.out = CSV_WRITER_INIT                                                             \
	}

/* Begins the table. Returns 0, or -1 with err. */
int completions_open(struct completions *c, const struct gz_output *output, int64_t watermark,
		     bool goes_on, struct err *err);

/* Writes the sessions that are closed by an event at `now`. Returns 0, or -1 with err. */
int completions_step(struct completions *c, struct whole *w, int64_t now, struct err *err);

/* After the last event, and what whole reached then. Returns 0, or -1 with err. */
int completions_finish(struct completions *c, struct whole *w, struct err *err);

#endif
