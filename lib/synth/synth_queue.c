#include "synth/synth_queue.h"

#include "base/mem.h"

#include <stdlib.h>

static bool earlier(const struct synth_pending *a, const struct synth_pending *b)
{
	return a->when != b->when ? a->when < b->when : a->event.id < b->event.id;
}

/* Puts it into the free place i, or above, where it belongs. */
static void rise(struct synth_queue *q, size_t i, const struct synth_pending *p)
{
	while (i && earlier(p, &q->heap[(i - 1) / 2])) {
		q->heap[i] = q->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	q->heap[i] = *p;
}

void synth_queue_push(struct synth_queue *q, const struct synth_pending *p)
{
	if (q->n == q->cap) {
		q->cap = mem_grow(q->cap, q->n + 1);
		q->heap = mem_realloc(q->heap, q->cap, sizeof(*q->heap));
	}
	rise(q, q->n++, p);
}

/* The free place sinks to a leaf first: the last, which was one, seldom rises far from there. */
void synth_queue_drop(struct synth_queue *q)
{
	const struct synth_pending last = q->heap[--q->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < q->n) {
		if (child + 1 < q->n && earlier(&q->heap[child + 1], &q->heap[child]))
			child++;
		q->heap[i] = q->heap[child];
		i = child;
	}
	rise(q, i, &last);
}

void synth_queue_release(struct synth_queue *q)
{
	free(q->heap);
	*q = (struct synth_queue){ 0 };
}
