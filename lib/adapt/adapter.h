/*
 * adapter: records of a log to events, by its recipe, and what is to be said about that.
 */
#ifndef CE_ADAPTER_H
#define CE_ADAPTER_H

#include "adapt/dimension.h"
#include "adapt/recipe.h"
#include "adapt/record.h"
#include "adapt/values.h"
#include "base/bound.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/tally.h"
#include "base/warnings.h"
#include "base/zone.h"
#include "table/catalogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adapter {
	/* Set before adapter_open. Borrowed. */
	const struct recipe *recipe;
	const struct zone *zone;            /* of local times; NULL: the recipe's, or UTC */
	struct bound max_rejects;           /* records */
	struct dimension *users, *contents; /* NULL: not wanted */

	/* For callers to read. */
	uint64_t n_records, n_events;
	uint64_t n_rejected, rejected[N_REASONS];
	uint64_t n_becomes[BECOMES_N]; /* records */
	uint64_t *n_left_out;          /* [n_where]: ignored by each condition */
	struct tally names;            /* of the events in the log, but for records left out */
	uint64_t (*named)[BECOMES_N];  /* [TALLY_NAMES]: by names.names' id, what became of them */
	struct tally ignored, unknown;
	struct values values; /* what it counts */

	/* The module's own. */
	struct zone *own_zone;
	const struct recipe_rule **rules; /* [TALLY_NAMES]: by names.names' id */
	struct row_events_table rows[2];
	struct csv_value *extras;
	struct buf ids[2];
	char first[600]; /* the first rejected record */
};

#define ADAPTER_INIT                                                                               \
	{                                                                                          \
		.max_rejects = { "0", false, 0 }, .names = TALLY_INIT, .ignored = TALLY_INIT,      \
		.unknown = TALLY_INIT                                                              \
	}

/* Returns 0, or -1 with err. */
int adapter_open(struct adapter *a, struct err *err);

/*
 * Makes the events of a record: *n of them, 0 to 2, until the next call. Returns 0, or -1 with err:
 * it is rejected, and is one more than a bound that is a count.
 */
int adapter_record(struct adapter *a, const struct record *record, size_t *n, struct err *err);

/* Appends the names of the columns, and the i-th event, as a row that the caller ends. */
void adapter_put_names(const struct adapter *a, struct buf *row);
void adapter_put_event(const struct adapter *a, size_t i, struct buf *row);

/*
 * At the end of the log: whether too many records were rejected, and whether all event names were
 * known. Returns 0, or -1 with err.
 */
int adapter_check(const struct adapter *a, struct err *err);

/* Adds what looks wrong. */
void adapter_warn(const struct adapter *a, struct warnings *warnings);

/* Appends what became of the records: "12 records: 9 events; ignored 3: 'Video Ad Started' 3". */
void adapter_put_summary(const struct adapter *a, struct buf *out);

void adapter_release(struct adapter *a);

#endif
