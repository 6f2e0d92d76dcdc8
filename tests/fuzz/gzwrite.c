/*
 * Bytes, written by gzio at each level and in whatever pieces, are by zlib what they were, and the
 * same file however they were handed over. The options: the level, the threads, the size of the
 * pieces, and how often the bytes are repeated, so that there are several blocks of them.
 */
#include "fuzz.h"

#include "io/deflate.h"
#include "io/gzio.h"

#include <zlib.h>

static void write_file(const struct buf *text, const struct gz_output *output, size_t piece,
		       struct buf *file)
{
	struct gz_writer w = GZ_WRITER_INIT;
	struct err err = ERR_INIT;
	int rc = gz_writer_open(&w, output, &err);

	for (size_t at = 0, n; !rc && at < text->len; at += n) {
		n = text->len - at < piece ? text->len - at : piece;
		rc = gz_writer_write(&w, text->data + at, n, &err);
	}
	FUZZ_CHECK(!rc && !gz_writer_close(&w, &err), "%s", err.message);
	fuzz_written(output->path, file);
}

static void inflate_file(const struct buf *file, struct buf *text)
{
	z_stream z = { .next_in = (unsigned char *)file->data, .avail_in = (uInt)file->len };
	int rc = inflateInit2(&z, 15 + 16);

	while (rc == Z_OK) {
		z.next_out = (unsigned char *)buf_reserve(text, 65536);
		z.avail_out = 65536;
		rc = inflate(&z, Z_NO_FLUSH);
		text->len += 65536 - z.avail_out;
	}
	FUZZ_CHECK(rc == Z_STREAM_END && !z.avail_in, "zlib: %s", z.msg ? z.msg : zError(rc));
	inflateEnd(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	struct gz_output output = { .level = (int)fuzz_option(&f, 10) };
	int threads = fuzz_option(&f, 2) ? 2 : 0;
	size_t piece = 1 + (size_t)fuzz_option(&f, 256), repeats = fuzz_option(&f, 256);
	static struct buf text, file, other, back; /* kept: large ones are dear to make */
	size_t len = (size_t)(f.end - f.at);

	buf_clear(&text);
	buf_clear(&file);
	buf_clear(&other);
	buf_clear(&back);
	do
		buf_append(&text, f.at, len);
	while (repeats-- && text.len < 2 * DEFLATE_BLOCK);
	output.path = fuzz_sink(0);
	write_file(&text, &output, 1 << 20, &file);
	inflate_file(&file, &back);
	FUZZ_CHECK(fuzz_same(&back, &text), "%zu bytes, not %zu", back.len, text.len);
	output.path = fuzz_sink(1);
	output.threads = threads;
	write_file(&text, &output, piece, &other);
	FUZZ_CHECK(fuzz_same(&file, &other), "another file by pieces of %zu", piece);
	return 0;
}
