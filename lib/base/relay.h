/*
 * relay: items that one thread fills and another one works on, in the order of filling.
 *
 *	main's thread:  relay_get -> fills item 3 -> relay_pass
 *	worker:                      works on items 1, 2 -> they can be got again
 *
 * What the worker does to anything but the item must not be looked at until relay_finish. Without
 * threads the caller's own does the work in relay_pass. Memory: the items are the caller's.
 */
#ifndef CE_RELAY_H
#define CE_RELAY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct relay; /* opaque */

/*
 * items: [n] pointers, borrowed. work(context, item, err) returns 0, or -1 with err, after which it
 * is not called again. `threaded`: with a thread of its own, if there can be one.
 */
struct relay *relay_new(void *const *items, size_t n,
			int (*work)(void *context, void *item, struct err *err), void *context,
			bool threaded);

/* An item to fill, which nobody works on. NULL with err if the work failed. */
void *relay_get(struct relay *r, struct err *err);

/* Hands on the item that was got. Returns 0, or -1 with err if the work failed. */
int relay_pass(struct relay *r, struct err *err);

/* Waits until all is worked on, and ends the thread. Returns 0, or -1 with err. */
int relay_finish(struct relay *r, struct err *err);

/* Ends the thread, once it is done with what it is at, and frees everything; r may be NULL. */
void relay_free(struct relay *r);

#endif
