/*
 * csvwriter: CSV records to one output over gzio, as csvrow encodes them.
 *
 * The rows gather in a buffer, 128 KiB of them, and the header waits there for the first row:
 * until then another output of the tool may be refused.
 */
#ifndef CE_CSVWRITER_H
#define CE_CSVWRITER_H

#include "base/buf.h"
#include "base/err.h"
#include "io/gzio.h"
#include "table/csvrow.h"

#include <stddef.h>
#include <stdint.h>

struct csv_writer {
	struct buf
		row; /* where to csv_put_*; holds complete rows that are yet to be written, too */
	uint64_t n_rows;
	struct gz_writer gz;
};

#define CSV_WRITER_INIT                                                                            \
	{                                                                                          \
		.row = BUF_INIT, .gz = GZ_WRITER_INIT                                              \
	}

/* Opens the output; the caller writes the header as a first row. Returns 0, or -1 with err. */
int csv_writer_open(struct csv_writer *w, const struct gz_output *output, struct err *err);

/* csv_end_row, and writes out what has gathered. Returns 0, or -1 with err. */
int csv_writer_end_row(struct csv_writer *w, struct err *err);

/* As gz_writer_complete and gz_writer_close: call abort after a failure. */
int csv_writer_complete(struct csv_writer *w, struct err *err);
int csv_writer_close(struct csv_writer *w, struct err *err);
void csv_writer_abort(struct csv_writer *w);

/* The n outputs of one tool, as gz_writer_close_all: none of its files has its name if one fails.
 */
int csv_writer_close_all(struct csv_writer *const *writers, size_t n, struct err *err);

#endif
