#include "base/thread.h"

#include "scratch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static void wait_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* What a worker found, and how far it came. */
struct work {
	int fd;
	atomic_bool slept, done;
	sigset_t blocked;
};

static void *look_at_signals(void *arg)
{
	struct work *work = arg;

	pthread_sigmask(SIG_BLOCK, NULL, &work->blocked);
	work->done = true;
	return NULL;
}

static void a_worker_takes_no_signal(void)
{
	struct work work = { .fd = -1 };
	sigset_t before, after;
	pthread_t thread;

	pthread_sigmask(SIG_BLOCK, NULL, &before);
	CHECK_INT(thread_start(&thread, look_at_signals, &work), 0);
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	CHECK(work.done);
	for (int s = 1; s < 32; s++) {
		if (s != SIGKILL && s != SIGSTOP)
			CHECK(sigismember(&work.blocked, s) == 1);
		CHECK_INT(sigismember(&after, s), sigismember(&before, s));
	}
}

/* nanosleep would be a place to cancel a thread, and is none here. */
static void *sleep_and_read(void *arg)
{
	struct work *work = arg;
	char byte;

	wait_ms(50);
	work->slept = true;
	thread_read(work->fd, &byte, 1);
	wait_ms(1);
	work->done = true;
	return NULL;
}

/* A sanitizer keeps marks of the stack that a stopped thread leaves, and takes its end for an
 * error. */
#ifndef CHECK_SANITIZED
static void *sleep_and_write(void *arg)
{
	struct work *work = arg;
	static const char bytes[1 << 20];

	wait_ms(50);
	work->slept = true;
	thread_write(work->fd, bytes, sizeof(bytes));
	wait_ms(1);
	work->done = true;
	return NULL;
}

/* At its next read or write, where it would wait for ever, and not before. */
static void a_worker_is_stopped_where_it_waits(void)
{
	for (int i = 0; i < 4; i++) {
		struct work work = { .slept = false };
		pthread_t thread;
		int fds[2];

		CHECK_INT(pipe(fds), 0);
		work.fd = fds[i % 2];
		CHECK_INT(thread_start(&thread, i % 2 ? sleep_and_write : sleep_and_read, &work),
			  0);
		if (i / 2)
			wait_ms(80); /* it waits already */
		thread_stop(thread);
		CHECK(work.slept && !work.done);
		close(fds[0]);
		close(fds[1]);
	}
}
#endif

/* One that has what it waits for goes on to its end. */
static void a_worker_may_have_ended(void)
{
	struct work work = { .slept = false };
	pthread_t thread;
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(write(fds[1], "x", 1), 1);
	work.fd = fds[0];
	CHECK_INT(thread_start(&thread, sleep_and_read, &work), 0);
	while (!work.done)
		wait_ms(1);
	thread_stop(thread);
	close(fds[0]);
	close(fds[1]);
}

static void reads_and_writes_tell_how_they_went(void)
{
	char bytes[8] = "";
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(thread_write(fds[1], "abc", 3), 0);
	CHECK_INT(thread_read(fds[0], bytes, sizeof(bytes)), 3);
	CHECK_STR(bytes, "abc");
	close(fds[1]);
	CHECK_INT(thread_read(fds[0], bytes, sizeof(bytes)), 0);
	close(fds[0]);
	CHECK_INT(thread_read(fds[0], bytes, 1), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(thread_write(fds[0], bytes, 1), -1);
	CHECK_INT(errno, EBADF);
}

static void raise_it(void *error)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	thread_raise(*(const int *)error);
	exit(7);
}

/* The signal that the errno of a write stands for. */
static void the_signal_of_a_failed_write(void)
{
	static const struct {
		int error, signal;
	} cases[] = { { EPIPE, SIGPIPE }, { EFBIG, SIGXFSZ }, { ENOSPC, 0 }, { 0, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error = cases[i].error, status = scratch_child(raise_it, &error);

		if (cases[i].signal)
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal);
		else
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
}

/* Those that it may run on, not those that the machine has. */
static void processors(void)
{
	cpu_set_t all, one;
	size_t cpu = 0;

	CHECK_INT(sched_getaffinity(0, sizeof(all), &all), 0);
	CHECK_INT(thread_processors(), CPU_COUNT(&all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_INT(sched_setaffinity(0, sizeof(one), &one), 0);
	CHECK_INT(thread_processors(), 1);
	CHECK_INT(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	RUN(a_worker_takes_no_signal);
#ifndef CHECK_SANITIZED
	RUN(a_worker_is_stopped_where_it_waits);
#endif
	RUN(a_worker_may_have_ended);
	RUN(reads_and_writes_tell_how_they_went);
	RUN(the_signal_of_a_failed_write);
	RUN(processors);
	return CHECK_DONE();
}
