#include "io/deflate.h"

#include "base/buf.h"
#include "io/gzio.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>

/* The stream of the bytes, put in random pieces, as a file. */
static int write_stream(int fd, const struct buf *bytes, int level, int threads, uint32_t *crc)
{
	struct deflate *d = deflate_new(codec_default(), fd, level, threads);
	uint64_t random = (uint64_t)threads, length = 0;
	int error = 0;

	for (size_t at = 0; !error && at < bytes->len;) {
		size_t n = scratch_below(&random, 200000);

		if (n > bytes->len - at)
			n = bytes->len - at;
		error = deflate_put(d, bytes->data + at, n);
		at += n;
	}
	if (!error)
		error = deflate_finish(d, crc, &length);
	if (!error)
		CHECK_INT(length, bytes->len);
	deflate_free(d);
	return error;
}

static void make_rows(struct buf *bytes, size_t n)
{
	uint64_t random = 1;

	while (bytes->len < n) {
		char row[64];

		buf_append(bytes, row,
			   (size_t)snprintf(row, sizeof(row), "%zu,u%d\n", bytes->len,
					    (int)scratch_below(&random, 1000)));
	}
	bytes->len = n;
}

/* As many bytes as blocks begin and end anywhere; every number of threads writes the same. */
static void threads_change_nothing(void)
{
	static const size_t sizes[] = { 0,
					1,
					DEFLATE_BLOCK - 1,
					DEFLATE_BLOCK,
					DEFLATE_BLOCK + 1,
					5 * DEFLATE_BLOCK,
					40 * DEFLATE_BLOCK + 77 };
	static const int threads[] = { 0, 1, 2, 7 };
	struct buf bytes = BUF_INIT;

	buf_reserve(&bytes, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *first = NULL, *other;
		size_t n_first = 0, n_other;

		make_rows(&bytes, sizes[i]);
		for (size_t t = 0; t < 4; t++) {
			int fd = open("stream", O_WRONLY | O_CREAT | O_TRUNC, 0600);
			uint32_t crc = 1;

			CHECK_INT(write_stream(fd, &bytes, 1, threads[t], &crc), 0);
			CHECK_INT(crc, gz_crc32(0, bytes.data, bytes.len));
			close(fd);
			other = scratch_read("stream", &n_other);
			if (!t) {
				first = other;
				n_first = n_other;
				continue;
			}
			CHECK(n_other == n_first && !memcmp(first, other, n_first));
			free(other);
		}
		free(first);
	}
	unlink("stream");
	buf_release(&bytes);
}

static void a_write_that_fails_is_told(void)
{
	struct buf bytes = BUF_INIT;
	uint32_t crc;

	make_rows(&bytes, 10 * DEFLATE_BLOCK);
	for (int threads = 0; threads < 4; threads++) {
		int fd = open("/dev/full", O_WRONLY);

		CHECK_INT(write_stream(fd, &bytes, 1, threads, &crc), ENOSPC);
		close(fd);
	}
	buf_release(&bytes);
}

/* A thread that waits for a reader which never comes is ended all the same. */
static void a_stream_can_be_given_up(void)
{
	struct buf bytes = BUF_INIT;

	for (size_t i = 0; i < 4 * DEFLATE_BLOCK; i++) /* nothing to make smaller */
		buf_append_char(&bytes, (char)((i * i * 2654435761u) >> 13));
	for (int threads = 1; threads < 4; threads++) {
		struct deflate *d;
		int ends[2];

		CHECK_INT(pipe(ends), 0);
		d = deflate_new(codec_default(), ends[1], 1, threads);
		CHECK_INT(deflate_put(d, bytes.data, (size_t)(threads + 1) * DEFLATE_BLOCK), 0);
		usleep(20000);
		deflate_free(d);
		close(ends[0]);
		close(ends[1]);
	}
	deflate_free(NULL);
	buf_release(&bytes);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(threads_change_nothing);
	RUN(a_write_that_fails_is_told);
	RUN(a_stream_can_be_given_up);
	scratch_leave(dir);
	return CHECK_DONE();
}
