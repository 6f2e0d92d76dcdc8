/*
 * outfile: a file that has its name only when it is complete.
 *
 * An outfile is written beside its target and renamed over it by outfile_commit; until then an
 * older file of that name stays as it was. The end of the process, by exit() or by a signal
 * (SIGINT, SIGTERM, SIGHUP, SIGPIPE, ...), removes what is uncommitted. A target that exists and is
 * no regular file (a device, a pipe), or is an open descriptor by name (/dev/stdout, /dev/fd/3), is
 * written in place. Layer: over mem, err, buf, num.
 */
#ifndef CE_OUTFILE_H
#define CE_OUTFILE_H

#include "err.h"

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

#endif
