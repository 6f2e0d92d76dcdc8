#include "io/literal.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK  64 /* bytes at a time */
#define WORD   8
#define INLINE static inline __attribute__((always_inline))

#define SHORT_CODE 0x30  /* of byte 0 */
#define LONG_CODE  0x100 /* of byte 0, if it had one */
#define LONG_FROM  0x90  /* the first byte with a long code */

/* A block's header: whether it is the last, and the type 1, whose lower bit comes first. */
#define HEADER      2
#define LAST_HEADER 6
#define HEADER_BITS 3
#define END_BITS    7

/* The end of a block and the header of another, where so many bits of a byte are in use. */
#define UNWANTED    3
#define SWITCH      HEADER
#define SWITCH_BITS (END_BITS + HEADER_BITS)

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

/* The top bit of every byte that has a long code, among bits that mean nothing. */
INLINE uint64_t find_long(uint64_t word)
{
	return ((word & EACH(0x7f)) + EACH(0x80 - (LONG_FROM - 0x80))) & word;
}

/*
 * Any processor: n words of eight bytes, so that a compiler can do several at once. No sum of a
 * byte and SHORT_CODE reaches the next byte, unless there is a long one, and then it counts for
 * nothing. Returns whether all were short.
 */
INLINE bool encode_words(const unsigned char *restrict in, unsigned char *restrict out, int n_held,
			 int n)
{
	uint64_t mask = EACH(0xffu >> n_held), found = 0;

	for (int i = 0; i < n * WORD; i += WORD) {
		uint64_t word = load(in + i), before = load(in + i - 1);

		found |= find_long(word);
		store(out + i,
		      reverse_bytes(((word + EACH(SHORT_CODE)) >> n_held & mask) |
				    ((before + EACH(SHORT_CODE)) << (8 - n_held) & ~mask)));
	}
	return !(found & EACH(0x80));
}

/* The same back. The first byte that is no short code borrows from none, and so becomes a long one.
 */
INLINE bool decode_words(const unsigned char *restrict in, unsigned char *restrict out, int n_held,
			 int n)
{
	uint64_t found = 0;

	for (int i = 0; i < n * WORD; i += WORD) {
		uint64_t codes = load(in + i) << n_held | load(in + i - 1) >> (8 - n_held);
		uint64_t word = reverse_bytes(codes) - EACH(SHORT_CODE);

		found |= find_long(word);
		store(out + i, word);
	}
	return !(found & EACH(0x80));
}

/* What is left after the last block of 64 short ones. */
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

/* Zero where a byte is short. */
INLINE AVX2 __m256i avx2_long(__m256i v)
{
	return _mm256_subs_epu8(v, _mm256_set1_epi8((char)(LONG_FROM - 1)));
}

