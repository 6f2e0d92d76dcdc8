/*
 * atomicfile: a file that has its name only when it is complete, and is on the disk.
 *
 * It is written next to its target, under the name .TARGET.ce-NNNNNNNNNNNN.tmp (twelve random
 * digits, so that two processes, or two hosts on one folder, never have the same), and then goes
 * through its steps: it is synced, completed, named by a rename over the target, and settled.
 * Several files of one run take each step together, so that all of them have their names or none:
 * until it is settled, an abort puts the older file of that name back, which has the temporary name
 * meanwhile. The end of the process, by exit() or by a signal (SIGINT, SIGTERM, SIGHUP, SIGPIPE,
 * ...), does the same; only SIGKILL, a fault of the program itself (SIGSEGV, SIGABRT) and a crash
 * of the machine can leave a file named .*.ce-*.tmp.
 *
 * A folder of files goes the same way as one: it is made whole under its temporary name, and named
 * by one rename.
 *
 * A target that exists and is no regular file (a device, a pipe), or is an open descriptor by name
 * (/dev/stdout, /dev/fd/3), is written in place. Two outputs onto one file, or one onto an input,
 * are refused (see fileuse), and so is a symbolic link that somebody else has put into a folder
 * such as /tmp.
 */
#ifndef CE_ATOMICFILE_H
#define CE_ATOMICFILE_H

#include "base/err.h"

#include <stdbool.h>

struct atomicfile {
	int fd;     /* for the owner to write to; -1 when closed */
	char *path; /* the target */
	bool sync;
	struct atomicfile_temporary
		*until; /* what it is until it is settled; NULL: written in place */
	struct fileuse *use;
};

#define ATOMICFILE_INIT                                                                            \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * NULL is standard output, the descriptor itself, which atomicfile_complete closes and an abort
 * does not. sync: atomicfile_sync and atomicfile_name wait for the disk.
 * Returns 0, or -1 with err: the target cannot be opened, or is an input or another output.
 */
int atomicfile_open(struct atomicfile *f, const char *path, bool sync, struct err *err);

/*
 * Makes a folder, for files to be opened in, if it is not there; sync: its name is on the disk,
 * too. The end of the process removes it again if it is empty then. Returns 0, or -1 with err.
 */
int atomicfile_make_folder(const char *path, bool sync, struct err *err);

/*
 * A folder that is to have that name once all of its files are in it: those that are opened as
 * DIR/NAME, DIR being atomicfile_folder, of the NAMEs in `files`, which ends with a NULL and
 * outlives *f. It takes the place of a folder of that name that has no other files than these.
 * It is complete from the start; atomicfile_name and the following are for it, too.
 * Returns 0, or -1 with err: the target is no such folder, or is an input or another output.
 */
int atomicfile_open_folder(struct atomicfile *f, const char *path, const char *const *files,
			   bool sync, struct err *err);

/* Where the files of a folder that is open are to be put. */
const char *atomicfile_folder(const struct atomicfile *f);

/* Whether it is written in place: it has its name already. */
bool atomicfile_is_in_place(const struct atomicfile *f);

/* Waits until what is written is on the disk, if it is a file. Returns 0, or -1 with err. */
int atomicfile_sync(const struct atomicfile *f, struct err *err);

/* Closes the file; nothing more is written to it. Returns 0, or -1 with err. */
int atomicfile_complete(struct atomicfile *f, struct err *err);

/*
 * Gives a complete file its name, and syncs the folder, or the file system of one that may not be
 * read; one that is written in place has it.
 * Returns 0, or -1 with err: the target is as it was, or is put back by the abort.
 */
int atomicfile_name(struct atomicfile *f, struct err *err);

/*
 * Between the two no signal undoes what is not settled: for what must be done at once, such as to
 * settle several files. Must not wait for others: the process cannot be ended meanwhile.
 */
void atomicfile_hold_signals(void);
void atomicfile_let_signals(void);

/* Forgets the older file. Releases *f; nothing is left to fail. */
void atomicfile_settle(struct atomicfile *f);

/*
 * Closes and removes what has no name yet, and puts back what it had replaced; releases *f. Where
 * the file system cannot exchange two names (NFS), a file that was named has no older one to put
 * back, and is removed. Does nothing to a struct that is not open.
 */
void atomicfile_abort(struct atomicfile *f);

#endif
