/*
 * outfile: a file that stands under its name only when it is complete, and nameless spill files.
 *
 * An outfile is written beside its target and renamed over it by outfile_commit; until then an
 * older file of that name stays as it was. The end of the process, by exit() or by a signal
 * (SIGINT, SIGTERM, SIGHUP, SIGPIPE, ...), removes what is uncommitted. A target that exists and is
 * no regular file (a device, a pipe, /dev/stdout) is written in place. Layer: over mem, err.
 */
#ifndef CE_OUTFILE_H
#define CE_OUTFILE_H

#include "err.h"

#include <stddef.h>

struct outfile {
	int fd;               /* for the owner to write to; -1 when closed */
	char *path;           /* the target */
	char *temporary;      /* its name until the commit; NULL: written in place */
	struct outfile *next; /* of those that a signal must remove */
};

#define OUTFILE_INIT                                                                               \
	{                                                                                          \
		-1, NULL, NULL, NULL                                                               \
	}

/* Returns 0, or -1 with err. The struct must stay where it is until commit or abort. */
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

/* Writes all n bytes to fd. Returns 0, or -1 with errno set. */
int outfile_write(int fd, const void *bytes, size_t n);

#endif
