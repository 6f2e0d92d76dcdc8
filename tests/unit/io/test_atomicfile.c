#include "io/atomicfile.h"

#include "base/fdio.h"
#include "io/tempfile.h"
#include "scratch.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>

/* These stand in for the C library's: they count, and the next random numbers can be given. */
static int n_fsync, n_syncfs;
static const uint64_t *next_random;

int fsync(int fd)
{
	n_fsync++;
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int syncfs(int fd)
{
	n_syncfs++;
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

ssize_t getrandom(void *to, size_t n, unsigned flags);
ssize_t getrandom(void *to, size_t n, unsigned flags)
{
	if (!next_random)
		return syscall(SYS_getrandom, to, n, flags);
	memcpy(to, next_random++, n);
	return (ssize_t)n;
}

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

/* The steps of one file. */
static int commit(struct atomicfile *f, struct err *err)
{
	if (atomicfile_sync(f, err) || atomicfile_complete(f, err) || atomicfile_name(f, err))
		return -1;
	atomicfile_settle(f);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode;
}

static void appears_when_it_is_named(void)
{
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(atomicfile_open(&f, "new", true, &err), 0);
	put(&f, "fresh");
	CHECK(access("new", F_OK) != 0);
	CHECK_INT(commit(&f, &err), 0);
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
	CHECK_INT(atomicfile_open(&f, "old", true, &err), 0);
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

	CHECK_INT(atomicfile_open(&f, "new", true, &err), 0);
	CHECK_INT(commit(&f, &err), 0);
	CHECK_INT(mode_of("new"), S_IFREG | 0640);
	chmod("new", 0604);
	CHECK_INT(atomicfile_open(&f, "new", true, &err), 0);
	CHECK_INT(commit(&f, &err), 0);
	CHECK_INT(mode_of("new"), S_IFREG | 0604);
	chmod("new", 04755); /* whose it will be may be somebody else */
	CHECK_INT(atomicfile_open(&f, "new", true, &err), 0);
	CHECK_INT(commit(&f, &err), 0);
	CHECK_INT(mode_of("new"), S_IFREG | 0755);
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
	CHECK_INT(atomicfile_open(&f, "link", true, &err), 0);
	put(&f, "fresh");
	check_file("sub/target", "old");
	CHECK_INT(commit(&f, &err), 0);
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
	CHECK_INT(atomicfile_open(&f, "fifo", true, &err), 0);
	put(&f, "piped");
	CHECK_INT(commit(&f, &err), 0);
	CHECK_INT(read(reader, got, sizeof(got)), 5);
	CHECK_STR(got, "piped");
	CHECK(S_ISFIFO(mode_of("fifo")));
	close(reader);
	unlink("fifo");
	CHECK_INT(atomicfile_open(&f, "/dev/full", true, &err), 0);
	CHECK_INT(fdio_write(f.fd, "x", 1), -1);
	CHECK_INT(errno, ENOSPC);
	atomicfile_abort(&f);
	CHECK(S_ISCHR(mode_of("/dev/full")));
}

/* What a descriptor refers to is written on, by whatever name it is called. */
static void write_on_descriptors(void *data)
{
	static const char *const names[] = { "/dev/stdout", "/dev/stderr", "/dev/fd/2",
					     "/proc/self/fd/1" };
	int log = open(data, O_WRONLY | O_APPEND);

	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct atomicfile f;
		struct err err = ERR_INIT;

		if (atomicfile_open(&f, names[i], true, &err) || fdio_write(f.fd, "new ", 4) ||
		    commit(&f, &err))
			_exit(1);
	}
}

static void names_of_descriptors(void)
{
	char name[] = "log";

	scratch_write(name, "old ", 4);
	CHECK_INT(scratch_child(write_on_descriptors, name), 0);
	check_file(name, "old new new new new ");
	unlink(name);
	CHECK_INT(scratch_count(), 0);
}

static void impossible_targets(void)
{
	char far[2 * PATH_MAX] = "";
	struct atomicfile f = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(atomicfile_open(&f, "no/such/file", true, &err), -1);
	CHECK_STR(err.message, "no/such/file: No such file or directory");
	CHECK_INT(atomicfile_open(&f, "/", true, &err), -1);
	CHECK_STR(err.message, "/: Is a directory");
	CHECK_INT(atomicfile_open(&f, "", true, &err), -1);
	for (size_t i = 0; i < PATH_MAX; i += 2)
		memcpy(far + i, "./", 2);
	memcpy(far + PATH_MAX, "name", sizeof("name"));
	CHECK_INT(atomicfile_open(&f, far, true, &err), -1);
	CHECK_INT(errno, ENAMETOOLONG);
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
	CHECK_INT(atomicfile_open(&f, name, true, &err), 0);
	put(&f, "x");
	CHECK_INT(commit(&f, &err), 0);
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
	CHECK_INT(atomicfile_open(&f, name[0], true, &err), 0);
	CHECK_INT(atomicfile_open(&g, name[1], true, &err), 0);
	put(&f, "first");
	put(&g, "second");
	CHECK_INT(commit(&g, &err), 0);
	CHECK_INT(commit(&f, &err), 0);
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

	CHECK_INT(atomicfile_open(&f, "both", true, &err), 0);
	CHECK_INT(atomicfile_open(&g, "./both", true, &err), -1);
	CHECK_STR(err.message, "./both: the output both is the same file");
	put(&f, "first");
	CHECK_INT(commit(&f, &err), 0);
	check_file("both", "first");
	CHECK_INT(atomicfile_open(&f, "both", true, &err), 0);
	CHECK_INT(atomicfile_open(&g, "./both", true, &err), -1);
	atomicfile_abort(&f);
	CHECK_INT(scratch_count(), 1);
	unlink("both");
}

/* Opens, writes and completes the file. */
static void complete(struct atomicfile *f, const char *path, const char *text)
{
	struct err err = ERR_INIT;

	CHECK_INT(atomicfile_open(f, path, true, &err), 0);
	put(f, text);
	CHECK_INT(atomicfile_complete(f, &err), 0);
}

/* Whoever is named before one that cannot be is what it was. */
static void of_a_set_all_are_named_or_none(void)
{
	struct atomicfile f[3];
	struct err err = ERR_INIT;

	scratch_write("older", "old", 3);
	complete(&f[0], "older", "fresh");
	complete(&f[1], "new", "fresh");
	complete(&f[2], "folder", "fresh");
	CHECK_INT(mkdir("folder", 0700), 0);
	CHECK_INT(atomicfile_name(&f[0], &err), 0);
	CHECK_INT(atomicfile_name(&f[1], &err), 0);
	check_file("older", "fresh");
	check_file("new", "fresh");
	CHECK_INT(atomicfile_name(&f[2], &err), -1);
	CHECK(strstr(err.message, "/folder: Is a directory"));
	for (int i = 0; i < 3; i++)
		atomicfile_abort(&f[i]);
	check_file("older", "old");
	CHECK(access("new", F_OK) != 0);
	CHECK(S_ISDIR(mode_of("folder")));
	CHECK_INT(rmdir("folder"), 0);
	CHECK_INT(scratch_count(), 1);
	unlink("older");
}

/* What another process has put under the name since is not ours to take back. */
static void an_abort_leaves_the_files_of_others(void)
{
	struct atomicfile f;
	struct err err = ERR_INIT;

	complete(&f, "named", "ours");
	CHECK_INT(atomicfile_name(&f, &err), 0);
	scratch_write("other", "theirs", 6);
	CHECK_INT(rename("other", "named"), 0);
	atomicfile_abort(&f);
	check_file("named", "theirs");
	CHECK_INT(scratch_count(), 1);
	unlink("named");
}

/* The one file in the folder whose name ends in .tmp. */
static void find_temporary(char name[PATH_MAX])
{
	glob_t found;

	CHECK_INT(glob(".*.ce-????????????.tmp", 0, NULL, &found), 0);
	CHECK_INT(found.gl_pathc, 1);
	snprintf(name, PATH_MAX, "%s", found.gl_pathv[0]);
	globfree(&found);
}

static void a_replaced_temporary_gets_no_name(void)
{
	struct atomicfile f;
	struct err err = ERR_INIT;
	char name[PATH_MAX];

	complete(&f, "target", "ours");
	find_temporary(name);
	CHECK(!strncmp(name, ".target.ce-", 11));
	scratch_write("other", "theirs", 6);
	CHECK_INT(rename("other", name), 0);
	CHECK_INT(atomicfile_name(&f, &err), -1);
	CHECK(strstr(err.message, "/target: somebody has moved or replaced "));
	atomicfile_abort(&f);
	CHECK(access("target", F_OK) != 0);
	check_file(name, "theirs");
	CHECK_INT(scratch_count(), 1);
	unlink(name);
}

static void two_runs_have_two_temporaries(void)
{
	struct atomicfile f;
	char first[PATH_MAX], second[PATH_MAX];

	complete(&f, "target", "");
	find_temporary(first);
	atomicfile_abort(&f);
	complete(&f, "target", "");
	find_temporary(second);
	atomicfile_abort(&f);
	CHECK(strcmp(first, second) != 0);
}

/* Whoever has a file under the name that chance gave is left alone. */
static void a_temporary_that_is_there_is_not_touched(void)
{
	static const uint64_t numbers[] = { 0xabc, 0xabc, 0xdef };
	static const char *const theirs = ".target.ce-000000000abc.tmp";
	struct atomicfile f;
	struct err err = ERR_INIT;

	scratch_write(theirs, "theirs", 6);
	next_random = numbers;
	CHECK_INT(atomicfile_open(&f, "target", true, &err), 0);
	CHECK(next_random == numbers + 3);
	next_random = NULL;
	CHECK(!access(".target.ce-000000000def.tmp", F_OK));
	put(&f, "ours");
	CHECK_INT(commit(&f, &err), 0);
	check_file("target", "ours");
	check_file(theirs, "theirs");
	CHECK_INT(scratch_count(), 2);
	unlink("target");
	unlink(theirs);
}

static void file_and_folder_are_synced(void)
{
	struct err err = ERR_INIT;

	for (int sync = 0; sync < 2; sync++) {
		struct atomicfile f;

		n_fsync = n_syncfs = 0;
		CHECK_INT(atomicfile_make_folder("made", sync, &err), 0);
		CHECK_INT(n_fsync, sync);
		CHECK_INT(atomicfile_make_folder("made", sync, &err), 0);
		CHECK_INT(n_fsync, sync); /* it is there */
		CHECK_INT(atomicfile_open(&f, "made/file", sync, &err), 0);
		CHECK_INT(atomicfile_sync(&f, &err), 0);
		CHECK_INT(n_fsync, 2 * sync);
		CHECK_INT(atomicfile_complete(&f, &err), 0);
		CHECK_INT(atomicfile_name(&f, &err), 0);
		CHECK_INT(n_fsync, 3 * sync);
		atomicfile_settle(&f);
		CHECK_INT(n_fsync, 3 * sync);
		CHECK_INT(n_syncfs, 0);
		unlink("made/file");
		CHECK_INT(rmdir("made"), 0);
	}
}

static void write_into_an_unreadable_folder(void *unused)
{
	struct atomicfile f;
	struct err err = ERR_INIT;

	(void)unused;
	if (!geteuid() && (setgid(65534) || setuid(65534)))
		exit(9);
	CHECK_INT(open("unreadable", O_RDONLY), -1);
	n_fsync = 0;
	CHECK_INT(atomicfile_open(&f, "unreadable/file", true, &err), 0);
	put(&f, "whole");
	CHECK_INT(commit(&f, &err), 0);
	CHECK_INT(n_fsync, 1); /* of the file */
	CHECK_INT(n_syncfs, 1);
	CHECK_INT(atomicfile_make_folder("unreadable/made", true, &err), 0);
	CHECK_INT(n_syncfs, 2);
	check_file("unreadable/file", "whole");
	CHECK_STR(err.message, "");
	exit(!check_ok);
}

/* No name of a folder that cannot be opened can be synced alone. */
static void an_unreadable_folder_is_synced_with_its_file_system(void)
{
	CHECK_INT(chmod(".", 0711), 0);
	CHECK_INT(mkdir("unreadable", 0777), 0);
	if (!geteuid())
		CHECK_INT(chown("unreadable", 65534, 65534), 0);
	CHECK_INT(chmod("unreadable", 0300), 0);
	CHECK_INT(scratch_child(write_into_an_unreadable_folder, NULL), 0);
	CHECK_INT(chmod("unreadable", 0700), 0);
	CHECK(access("unreadable/made", F_OK) != 0); /* its end has removed it: it was empty */
	unlink("unreadable/file");
	CHECK_INT(rmdir("unreadable"), 0);
}

/* In a folder such as /tmp, a link of another user could make us write where he wants. */
static void a_strange_link_is_refused(void)
{
	const uid_t other = 65534;
	char far[PATH_MAX + 8];
	struct atomicfile f;
	struct err err = ERR_INIT;

	if (geteuid()) /* to give a link away, one must be root */
		return;
	CHECK_INT(mkdir("shared", 0777), 0);
	CHECK_INT(chmod("shared", 01777), 0);
	CHECK_INT(symlink("../aim", "shared/link"), 0);
	CHECK_INT(atomicfile_open(&f, "shared/link", true, &err), 0);
	atomicfile_abort(&f);
	CHECK_INT(lchown("shared/link", other, other), 0);
	for (int exists = 0; exists < 2; exists++) {
		CHECK_INT(atomicfile_open(&f, "shared/link", true, &err), -1);
		/* The kernel's own words, where it refuses before us. */
		CHECK(strstr(err.message, "shared/link: a symbolic link of another user in a "
					  "folder that all may write to") ||
		      strstr(err.message, "shared/link: Permission denied"));
		scratch_write("aim", "old", 3);
	}
	CHECK_INT(symlink("shared/link", "way"), 0); /* and a link of ours that leads there */
	CHECK_INT(symlink("way", "longer"), 0);
	CHECK_INT(atomicfile_open(&f, "longer", true, &err), -1);
	unlink("longer");
	CHECK(getcwd(far, PATH_MAX) != NULL);
	memcpy(far + strlen(far), "/way", sizeof("/way"));
	CHECK_INT(symlink(far, "longer"), 0);
	CHECK_INT(atomicfile_open(&f, "longer", true, &err), -1);
	unlink("longer");
	unlink("way");
	check_file("aim", "old");
	/* The folder's owner may, and in a folder that is no such one everybody. */
	CHECK_INT(chown("shared", other, other), 0);
	CHECK_INT(atomicfile_open(&f, "shared/link", true, &err), 0);
	atomicfile_abort(&f);
	CHECK_INT(chown("shared", 0, 0), 0);
	CHECK_INT(chmod("shared", 0777), 0);
	CHECK_INT(atomicfile_open(&f, "shared/link", true, &err), 0);
	atomicfile_abort(&f);
	unlink("shared/link");
	unlink("aim");
	CHECK_INT(rmdir("shared"), 0);
}

struct death {
	int signal; /* 0: exit(3) */
	int ignored;
};

static void write_two_and_die(void *data)
{
	const struct death *death = data;
	static struct atomicfile f, g, named, settled;
	struct err err = ERR_INIT;

	if (death->ignored)
		signal(death->ignored, SIG_IGN);
	if (atomicfile_open(&f, "a", true, &err) || atomicfile_open(&g, "b", true, &err) ||
	    atomicfile_open(&settled, "c", true, &err) || commit(&settled, &err) ||
	    atomicfile_open(&named, "d", true, &err) || atomicfile_complete(&named, &err) ||
	    atomicfile_name(&named, &err) || access("d", F_OK) || fdio_write(g.fd, "half", 4) ||
	    access("a", F_OK) || !access("b", F_OK))
		exit(9);
	if (death->ignored)
		raise(death->ignored);
	if (!death->signal)
		exit(3);
	raise(death->signal);
}

static void any_end_undoes_what_is_not_settled(void)
{
	static const int signals[] = { 0,       SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGTERM,
				       SIGXCPU, SIGXFSZ, SIGUSR1, SIGALRM, SIGIO };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct death death = { signals[i], 0 };
		int status;

		scratch_write("a", "old", 3);
		if (i % 2)
			scratch_write("d", "older", 5);
		status = scratch_child(write_two_and_die, &death);
		if (death.signal)
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == death.signal);
		else
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
		check_file("a", "old");
		check_file("c", "");
		if (i % 2)
			check_file("d", "older");
		CHECK_INT(scratch_count(), i % 2 ? 3 : 2);
		unlink("a");
		unlink("d");
		unlink("c");
	}
}

