#include "io/readahead.h"

#include "base/mem.h"
#include "base/thread.h"
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

/* Counts up in bytes, a few at a time, to an end or an error. */
struct counter {
	size_t at, n;
	bool fails;
	size_t n_ends;
};

static ptrdiff_t count(void *context, void *out, size_t n, struct err *err)
{
	struct counter *c = context;
	size_t piece = 1 + c->at * 7919 % READAHEAD_SIZE;

	if (c->at == c->n) {
		c->n_ends++;
		return c->fails ? err_set(err, ERR_RUNTIME, "at %zu", c->at) : 0;
	}
	if (piece > n)
		piece = n;
	if (piece > c->n - c->at)
		piece = c->n - c->at;
	for (size_t i = 0; i < piece; i++)
		((unsigned char *)out)[i] = (unsigned char)c->at++;
	return (ptrdiff_t)piece;
}

static void all_bytes_in_order(void)
{
	static const size_t lengths[] = { 0, 1, READAHEAD_SIZE, 20 * READAHEAD_SIZE + 3 };
	static const size_t rooms[] = { 100000, 999 };
	unsigned char *bytes = mem_alloc(100000, 1);

	for (size_t i = 0; i < 8; i++)
		for (int fails = 0; fails < 2; fails++) {
			struct counter c = { .n = lengths[i / 2], .fails = fails };
			struct readahead *a = readahead_new(count, &c);
			struct err err = ERR_INIT;
			size_t at = 0;
			ptrdiff_t n;
			bool right = true;

			while ((n = readahead_read(a, bytes, rooms[i % 2], &err)) > 0)
				for (ptrdiff_t k = 0; k < n; k++)
					right &= bytes[k] == (unsigned char)at++;
			CHECK(right);
			CHECK_INT(at, lengths[i / 2]);
			CHECK_INT(n, fails ? -1 : 0);
			if (fails)
				CHECK(!strncmp(err.message, "at ", 3));
			else
				CHECK_INT(err.kind, ERR_NONE);
			/* The end stays the end, and the source is not asked again. */
			CHECK_INT(readahead_read(a, bytes, 1, &err), fails ? -1 : 0);
			readahead_free(a);
			CHECK_INT(c.n_ends, 1);
		}
	free(bytes);
}

static ptrdiff_t read_pipe(void *context, void *out, size_t n, struct err *err)
{
	ptrdiff_t got = thread_read(*(const int *)context, out, n);

	return got < 0 ? err_errno(err, "pipe") : got;
}

/* Freed while it waits for a writer, for its reader, and before it has begun. */
static void it_can_be_stopped(void)
{
	struct counter c = { .n = 100 * READAHEAD_SIZE };
	struct readahead *a;
	struct err err = ERR_INIT;
	char byte = 0;
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	CHECK_INT(write(ends[1], "x", 1), 1);
	a = readahead_new(read_pipe, &ends[0]);
	CHECK_INT(readahead_read(a, &byte, 1, &err), 1);
	CHECK_INT(byte, 'x');
	usleep(10000);
	readahead_free(a);
	readahead_free(readahead_new(read_pipe, &ends[0]));
	close(ends[0]);
	close(ends[1]);
	a = readahead_new(count, &c);
	usleep(10000);
	readahead_free(a);
	readahead_free(NULL);
}

int main(void)
{
	RUN(all_bytes_in_order);
	RUN(it_can_be_stopped);
	return CHECK_DONE();
}
