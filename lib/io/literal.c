#include "io/literal.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK  64 /* bytes at a time */
#define WORD   8
#define INLINE static inline __attribute__((always_inline))

/*
 * The header of the block, which is the last. Of 260 literals and lengths byte 0 has 12 bits, all
 * other bytes have 8, the end 12, and three lengths, which never come, the 9, 10 and 11 bits that
 * are left; then two distances, which never come either, have 1. It ends in the middle of a byte.
 */
static const unsigned char header[] = {
	0x1d, 0xc1, 0x03, 0x80, 0x18, 0x06, 0x82, 0x00, 0xc0, 0x5f, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6,
	0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0x7b, 0xf7, 0xd3, 0x9b, 0x01,
};

#define HEADER_BITS 3
_Static_assert(sizeof(header) == LITERAL_HEADER, "literal_bound has room for it");

/* The stream of no bytes: an empty block of the fixed codes. */
static const unsigned char empty[2] = { 3 };

#define LONG_BITS 12
#define LONG_FROM 0xff0 /* if the first 8 of 12 bits are no code */
#define ZERO_CODE 0xffe
#define END_CODE  0xfff

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The bits of a stream have their order within a word if its first byte is the lowest one. */
INLINE uint64_t load(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, WORD);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

INLINE void store(unsigned char *p, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	memcpy(p, &word, WORD);
}

/* The bits of each byte in reverse: a code's first bit is its highest, a stream's the lowest. */
INLINE uint64_t reverse_bytes(uint64_t word)
{
	word = (word >> 1 & EACH(0x55)) | (word & EACH(0x55)) << 1;
	word = (word >> 2 & EACH(0x33)) | (word & EACH(0x33)) << 2;
	return (word >> 4 & EACH(0x0f)) | (word & EACH(0x0f)) << 4;
}

INLINE uint64_t reverse_word(uint64_t word)
{
	return __builtin_bswap64(reverse_bytes(word));
}

INLINE unsigned reverse_byte(unsigned char byte)
{
	return (unsigned)reverse_bytes(byte);
}

INLINE unsigned low_bits(int n)
{
	return (1u << n) - 1;
}

/*
 * Any processor: n words of eight bytes, so that a compiler can do several at once. The first byte
 * that is zero, and no other before it, borrows: it shows by the top bit that its code has and it
 * has not, and what follows it in the word counts for nothing. Returns whether there was none.
 */
INLINE bool encode_words(const unsigned char *restrict in, unsigned char *restrict out, int n_held,
			 int n)
{
	uint64_t mask = EACH(0xffu >> n_held), found = 0;

	for (int i = 0; i < n * WORD; i += WORD) {
		uint64_t word = load(in + i), codes = word - EACH(1);
		uint64_t before = load(in + i - 1) - EACH(1);

		found |= codes & ~word;
		store(out + i,
		      reverse_bytes((codes >> n_held & mask) | (before << (8 - n_held) & ~mask)));
	}
	return !(found & EACH(0x80));
}

/* The same back. The first code that is none of a byte carries, and becomes zero. */
INLINE bool decode_words(const unsigned char *restrict in, unsigned char *restrict out, int n_held,
			 int n)
{
	uint64_t found = 0;

	for (int i = 0; i < n * WORD; i += WORD) {
		uint64_t codes =
			reverse_bytes(load(in + i) << n_held | load(in + i - 1) >> (8 - n_held));
		uint64_t word = codes + EACH(1);

		found |= codes & ~word;
		store(out + i, word);
	}
	return !(found & EACH(0x80));
}

/* What is left after the last block of 64 without a zero. */
static size_t encode_rest(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	size_t i = 0;

	while (n - i >= WORD && encode_words(in + i, out + i, n_held, 1))
		i += WORD;
	return i;
}

static size_t decode_rest(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	size_t i = 0;

	while (n - i >= WORD && decode_words(in + i, out + i, n_held, 1))
		i += WORD;
	return i;
}

static size_t encode_by_words(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	size_t i = 0;

	while (n - i >= BLOCK && encode_words(in + i, out + i, n_held, BLOCK / WORD))
		i += BLOCK;
	return i + encode_rest(in + i, n - i, out + i, n_held);
}

