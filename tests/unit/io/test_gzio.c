#include "io/gzio.h"

#include "base/buf.h"
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <zlib.h>

/*
 * These stand in for the C library's. While there is a trace, each adds a line: what it does, to
 * which file, by its name to be, and whether SIGTERM is held meanwhile.
 */
static struct buf *trace;

static void did(const char *call, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	sigset_t mask;

	if (!trace)
		return;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	buf_printf(trace, "%s %.*s%s\n", call, (int)strcspn(name + (*name == '.'), ":."),
		   name + (*name == '.'), sigismember(&mask, SIGTERM) ? ", held" : "");
}

static void did_fd(const char *call, int fd)
{
	char link[32], aim[PATH_MAX] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (trace && readlink(link, aim, sizeof(aim) - 1) > 0)
		did(call, aim);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	did_fd("write", fd);
	return syscall(SYS_write, fd, buf, n);
}

int close(int fd)
{
	did_fd("close", fd);
	return (int)syscall(SYS_close, fd);
}

int fsync(int fd)
{
	did_fd("sync", fd);
	return 0;
}

int poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	did("wait for", "room");
	return (int)syscall(SYS_poll, fds, nfds, timeout);
}

int renameat2(int oldfd, const char *old, int newfd, const char *new, unsigned flags)
{
	did("name", new);
	return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, flags);
}

int rename(const char *old, const char *new)
{
	return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

int unlink(const char *name)
{
	did("remove", name);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}

/* Appends a gzip member that holds the text, as zlib makes it. */
static void add_member(struct buf *b, const char *text, size_t n, int level)
{
	z_stream z = { 0 };

	if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(1);
	z.next_in = (unsigned char *)mem_dup(text, n);
	z.avail_in = (uInt)n;
	z.next_out = (unsigned char *)buf_reserve(b, n + 1000);
	z.avail_out = (uInt)n + 1000;
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += z.total_out;
	free((void *)(z.next_in - n));
	deflateEnd(&z);
}

/* Appends the member that a writer makes of the text at level 0. */
static void add_literal(struct buf *b, const char *text, size_t n)
{
	struct gz_output output = { "member", 0, false, 0, false };
	struct gz_writer w = GZ_WRITER_INIT;
	struct err err = ERR_INIT;
	size_t len;
	char *member;

	CHECK_INT(gz_writer_open(&w, &output, &err), 0);
	CHECK_INT(gz_writer_write(&w, text, n, &err), 0);
	CHECK_INT(gz_writer_close(&w, &err), 0);
	member = scratch_read("member", &len);
	buf_append(b, member, len);
	free(member);
	unlink("member");
}

/* All that a reader gives of the file, n bytes a call; returns the last call's 0 or -1. */
static ptrdiff_t slurp_by(int threads, const char *path, size_t n, struct buf *text,
			  struct err *err)
{
	struct gz_reader r = GZ_READER_INIT;
	ptrdiff_t got;

	buf_clear(text);
	if (gz_reader_open(&r, path, threads, err))
		return -1;
	while ((got = gz_reader_read(&r, buf_reserve(text, n), n, err)) > 0)
		text->len += (size_t)got;
	/* The end stays the end. */
	if (!got)
		CHECK_INT(gz_reader_read(&r, buf_reserve(text, n), n, err), 0);
	gz_reader_close(&r);
	gz_reader_close(&r);
	return got;
}

static ptrdiff_t slurp(const char *path, size_t n, struct buf *text, struct err *err)
{
	return slurp_by(0, path, n, text, err);
}

static void check_reads(const struct buf *file, const char *want, size_t n)
{
	static const size_t pieces[] = { 1, 7, 65536 };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	scratch_write("in", file->data, file->len);
	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(slurp("in", pieces[i], &text, &err), 0);
		CHECK(text.len == n && (!n || !memcmp(text.data, want, n)));
	}
	CHECK_INT(err.kind, ERR_NONE);
	buf_release(&text);
}

