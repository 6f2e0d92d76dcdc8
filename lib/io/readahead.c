#include "io/readahead.h"

#include "base/mem.h"
#include "base/thread.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct piece {
	char *bytes;
	ptrdiff_t n; /* what the source returned: 0 or -1 is the last of all */
};

struct readahead {
	ptrdiff_t (*source)(void *context, void *out, size_t n, struct err *err);
	void *context;
	pthread_t thread;
	struct piece pieces[READAHEAD_BUFFERS]; /* number i is pieces[i % READAHEAD_BUFFERS] */
	size_t n_used;                          /* bytes of the current piece that are read */
	struct err err;                         /* of the source, if the last piece is a -1 */

	/* Behind the lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n_filled, n_emptied;
	bool stopped;
};

static void *run(void *arg)
{
	struct readahead *a = arg;
	struct piece *piece;

	do {
		pthread_mutex_lock(&a->lock);
		while (a->n_filled - a->n_emptied == READAHEAD_BUFFERS && !a->stopped)
			pthread_cond_wait(&a->changed, &a->lock);
		if (a->stopped) {
			pthread_mutex_unlock(&a->lock);
			break;
		}
		piece = &a->pieces[a->n_filled % READAHEAD_BUFFERS];
		pthread_mutex_unlock(&a->lock);
		piece->n = a->source(a->context, piece->bytes, READAHEAD_SIZE, &a->err);
		pthread_mutex_lock(&a->lock);
		a->n_filled++;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	} while (piece->n > 0);
	return NULL;
}

struct readahead *readahead_new(ptrdiff_t (*source)(void *context, void *out, size_t n,
						    struct err *err),
				void *context)
{
	struct readahead *a = mem_zalloc(1, sizeof(*a));

	a->source = source;
	a->context = context;
	for (size_t i = 0; i < READAHEAD_BUFFERS; i++)
		a->pieces[i].bytes = mem_alloc(READAHEAD_SIZE, 1);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (!thread_start(&a->thread, run, a))
		return a;
	a->source = NULL; /* there is no thread to end */
	readahead_free(a);
	return NULL;
}

ptrdiff_t readahead_read(struct readahead *a, void *out, size_t n, struct err *err)
{
	struct piece *piece = &a->pieces[a->n_emptied % READAHEAD_BUFFERS];

	pthread_mutex_lock(&a->lock);
	while (a->n_filled == a->n_emptied)
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	if (piece->n < 0)
		*err = a->err;
	if (piece->n <= 0)
		return piece->n; /* and stays */
	if (n > (size_t)piece->n - a->n_used)
		n = (size_t)piece->n - a->n_used;
	memcpy(out, piece->bytes + a->n_used, n);
	a->n_used += n;
	if (a->n_used == (size_t)piece->n) {
		a->n_used = 0;
		pthread_mutex_lock(&a->lock);
		a->n_emptied++;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return (ptrdiff_t)n;
}

void readahead_free(struct readahead *a)
{
	if (!a)
		return;
	if (a->source) {
		pthread_mutex_lock(&a->lock);
		a->stopped = true;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
		thread_stop(a->thread);
	}
	for (size_t i = 0; i < READAHEAD_BUFFERS; i++)
		free(a->pieces[i].bytes);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	free(a);
}
