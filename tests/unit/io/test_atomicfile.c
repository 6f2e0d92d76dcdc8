#include "io/atomicfile.h"

#include "base/fdio.h"
#include "io/tempfile.h"
#include "scratch.h"

#include <errno.h>
#include <signal.h>

static void put(const struct atomicfile *f, const char *text)
{
	CHECK_INT(fdio_write(f->fd, text, strlen(text)), 0);
}

static void check_file(const char *path, const char *want)
{
	size_t n;
	char *got = scratch_read(path, &n);

	CHECK_STR(got, want);
	free(got);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode;
}

static void appears_at_the_commit(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(atomicfile_open(&f, "new", &err), 0);
	put(&f, "fresh");
	CHECK(access("new", F_OK) != 0);
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	check_file("new", "fresh");
	CHECK_INT(scratch_count(), 1);
	CHECK_INT(err.kind, ERR_NONE);
	atomicfile_abort(&f);
	check_file("new", "fresh");
	unlink("new");
}

static void abort_leaves_the_old_file(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	scratch_write("old", "old", 3);
	CHECK_INT(atomicfile_open(&f, "old", &err), 0);
	put(&f, "fresh");
	check_file("old", "old");
	atomicfile_abort(&f);
	atomicfile_abort(&f);
	check_file("old", "old");
	CHECK_INT(scratch_count(), 1);
	unlink("old");
}

static void permissions(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;
	mode_t umask_before = umask(027);

	CHECK_INT(atomicfile_open(&f, "new", &err), 0);
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	CHECK_INT(mode_of("new"), S_IFREG | 0640);
	chmod("new", 0604);
	CHECK_INT(atomicfile_open(&f, "new", &err), 0);
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	CHECK_INT(mode_of("new"), S_IFREG | 0604);
	umask(umask_before);
	unlink("new");
}

static void a_link_stays_a_link(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(mkdir("sub", 0777), 0);
	scratch_write("sub/target", "old", 3);
	CHECK_INT(symlink("sub/target", "link"), 0);
	CHECK_INT(atomicfile_open(&f, "link", &err), 0);
	put(&f, "fresh");
	check_file("sub/target", "old");
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	CHECK(S_ISLNK(mode_of("link")));
	check_file("sub/target", "fresh");
	unlink("link");
	unlink("sub/target");
	CHECK_INT(rmdir("sub"), 0);
}

static void what_is_no_file_is_written_in_place(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;
	char got[8] = { 0 };
	int reader;

	CHECK_INT(mkfifo("fifo", 0600), 0);
	reader = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK_INT(atomicfile_open(&f, "fifo", &err), 0);
	put(&f, "piped");
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	CHECK_INT(read(reader, got, sizeof(got)), 5);
	CHECK_STR(got, "piped");
	CHECK(S_ISFIFO(mode_of("fifo")));
	close(reader);
	unlink("fifo");
	CHECK_INT(atomicfile_open(&f, "/dev/full", &err), 0);
	CHECK_INT(fdio_write(f.fd, "x", 1), -1);
	CHECK_INT(errno, ENOSPC);
	atomicfile_abort(&f);
	CHECK(S_ISCHR(mode_of("/dev/full")));
}

static void impossible_targets(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(atomicfile_open(&f, "no/such/file", &err), -1);
	CHECK_STR(err.message, "no/such/file: No such file or directory");
	CHECK_INT(atomicfile_open(&f, "/", &err), -1);
	CHECK_STR(err.message, "/: Is a directory");
	CHECK_INT(atomicfile_open(&f, "", &err), -1);
	atomicfile_abort(&f);
	CHECK_INT(scratch_count(), 0);
}

static void a_name_as_long_as_can_be(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	CHECK_INT(atomicfile_open(&f, name, &err), 0);
	put(&f, "x");
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	check_file(name, "x");
	unlink(name);
}

/* What is left of two long names next to the target is the same. */
static void two_names_as_long_as_can_be(void)
{
	struct atomicfile f = ATOMICFILE_INIT, g = ATOMICFILE_INIT;
	struct err err = ERR_INIT;
	char name[2][256];

	for (int i = 0; i < 2; i++) {
		memset(name[i], 'n', 255);
		name[i][254] = (char)('0' + i);
		name[i][255] = '\0';
	}
	CHECK_INT(atomicfile_open(&f, name[0], &err), 0);
	CHECK_INT(atomicfile_open(&g, name[1], &err), 0);
	put(&f, "first");
	put(&g, "second");
	CHECK_INT(atomicfile_commit(&g, &err), 0);
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	check_file(name[0], "first");
	check_file(name[1], "second");
	CHECK_INT(scratch_count(), 2);
	unlink(name[0]);
	unlink(name[1]);
}

/* Two outputs of one tool to one file would leave either's bytes under the other's success. */
static void one_target_twice_is_refused(void)
{
	struct atomicfile f = ATOMICFILE_INIT, g = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(atomicfile_open(&f, "both", &err), 0);
	CHECK_INT(atomicfile_open(&g, "./both", &err), -1);
	CHECK_STR(err.message, "./both: the output both is the same file");
	put(&f, "first");
	CHECK_INT(atomicfile_commit(&f, &err), 0);
	check_file("both", "first");
	CHECK_INT(atomicfile_open(&f, "both", &err), 0);
	CHECK_INT(atomicfile_open(&g, "./both", &err), -1);
	atomicfile_abort(&f);
	CHECK_INT(scratch_count(), 1);
	unlink("both");
}