/* The reader fails, with the words in its message. */
static void check_refuses(const struct buf *file, const char *words)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	scratch_write("in", file->data, file->len);
	CHECK_INT(slurp("in", 4096, &text, &err), -1);
	if (!strstr(err.message, words))
		CHECK_FAIL("'%s' does not say '%s'", err.message, words);
	CHECK(!strncmp(err.message, "in: ", 4));
	buf_release(&text);
}

static const char sample[] = "event_id,event_ts\ne1,1649400000000\ne2,1649400000001\n"
			     "e3\xc3\xa9,1649400000001\ne4,1649400000001\ne5,1649400000001\n";
#define SAMPLE_LEN (sizeof(sample) - 1)

static void plain_text(void)
{
	struct buf file = BUF_INIT;

	buf_append(&file, "x", 1);
	check_reads(&file, "x", 1);
	buf_append(&file, sample, SAMPLE_LEN);
	check_reads(&file, file.data, file.len);
	buf_clear(&file);
	buf_append(&file, "\x1f\x8a", 2);
	check_reads(&file, "\x1f\x8a", 2);
	buf_clear(&file);
	for (int i = 0; i < 300000; i++)
		buf_append_char(&file, (char)('a' + i % 26));
	check_reads(&file, file.data, file.len);
	buf_release(&file);
}

static void no_bytes_at_all(void)
{
	struct buf file = BUF_INIT;

	buf_reserve(&file, 1);
	check_refuses(&file, "zero bytes");
	buf_release(&file);
}

static void no_such_file(void)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(slurp("absent", 1, &text, &err), -1);
	CHECK_STR(err.message, "absent: No such file or directory");
	CHECK_INT(slurp("/", 1, &text, &err), -1);
	CHECK_STR(err.message, "/: Is a directory");
	buf_release(&text);
}

static void members(void)
{
	struct buf file = BUF_INIT, want = BUF_INIT;

	for (int i = 0; i < 60; i++) {
		if (i % 5 > 2)
			add_literal(&file, sample, i % 3 ? SAMPLE_LEN : 0);
		else
			add_member(&file, sample, i % 3 ? SAMPLE_LEN : 0, i % 10);
		buf_append(&want, sample, i % 3 ? SAMPLE_LEN : 0);
		if (i % 20 == 0)
			check_reads(&file, want.data, want.len);
	}
	check_reads(&file, want.data, want.len);
	buf_release(&file);
	buf_release(&want);
}

static void a_cut_anywhere_is_noticed(void)
{
	struct buf file = BUF_INIT;
	size_t whole = 0, first;

	for (int kind = 0; kind < 8; kind++) {
		buf_clear(&file);
		for (int member = 0; member < 2; member++) {
			first = whole;
			if (kind & 1 << member)
				add_literal(&file, sample, SAMPLE_LEN);
			else
				add_member(&file, sample, SAMPLE_LEN, kind);
			whole = file.len;
		}
		for (file.len = 1; file.len < whole; file.len++)
			if (file.len != first) /* a shorter file, but a whole one */
				check_refuses(&file, "truncated gzip stream");
	}
	buf_release(&file);
}

/* Whatever bit is flipped: an error, or the same bytes (a bit of the header that says nothing). */
static void a_flipped_bit_never_changes_the_text(void)
{
	struct buf file = BUF_INIT, text = BUF_INIT;
	struct err err = ERR_INIT;

	for (int is_literal = 0; is_literal < 2; is_literal++) {
		size_t refused = 0, n_header = 10;

		buf_clear(&file);
		if (is_literal)
			add_literal(&file, sample, SAMPLE_LEN);
		else
			add_member(&file, sample, SAMPLE_LEN, 6);
		if (is_literal)
			n_header += strlen(file.data + n_header) + 1; /* and 7 unused bits, later */
		for (size_t bit = 0; bit < file.len * 8; bit++) {
			file.data[bit / 8] ^= (char)(1 << bit % 8);
			scratch_write("in", file.data, file.len);
			if (bit >= 16 && !slurp("in", 100, &text, &err))
				CHECK(text.len == SAMPLE_LEN &&
				      !memcmp(text.data, sample, SAMPLE_LEN));
			else
				refused++;
			file.data[bit / 8] ^= (char)(1 << bit % 8);
		}
		CHECK(refused > (file.len - n_header) * 8 - 8);
	}
	buf_release(&file);
	buf_release(&text);
}

