/*
 * ahead: a source of bytes that is read ahead of its reader, by a thread.
 *
 * Layer: over worker, mem, err. Memory: AHEAD_BUFFERS buffers of AHEAD_SIZE.
 */
#ifndef CE_AHEAD_H
#define CE_AHEAD_H

#include "err.h"

#include <stddef.h>

#define AHEAD_SIZE    ((size_t)256 * 1024)
#define AHEAD_BUFFERS 4

struct ahead; /* opaque */

/*
 * Starts to read: source(context, out, n, err) gives up to n > 0 bytes, 0 at the end or -1 with
 * err, and is called by the thread alone from now on; it reads descriptors with worker_read.
 * Returns NULL if there can be no more threads.
 */
struct ahead *ahead_new(ptrdiff_t (*source)(void *context, void *out, size_t n, struct err *err),
			void *context);

/* As the source: up to n > 0 bytes, 0 at the end, and again then, or -1 with err. */
ptrdiff_t ahead_read(struct ahead *a, void *out, size_t n, struct err *err);

/* Ends the thread, in whatever it waits for, and frees everything; a may be NULL. */
void ahead_free(struct ahead *a);

#endif
