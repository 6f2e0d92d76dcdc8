/*
 * gzip files, read by gzio and by zlib: both give the same bytes or both refuse, with a thread
 * ahead of the reader and without, and in whatever pieces the bytes come.
 *
 * The options: whether the checksum and the length of each member are mended, so that what is in
 * it is looked at, too; in how large pieces it comes and is asked for; whether the first member is
 * given a long beginning, so that a thread pays off.
 */
#include "fuzz.h"

#include "io/gzio.h"

#include <sys/socket.h>
#include <zlib.h>

#define LONG_START (3 << 19)
#define TEXT_MAX   (1 << 24)

/*
 * Inflates the gzip member at `file`, to `text`. Returns how many bytes it has, or 0: it is none.
 * If it is its trailer alone that is wrong, that is mended.
 */
static size_t inflate_member(unsigned char *file, size_t len, bool mend, struct buf *text)
{
	size_t start = text->len;
	z_stream z = { .next_in = file, .avail_in = (uInt)len };
	int rc = inflateInit2(&z, 15 + 16);

	FUZZ_CHECK(rc == Z_OK, "zlib");
	do {
		z.next_out = (unsigned char *)buf_reserve(text, 65536);
		z.avail_out = 65536;
		rc = inflate(&z, Z_NO_FLUSH);
		text->len += 65536 - z.avail_out;
	} while (rc == Z_OK && text->len < TEXT_MAX);
	if (mend && rc == Z_DATA_ERROR && z.msg && strstr(z.msg, "incorrect data check")) {
		/* All of the stream is read, and four bytes. */
		size_t n = text->len - start;
		unsigned char *trailer = z.next_in - 4;
		uint32_t crc = (uint32_t)crc32(0, (unsigned char *)text->data + start, (uInt)n);

		inflateEnd(&z);
		if (file + len - trailer < 8)
			return 0;
		for (int i = 0; i < 4; i++) {
			trailer[i] = (unsigned char)(crc >> 8 * i);
			trailer[4 + i] = (unsigned char)(n >> 8 * i);
		}
		text->len = start;
		return inflate_member(file, len, false, text);
	}
	inflateEnd(&z);
	return rc == Z_STREAM_END ? (size_t)(z.next_in - file) : 0;
}

/* What the file holds, by zlib and RFC 1952, and zero padding. Returns 0, or -1: it is damaged. */
static int reference(struct buf *file, bool mend, struct buf *text)
{
	size_t at = 0, n;

	if (file->len < 2 || memcmp(file->data, "\x1f\x8b", 2) != 0) {
		buf_append(text, file->data, file->len);
		return file->len && (file->len > 1 || *file->data != 0x1f) ? 0 : -1;
	}
	while (at < file->len && file->data[at] == 0x1f) {
		n = inflate_member((unsigned char *)file->data + at, file->len - at, mend, text);
		if (!n)
			return -1;
		at += n;
	}
	while (at < file->len && !file->data[at])
		at++;
	return at == file->len ? 0 : -1;
}

static int read_all(struct gz_reader *r, size_t piece, struct buf *text)
{
	struct err err = ERR_INIT;
	ptrdiff_t got;

	while ((got = gz_reader_read(r, buf_reserve(text, piece), piece, &err)) > 0)
		text->len += (size_t)got;
	if (got)
		fuzz_check_error(&err);
	gz_reader_close(r);
	return (int)got;
}

static int read_file(const struct buf *file, int threads, size_t piece, struct buf *text)
{
	struct gz_reader r = GZ_READER_INIT;
	struct err err = ERR_INIT;

	if (!gz_reader_open(&r, fuzz_file(0, file->data, file->len), threads, &err))
		return read_all(&r, piece, text);
	fuzz_check_error(&err);
	return -1;
}

/* From a socket that keeps what is written at once apart. */
static int read_socket(const struct buf *file, size_t written, size_t piece, struct buf *text)
{
	struct gz_reader r = GZ_READER_INIT;
	struct err err = ERR_INIT;
	int ends[2];

	FUZZ_CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), "no socket");
	for (size_t at = 0; at < file->len; at += written) {
		size_t n = file->len - at < written ? file->len - at : written;

		FUZZ_CHECK(write(ends[1], file->data + at, n) == (ssize_t)n, "no room");
	}
	close(ends[1]);
	if (!gz_reader_open_fd(&r, ends[0], "socket", &err))
		return read_all(&r, piece, text);
	fuzz_check_error(&err);
	return -1;
}

static void check(const char *how, const struct buf *want, int want_rc, const struct buf *got,
		  int rc)
{
	/* What comes before the damage is as it was, but how much of it comes is not promised. */
	FUZZ_CHECK(rc == want_rc, "%s: %d, not %d", how, rc, want_rc);
	if (!rc)
		FUZZ_CHECK(fuzz_same(got, want), "%s: %zu bytes, not %zu", how, got->len,
			   want->len);
}

/* A member of so many bytes that a reader starts a thread. */
static void put_long_member(struct buf *file)
{
	static char member[65536];
	static size_t len;

	if (!len) {
		char *text = calloc(LONG_START, 1);
		z_stream z = { .next_in = (unsigned char *)text,
			       .avail_in = LONG_START,
			       .next_out = (unsigned char *)member,
			       .avail_out = sizeof(member) };

		for (size_t i = 0; i < LONG_START; i++)
			text[i] = "0123456789,\n"[i * i % 12];
		FUZZ_CHECK(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0) == Z_OK &&
				   deflate(&z, Z_FINISH) == Z_STREAM_END,
			   "zlib");
		len = z.total_out;
		deflateEnd(&z);
		free(text);
	}
	buf_append(file, member, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	bool mend = fuzz_option(&f, 2), is_long = fuzz_option(&f, 64) == 1;
	size_t written = 32 + 7 * (size_t)fuzz_option(&f, 256);
	size_t piece = 1 + 7 * (size_t)fuzz_option(&f, 256);
	static struct buf file, want, got; /* kept: large ones are dear to make */
	int rc;

	buf_clear(&file);
	buf_clear(&want);
	buf_clear(&got);
	if (is_long)
		put_long_member(&file);
	buf_append(&file, f.at, (size_t)(f.end - f.at));
	rc = reference(&file, mend, &want);
	if (want.len < TEXT_MAX) {
		check("at once", &want, rc, &got, read_file(&file, 0, 65536, &got));
		buf_clear(&got);
		if (is_long)
			check("ahead", &want, rc, &got, read_file(&file, 2, 65536, &got));
		else
			check("in pieces", &want, rc, &got,
			      read_socket(&file, written, piece, &got));
	}
	return 0;
}
