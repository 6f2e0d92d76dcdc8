/*
 * gzio: bytes from and to gzip files, plain files and pipes, checked to the last trailer.
 *
 * A broken upstream never looks like a short success: the reader reports the end of input only
 * after a verified end, and the writer's stream is finished only by gz_writer_close and
 * gz_writer_close_all, which a failing tool never reaches. Zero bytes of input are an error, for
 * that is what a tool leaves that died before its first write. The format is RFC 1952; what is in
 * it is codec's, or literal's at level 0: a comment in the header says so, and to whoever looks at
 * it what to do.
 *
 * Threads, where they are allowed: one inflates ahead of the caller, once an input has turned out
 * to be long and compressed; others deflate. What is written does not depend on them. Memory: 128
 * KiB an input, and 1 MiB with a thread ahead of it; that of deflate a compressed output, 96 KiB
 * one of level 0.
 */
#ifndef CE_GZIO_H
#define CE_GZIO_H

#include "base/err.h"
#include "io/atomicfile.h"
#include "io/codec.h"
#include "io/literal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct readahead;
struct deflate;

#define GZ_LEVEL_DEFAULT (-1)

/* Where and how to write. */
struct gz_output {
	const char *path; /* NULL, "-": standard output */
	int level;        /* 0-9; GZ_LEVEL_DEFAULT: 0 into a pipe, 1 elsewhere */
	bool plain;       /* no gzip; a terminal gets plain text in any case, and a path that ends
			   * in .csv at the default level */
	int threads;      /* that may deflate this output at once; 0, 1: the caller's alone */
	bool no_sync;     /* do not wait until a file is on the disk, see atomicfile */
};

#define GZ_OUTPUT_INIT                                                                             \
	{                                                                                          \
		NULL, GZ_LEVEL_DEFAULT, false, 0, false                                            \
	}

/*
 * Points the output at DIR/TABLE.csv.gz, or DIR/TABLE.csv if it is plain, and makes DIR where it is
 * missing. Returns the path, which the caller frees after its last use, or NULL with err.
 */
char *gz_output_table(struct gz_output *output, const char *dir, const char *table,
		      struct err *err);

/*
 * The file of a table that was written so: DIR/TABLE.csv.gz or DIR/TABLE.csv. That there is
 * neither, or both, is an error. Returns the path, which the caller frees, or NULL with err.
 */
char *gz_input_table(const char *dir, const char *table, struct err *err);

/* Does not move while it is open. */
struct gz_reader {
	int fd;
	const char *name; /* for messages: the path, or "stdin" */
	const struct codec *codec;
	void *inflater;    /* NULL: plain input */
	unsigned char *in; /* raw bytes as they were read */
	size_t in_pos, in_len;
	uint64_t offset; /* raw bytes consumed, for messages */
	bool at_eof;     /* the descriptor has no more */
	bool in_member;  /* between a gzip header and its trailer */
	bool is_literal; /* this member, as its header says */
	struct literal_decoder literal;
	bool hungry;           /* the inflater has given all that it could without more input */
	unsigned char tail[8]; /* raw bytes after a deflate stream that its inflater had taken */
	size_t tail_pos, n_tail;
	uint32_t crc, length; /* of the member so far; the length is modulo 2^32 */

	/* What a thread is worth, and the one that there is: all of the above is its own then. */
	int threads;
	uint64_t n_given;
	struct readahead *ahead;
};

#define GZ_READER_INIT                                                                             \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Opens path ("-" or NULL: standard input) and tells gzip from plain by the first two bytes. `path`
 * must outlive the reader. threads: from 2 on, one may inflate ahead. Returns 0, or -1 with err
 * (zero bytes among the reasons, and that it is an output: see fileuse).
 */
int gz_reader_open(struct gz_reader *r, const char *path, int threads, struct err *err);

/*
 * The same from where the descriptor stands, which is the reader's from now on, even on failure,
 * and without threads. `name` is for messages and must outlive the reader.
 */
int gz_reader_open_fd(struct gz_reader *r, int fd, const char *name, struct err *err);

/*
 * Reads up to n > 0 decompressed bytes into out. Returns how many, 0 at the verified end of the
 * input, or -1 with err: an input cut short, a bad checksum or length, or bytes after the last
 * gzip member that are not zero padding.
 */
ptrdiff_t gz_reader_read(struct gz_reader *r, void *out, size_t n, struct err *err);

/* Releases everything; harmless on a reader that is not open. */
void gz_reader_close(struct gz_reader *r);

struct gz_writer {
	int fd;
	const char *name;
	struct atomicfile file; /* in use if the output has a path */
	const struct codec *codec;
	bool plain;
	struct deflate *deflate; /* NULL: plain, or level 0 */
	struct literal_encoder literal;
	unsigned char *coded; /* a piece of level 0 */
	uint32_t crc;         /* of level 0, or of all that was deflated, as the length */
	uint64_t length;
	bool begun; /* the gzip header is written */
	bool is_complete;
};

#define GZ_WRITER_INIT                                                                             \
	{                                                                                          \
		.fd = -1, .file = ATOMICFILE_INIT                                                  \
	}

/*
 * Opens the output; a path appears under its name only at gz_writer_close. The gzip header carries
 * no time and no name: the same bytes in make the same bytes out. Returns 0, or -1 with err.
 */
int gz_writer_open(struct gz_writer *w, const struct gz_output *output, struct err *err);

/*
 * A folder of files, atomicfile_open_folder, which gets its name with the outputs: for
 * gz_writer_close_all and gz_writer_abort alone.
 */
int gz_writer_open_folder(struct gz_writer *w, const char *path, const char *const *files,
			  bool sync, struct err *err);

/* Takes n bytes, of which a plain output or level 0 makes a write each time: gather many. */
int gz_writer_write(struct gz_writer *w, const void *bytes, size_t n, struct err *err);

/*
 * Writes all but the end of what is written in place (standard output, a pipe or a device); a file
 * is then whole and on the disk, but has no name yet. Where there is no space for what there is,
 * this fails. Nothing can be written after it. Returns 0, or -1 with err: abort the writer then.
 */
int gz_writer_complete(struct gz_writer *w, struct err *err);

/*
 * Finishes the n outputs of one tool, and releases them. First all are completed; then the
 * files get their names; and when all have them, the others get their end, so that who reads a pipe
 * to its verified end finds the files. Each time the last of them comes first. Returns 0, or -1
 * with err, and releases nothing: abort all of them then, which takes back what has got its name.
 */
int gz_writer_close_all(struct gz_writer *const *writers, size_t n, struct err *err);

/* The same of one. */
int gz_writer_close(struct gz_writer *w, struct err *err);

/* Releases everything and removes an unfinished file; harmless on a closed writer. */
void gz_writer_abort(struct gz_writer *w);

/* CRC-32 (the one of gzip) of n bytes, continued from `crc`, which starts at 0. */
uint32_t gz_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