static void make_folders_and_die(void *data)
{
	const struct death *death = data;
	static struct atomicfile f, settled;
	struct err err = ERR_INIT;

	if (atomicfile_make_folder("older", true, &err) ||
	    atomicfile_make_folder("empty", true, &err) ||
	    atomicfile_make_folder("empty/within", true, &err) ||
	    atomicfile_make_folder("replaced", true, &err) ||
	    atomicfile_make_folder("used", true, &err) ||
	    atomicfile_open(&f, "empty/within/a", true, &err) ||
	    atomicfile_open(&settled, "used/a", true, &err) || commit(&settled, &err) ||
	    rename("replaced", "moved") || mkdir("replaced", 0777))
		exit(9);
	if (!death->signal)
		exit(3);
	raise(death->signal);
}

/* And only those that this process has made. */
static void any_end_removes_folders_that_are_left_empty(void)
{
	for (int sig = 0; sig <= SIGTERM; sig += SIGTERM) {
		struct death death = { sig, 0 };

		CHECK_INT(mkdir("older", 0777), 0);
		CHECK_INT(scratch_child(make_folders_and_die, &death), sig ? sig : 3 << 8);
		CHECK(access("empty", F_OK) != 0);
		check_file("used/a", "");
		CHECK_INT(scratch_count(), 4);
		unlink("used/a");
		CHECK_INT(rmdir("used") | rmdir("older") | rmdir("moved") | rmdir("replaced"), 0);
	}
}

