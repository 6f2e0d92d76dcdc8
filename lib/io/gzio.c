#include "io/gzio.h"

#include "base/fdio.h"
#include "base/mem.h"
#include "base/small.h"
#include "base/thread.h"
#include "io/deflate.h"
#include "io/fileuse.h"
#include "io/readahead.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_SIZE   ((size_t)128 * 1024)
#define PIECE     ((size_t)64 * 1024) /* of level 0, encoded at once */
#define PIPE_SIZE (1024 * 1024)
/* Bytes given before a thread is worth its start. */
#define READAHEAD_FROM SMALL((uint64_t)1024 * 1024, 4096)

#define MAGIC_0 0x1f
#define MAGIC_1 0x8b
#define DEFLATE 8 /* the method */

/* Of a member that literal wrote: the first line that a text tool shows of it, and the only one. */
static const char literal_comment[] =
	"ce: gzip-compressed CSV; use gzip -dc, or -p for plain text\n";

/* The flags of a gzip header. */
enum { HAS_CRC = 2, HAS_EXTRA = 4, HAS_NAME = 8, HAS_COMMENT = 16, RESERVED = 0xe0 };

/* A wider pipe means fewer switches between the two sides; no pipe: no harm. */
static void widen(int fd)
{
	if (fcntl(fd, F_GETPIPE_SZ) < PIPE_SIZE)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

/* Reads more after what there is in `in`. Returns 0, or -1 with err. */
static int read_raw(struct gz_reader *r, struct err *err)
{
	ptrdiff_t n = thread_read(r->fd, r->in + r->in_len, IN_SIZE - r->in_len);

	if (n < 0)
		return err_errno(err, r->name);
	r->in_len += (size_t)n;
	r->at_eof = n == 0;
	return 0;
}

/* Fills `in` when it is empty. Returns 0, or -1 with err. */
static int fill(struct gz_reader *r, struct err *err)
{
	if (r->in_pos < r->in_len || r->at_eof)
		return 0;
	r->in_pos = r->in_len = 0;
	return read_raw(r, err);
}

static int truncated(const struct gz_reader *r, struct err *err)
{
	return err_set(err, ERR_RUNTIME,
		       "%s: truncated gzip stream: it ends at byte %llu, before its trailer",
		       r->name, (unsigned long long)r->offset);
}

static int damaged(const struct gz_reader *r, const char *why, struct err *err)
{
	return err_set(err, ERR_RUNTIME, "%s: damaged gzip stream near byte %llu: %s", r->name,
		       (unsigned long long)r->offset, why);
}

/* The next raw byte of a header or trailer, or -1 with err: there is none. */
static int next_byte(struct gz_reader *r, struct err *err)
{
	if (r->tail_pos < r->n_tail) {
		r->offset++;
		return r->tail[r->tail_pos++];
	}
	if (fill(r, err))
		return -1;
	if (r->at_eof)
		return truncated(r, err);
	r->offset++;
	return r->in[r->in_pos++];
}

/* A little-endian number of n bytes, added to the checksum of the header. Returns 0, or -1. */
static int next_number(struct gz_reader *r, int n, uint32_t *value, struct err *err)
{
	*value = 0;
	for (int i = 0; i < n; i++) {
		int c = next_byte(r, err);
		unsigned char byte = (unsigned char)c;

		if (c < 0)
			return -1;
		*value |= (uint32_t)byte << (8 * i);
		r->crc = r->codec->crc(r->crc, &byte, 1);
	}
	return 0;
}

/* Passes over a text and the NUL that ends it, and tells whether it is `text`. */
static int read_text(struct gz_reader *r, const char *text, bool *is_same, struct err *err)
{
	size_t i = 0, n = strlen(text) + 1;
	uint32_t c;

	*is_same = true;
	do {
		if (next_number(r, 1, &c, err))
			return -1;
		*is_same = *is_same && i < n && c == (unsigned char)text[i++];
	} while (c);
	return 0;
}

/* Reads a member's header. Returns 0, or -1 with err. */
static int begin_member(struct gz_reader *r, struct err *err)
{
	uint32_t magic, method, flags, unused, n_extra = 0, crc;
	bool is_ours = false;

	r->crc = 0;
	if (next_number(r, 2, &magic, err))
		return -1;
	if (magic != (MAGIC_0 | MAGIC_1 << 8))
		return damaged(r, "incorrect header", err);
	if (next_number(r, 1, &method, err) || next_number(r, 1, &flags, err))
		return -1;
	if (method != DEFLATE)
		return damaged(r, "unknown compression method", err);
	if (flags & RESERVED)
		return damaged(r, "unknown header flags", err);
	/* The time, the extra flags and the system are of no use here. */
	if (next_number(r, 4, &unused, err) || next_number(r, 2, &unused, err) ||
	    (flags & HAS_EXTRA && next_number(r, 2, &n_extra, err)))
		return -1;
	for (; n_extra; n_extra--)
		if (next_number(r, 1, &unused, err))
			return -1;
	if ((flags & HAS_NAME && read_text(r, "", &is_ours, err)) ||
	    (flags & HAS_COMMENT && read_text(r, literal_comment, &is_ours, err)))
		return -1;
	crc = r->crc & 0xffff;
	if (flags & HAS_CRC) {
		if (next_number(r, 2, &unused, err))
			return -1;
		if (unused != crc)
			return damaged(r, "incorrect header check", err);
	}
	r->is_literal = flags == HAS_COMMENT && is_ours;
	if (r->is_literal)
		literal_decoder_init(&r->literal, literal_choice(0));
	else
		r->codec->inflate_reset(r->inflater);
	r->crc = r->length = 0;
	r->in_member = r->hungry = true;
	return 0;
}

/* Reads a member's trailer, and compares. Returns 0, or -1 with err. */
static int end_member(struct gz_reader *r, struct err *err)
{
	uint32_t crc = r->crc, wanted_crc, wanted_length;

	if (next_number(r, 4, &wanted_crc, err) || next_number(r, 4, &wanted_length, err))
		return -1;
	if (crc != wanted_crc)
		return damaged(r, "incorrect data check", err);
	if (r->length != wanted_length)
		return damaged(r, "incorrect length check", err);
	r->in_member = false;
	return 0;
}

/*
 * After a member's trailer: another member (1), zero padding to the end of input (0), or an error.
 */
static int next_member(struct gz_reader *r, struct err *err)
{
	for (bool padding = false;; padding = true) {
		if (fill(r, err))
			return -1;
		if (r->at_eof)
			return 0;
		if (r->in[r->in_pos])
			return !padding && r->in[r->in_pos] == MAGIC_0
				       ? (begin_member(r, err) ? -1 : 1)
				       : err_set(err, ERR_RUNTIME,
						 "%s: trailing bytes after the gzip stream, at "
						 "byte %llu",
						 r->name, (unsigned long long)r->offset);
		r->in_pos++;
		r->offset++;
	}
}

/* Inflates what there is into the io's room. Returns 0, or -1 with err. */
static int inflate_some(struct gz_reader *r, struct codec_io *io, struct err *err)
{
	const unsigned char *out = io->out;
	size_t n_in = r->in_len - r->in_pos, n_out;
	enum codec_status status;

	io->in = r->in + r->in_pos;
	io->n_in = n_in;
	status = r->is_literal ? literal_decode(&r->literal, io)
			       : r->codec->inflate(r->inflater, io);
	r->in_pos = r->in_len - io->n_in;
	r->offset += n_in - io->n_in;
	n_out = (size_t)(io->out - out);
	r->crc = r->codec->crc(r->crc, out, n_out);
	r->length += (uint32_t)n_out;
	r->hungry = io->n_out > 0;
	if (status == CODEC_BAD)
		return damaged(r, io->why, err);
	if (status == CODEC_MORE)
		return 0;
	memcpy(r->tail, io->tail, io->n_tail);
	r->tail_pos = 0;
	r->n_tail = io->n_tail;
	r->offset -= io->n_tail;
	return end_member(r, err);
}

static ptrdiff_t read_gzip(struct gz_reader *r, void *out, size_t n, struct err *err)
{
	struct codec_io io = { .out = out, .n_out = n };

	while (io.n_out == n) {
		if (!r->in_member) {
			int rc = next_member(r, err);

			if (rc <= 0)
				return rc;
		}
		if (r->hungry) {
			if (fill(r, err))
				return -1;
			if (r->at_eof)
				return truncated(r, err);
		}
		if (inflate_some(r, &io, err))
			return -1;
	}
	return (ptrdiff_t)(n - io.n_out);
}

static ptrdiff_t read_plain(struct gz_reader *r, void *out, size_t n, struct err *err)
{
	if (fill(r, err))
		return -1;
	if (n > r->in_len - r->in_pos)
		n = r->in_len - r->in_pos;
	memcpy(out, r->in + r->in_pos, n);
	r->in_pos += n;
	r->offset += n;
	return (ptrdiff_t)n;
}

static ptrdiff_t read_ahead(void *context, void *out, size_t n, struct err *err)
{
	return read_gzip(context, out, n, err);
}

ptrdiff_t gz_reader_read(struct gz_reader *r, void *out, size_t n, struct err *err)
{
	ptrdiff_t got;

	if (n > INT_MAX)
		n = INT_MAX;
	if (!r->inflater)
		return read_plain(r, out, n, err);
	if (r->ahead)
		return readahead_read(r->ahead, out, n, err);
	got = read_gzip(r, out, n, err);
	if (r->threads > 1 && !r->is_literal && got > 0) {
		r->n_given += (uint64_t)got;
		if (r->n_given >= READAHEAD_FROM) {
			r->ahead = readahead_new(read_ahead, r);
			r->threads = 0; /* asked for once */
		}
	}
	return got;
}

/* Reads until two bytes are there, the input ends, or an error: a pipe may give one at a time. */
static int read_magic(struct gz_reader *r, struct err *err)
{
	while (r->in_len < 2 && !r->at_eof)
		if (read_raw(r, err))
			return -1;
	return 0;
}

static int start(struct gz_reader *r, struct err *err)
{
	if (read_magic(r, err))
		return -1;
	if (!r->in_len)
		return err_set(err, ERR_RUNTIME,
			       fileuse_is_stdout(r->fd)
				       ? "%s: the output stdout is the same file, which the shell "
					 "has emptied (zero bytes)"
				       : "%s: zero bytes (did an earlier tool fail?)",
			       r->name);
	if (r->in_len == 1 && r->in[0] == MAGIC_0) {
		r->offset = 1;
		return truncated(r, err);
	}
	if (r->in_len < 2 || r->in[0] != MAGIC_0 || r->in[1] != MAGIC_1)
		return 0;
	r->inflater = r->codec->inflate_new();
	return begin_member(r, err);
}

int gz_reader_open_fd(struct gz_reader *r, int fd, const char *name, struct err *err)
{
	*r = (struct gz_reader)GZ_READER_INIT;
	r->name = name;
	r->fd = fd;
	r->codec = codec_default();
	r->in = mem_alloc(IN_SIZE, 1);
	if (start(r, err)) {
		gz_reader_close(r);
		return -1;
	}
	return 0;
}

int gz_reader_open(struct gz_reader *r, const char *path, int threads, struct err *err)
{
	bool is_stdin = !path || !strcmp(path, "-");
	const char *name = is_stdin ? "stdin" : path;
	int fd;

	if (fileuse_input(path, err))
		return -1;
	fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, name);
	widen(fd);
	if (gz_reader_open_fd(r, fd, name, err))
		return -1;
	r->threads = threads;
	return 0;
}

