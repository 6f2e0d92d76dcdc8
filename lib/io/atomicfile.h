/*
 * atomicfile: a file that has its name only when it is complete.
 *
 * It is written next to its target and renamed over it by atomicfile_commit; until then an
 * older file of that name stays as it was. The end of the process, by exit() or by a signal
 * (SIGINT, SIGTERM, SIGHUP, SIGPIPE, ...), removes what is uncommitted. A target that exists and is
 * no regular file (a device, a pipe), or is an open descriptor by name (/dev/stdout, /dev/fd/3), is
 * written in place. Two outputs onto one file, or one onto an input, are refused (see fileuse).
 */
#ifndef CE_ATOMICFILE_H
#define CE_ATOMICFILE_H

#include "base/err.h"

struct atomicfile {
	int fd;     /* for the owner to write to; -1 when closed */
	char *path; /* the target */
	struct atomicfile_temporary
		*until; /* what it is until the commit; NULL: written in place */
	struct fileuse *use;
};

#define ATOMICFILE_INIT                                                                            \
	{                                                                                          \
		-1, NULL, NULL, NULL                                                               \
	}

/*
 * NULL is standard output, the descriptor itself, which the commit closes and an abort does not.
 * Returns 0, or -1 with err: the target cannot be opened, or is an input or another output.
 */
int atomicfile_open(struct atomicfile *f, const char *path, struct err *err);

/* Closes and renames. On failure the target is untouched and the temporary file gone. */
int atomicfile_commit(struct atomicfile *f, struct err *err);

/* Closes and removes what was not committed; does nothing to a struct that is not open. */
void atomicfile_abort(struct atomicfile *f);

#endif