static const char *const folder_files[] = { "a", "b", NULL };

/* Opens a folder and puts its files there. */
static void fill(struct atomicfile *f, const char *path, const char *text)
{
	struct err err = ERR_INIT;
	char name[PATH_MAX];

	CHECK_INT(atomicfile_open_folder(f, path, folder_files, true, &err), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s/%s", atomicfile_folder(f), folder_files[i]);
		scratch_write(name, text, strlen(text));
	}
}

/* It has its name by one rename: before that there is nothing, or the older one, whole. */
static void a_folder_is_named_whole(void)
{
	for (int has_older = 0; has_older < 2; has_older++) {
		struct atomicfile f;
		struct err err = ERR_INIT;

		fill(&f, has_older ? "folder/" : "folder", has_older ? "new" : "old");
		CHECK(!atomicfile_is_in_place(&f));
		if (has_older)
			check_file("folder/a", "old");
		else
			CHECK(access("folder", F_OK) != 0);
		CHECK_INT(atomicfile_name(&f, &err), 0);
		check_file("folder/a", has_older ? "new" : "old");
		check_file("folder/b", has_older ? "new" : "old");
		/* The older one has the temporary name until it is settled. */
		CHECK_INT(scratch_count(), 1 + has_older);
		atomicfile_settle(&f);
		CHECK_INT(scratch_count(), 1);
	}
	unlink("folder/a");
	unlink("folder/b");
	CHECK_INT(rmdir("folder"), 0);
}

