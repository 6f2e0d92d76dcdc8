/*
 * adapt_check: what a recipe has understood of a log, as text for who writes the recipe.
 */
#ifndef CE_ADAPT_CHECK_H
#define CE_ADAPT_CHECK_H

#include "adapt/adapter.h"
#include "adapt/logreader.h"
#include "base/buf.h"

#define ADAPT_CHECK_EVENTS 10 /* the first events that are shown */

/* Appends the names of the columns, or the i-th event of a record, as a row that can be shown. */
void adapt_check_put_names(const struct adapter *a, struct buf *events);
void adapt_check_put_event(const struct adapter *a, size_t i, struct buf *events);

/*
 * Appends it, at the end of the log: the names of its events and what became of each, the columns
 * and how many events have a value in each, and the first events, as the
 * functions above have put them.
 */
void adapt_check_put(const struct adapter *a, const struct logreader *log, const struct buf *events,
		     struct buf *out);

#endif