/* What says that it is of a writer's, and is not, is damaged; what says more than that is not of
 * it. */
static void other_streams_under_our_comment(void)
{
	struct buf ours = BUF_INIT, member = BUF_INIT, file = BUF_INIT;
	size_t n_header;

	add_literal(&ours, sample, SAMPLE_LEN);
	n_header = 10 + strlen(ours.data + 10) + 1;
	for (int level = 0; level < 2; level++) {
		buf_clear(&member);
		add_member(&member, sample, SAMPLE_LEN, level);
		buf_clear(&file);
		buf_append(&file, ours.data, n_header);
		buf_append(&file, member.data + 10, member.len - 10);
		check_refuses(&file, "damaged gzip stream near byte");
		file.data[12] ^= 1; /* of the comment */
		check_reads(&file, sample, SAMPLE_LEN);
		buf_clear(&file);
		buf_append(&file, ours.data, 10);
		file.data[3] |= 8;
		buf_append(&file, "name", 5);
		buf_append(&file, ours.data + 10, n_header - 10);
		buf_append(&file, member.data + 10, member.len - 10);
		check_reads(&file, sample, SAMPLE_LEN);
	}
	buf_release(&ours);
	buf_release(&member);
	buf_release(&file);
}

static void a_bad_trailer_is_named(void)
{
	struct buf file = BUF_INIT;

	for (int is_literal = 0; is_literal < 2; is_literal++) {
		buf_clear(&file);
		if (is_literal)
			add_literal(&file, sample, SAMPLE_LEN);
		else
			add_member(&file, sample, SAMPLE_LEN, 1);
		file.data[file.len - 8] ^= 1;
		check_refuses(&file, "incorrect data check");
		file.data[file.len - 8] ^= 1;
		file.data[file.len - 1] ^= 1;
		check_refuses(&file, "incorrect length check");
	}
	buf_release(&file);
}

static void check_what_follows(const struct buf *member)
{
	struct buf file = BUF_INIT;
	size_t whole = member->len;

	buf_append(&file, member->data, whole);
	for (size_t zeros = 1; zeros < 400000; zeros = zeros * 5 + 1) {
		while (file.len < whole + zeros)
			buf_append_char(&file, '\0');
		check_reads(&file, sample, SAMPLE_LEN);
	}
	buf_append_char(&file, 'x');
	check_refuses(&file, "trailing bytes after the gzip stream");
	file.len = whole + 1;
	add_member(&file, sample, SAMPLE_LEN, 1);
	check_refuses(&file, "trailing bytes after the gzip stream");
	file.len = whole;
	buf_append_str(&file, "garbage");
	check_refuses(&file, "trailing bytes after the gzip stream");
	file.len = whole;
	buf_append_str(&file, "\x1f text");
	check_refuses(&file, "incorrect header");
	file.len = whole;
	buf_append_str(&file, "\n");
	check_refuses(&file, "trailing bytes after the gzip stream");
	file.len = whole;
	buf_append(&file, "\x1f\x8b", 2);
	check_refuses(&file, "truncated gzip stream");
	buf_append_str(&file, "not a member at all");
	check_refuses(&file, "damaged gzip stream");
	buf_release(&file);
}

static void what_follows_the_last_member(void)
{
	struct buf member = BUF_INIT;

	add_member(&member, sample, SAMPLE_LEN, 1);
	check_what_follows(&member);
	buf_clear(&member);
	add_literal(&member, sample, SAMPLE_LEN);
	check_what_follows(&member);
	buf_release(&member);
}

