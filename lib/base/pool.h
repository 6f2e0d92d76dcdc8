/*
 * pool: threads that share out the parts of one task, again and again.
 *
 * Which thread takes which part is left to chance: a caller whose result must not depend on the
 * number of threads gives each part a place of its own for what it finds, or adds integers. Threads
 * that have just worked wait for more for some microseconds without giving up their processor,
 * since the next task mostly follows at once.
 */
#ifndef CE_POOL_H
#define CE_POOL_H

#include <stddef.h>

struct pool; /* opaque; NULL stands for one of the caller's thread alone */

/*
 * n_threads, the caller's included, of which the pool starts all but that one (fewer, if there can
 * be no more); 1 starts none.
 */
struct pool *pool_new(int n_threads);

/* How many threads there are, the caller's included: >= 1. */
int pool_threads(const struct pool *p);

/*
 * Calls part(context, i) for each i < n, and returns when all have returned. Called by one thread
 * at a time, and by no part.
 */
void pool_run(struct pool *p, size_t n, void (*part)(void *context, size_t i), void *context);

/* Ends the threads. */
void pool_free(struct pool *p);

/* Rows as parts that do not depend on the number of threads: of so many each, but the last. */
#define POOL_CHUNK ((size_t)4096)

static inline size_t pool_chunks(size_t n)
{
	return (n + POOL_CHUNK - 1) / POOL_CHUNK;
}

static inline size_t pool_chunk_end(size_t chunk, size_t n)
{
	return (chunk + 1) * POOL_CHUNK < n ? (chunk + 1) * POOL_CHUNK : n;
}

#endif