void gz_reader_close(struct gz_reader *r)
{
	readahead_free(r->ahead);
	if (r->inflater)
		r->codec->inflate_free(r->inflater);
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

/* DIR/TABLE.csv or DIR/TABLE.csv.gz, which the caller frees; NULL with err. */
static char *table_path(const char *dir, const char *table, bool plain, struct err *err)
{
	size_t size = strlen(dir) + strlen(table) + sizeof("/.csv.gz");
	char *path;

	if (strchr(table, '/')) {
		err_set(err, ERR_RUNTIME, "table '%s': not usable as a file name", table);
		return NULL;
	}
	path = mem_alloc(size, 1);
	snprintf(path, size, "%s/%s.csv%s", dir, table, plain ? "" : ".gz");
	return path;
}

char *gz_output_table(struct gz_output *output, const char *dir, const char *table, struct err *err)
{
	char *path = table_path(dir, table, output->plain, err);

	if (path && atomicfile_make_folder(dir, !output->no_sync, err)) {
		free(path);
		return NULL;
	}
	output->path = path;
	return path;
}

/* Whether there is such a file: 1, 0, or -1 with err where that cannot be known. */
static int exists(const char *path, struct err *err)
{
	if (!access(path, F_OK))
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, path);
}

char *gz_input_table(const char *dir, const char *table, struct err *err)
{
	char *gz = table_path(dir, table, false, err), *plain, *unwanted;
	int has_gz, has_plain;

	if (!gz)
		return NULL;
	plain = table_path(dir, table, true, err);
	has_gz = exists(gz, err);
	has_plain = has_gz < 0 ? -1 : exists(plain, err);
	unwanted = has_gz ? plain : gz;
	if (has_plain < 0 || has_gz == has_plain) {
		if (has_plain >= 0)
			err_set(err, ERR_RUNTIME,
				has_gz ? "%s and %s are both there: remove one of them"
				       : "neither %s nor %s is there",
				gz, plain);
		free(plain);
		free(gz);
		return NULL;
	}
	free(unwanted);
	return has_gz ? gz : plain;
}

