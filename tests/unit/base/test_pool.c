#include "base/mem.h"
#include "base/pool.h"
#include "check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct squares {
	uint64_t *out;
};

static void square(void *context, size_t i)
{
	struct squares *s = context;

	s->out[i] += (uint64_t)i * i;
}

static void check_squares(struct pool *pool, size_t n, int rounds)
{
	struct squares s = { .out = mem_zalloc(n + 1, sizeof(uint64_t)) };

	for (int round = 0; round < rounds; round++)
		pool_run(pool, n, square, &s);
	for (size_t i = 0; i < n; i++)
		CHECK_INT(s.out[i], (uint64_t)rounds * i * i);
	CHECK_INT(s.out[n], 0);
	free(s.out);
}

/* Each part is done once, and is done when pool_run returns, however many threads there are. */
static void does_each_part_once(void)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 7, 100, 10000 };

	for (int threads = 1; threads <= 9; threads += 2) {
		struct pool *pool = pool_new(threads);

		CHECK_INT(pool_threads(pool), threads);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			check_squares(pool, sizes[i], 3);
		pool_free(pool);
	}
}

static void takes_tiny_tasks_one_after_another(void)
{
	struct pool *pool = pool_new(4);

	check_squares(pool, 5, 3000);
	pool_free(pool);
}

/* A pool whose threads have gone to sleep wakes up. */
static void wakes_up(void)
{
	struct timespec nap = { .tv_nsec = 5000000 };
	struct pool *pool = pool_new(3);

	for (int i = 0; i < 20; i++) {
		nanosleep(&nap, NULL);
		check_squares(pool, 10, 1);
	}
	pool_free(pool);
}

static void meet(void *context, size_t i)
{
	atomic_int *arrived = context;

	(void)i;
	atomic_fetch_add(arrived, 1);
	while (atomic_load(arrived) < 3)
		;
}

/* Three parts that wait for one another end: three threads have them. */
static void works_at_once(void)
{
	struct pool *pool = pool_new(3);
	atomic_int arrived = 0;

	pool_run(pool, 3, meet, &arrived);
	CHECK_INT(atomic_load(&arrived), 3);
	pool_free(pool);
}

static void none_is_the_callers_thread(void)
{
	CHECK_INT(pool_threads(NULL), 1);
	check_squares(NULL, 100, 2);
	pool_free(NULL);
}

int main(void)
{
	RUN(does_each_part_once);
	RUN(takes_tiny_tasks_one_after_another);
	RUN(wakes_up);
	RUN(works_at_once);
	RUN(none_is_the_callers_thread);
	return CHECK_DONE();
}
