#define ZLIB_CONST /* what zlib reads is const */

#include "gzio.h"

#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define IN_SIZE     ((size_t)128 * 1024)
#define OUT_SIZE    ((size_t)128 * 1024)
#define GZIP_WINDOW (15 + 16) /* zlib: a 32 KiB window, gzip wrapping */
#define PIPE_SIZE   (1024 * 1024)

/* Fills `in` from the descriptor when it is empty. Returns 0, or -1 with err. */
static int fill(struct gz_reader *r, struct err *err)
{
	ptrdiff_t n;

	if (r->in_pos < r->in_len || r->at_eof)
		return 0;
	n = outfile_read(r->fd, r->in, IN_SIZE);
	if (n < 0)
		return err_errno(err, r->name);
	r->in_pos = 0;
	r->in_len = (size_t)n;
	r->at_eof = n == 0;
	return 0;
}

/* Reads until two bytes are there, the input ends, or an error: a pipe may give one at a time. */
static int fill_magic(struct gz_reader *r, struct err *err)
{
	while (r->in_len < 2 && !r->at_eof) {
		ptrdiff_t n = outfile_read(r->fd, r->in + r->in_len, IN_SIZE - r->in_len);

		if (n < 0)
			return err_errno(err, r->name);
		r->in_len += (size_t)n;
		r->at_eof = n == 0;
	}
	return 0;
}

static int start_inflate(struct gz_reader *r, struct err *err)
{
	r->stream = mem_zalloc(1, sizeof(*r->stream));
	if (inflateInit2(r->stream, GZIP_WINDOW) != Z_OK) {
		free(r->stream);
		r->stream = NULL;
		return err_set(err, ERR_RUNTIME, "%s: cannot start zlib", r->name);
	}
	r->in_member = true;
	return 0;
}

static int truncated(const struct gz_reader *r, struct err *err)
{
	return err_set(err, ERR_RUNTIME,
		       "%s: truncated gzip stream: it ends at byte %llu, before its trailer",
		       r->name, (unsigned long long)r->offset);
}

int gz_reader_open_fd(struct gz_reader *r, int fd, const char *name, struct err *err)
{
	*r = (struct gz_reader)GZ_READER_INIT;
	r->name = name;
	r->fd = fd;
	r->in = mem_alloc(IN_SIZE, 1);
	if (fill_magic(r, err))
		goto fail;
	if (!r->in_len) {
		err_set(err, ERR_RUNTIME,
			"%s: zero bytes: no header line (did an earlier tool fail?)", r->name);
		goto fail;
	}
	if (r->in_len == 1 && r->in[0] == 0x1f) {
		r->offset = 1;
		truncated(r, err);
		goto fail;
	}
	if (r->in_len >= 2 && r->in[0] == 0x1f && r->in[1] == 0x8b && start_inflate(r, err))
		goto fail;
	return 0;
fail:
	gz_reader_close(r);
	return -1;
}

int gz_reader_open(struct gz_reader *r, const char *path, struct err *err)
{
	bool is_stdin = !path || !strcmp(path, "-");
	const char *name = is_stdin ? "stdin" : path;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, name);
	return gz_reader_open_fd(r, fd, name, err);
}

/*
 * Behind a member's trailer: another member (1), zero padding to the end of input (0), or an error.
 */
static int next_member(struct gz_reader *r, struct err *err)
{
	bool padding = false;

	for (;;) {
		if (fill(r, err))
			return -1;
		if (r->at_eof)
			return 0;
		if (r->in[r->in_pos]) {
			if (padding || r->in[r->in_pos] != 0x1f)
				return err_set(
					err, ERR_RUNTIME,
					"%s: trailing bytes after the gzip stream, at byte %llu",
					r->name, (unsigned long long)r->offset);
			if (inflateReset(r->stream) != Z_OK)
				return err_set(err, ERR_RUNTIME, "%s: zlib failed", r->name);
			r->in_member = true;
			return 1;
		}
		padding = true;
		r->in_pos++;
		r->offset++;
	}
}

static int bad_stream(const struct gz_reader *r, int code, struct err *err)
{
	const char *what = r->stream->msg ? r->stream->msg : zError(code);

	return err_set(err, ERR_RUNTIME, "%s: damaged gzip stream near byte %llu: %s", r->name,
		       (unsigned long long)r->offset, what);
}

static ptrdiff_t read_gzip(struct gz_reader *r, void *out, size_t n, struct err *err)
{
	z_stream *z = r->stream;

	z->next_out = out;
	z->avail_out = (uInt)n;
	while (z->avail_out == n) {
		size_t before;
		int code;

		if (!r->in_member) {
			int rc = next_member(r, err);

			if (rc <= 0)
				return rc;
		}
		if (fill(r, err))
			return -1;
		if (r->at_eof)
			return truncated(r, err);
		before = r->in_len - r->in_pos;
		z->next_in = r->in + r->in_pos;
		z->avail_in = (uInt)before;
		code = inflate(z, Z_NO_FLUSH);
		r->in_pos = r->in_len - z->avail_in;
		r->offset += before - z->avail_in;
		if (code == Z_STREAM_END)
			r->in_member = false;
		else if (code != Z_OK)
			return bad_stream(r, code, err);
	}
	return (ptrdiff_t)(n - z->avail_out);
}