static void headers_with_every_field(void)
{
	static const char head[] =
		"\x1f\x8b\x08\x1c\x01\x02\x03\x04\x00\x03" /* FEXTRA|FNAME|FCOMMENT */
		"\x03\x00"
		"abc"
		"name\0"
		"comment";
	struct buf member = BUF_INIT, file = BUF_INIT;

	add_member(&member, sample, SAMPLE_LEN, 1);
	buf_append(&file, head, sizeof(head)); /* with the NUL of the comment */
	buf_append(&file, member.data + 10, member.len - 10);
	check_reads(&file, sample, SAMPLE_LEN);
	for (size_t cut = 2; cut < sizeof(head); cut++) {
		file.len = cut;
		check_refuses(&file, "truncated gzip stream");
	}
	buf_release(&member);
	buf_release(&file);
}

/* A long input, which a thread reads ahead: the same bytes, and the same verdicts at its end. */
static void a_thread_ahead_reads_the_same(void)
{
	struct buf file = BUF_INIT, want = BUF_INIT, text = BUF_INIT;
	struct err err = ERR_INIT;
	struct gz_reader r = GZ_READER_INIT;
	uint64_t random = 1;
	char row[64];

	for (int member = 0; member < 3; member++) {
		size_t start = want.len;

		while (want.len - start < 1500000)
			buf_append(&want, row,
				   (size_t)snprintf(row, sizeof(row), "%zu,%zu\n", want.len,
						    scratch_below(&random, 100000)));
		add_member(&file, want.data + start, want.len - start, 1);
	}
	scratch_write("in", file.data, file.len);
	for (int threads = 1; threads < 3; threads++) {
		CHECK_INT(slurp_by(threads, "in", 70000, &text, &err), 0);
		CHECK(text.len == want.len && !memcmp(text.data, want.data, text.len));
	}
	CHECK_INT(err.kind, ERR_NONE);
	scratch_write("in", file.data, file.len - 3);
	CHECK_INT(slurp_by(2, "in", 70000, &text, &err), -1);
	CHECK(strstr(err.message, "in: truncated gzip stream"));
	file.data[file.len - 8] ^= 1;
	scratch_write("in", file.data, file.len);
	CHECK_INT(slurp_by(2, "in", 70000, &text, &err), -1);
	CHECK(strstr(err.message, "incorrect data check"));
	/* Closed in the middle. */
	CHECK_INT(gz_reader_open(&r, "in", 2, &err), 0);
	for (int i = 0; i < 20; i++)
		CHECK(gz_reader_read(&r, buf_reserve(&text, 100000), 100000, &err) > 0);
	CHECK(r.ahead);
	gz_reader_close(&r);
	buf_release(&file);
	buf_release(&want);
	buf_release(&text);
}

/* A writer at the other end of a pipe that gives one byte at a time. */
static void pipes_of_single_bytes(void)
{
	for (int kind = 0; kind < 5; kind++) {
		struct buf file = BUF_INIT, text = BUF_INIT;
		struct err err = ERR_INIT;
		int ends[2], status, saved = dup(STDIN_FILENO);
		size_t cut = kind == 2 || kind == 4;
		pid_t pid;

		if (kind > 2)
			add_literal(&file, sample, SAMPLE_LEN);
		else if (kind)
			add_member(&file, sample, SAMPLE_LEN, 6);
		else
			buf_append(&file, sample, SAMPLE_LEN);
		CHECK_INT(pipe2(ends, kind ? 0 : O_NONBLOCK), 0);
		fflush(stdout);
		pid = fork();
		if (!pid) {
			for (size_t i = 0; i < file.len - cut; i++) {
				if (write(ends[1], file.data + i, 1) != 1)
					_exit(1);
				usleep(50);
			}
			_exit(0);
		}
		close(ends[1]);
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		CHECK_INT(slurp(kind ? "-" : NULL, 1000, &text, &err), cut ? -1 : 0);
		if (cut)
			CHECK(strstr(err.message, "stdin: truncated"));
		else
			CHECK(text.len == SAMPLE_LEN && !memcmp(text.data, sample, text.len));
		dup2(saved, STDIN_FILENO);
		close(saved);
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
		buf_release(&file);
		buf_release(&text);
	}
}