static size_t decode_by_words(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	size_t i = 0;

	while (n - i >= BLOCK && decode_words(in + i, out + i, n_held, BLOCK / WORD))
		i += BLOCK;
	return i + decode_rest(in + i, n - i, out + i, n_held);
}

#if defined(__x86_64__)

/*
 * Before these return they zero the upper halves of the vector registers, which a compiler does not
 * do for them: as long as anything is in there, all SSE instructions of the program are slow.
 */
#define AVX2 __attribute__((target("avx2")))

/* Each half of a byte looks up the other half of the result. */
INLINE AVX2 __m256i avx2_reverse(__m256i v)
{
	const __m256i high = _mm256_setr_epi8(
		0, -128, 64, -64, 32, -96, 96, -32, 16, -112, 80, -48, 48, -80, 112, -16, /* */
		0, -128, 64, -64, 32, -96, 96, -32, 16, -112, 80, -48, 48, -80, 112, -16);
	const __m256i low = _mm256_setr_epi8(0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15,
					     0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15);
	const __m256i half = _mm256_set1_epi8(0xf);

	return _mm256_or_si256(
		_mm256_shuffle_epi8(high, _mm256_and_si256(v, half)),
		_mm256_shuffle_epi8(low, _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

INLINE AVX2 __m256i avx2_zeros(__m256i v)
{
	return _mm256_cmpeq_epi8(v, _mm256_setzero_si256());
}

static AVX2 size_t encode_avx2(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	const __m256i one = _mm256_set1_epi8(1);
	const __m256i mask = _mm256_set1_epi8((char)(0xff >> n_held));
	const __m128i right = _mm_cvtsi32_si128(n_held), left = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m256i found = _mm256_setzero_si256();

		for (size_t k = i; k < i + BLOCK; k += 32) {
			__m256i v = _mm256_loadu_si256((const __m256i_u *)(in + k));
			__m256i before = _mm256_loadu_si256((const __m256i_u *)(in + k - 1));

			found = _mm256_or_si256(found, avx2_zeros(v));
			v = _mm256_srl_epi16(_mm256_sub_epi8(v, one), right);
			before = _mm256_sll_epi16(_mm256_sub_epi8(before, one), left);
			v = _mm256_or_si256(_mm256_and_si256(mask, v),
					    _mm256_andnot_si256(mask, before));
			_mm256_storeu_si256((__m256i_u *)(out + k), avx2_reverse(v));
		}
		if (!_mm256_testz_si256(found, found))
			break;
	}
	_mm256_zeroupper();
	return i + encode_rest(in + i, n - i, out + i, n_held);
}

static AVX2 size_t decode_avx2(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	const __m256i one = _mm256_set1_epi8(1);
	const __m128i left = _mm_cvtsi32_si128(n_held), right = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m256i found = _mm256_setzero_si256();

		for (size_t k = i; k < i + BLOCK; k += 32) {
			__m256i v = _mm256_loadu_si256((const __m256i_u *)(in + k));
			__m256i before = _mm256_loadu_si256((const __m256i_u *)(in + k - 1));

			v = _mm256_or_si256(_mm256_sll_epi64(v, left),
					    _mm256_srl_epi64(before, right));
			v = _mm256_add_epi8(avx2_reverse(v), one);
			found = _mm256_or_si256(found, avx2_zeros(v));
			_mm256_storeu_si256((__m256i_u *)(out + k), v);
		}
		if (!_mm256_testz_si256(found, found))
			break;
	}
	_mm256_zeroupper();
	return i + decode_rest(in + i, n - i, out + i, n_held);
}

#define AVX512 __attribute__((target("avx512bw,gfni")))

/* One instruction multiplies each byte by a matrix of bits, here the one that reverses them. */
INLINE AVX512 __m512i avx512_reverse(__m512i v)
{
	const __m512i matrix = _mm512_set1_epi64((long long)UINT64_C(0x8040201008040201));

	return _mm512_gf2p8affine_epi64_epi8(v, matrix, 0);
}

INLINE AVX512 bool avx512_has_zero(__m512i v)
{
	return _mm512_testn_epi8_mask(v, v);
}

static AVX512 size_t encode_avx512(const unsigned char *in, size_t n, unsigned char *out,
				   int n_held)
{
	const __m512i one = _mm512_set1_epi8(1);
	const __m512i mask = _mm512_set1_epi8((char)(0xff >> n_held));
	const __m128i right = _mm_cvtsi32_si128(n_held), left = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m512i v = _mm512_loadu_si512(in + i), before = _mm512_loadu_si512(in + i - 1);

		if (avx512_has_zero(v))
			break;
		v = _mm512_srl_epi16(_mm512_sub_epi8(v, one), right);
		before = _mm512_sll_epi16(_mm512_sub_epi8(before, one), left);
		v = _mm512_or_si512(_mm512_and_si512(mask, v), _mm512_andnot_si512(mask, before));
		_mm512_storeu_si512(out + i, avx512_reverse(v));
	}
	_mm256_zeroupper();
	return i + encode_rest(in + i, n - i, out + i, n_held);
}

