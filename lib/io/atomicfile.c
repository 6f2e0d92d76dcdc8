#include "io/atomicfile.h"

#include "base/mem.h"
#include "base/num.h"
#include "io/fileuse.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that has its name only until it is renamed. */
struct atomicfile_temporary {
	struct atomicfile_temporary *next;
	pid_t owner; /* a forked child leaves its parent's files alone */
	char name[];
};

/*
 * What the end of the process must remove. A signal handler has no other way to know, so this is
 * state of the process, which no caller owns (the only other one is fileuse's). It changes only
 * with the signals blocked, and lives on the heap: when exit() runs, main's own variables may be
 * gone.
 */
static struct atomicfile_temporary *uncommitted;

static const int fatal_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ };
#define N_FATAL_SIGNALS (sizeof(fatal_signals) / sizeof(fatal_signals[0]))

static void remove_uncommitted(void)
{
	for (const struct atomicfile_temporary *t = uncommitted; t; t = t->next)
		if (t->owner == getpid())
			unlink(t->name);
}

static void remove_and_die(int sig)
{
	remove_uncommitted();
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

/* From the first file on, uncommitted files are removed however the process ends. */
static int catch_the_end(struct err *err)
{
	static bool caught;
	struct sigaction act = { .sa_handler = remove_and_die }, old;

	if (caught)
		return 0;
	if (atexit(remove_uncommitted))
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

/* Takes f's temporary file, if it has one, from the list, and renames or removes it. */
static int settle(struct atomicfile *f, bool commit)
{
	sigset_t old;
	int rc = 0, saved;

	if (!f->until)
		return 0;
	block_signals(&old);
	rc = commit ? rename(f->until->name, f->path) : -1;
	saved = errno;
	if (rc)
		unlink(f->until->name);
	for (struct atomicfile_temporary **link = &uncommitted; *link; link = &(*link)->next)
		if (*link == f->until) {
			*link = f->until->next;
			break;
		}
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(f->until);
	f->until = NULL;
	errno = saved;
	return rc;
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

static bool is_taken(const char *name)
{
	for (const struct atomicfile_temporary *t = uncommitted; t; t = t->next)
		if (!strcmp(t->name, name))
			return true;
	return false;
}

/* A name next to the target, which is an absolute path. */
static struct atomicfile_temporary *name_beside(const char *target)
{
	const char *base = strrchr(target, '/') + 1;
	size_t room = strlen(target) + 64;
	struct atomicfile_temporary *t = mem_alloc(sizeof(*t) + room, 1);
	int n = 0;

	/* No more of a long name than leaves room for the rest within NAME_MAX: two may be cut to
	 * one. */
	do
		snprintf(t->name, room, "%.*s.%.200s.%ld.%d.tmp", (int)(base - target), target,
			 base, (long)getpid(), n++);
	while (is_taken(t->name));
	t->owner = getpid();
	return t;
}

/* Makes the temporary file t; on success f owns it. Returns 0, or -1 with errno set. */
static int open_temporary(struct atomicfile *f, struct atomicfile_temporary *t,
			  const struct stat *old_file)
{
	sigset_t old;
	int saved;

	block_signals(&old);
	/* A leftover of a killed process that had our pid is ours to replace. */
	unlink(t->name);
	f->fd = open(t->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	saved = errno;
	if (f->fd >= 0) {
		f->until = t;
		t->next = uncommitted;
		uncommitted = t;
		if (old_file)
			(void)!fchmod(f->fd, old_file->st_mode & 07777);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return f->fd < 0 ? -1 : 0;
}

static int open_beside(struct atomicfile *f, const char *path, const struct stat *old_file,
		       struct err *err)
{
	struct atomicfile_temporary *t = name_beside(f->path);

	if (open_temporary(f, t, old_file)) {
		free(t);
		return err_errno(err, path);
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

	if (file)
		return fileuse_output(&f->use, path, file, NULL, err);
	*base = '\0'; /* leaves the folder, with its slash */
	rc = stat(f->path, &folder);
	*base = first;
	return rc ? err_errno(err, path) : fileuse_output(&f->use, path, &folder, base, err);
}

static int open_path(struct atomicfile *f, const char *path, struct err *err)
{
	struct stat st;
	const struct stat *file = stat(path, &st) ? NULL : &st;

	if (!file && errno != ENOENT) /* no name that the commit could give */
		return err_errno(err, path);
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

int atomicfile_open(struct atomicfile *f, const char *path, struct err *err)
{
	int named = path ? named_descriptor(path) : STDOUT_FILENO;
	int rc;

	*f = (struct atomicfile)ATOMICFILE_INIT;
	rc = named >= 0 ? open_descriptor(f, path, named, err) : open_path(f, path, err);
	if (rc)
		forget(f);
	return rc;
}

int atomicfile_commit(struct atomicfile *f, struct err *err)
{
	int rc = close(f->fd);

	if (rc) {
		err_errno(err, f->path);
		settle(f, false);
	} else {
		rc = settle(f, true);
		if (rc)
			err_errno(err, f->path);
	}
	forget(f);
	return rc;
}

void atomicfile_abort(struct atomicfile *f)
{
	if (f->fd < 0)
		return;
	if (f->fd != STDOUT_FILENO)
		close(f->fd);
	settle(f, false);
	forget(f);
}
