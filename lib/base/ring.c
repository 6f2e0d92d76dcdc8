#include "base/ring.h"

#include "base/mem.h"

#include <stdlib.h>

static char **chunk_of(const struct ring *r, size_t at)
{
	return &r->chunks[at / RING_CHUNK & (r->n_chunks - 1)];
}

/* Twice as many places for chunks; those in use keep their numbers. */
static void grow(struct ring *r)
{
	struct ring old = *r;

	r->n_chunks = old.n_chunks ? old.n_chunks * 2 : 1;
	r->chunks = mem_zalloc(r->n_chunks, sizeof(*r->chunks));
	for (size_t i = 0; i < old.n_chunks; i++)
		*chunk_of(r, old.head + i * RING_CHUNK) =
			*chunk_of(&old, old.head + i * RING_CHUNK);
	free(old.chunks);
}

void *ring_push(struct ring *r)
{
	size_t at = r->head + r->n++;

	if (at % RING_CHUNK == 0) {
		if (at / RING_CHUNK - r->head / RING_CHUNK == r->n_chunks)
			grow(r);
		*chunk_of(r, at) = r->spare ? r->spare : mem_alloc(RING_CHUNK, r->size);
		r->spare = NULL;
	}
	return ring_at(r, r->n - 1);
}

void ring_leave_chunk(struct ring *r)
{
	char **left = chunk_of(r, r->head - 1);

	free(r->spare);
	r->spare = *left;
	*left = NULL;
}

void ring_release(struct ring *r)
{
	for (size_t i = 0; i < r->n_chunks; i++)
		free(r->chunks[i]);
	free(r->chunks);
	free(r->spare);
	*r = (struct ring){ .size = r->size };
}
