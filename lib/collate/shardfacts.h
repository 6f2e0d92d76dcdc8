/*
 * shardfacts: the facts of one shard, row by row, typed.
 *
 * In order of time, which is verified. Memory: that of a reader.
 */
#ifndef CE_SHARDFACTS_H
#define CE_SHARDFACTS_H

#include "history/facts.h"
#include "table/csvreader.h"

/* A fact, which borrows its texts from the row. What is not of its kind is not set. */
struct shard_fact {
	enum facts_kind kind;
	int64_t ts;
	int64_t session_id; /* of the shard; all kinds but activity and last */
	const struct csv_field *event_id, *user_id, *content_id, *genre, *device, *plan_tier;
	int64_t runtime; /* s, or EVENT_UNKNOWN */
	bool is_completion, is_first_of_pair;
	/* Of a session that is closed with it: an end, or an outcome that is no completion. */
	int64_t session_end, n_types;
	bool has_complete, is_completed_without;
	int64_t stop_ratio; /* millionths, or EVENT_UNKNOWN: no stop */
};

struct shardfacts {
	struct csv_reader in;
	struct shard_fact fact; /* the current one */
	bool is_over;           /* there is none any more */
};

#define SHARDFACTS_INIT                                                                            \
	{                                                                                          \
		.in = CSV_READER_INIT                                                              \
	}

/* Opens the table at `path`, which outlives *f, and reads the first fact. Returns 0, or -1 with
 * err.
 */
int shardfacts_open(struct shardfacts *f, const char *const *path, int threads, struct err *err);

/* Reads the next fact. Returns 0, or -1 with err: a value that is none, or a fact out of order. */
int shardfacts_next(struct shardfacts *f, struct err *err);

void shardfacts_close(struct shardfacts *f);

#endif
