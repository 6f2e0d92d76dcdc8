#include "io/subprocess.h"

#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int close_pipe(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
	return -1;
}

/* The child that leads the group: `lifeline` is its pipe, `output` the command's. */
static _Noreturn void keep(const int lifeline[2], const int output[2])
{
	sigset_t all;
	char byte;

	/* What the command sends its group is not for the keeper. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setpgid(0, 0); /* the other side sees to it that this succeeds */
	close(lifeline[1]);
	close_pipe(output);
	while (read(lifeline[0], &byte, 1) < 0 && errno == EINTR)
		;
	/* Its own group by number, and not as 0: if it has none, that is this tool's group. */
	kill(-getpid(), SIGTERM);
	_exit(0);
}

/* In the child: becomes the shell, or writes the reason why not, an errno, to `failed`. */
static _Noreturn void run_shell(const char *text, pid_t group, int input, int output, int failed)
{
	int why;

	if (!setpgid(0, group) && dup2(input, STDIN_FILENO) >= 0 &&
	    dup2(output, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	why = errno;
	_exit(write(failed, &why, sizeof(why)) == sizeof(why) ? 127 : 126);
}

/* Starts the shell in the keeper's group; returns its pid, or -1 with errno. */
static pid_t start_shell(const char *text, pid_t group, int input, int output)
{
	int failed[2], why = 0;
	pid_t pid;

	/* Before the shell joins the group, which must be there. */
	if (setpgid(group, group) || pipe2(failed, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		run_shell(text, group, input, output, failed[1]);
	if (pid < 0)
		why = errno;
	close(failed[1]);
	/* The pipe ends without a byte when the shell takes the child's place. */
	if (pid > 0 && fdio_read(failed[0], &why, sizeof(why)) > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	close(failed[0]);
	errno = why;
	return why ? -1 : pid;
}

/* Ends the keeper, and with it what is left of the group. */
static void end_group(struct subprocess *c)
{
	close(c->lifeline);
	while (waitpid(c->keeper, NULL, 0) < 0 && errno == EINTR)
		;
}

int subprocess_start(struct subprocess *c, const char *text, int input, struct err *err)
{
	int lifeline[2], output[2];

	*c = (struct subprocess)SUBPROCESS_INIT;
	if (pipe2(lifeline, O_CLOEXEC))
		return err_errno(err, "cannot create a pipe");
	if (pipe2(output, O_CLOEXEC)) {
		err_errno(err, "cannot create a pipe");
		return close_pipe(lifeline);
	}
	c->keeper = fork();
	if (!c->keeper)
		keep(lifeline, output);
	close(lifeline[0]);
	c->lifeline = lifeline[1];
	if (c->keeper > 0)
		c->shell = start_shell(text, c->keeper, input, output[1]);
	if (c->keeper < 0 || c->shell < 0) {
		err_errno(err, "cannot start a process");
		if (c->keeper > 0)
			end_group(c);
		else
			close(c->lifeline);
		*c = (struct subprocess)SUBPROCESS_INIT;
		return close_pipe(output);
	}
	close(output[1]);
	c->output = output[0];
	return 0;
}

bool subprocess_is_silent(const struct subprocess *c)
{
	char byte;

	return fdio_read(c->output, &byte, 1) == 0;
}

/* Waits so long for the end of what was told to end, and may have other plans. */
#define STOP_MS 1000

static void reap_soon(pid_t shell)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (int i = 0; i < STOP_MS && !waitpid(shell, NULL, WNOHANG); i++)
		nanosleep(&ms, NULL);
}

void subprocess_stop(struct subprocess *c)
{
	end_group(c);
	close(c->output);
	reap_soon(c->shell);
	*c = (struct subprocess)SUBPROCESS_INIT;
}

int subprocess_end(struct subprocess *c, struct err *err)
{
	int status = 0;
	pid_t got;

	do
		got = waitpid(c->shell, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		err_errno(err, "cannot wait for the command");
	end_group(c);
	close(c->output);
	*c = (struct subprocess)SUBPROCESS_INIT;
	if (got < 0)
		return -1;
	if (WIFSIGNALED(status))
		return err_set(err, ERR_RUNTIME, "killed by signal %d (%s)", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return err_set(err, ERR_RUNTIME, "exit status %d", WEXITSTATUS(status));
	return 0;
}
