#include "adapt/textlog.h"

#include "scratch.h"

static const char *const paths[] = { "a", "b", "c" };

/* As gzip members of so few bytes that each read gives no more than one of them. */
static void write_in_bits(const char *path, const char *text, size_t n, size_t bit)
{
	struct gz_output output = { .path = "bits" }; /* never read as a log */
	char *whole;
	struct buf all = BUF_INIT;

	for (size_t at = 0; at < n; at += bit) {
		struct gz_writer w = GZ_WRITER_INIT;
		struct err err = ERR_INIT;
		size_t len;

		CHECK(!gz_writer_open(&w, &output, &err) &&
		      !gz_writer_write(&w, text + at, n - at < bit ? n - at : bit, &err) &&
		      !gz_writer_close(&w, &err));
		whole = scratch_read("bits", &len);
		buf_append(&all, whole, len);
		free(whole);
	}
	scratch_write(path, all.data, all.len);
	buf_release(&all);
}

/* The lines of all files: "FILE:LINE:text;" */
static void put_lines(size_t n_files, struct buf *out)
{
	struct textlog t;
	struct text_piece line;
	struct err err = ERR_INIT;
	int rc;

	textlog_init(&t, paths, n_files, 0);
	while ((rc = textlog_next_file(&t, &err)) > 0) {
		while ((rc = textlog_line(&t, &line, &err)) > 0)
			buf_printf(out, "%s:%" PRIu64 ":%.*s%s;", t.file, t.line, (int)line.len,
				   line.s, line.is_too_long ? "..." : "");
		if (rc)
			break;
	}
	if (rc)
		buf_append_str(out, err.message);
	textlog_close(&t);
	buf_append_char(out, '\0');
}

static void lines_of_several_files(void)
{
	static const char a[] = "\xef\xbb\xbf"
				"one\r\n\n \xef\xbb\xbf\nlast",
			  c[] = "\n\xef\xbb";
	struct buf got = BUF_INIT;

	scratch_write("a", a, sizeof(a) - 1);
	scratch_write("b", "\n", 1);
	scratch_write("c", c, sizeof(c) - 1);
	put_lines(3, &got);
	CHECK_STR(got.data, "a:1:one\r;a:2:;a:3: \xef\xbb\xbf;a:4:last;b:1:;c:1:;c:2:\xef\xbb;");
	for (size_t bit = 1; bit < sizeof(a); bit++) {
		struct buf bits = BUF_INIT;

		write_in_bits("a", a, sizeof(a) - 1, bit);
		put_lines(3, &bits);
		CHECK_STR(bits.data, got.data);
		buf_release(&bits);
	}
	buf_clear(&got);
	scratch_write("b", "x\n\x1f\x8b", 4);
	scratch_write("c", "\x1f\x8b\x08", 3);
	put_lines(3, &got);
	CHECK(strstr(got.data, ";b:1:x;b:2:\x1f\x8b;c: ") != NULL);
	buf_release(&got);
}

/* A line that is longer than any read, one that is too long, and what comes after them. */
static void long_lines(void)
{
	static const size_t lengths[] = { 300000, TEXTLOG_LINE_MAX, 5, TEXTLOG_LINE_MAX + 1 };
	const size_t n = sizeof(lengths) / sizeof(*lengths);
	FILE *f = fopen("a", "wb");
	char *some = malloc(1 << 20);
	struct textlog t;
	struct text_piece line;
	struct err err = ERR_INIT;

	memset(some, 'x', 1 << 20);
	for (size_t i = 0; i < n; i++) {
		for (size_t left = lengths[i]; left;)
			left -= fwrite(some, 1, left < 1 << 20 ? left : 1 << 20, f);
		if (i < n - 1)
			fputc('\n', f);
	}
	fclose(f);
	textlog_init(&t, paths, 1, 0);
	CHECK_INT(textlog_next_file(&t, &err), 1);
	for (size_t i = 0; i < n; i++) {
		CHECK_INT(textlog_line(&t, &line, &err), 1);
		CHECK_INT(t.line, i + 1);
		CHECK_INT(line.is_too_long, lengths[i] > TEXTLOG_LINE_MAX);
		CHECK(line.is_too_long || line.len == lengths[i]);
		CHECK(line.s[0] == 'x' && line.s[line.len - 1] == 'x');
	}
	CHECK_INT(textlog_line(&t, &line, &err), 0);
	CHECK(t.bytes.cap < 3 * TEXTLOG_LINE_MAX);
	CHECK_INT(textlog_next_file(&t, &err), 0);
	textlog_close(&t);
	free(some);
}

