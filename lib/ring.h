/*
 * ring: a queue of fixed-size elements that grows at the back and shrinks at the front. Layer: over
 * mem. Pointers into it are valid until the next ring_push.
 */
#ifndef CE_RING_H
#define CE_RING_H

#include <stddef.h>

struct ring {
	char *data;
	size_t size; /* of an element */
	size_t head; /* index of the first element in data */
	size_t n;    /* elements in the queue */
	size_t cap;  /* a power of two, or 0 */
};

#define RING_INIT(type)                                                                            \
	{                                                                                          \
		NULL, sizeof(type), 0, 0, 0                                                        \
	}

/* Room for one more element behind the last, uninitialised. */
void *ring_push(struct ring *r);

/* Element i, 0 being the first; i < n. */
static inline void *ring_at(const struct ring *r, size_t i)
{
	return r->data + ((r->head + i) & (r->cap - 1)) * r->size;
}

/* Drops the first element; n > 0. */
static inline void ring_pop(struct ring *r)
{
	r->head = (r->head + 1) & (r->cap - 1);
	r->n--;
}

void ring_release(struct ring *r);

#endif
