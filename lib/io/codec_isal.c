#ifdef CE_ISAL

#include "io/codec.h"

#include "base/mem.h"

#include <isa-l.h>
#include <stdlib.h>
#include <string.h>

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define VERSION                                                                                    \
	STRING(ISAL_MAJOR_VERSION) "." STRING(ISAL_MINOR_VERSION) "." STRING(ISAL_PATCH_VERSION)

static void *inflate_new(void)
{
	struct inflate_state *z = mem_alloc(1, sizeof(*z));

	isal_inflate_init(z);
	return z;
}

static void inflate_reset(void *state)
{
	isal_inflate_reset(state);
}

/*
 * What the decoder holds ahead in its bit buffer once the stream is over: first the rest of the
 * stream's last byte, then whole bytes of what follows, which may come from an earlier `in`.
 */
static void take_tail(struct inflate_state *z, struct codec_io *io)
{
	uint64_t bits = z->read_in >> (z->read_in_length % 8);

	io->n_tail = (size_t)z->read_in_length / 8;
	for (size_t i = 0; i < io->n_tail; i++, bits >>= 8)
		io->tail[i] = (unsigned char)bits;
	z->read_in = 0;
	z->read_in_length = 0;
}

static enum codec_status inflate_some(void *state, struct codec_io *io)
{
	struct inflate_state *z = state;
	int code;

	z->next_in = (uint8_t *)io->in; /* which it only reads */
	z->avail_in = (uint32_t)io->n_in;
	z->next_out = io->out;
	z->avail_out = (uint32_t)io->n_out;
	code = isal_inflate(z);
	io->in = z->next_in;
	io->n_in = z->avail_in;
	io->out = z->next_out;
	io->n_out = z->avail_out;
	io->n_tail = 0;
	if (code != ISAL_DECOMP_OK) {
		io->why = code == ISAL_INVALID_SYMBOL     ? "invalid symbol"
			  : code == ISAL_INVALID_LOOKBACK ? "invalid distance"
							  : "invalid block";
		return CODEC_BAD;
	}
	if (z->block_state != ISAL_BLOCK_FINISH)
		return CODEC_MORE;
	take_tail(z, io);
	return CODEC_END;
}

static void inflate_free(void *state)
{
	free(state);
}

/*
 * Level 1 is ISA-L's level 0, the others are zlib's. ISA-L's own levels 1 to 3 are left out:
 * version 2.30 does not always write the same bytes for the same input (seen on a processor with
 * AVX-512: of 1,100 processes that deflated the same 9 MB at level 1, 5 wrote some block
 * otherwise).
 */
struct deflater {
	void *zlib; /* NULL: ISA-L */
	struct isal_zstream stream;
};

static void *deflate_new(int level)
{
	struct deflater *d = mem_zalloc(1, sizeof(*d));

	if (level > 1)
		d->zlib = codec_zlib.deflate_new(level);
	return d;
}

static size_t deflate_block(void *state, const unsigned char *in, size_t n, unsigned char *out)
{
	struct deflater *d = state;
	struct isal_zstream *z = &d->stream;
	size_t room = codec_bound(n);

	if (d->zlib)
		return codec_zlib.deflate_block(d->zlib, in, n, out);
	isal_deflate_stateless_init(z);
	z->level = 0;
	z->flush = FULL_FLUSH;
	z->end_of_stream = 0;
	z->next_in = (uint8_t *)in; /* which it only reads */
	z->avail_in = (uint32_t)n;
	z->next_out = out;
	z->avail_out = (uint32_t)room;
	if (isal_deflate_stateless(z) != COMP_OK || z->avail_in)
		return 0;
	return room - z->avail_out;
}

static void deflate_free(void *state)
{
	struct deflater *d = state;

	if (!d)
		return;
	codec_zlib.deflate_free(d->zlib);
	free(d);
}

static uint32_t crc(uint32_t start, const void *bytes, size_t n)
{
	return crc32_gzip_refl(start, bytes, n);
}

const struct codec codec_isal = {
	.name = "ISA-L " VERSION,
	.inflate_new = inflate_new,
	.inflate_reset = inflate_reset,
	.inflate = inflate_some,
	.inflate_free = inflate_free,
	.deflate_new = deflate_new,
	.deflate_block = deflate_block,
	.deflate_free = deflate_free,
	.crc = crc,
};

#endif
