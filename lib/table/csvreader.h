/*
 * csvreader: CSV records over gzio (RFC 4180; LF or CRLF; a comma or another delimiter; marks,
 * blank lines and a `sep=` line before the header passed over; the header found by name).
 *
 * NULL and the empty string are two values: an unquoted empty field is NULL, `""` is empty text.
 * Blank lines are passed over, but in a table of one column, where they are a NULL.
 *
 * Most records are plain: one line, as many fields as the header has, and no quotes but around
 * whole fields. Those are split in place, at the marks that csvscan has found for a window of the
 * input at once. Any other, and each of an input whose delimiter is not the comma, is framed by
 * itself and, if there is a quote in it, left to libcsv (csvquoted).
 * Memory: 256 KiB of input, or the longest record, and 512 KiB for the marks of a window, of which
 * as much is touched as there are marks.
 */
#ifndef CE_CSVREADER_H
#define CE_CSVREADER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/warnings.h"
#include "io/gzio.h"
#include "table/csvnames.h"
#include "table/csvquoted.h"
#include "table/csvrow.h"
#include "table/csvscan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The column names, NUL-terminated, in the order of the input. */
struct csv_header {
	const char *const *names;
	size_t n;
};

/* What to read: files that are one table; none: standard input. "-" is standard input too. */
struct csv_input {
	const char *const *paths;
	size_t n;
	int threads;      /* see gz_reader_open */
	char delimiter;   /* between fields; 0: each file's is told by its header */
	const char *tool; /* that reads them, for messages that name a command; NULL: none */
};

/*
 * How a reader goes about its work. No choice changes what it returns: they are there so that tests
 * can say so. Zeros stand for what is best.
 */
struct csv_tuning {
	csvscan_fn *scan;
	size_t read_size; /* bytes to ask of the input at once */
	size_t window;    /* bytes to scan at once */
	bool libcsv_only; /* leave every record that is not empty to libcsv */
};

#define CSV_AHEAD 16

struct csv_reader {
	/* For callers to read. */
	struct csv_header header;
	uint64_t line;     /* physical line on which the current record begins, from 1 */
	uint64_t n_rows;   /* rows returned so far, of all files */
	const char *file;  /* the current input's name */
	uint64_t n_before; /* lines before the header of the first file */
	struct buf head;   /* the first file's bytes up to the end of the header's line */
	char delimiter;    /* of the current file */

	/* Set before open. */
	bool tolerant;   /* return malformed records with a fault instead of failing */
	bool keep_names; /* do not colname_normalise those of the header */
	struct csv_tuning tuning;

	/* The reader's own. */
	struct csv_input input;
	size_t next_input;
	struct gz_reader gz;
	struct csvnames names; /* of the header */
	bool no_marks;         /* in it each record is framed by itself */
	uint64_t n_long;       /* records of many lines: csv_reader_warn */
	const char *long_file; /* where the first one is */
	uint64_t long_line;
	struct buf bytes; /* input not yet consumed; the current record begins at `start` */
	size_t start, end;
	uint64_t next_line;
	bool at_eof;
	size_t window_start, window_len; /* the part of `bytes` that was scanned */
	uint32_t *marks;                 /* from window_start on; those in [next, n) are left */
	size_t next_mark, n_marks;
	size_t barren_until; /* no scan from a byte before this one finds a whole record's marks */
	size_t ahead[CSV_AHEAD]; /* first marks of the next n_ahead rows; a ring */
	size_t first_ahead, n_ahead;
	struct csv_row row;
	size_t fields_cap;
	struct csvquoted quoted;
};

#define CSV_READER_INIT                                                                            \
	{                                                                                          \
		.gz = GZ_READER_INIT                                                               \
	}

/*
 * Opens the first input and reads its header. A missing or empty header, a column named twice
 * (unless it has no name) and a format that is no CSV are errors. The paths must outlive the
 * reader. Returns 0, or -1 with err.
 */
int csv_reader_open(struct csv_reader *r, const struct csv_input *input, struct err *err);

/* The same from an open descriptor, as gz_reader_open_fd: for a table that was spilled. */
int csv_reader_open_fd(struct csv_reader *r, int fd, const char *name, struct err *err);

/*
 * A reader of a table that is handed on in memory and never becomes text: it gives nothing itself
 * but its header, which is borrowed, and the name and the place of the current row in messages, for
 * which the caller counts: csv_reader_count. `tool` as in csv_input.
 */
void csv_reader_open_rows(struct csv_reader *r, const char *name, const struct csv_header *header,
			  const char *tool);

/* The next row of such a reader, as if each were a line. */
static inline void csv_reader_count(struct csv_reader *r)
{
	r->n_rows++;
	r->line++;
}

/*
 * Whether a reader that is just open has the header of another one, the first, as it is written.
 * Returns 0, or -1 with err.
 */
int csv_reader_check_header(const struct csv_reader *r, const struct csv_reader *first,
			    struct err *err);

/*
 * The next row, of the next file when one is at its end (whose header must have the first's names,
 * as they are written; its delimiter may be another).
 * Returns 1 with *row (valid until the next call), 0 at the verified end of the last input, or -1
 * with err: a ragged or malformed record (unless tolerant), a record over 64 MiB, a broken input.
 */
int csv_reader_next(struct csv_reader *r, const struct csv_row **row, struct err *err);

/*
 * The current record as it stands in the input, with the end of its line, which the last one of an
 * input may lack; and how many lines it has. Valid as its row is.
 */
static inline const char *csv_reader_record(const struct csv_reader *r, size_t *len)
{
	*len = r->end - r->start;
	return r->bytes.data + r->start;
}

static inline uint64_t csv_reader_lines(const struct csv_reader *r)
{
	return r->next_line - r->line;
}

/*
 * Guesses at rows that are to come, for who can ask memory early for what it will need:
 * csv_reader_look_ahead finds where they begin, called once a row; csv_reader_peek then gives the
 * field of the row that comes `ahead` <= CSV_AHEAD rows behind the current one. That is false if it
 * has not been scanned yet; and the field is some other stretch of the input if a comma before it
 * in its row, or a line end since, is in quotes. Valid as the current row is.
 */
void csv_reader_look_ahead(struct csv_reader *r);
bool csv_reader_peek(const struct csv_reader *r, size_t ahead, int column, struct csv_field *field);

/* How much of all inputs has been read, about, from 0 to 1; -1 unless all of them are files. */
double csv_reader_share(const struct csv_reader *r);

/* Releases everything; harmless on a reader that is not open. */
void csv_reader_close(struct csv_reader *r);

/*
 * "FILE:LINE: column NAME: MESSAGE" about the current record; column is an index into the header,
 * or -1 to leave it out. Always returns -1.
 */
int csv_reader_fail(const struct csv_reader *r, int column, struct err *err, const char *format,
		    ...) __attribute__((format(printf, 4, 5)));

/*
 * Adds a warning of the records so far that span more than 10 lines, if there are any: such a one
 * is often many rows, and a quote that none closes.
 */
void csv_reader_warn(const struct csv_reader *r, struct warnings *w);

#endif
