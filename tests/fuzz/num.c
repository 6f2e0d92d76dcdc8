/*
 * Numbers, against the C library: a text is a number if and only if a grammar of the target's own
 * says so, and has strtoll's or strtod's value then, bit by bit; a decimal is shifted as text. What
 * is written reads back as what it was, and a double has no shorter text.
 */
#include "fuzz.h"

#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#define DIGITS "0123456789"

/* A text as num.h describes a number. */
struct grammar {
	bool is_number, negative, has_sign, has_exponent;
	const char *whole, *fraction;
	int n_whole, n_fraction;
	double exponent;
};

static struct grammar scan(const char *s)
{
	struct grammar g = { .negative = *s == '-', .has_sign = *s == '-' || *s == '+' };

	g.whole = s += g.has_sign;
	g.n_whole = (int)strspn(s, DIGITS);
	s += g.n_whole;
	g.fraction = s += *s == '.';
	g.n_fraction = s[-(s > g.whole)] == '.' ? (int)strspn(s, DIGITS) : 0;
	s += g.n_fraction;
	if (*s == 'e' || *s == 'E') {
		bool has_sign = s[1] == '-' || s[1] == '+';
		const char *digits = s + 1 + has_sign;

		g.has_exponent = true;
		g.exponent = strtod(digits, NULL) * (s[1] == '-' ? -1 : 1);
		s = digits + strspn(digits, DIGITS);
		if (s == digits)
			return g;
	}
	g.is_number = !*s && g.n_whole + g.n_fraction > 0;
	return g;
}

static void check_int(const char *s, size_t len)
{
	static const char after[] = { '\xff', '0', '.' };
	const char *digits = s + (*s == '-');
	bool is_int = *digits && digits[strspn(digits, DIGITS)] == '\0';
	int64_t value = 42, ignored;
	int rc = num_parse_int(s, len, &value);
	char *room = malloc(len + 2 * NUM_ROOM);
	long long want;

	errno = 0;
	want = strtoll(s, NULL, 10);
	is_int = is_int && !errno;
	FUZZ_CHECK(is_int == !rc && value == (is_int ? want : 42), "'%s'", s);
	for (size_t i = 0; i < sizeof(after); i++) {
		int64_t roomy = 42;

		memset(room, after[i], len + 2 * NUM_ROOM);
		memcpy(room, s, len);
		FUZZ_CHECK(num_parse_int_roomy(room, len, &roomy) == rc && roomy == value, "'%s'",
			   s);
		FUZZ_CHECK(!num_looks_int(room, len) || !len || !rc, "'%s'", s);
		FUZZ_CHECK(!num_looks_millionths(room, len) || !len ||
				   !num_parse_millionths(s, len, &ignored),
			   "'%s'", s);
	}
	free(room);
}

static void check_double(const char *s, size_t len, const struct grammar *g)
{
	double value = 42, want = strtod(s, NULL);
	int rc = num_parse_double(s, len, &value);

	if (!g->is_number || (!isfinite(want) && g->has_exponent))
		FUZZ_CHECK(rc && value == 42, "'%s'", s);
	else if (rc)
		FUZZ_CHECK(!isfinite(want) || len > 800, "'%s'", s);
	else
		FUZZ_CHECK(!memcmp(&value, &want, sizeof(want)), "'%s': %a, not %a", s, value,
			   want);
}

/* The number times 10^shift without its fraction, by moving the point in the text. */
static void check_shifted(const char *s, size_t len, const struct grammar *g, int shift)
{
	double point = g->n_whole + g->exponent + shift;
	int n = g->n_whole + g->n_fraction;
	int64_t value = 42, whole = 42, want = 0;
	int rc = num_parse_scaled(s, len, shift, &value);
	bool is_beyond = false;
	char *text = malloc((size_t)n + 64);

	FUZZ_CHECK(rc == (g->is_number ? 0 : -1), "'%s'", s);
	if (g->is_number) {
		size_t at = 0;

		text[at++] = g->negative ? '-' : '+';
		for (int i = 0; i < n && i < point; i++)
			text[at++] = i < g->n_whole ? g->whole[i] : g->fraction[i - g->n_whole];
		text[at] = '\0';
		/* So many zeros more make any number but 0 too large. */
		for (int i = 0; i < 30 && n + i < point; i++)
			text[at++] = '0';
		text[at] = '\0';
		errno = 0;
		want = at > 1 ? strtoll(text, NULL, 10) : 0;
		is_beyond = errno;
		FUZZ_CHECK(value == want, "'%s' by %d: %" PRId64, s, shift, value);
	}
	rc = num_parse_decimal(s, len, &whole);
	if (!shift)
		FUZZ_CHECK(g->is_number && !is_beyond ? !rc && whole == want : rc && whole == 42,
			   "'%s'", s);
	free(text);
}

