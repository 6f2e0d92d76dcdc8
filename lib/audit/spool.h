/*
 * spool: raw records kept as they are, to be read again as they were at an earlier time.
 *
 * A record whose time cannot be read, a malformed one among them, belongs to every time: what made
 * it faulty then makes it faulty now. The forms of a time are those that ce-clean reads. The
 * records go, byte for byte, to a nameless file in $TMPDIR; only the line ends become LF, another
 * delimiter a comma, and there is one header. Memory: 8 bytes a time of the sample, and one record.
 */
#ifndef CE_SPOOL_H
#define CE_SPOOL_H

#include "base/err.h"
#include "base/time.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool {
	/* Set before spool_read. */
	const char *column;        /* of the time */
	struct time_reading times; /* how it is read there */

	/* For callers to read. */
	int fd; /* the records, a CSV; -1: none */
	uint64_t n_records;
	int64_t last;             /* the latest valid time (0 < time < 2100); 0: there is none */
	struct warnings warnings; /* of the input */
};

#define SPOOL_INIT                                                                                 \
	{                                                                                          \
		.fd = -1, .warnings = WARNINGS_INIT                                                \
	}

/* A uniform sample without replacement of the records' valid times. */
struct spool_sample {
	int64_t *times;
	size_t n, size; /* set size before: how many are wanted; 0: none */
};

/*
 * Reads the whole input; `sample`, whose times the caller frees, is the same for the same input and
 * seed. Returns 0, or -1 with err.
 */
int spool_read(struct spool *s, const struct csv_input *input, struct spool_sample *sample,
	       uint64_t seed, struct err *err);

/*
 * Writes what was there at `cut`, the header and the records whose time is not later, to the file
 * `fd`, in place of what it held. Returns 0 with *n records, or -1 with err.
 */
int spool_write_prefix(const struct spool *s, int64_t cut, int fd, uint64_t *n, struct err *err);

void spool_release(struct spool *s);

#endif
