#include "io/codec.h"

#include "base/mem.h"
#include "check.h"
#include "scratch.h"

static const struct codec *const codecs[] = {
	&codec_zlib,
#ifdef CE_ISAL
	&codec_isal,
#endif
};
#define N_CODECS (sizeof(codecs) / sizeof(codecs[0]))

/* Bytes of four kinds: random, of few values, text of rows, all the same. */
static unsigned char *make_bytes(size_t n, int kind)
{
	unsigned char *bytes = mem_alloc(n + 64, 1);
	uint64_t random = n + (uint64_t)kind;

	for (size_t i = 0; i < n;) {
		if (kind == 2)
			i += (size_t)snprintf((char *)bytes + i, 64, "e%08zu,%zu,u%d,play\n", i,
					      1700000000000 + i, (int)scratch_below(&random, 500));
		else
			bytes[i++] =
				(unsigned char)(kind ? kind == 1 ? scratch_below(&random, 4) : 7
						     : scratch_random(&random));
	}
	return bytes;
}

/* The stream's bytes, in pieces of at most n_in to room of at most n_out at a time. */
static size_t inflate_all(const struct codec *codec, void *z, const unsigned char *in, size_t len,
			  size_t n_in, unsigned char *out, size_t n_out, size_t *n_left)
{
	struct codec_io io = { .in = in };
	const unsigned char *end = in + len;
	unsigned char *at = out;
	enum codec_status status;

	do {
		size_t rest = (size_t)(end - io.in);

		io.n_in = rest < n_in ? rest : n_in;
		io.out = at;
		io.n_out = n_out;
		status = codec->inflate(z, &io);
		if (status == CODEC_MORE && io.out == at && io.in == end)
			break; /* cut short */
		at = io.out;
	} while (status == CODEC_MORE);
	CHECK_INT(status, CODEC_END);
	*n_left = (size_t)(end - io.in) + io.n_tail;
	/* What was taken too many is what stands behind the stream. */
	CHECK(io.n_tail <= sizeof(io.tail));
	CHECK(!memcmp(io.tail, end - *n_left, io.n_tail));
	return (size_t)(at - out);
}

/* Either engine reads what either writes, at all levels, however the stream is cut into pieces. */
static void round_trips(void)
{
	static const size_t sizes[] = { 0, 1, 100, 65535, 65536, 262144 };
	static const size_t pieces[][2] = { { 1 << 20, 1 << 20 },
					    { 7, 1 << 20 },
					    { 1 << 20, 131 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int kind = 0; kind < 4; kind++) {
			size_t n = sizes[i], room = 2 * codec_bound(n) + 100;
			unsigned char *bytes = make_bytes(n, kind);
			unsigned char *stream = mem_alloc(room, 1);
			unsigned char *out = mem_alloc(2 * n + (1 << 20), 1);

			for (size_t by = 0; by < N_CODECS; by++)
				for (int level = 1; level <= 9; level += n > 60000 ? 4 : 1) {
					void *d = codecs[by]->deflate_new(level), *z;
					size_t len = codecs[by]->deflate_block(d, bytes, n, stream);
					size_t left, p = (size_t)level % 3;

					/* Twice the same, then an empty last block, then other
					 * bytes. */
					CHECK(len && len <= codec_bound(n));
					len += codecs[by]->deflate_block(d, bytes, n, stream + len);
					memcpy(stream + len, "\x03\0trailer", 9);
					for (size_t r = 0; r < N_CODECS; r++) {
						z = codecs[r]->inflate_new();
						for (int again = 0; again < 2; again++) {
							CHECK_INT(inflate_all(codecs[r], z, stream,
									      len + 9, pieces[p][0],
									      out, pieces[p][1],
									      &left),
								  2 * n);
							CHECK_INT(left, 7);
							CHECK(!memcmp(out, bytes, n));
							CHECK(!memcmp(out + n, bytes, n));
							codecs[r]->inflate_reset(z);
						}
						codecs[r]->inflate_free(z);
					}
					codecs[by]->deflate_free(d);
				}
			free(bytes);
			free(stream);
			free(out);
		}
}

/* Text of rows gets smaller, the more the higher the level says. */
static void levels(void)
{
	size_t n = 1 << 18;
	unsigned char *bytes = make_bytes(n, 2), *out = mem_alloc(codec_bound(n), 1);

	for (size_t i = 0; i < N_CODECS; i++) {
		void *fast = codecs[i]->deflate_new(1), *small = codecs[i]->deflate_new(9);
		size_t n_fast = codecs[i]->deflate_block(fast, bytes, n, out);
		size_t n_small = codecs[i]->deflate_block(small, bytes, n, out);

		CHECK(n_fast < n / 2);
		CHECK(n_small < n_fast);
		codecs[i]->deflate_free(fast);
		codecs[i]->deflate_free(small);
	}
	free(bytes);
	free(out);
}

static void no_stream(void)
{
	static const char *const streams[] = {
		"\x07",                 /* a block of the type that there is not */
		"\x01\x01\x00\xff\xff", /* a length and no complement of it */
		"\x03\x02\0\0\0",       /* a distance beyond the start */
	};

	for (size_t i = 0; i < N_CODECS; i++)
		for (size_t s = 0; s < sizeof(streams) / sizeof(streams[0]); s++) {
			unsigned char out[100];
			void *z = codecs[i]->inflate_new();
			struct codec_io io = { .in = (const unsigned char *)streams[s],
					       .n_in = s ? 5 : 1,
					       .out = out,
					       .n_out = sizeof(out) };

			if (codecs[i]->inflate(z, &io) != CODEC_BAD)
				CHECK_FAIL("%s takes stream %zu", codecs[i]->name, s);
			else
				CHECK(*io.why);
			codecs[i]->inflate_free(z);
		}
}

static void checksums(void)
{
	for (size_t i = 0; i < N_CODECS; i++) {
		const struct codec *c = codecs[i];
		uint32_t first = c->crc(0, "1234", 4), second = c->crc(0, "56789", 5);

		CHECK_INT(c->crc(0, "123456789", 9), 0xcbf43926); /* the check value of CRC-32 */
		CHECK_INT(c->crc(first, "56789", 5), 0xcbf43926);
		CHECK_INT(codec_crc_combine(first, second, 5), 0xcbf43926);
		CHECK_INT(codec_crc_combine(first, 0, 0), first);
	}
}

int main(void)
{
	RUN(round_trips);
	RUN(levels);
	RUN(no_stream);
	RUN(checksums);
	return CHECK_DONE();
}
