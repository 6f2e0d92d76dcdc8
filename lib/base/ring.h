/*
 * ring: a queue of fixed-size elements that grows at the back and shrinks at the front.
 *
 * The elements lie in chunks; what the front has left comes back as a chunk of the back. A pointer
 * to an element is valid until that is popped.
 *
 * Memory: the elements that are queued, up to two chunks of RING_CHUNK elements, and 8 bytes for
 * each RING_CHUNK of the most that ever were.
 */
#ifndef CE_RING_H
#define CE_RING_H

#include <stddef.h>

#define RING_CHUNK ((size_t)1024)

struct ring {
	size_t size;     /* of an element */
	size_t n;        /* elements in the queue */
	size_t head;     /* elements that have left: the first one's number */
	char **chunks;   /* element i lies in chunk i / RING_CHUNK modulo n_chunks */
	size_t n_chunks; /* a power of two, or 0 */
	char *spare;     /* a chunk that is not in use, or NULL */
};

#define RING_INIT(type)                                                                            \
	{                                                                                          \
		.size = sizeof(type)                                                               \
	}

/* Room for one more element after the last, uninitialised. */
void *ring_push(struct ring *r);

/* Element i, 0 being the first; i < n. */
static inline void *ring_at(const struct ring *r, size_t i)
{
	size_t at = r->head + i;

	return r->chunks[at / RING_CHUNK & (r->n_chunks - 1)] + at % RING_CHUNK * r->size;
}

/* For ring_pop alone: the first element's chunk has lost its last one. */
void ring_leave_chunk(struct ring *r);

/* Drops the first element; n > 0. */
static inline void ring_pop(struct ring *r)
{
	r->n--;
	if (++r->head % RING_CHUNK == 0)
		ring_leave_chunk(r);
}

void ring_release(struct ring *r);

#endif