/* What an output's name says where no option does: x.csv is plain, and x.csv.gz is not. */
static bool has_plain_name(const char *path)
{
	const char *suffix = path ? strrchr(path, '.') : NULL;

	return suffix && !strcasecmp(suffix, ".csv");
}

int gz_writer_open(struct gz_writer *w, const struct gz_output *output, struct err *err)
{
	const char *path = output->path && !strcmp(output->path, "-") ? NULL : output->path;
	int level;

	*w = (struct gz_writer)GZ_WRITER_INIT;
	if (atomicfile_open(&w->file, path, !output->no_sync, err))
		return -1;
	w->fd = w->file.fd;
	w->name = path ? path : "stdout";
	widen(w->fd);
	w->codec = codec_default();
	w->plain = output->plain || isatty(w->fd) ||
		   (output->level == GZ_LEVEL_DEFAULT && has_plain_name(path));
	level = choose_level(w->fd, output->level);
	literal_encoder_init(&w->literal, literal_choice(0));
	if (!w->plain && level)
		w->deflate = deflate_new(w->codec, w->fd, level,
					 output->threads > 1 ? output->threads : 0);
	return 0;
}

/* A write failed, in whichever thread. */
static int write_failed(const struct gz_writer *w, int error, struct err *err)
{
	thread_raise(error);
	errno = error;
	return err_errno(err, w->name);
}