static AVX512 size_t decode_avx512(const unsigned char *in, size_t n, unsigned char *out,
				   int n_held)
{
	const __m512i one = _mm512_set1_epi8(1);
	const __m128i left = _mm_cvtsi32_si128(n_held), right = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m512i v = _mm512_loadu_si512(in + i), before = _mm512_loadu_si512(in + i - 1);

		v = _mm512_or_si512(_mm512_sll_epi64(v, left), _mm512_srl_epi64(before, right));
		v = _mm512_add_epi8(avx512_reverse(v), one);
		if (avx512_has_zero(v))
			break;
		_mm512_storeu_si512(out + i, v);
	}
	_mm256_zeroupper();
	return i + decode_rest(in + i, n - i, out + i, n_held);
}

#endif

struct literal_way literal_choice(size_t i)
{
#if defined(__x86_64__)
	bool has_avx512 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("gfni");

	if (has_avx512 && i-- == 0)
		return (struct literal_way){ "AVX-512", encode_avx512, decode_avx512 };
	if (__builtin_cpu_supports("avx2") && i-- == 0)
		return (struct literal_way){ "AVX2", encode_avx2, decode_avx2 };
#endif
	if (i == 0)
		return (struct literal_way){ "words", encode_by_words, decode_by_words };
	return (struct literal_way){ NULL, NULL, NULL };
}

void literal_encoder_init(struct literal_encoder *e, struct literal_way way)
{
	*e = (struct literal_encoder){ .way = way };
}

/* One code after the held bits. Writes a word, and returns how many bytes of it count. */
INLINE size_t put_code(struct literal_encoder *e, unsigned code, int n, unsigned char *out)
{
	unsigned bits = e->held << n | code;
	int n_bits = e->n_held + n;

	store(out, reverse_word((uint64_t)bits << (64 - n_bits)));
	e->n_held = n_bits % 8;
	e->held = bits & low_bits(e->n_held);
	return (size_t)n_bits / 8;
}

/* The header, all but its last bits. Returns how many bytes. */
static size_t put_header(struct literal_encoder *e, unsigned char *out)
{
	size_t n = sizeof(header) - 1;

	memcpy(out, header, n);
	e->n_held = HEADER_BITS;
	e->held = reverse_byte(header[n]) >> (8 - HEADER_BITS);
	return n;
}

size_t literal_encode(struct literal_encoder *e, const void *bytes, size_t n, unsigned char *out)
{
	const unsigned char *in = bytes, *end = in + n;
	unsigned char *at = out;

	if (n && !e->n_held)
		at += put_header(e, at);
	while (in < end) {
		size_t run;

		if (!*in++) {
			at += put_code(e, ZERO_CODE, LONG_BITS, at);
			continue;
		}
		at += put_code(e, in[-1] - 1u, 8, at);
		run = e->way.encode(in, (size_t)(end - in), at, e->n_held);
		in += run;
		at += run;
		e->held = (in[-1] - 1u) & low_bits(e->n_held);
	}
	return (size_t)(at - out);
}