static void check_millionths(const char *s, size_t len, const struct grammar *g)
{
	char text[NUM_TEXT_MAX + 1];
	int64_t value = 42, scaled, again;
	bool is_exact = g->is_number && !g->has_exponent;
	int rc = num_parse_millionths(s, len, &value);

	for (int i = 6; i < g->n_fraction; i++)
		is_exact = is_exact && g->fraction[i] == '0';
	if (rc) {
		FUZZ_CHECK(!is_exact || (!num_parse_scaled(s, len, 6, &scaled) &&
					 (scaled == INT64_MAX || scaled == INT64_MIN)),
			   "'%s'", s);
		return;
	}
	FUZZ_CHECK(is_exact && !num_parse_scaled(s, len, 6, &scaled) && scaled == value, "'%s'", s);
	FUZZ_CHECK(!num_parse_millionths(text, num_format_millionths(text, value), &again) &&
			   again == value,
		   "'%s'", s);
}

static void check_size(const char *s, size_t len)
{
	static const char units[] = "KkMmGgTt";
	size_t n_digits = strspn(s, DIGITS);
	const char *unit = s[n_digits] ? strchr(units, s[n_digits]) : NULL;
	bool is_size = n_digits && (len == n_digits || (unit && len == n_digits + 1));
	uint64_t bytes = 42, n;
	__uint128_t want;

	errno = 0;
	n = strtoull(s, NULL, 10);
	want = unit ? (__uint128_t)n << (10 * ((unit - units) / 2 + 1)) : n;
	if (num_parse_size(s, len, &bytes))
		FUZZ_CHECK(bytes == 42 && (!is_size || errno || want > INT64_MAX), "'%s'", s);
	else
		FUZZ_CHECK(is_size && !errno && bytes == want, "'%s'", s);
}

/* Digits from the first that is not 0 to the last. */
static int significant(const char *s, size_t len)
{
	int n = 0, zeros = 0;

	for (size_t i = 0; i < len && s[i] != 'e' && s[i] != 'E'; i++) {
		if (s[i] < '0' || s[i] > '9' || (s[i] == '0' && !n))
			continue;
		zeros = s[i] == '0' ? zeros + 1 : 0;
		n++;
	}
	return n - zeros;
}

static void check_formats(int64_t number, int64_t other)
{
	char text[NUM_TEXT_MAX + 1], want[64];
	double real, back = 42;
	size_t len = num_format_int(text, number);
	int digits = 1;

	snprintf(want, sizeof(want), "%" PRId64, number);
	FUZZ_CHECK(len == strlen(want) && !memcmp(text, want, len), "%s", want);
	memcpy(&real, &number, sizeof(real));
	if (isfinite(real)) {
		len = num_format_double(text, real);
		FUZZ_CHECK(len < sizeof(text) && !num_parse_double(text, len, &back) &&
				   !memcmp(&back, &real, sizeof(real)),
			   "%a became '%.*s'", real, (int)len, text);
		do
			snprintf(want, sizeof(want), "%.*e", digits - 1, real);
		while (strtod(want, NULL) != real && digits++ < 17);
		FUZZ_CHECK(significant(text, len) <= digits, "'%.*s' for %s", (int)len, text, want);
	}
	if (other > 0) {
		__int128_t twice = (__int128_t)number * 2 + other, whole = (__int128_t)other * 2;
		__int128_t rounded = twice / whole - (twice % whole < 0);
		__int128_t floored = number / other;

		floored -= number % other < 0;
		FUZZ_CHECK(num_divide_rounded(number, other) == rounded &&
				   num_divide_floor(number, other) == floored,
			   "%" PRId64 " / %" PRId64, number, other);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	int shift = (int)fuzz_option(&f, 19);
	char *s = strndup(f.at, (size_t)(f.end - f.at));
	size_t len = strlen(s);
	struct grammar g = scan(s);
	int64_t numbers[2] = { 0 };

	check_int(s, len);
	check_double(s, len, &g);
	check_shifted(s, len, &g, shift);
	check_millionths(s, len, &g);
	check_size(s, len);
	memcpy(numbers, s, len < sizeof(numbers) ? len : sizeof(numbers));
	check_formats(numbers[0], numbers[1]);
	memcpy(numbers, f.at, f.end - f.at < 16 ? (size_t)(f.end - f.at) : sizeof(numbers));
	check_formats(numbers[0], numbers[1]);
	free(s);
	return 0;
}