static int write_out(const struct gz_writer *w, const void *bytes, size_t n, struct err *err)
{
	return fdio_write(w->fd, bytes, n) ? write_failed(w, errno, err) : 0;
}

/* The gzip header: deflate, no time, Unix, and no flags but for level 0. */
static int begin_stream(struct gz_writer *w, struct err *err)
{
	unsigned char header[10 + sizeof(literal_comment)] = { MAGIC_0, MAGIC_1, DEFLATE, [9] = 3 };
	size_t n = 10;

	if (w->begun)
		return 0;
	w->begun = true;
	if (!w->deflate) {
		header[3] = HAS_COMMENT;
		memcpy(header + n, literal_comment, sizeof(literal_comment));
		n = sizeof(header);
	}
	return write_out(w, header, n, err);
}

/* A piece at a time, which stays in the cache from the checksum to the kernel. */
static int write_literal(struct gz_writer *w, const char *bytes, size_t n, struct err *err)
{
	if (!w->coded)
		w->coded = mem_alloc(literal_bound(PIECE), 1);
	while (n) {
		size_t piece = n < PIECE ? n : PIECE;

		w->crc = w->codec->crc(w->crc, bytes, piece);
		w->length += piece;
		if (write_out(w, w->coded, literal_encode(&w->literal, bytes, piece, w->coded),
			      err))
			return -1;
		bytes += piece;
		n -= piece;
	}
	return 0;
}