ptrdiff_t gz_reader_read(struct gz_reader *r, void *out, size_t n, struct err *err)
{
	if (n > INT_MAX)
		n = INT_MAX;
	if (r->stream)
		return read_gzip(r, out, n, err);
	if (fill(r, err))
		return -1;
	if (n > r->in_len - r->in_pos)
		n = r->in_len - r->in_pos;
	memcpy(out, r->in + r->in_pos, n);
	r->in_pos += n;
	r->offset += n;
	return (ptrdiff_t)n;
}

void gz_reader_close(struct gz_reader *r)
{
	if (r->stream)
		inflateEnd(r->stream);
	free(r->stream);
	free(r->in);
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	*r = (struct gz_reader)GZ_READER_INIT;
}

/* The level to use: what was asked for, else cheap into a pipe and compressing elsewhere. */
static int choose_level(int fd, int level)
{
	struct stat st;

	if (level != GZ_LEVEL_DEFAULT)
		return level;
	if (!fstat(fd, &st) && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return 0;
	return 1;
}

static int start_deflate(struct gz_writer *w, int level, struct err *err)
{
	w->stream = mem_zalloc(1, sizeof(*w->stream));
	if (deflateInit2(w->stream, choose_level(w->fd, level), Z_DEFLATED, GZIP_WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(w->stream);
		w->stream = NULL;
		return err_set(err, ERR_RUNTIME, "%s: cannot start zlib", w->name);
	}
	w->out = mem_alloc(OUT_SIZE, 1);
	w->stream->next_out = w->out;
	w->stream->avail_out = OUT_SIZE;
	return 0;
}

char *gz_output_table(struct gz_output *output, const char *dir, const char *table, struct err *err)
{
	size_t size = strlen(dir) + strlen(table) + sizeof("/.csv.gz");
	char *path;

	if (strchr(table, '/')) {
		err_set(err, ERR_RUNTIME, "table '%s': no file can have that name", table);
		return NULL;
	}
	if (mkdir(dir, 0777) && errno != EEXIST) {
		err_errno(err, dir);
		return NULL;
	}
	path = mem_alloc(size, 1);
	snprintf(path, size, "%s/%s.csv%s", dir, table, output->plain ? "" : ".gz");
	output->path = path;
	return path;
}

int gz_writer_open(struct gz_writer *w, const struct gz_output *output, struct err *err)
{
	*w = (struct gz_writer)GZ_WRITER_INIT;
	if (output->path) {
		if (outfile_open(&w->file, output->path, err))
			return -1;
		w->fd = w->file.fd;
		w->name = output->path;
	} else {
		w->fd = STDOUT_FILENO;
		w->name = "stdout";
		/* A wider pipe means fewer switches between the two sides; no pipe: no harm. */
		(void)fcntl(w->fd, F_SETPIPE_SZ, PIPE_SIZE);
	}
	if (!output->plain && !isatty(w->fd) && start_deflate(w, output->level, err)) {
		gz_writer_abort(w);
		return -1;
	}
	return 0;
}

static int write_out(struct gz_writer *w, const void *bytes, size_t n, struct err *err)
{
	return outfile_write(w->fd, bytes, n) ? err_errno(err, w->name) : 0;
}

/* Runs deflate until it has taken all input (Z_NO_FLUSH) or ended the stream (Z_FINISH). */
static int run_deflate(struct gz_writer *w, int flush, struct err *err)
{
	z_stream *z = w->stream;
	int code = Z_OK;

	while (flush == Z_FINISH ? code != Z_STREAM_END : z->avail_in > 0) {
		code = deflate(z, flush);
		if (code == Z_STREAM_ERROR)
			return err_set(err, ERR_RUNTIME, "%s: zlib failed", w->name);
		if (!z->avail_out || code == Z_STREAM_END) {
			if (write_out(w, w->out, OUT_SIZE - z->avail_out, err))
				return -1;
			z->next_out = w->out;
			z->avail_out = OUT_SIZE;
		}
	}
	return 0;
}

int gz_writer_write(struct gz_writer *w, const void *bytes, size_t n, struct err *err)
{
	const unsigned char *p = bytes;

	if (!w->stream)
		return write_out(w, bytes, n, err);
	while (n) {
		size_t piece = n > INT_MAX ? INT_MAX : n;

		w->stream->next_in = p;
		w->stream->avail_in = (uInt)piece;
		if (run_deflate(w, Z_NO_FLUSH, err))
			return -1;
		p += piece;
		n -= piece;
	}
	return 0;
}

static void end_stream(struct gz_writer *w)
{
	if (w->stream)
		deflateEnd(w->stream);
	free(w->stream);
	free(w->out);
	w->stream = NULL;
	w->out = NULL;
}

int gz_writer_finish(struct gz_writer *w, struct err *err)
{
	if (w->stream && run_deflate(w, Z_FINISH, err))
		return -1;
	end_stream(w);
	return 0;
}

int gz_writer_close(struct gz_writer *w, struct err *err)
{
	int rc = gz_writer_finish(w, err);

	if (rc)
		return -1;
	if (w->file.path)
		rc = outfile_commit(&w->file, err);
	else if (w->fd >= 0 && close(w->fd))
		rc = err_errno(err, w->name);
	w->fd = -1;
	return rc;
}

void gz_writer_abort(struct gz_writer *w)
{
	end_stream(w);
	outfile_abort(&w->file);
	w->fd = -1;
}

uint32_t gz_crc32(uint32_t crc, const void *bytes, size_t n)
{
	return (uint32_t)crc32_z(crc, bytes, n);
}