struct death {
	int signal; /* 0: exit(3) */
	int ignored;
};

static void write_two_and_die(void *data)
{
	const struct death *death = data;
	static struct atomicfile f, g, committed;
	struct err err = ERR_INIT;

	if (death->ignored)
		signal(death->ignored, SIG_IGN);
	if (atomicfile_open(&f, "a", &err) || atomicfile_open(&g, "b", &err) ||
	    atomicfile_open(&committed, "c", &err) || atomicfile_commit(&committed, &err) ||
	    fdio_write(g.fd, "half", 4) || access("a", F_OK) || !access("b", F_OK))
		exit(9);
	if (death->ignored)
		raise(death->ignored);
	if (!death->signal)
		exit(3);
	raise(death->signal);
}

static void any_end_removes_what_is_uncommitted(void)
{
	static const int signals[] = { 0,       SIGHUP,  SIGINT,  SIGQUIT,
				       SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct death death = { signals[i], 0 };
		int status;

		scratch_write("a", "old", 3);
		status = scratch_child(write_two_and_die, &death);
		if (death.signal)
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == death.signal);
		else
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
		check_file("a", "old");
		check_file("c", "");
		CHECK_INT(scratch_count(), 2);
		unlink("a");
		unlink("c");
	}
}

static void an_ignored_signal_stays_ignored(void)
{
	struct death death = { 0, SIGHUP };
	int status;

	scratch_write("a", "old", 3);
	status = scratch_child(write_two_and_die, &death);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	unlink("a");
	unlink("c");
}

static void spill_files_have_no_name(void)
{
	struct err err = ERR_INIT;
	char got[6] = { 0 };
	int fd;

	CHECK_INT(setenv("TMPDIR", ".", 1), 0);
	fd = tempfile_open(&err);
	CHECK(fd >= 0);
	CHECK_INT(scratch_count(), 0);
	CHECK_INT(fdio_write(fd, "hello", 5), 0);
	CHECK_INT(pread(fd, got, 5, 0), 5);
	CHECK_STR(got, "hello");
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	CHECK_INT(setenv("TMPDIR", "no/such/folder", 1), 0);
	CHECK_INT(tempfile_open(&err), -1);
	CHECK(strstr(err.message, "no/such/folder"));
	CHECK_INT(setenv("TMPDIR", "", 1), 0);
	fd = tempfile_open(&err);
	CHECK(fd >= 0);
	close(fd);
	unsetenv("TMPDIR");
}

/* A pipe whose other side set O_NONBLOCK on it says EAGAIN when it is full: wait, do not fail. */
static void spill_files_are_read_back_from_anywhere(void)
{
	struct err err = ERR_INIT;
	struct buf pending = BUF_INIT;
	int fd = tempfile_open(&err);
	char got[4] = "";

	buf_append_str(&pending, "abcdefgh");
	CHECK_INT(tempfile_append(fd, &pending, &err), 0);
	buf_append_str(&pending, "ij");
	CHECK_INT(tempfile_read(fd, got, 3, 5, &err), 0);
	CHECK_STR(got, "fgh");
	CHECK_INT(tempfile_append(fd, &pending, &err), 0);
	CHECK_INT(tempfile_read(fd, got, 3, 7, &err), 0);
	CHECK_STR(got, "hij");
	CHECK_INT(tempfile_read(fd, got, 0, 10, &err), 0);
	CHECK_INT(tempfile_read(fd, got, 3, 8, &err), -1);
	CHECK_STR(err.message, "the temporary file is shorter than what was written to it");
	close(fd);
	CHECK_INT(tempfile_read(fd, got, 1, 0, &err), -1);
	CHECK_STR(err.message, "cannot read the temporary file: Bad file descriptor");
	buf_release(&pending);
}

static void a_full_nonblocking_pipe_is_waited_for(void)
{
	enum { N = 1 << 20 };
	char *bytes = mem_zalloc(N, 1);
	int ends[2], status;
	pid_t pid;

	CHECK_INT(pipe2(ends, O_NONBLOCK), 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ends[0]);
		memset(bytes, 'y', N);
		_exit(fdio_write(ends[1], bytes, N) ? errno : 0);
	}
	close(ends[1]);
	for (size_t total = 0;;) {
		ssize_t n = read(ends[0], bytes, 4096);

		if (n > 0)
			total += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			usleep(100);
		else {
			CHECK_INT(total, N);
			break;
		}
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	close(ends[0]);
	free(bytes);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(appears_at_the_commit);
	RUN(abort_leaves_the_old_file);
	RUN(permissions);
	RUN(a_link_stays_a_link);
	RUN(what_is_no_file_is_written_in_place);
	RUN(impossible_targets);
	RUN(a_name_as_long_as_can_be);
	RUN(two_names_as_long_as_can_be);
	RUN(one_target_twice_is_refused);
	RUN(any_end_removes_what_is_uncommitted);
	RUN(an_ignored_signal_stays_ignored);
	RUN(spill_files_have_no_name);
	RUN(spill_files_are_read_back_from_anywhere);
	RUN(a_full_nonblocking_pipe_is_waited_for);
	scratch_leave(dir);
	return CHECK_DONE();
}