int gz_writer_write(struct gz_writer *w, const void *bytes, size_t n, struct err *err)
{
	int error;

	if (w->plain)
		return write_out(w, bytes, n, err);
	if (begin_stream(w, err))
		return -1;
	if (!w->deflate)
		return write_literal(w, bytes, n, err);
	error = deflate_put(w->deflate, bytes, n);
	return error ? write_failed(w, error, err) : 0;
}

static void put_number(unsigned char *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

/* All but the end of the stream, which write_end writes: nothing is compressed after it. */
static int write_rest(struct gz_writer *w, struct err *err)
{
	int error;

	if (w->plain)
		return 0;
	if (begin_stream(w, err))
		return -1;
	if (!w->deflate)
		return 0;
	error = deflate_finish(w->deflate, &w->crc, &w->length);
	if (error)
		return write_failed(w, error, err);
	deflate_free(w->deflate);
	w->deflate = NULL;
	return 0;
}

/* What was deflated ends with a block of literals, too, in which there is none. */
static int write_end(struct gz_writer *w, struct err *err)
{
	unsigned char end[LITERAL_END_MAX + 8];
	size_t n;

	if (w->plain)
		return 0;
	n = literal_end(&w->literal, end);
	put_number(end + n, w->crc);
	put_number(end + n + 4, (uint32_t)w->length);
	return write_out(w, end, n + 8, err);
}

int gz_writer_open_folder(struct gz_writer *w, const char *path, const char *const *files,
			  bool sync, struct err *err)
{
	*w = (struct gz_writer)GZ_WRITER_INIT;
	w->is_complete = true;
	return atomicfile_open_folder(&w->file, path, files, sync, err);
}

int gz_writer_complete(struct gz_writer *w, struct err *err)
{
	if (w->is_complete)
		return 0;
	if (write_rest(w, err))
		return -1;
	/* Without its end a stream in place is known as unfinished: the end needs no sync. */
	if (atomicfile_is_in_place(&w->file)
		    ? atomicfile_sync(&w->file, err)
		    : write_end(w, err) || atomicfile_sync(&w->file, err) ||
			      atomicfile_complete(&w->file, err))
		return -1;
	w->is_complete = true;
	return 0;
}

int gz_writer_close_all(struct gz_writer *const *writers, size_t n, struct err *err)
{
	int rc = 0;

	/* Each loop from the last to the first. What fails for want of space does so in this one.
	 */
	for (size_t i = n; i-- > 0;)
		if (gz_writer_complete(writers[i], err))
			return -1;
	/* Before anything has its name: a reader may take long. */
	for (size_t i = 0; i < n; i++)
		if (atomicfile_is_in_place(&writers[i]->file))
			fdio_wait_writable(writers[i]->fd);
	for (size_t i = n; i-- > 0;)
		if (atomicfile_name(&writers[i]->file, err))
			return -1;
	/* A signal ends all of it or nothing. */
	atomicfile_hold_signals();
	for (size_t i = n; !rc && i-- > 0;)
		if (atomicfile_is_in_place(&writers[i]->file))
			rc = write_end(writers[i], err) ||
					     atomicfile_complete(&writers[i]->file, err)
				     ? -1
				     : 0;
	for (size_t i = 0; !rc && i < n; i++) {
		atomicfile_settle(&writers[i]->file);
		free(writers[i]->coded);
		*writers[i] = (struct gz_writer)GZ_WRITER_INIT;
	}
	atomicfile_let_signals();
	return rc;
}

int gz_writer_close(struct gz_writer *w, struct err *err)
{
	return gz_writer_close_all(&w, 1, err);
}

void gz_writer_abort(struct gz_writer *w)
{
	deflate_free(w->deflate);
	w->deflate = NULL;
	free(w->coded);
	w->coded = NULL;
	atomicfile_abort(&w->file);
	w->fd = -1;
}

uint32_t gz_crc32(uint32_t crc, const void *bytes, size_t n)
{
	return codec_default()->crc(crc, bytes, n);
}