size_t literal_end(struct literal_encoder *e, unsigned char *out)
{
	unsigned char word[WORD];
	size_t n;

	if (!e->n_held) {
		memcpy(out, empty, sizeof(empty));
		return sizeof(empty);
	}
	n = put_code(e, END_CODE, LONG_BITS, word);
	n += e->n_held > 0;
	memcpy(out, word, n);
	return n;
}

void literal_decoder_init(struct literal_decoder *d, struct literal_way way)
{
	*d = (struct literal_decoder){ .way = way };
}

static enum codec_status bad(struct codec_io *io, const char *why)
{
	io->why = why;
	return CODEC_BAD;
}

/* The header, or as much of it as there is. The bits after it in its last byte are held. */
static enum codec_status read_header(struct literal_decoder *d, struct codec_io *io)
{
	while (io->n_in && d->n_header < sizeof(header)) {
		size_t i = d->n_header++;
		unsigned char byte = *io->in++;

		io->n_in--;
		if (i == 0 && byte == empty[0]) {
			d->is_empty = true;
			continue;
		}
		if (d->is_empty)
			return byte == empty[1] ? CODEC_END : bad(io, "no block of literals");
		if (i == sizeof(header) - 1) {
			d->n_held = 8 - HEADER_BITS;
			d->held = reverse_byte(byte) & low_bits(d->n_held);
			byte &= (1 << HEADER_BITS) - 1;
		}
		if (byte != header[i])
			return bad(io, "no block of literals");
	}
	return CODEC_MORE;
}

/*
 * Codes of any kind from the held bits and six bytes, as far as the room goes. Gives back the bytes
 * that it did not need, unless all of the input is too little for a code.
 */
static enum codec_status decode_any(struct literal_decoder *d, struct codec_io *io)
{
	unsigned char bytes[WORD] = { 0 };
	size_t n = io->n_in < WORD - 2 ? io->n_in : WORD - 2, n_back;
	int left = d->n_held + 8 * (int)n;
	enum codec_status status = CODEC_MORE;
	uint64_t bits;
	bool lacks = false;

	memcpy(bytes, io->in, n);
	bits = (uint64_t)d->held << 1 << (63 - d->n_held) | reverse_word(load(bytes)) >> d->n_held;
	while (io->n_out && status == CODEC_MORE) {
		unsigned code = (unsigned)(bits >> (64 - LONG_BITS)); /* if it is long */
		int len = code < LONG_FROM ? 8 : LONG_BITS;

		lacks = len > left;
		if (lacks)
			break;
		bits <<= len;
		left -= len;
		if (code == END_CODE) {
			status = CODEC_END;
		} else if (code >= LONG_FROM && code != ZERO_CODE) {
			return bad(io, "no literal");
		} else {
			*io->out++ = code == ZERO_CODE ? 0 : (unsigned char)((code >> 4) + 1);
			io->n_out--;
		}
	}
	n_back = (size_t)left / 8 < n ? (size_t)left / 8 : n;
	if (lacks && n == io->n_in)
		n_back = 0;
	left -= 8 * (int)n_back;
	io->in += n - n_back;
	io->n_in -= n - n_back;
	d->held = (unsigned)(bits >> 1 >> (63 - left));
	d->n_held = left;
	return status;
}

enum codec_status literal_decode(struct literal_decoder *d, struct codec_io *io)
{
	enum codec_status status;

	io->n_tail = 0;
	status = read_header(d, io);
	while (status == CODEC_MORE && io->n_in && io->n_out) {
		size_t run;

		status = decode_any(d, io);
		if (status != CODEC_MORE || !io->n_in || !io->n_out)
			break;
		run = d->way.decode(io->in, io->n_in < io->n_out ? io->n_in : io->n_out, io->out,
				    d->n_held);
		io->in += run;
		io->n_in -= run;
		io->out += run;
		io->n_out -= run;
		d->held = reverse_byte(io->in[-1]) & low_bits(d->n_held);
	}
	return status;
}
