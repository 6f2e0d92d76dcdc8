#include "io/atomicfile.h"

#include "base/mem.h"
#include "base/num.h"
#include "io/fileuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_DIGITS 12

/* A file until it is settled, or a folder that was made for files, until the end. */
struct atomicfile_temporary {
	struct atomicfile_temporary *next;
	pid_t owner; /* a forked child leaves its parent's files alone */
	dev_t device;
	ino_t inode;
	const char *path;         /* its name to be; NULL: a folder, which has it */
	bool is_named;            /* has it, instead of its temporary name */
	bool has_older;           /* and what had that name before has the temporary one */
	const char *const *files; /* of a folder that gets a name: those that are in it */
	char name[];
};

/*
 * What the end of the process must remove. A signal handler has no other way to know, so this is
 * state of the process, which no caller owns (the only other one is fileuse's). It changes only
 * with the signals blocked, and lives on the heap: when exit() runs, main's own variables may be
 * gone.
 */
static struct atomicfile_temporary *unsettled;

/* Those that end a process by default, but for the faults of its own: its memory may be damaged. */
static const int fatal_signals[] = { SIGHUP,    SIGINT,  SIGQUIT, SIGPIPE, SIGTERM,
				     SIGXCPU,   SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM,
				     SIGVTALRM, SIGPROF, SIGIO,   SIGPWR };
#define N_FATAL_SIGNALS (sizeof(fatal_signals) / sizeof(fatal_signals[0]))

/* Whether the file is still what is there under a name: others write to folders, too. */
static bool is_at(const struct atomicfile_temporary *t, const char *name)
{
	struct stat st;

	return !lstat(name, &st) && st.st_dev == t->device && st.st_ino == t->inode;
}

/*
 * Removes what has that name, a folder with its files. As undo, of which it is a part: and without
 * a descriptor, of which there may be none left.
 */
static void remove_at(const struct atomicfile_temporary *t, const char *name)
{
	size_t len = strlen(name);
	char path[PATH_MAX];

	if (!t->files) {
		unlink(name);
		return;
	}
	for (const char *const *file = t->files; *file; file++) {
		size_t n = strlen(*file) + 1;

		if (len + 1 + n > sizeof(path))
			continue; /* no file was ever opened there */
		memcpy(path, name, len);
		path[len] = '/';
		memcpy(path + len + 1, *file, n);
		unlink(path);
	}
	rmdir(name);
}

/* Puts the older one back in the place of a new one, which goes. */
static void put_back(const struct atomicfile_temporary *t)
{
	if (!t->files)
		rename(t->name, t->path);
	else if (!renameat2(AT_FDCWD, t->name, AT_FDCWD, t->path, RENAME_EXCHANGE))
		remove_at(t, t->name);
}

/*
 * Leaves the target as it was before: of a folder, only that it is there if it is not empty. Calls
 * nothing that a signal handler must not.
 */
static void undo(const struct atomicfile_temporary *t)
{
	if (!t->path) {
		if (is_at(t, t->name))
			rmdir(t->name);
	} else if (!t->is_named) {
		if (is_at(t, t->name))
			remove_at(t, t->name);
	} else if (is_at(t, t->path)) {
		if (t->has_older)
			put_back(t);
		else
			remove_at(t, t->path);
	} else if (t->has_older) {
		remove_at(t, t->name);
	}
}

static void undo_all(void)
{
	for (const struct atomicfile_temporary *t = unsettled; t; t = t->next)
		if (t->owner == getpid())
			undo(t);
}

static void undo_and_die(int sig)
{
	undo_all();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void block_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < N_FATAL_SIGNALS; i++)
		sigaddset(&set, fatal_signals[i]);
	sigprocmask(SIG_BLOCK, &set, old);
}

/* What was blocked before the hold: there is one at a time, as there is one mask. */
static sigset_t before_hold;

void atomicfile_hold_signals(void)
{
	block_signals(&before_hold);
}

void atomicfile_let_signals(void)
{
	sigprocmask(SIG_SETMASK, &before_hold, NULL);
}

