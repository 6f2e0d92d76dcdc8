#include "io/deflate.h"

#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct block {
	unsigned char *in, *out;
	size_t n_in, n_out;
	uint32_t crc; /* of `in` */
};

struct thread {
	struct deflate *d;
	pthread_t id;
	void *engine;
};

struct deflate {
	const struct codec *codec;
	int fd, level;
	struct block filling;
	uint32_t crc; /* of the blocks written so far, as their length */
	uint64_t length;
	void *engine; /* of the caller's thread; NULL until it is wanted */

	/* The threads, and the blocks in flight: number i is blocks[i % n_blocks]. */
	int n_wanted, n_threads;
	struct thread *threads;
	struct block *blocks;
	size_t n_blocks;

	/* Behind the lock, as crc and length while there are threads. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t n_put, n_taken, n_written; /* n_written <= n_taken <= n_put */
	bool ending;                        /* nothing more is put */
	bool abandoned;                     /* nothing more is written */
	int error; /* errno of the first write that failed; nothing is written after it */
};

static struct block block_new(void)
{
	return (struct block){ .in = mem_alloc(DEFLATE_BLOCK, 1),
			       .out = mem_alloc(codec_bound(DEFLATE_BLOCK), 1) };
}

struct deflate *deflate_new(const struct codec *codec, int fd, int level, int n_threads)
{
	struct deflate *d = mem_zalloc(1, sizeof(*d));

	d->codec = codec;
	d->fd = fd;
	d->level = level;
	d->n_wanted = n_threads;
	d->filling = block_new();
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	return d;
}

static void deflate_block(const struct codec *codec, void *engine, struct block *b)
{
	b->crc = codec->crc(0, b->in, b->n_in);
	b->n_out = codec->deflate_block(engine, b->in, b->n_in, b->out);
}

/* Writes a deflated block. Returns 0 or an errno. */
static int write_block(int fd, const struct block *b)
{
	if (!b->n_out)
		return EIO; /* the engine gave up on a block, which none of them does */
	return thread_write(fd, b->out, b->n_out) ? errno : 0;
}

static void count_block(struct deflate *d, const struct block *b)
{
	d->crc = codec_crc_combine(d->crc, b->crc, b->n_in);
	d->length += b->n_in;
}

/* What a thread does: takes the next block, deflates it, and writes it when it is its turn. */
static void *work(void *arg)
{
	const struct thread *thread = arg;
	struct deflate *d = thread->d;

	pthread_mutex_lock(&d->lock);
	for (;;) {
		struct block *b;
		uint64_t number;
		int error;

		while (d->n_taken == d->n_put && !d->ending)
			pthread_cond_wait(&d->changed, &d->lock);
		if (d->n_taken == d->n_put || d->abandoned)
			break;
		number = d->n_taken++;
		b = &d->blocks[number % d->n_blocks];
		pthread_mutex_unlock(&d->lock);
		deflate_block(d->codec, thread->engine, b);
		pthread_mutex_lock(&d->lock);
		while (d->n_written != number && !d->abandoned)
			pthread_cond_wait(&d->changed, &d->lock);
		if (d->abandoned)
			break;
		error = d->error;
		pthread_mutex_unlock(&d->lock);
		if (!error)
			error = write_block(d->fd, b);
		pthread_mutex_lock(&d->lock);
		d->error = error;
		count_block(d, b);
		d->n_written++;
		pthread_cond_broadcast(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* Starts the threads that are wanted, or as many as there can be. */
static void start_threads(struct deflate *d)
{
	d->threads = mem_zalloc((size_t)d->n_wanted, sizeof(*d->threads));
	for (; d->n_threads < d->n_wanted; d->n_threads++) {
		struct thread *thread = &d->threads[d->n_threads];

		thread->d = d;
		thread->engine = d->codec->deflate_new(d->level);
		if (thread_start(&thread->id, work, thread)) {
			d->codec->deflate_free(thread->engine);
			break;
		}
	}
	d->n_wanted = d->n_threads;
	d->n_blocks = d->n_threads ? (size_t)d->n_threads + 1 : 0;
	d->blocks = mem_zalloc(d->n_blocks, sizeof(*d->blocks));
	for (size_t i = 0; i < d->n_blocks; i++)
		d->blocks[i] = block_new();
}

/* Gives the filling block to the threads, for a block that is free. */
static int pass_on(struct deflate *d)
{
	struct block *b, full = d->filling;
	int error;

	pthread_mutex_lock(&d->lock);
	while (d->n_put - d->n_written == d->n_blocks)
		pthread_cond_wait(&d->changed, &d->lock);
	b = &d->blocks[d->n_put++ % d->n_blocks];
	d->filling = *b;
	*b = full;
	error = d->error;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	d->filling.n_in = 0;
	return error;
}

/* Deflates and writes the filling block here. */
static int do_it_here(struct deflate *d)
{
	int error;

	if (!d->engine)
		d->engine = d->codec->deflate_new(d->level);
	deflate_block(d->codec, d->engine, &d->filling);
	error = write_block(d->fd, &d->filling);
	count_block(d, &d->filling);
	d->filling.n_in = 0;
	return error;
}

int deflate_put(struct deflate *d, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n) {
		size_t room = DEFLATE_BLOCK - d->filling.n_in, piece = n < room ? n : room;

		memcpy(d->filling.in + d->filling.n_in, p, piece);
		d->filling.n_in += piece;
		p += piece;
		n -= piece;
		if (d->filling.n_in == DEFLATE_BLOCK) {
			int error;

			if (d->n_wanted && !d->threads)
				start_threads(d);
			error = d->n_threads ? pass_on(d) : do_it_here(d);
			if (error)
				return error;
		}
	}
	return 0;
}

static void end_threads(struct deflate *d, bool abandon)
{
	pthread_mutex_lock(&d->lock);
	d->ending = true;
	d->abandoned = abandon;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	while (d->n_threads) {
		struct thread *thread = &d->threads[--d->n_threads];

		if (abandon)
			thread_stop(thread->id);
		else
			pthread_join(thread->id, NULL);
		d->codec->deflate_free(thread->engine);
	}
}

int deflate_finish(struct deflate *d, uint32_t *crc, uint64_t *length)
{
	end_threads(d, false);
	d->n_wanted = 0;
	if (!d->error && d->filling.n_in)
		d->error = do_it_here(d);
	*crc = d->crc;
	*length = d->length;
	return d->error;
}

static void block_free(struct block *b)
{
	free(b->in);
	free(b->out);
}

void deflate_free(struct deflate *d)
{
	if (!d)
		return;
	end_threads(d, true);
	for (size_t i = 0; i < d->n_blocks; i++)
		block_free(&d->blocks[i]);
	block_free(&d->filling);
	free(d->blocks);
	free(d->threads);
	d->codec->deflate_free(d->engine);
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->changed);
	free(d);
}
