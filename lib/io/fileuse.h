/*
 * fileuse: the files that this process reads and writes, so that none is used twice: as two
 * outputs, or as an input and an output.
 *
 * A file is known by its device and inode, whatever its spelling (links, descriptors); an output
 * that is not there yet, by its folder's and its name. /dev/null is no file in this sense. Between
 * an input and an output only a regular file is refused: a terminal or a socket may be both.
 *
 * Not seen: a file that another process puts under a name while the tool starts; two spellings of
 * a file to be made where the file system takes them for one (of another case); /dev/tty next to
 * the name of that terminal; what another process of a pipe reads and writes.
 */
#ifndef CE_FILEUSE_H
#define CE_FILEUSE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct fileuse;

/*
 * Notes that the file at `path` (NULL or "-": standard input) is read, for the rest of the process:
 * an output onto an input that is read and closed destroys it, too. One that cannot be found is
 * left to who opens it. Returns 0, or -1 with err: it is one of the outputs.
 */
int fileuse_input(const char *path, struct err *err);

/*
 * The same of the n files of one table, of which none may be there twice: each of its rows would
 * count twice. Returns 0, or -1 with err.
 */
int fileuse_inputs(const char *const *paths, size_t n, struct err *err);

/* The same of a folder whose files are read. */
int fileuse_folder(const char *path, struct err *err);

/*
 * Notes that a file is written, until fileuse_end. `st` is the file's and `entry` NULL; or, of one
 * that is not there yet, `st` is its folder's and `entry` its name therein. `path` is for messages.
 * Returns 0, or -1 with err: it is an input or another output. *use may be NULL.
 */
int fileuse_output(struct fileuse **use, const char *path, const struct stat *st, const char *entry,
		   struct err *err);

/*
 * Whether an output of that path may be in that folder: not if the folder itself is an output,
 * which will replace it, or is read. Returns 0, or -1 with err.
 */
int fileuse_inside(const char *path, const struct stat *folder, struct err *err);

/* Forgets an output; does nothing to NULL. */
void fileuse_end(struct fileuse *use);

/* Whether the descriptor and standard output are one regular file. */
bool fileuse_is_stdout(int fd);

#endif
