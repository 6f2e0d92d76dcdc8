#include "io/literal.h"

#include "base/buf.h"
#include "scratch.h"

#include <string.h>

/* --- RFC 1951, bit by bit ----------------------------------------------------------------
 */

struct bits {
	struct buf bytes;
	int n; /* of the last byte that are in use; 0: all */
};

static void put_bit(struct bits *b, unsigned bit)
{
	if (!b->n)
		buf_append_char(&b->bytes, '\0');
	b->bytes.data[b->bytes.len - 1] |= (char)(bit << b->n);
	b->n = (b->n + 1) % 8;
}

/* A Huffman code, whose highest bit comes first. */
static void put_code(struct bits *b, unsigned code, int n)
{
	while (n--)
		put_bit(b, code >> n & 1);
}

/* A number, whose lowest bit comes first. */
static void put_number(struct bits *b, unsigned value, int n)
{
	for (int i = 0; i < n; i++)
		put_bit(b, value >> i & 1);
}

/* The code of a code length in the header: those of 16, 9, 10, 1, 8, 11 and 12, in this order. */
static void put_length(struct bits *b, unsigned length)
{
	static const struct {
		unsigned length, code;
		int n;
	} codes[] = {
		{ 16, 0, 1 }, { 9, 4, 3 },   { 10, 5, 3 },  { 1, 12, 4 },
		{ 8, 13, 4 }, { 11, 14, 4 }, { 12, 15, 4 },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].length == length)
			put_code(b, codes[i].code, codes[i].n);
}

/* Section 3.2.7. */
static void put_header(struct bits *b)
{
	/* The bits of the codes of 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1. */
	static const unsigned n_bits[] = { 1, 0, 0, 0, 4, 0, 3, 0, 3, 0, 4, 0, 4, 0, 0, 0, 0, 4 };

	put_number(b, 1, 1); /* last */
	put_number(b, 2, 2); /* dynamic codes */
	put_number(b, 260 - 257, 5);
	put_number(b, 2 - 1, 5);
	put_number(b, 18 - 4, 4);
	for (size_t i = 0; i < 18; i++)
		put_number(b, n_bits[i], 3);
	put_length(b, 12); /* 0 */
	put_length(b, 8);  /* 1 */
	for (int i = 0; i < 42; i++) {
		put_length(b, 16); /* six more of them */
		put_number(b, 6 - 3, 2);
	}
	put_length(b, 8);  /* 254 */
	put_length(b, 8);  /* 255 */
	put_length(b, 12); /* the end */
	for (unsigned n = 9; n < 12; n++)
		put_length(b, n);
	put_length(b, 1); /* distances */
	put_length(b, 1);
}

static void put_end(struct bits *b)
{
	put_code(b, 0xfff, 12);
}

static void put_literal(struct bits *b, unsigned char byte)
{
	if (byte)
		put_code(b, byte - 1u, 8);
	else
		put_code(b, 0xffe, 12);
}

/* What literal must make of the bytes; the caller frees. */
static struct buf make_stream(const unsigned char *bytes, size_t n)
{
	struct bits b = { BUF_INIT, 0 };

	if (!n) {
		put_number(&b, 1, 1); /* last */
		put_number(&b, 1, 2); /* fixed codes */
		put_code(&b, 0, 7);   /* the end */
		return b.bytes;
	}
	put_header(&b);
	for (size_t i = 0; i < n; i++)
		put_literal(&b, bytes[i]);
	put_end(&b);
	return b.bytes;
}

/* --- each way against that ----------------------------------------------------------------------
 */

/* Encodes in pieces below `most` bytes, each from and to a block of the heap of its size. */
static struct buf encode(struct literal_way way, const unsigned char *bytes, size_t n, size_t most,
			 uint64_t *random)
{
	struct literal_encoder e;
	struct buf stream = BUF_INIT;
	unsigned char end[LITERAL_END_MAX];

	literal_encoder_init(&e, way);
	for (size_t at = 0; at < n;) {
		size_t piece = scratch_below(random, most), len;
		unsigned char *in, *out = mem_alloc(literal_bound(piece), 1);

		if (piece > n - at)
			piece = n - at;
		in = (unsigned char *)mem_dup((const char *)bytes + at, piece);
		len = literal_encode(&e, in, piece, out);
		CHECK(len <= literal_bound(piece));
		buf_append(&stream, (char *)out, len);
		free(out);
		free(in);
		at += piece;
	}
	buf_append(&stream, (char *)end, literal_end(&e, end));
	return stream;
}

/*
 * Decodes in pieces below `most` bytes of input and room, each a block of the heap of its size, as
 * long as that goes on. What is left of the input is *n_left.
 */
