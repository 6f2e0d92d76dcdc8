/*
 * shardtable: a table of which each shard has its users' rows, put together as the table of the
 * whole log: in canonical order, which is verified, with what only the whole knows put in.
 *
 * Those columns, by their names: session_id, those of the history that are of the content alone,
 * products of these, the online prediction, and the label. The others are passed on as they are.
 * Memory: that of a reader for each shard, and of label for rows that wait.
 */
#ifndef CE_SHARDTABLE_H
#define CE_SHARDTABLE_H

#include "collate/whole.h"
#include "events/event.h"
#include "history/label.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>

struct shardtable_part;
struct shardtable_step;

struct shardtable_options {
	int threads;         /* see gz_reader_open */
	int64_t watermark;   /* or EVENT_UNKNOWN */
	bool goes_on;        /* see labels */
	bool without_online; /* its columns stay as they are */
};

struct shardtable {
	/* For callers to read; the writer is for csv_writer_close_all. */
	struct csv_writer out;
	const char *name;                   /* "event_history" */
	const struct catalogue_table *like; /* whose columns are ours; others are the user's own */
	bool asks;                          /* what is known: else all of it is copied */
	bool has_labels;                    /* its rows wait for them here: */
	struct labels labels;               /* whole learns them */
	struct buf header; /* the names of its columns, as a row that is not ended */

	/* The module's own. */
	struct shardtable_part *parts; /* [n_parts] a shard's each */
	size_t n_parts;
	struct shardtable_step *steps; /* [n_steps] how its columns are made */
	size_t n_steps;
	int content_id, user_id, session_id, label_known_ts; /* columns; -1: there is none */
	bool has_content, has_online; /* some of them are of the content, of the prediction */
	bool is_online;               /* event_online, which is made from event_history */
	struct shardtable_options options;
};

#define SHARDTABLE_INIT                                                                            \
	{                                                                                          \
		.out = CSV_WRITER_INIT, .header = BUF_INIT                                         \
	}

/* Whether a table of that name is made from the one of another name, which is returned; else its
 * own. */
const char *shardtable_source(const char *name);

/*
 * Opens the table `name`, which outlives *t, of the n shards, at `paths`, which do, too, and its
 * output, and reads the first rows. Returns 0, or -1 with err.
 */
int shardtable_open(struct shardtable *t, const char *name, const char *const *paths, size_t n,
		    const struct gz_output *output, const struct shardtable_options *options,
		    struct err *err);

/* The time of the next row of that shard; INT64_MAX: there is none. And the name of its file. */
int64_t shardtable_next(const struct shardtable *t, size_t shard);
const char *shardtable_file(const struct shardtable *t, size_t shard);

/*
 * Writes the rows of that millisecond, which n of the shards have next, and of which the whole has
 * the sessions that start in it, and what was known before it. Returns 0, or -1 with err.
 */
int shardtable_step(struct shardtable *t, struct whole *w, const size_t *shards, size_t n,
		    int64_t ts, struct err *err);

/* After the last row and fact; last_ts: the time of the last event. Returns 0, or -1 with err. */
int shardtable_finish(struct shardtable *t, int64_t last_ts, struct err *err);

/* Frees all but the writer, which is the caller's to close. */
void shardtable_release(struct shardtable *t);

#endif