/* Writes the bytes in random pieces. */
static void write_file(const char *path, const struct buf *bytes, int level, bool plain)
{
	struct gz_output output = { path, level, plain, 0, false };
	struct gz_writer w = GZ_WRITER_INIT;
	struct err err = ERR_INIT;
	uint64_t random = 1;

	CHECK_INT(gz_writer_open(&w, &output, &err), 0);
	for (size_t at = 0; at < bytes->len;) {
		size_t n = scratch_below(&random, 100000);

		if (n > bytes->len - at)
			n = bytes->len - at;
		CHECK_INT(gz_writer_write(&w, bytes->data + at, n, &err), 0);
		at += n;
	}
	CHECK(access(path, F_OK) != 0);
	if (level & 1)
		CHECK_INT(gz_writer_complete(&w, &err), 0);
	CHECK_INT(gz_writer_close(&w, &err), 0);
	gz_writer_abort(&w);
}

static void writer_and_reader_agree(void)
{
	static const size_t sizes[] = { 0, 1, 1000, 131071, 131072, 131073, 1000000 };
	struct buf bytes = BUF_INIT, text = BUF_INIT;
	struct err err = ERR_INIT;
	uint64_t random = 2;

	buf_reserve(&bytes, 1);
	buf_reserve(&text, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n, plain_n;
		char *file, *plain;

		while (bytes.len < sizes[i])
			buf_append_char(&bytes,
					(char)(scratch_random(&random) & (i & 1 ? 255 : 3)));
		for (int level = GZ_LEVEL_DEFAULT; level <= 9; level++) {
			write_file("out", &bytes, level, false);
			CHECK_INT(slurp("out", 65536, &text, &err), 0);
			CHECK(text.len == bytes.len);
			CHECK(!memcmp(text.data, bytes.data, text.len));
			CHECK_INT(system("gzip -t <out"), 0);
			file = scratch_read("out", &n);
			/* No time, the operating system 3: nothing of this run. A comment at 0. */
			CHECK(n >= 18 && !memcmp(file, "\x1f\x8b\x08", 3));
			CHECK_INT(file[3], level ? 0 : 16);
			CHECK(!memcmp(file + 4, "\0\0\0\0", 4) && file[9] == 3);
			if (!level)
				CHECK(!strncmp(file + 10, "ce: gzip-compressed CSV; use gzip -dc",
					       37));
			free(file);
			unlink("out");
		}
		write_file("out", &bytes, 0, true);
		plain = scratch_read("out", &plain_n);
		CHECK(plain_n == bytes.len && (!plain_n || !memcmp(plain, bytes.data, plain_n)));
		free(plain);
		unlink("out");
	}
	buf_release(&bytes);
	buf_release(&text);
}

/* At level 0 the stream depends on its bytes alone. */
static void pieces_change_nothing(void)
{
	struct buf bytes = BUF_INIT, want = BUF_INIT;
	uint64_t random = 3;
	size_t n;
	char *file;

	for (int i = 0; i < 400000; i++)
		buf_append_char(&bytes, (char)(scratch_below(&random, 100) ? 'a' + i % 26 : 0xe9));
	add_literal(&want, bytes.data, bytes.len);
	write_file("out", &bytes, 0, false);
	file = scratch_read("out", &n);
	CHECK(n == want.len && !memcmp(file, want.data, n));
	free(file);
	unlink("out");
	check_reads(&want, bytes.data, bytes.len);
	buf_release(&bytes);
	buf_release(&want);
}

/* After a flush the end of the stream is missing, and else nothing that takes room on a disk. */
static void a_flush_leaves_the_end(void)
{
	for (int level = 0; level < 2; level++) {
		struct gz_output output = { "/dev/stdout", level, false, 0, false };
		struct gz_writer w = GZ_WRITER_INIT;
		struct err err = ERR_INIT;
		/* A name of its own: what this process has read it does not write. */
		const char *name = level ? "flushed1" : "flushed0";
		int saved = dup(STDOUT_FILENO);
		int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		struct stat flushed, whole;
		struct buf file = BUF_INIT;
		char *bytes;

		fflush(stdout);
		dup2(fd, STDOUT_FILENO);
		close(fd);
		CHECK_INT(gz_writer_open(&w, &output, &err), 0);
		CHECK_INT(gz_writer_write(&w, sample, SAMPLE_LEN, &err), 0);
		CHECK_INT(gz_writer_complete(&w, &err), 0);
		CHECK_INT(stat(name, &flushed), 0);
		CHECK_INT(gz_writer_close(&w, &err), 0);
		CHECK_INT(stat(name, &whole), 0);
		dup2(saved, STDOUT_FILENO);
		close(saved);
		CHECK(whole.st_size > flushed.st_size && whole.st_size - flushed.st_size <= 11);
		bytes = scratch_read(name, &file.len);
		file.data = bytes;
		file.cap = file.len + 1;
		check_reads(&file, sample, SAMPLE_LEN);
		file.len = (size_t)flushed.st_size;
		check_refuses(&file, "truncated gzip stream");
		buf_release(&file);
		unlink(name);
	}
}

