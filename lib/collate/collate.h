/*
 * collate: the tables of a whole log from those of its shards, a part of the log at a time.
 *
 *	facts of each shard  ->  whole: what is known, a millisecond after the other
 *	                           |
 *	tables of each shard ->  shardtable, one a table, with what is known put in
 *
 * Memory: that of these.
 */
#ifndef CE_COLLATE_H
#define CE_COLLATE_H

#include "base/names.h"
#include "collate/shardtable.h"
#include "collate/whole.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

#define COLLATE_MAX_SHARDS 4096

struct collate {
	/* Set before collate_open. */
	struct whole whole;         /* its options */
	struct names tables;        /* that are wanted */
	const struct state_in *old; /* the state to go on from; NULL: from nothing. Borrowed */
	struct state_out *next;     /* the one to leave; NULL: none. Borrowed */
	int64_t from;               /* the end of the part before, INT64_MIN: there is none */
	int64_t until;              /* the end of this part, if `next` is left */
	int64_t watermark;          /* ms, or EVENT_UNKNOWN: the time of the last event */
	const char *directory;      /* for DIR/TABLE.csv.gz; NULL: the only table to the output */
	const char *open, *effects; /* paths, or NULL */

	/* For callers to read. */
	uint64_t n_facts, n_rows; /* taken so far, and written */

	struct collate_work *work; /* the module's own */
};

#define COLLATE_INIT                                                                               \
	{                                                                                          \
		.whole = WHOLE_INIT, .tables = NAMES_INIT, .from = INT64_MIN, .until = INT64_MAX,  \
		.watermark = EVENT_UNKNOWN                                                         \
	}

/*
 * Opens the tables of the n shards, which are folders, and those to write. Returns 0, or -1 with
 * err.
 */
int collate_open(struct collate *c, const char *const *shards, size_t n,
		 const struct gz_output *output, struct err *err);

/*
 * Takes the facts and the rows of the next millisecond that has some. Returns 1, 0 after the last,
 * with everything but the ends of the tables written, or -1 with err.
 */
int collate_step(struct collate *c, struct err *err);

/* Finishes all tables, the state last: they have their names then, all or none. */
int collate_close(struct collate *c, struct err *err);

/* Frees everything; tables that are not closed are aborted. */
void collate_release(struct collate *c);

#endif
