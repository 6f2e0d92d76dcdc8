#include "io/tempfile.h"

#include "scratch.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>

static int open_file(void)
{
	struct err err = ERR_INIT;
	int fd = tempfile_open(&err);

	CHECK_STR(err.message, "");
	CHECK(fd >= 0);
	return fd;
}

/* Nobody finds it, nobody else may read it, and no program that is started has it. */
static void it_has_no_name(void)
{
	struct stat st;
	int fd;

	setenv("TMPDIR", ".", 1);
	fd = open_file();
	CHECK_INT(scratch_count(), 0);
	CHECK_INT(fstat(fd, &st), 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_INT(st.st_nlink, 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	CHECK_INT(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	close(fd);
	CHECK_INT(scratch_count(), 0);
}

/* What is appended in pieces of any size, read back in others, from any place. */
static void what_was_written_is_read_back(void)
{
	enum { N = 300000 };
	char *bytes = mem_alloc(N, 1), *back = mem_alloc(N, 1);
	struct buf pending = BUF_INIT;
	struct err err = ERR_INIT;
	uint64_t random = 1;
	size_t n = 0;
	int fd = open_file();

	for (size_t i = 0; i < N; i++)
		bytes[i] = (char)scratch_random(&random);
	while (n < N) {
		size_t piece = scratch_below(&random, N / 20);

		if (piece > N - n)
			piece = N - n;
		buf_append(&pending, bytes + n, piece);
		CHECK_INT(tempfile_append(fd, &pending, &err), 0);
		CHECK_INT(pending.len, 0);
		n += piece;
	}
	CHECK_INT(lseek(fd, 0, SEEK_END), N);
	for (int i = 0; i < 200; i++) {
		size_t at = scratch_below(&random, N + 1);
		size_t piece = scratch_below(&random, N - at + 1);

		memset(back, 0, N);
		CHECK_INT(tempfile_read(fd, back, piece, at, &err), 0);
		CHECK(!memcmp(back, bytes + at, piece));
		CHECK(piece == N || !back[piece]);
	}
	/* Where it was read is not where it is appended to. */
	buf_append_str(&pending, "end");
	CHECK_INT(tempfile_append(fd, &pending, &err), 0);
	CHECK_INT(tempfile_read(fd, back, 3, N, &err), 0);
	CHECK(!memcmp(back, "end", 3));
	CHECK_STR(err.message, "");
	buf_release(&pending);
	close(fd);
	free(bytes);
	free(back);
}

/* Beyond four GiB, where an offset of 32 bits would come round to the beginning. */
static void places_beyond_32_bits(void)
{
	const uint64_t at = (UINT64_C(1) << 32) + 5;
	struct buf pending = BUF_INIT;
	struct err err = ERR_INIT;
	char back[4] = "";
	int fd = open_file();

	CHECK_INT(lseek(fd, (off_t)at, SEEK_SET), at); /* the rest is a hole */
	buf_append_str(&pending, "far");
	CHECK_INT(tempfile_append(fd, &pending, &err), 0);
	CHECK_INT(tempfile_read(fd, back, 3, at, &err), 0);
	CHECK_STR(back, "far");
	buf_release(&pending);
	close(fd);
}

static void a_file_that_ends_early_is_an_error(void)
{
	struct buf pending = BUF_INIT;
	struct err err = ERR_INIT;
	char back[4];
	int fd = open_file();

	buf_append_str(&pending, "abc");
	CHECK_INT(tempfile_append(fd, &pending, &err), 0);
	CHECK_INT(tempfile_read(fd, back, 0, 3, &err), 0);
	CHECK_INT(tempfile_read(fd, back, 4, 0, &err), -1);
	CHECK_STR(err.message, "the temporary file is shorter than what was written to it");
	CHECK_INT(tempfile_read(fd, back, 1, 3, &err), -1);
	CHECK_INT(ftruncate(fd, 2), 0);
	CHECK_INT(tempfile_read(fd, back, 3, 0, &err), -1);
	buf_release(&pending);
	close(fd);
	CHECK_INT(tempfile_read(fd, back, 1, 0, &err), -1);
	CHECK_STR(err.message, "cannot read the temporary file: Bad file descriptor");
}

/* What could not be written is still pending. */
static void a_full_disk_is_an_error(void)
{
	struct rlimit old, small;
	struct buf pending = BUF_INIT;
	struct err err = ERR_INIT;
	int fd = open_file();

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 1000;
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 1001; i++)
		buf_append_char(&pending, 'x');
	CHECK_INT(tempfile_append(fd, &pending, &err), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK_STR(err.message, "cannot write the temporary file: File too large");
	CHECK_INT(pending.len, 1001);
	buf_release(&pending);
	close(fd);
}

static void no_place_for_it_is_an_error(void)
{
	char longest[PATH_MAX + 1];
	struct err err = ERR_INIT;

	setenv("TMPDIR", "./absent", 1);
	CHECK_INT(tempfile_open(&err), -1);
	CHECK_STR(err.message,
		  "cannot create a temporary file in ./absent: No such file or directory");
	memset(longest, 'x', PATH_MAX);
	longest[PATH_MAX] = '\0';
	setenv("TMPDIR", longest, 1);
	CHECK_INT(tempfile_open(&err), -1);
	CHECK_STR(err.message, "TMPDIR: the path is too long");
}

/* Where TMPDIR is not set, or says nothing. */
static void the_usual_place(void)
{
	for (int i = 0; i < 2; i++) {
		char self[32], target[64] = "";
		int fd;

		if (i)
			setenv("TMPDIR", "", 1);
		else
			unsetenv("TMPDIR");
		fd = open_file();
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		CHECK(readlink(self, target, sizeof(target) - 1) > 0);
		CHECK_BEGINS(target, "/tmp/");
		close(fd);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(it_has_no_name);
	RUN(what_was_written_is_read_back);
	RUN(places_beyond_32_bits);
	RUN(a_file_that_ends_early_is_an_error);
	RUN(a_full_disk_is_an_error);
	RUN(no_place_for_it_is_an_error);
	RUN(the_usual_place);
	scratch_leave(dir);
	return CHECK_DONE();
}