static void a_table_gets_its_file(void)
{
	struct gz_output output = GZ_OUTPUT_INIT;
	struct err err = ERR_INIT;
	char *path = gz_output_table(&output, "tables", "t", &err);

	CHECK_STR(path, "tables/t.csv.gz");
	CHECK(output.path == path);
	CHECK_INT(access("tables", W_OK), 0);
	free(path);
	output.plain = true;
	path = gz_output_table(&output, "tables", "t", &err); /* it is there already */
	CHECK_STR(path, "tables/t.csv");
	free(path);
	CHECK_INT(err.kind, ERR_NONE);
	CHECK(!gz_output_table(&output, "tables", "../t", &err));
	CHECK(strstr(err.message, "'../t'"));
	CHECK(!gz_output_table(&output, "no/folder", "t", &err));
	CHECK_STR(err.message, "no/folder: No such file or directory");
	CHECK_INT(rmdir("tables"), 0);
}

static void a_table_has_one_file(void)
{
	struct err err = ERR_INIT;
	char *path;

	CHECK_INT(mkdir("tables", 0777), 0);
	CHECK(!gz_input_table("tables", "t", &err));
	CHECK_STR(err.message, "neither tables/t.csv.gz nor tables/t.csv is there");
	scratch_write("tables/t.csv", "a\n", 2);
	path = gz_input_table("tables", "t", &err);
	CHECK_STR(path, "tables/t.csv");
	free(path);
	scratch_write("tables/t.csv.gz", "a\n", 2);
	CHECK(!gz_input_table("tables", "t", &err));
	CHECK_STR(err.message,
		  "tables/t.csv.gz and tables/t.csv are both there: remove one of them");
	CHECK_INT(unlink("tables/t.csv"), 0);
	path = gz_input_table("tables", "t", &err);
	CHECK_STR(path, "tables/t.csv.gz");
	free(path);
	CHECK(!gz_input_table("tables", "../tables/t", &err));
	CHECK(strstr(err.message, "not usable as a file name"));
	CHECK_INT(unlink("tables/t.csv.gz"), 0);
	/* What cannot be looked at is not taken for absent. */
	scratch_write("tables/t.csv", "a\n", 2);
	CHECK_INT(symlink("t.csv.gz", "tables/t.csv.gz"), 0);
	CHECK(!gz_input_table("tables", "t", &err));
	CHECK_STR(err.message, "tables/t.csv.gz: Too many levels of symbolic links");
	CHECK_INT(unlink("tables/t.csv.gz"), 0);
	CHECK_INT(unlink("tables/t.csv"), 0);
	CHECK_INT(rmdir("tables"), 0);
}

static void an_aborted_writer_leaves_nothing(void)
{
	struct gz_output output = { "out", 1, false, 0, false };
	struct gz_writer w = GZ_WRITER_INIT;
	struct err err = ERR_INIT;

	unlink("in");
	CHECK_INT(gz_writer_open(&w, &output, &err), 0);
	CHECK_INT(gz_writer_write(&w, sample, SAMPLE_LEN, &err), 0);
	CHECK_INT(gz_writer_complete(&w, &err), 0);
	gz_writer_abort(&w);
	gz_writer_abort(&w);
	CHECK_INT(scratch_count(), 0);
	output.path = "no/such/folder/out";
	CHECK_INT(gz_writer_open(&w, &output, &err), -1);
	CHECK_STR(err.message, "no/such/folder/out: No such file or directory");
}