/* However far it has come; the older one is as it was, or there is none. */
static void an_aborted_folder_is_removed(void)
{
	for (int i = 0; i < 4; i++) {
		bool has_older = i & 1, is_named = i & 2;
		struct atomicfile f;
		struct err err = ERR_INIT;

		if (has_older) {
			CHECK_INT(mkdir("folder", 0777), 0);
			scratch_write("folder/b", "old", 3);
		}
		fill(&f, "folder", "new");
		if (is_named)
			CHECK_INT(atomicfile_name(&f, &err), 0);
		atomicfile_abort(&f);
		CHECK_INT(scratch_count(), has_older);
		if (!has_older)
			continue;
		check_file("folder/b", "old");
		unlink("folder/b");
		CHECK_INT(rmdir("folder"), 0); /* nothing else is in it */
	}
}

/* Nothing of somebody else's is taken away with the older one. */
static void a_folder_that_cannot_be_replaced(void)
{
	struct atomicfile f = ATOMICFILE_INIT, g = ATOMICFILE_INIT;
	struct err err = ERR_INIT;

	scratch_write("file", "x", 1);
	CHECK_INT(atomicfile_open_folder(&f, "file", folder_files, true, &err), -1);
	CHECK_STR(err.message, "file: Not a directory");
	CHECK_INT(atomicfile_open_folder(&f, "no/such", folder_files, true, &err), -1);
	CHECK_STR(err.message, "no/such: No such file or directory");
	CHECK_INT(mkdir("folder", 0777), 0);
	scratch_write("folder/a", "x", 1);
	scratch_write("folder/c", "x", 1);
	CHECK_INT(atomicfile_open_folder(&f, "folder", folder_files, true, &err), -1);
	CHECK_STR(err.message, "folder: not replaced, for it holds what is not of its kind: 'c'");
	unlink("folder/c");
	CHECK_INT(mkdir("folder/.c", 0777), 0);
	CHECK_INT(atomicfile_open_folder(&f, "folder", folder_files, true, &err), -1);
	CHECK(strstr(err.message, "'.c'"));
	CHECK_INT(rmdir("folder/.c"), 0);
	CHECK_INT(atomicfile_open_folder(&f, "folder", folder_files, true, &err), 0);
	CHECK_INT(atomicfile_open_folder(&g, "./folder/", folder_files, true, &err), -1);
	CHECK_STR(err.message, "./folder/: the output folder is the same file");
	/* Nor does it take the place of a file that has come since. */
	unlink("folder/a");
	CHECK_INT(rmdir("folder") | rename("file", "folder"), 0);
	CHECK_INT(atomicfile_name(&f, &err), -1);
	CHECK(strstr(err.message, "/folder: Not a directory"));
	atomicfile_abort(&f);
	check_file("folder", "x");
	CHECK_INT(scratch_count(), 1);
	unlink("folder");
}

