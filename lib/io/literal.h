/*
 * literal: deflate streams that no text tool takes for text, at the price of a copy.
 *
 * A stream is one block of dynamic Huffman codes (RFC 1951, 3.2.7), always the same, and in it are
 * literals. Codes follow each other bit by bit, the first bit of each in the lowest place that is
 * free:
 *
 *	byte 0            12 bits    0xffe
 *	byte from 1       8 bits     byte - 1
 *	end of block      12 bits    0xfff
 *
 * So a run of bytes without a zero, which all text is, becomes as many bytes: each is substituted,
 * and all are shifted by as many bits as stand before them. That is done to 64 bytes at a time;
 * zeros are done one by one. What is written depends on the bytes alone, not on how they are handed
 * over.
 *
 * The header of the block leaves three bits of a byte in use. Shifted by three, ASCII becomes no
 * line feed, tab, comma, semicolon or vertical bar, digits become no digits, and no character that
 * is repeated stays itself: a text tool finds no row, and no field. A zero shifts what follows by
 * seven bits, the next by three again, and none by two, at which digits stay digits: that is why
 * its code is so long.
 *
 * The decoder reads such streams, and refuses all others.
 */
#ifndef CE_LITERAL_H
#define CE_LITERAL_H

#include "io/codec.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Does runs of codes of 8 bits, as many of the n bytes at `in` as it likes, until one is no such
 * byte (or code). `in` has one byte before it, which is done already: no zero if it encodes. The
 * n_held last bits (1-7) before `in` are not in `out` yet. Returns how many bytes are done, each of
 * which made one of `out`; of the n there some more may be overwritten.
 */
typedef size_t literal_fn(const unsigned char *in, size_t n, unsigned char *out, int n_held);

/* One way to do it, and its name for messages. */
struct literal_way {
	const char *name;
	literal_fn *encode, *decode;
};

/* The i-th way that this processor can go, the fastest first; the name is NULL after the last. */
struct literal_way literal_choice(size_t i);

struct literal_encoder {
	struct literal_way way;
	unsigned held; /* the last bits of the stream, which are no whole byte yet: as a number */
	int n_held;    /* 3 or 7; 0: there is no header yet */
};

/* Starts a stream. There is nothing to release. */
void literal_encoder_init(struct literal_encoder *e, struct literal_way way);

#define LITERAL_HEADER 30 /* bytes */

/* The most bytes that literal_encode makes of n, and overwrites: if they are zeros. */
static inline size_t literal_bound(size_t n)
{
	return LITERAL_HEADER + n + n / 2 + 8;
}

/* Encodes n bytes to `out`, which has room for literal_bound(n). Returns how many these are. */
size_t literal_encode(struct literal_encoder *e, const void *bytes, size_t n, unsigned char *out);

#define LITERAL_END_MAX 3

/* Ends the stream: writes its last bytes, at most LITERAL_END_MAX, and returns how many. */
size_t literal_end(struct literal_encoder *e, unsigned char *out);

struct literal_decoder {
	struct literal_way way;
	unsigned held;   /* bits that are taken from the input and not decoded, as a number */
	int n_held;      /* 1 or 5, and up to 11 at the end of the input so far */
	size_t n_header; /* bytes of the header that are read */
	bool is_empty;   /* as the first of them says */
};

/* Starts to read a stream. There is nothing to release. */
void literal_decoder_init(struct literal_decoder *d, struct literal_way way);

/* As a codec's inflate; takes no byte after the stream. */
enum codec_status literal_decode(struct literal_decoder *d, struct codec_io *io);

#endif