/* A folder and what is written besides have their names together, or neither has. */
static void a_folder_goes_with_the_other_outputs(void)
{
	static const char *const files[] = { "a", NULL };
	const struct gz_output output = { "out", 1, true, 0, true };

	for (int fails = 0; fails < 2; fails++) {
		struct gz_writer folder, w = GZ_WRITER_INIT, *const all[] = { &folder, &w };
		struct err err = ERR_INIT;
		char name[256];

		CHECK_INT(gz_writer_open_folder(&folder, "folder", files, false, &err), 0);
		CHECK_INT(gz_writer_open(&w, &output, &err), 0);
		snprintf(name, sizeof(name), "%s/a", atomicfile_folder(&folder.file));
		scratch_write(name, "x", 1);
		CHECK_INT(gz_writer_write(&w, "y", 1, &err), 0);
		CHECK(access("folder", F_OK) && access("out", F_OK));
		/* The folder, the first, is the last to get its name. */
		if (fails)
			CHECK_INT(symlink("folder", "folder"), 0);
		CHECK_INT(gz_writer_close_all(all, 2, &err), fails ? -1 : 0);
		gz_writer_abort(&folder);
		gz_writer_abort(&w);
		CHECK_INT(access("out", F_OK), fails ? -1 : 0);
		CHECK_INT(access("folder/a", F_OK), fails ? -1 : 0);
		CHECK_INT(scratch_count(), fails ? 1 : 2);
		unlink("out");
		unlink("folder/a");
		if (unlink("folder"))
			CHECK_INT(rmdir("folder"), 0);
	}
}

static void a_full_disk_is_an_error(void)
{
	for (int plain = 0; plain < 2; plain++) {
		struct gz_output output = { "/dev/full", 1, plain, 0, false };
		struct gz_writer w = GZ_WRITER_INIT;
		struct err err = ERR_INIT;
		int rc;

		CHECK_INT(gz_writer_open(&w, &output, &err), 0);
		rc = gz_writer_write(&w, sample, SAMPLE_LEN, &err) || gz_writer_close(&w, &err);
		CHECK(rc);
		CHECK_STR(err.message, "/dev/full: No space left on device");
		gz_writer_abort(&w);
	}
}

/* Into a pipe, what is not asked to be compressed is only coded; into a file it is compressed. */
/* Writes a descriptor and two files, one of them over an older one; the calls at the end. */
static void trace_the_end_of(int fd, bool plain, struct buf *calls)
{
	struct gz_writer stream, older, new, *const all[] = { &stream, &older, &new };
	struct err err = ERR_INIT;
	char in_place[32];
	const char *const paths[] = { in_place, "older", "new" };

	snprintf(in_place, sizeof(in_place), "/dev/fd/%d", fd);
	scratch_write("older", "old", 3);
	for (int i = 0; i < 3; i++) {
		struct gz_output output = { paths[i], 0, plain, 0, false };

		CHECK_INT(gz_writer_open(all[i], &output, &err), 0);
		CHECK_INT(gz_writer_write(all[i], "text", 4, &err), 0);
	}
	trace = calls;
	CHECK_INT(gz_writer_close_all(all, 3, &err), 0);
	trace = NULL;
	buf_append_char(calls, 0);
	unlink("older");
	unlink("new");
}

#define FILES_ARE_NAMED                                                                            \
	"name new, held\nsync folder\nclose folder\n"                                              \
	"name older, held\nsync folder\nclose folder\n"

/*
 * What may fail comes first; no name before all files are on the disk and the reader is ready; no
 * end of a stream before all names are on the disk; and nothing of it between two signals.
 */
