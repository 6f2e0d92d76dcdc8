/*
 * scratch: a folder of its own for a unit test that needs files, a source of random numbers that is
 * the same everywhere, and a child process to die in.
 */
#ifndef CE_SCRATCH_H
#define CE_SCRATCH_H

#include "base/mem.h"
#include "check.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRATCH_DIR "/tmp/ce-unit-XXXXXX"

/* Makes the folder from a writable SCRATCH_DIR, which becomes its name, and goes there. */
static inline void scratch_enter(char *dir)
{
	if (!mkdtemp(dir) || chdir(dir)) {
		perror(dir);
		exit(1);
	}
}

/* Removes the folder with all that is in it. */

static inline void scratch_leave(const char *dir)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (chdir("/") || system(command))
		perror(dir);
}

static inline void scratch_write(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* The file's bytes and a NUL; the caller frees. A file that is not there is a failed test. */
static inline char *scratch_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *bytes = mem_alloc(1, 1);
	size_t got;

	*n = 0;
	if (!f) {
		CHECK_FAIL("%s is not there", path);
		*bytes = '\0';
		return bytes;
	}
	do {
		bytes = mem_realloc(bytes, *n + 65537, 1);
		got = fread(bytes + *n, 1, 65536, f);
		*n += got;
	} while (got);
	fclose(f);
	bytes[*n] = '\0';
	return bytes;
}

/* Files in the current folder, the hidden ones too. */
static inline int scratch_count(void)
{
	FILE *f = popen("ls -A | wc -l", "r");
	int n = -1;

	if (!f || fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

/* Runs `run` in a child without stderr; returns its wait status. */
static inline int scratch_child(void (*run)(void *), void *data)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		run(data);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		perror("fork");
	return status;
}

/* splitmix64 (Steele, Lea, Flood 2014): the next of a sequence. */
static inline uint64_t scratch_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform in [0, n), n < 2^32. */
static inline size_t scratch_below(uint64_t *state, size_t n)
{
	return (size_t)((scratch_random(state) >> 32) * n >> 32);
}

#endif
