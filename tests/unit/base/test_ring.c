#include "base/mem.h"
#include "base/ring.h"
#include "check.h"

#include <stdlib.h>

/* Pushes and pops in turns against a plain counter: whatever the head, order and content hold. */
static void wraps_around_and_grows_at_any_head(void)
{
	for (int head = 0; head < 2200; head += 37) {
		struct ring r = RING_INIT(int);
		int in = 0, out = 0;

		for (; in < head; in++, ring_pop(&r), out++)
			*(int *)ring_push(&r) = in;
		for (; in < head + 3000; in++)
			*(int *)ring_push(&r) = in;
		CHECK_INT(r.n, 3000);
		for (int i = 0; i < 3000; i++)
			CHECK_INT(*(int *)ring_at(&r, (size_t)i), head + i);
		for (; r.n; ring_pop(&r), out++)
			CHECK_INT(*(int *)ring_at(&r, 0), out);
		CHECK_INT(out, in);
		ring_release(&r);
	}
}

/* A queue that stays short takes no more room, however much passes through it. */
static void stays_small(void)
{
	struct ring r = RING_INIT(long);

	for (long i = 0; i < 100000; i++) {
		*(long *)ring_push(&r) = i;
		if (r.n > 50) {
			CHECK_INT(*(long *)ring_at(&r, 0), i - 50);
			ring_pop(&r);
		}
	}
	CHECK(r.n_chunks <= 2);
	ring_release(&r);
}

/* Elements stay where they are, whatever comes and goes beside them, until they are popped. */
static void elements_do_not_move(void)
{
	enum { N = 20 * RING_CHUNK };
	struct ring r = RING_INIT(int);
	int **at = mem_alloc(N, sizeof(*at));
	int out = 0;

	for (int i = 0; i < N; i++) {
		at[i] = ring_push(&r);
		*at[i] = i;
		for (int n = i % 3; n && out < i; n--, ring_pop(&r))
			CHECK(ring_at(&r, 0) == at[out++]);
	}
	for (; r.n; ring_pop(&r), out++) {
		CHECK(ring_at(&r, 0) == at[out]);
		CHECK_INT(*at[out], out);
	}
	CHECK_INT(out, N);
	free(at);
	ring_release(&r);
}

static void release_leaves_it_usable(void)
{
	struct ring r = RING_INIT(char);

	*(char *)ring_push(&r) = 'a';
	ring_release(&r);
	CHECK_INT(r.n, 0);
	*(char *)ring_push(&r) = 'b';
	CHECK_INT(*(char *)ring_at(&r, 0), 'b');
	ring_release(&r);
}

int main(void)
{
	RUN(wraps_around_and_grows_at_any_head);
	RUN(stays_small);
	RUN(elements_do_not_move);
	RUN(release_leaves_it_usable);
	return CHECK_DONE();
}