static void past_white_space(void)
{
	static const char text[] = " \n\t\r\n [1]\n";
	struct textlog t;
	struct text_piece line;
	struct err err = ERR_INIT;
	char first;

	scratch_write("b", " \n", 2);
	scratch_write("c", "\0", 1);
	for (size_t bit = 1; bit <= sizeof(text); bit++) {
		write_in_bits("a", text, sizeof(text) - 1, bit);
		textlog_init(&t, paths, 3, 0);
		CHECK_INT(textlog_next_file(&t, &err), 1);
		for (int i = 0; i < 2; i++) {
			CHECK_INT(textlog_peek(&t, &first, &err), 0);
			CHECK_INT(first, '[');
		}
		CHECK_INT(textlog_line(&t, &line, &err), 1);
		CHECK(line.len == 3 && t.line == 3);
		CHECK_INT(textlog_next_file(&t, &err), 1);
		CHECK_INT(textlog_peek(&t, &first, &err), 0);
		CHECK_INT(first, 0);
		CHECK_INT(textlog_line(&t, &line, &err), 0);
		CHECK_INT(textlog_next_file(&t, &err), 1);
		CHECK_INT(textlog_peek(&t, &first, &err), 0);
		CHECK_INT(textlog_line(&t, &line, &err), 1);
		CHECK_INT(line.len, 1);
		textlog_close(&t);
	}
}

/* All bytes come, in order, at the line on which they are, whatever is kept of each piece. */
static void pieces_with_what_is_kept(void)
{
	static const char text[] = "\n\n{\"a\"\n:1,\n\\\\\n\\ud83c\\udfac\n}\n";
	const size_t n = sizeof(text) - 1;
	uint64_t random = 1;

	for (int round = 0; round < 200; round++) {
		struct buf got = BUF_INIT;
		struct textlog t;
		struct text_piece piece;
		struct err err = ERR_INIT;
		size_t keep = 0;

		write_in_bits("a", text, n, 1 + scratch_below(&random, 8));
		textlog_init(&t, paths, 1, 0);
		CHECK_INT(textlog_next_file(&t, &err), 1);
		while (textlog_piece(&t, keep, &piece, &err) > 0) {
			uint64_t line = 1;

			for (size_t i = 0; i < got.len; i++)
				line += got.data[i] == '\n';
			CHECK_INT(t.line, line);
			CHECK(piece.len > keep);
			for (keep = scratch_below(&random, piece.len + 1);
			     memchr(piece.s + piece.len - keep, '\n', keep);)
				keep--;
			buf_append(&got, piece.s, piece.len - keep);
			memset(piece.s, 'x', piece.len - keep);
		}
		CHECK_STR(err.message, "");
		CHECK_INT(piece.len, keep);
		buf_append(&got, piece.s, piece.len);
		CHECK(got.len == n && !memcmp(got.data, text, n));
		buf_release(&got);
		textlog_close(&t);
	}
}

static void a_file_that_is_not_there(void)
{
	static const char *const none[] = { "none" };
	struct textlog t;
	struct err err = ERR_INIT;

	textlog_init(&t, none, 1, 0);
	CHECK_INT(textlog_next_file(&t, &err), -1);
	CHECK_BEGINS(err.message, "none: ");
	textlog_close(&t);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(lines_of_several_files);
	RUN(long_lines);
	RUN(past_white_space);
	RUN(pieces_with_what_is_kept);
	RUN(a_file_that_is_not_there);
	scratch_leave(dir);
	return CHECK_DONE();
}
