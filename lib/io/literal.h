/*
 * literal: deflate streams that no text tool takes for text, at the price of a copy.
 *
 * All blocks are of the fixed Huffman codes (RFC 1951, 3.2.6), and in them are literals. Codes
 * follow each other bit by bit, the first bit of each in the lowest place that is free:
 *
 *	byte below 144    8 bits    0x30 + byte
 *	byte from 144     9 bits    0x100 + byte
 *	end of block      7 bits    0
 *
 * So a run of bytes below 144, which all ASCII is, becomes as many bytes: each is substituted, and
 * all are shifted by as many bits as stand before them. That is done to 64 bytes at a time; longer
 * codes are done one by one. What is written depends on the bytes alone, not on how they are handed
 * over.
 *
 * Shifted by the three bits of a block's header, some digits would be digits, and "00" would read
 * "00". Where bytes would be shifted by three, at the start and after some of the longer codes, the
 * block ends, and another begins ten bits later: by five, digits become no digits, and no ASCII a
 * lower-case letter or a line feed.
 *
 * The decoder reads streams of such blocks, and refuses all others.
 */
#ifndef CE_LITERAL_H
#define CE_LITERAL_H

#include "io/codec.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Does runs of short codes, as many of the n bytes at `in` as it likes, until one is no such byte
 * (or code). `in` has one byte before it, which is done already: a short code if it encodes. The
 * n_held last bits (0-8) before `in` are not in `out` yet. Returns how many bytes are done, each of
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
	int n_held;    /* 0-7, and 13 at first */
};

/* Starts a stream. There is nothing to release. */
void literal_encoder_init(struct literal_encoder *e, struct literal_way way);

/* The most bytes that literal_encode makes of n. */
static inline size_t literal_bound(size_t n)
{
	return n + n / 3 + 16; /* six long codes and a switch of blocks are eight bytes */
}

/* Encodes n bytes to `out`, which has room for literal_bound(n). Returns how many these are. */
size_t literal_encode(struct literal_encoder *e, const void *bytes, size_t n, unsigned char *out);

#define LITERAL_END_MAX 4

/* Ends the stream: writes its last bytes, at most LITERAL_END_MAX, and returns how many. */
size_t literal_end(struct literal_encoder *e, unsigned char *out);

struct literal_decoder {
	struct literal_way way;
	unsigned held;  /* bits that are taken from the input and not decoded, as a number */
	int n_held;     /* 0-8 */
	bool at_header; /* of a block */
	bool is_last;   /* the block */
};

/* Starts to read a stream. There is nothing to release. */
void literal_decoder_init(struct literal_decoder *d, struct literal_way way);

/* As a codec's inflate; takes no byte after the stream. */
enum codec_status literal_decode(struct literal_decoder *d, struct codec_io *io);

#endif
