/*
 * facts: the table of what the events of one shard make known, from which the columns that its
 * users share with those of other shards are made: see ce-collate(1).
 *
 * A shard has all events of its users. What is known of a content, the number of a session and
 * what ce-online learns depend on the users of all shards. Whoever has the facts of all shards,
 * merged in order of time, knows of these things what one run over the whole log knows.
 *
 * Memory: that of a writer.
 */
#ifndef CE_FACTS_H
#define CE_FACTS_H

#include "events/event.h"
#include "history/history.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>

/* What a fact is. */
enum facts_kind {
	FACTS_START,
	FACTS_ACTIVITY,
	FACTS_OUTCOME,
	FACTS_END,
	FACTS_LAST,
	FACTS_N_KINDS,
};

/* The word in the table; the kind of exactly that word, or -1. */
const char *facts_word(enum facts_kind kind);
int facts_parse(const char *s, size_t len);

struct facts {
	/* For callers to read; the writer is for csv_writer_close_all. */
	struct csv_writer out;
	bool has_out;

	/* The module's own. */
	int64_t from;                           /* facts before it are those of the part before */
	int64_t n;                              /* sessions so far */
	int event_id, device, plan_tier, genre; /* columns of rows; -1: there is none */
	const struct intern *users, *contents;
	bool has_failed;
	struct err err; /* then */
};

#define FACTS_INIT                                                                                 \
	{                                                                                          \
		.out = CSV_WRITER_INIT, .from = INT64_MIN                                          \
	}

/*
 * Begins the table, of the events of `in`; users and contents are behind their ids. Sets
 * options->became_known, before history_init. Returns 0, or -1 with err.
 */
int facts_open(struct facts *f, const struct csv_reader *in, const struct gz_output *output,
	       const struct intern *users, const struct intern *contents,
	       struct history_options *options, struct err *err);

/* The log goes on from `from`, before which there were n sessions. */
void facts_restore(struct facts *f, int64_t from, int64_t n);

/*
 * After history_step of an event, with its row: if it begins a session, that is a fact. Returns 0,
 * or -1 with err: that one, or one before, could not be written.
 */
int facts_step(struct facts *f, const struct csv_row *row, const struct event *e, struct err *err);

/*
 * After the last event, which becomes history, and what becomes known before `until`, in which the
 * log goes on; INT64_MAX: it ends here, and history_finish is yet to come. Returns 0, or -1 with
 * err.
 */
int facts_end(struct facts *f, struct history *history, int64_t until, struct err *err);

/* Returns 0, or -1 with err: a fact could not be written. */
int facts_check(const struct facts *f, struct err *err);

#endif
