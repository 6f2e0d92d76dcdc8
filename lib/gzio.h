/*
 * gzio: bytes from and to gzip files, plain files and pipes, checked to the last trailer.
 *
 * A broken upstream never looks like a short success: the reader reports the end of input only
 * behind a verified end, and the writer's stream is finished only by gz_writer_close, which a
 * failing tool never reaches. Zero bytes of input are an error, for that is what a tool leaves that
 * died before its first write. Layer: over mem, err, outfile; the one module that calls zlib.
 */
#ifndef CE_GZIO_H
#define CE_GZIO_H

#include "err.h"
#include "outfile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct z_stream_s;

/* What to read: files that are one table; none: standard input. "-" is standard input too. */
struct gz_input {
	const char *const *paths;
	size_t n;
};

#define GZ_LEVEL_DEFAULT (-1)

/* Where and how to write. */
struct gz_output {
	const char *path; /* NULL: standard output */
	int level;        /* 0-9; GZ_LEVEL_DEFAULT: stored blocks into a pipe, 1 elsewhere */
	bool plain;       /* no gzip; a terminal gets plain text in any case */
};

#define GZ_OUTPUT_INIT                                                                             \
	{                                                                                          \
		NULL, GZ_LEVEL_DEFAULT, false                                                      \
	}

/*
 * Points the output at DIR/TABLE.csv.gz, or DIR/TABLE.csv if it is plain, and makes DIR where it is
 * missing. Returns the path, which the caller frees behind its last use, or NULL with err.
 */
char *gz_output_table(struct gz_output *output, const char *dir, const char *table,
		      struct err *err);

struct gz_reader {
	int fd;
	const char *name;          /* for messages: the path, or "stdin" */
	struct z_stream_s *stream; /* NULL: plain input */
	unsigned char *in;         /* raw bytes as they were read */
	size_t in_pos, in_len;
	uint64_t offset; /* raw bytes consumed, for messages */
	bool at_eof;     /* the descriptor has no more */
	bool in_member;  /* between a gzip header and its trailer */
};

#define GZ_READER_INIT                                                                             \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Opens path ("-" or NULL: standard input) and tells gzip from plain by the first two bytes. `path`
 * must outlive the reader. Returns 0, or -1 with err (zero bytes among the reasons).
 */
int gz_reader_open(struct gz_reader *r, const char *path, struct err *err);

/*
 * The same from where the descriptor stands, which is the reader's from now on, even on failure.
 * `name` is for messages and must outlive the reader.
 */
int gz_reader_open_fd(struct gz_reader *r, int fd, const char *name, struct err *err);

/*
 * Reads up to n > 0 decompressed bytes into out. Returns how many, 0 at the verified end of the
 * input, or -1 with err: an input cut short, a bad checksum or length, or bytes behind the last
 * gzip member that are no zero padding.
 */
ptrdiff_t gz_reader_read(struct gz_reader *r, void *out, size_t n, struct err *err);

/* Releases everything; harmless on a reader that is not open. */
void gz_reader_close(struct gz_reader *r);

struct gz_writer {
	int fd;
	const char *name;
	struct outfile file;       /* in use if the output has a path */
	struct z_stream_s *stream; /* NULL: plain output */
	unsigned char *out;
};

#define GZ_WRITER_INIT                                                                             \
	{                                                                                          \
		.fd = -1, .file = OUTFILE_INIT                                                     \
	}

/*
 * Opens the output; a path appears under its name only at gz_writer_close. The gzip header carries
 * no time and no name: the same bytes in make the same bytes out. Returns 0, or -1 with err.
 */
int gz_writer_open(struct gz_writer *w, const struct gz_output *output, struct err *err);

int gz_writer_write(struct gz_writer *w, const void *bytes, size_t n, struct err *err);

/*
 * Finishes the stream and writes it out, all but the commit: after gz_writer_finish only the
 * rename can fail. For a tool with several outputs, so that none appears before all are whole.
 * gz_writer_close finishes, if that was not done, and commits. Both release nothing on failure:
 * abort the writer then.
 */
int gz_writer_finish(struct gz_writer *w, struct err *err);
int gz_writer_close(struct gz_writer *w, struct err *err);

/* Releases everything and removes an uncommitted file; harmless on a closed writer. */
void gz_writer_abort(struct gz_writer *w);

/* CRC-32 (the one of gzip) of n bytes, continued from `crc`, which starts at 0. */
uint32_t gz_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
