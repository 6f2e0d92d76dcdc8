/*
 * tempfile: a nameless temporary file, where a sort or a second pass keeps what memory does not
 * hold.
 */
#ifndef CE_TEMPFILE_H
#define CE_TEMPFILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Opens a file for reading and writing in $TMPDIR (else /tmp) that has no name: it is gone when its
 * descriptor is closed, however the process ends. Returns the descriptor, or -1 with err.
 */
int tempfile_open(struct err *err);

/* Writes what is pending to a temporary file and clears it. Returns 0, or -1 with err. */
int tempfile_append(int fd, struct buf *pending, struct err *err);

/* Reads back n bytes of a temporary file, from byte `at` on. Returns 0, or -1 with err. */
int tempfile_read(int fd, void *bytes, size_t n, uint64_t at, struct err *err);

#endif
