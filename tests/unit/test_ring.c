#include "check.h"
#include "ring.h"

/* Pushes and pops in turns against a plain counter: whatever the head, order and content hold. */
static void wraps_around_and_grows_at_any_head(void)
{
	for (int head = 0; head < 130; head++) {
		struct ring r = RING_INIT(int);
		int in = 0, out = 0;

		for (; in < head; in++, ring_pop(&r), out++)
			*(int *)ring_push(&r) = in;
		for (; in < head + 300; in++)
			*(int *)ring_push(&r) = in;
		CHECK_INT(r.n, 300);
		for (int i = 0; i < 300; i++)
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
	size_t cap = 0;

	for (long i = 0; i < 100000; i++) {
		*(long *)ring_push(&r) = i;
		if (i == 64)
			cap = r.cap;
		if (r.n > 50) {
			CHECK_INT(*(long *)ring_at(&r, 0), i - 50);
			ring_pop(&r);
		}
	}
	CHECK_INT(r.cap, cap);
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
	RUN(release_leaves_it_usable);
	return CHECK_DONE();
}
