#include "base/thread.h"

#include "base/fdio.h"
#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct start {
	void *(*run)(void *);
	void *arg;
};

static void *begin(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return start.run(start.arg);
}

int thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	struct start *start = mem_alloc(1, sizeof(*start));
	sigset_t all, old;
	int rc;

	*start = (struct start){ run, arg };
	/* A thread inherits its mask: so no signal is taken before it could be blocked. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, begin, start);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		free(start);
	return rc ? -1 : 0;
}

void thread_stop(pthread_t thread)
{
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

ptrdiff_t thread_read(int fd, void *bytes, size_t n)
{
	ptrdiff_t got;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	got = fdio_read(fd, bytes, n);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return got;
}

int thread_write(int fd, const void *bytes, size_t n)
{
	int rc;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	rc = fdio_write(fd, bytes, n);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return rc;
}

void thread_raise(int error)
{
	/* To the process, not the thread: a worker that finds out takes no signal. */
	if (error == EPIPE)
		kill(getpid(), SIGPIPE);
	else if (error == EFBIG)
		kill(getpid(), SIGXFSZ);
}

int thread_processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return n < 1 ? 1 : n;
}
