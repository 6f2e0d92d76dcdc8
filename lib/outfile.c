#include "outfile.h"

#include "mem.h"

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

/*
 * What a fatal signal must remove. A signal handler has no other way to know, so this is the one
 * piece of state in the library that no caller owns. It changes only with the signals blocked.
 */
static struct outfile *uncommitted;

static const int fatal_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ };
#define N_FATAL_SIGNALS (sizeof(fatal_signals) / sizeof(fatal_signals[0]))

static void remove_uncommitted(void)
{
	for (const struct outfile *f = uncommitted; f; f = f->next)
		unlink(f->temporary);
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

/* From the first outfile on, however the process ends, what is uncommitted goes. */
static int catch_the_end(struct err *err)
{
	static bool caught;
	struct sigaction act = { .sa_handler = remove_and_die }, old;

	if (caught)
		return 0;
	if (atexit(remove_uncommitted))
		return err_set(err, ERR_RUNTIME, "atexit failed");
	caught = true;
	sigfillset(&act.sa_mask);
	for (size_t i = 0; i < N_FATAL_SIGNALS; i++)
		/* One that the parent chose to ignore (nohup) stays ignored. */
		if (!sigaction(fatal_signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(fatal_signals[i], &act, NULL);
	return 0;
}

/* Takes f from the list, and its temporary file, if it has one, from the disk (or renames it). */
static int settle(struct outfile *f, bool commit)
{
	sigset_t old;
	int rc = 0, saved;

	block_signals(&old);
	if (f->temporary) {
		struct outfile **link = &uncommitted;

		while (*link != f)
			link = &(*link)->next;
		*link = f->next;
		rc = commit ? rename(f->temporary, f->path) : -1;
		saved = errno;
		if (rc)
			unlink(f->temporary);
		errno = saved;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static void forget(struct outfile *f)
{
	free(f->path);
	free(f->temporary);
	*f = (struct outfile)OUTFILE_INIT;
}

/* The target behind any symbolic links, so that a link stays a link; path itself if it is new. */
static char *resolve(const char *path)
{
	char *target = realpath(path, NULL);

	return target ? target : mem_dup(path, strlen(path));
}

static int open_beside(struct outfile *f, const struct stat *old_file)
{
	size_t room = strlen(f->path) + 64;
	char *dir = mem_dup(f->path, strlen(f->path));
	char *base = mem_dup(f->path, strlen(f->path));
	sigset_t old;
	int saved;

	f->temporary = mem_alloc(room, 1);
	snprintf(f->temporary, room, "%s/.%s.%ld.tmp", dirname(dir), basename(base),
		 (long)getpid());
	free(dir);
	free(base);
	block_signals(&old);
	/* A leftover of a killed process that had our pid is ours to replace. */
	unlink(f->temporary);
	f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	saved = errno;
	if (f->fd >= 0) {
		f->next = uncommitted;
		uncommitted = f;
		if (old_file)
			(void)!fchmod(f->fd, old_file->st_mode & 07777);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return f->fd < 0 ? -1 : 0;
}

int outfile_open(struct outfile *f, const char *path, struct err *err)
{
	struct stat st;
	bool exists = !stat(path, &st);
	int rc;

	*f = (struct outfile)OUTFILE_INIT;
	if (catch_the_end(err))
		return -1;
	f->path = resolve(path);
	if (exists && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		rc = -1;
	} else if (exists && !S_ISREG(st.st_mode)) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC);
		rc = f->fd < 0 ? -1 : 0;
	} else {
		rc = open_beside(f, exists ? &st : NULL);
	}
	if (rc) {
		err_errno(err, path);
		forget(f);
	}
	return rc;
}

int outfile_commit(struct outfile *f, struct err *err)
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

void outfile_abort(struct outfile *f)
{
	if (f->fd < 0)
		return;
	close(f->fd);
	settle(f, false);
	forget(f);
}

int outfile_spill(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has O_TMPFILE. */
	if ((size_t)snprintf(path, sizeof(path), "%s/ce-spill-XXXXXX", dir) >= sizeof(path))
		return err_set(err, ERR_RUNTIME, "TMPDIR: name too long");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_RUNTIME, "cannot make a temporary file in %s: %s", dir,
			       strerror(errno));
	unlink(path);
	return fd;
}

int outfile_write(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t written = write(fd, p, n);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += written;
		n -= (size_t)written;
	}
	return 0;
}
