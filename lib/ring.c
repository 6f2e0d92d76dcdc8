#include "ring.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static void grow(struct ring *r)
{
	size_t cap = r->cap ? r->cap * 2 : 64;

	r->data = mem_realloc(r->data, cap, r->size);
	/* What had wrapped around to the start goes behind the old end, where it now belongs. */
	if (r->head)
		memcpy(r->data + r->cap * r->size, r->data, r->head * r->size);
	r->cap = cap;
}

void *ring_push(struct ring *r)
{
	if (r->n == r->cap)
		grow(r);
	return ring_at(r, r->n++);
}

void ring_release(struct ring *r)
{
	free(r->data);
	*r = (struct ring){ NULL, r->size, 0, 0, 0 };
}
