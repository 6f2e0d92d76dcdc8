/*
 * codec: raw deflate streams and CRC-32 by either of two engines behind one interface.
 *
 * zlib is always there; ISA-L, several times as fast, where the build found it (CE_ISAL). Both read
 * whatever deflate stream there is. What they write differs in its bytes, not in its meaning. The
 * gzip format around the streams is gzio's. The one module that calls either library.
 */
#ifndef CE_CODEC_H
#define CE_CODEC_H

#include <stddef.h>
#include <stdint.h>

/* What an inflater reads from and writes to; it moves both on. */
struct codec_io {
	const unsigned char *in;
	size_t n_in; /* below 4 GiB, as n_out */
	unsigned char *out;
	size_t n_out;
	unsigned char tail[8]; /* at the end: input bytes after the stream that are taken already */
	size_t n_tail;
	const char *why; /* the reason of CODEC_BAD: a static text */
};

enum codec_status {
	CODEC_MORE, /* all input is taken or all room for output full */
	CODEC_END,  /* the stream is at its end, and all of it in `out` */
	CODEC_BAD,  /* no deflate stream */
};

struct codec {
	const char *name; /* "ISA-L 2.30.0" */

	/* An inflater, ready for a stream; the caller frees it with inflate_free. */
	void *(*inflate_new)(void);
	void (*inflate_reset)(void *state); /* ready for another stream */
	enum codec_status (*inflate)(void *state, struct codec_io *io);
	void (*inflate_free)(void *state); /* NULL allowed */

	/* A deflater of level 1-9, which is the caller's; NULL if there is no such level. */
	void *(*deflate_new)(int level);
	/*
	 * Deflates n bytes (at most CODEC_BLOCK_MAX) to whole bytes of a stream that goes on, and
	 * that reads nothing of what is before them. Returns how many, at most codec_bound(n); 0 if
	 * the engine fails.
	 */
	size_t (*deflate_block)(void *state, const unsigned char *in, size_t n, unsigned char *out);
	void (*deflate_free)(void *state); /* NULL allowed */

	/* CRC-32 (the one of gzip) of n bytes, continued from `crc`, which starts at 0. */
	uint32_t (*crc)(uint32_t crc, const void *bytes, size_t n);
};

extern const struct codec codec_zlib;
#ifdef CE_ISAL
extern const struct codec codec_isal;
#endif

/* The fastest engine of this build. */
const struct codec *codec_default(void);

#define CODEC_BLOCK_MAX ((size_t)1 << 20)

/* The most that a deflated block of n bytes takes, by either engine. */
static inline size_t codec_bound(size_t n)
{
	return n + n / 1024 + 128;
}

/* The CRC-32 of two runs of bytes, one after the other, from those of each; n: of the second. */
uint32_t codec_crc_combine(uint32_t first, uint32_t second, size_t n);

#endif