static void fill_folders_and_die(void *data)
{
	const struct death *death = data;
	static struct atomicfile f, g, named, settled;
	struct err err = ERR_INIT;

	fill(&f, "a", "new");
	fill(&g, "b", "new");
	fill(&settled, "c", "new");
	fill(&named, "d", "new");
	if (!check_ok || atomicfile_name(&settled, &err) || atomicfile_name(&named, &err))
		exit(9);
	atomicfile_settle(&settled);
	if (!death->signal)
		exit(3);
	raise(death->signal);
}

static void any_end_undoes_a_folder_that_is_not_settled(void)
{
	for (int sig = 0; sig <= SIGTERM; sig += SIGTERM) {
		struct death death = { sig, 0 };

		CHECK_INT(mkdir("a", 0777) | mkdir("d", 0777), 0);
		scratch_write("a/a", "old", 3);
		scratch_write("d/a", "old", 3);
		CHECK_INT(scratch_child(fill_folders_and_die, &death), sig ? sig : 3 << 8);
		CHECK_INT(scratch_count(), 3);
		check_file("a/a", "old");
		check_file("c/b", "new");
		check_file("d/a", "old");
		unlink("a/a");
		unlink("d/a");
		unlink("c/a");
		unlink("c/b");
		CHECK_INT(rmdir("a") | rmdir("c") | rmdir("d"), 0);
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
	RUN(appears_when_it_is_named);
	RUN(abort_leaves_the_old_file);
	RUN(permissions);
	RUN(a_link_stays_a_link);
	RUN(what_is_no_file_is_written_in_place);
	RUN(names_of_descriptors);
	RUN(impossible_targets);
	RUN(a_name_as_long_as_can_be);
	RUN(two_names_as_long_as_can_be);
	RUN(one_target_twice_is_refused);
	RUN(of_a_set_all_are_named_or_none);
	RUN(an_abort_leaves_the_files_of_others);
	RUN(a_replaced_temporary_gets_no_name);
	RUN(two_runs_have_two_temporaries);
	RUN(a_temporary_that_is_there_is_not_touched);
	RUN(file_and_folder_are_synced);
	RUN(an_unreadable_folder_is_synced_with_its_file_system);
	RUN(a_strange_link_is_refused);
	RUN(any_end_undoes_what_is_not_settled);
	RUN(any_end_removes_folders_that_are_left_empty);
	RUN(a_folder_is_named_whole);
	RUN(an_aborted_folder_is_removed);
	RUN(a_folder_that_cannot_be_replaced);
	RUN(any_end_undoes_a_folder_that_is_not_settled);
	RUN(an_ignored_signal_stays_ignored);
	RUN(spill_files_have_no_name);
	RUN(spill_files_are_read_back_from_anywhere);
	RUN(a_full_nonblocking_pipe_is_waited_for);
	scratch_leave(dir);
	return CHECK_DONE();
}
