/*
 * splitter: each record of a table to one of several parts, by a key or by time.
 *
 * A record is passed on byte for byte, with the end of its line, and so is what is before the
 * first: each part begins as the first input does. What is malformed, or has no time that can be
 * read, goes to part 0, so that who reads all parts meets it once. Memory: that of parts.
 */
#ifndef CE_SPLITTER_H
#define CE_SPLITTER_H

#include "base/err.h"
#include "base/time.h"
#include "base/warnings.h"
#include "io/parts.h"
#include "table/csvreader.h"
#include "table/openquote.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPLITTER_MAX_PARTS 1024

struct splitter {
	/* Set before splitter_open. Borrowed. */
	const char *key;  /* the column whose hash (fnv1a_part) is the part; NULL: by time */
	const char *time; /* the column, if by time */
	struct time_reading times; /* how it is read: as ce-clean does */
	const int64_t *edges;      /* [n_parts - 1], if by time: ascending; part i ends before i */
	size_t n_parts;
	bool keep_lines; /* blank lines in each part stand for those of the others */

	/* For callers to read. */
	uint64_t n_unread; /* records whose time cannot be read */

	/* The module's own. */
	struct parts parts;
	size_t column;
	size_t last; /* the part of the record before */
	char delimiter;
	enum openquote quote;  /* QUOTED: a record of part 0 has left one open, */
	const char *open_file; /* which is there */
	uint64_t open_line;
	uint64_t *next_line; /* [n_parts], with keep_lines: of the input, as a part has come */
};

#define SPLITTER_INIT                                                                              \
	{                                                                                          \
		.parts = PARTS_INIT                                                                \
	}

/*
 * Opens the parts by their pattern, see parts_open, for the records of a tolerant reader. Returns
 * 0, or -1 with err: the column is missing, or keep_lines is for a table of one column, where a
 * blank line is a record.
 */
int splitter_open(struct splitter *s, const struct csv_reader *in, const char *pattern,
		  const struct gz_output *output, struct err *err);

/* Passes on the record that the reader is at. Returns 0, or -1 with err. */
int splitter_row(struct splitter *s, const struct csv_reader *in, const struct csv_row *row,
		 struct err *err);

/* Adds a warning if there were records whose time cannot be read. */
void splitter_warn(const struct splitter *s, const struct csv_reader *in,
		   struct warnings *warnings);

/* Finishes the parts. Returns 0, or -1 with err: none of them has its name. */
int splitter_close(struct splitter *s, struct err *err);

/* Frees everything. */
void splitter_release(struct splitter *s);

#endif
