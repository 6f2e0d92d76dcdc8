#include "base/pool.h"

#include "base/mem.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define SPINS 4000 /* some 10 microseconds */

struct pool {
	pthread_t *threads;
	int n_threads; /* started */
	int spins;     /* looks for a change before a thread sleeps */
	/* The task. Set before its number changes, and left alone until all threads are done. */
	void (*part)(void *, size_t);
	void *context;
	size_t n;
	atomic_size_t next; /* part that is not taken */
	atomic_uint number; /* of the task */
	atomic_int n_busy;  /* threads that may still look at it */
	bool over;
	pthread_mutex_t lock; /* for those that sleep until the number changes or nobody is busy */
	pthread_cond_t changed;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static void take_parts(struct pool *p)
{
	size_t i;

	while ((i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->n)
		p->part(p->context, i);
}

/* Waits until there is another task than that of this number; returns the new one's. */
static unsigned next_task(struct pool *p, unsigned seen)
{
	unsigned number;

	for (int i = 0; i < p->spins; i++) {
		number = atomic_load_explicit(&p->number, memory_order_acquire);
		if (number != seen)
			return number;
		pause_briefly();
	}
	pthread_mutex_lock(&p->lock);
	while ((number = atomic_load_explicit(&p->number, memory_order_acquire)) == seen)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return number;
}

static void *work(void *arg)
{
	struct pool *p = arg;

	for (unsigned seen = 0;;) {
		seen = next_task(p, seen);
		if (p->over)
			return NULL;
		take_parts(p);
		if (atomic_fetch_sub_explicit(&p->n_busy, 1, memory_order_acq_rel) == 1) {
			pthread_mutex_lock(&p->lock);
			pthread_cond_broadcast(&p->changed);
			pthread_mutex_unlock(&p->lock);
		}
	}
}

/* Lets the threads see the task that was set. */
static void announce(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add_explicit(&p->number, 1, memory_order_release);
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static bool is_idle(struct pool *p)
{
	return !atomic_load_explicit(&p->n_busy, memory_order_acquire);
}

static void wait_until_idle(struct pool *p)
{
	for (int i = 0; i < p->spins; i++) {
		if (is_idle(p))
			return;
		pause_briefly();
	}
	pthread_mutex_lock(&p->lock);
	while (!is_idle(p))
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

struct pool *pool_new(int n_threads)
{
	struct pool *p = mem_zalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	/* Where there are more threads than processors, who looks is in the way of who works. */
	p->spins = n_threads > thread_processors() ? 0 : SPINS;
	p->threads = mem_alloc((size_t)(n_threads > 1 ? n_threads : 1), sizeof(*p->threads));
	while (p->n_threads < n_threads - 1 && !thread_start(&p->threads[p->n_threads], work, p))
		p->n_threads++;
	return p;
}

int pool_threads(const struct pool *p)
{
	return p ? p->n_threads + 1 : 1;
}

void pool_run(struct pool *p, size_t n, void (*part)(void *context, size_t i), void *context)
{
	if (n <= 1 || !p || !p->n_threads) {
		for (size_t i = 0; i < n; i++)
			part(context, i);
		return;
	}
	p->part = part;
	p->context = context;
	p->n = n;
	atomic_store_explicit(&p->next, 0, memory_order_relaxed);
	atomic_store_explicit(&p->n_busy, p->n_threads, memory_order_relaxed);
	announce(p);
	take_parts(p);
	wait_until_idle(p);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	p->over = true;
	announce(p);
	for (int i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p);
}