static AVX2 size_t encode_avx2(const unsigned char *in, size_t n, unsigned char *out, int n_held)
{
	const __m256i first = _mm256_set1_epi8(SHORT_CODE);
	const __m256i mask = _mm256_set1_epi8((char)(0xff >> n_held));
	const __m128i right = _mm_cvtsi32_si128(n_held), left = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m256i found = _mm256_setzero_si256();

		for (size_t k = i; k < i + BLOCK; k += 32) {
			__m256i v = _mm256_loadu_si256((const __m256i_u *)(in + k));
			__m256i before = _mm256_loadu_si256((const __m256i_u *)(in + k - 1));

			found = _mm256_or_si256(found, avx2_long(v));
			v = _mm256_srl_epi16(_mm256_add_epi8(v, first), right);
			before = _mm256_sll_epi16(_mm256_add_epi8(before, first), left);
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
	const __m256i first = _mm256_set1_epi8(SHORT_CODE);
	const __m128i left = _mm_cvtsi32_si128(n_held), right = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m256i found = _mm256_setzero_si256();

		for (size_t k = i; k < i + BLOCK; k += 32) {
			__m256i v = _mm256_loadu_si256((const __m256i_u *)(in + k));
			__m256i before = _mm256_loadu_si256((const __m256i_u *)(in + k - 1));

			v = _mm256_or_si256(_mm256_sll_epi64(v, left),
					    _mm256_srl_epi64(before, right));
			v = _mm256_sub_epi8(avx2_reverse(v), first);
			found = _mm256_or_si256(found, avx2_long(v));
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

INLINE AVX512 bool avx512_is_short(__m512i v)
{
	return !_mm512_cmpge_epu8_mask(v, _mm512_set1_epi8((char)LONG_FROM));
}

static AVX512 size_t encode_avx512(const unsigned char *in, size_t n, unsigned char *out,
				   int n_held)
{
	const __m512i first = _mm512_set1_epi8(SHORT_CODE);
	const __m512i mask = _mm512_set1_epi8((char)(0xff >> n_held));
	const __m128i right = _mm_cvtsi32_si128(n_held), left = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m512i v = _mm512_loadu_si512(in + i), before = _mm512_loadu_si512(in + i - 1);

		if (!avx512_is_short(v))
			break;
		v = _mm512_srl_epi16(_mm512_add_epi8(v, first), right);
		before = _mm512_sll_epi16(_mm512_add_epi8(before, first), left);
		v = _mm512_or_si512(_mm512_and_si512(mask, v), _mm512_andnot_si512(mask, before));
		_mm512_storeu_si512(out + i, avx512_reverse(v));
	}
	_mm256_zeroupper();
	return i + encode_rest(in + i, n - i, out + i, n_held);
}

static AVX512 size_t decode_avx512(const unsigned char *in, size_t n, unsigned char *out,
				   int n_held)
{
	const __m512i first = _mm512_set1_epi8(SHORT_CODE);
	const __m128i left = _mm_cvtsi32_si128(n_held), right = _mm_cvtsi32_si128(8 - n_held);
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		__m512i v = _mm512_loadu_si512(in + i), before = _mm512_loadu_si512(in + i - 1);

		v = _mm512_or_si512(_mm512_sll_epi64(v, left), _mm512_srl_epi64(before, right));
		v = _mm512_sub_epi8(avx512_reverse(v), first);
		if (!avx512_is_short(v))
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
	*e = (struct literal_encoder){ .way = way,
				       .held = HEADER << SWITCH_BITS | SWITCH,
				       .n_held = HEADER_BITS + SWITCH_BITS };
}

/* How many are done one by one: so many long codes, a switch and the held bits fit a word. */
#define FEW_BYTES 5
#define FEW_CODES 6

/* At most FEW_BYTES, of any kind. Writes a word, and returns how many bytes of it count. */
INLINE size_t encode_few(struct literal_encoder *e, const unsigned char *in, size_t n,
			 unsigned char *out)
{
	uint64_t bits = e->held;
	size_t n_bits = (size_t)e->n_held + 8 * n;

	for (size_t i = 0; i < n; i++) {
		if (in[i] < LONG_FROM) {
			bits = bits << 8 | (in[i] + (uint64_t)SHORT_CODE);
			continue;
		}
		bits = bits << 9 | LONG_CODE | in[i];
		if (++n_bits % 8 == UNWANTED) {
			bits = bits << SWITCH_BITS | SWITCH;
			n_bits += SWITCH_BITS;
		}
	}
	store(out, reverse_word(bits << (64 - n_bits)));
	e->n_held = (int)(n_bits % 8);
	e->held = (unsigned)bits & low_bits(e->n_held);
	return n_bits / 8;
}

size_t literal_encode(struct literal_encoder *e, const void *bytes, size_t n, unsigned char *out)
{
	const unsigned char *in = bytes, *end = in + n;
	unsigned char *at = out;

	while (in < end) {
		size_t few = (size_t)(end - in) < FEW_BYTES ? (size_t)(end - in) : FEW_BYTES, run;
		int n_held = e->n_held;

		at += few == FEW_BYTES ? encode_few(e, in, FEW_BYTES, at)
				       : encode_few(e, in, few, at);
		in += few;
		if (e->n_held != n_held % 8) /* one was long, as the next may well be */
			continue;
		run = e->way.encode(in, (size_t)(end - in), at, e->n_held);
		in += run;
		at += run;
		e->held = (in[-1] + SHORT_CODE) & low_bits(e->n_held); /* and without a run, too */
	}
	return (size_t)(at - out);
}

size_t literal_end(struct literal_encoder *e, unsigned char *out)
{
	unsigned char word[WORD];
	int n_bits = e->n_held + END_BITS + HEADER_BITS + END_BITS;
	uint64_t bits = (uint64_t)e->held << (END_BITS + HEADER_BITS) | LAST_HEADER;
	size_t n = (size_t)(n_bits + 7) / 8;

	store(word, reverse_word(bits << END_BITS << (64 - n_bits)));
	memcpy(out, word, n);
	return n;
}

void literal_decoder_init(struct literal_decoder *d, struct literal_way way)
{
	*d = (struct literal_decoder){ .way = way, .at_header = true };
}

static enum codec_status bad(struct codec_io *io, const char *why)
{
	io->why = why;
	return CODEC_BAD;
}

/* The held bits and those of a word that follow, the first of them highest. */
INLINE uint64_t next_bits(const struct literal_decoder *d, const unsigned char *in)
{
	return (uint64_t)d->held << 1 << (63 - d->n_held) | reverse_word(load(in)) >> d->n_held;
}

/*
 * FEW_CODES literals, if these are what comes next, and if there are a word of input and the room.
 * Otherwise it returns false.
 */
INLINE bool decode_few(struct literal_decoder *d, struct codec_io *io)
{
	uint64_t bits;
	int n_bits = 8 * FEW_CODES - d->n_held, n; /* of the input */
	bool is_bad = false;

	if (d->at_header || io->n_in < WORD || io->n_out < FEW_CODES)
		return false;
	bits = next_bits(d, io->in);
	for (int i = 0; i < FEW_CODES; i++) {
		bool is_long = bits >= (uint64_t)(LONG_CODE + LONG_FROM) << 55;
		unsigned byte = is_long ? (unsigned)(bits >> 55) & 0xff
					: (unsigned)(bits >> 56) - SHORT_CODE;

		is_bad |= is_long != (byte >= LONG_FROM);
		io->out[i] = (unsigned char)byte;
		bits = is_long ? bits << 9 : bits << 8;
		n_bits += is_long;
	}
	if (is_bad)
		return false;
	n = (n_bits + 7) / 8;
	io->in += n;
	io->n_in -= (size_t)n;
	io->out += FEW_CODES;
	io->n_out -= FEW_CODES;
	d->n_held = 8 * n - n_bits;
	d->held = reverse_byte(io->in[-1]) & low_bits(d->n_held);
	return true;
}

/*
 * Whatever comes next, from the held bits and seven bytes, as far as the room goes. Gives back the
 * bytes that it did not need, but for one that may be held as a whole: so it takes all if they are
 * too few for a code.
 */
static enum codec_status decode_any(struct literal_decoder *d, struct codec_io *io)
{
	unsigned char bytes[WORD] = { 0 };
	size_t n = io->n_in < WORD - 1 ? io->n_in : WORD - 1;
	int left = d->n_held + 8 * (int)n, n_back;
	enum codec_status status = CODEC_MORE;
	uint64_t bits;

	memcpy(bytes, io->in, n);
	bits = next_bits(d, bytes);
	while (io->n_out && status == CODEC_MORE) {
		unsigned code = (unsigned)(bits >> 55); /* if it has nine bits */
		bool is_end = !d->at_header && !(code >> (9 - END_BITS));
		int len = d->at_header ? HEADER_BITS
			  : is_end     ? END_BITS
				       : 8 + (code >= LONG_CODE + LONG_FROM);

		if (len > left)
			break;
		bits <<= len;
		left -= len;
		if (len == 8)
			code = code / 2 - SHORT_CODE;
		if (d->at_header) {
			d->at_header = false;
			d->is_last = code >> (9 - HEADER_BITS) == LAST_HEADER;
			if (!d->is_last && code >> (9 - HEADER_BITS) != HEADER)
				return bad(io, "no block of literals");
		} else if (is_end) {
			d->at_header = true;
			status = d->is_last ? CODEC_END : CODEC_MORE;
		} else if (len == 8 && code >= LONG_FROM) {
			return bad(io, "no literal");
		} else {
			*io->out++ = (unsigned char)code;
			io->n_out--;
		}
	}
	n_back = (status == CODEC_END ? left : left - 1) / 8;
	left -= 8 * n_back;
	n -= (size_t)n_back;
	io->in += n;
	io->n_in -= n;
	d->held = (unsigned)(bits >> 1 >> (63 - left));
	d->n_held = left;
	return status;
}

enum codec_status literal_decode(struct literal_decoder *d, struct codec_io *io)
{
	enum codec_status status = CODEC_MORE;

	io->n_tail = 0;
	while (status == CODEC_MORE) {
		int n_held = d->n_held;
		size_t n, run;

		if (!decode_few(d, io))
			status = decode_any(d, io);
		if ((d->n_held - n_held) % 8) /* one was long, as the next may well be */
			continue;
		n = io->n_in < io->n_out ? io->n_in : io->n_out;
		if (status != CODEC_MORE || !n)
			break;
		run = d->way.decode(io->in, n, io->out, d->n_held);
		io->in += run;
		io->n_in -= run;
		io->out += run;
		io->n_out -= run;
		d->held = reverse_byte(io->in[-1]) & low_bits(d->n_held);
	}
	return status;
}
