/*
 * readahead: a source of bytes that is read ahead of its reader, by a thread.
 *
 * Memory: READAHEAD_BUFFERS buffers of READAHEAD_SIZE.
 */
#ifndef CE_READAHEAD_H
#define CE_READAHEAD_H

#include "base/err.h"

#include <stddef.h>

#define READAHEAD_SIZE    ((size_t)256 * 1024)
#define READAHEAD_BUFFERS 4

struct readahead; /* opaque */

/*
 * Starts to read: source(context, out, n, err) gives up to n > 0 bytes, 0 at the end or -1 with
 * err, and is called by the thread alone from now on; it reads descriptors with thread_read.
 * Returns NULL if there can be no more threads.
 */
struct readahead *readahead_new(ptrdiff_t (*source)(void *context, void *out, size_t n,
						    struct err *err),
				void *context);

/* As the source: up to n > 0 bytes, 0 at the end, and again then, or -1 with err. */
ptrdiff_t readahead_read(struct readahead *a, void *out, size_t n, struct err *err);

/* Ends the thread, in whatever it waits for, and frees everything; a may be NULL. */
void readahead_free(struct readahead *a);

#endif
