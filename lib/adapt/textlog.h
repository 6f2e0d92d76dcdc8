/*
 * textlog: the bytes of a log that is text, line by line or piece by piece, one file after another.
 *
 * Memory: 256 KiB, or the longest line.
 */
#ifndef CE_TEXTLOG_H
#define CE_TEXTLOG_H

#include "base/buf.h"
#include "base/err.h"
#include "io/gzio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXTLOG_LINE_MAX ((size_t)64 * 1024 * 1024)

struct textlog {
	/* For callers to read. */
	const char *file; /* the current one's name; NULL before the first */
	uint64_t line;    /* of the line, or piece, that was read last: from 1 */

	/* The module's own. */
	const char *const *paths;
	size_t n_paths, next_path;
	int threads;
	struct gz_reader gz;
	bool is_open;
	struct buf bytes;
	size_t start; /* of what is not yet given */
	uint64_t next_line;
	bool at_eof;
};

#define TEXTLOG_INIT                                                                               \
	{                                                                                          \
		.gz = GZ_READER_INIT, .bytes = BUF_INIT                                            \
	}

/* Borrowed: valid until the next call. */
struct text_piece {
	char *s; /* the caller may change what is in it */
	size_t len;
	bool is_too_long; /* a line of more than TEXTLOG_LINE_MAX: its beginning; the rest is lost
			   */
};

/* Sets the files to read; no path, or "-", is standard input. The paths must outlive the log. */
void textlog_init(struct textlog *t, const char *const *paths, size_t n_paths, int threads);

/* Goes to the next file, past its byte order mark. Returns 1, 0 after the last, or -1 with err. */
int textlog_next_file(struct textlog *t, struct err *err);

/*
 * What comes next in the file: `want` bytes, or all that there are. None of them is taken. Returns
 * 0, or -1 with err.
 */
int textlog_ahead(struct textlog *t, size_t want, const char **s, size_t *len, struct err *err);

/*
 * Goes past white space. *first is the byte that stands there then; 0: none. Returns 0, or -1 with
 * err.
 */
int textlog_peek(struct textlog *t, char *first, struct err *err);

/* The next line of the file, without its line feed. Returns 1, 0 at its end, or -1 with err. */
int textlog_line(struct textlog *t, struct text_piece *line, struct err *err);

/*
 * What comes next, of whatever length; `keep` bytes at the end of the last piece, among which
 * is no line feed, come again first.
 * Returns 1, 0 at the end of the file (with what was kept for nothing), or -1 with err.
 */
int textlog_piece(struct textlog *t, size_t keep, struct text_piece *piece, struct err *err);

void textlog_close(struct textlog *t);

#endif
