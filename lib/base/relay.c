#include "base/relay.h"

#include "base/mem.h"
#include "base/thread.h"

#include <stdlib.h>

struct relay {
	void *const *items; /* number i is items[i % n] */
	size_t n;
	int (*work)(void *context, void *item, struct err *err);
	void *context;
	pthread_t thread;
	bool threaded;

	/* Behind the lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n_passed, n_done;
	bool ending;
	bool failed;
	struct err err; /* of the work */
};

/* What the thread does, until all is done that was passed and nothing more will be. */
static void *run(void *arg)
{
	struct relay *r = arg;

	pthread_mutex_lock(&r->lock);
	for (;;) {
		struct err err = ERR_INIT;
		void *item;
		int rc;

		while (r->n_done == r->n_passed && !r->ending)
			pthread_cond_wait(&r->changed, &r->lock);
		if (r->n_done == r->n_passed || r->failed)
			break;
		item = r->items[r->n_done % r->n];
		pthread_mutex_unlock(&r->lock);
		rc = r->work(r->context, item, &err);
		pthread_mutex_lock(&r->lock);
		if (rc) {
			r->failed = true;
			r->err = err;
		}
		r->n_done++;
		pthread_cond_signal(&r->changed);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct relay *relay_new(void *const *items, size_t n,
			int (*work)(void *context, void *item, struct err *err), void *context,
			bool threaded)
{
	struct relay *r = mem_zalloc(1, sizeof(*r));

	r->items = items;
	r->n = n;
	r->work = work;
	r->context = context;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->threaded = threaded && !thread_start(&r->thread, run, r);
	return r;
}

/* Whether the work failed, with its err. */
static bool has_failed(const struct relay *r, struct err *err)
{
	if (r->failed)
		*err = r->err;
	return r->failed;
}

void *relay_get(struct relay *r, struct err *err)
{
	bool failed;

	pthread_mutex_lock(&r->lock);
	while (r->n_passed - r->n_done == r->n && !r->failed)
		pthread_cond_wait(&r->changed, &r->lock);
	failed = has_failed(r, err);
	pthread_mutex_unlock(&r->lock);
	return failed ? NULL : r->items[r->n_passed % r->n];
}

int relay_pass(struct relay *r, struct err *err)
{
	bool failed;

	if (!r->threaded) {
		void *item = r->items[r->n_passed++ % r->n];

		r->n_done++;
		return r->work(r->context, item, err);
	}
	pthread_mutex_lock(&r->lock);
	r->n_passed++;
	failed = has_failed(r, err);
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return failed ? -1 : 0;
}

static void end_thread(struct relay *r)
{
	if (!r->threaded)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->threaded = false;
}

int relay_finish(struct relay *r, struct err *err)
{
	end_thread(r);
	return has_failed(r, err) ? -1 : 0;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	end_thread(r);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r);
}
