#include "base/fdio.h"

#include "scratch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

enum { N = 1000000 };

static void on_alarm(int signal)
{
	(void)signal;
}

static void wait_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* What goes through the pipe: a byte tells its place. */
static char byte_at(size_t i)
{
	return (char)(i * 31 ^ i >> 8);
}

struct pipe_end {
	int fd;
	pthread_t main; /* to be interrupted */
	size_t n;       /* bytes that came, as they should */
	bool ok;
};

/* Takes what comes in pieces, slowly, and interrupts the other side now and then. */
static void *take(void *context)
{
	struct pipe_end *end = context;
	char bytes[40000];
	ssize_t got;

	wait_ms(30);
	while ((got = read(end->fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			end->ok = end->ok && bytes[i] == byte_at(end->n++);
		pthread_kill(end->main, SIGALRM);
		if (end->n % 7 == 0)
			wait_ms(1);
	}
	return NULL;
}

/* The same bytes the other way. */
static void *give(void *context)
{
	struct pipe_end *end = context;

	wait_ms(30);
	for (size_t n = 0; n < N;) {
		char bytes[3000];
		size_t piece = n % 3000 + 1 < N - n ? n % 3000 + 1 : N - n;

		for (size_t i = 0; i < piece; i++)
			bytes[i] = byte_at(n + i);
		end->ok = end->ok && write(end->fd, bytes, piece) == (ssize_t)piece;
		n += piece;
		pthread_kill(end->main, SIGALRM);
		if (n % 11 == 0)
			wait_ms(1);
	}
	close(end->fd);
	return NULL;
}

static void nonblocking(int fd)
{
	CHECK_INT(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* Through a pipe that is full most of the time, and that does not wait, and amid signals. */
static void all_is_written(void)
{
	char *bytes = mem_alloc(N, 1);

	for (size_t i = 0; i < N; i++)
		bytes[i] = byte_at(i);
	for (int round = 0; round < 2; round++) {
		struct pipe_end end = { .main = pthread_self(), .ok = true };
		pthread_t thread;
		int fds[2];

		CHECK_INT(pipe(fds), 0);
		if (round)
			nonblocking(fds[1]);
		end.fd = fds[0];
		CHECK_INT(pthread_create(&thread, NULL, take, &end), 0);
		CHECK_INT(fdio_write(fds[1], bytes, N), 0);
		CHECK_INT(fdio_write(fds[1], bytes, 0), 0);
		close(fds[1]);
		pthread_join(thread, NULL);
		CHECK(end.ok);
		CHECK_INT(end.n, N);
		close(fds[0]);
	}
	free(bytes);
}

/* From one that is empty most of the time: the end is that of the data, and nothing else. */
static void all_is_read(void)
{
	for (int round = 0; round < 2; round++) {
		struct pipe_end end = { .main = pthread_self(), .ok = true };
		pthread_t thread;
		ptrdiff_t got;
		char bytes[5000];
		size_t n = 0;
		int fds[2];

		CHECK_INT(pipe(fds), 0);
		if (round)
			nonblocking(fds[0]);
		end.fd = fds[1];
		CHECK_INT(pthread_create(&thread, NULL, give, &end), 0);
		while ((got = fdio_read(fds[0], bytes, sizeof(bytes))) > 0)
			for (ptrdiff_t i = 0; i < got; i++)
				end.ok = end.ok && bytes[i] == byte_at(n++);
		CHECK_INT(got, 0);
		close(fds[0]); /* or who gives would wait for ever, had it failed */
		pthread_join(thread, NULL);
		CHECK(end.ok);
		CHECK_INT(n, N);
	}
}

static void failures_have_their_reason(void)
{
	char byte = 'x';
	int fds[2], full = open("/dev/full", O_WRONLY);

	CHECK_INT(fdio_write(full, &byte, 1), -1);
	CHECK_INT(errno, ENOSPC);
	close(full);
	CHECK_INT(fdio_write(full, &byte, 1), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(fdio_read(full, &byte, 1), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(pipe(fds), 0);
	close(fds[0]);
	CHECK_INT(fdio_write(fds[1], &byte, 1), -1);
	CHECK_INT(errno, EPIPE);
	fdio_wait_writable(fds[1]); /* to fail is not to wait */
	close(fds[1]);
}

/* A full pipe is waited for until somebody reads, whatever signals come. */
static void waiting_to_write(void)
{
	struct pipe_end end = { .main = pthread_self(), .ok = true };
	char bytes[4096] = "";
	pthread_t thread;
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	nonblocking(fds[1]);
	while (write(fds[1], bytes, sizeof(bytes)) > 0)
		;
	CHECK_INT(errno, EAGAIN);
	end.fd = fds[0];
	CHECK_INT(pthread_create(&thread, NULL, take, &end), 0);
	pthread_kill(end.main, SIGALRM);
	fdio_wait_writable(fds[1]);
	CHECK(write(fds[1], bytes, 1) == 1);
	close(fds[1]);
	pthread_join(thread, NULL);
	close(fds[0]);
}

int main(void)
{
	/* Without SA_RESTART: calls return. */
	const struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	RUN(all_is_written);
	RUN(all_is_read);
	RUN(failures_have_their_reason);
	RUN(waiting_to_write);
	return CHECK_DONE();
}
