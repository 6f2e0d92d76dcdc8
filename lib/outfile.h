/*
 * outfile: a file that stands under its name only when it is complete, and nameless spill files.
 *
 * An outfile is written beside its target and renamed over it by outfile_commit; until then an
 * older file of that name stays as it was. The end of the process, by exit() or by a signal
 * (SIGINT, SIGTERM, SIGHUP, SIGPIPE, ...), removes what is uncommitted. A target that exists and is
 * no regular file (a device, a pipe), or is an open descriptor by name (/dev/stdout, /dev/fd/3), is
 * written in place. Layer: over mem, err, buf, num.
 */
#ifndef CE_OUTFILE_H
#define CE_OUTFILE_H

#include "buf.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct outfile {
	int fd;                          /* for the owner to write to; -1 when closed */
	char *path;                      /* the target */
	struct outfile_temporary *until; /* what it is until the commit; NULL: written in place */
};

#define OUTFILE_INIT                                                                               \
	{                                                                                          \
		-1, NULL, NULL                                                                     \
	}

/*
 * Returns 0, or -1 with err, which is set, too, if the target is that of another outfile: either's
 * bytes would end under the other's name.
 */
int outfile_open(struct outfile *f, const char *path, struct err *err);

/* Closes and renames. On failure the target is untouched and the temporary file gone. */
int outfile_commit(struct outfile *f, struct err *err);

/* Closes and removes what was not committed; does nothing to a struct that is not open. */
void outfile_abort(struct outfile *f);

/*
 * A file for reading and writing in $TMPDIR (else /tmp) that has no name: it is gone when its
 * descriptor is closed, however the process ends. Returns the descriptor, or -1 with err.
 */
int outfile_spill(struct err *err);

/* Writes what is pending to a spill file and clears it. Returns 0, or -1 with err. */
int outfile_drain(int fd, struct buf *pending, struct err *err);

/* Reads back n bytes of a spill file, from byte `at` on. Returns 0, or -1 with err. */
int outfile_fetch(int fd, void *bytes, size_t n, uint64_t at, struct err *err);

/* Writes all n bytes to fd, however long that takes. Returns 0, or -1 with errno set. */
int outfile_write(int fd, const void *bytes, size_t n);

/* The same of the n pieces, which it consumes. */
int outfile_writev(int fd, struct iovec *pieces, int n);

/*
 * As read(2), but waits where that would return for no reason of the data: an interrupted call, or
 * a descriptor on which somebody set O_NONBLOCK.
 */
ptrdiff_t outfile_read(int fd, void *bytes, size_t n);

#endif
