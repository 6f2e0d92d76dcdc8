#define ZLIB_CONST /* what zlib reads is const */

#include "io/codec.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zlib.h>

#define RAW_WINDOW (-15) /* zlib: a 32 KiB window, no wrapping */

static void *inflate_new(void)
{
	z_stream *z = mem_zalloc(1, sizeof(*z));

	if (inflateInit2(z, RAW_WINDOW) != Z_OK)
		mem_fail("zlib");
	return z;
}

static void inflate_reset(void *state)
{
	inflateReset(state);
}

static enum codec_status inflate_some(void *state, struct codec_io *io)
{
	z_stream *z = state;
	int code;

	z->next_in = io->in;
	z->avail_in = (uInt)io->n_in;
	z->next_out = io->out;
	z->avail_out = (uInt)io->n_out;
	code = inflate(z, Z_NO_FLUSH);
	io->in = z->next_in;
	io->n_in = z->avail_in;
	io->out = z->next_out;
	io->n_out = z->avail_out;
	io->n_tail = 0;
	if (code == Z_STREAM_END)
		return CODEC_END;
	if (code == Z_OK || code == Z_BUF_ERROR)
		return CODEC_MORE;
	io->why = z->msg ? z->msg : zError(code);
	return CODEC_BAD;
}

static void inflate_free(void *state)
{
	if (state)
		inflateEnd(state);
	free(state);
}

static void *deflate_new(int level)
{
	z_stream *z = mem_zalloc(1, sizeof(*z));

	if (deflateInit2(z, level, Z_DEFLATED, RAW_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		mem_fail("zlib");
	return z;
}

static size_t deflate_block(void *state, const unsigned char *in, size_t n, unsigned char *out)
{
	z_stream *z = state;
	size_t room = codec_bound(n);

	if (deflateReset(z) != Z_OK)
		return 0;
	z->next_in = in;
	z->avail_in = (uInt)n;
	z->next_out = out;
	z->avail_out = (uInt)room;
	/* Room left over shows that all is flushed. */
	if (deflate(z, Z_FULL_FLUSH) != Z_OK || z->avail_in || !z->avail_out)
		return 0;
	return room - z->avail_out;
}

static void deflate_free(void *state)
{
	if (state)
		deflateEnd(state);
	free(state);
}

static uint32_t crc(uint32_t start, const void *bytes, size_t n)
{
	return (uint32_t)crc32_z(start, bytes, n);
}

const struct codec codec_zlib = {
	.name = "zlib " ZLIB_VERSION,
	.inflate_new = inflate_new,
	.inflate_reset = inflate_reset,
	.inflate = inflate_some,
	.inflate_free = inflate_free,
	.deflate_new = deflate_new,
	.deflate_block = deflate_block,
	.deflate_free = deflate_free,
	.crc = crc,
};

const struct codec *codec_default(void)
{
#ifdef CE_ISAL
	return &codec_isal;
#else
	return &codec_zlib;
#endif
}

uint32_t codec_crc_combine(uint32_t first, uint32_t second, size_t n)
{
	return (uint32_t)crc32_combine(first, second, (z_off_t)n);
}
