/*
 * materialize: the stages of the pipe in one process, from raw records to the feature table.
 *
 *	cleaning -> joiner -> sessionizer -> history, aggregates -> online -> featurizer
 *
 * Each stage is what the filter of its name runs, and each gets the rows of the one before it as
 * that would write them, but in memory: the columns that are copied as fields, what is made of them
 * typed. So each table has, byte for byte, what the filters write. Rows go in batches: one thread
 * takes them up to their prediction, another one makes features of them.
 *
 * Memory: that of the stages, and 11 MiB of rows on their way.
 */
#ifndef CE_MATERIALIZE_H
#define CE_MATERIALIZE_H

#include "events/cleaning.h"
#include "events/joiner.h"
#include "history/aggregate.h"
#include "history/facts.h"
#include "history/featurizer.h"
#include "history/history.h"
#include "history/online.h"
#include "history/sessionizer.h"
#include "state/state.h"

#include <stdbool.h>

/* Which tables are written besides the features. Borrowed; NULL: not there, or not elsewhere. */
struct materialize_tables {
	const char *directory; /* all of them, as gz_output_table names them, but those below */
	const char *rejects, *unmatched, *starts; /* to these files */
	const char *first; /* the features of the rows that are FEATURES_FIRST */
	const char *open;  /* the features of the rows that wait, and are undecided; with a state */
	const char *effects; /* what online has learnt by the end */
	/*
	 * What the events make known: they are those of one shard, whose tables ce-collate puts
	 * together with those of others. Then no row waits for its label in a state, and none lacks
	 * it for the watermark's sake, which is that of the whole log.
	 */
	const char *facts;
};

struct materialize {
	/* Set before materialize_open: the options of the stages, and: */
	struct cleaning cleaning;
	struct joiner joiner;
	struct sessionizer sessionizer;
	struct history_options history_options;
	struct names agg_keep;
	int64_t agg_watermark; /* ms, or EVENT_UNKNOWN */
	struct online online;
	bool without_online;
	struct featurizer featurizer;
	struct names keep;          /* columns that each stage keeps which has them; "*": all */
	const struct state_in *old; /* the state to go on from; NULL: from nothing. Borrowed */
	struct state_out *next;     /* the one to leave; NULL: the log ends here. Borrowed */
	int64_t dedupe;             /* ms that event_ids are remembered for */

	/* For callers to read. */
	uint64_t n_events; /* that were joined, so far */
	struct history history;
	struct aggregates aggregates;
	struct facts facts;

	struct materialize_work *work; /* the module's own */
};

#define MATERIALIZE_INIT                                                                           \
	{                                                                                          \
		.cleaning = CLEANING_INIT, .joiner = JOINER_INIT, .sessionizer = SESSIONIZER_INIT, \
		.history_options = HISTORY_OPTIONS_INIT, .agg_keep = NAMES_INIT,                   \
		.agg_watermark = EVENT_UNKNOWN, .online = ONLINE_INIT, .facts = FACTS_INIT,        \
		.featurizer = FEATURIZER_INIT, .keep = NAMES_INIT, .dedupe = 7 * TIME_MS_PER_DAY   \
	}

/*
 * Begins with the records of `in`, a tolerant reader that is open and outlives this, the n
 * dimensions, the features to `output` and the other tables likewise. now: see cleaning_open.
 * Returns 0, or -1 with err: as the stages do.
 */
int materialize_open(struct materialize *m, const struct csv_reader *in,
		     const struct join_source *sources, size_t n, const struct gz_output *output,
		     const struct materialize_tables *tables, int64_t now, struct err *err);

/* Whether the table `first` is made, too. */
bool materialize_has_first(const struct materialize *m);

/*
 * Goes on from m->old, which agrees with what is described here (see agreement): after
 * materialize_open, before the first cleaning_add. Returns 0, or -1 with err.
 */
int materialize_restore(struct materialize *m, struct err *err);

/*
 * After cleaning_add of all records and cleaning_sort: takes a batch of events through all stages.
 * Returns 1, 0 after the last, with everything but the ends of the tables written, or -1 with err.
 */
int materialize_step(struct materialize *m, struct err *err);

/* Adds what looks wrong, in the order of the stages. After the last materialize_step. */
void materialize_warn(const struct materialize *m, struct warnings *warnings);

/* Appends what the stages left out, a line each. */
void materialize_put_summary(struct materialize *m, struct buf *text);

/* Finishes all tables, the features last: they have their names then, all or none. */
int materialize_close(struct materialize *m, struct err *err);

/* Frees everything; tables that are not closed are aborted. */
void materialize_release(struct materialize *m);

#endif