/* From the first file on, those that are not settled are undone however the process ends. */
static int catch_the_end(struct err *err)
{
	static bool caught;
	struct sigaction act = { .sa_handler = undo_and_die }, old;

	if (caught)
		return 0;
	if (atexit(undo_all))
		return err_set(err, ERR_RUNTIME,
			       "cannot register the removal of unfinished files at exit");
	caught = true;
	sigfillset(&act.sa_mask);
	for (size_t i = 0; i < N_FATAL_SIGNALS; i++)
		/* One that the parent chose to ignore (nohup) stays ignored. */
		if (!sigaction(fatal_signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(fatal_signals[i], &act, NULL);
	return 0;
}

/* Takes f's temporary file, if it has one, from the list, undone or not. */
static void drop(struct atomicfile *f, bool undone)
{
	struct atomicfile_temporary *t = f->until;
	sigset_t old;

	if (!t)
		return;
	block_signals(&old);
	if (undone)
		undo(t);
	else if (t->has_older)
		remove_at(t, t->name);
	for (struct atomicfile_temporary **link = &unsettled; *link; link = &(*link)->next)
		if (*link == t) {
			*link = t->next;
			break;
		}
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(t);
	f->until = NULL;
}

static void forget(struct atomicfile *f)
{
	fileuse_end(f->use);
	free(f->path);
	*f = (struct atomicfile)ATOMICFILE_INIT;
}

/*
 * The target of any symbolic links, so that a link stays a link, or where a new file will be.
 * Empty if there is no such folder.
 */
static char *resolve(const char *path)
{
	char *target = realpath(path, NULL), *copy, *dir;
	const char *base = strrchr(path, '/');
	size_t room;

	if (target)
		return target;
	base = base ? base + 1 : path;
	copy = mem_dup(path, strlen(path));
	dir = *base ? realpath(dirname(copy), NULL) : NULL;
	free(copy);
	if (!dir)
		return mem_dup("", 0);
	room = strlen(dir) + strlen(base) + 2;
	target = mem_alloc(room, 1);
	snprintf(target, room, "%s/%s", dir, base);
	free(dir);
	return target;
}

/* The length of a temporary name beside a path, with its end. */
static size_t name_room(const char *path)
{
	return strlen(path) + sizeof("..ce-.tmp") + N_DIGITS;
}

/*
 * Writes a name beside the target, an absolute path: no more of a long name than leaves room for
 * the rest within NAME_MAX. Returns 0, or -1 with errno set.
 */
static int put_name_beside(char *name, const char *target)
{
	const char *base = strrchr(target, '/') + 1;
	uint64_t random;
	ssize_t got;

	do
		got = getrandom(&random, sizeof(random), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(random))
		return -1;
	snprintf(name, name_room(target), "%.*s.%.200s.ce-%0*llx.tmp", (int)(base - target), target,
		 base, N_DIGITS, (unsigned long long)(random & 0xffffffffffff));
	return 0;
}

/* With the signals blocked: from now on, t is undone at the end. */
static void note(struct atomicfile_temporary *t, const struct stat *st)
{
	t->device = st->st_dev;
	t->inode = st->st_ino;
	t->owner = getpid();
	t->next = unsettled;
	unsettled = t;
}

/* Makes the temporary file t; on success f owns it. Returns 0, or -1 with errno set. */
static int open_temporary(struct atomicfile *f, struct atomicfile_temporary *t,
			  const struct stat *old_file)
{
	struct stat st;
	sigset_t old;
	int saved;

	block_signals(&old);
	do
		f->fd = put_name_beside(t->name, f->path)
				? -1
				: open(t->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	while (f->fd < 0 && errno == EEXIST);
	if (f->fd >= 0 && fstat(f->fd, &st)) {
		saved = errno;
		unlink(t->name);
		close(f->fd);
		f->fd = -1;
		errno = saved;
	}
	saved = errno;
	if (f->fd >= 0) {
		note(t, &st);
		f->until = t;
		if (old_file)
			(void)!fchmod(f->fd, old_file->st_mode & 0777);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return f->fd < 0 ? -1 : 0;
}

static int open_beside(struct atomicfile *f, const char *path, const struct stat *old_file,
		       struct err *err)
{
	struct atomicfile_temporary *t = mem_zalloc(sizeof(*t) + name_room(f->path), 1);

	t->path = f->path;
	if (open_temporary(f, t, old_file)) {
		err_errno(err, path);
		free(t);
		return -1;
	}
	return 0;
}

/*
 * The open descriptor that the path is a name of (/dev/stdout, /dev/fd/3), or -1. It may refer to
 * a regular file that others write, too: to be written on, not to be replaced.
 */
static int named_descriptor(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	int64_t fd;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t len = strlen(folders[i]);

		if (!strncmp(path, folders[i], len) &&
		    !num_parse_int(path + len, strlen(path + len), &fd) && fd >= 0 && fd <= INT_MAX)
			return (int)fd;
	}
	return -1;
}

/* Standard output itself (NULL), or a copy of the named descriptor. */
static int open_descriptor(struct atomicfile *f, const char *path, int named, struct err *err)
{
	const char *name = path ? path : "stdout";
	struct stat st;

	f->path = mem_dup(name, strlen(name));
	if (fstat(named, &st))
		return err_errno(err, name);
	if (fileuse_output(&f->use, name, &st, NULL, err))
		return -1;
	f->fd = path ? fcntl(named, F_DUPFD_CLOEXEC, 0) : named;
	return f->fd < 0 ? err_errno(err, name) : 0;
}

/* Notes the use of the file at f->path, whose folder is known by its name if there is none yet. */
static int use_target(struct atomicfile *f, const char *path, const struct stat *file,
		      struct err *err)
{
	char *base = strrchr(f->path, '/') + 1, first = *base;
	struct stat folder;
	int rc;

	*base = '\0'; /* leaves the folder, with its slash */
	rc = stat(f->path, &folder);
	*base = first;
	if (rc)
		return err_errno(err, path);
	if (fileuse_inside(path, &folder, err))
		return -1;
	return file ? fileuse_output(&f->use, path, file, NULL, err)
		    : fileuse_output(&f->use, path, &folder, base, err);
}

/* Whether such a link is one that somebody else, not the folder's owner, has put into a /tmp. */
static bool is_strange(const char *path, const struct stat *link)
{
	struct stat folder;
	char *copy = mem_dup(path, strlen(path));
	int rc = stat(dirname(copy), &folder);

	free(copy);
	return !rc && folder.st_mode & S_ISVTX && folder.st_mode & S_IWOTH &&
	       link->st_uid != geteuid() && link->st_uid != folder.st_uid;
}

/*
 * Whether the path is a symbolic link, or leads to one, that the kernel would not follow, were
 * fs.protected_symlinks set: in a folder that all may write to but in which each can remove only
 * what is his (/tmp), that neither we nor the folder's owner has put there.
 */
static bool is_strange_link(const char *path)
{
	char at[PATH_MAX], aim[PATH_MAX], next[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(at, sizeof(at), "%s", path) >= sizeof(at))
		return false;
	/* As many links as the kernel follows. */
	for (int i = 0; i < 40 && !lstat(at, &st) && S_ISLNK(st.st_mode); i++) {
		ssize_t n = readlink(at, aim, sizeof(aim) - 1);
		const char *base = strrchr(at, '/');
		int folder = base ? (int)(base - at) + 1 : 0;

		if (is_strange(at, &st))
			return true;
		if (n < 0)
			break;
		aim[n] = '\0';
		if (*aim == '/')
			folder = 0;
		if ((size_t)snprintf(next, sizeof(next), "%.*s%s", folder, at, aim) >= sizeof(next))
			break;
		memcpy(at, next, sizeof(at));
	}
	return false;
}

static int open_path(struct atomicfile *f, const char *path, struct err *err)
{
	struct stat st;
	const struct stat *file = stat(path, &st) ? NULL : &st;

	if (!file && errno != ENOENT) /* no name that it could be given */
		return err_errno(err, path);
	if (is_strange_link(path))
		return err_set(err, ERR_RUNTIME,
			       "%s: a symbolic link of another user in a folder that all may "
			       "write to",
			       path);
	f->path = resolve(path);
	if ((file && S_ISDIR(st.st_mode)) || !*f->path) {
		errno = file ? EISDIR : ENOENT;
		return err_errno(err, path);
	}
	if (use_target(f, path, file, err))
		return -1;
	if (!file || S_ISREG(st.st_mode))
		return catch_the_end(err) ? -1 : open_beside(f, path, file, err);
	f->fd = open(path, O_WRONLY | O_CLOEXEC);
	return f->fd < 0 ? err_errno(err, path) : 0;
}

int atomicfile_open(struct atomicfile *f, const char *path, bool sync, struct err *err)
{
	int named = path ? named_descriptor(path) : STDOUT_FILENO;
	int rc;

	*f = (struct atomicfile)ATOMICFILE_INIT;
	f->sync = sync;
	rc = named >= 0 ? open_descriptor(f, path, named, err) : open_path(f, path, err);
	if (rc)
		forget(f);
	return rc;
}

/* Whether there are no other files in a folder than those, and no folders. */
static int check_files(const char *path, const char *const *files, struct err *err)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int rc = 0;

	if (!folder)
		return err_errno(err, path);
	while (!rc && (entry = readdir(folder))) {
		const char *const *file = files;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		while (*file && strcmp(*file, entry->d_name) != 0)
			file++;
		if (!*file)
			rc = err_set(err, ERR_RUNTIME,
				     "%s: not replaced, for it holds what is not of its kind: '%s'",
				     path, entry->d_name);
	}
	closedir(folder);
	return rc;
}

/* Makes the folder t, as open_temporary makes a file. */
static int make_temporary(struct atomicfile *f, struct atomicfile_temporary *t)
{
	struct stat st;
	sigset_t old;
	int rc, saved;

	block_signals(&old);
	do
		rc = put_name_beside(t->name, f->path) ? -1 : mkdir(t->name, 0777);
	while (rc && errno == EEXIST);
	if (!rc && lstat(t->name, &st)) {
		saved = errno;
		rmdir(t->name);
		errno = saved;
		rc = -1;
	}
	saved = errno;
	if (!rc) {
		note(t, &st);
		f->until = t;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return rc;
}

static int open_folder(struct atomicfile *f, const char *path, const char *const *files,
		       struct err *err)
{
	struct atomicfile_temporary *t;
	struct stat st;
	const struct stat *folder = stat(path, &st) ? NULL : &st;
	char *bare = mem_dup(path, strlen(path));

	if (!folder && errno != ENOENT) {
		free(bare);
		return err_errno(err, path);
	}
	for (size_t n = strlen(bare); n > 1 && bare[n - 1] == '/'; n--)
		bare[n - 1] = '\0';
	f->path = resolve(bare);
	free(bare);
	if ((folder && !S_ISDIR(st.st_mode)) || !*f->path) {
		errno = folder ? ENOTDIR : ENOENT;
		return err_errno(err, path);
	}
	/* What is in the older one will have to go. */
	if (folder && access(path, W_OK | X_OK))
		return err_errno(err, path);
	if ((folder && check_files(path, files, err)) || use_target(f, path, folder, err) ||
	    catch_the_end(err))
		return -1;
	t = mem_zalloc(sizeof(*t) + name_room(f->path), 1);
	t->path = f->path;
	t->files = files;
	if (make_temporary(f, t)) {
		err_errno(err, path);
		free(t);
		return -1;
	}
	return 0;
}

int atomicfile_open_folder(struct atomicfile *f, const char *path, const char *const *files,
			   bool sync, struct err *err)
{
	int rc;

	*f = (struct atomicfile)ATOMICFILE_INIT;
	f->sync = sync;
	rc = open_folder(f, path, files, err);
	if (rc)
		forget(f);
	return rc;
}

const char *atomicfile_folder(const struct atomicfile *f)
{
	return f->until->name;
}

bool atomicfile_is_in_place(const struct atomicfile *f)
{
	return !f->until;
}

int atomicfile_sync(const struct atomicfile *f, struct err *err)
{
	struct stat st;

	/* Of a pipe or a device there is nothing to sync. */
	return f->sync && !fstat(f->fd, &st) && S_ISREG(st.st_mode) && fsync(f->fd)
		       ? err_errno(err, f->path)
		       : 0;
}

int atomicfile_complete(struct atomicfile *f, struct err *err)
{
	int fd = f->fd;

	f->fd = -1; /* closed, even if close() fails */
	return close(fd) ? err_errno(err, f->path) : 0;
}

/*
 * Takes the place of the target, which gets the temporary name, if there is one. Some file systems
 * cannot exchange two names (EINVAL; NFS): there the older file is gone.
 */
static int take_place(struct atomicfile_temporary *t)
{
	struct stat st;

	if (!lstat(t->path, &st)) {
		if (S_ISDIR(st.st_mode) != (t->files != NULL)) {
			errno = t->files ? ENOTDIR : EISDIR;
			return -1;
		}
		if (!renameat2(AT_FDCWD, t->name, AT_FDCWD, t->path, RENAME_EXCHANGE)) {
			t->has_older = true;
			return 0;
		}
		if (errno != EINVAL && errno != ENOSYS && errno != ENOENT)
			return -1;
	}
	return rename(t->name, t->path);
}

static int rename_to(struct atomicfile_temporary *t)
{
	sigset_t old;
	int rc, saved;

	block_signals(&old);
	rc = take_place(t);
	saved = errno;
	t->is_named = !rc;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return rc;
}

/*
 * A new name is on the disk when its folder is. A folder that may be written to but not read cannot
 * be opened: then the whole file system is synced, through what has got the name.
 */
static int sync_name(const char *path)
{
	char *copy = mem_dup(path, strlen(path));
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc, saved;
	bool is_unreadable = fd < 0 && errno == EACCES;

	if (is_unreadable)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -1 : is_unreadable ? syncfs(fd) : fsync(fd);
	saved = errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	errno = saved;
	return rc && errno != EINVAL ? -1 : 0; /* a file system that syncs no folders */
}

/* Returns 0, or -1 with errno set, EEXIST among the reasons. */
static int make_folder(struct atomicfile_temporary *t)
{
	struct stat st;
	sigset_t old;
	int rc, saved;

	block_signals(&old);
	rc = mkdir(t->name, 0777);
	if (!rc && lstat(t->name, &st)) {
		rc = -1;
		saved = errno;
		rmdir(t->name);
		errno = saved;
	}
	saved = errno;
	if (!rc)
		note(t, &st);
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return rc;
}

int atomicfile_make_folder(const char *path, bool sync, struct err *err)
{
	struct atomicfile_temporary *t;
	int why;

	if (catch_the_end(err))
		return -1;
	t = mem_zalloc(sizeof(*t) + strlen(path) + 1, 1);
	memcpy(t->name, path, strlen(path));
	if (!make_folder(t))
		return sync && sync_name(path) ? err_errno(err, path) : 0;
	why = errno;
	free(t);
	errno = why;
	return why == EEXIST ? 0 : err_errno(err, path);
}

int atomicfile_name(struct atomicfile *f, struct err *err)
{
	struct atomicfile_temporary *t = f->until;

	if (!t)
		return 0;
	if (!is_at(t, t->name))
		return err_set(err, ERR_RUNTIME,
			       "%s: somebody has moved or replaced %s, which was to get that name",
			       t->path, t->name);
	/* Others may have come since it was opened: those would go with the older one. */
	if (t->files && !access(t->path, F_OK) && check_files(t->path, t->files, err))
		return -1;
	return rename_to(t) || (f->sync && sync_name(t->path)) ? err_errno(err, f->path) : 0;
}

void atomicfile_settle(struct atomicfile *f)
{
	drop(f, false);
	forget(f);
}

void atomicfile_abort(struct atomicfile *f)
{
	if (!f->path)
		return;
	if (f->fd > STDOUT_FILENO)
		close(f->fd);
	drop(f, true);
	forget(f);
}