static enum codec_status decode(struct literal_way way, const char *stream, size_t n, size_t most,
				uint64_t *random, struct buf *text, size_t *n_left)
{
	struct literal_decoder d;
	enum codec_status status = CODEC_MORE;

	literal_decoder_init(&d, way);
	buf_clear(text);
	buf_reserve(text, 1);
	for (size_t at = 0;;) {
		size_t n_in = scratch_below(random, most), n_out = scratch_below(random, most);
		unsigned char *in, *out = mem_alloc(n_out + 1, 1);
		struct codec_io io = { .out = out, .n_out = n_out };

		if (n_in > n - at)
			n_in = n - at;
		io.in = in = (unsigned char *)mem_dup(stream + at, n_in);
		io.n_in = n_in;
		out[n_out] = 0xa5;
		status = literal_decode(&d, &io);
		CHECK_INT(io.n_tail, 0);
		CHECK(io.in == in + n_in - io.n_in && io.out == out + n_out - io.n_out);
		CHECK_INT(out[n_out], 0xa5);
		if (status == CODEC_MORE)
			CHECK(!io.n_in || !io.n_out);
		buf_append(text, (char *)out, n_out - io.n_out);
		at += n_in - io.n_in;
		*n_left = n - at;
		free(in);
		free(out);
		if (status != CODEC_MORE || (at == n && io.n_out))
			return status;
	}
}

/* An engine's inflater gives the same text. */
static void check_inflates(const struct buf *stream, const unsigned char *bytes, size_t n)
{
	const struct codec *codecs[] = { &codec_zlib, codec_default() };

	for (size_t i = 0; i < 2; i++) {
		unsigned char *out = mem_alloc(n + 1, 1);
		struct codec_io io = { .in = (const unsigned char *)stream->data,
				       .n_in = stream->len,
				       .out = out,
				       .n_out = n + 1 };
		void *z = codecs[i]->inflate_new();

		CHECK_INT(codecs[i]->inflate(z, &io), CODEC_END);
		CHECK(io.n_out == 1 && !memcmp(out, bytes, n));
		codecs[i]->inflate_free(z);
		free(out);
	}
}

static void check(const unsigned char *bytes, size_t n)
{
	struct buf want = make_stream(bytes, n), text = BUF_INIT;
	struct literal_way way;
	uint64_t random = n;

	buf_reserve(&text, 1);
	check_inflates(&want, bytes, n);
	buf_append(&want, "after it", 8); /* which no decoder takes */
	for (size_t i = 0; (way = literal_choice(i)).name && check_ok; i++)
		for (size_t most = n + 2; most; most = most > 20 ? 20 : most > 3 ? 3 : 0) {
			struct buf got = encode(way, bytes, n, most, &random);
			size_t n_left;

			if (got.len != want.len - 8 || memcmp(got.data, want.data, got.len) != 0)
				CHECK_FAIL("%s: another stream of %zu bytes", way.name, n);
			CHECK_INT(decode(way, want.data, want.len, most, &random, &text, &n_left),
				  CODEC_END);
			CHECK_INT(n_left, 8);
			if (text.len != n || memcmp(text.data, bytes, n) != 0)
				CHECK_FAIL("%s: another text of %zu bytes", way.name, n);
			buf_release(&got);
		}
	buf_release(&want);
	buf_release(&text);
}

static void nothing(void)
{
	check((const unsigned char *)"", 0);
}

/* After 0 to 8 zeros, which shift what follows. */
static void each_byte_at_each_place(void)
{
	unsigned char bytes[200];

	for (unsigned c = 0; c < 256 && check_ok; c++)
		for (size_t n_zeros = 0; n_zeros < 9; n_zeros++) {
			size_t n = 150 + (c + n_zeros) % 7, at = n_zeros + 9 + c * 37 % (n - 25);

			memset(bytes, c & 1 ? 0xff : 1, sizeof(bytes));
			memset(bytes, 0, n_zeros);
			bytes[at] = bytes[n - 1] = (unsigned char)c;
			check(bytes, n);
		}
}

/* Random bytes of every length and of every share of zeros, alone or in stretches. */
static void random_bytes(void)
{
	uint64_t random = 1;
	unsigned char bytes[3000];

	for (size_t i = 0; i < 600 && check_ok; i++) {
		size_t n = i < 150 ? i : scratch_below(&random, sizeof(bytes));
		size_t share = i % 9, stretch = 1 + scratch_below(&random, 90);
		bool is_zero = false;

		for (size_t k = 0; k < n; k++) {
			if (k % stretch == 0)
				is_zero = scratch_below(&random, 8) < share;
			bytes[k] = (unsigned char)(is_zero ? 0 : scratch_below(&random, 256));
		}
		check(bytes, n);
	}
}

/* --- what a text tool sees ----------------------------------------------------------------------
 */

/* What comes after c in the order of ASCII as it is in text; 127 after the last. */
static int next_ascii(int c)
{
	return c == '\t' ? '\n' : c == '\n' ? '\r' : c == '\r' ? ' ' : c + 1;
}

/*
 * Two bytes in turn: none becomes what ends a line or parts fields, nor a digit if both are digits,
 * nor itself if they are the same.
 */
