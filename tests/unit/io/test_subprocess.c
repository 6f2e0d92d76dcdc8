#include "io/subprocess.h"

#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>

/* These stand in for the C library's: one of them can be told to refuse. */
static pid_t refused_setpgid; /* in that process, or in all (-1) */
static int refused_execl;
static int forks_left = INT32_MAX;

int setpgid(pid_t pid, pid_t pgid)
{
	if (refused_setpgid == -1 || refused_setpgid == getpid()) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_setpgid, pid, pgid);
}

pid_t fork(void)
{
	if (!forks_left--) {
		errno = EAGAIN;
		return -1;
	}
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

int execl(const char *path, const char *arg, ...)
{
	const char *argv[4] = { arg };
	va_list args;

	if (refused_execl) {
		errno = ENOMEM;
		return -1;
	}
	va_start(args, arg);
	for (int i = 1; i < 4; i++)
		argv[i] = va_arg(args, const char *);
	va_end(args);
	return execv(path, (char *const *)argv);
}

static struct subprocess start(const char *text)
{
	struct subprocess c;
	struct err err = ERR_INIT;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK_INT(subprocess_start(&c, text, null, &err), 0);
	CHECK_STR(err.message, "");
	close(null);
	return c;
}

static void check_start_fails(const char *message)
{
	struct subprocess c;
	struct err err = ERR_INIT;

	CHECK_INT(subprocess_start(&c, "echo started", STDIN_FILENO, &err), -1);
	CHECK_STR(err.message, message);
	CHECK_INT(c.output, -1);
	/* All that was started has ended, and is waited for. */
	CHECK_INT(waitpid(-1, NULL, 0), -1);
	CHECK_INT(errno, ECHILD);
}

static int n_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void tells_how_a_command_ended(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "exit 0", "" },
		{ "exit 3", "exit status 3" },
		{ "no-such-command 2>/dev/null", "exit status 127" },
		{ "kill -9 $$", "killed by signal 9 (Killed)" },
	};
	int before = n_descriptors();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct subprocess c = start(cases[i].text);
		struct err err = ERR_INIT;

		CHECK(subprocess_is_silent(&c));
		CHECK_INT(subprocess_end(&c, &err), *cases[i].message ? -1 : 0);
		CHECK_STR(err.message, cases[i].message);
	}
	CHECK_INT(n_descriptors(), before);
}

static void a_start_that_fails_leaves_nothing(void)
{
	int before = n_descriptors();

	for (int n = 0; n < 2; n++) {
		forks_left = n;
		check_start_fails("cannot start a process: Resource temporarily unavailable");
	}
	forks_left = INT32_MAX;
	/* Not an exit status of 127, as of a command that is not there. */
	refused_execl = 1;
	check_start_fails("cannot start a process: Cannot allocate memory");
	refused_execl = 0;
	CHECK_INT(n_descriptors(), before);
}

static void start_without_a_group(void *alone)
{
	syscall(SYS_setpgid, 0, 0); /* so that only this child is hit, if it is */
	refused_setpgid = alone ? getpid() : -1;
	check_start_fails("cannot start a process: Operation not permitted");
	exit(!check_ok);
}

/* The keeper has no group of its own then, and must not signal this one's. */
static void a_refused_group_is_an_error_and_kills_nobody(void)
{
	CHECK_INT(scratch_child(start_without_a_group, NULL), 0);
}

/* Whether the keeper leads a group when the shell wants to join it is for its parent to know. */
static void a_group_that_is_refused_to_the_parent_alone_is_an_error(void)
{
	CHECK_INT(scratch_child(start_without_a_group, &refused_setpgid), 0);
}

static void stops_what_goes_on(void)
{
	struct subprocess c = start("echo started; sleep 1000 & sleep 1000");
	int output = dup(c.output);
	char text[16];

	CHECK_INT(read(output, text, sizeof(text)), 8);
	subprocess_stop(&c);
	CHECK_INT(c.output, -1);
	CHECK_INT(read(output, text, sizeof(text)), 0); /* nobody is left to write */
	close(output);
	CHECK_INT(waitpid(-1, NULL, 0), -1); /* nor is a zombie */
	CHECK_INT(errno, ECHILD);
}

static void does_not_wait_long_for_one_that_will_not_stop(void)
{
	struct subprocess c = start("trap '' TERM; echo started; exec sleep 1000");
	pid_t pid = c.shell;
	char text[16];

	CHECK_INT(read(c.output, text, sizeof(text)), 8);
	alarm(60);
	subprocess_stop(&c);
	alarm(0);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	RUN(tells_how_a_command_ended);
	RUN(a_start_that_fails_leaves_nothing);
	RUN(a_refused_group_is_an_error_and_kills_nobody);
	RUN(a_group_that_is_refused_to_the_parent_alone_is_an_error);
	RUN(stops_what_goes_on);
	RUN(does_not_wait_long_for_one_that_will_not_stop);
	return CHECK_DONE();
}