static void the_steps_of_several_outputs(void)
{
	struct buf calls = BUF_INIT;
	int fds[2];

	CHECK_INT(mkdir("folder", 0777) | chdir("folder"), 0);
	CHECK_INT(pipe(fds), 0);
	trace_the_end_of(fds[1], false, &calls);
	CHECK_STR(calls.data,
		  "write new\nsync new\nclose new\nwrite older\nsync older\nclose older\n"
		  "wait for room\n" FILES_ARE_NAMED
		  "write pipe, held\nclose pipe, held\nremove older, held\n");
	close(fds[0]);
	close(fds[1]);
	CHECK_INT(chdir("..") | rmdir("folder"), 0);
	buf_release(&calls);
}

/* A redirected output is on the disk before its end, and plain text, which has no end, all of it.
 */
static void a_file_in_place_is_synced_before_its_end(void)
{
	for (int plain = 0; plain < 2; plain++) {
		struct buf calls = BUF_INIT;
		int fd;

		CHECK_INT(mkdir("folder", 0777) | chdir("folder"), 0);
		fd = open("redirected", O_WRONLY | O_CREAT | O_TRUNC, 0666);
		trace_the_end_of(fd, plain, &calls);
		CHECK_STR(calls.data, plain ? "sync new\nclose new\nsync older\nclose older\n"
					      "sync redirected\nwait for room\n" FILES_ARE_NAMED
					      "close redirected, held\nremove older, held\n"
					    : "write new\nsync new\nclose new\n"
					      "write older\nsync older\nclose older\n"
					      "sync redirected\nwait for room\n" FILES_ARE_NAMED
					      "write redirected, held\nclose redirected, held\n"
					      "remove older, held\n");
		close(fd);
		unlink("redirected");
		CHECK_INT(chdir("..") | rmdir("folder"), 0);
		buf_release(&calls);
	}
}

static void the_default_level_fits_the_output(void)
{
	struct gz_output output = GZ_OUTPUT_INIT;
	struct gz_writer w = GZ_WRITER_INIT;
	struct err err = ERR_INIT;
	char bytes[20000] = { 0 }, got[65536];
	int ends[2], saved = dup(STDOUT_FILENO);

	CHECK_INT(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	CHECK_INT(gz_writer_open(&w, &output, &err), 0);
	CHECK_INT(gz_writer_write(&w, bytes, sizeof(bytes), &err), 0);
	CHECK_INT(gz_writer_close(&w, &err), 0);
	CHECK(write(STDOUT_FILENO, "", 0) < 0); /* closed */
	dup2(saved, STDOUT_FILENO);
	close(saved);
	CHECK(read(ends[0], got, sizeof(got)) > (ssize_t)sizeof(bytes));
	close(ends[0]);
	output.path = "out";
	CHECK_INT(gz_writer_open(&w, &output, &err), 0);
	CHECK_INT(gz_writer_write(&w, bytes, sizeof(bytes), &err), 0);
	CHECK_INT(gz_writer_close(&w, &err), 0);
	CHECK_INT(system("test $(wc -c <out) -lt 200"), 0);
	unlink("out");
}

static void checksum(void)
{
	CHECK_INT(gz_crc32(0, "123456789", 9), 0xcbf43926); /* the check value of CRC-32 */
	CHECK_INT(gz_crc32(gz_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(plain_text);
	RUN(no_bytes_at_all);
	RUN(no_such_file);
	RUN(members);
	RUN(a_cut_anywhere_is_noticed);
	RUN(a_flipped_bit_never_changes_the_text);
	RUN(other_streams_under_our_comment);
	RUN(a_bad_trailer_is_named);
	RUN(what_follows_the_last_member);
	RUN(headers_with_every_field);
	RUN(a_thread_ahead_reads_the_same);
	RUN(pipes_of_single_bytes);
	RUN(writer_and_reader_agree);
	RUN(pieces_change_nothing);
	RUN(a_flush_leaves_the_end);
	RUN(a_table_gets_its_file);
	RUN(a_table_has_one_file);
	RUN(an_aborted_writer_leaves_nothing);
	RUN(a_folder_goes_with_the_other_outputs);
	RUN(a_full_disk_is_an_error);
	RUN(the_steps_of_several_outputs);
	RUN(a_file_in_place_is_synced_before_its_end);
	RUN(the_default_level_fits_the_output);
	RUN(checksum);
	scratch_leave(dir);
	return CHECK_DONE();
}