static void ascii_is_not_to_be_read(void)
{
	const size_t n_header = LITERAL_HEADER, n_end = 3; /* and the byte that both share */

	for (int c = '\t'; c < 127; c = next_ascii(c))
		for (int d = '\t'; d < 127; d = next_ascii(d)) {
			unsigned char bytes[100];
			uint64_t random = 1;
			struct buf stream;

			for (size_t i = 0; i < sizeof(bytes); i++)
				bytes[i] = (unsigned char)(i % 2 ? c : d);
			stream = encode(literal_choice(0), bytes, sizeof(bytes), 200, &random);
			for (size_t i = n_header; i < stream.len - n_end; i++) {
				char byte = stream.data[i];

				CHECK(!byte || !strchr("\n\t,;|", byte));
				CHECK(!(strchr("0123456789", c) && strchr("0123456789", d) &&
					byte >= '0' && byte <= '9'));
				CHECK(c != d || byte != c);
			}
			buf_release(&stream);
		}
}

/* --- what is no such stream ---------------------------------------------------------------------
 */

static const char sample[] =
	"event_id,title\ne1,\xd0\xb4\xd1\x80\xd0\xb0\xd0\xbc\xd0\xb0\n"
	"e2,1649400000001649400000001649400000001649400000001649400000001649400\n";
#define SAMPLE     ((const unsigned char *)sample)
#define SAMPLE_LEN (sizeof(sample) - 1)

#define HEADER_BITS (8 * (LITERAL_HEADER - 1) + 3)

static void a_cut_is_no_end(void)
{
	struct buf stream = make_stream(SAMPLE, SAMPLE_LEN), text = BUF_INIT;
	struct literal_way way;
	uint64_t random = 1;
	size_t n_left;

	for (size_t i = 0; (way = literal_choice(i)).name; i++)
		for (size_t n = 0; n < stream.len; n++) {
			CHECK_INT(decode(way, stream.data, n, 50, &random, &text, &n_left),
				  CODEC_MORE);
			CHECK_INT(n_left, 0);
			CHECK(text.len <= n && !memcmp(text.data, sample, text.len));
		}
	buf_release(&stream);
	buf_release(&text);
}

/* Whatever bit is flipped: all ways refuse the stream, or find the same other text in it. */
static void all_ways_read_the_same_damage(void)
{
	struct buf stream = make_stream(SAMPLE, SAMPLE_LEN), text = BUF_INIT, other = BUF_INIT;
	uint64_t random = 1;
	int n_bad = 0;

	for (size_t bit = 0; bit < stream.len * 8; bit++) {
		struct literal_way way = literal_choice(0);
		enum codec_status status;
		size_t n_left, n_other;

		stream.data[bit / 8] ^= (char)(1 << bit % 8);
		status = decode(way, stream.data, stream.len, 1000, &random, &text, &n_left);
		n_bad += status == CODEC_BAD;
		CHECK(bit >= HEADER_BITS || status == CODEC_BAD);
		for (size_t i = 1; (way = literal_choice(i)).name; i++) {
			CHECK_INT(decode(way, stream.data, stream.len, 1000, &random, &other,
					 &n_other),
				  status);
			if (status == CODEC_END)
				CHECK_INT(n_other, n_left);
			CHECK(other.len == text.len && !memcmp(text.data, other.data, text.len));
		}
		stream.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(n_bad > HEADER_BITS);
	buf_release(&stream);
	buf_release(&text);
	buf_release(&other);
}

/* A symbol that is no literal, in a stream of literals long enough for each way. */
static void check_refuses(unsigned code, int n_bits)
{
	struct literal_way way;
	struct buf text = BUF_INIT;
	uint64_t random = code;
	size_t n_left;

	for (size_t i = 0; (way = literal_choice(i)).name; i++)
		for (size_t at = 0; at < 200; at += 7) {
			struct bits b = { BUF_INIT, 0 };

			put_header(&b);
			for (size_t k = 0; k < 200; k++) {
				if (k == at)
					put_code(&b, code, n_bits);
				put_literal(&b, 'x');
			}
			put_end(&b);
			CHECK_INT(decode(way, b.bytes.data, b.bytes.len, 500, &random, &text,
					 &n_left),
				  CODEC_BAD);
			buf_release(&b.bytes);
		}
	buf_release(&text);
}

static void symbols_that_are_no_literals(void)
{
	check_refuses(0x1fe, 9);
	check_refuses(0x3fe, 10);
	check_refuses(0x7fe, 11);
}

static void other_streams(void)
{
	static const char *const streams[] = {
		"\x01\x01\x01\xfe\xfe", /* a stored block */
		"\x03more",             /* a block of fixed codes */
		"\x05\xc0more",         /* of others */
		"\x1d\xc1more",         /* of others that begin like ours */
		"\x07more",             /* a block of the type that there is not */
	};
	struct buf text = BUF_INIT;
	uint64_t random = 1;
	size_t n_left;

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		CHECK_INT(decode(literal_choice(0), streams[i], strlen(streams[i]), 3, &random,
				 &text, &n_left),
			  CODEC_BAD);
	buf_release(&text);
}

int main(void)
{
	RUN(nothing);
	RUN(each_byte_at_each_place);
	RUN(random_bytes);
	RUN(ascii_is_not_to_be_read);
	RUN(a_cut_is_no_end);
	RUN(all_ways_read_the_same_damage);
	RUN(symbols_that_are_no_literals);
	RUN(other_streams);
	return CHECK_DONE();
}
