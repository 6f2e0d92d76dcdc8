/*
 * subprocess: a shell command that reads a file, and whose output is read.
 *
 * It runs in a process group of its own, which gets SIGTERM when this process ends, however that
 * comes (an exit, a signal, SIGKILL): the group's leader is a child that only waits for the end of
 * a pipe whose other end this process alone holds. So there is no signal handler here, and no state
 * besides the struct.
 */
#ifndef CE_SUBPROCESS_H
#define CE_SUBPROCESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct subprocess {
	int output; /* the read end of its standard output; -1: not running */

	/* The module's own. */
	pid_t shell, keeper;
	int lifeline; /* the write end of the keeper's pipe */
};

#define SUBPROCESS_INIT                                                                            \
	{                                                                                          \
		.output = -1, .lifeline = -1                                                       \
	}

/*
 * Starts `/bin/sh -c text` with standard input from where the descriptor `input` stands; its
 * standard error is ours. Returns 0, or -1 with err.
 */
int subprocess_start(struct subprocess *c, const char *text, int input, struct err *err);

/*
 * After a failure to make sense of the output: whether the command will write no more, so that its
 * own end may explain the failure better. Waits until it has written more, or ends; what it has
 * written is lost.
 */
bool subprocess_is_silent(const struct subprocess *c);

/*
 * Stops the command, with what is left of its group. Waits for it a second at most: one that does
 * not heed SIGTERM stays.
 */
void subprocess_stop(struct subprocess *c);

/*
 * Waits until the command has ended. What it left running in the background is stopped. Returns 0,
 * or -1 with err: "exit status 3", or the signal that killed it.
 */
int subprocess_end(struct subprocess *c, struct err *err);

#endif
