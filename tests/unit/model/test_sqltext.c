#include "model/sqltext.h"

#include "scratch.h"

#include <float.h>

/*
 * PostgreSQL's lexer again (its manual, 4.1: Lexical Structure), with
 * standard_conforming_strings on: reads a token that begins at s < end. Returns how long it is, 0
 * if it is none, and appends its value.
 */
static size_t lex(const char *s, const char *end, struct buf *value)
{
	const char *start = s;
	bool escapes = *s == 'E';
	char quote = s[escapes];

	if (quote != '\'' && (quote != '"' || escapes))
		return 0;
	for (s += escapes + 1; s < end; s++) {
		if (escapes && *s == '\\') {
			static const char codes[] = "nrtbf\\'", meant[] = "\n\r\t\b\f\\'";
			const char *code = ++s < end && *s ? strchr(codes, *s) : NULL;

			if (!code)
				return 0;
			buf_append_char(value, meant[code - codes]);
		} else if (*s != quote) {
			buf_append_char(value, *s);
		} else if (s + 1 < end && s[1] == quote) {
			buf_append_char(value, *s++);
		} else {
			return (size_t)(s + 1 - start);
		}
	}
	return 0;
}

/* That the buffer is one token of that value, on one line, so that no editor changes it. */
static void check_token(const struct buf *out, const char *want, size_t len)
{
	struct buf value = BUF_INIT;

	CHECK_INT(lex(out->data, out->data + out->len, &value), out->len);
	CHECK_INT(value.len, len);
	if (value.len == len && len && memcmp(value.data, want, len) != 0)
		CHECK_FAIL("'%.*s' is read from %.*s", (int)len, value.data, (int)out->len,
			   out->data);
	buf_release(&value);
}

static void check_string(const char *s, size_t len)
{
	struct buf out = BUF_INIT;
	char *copy = malloc(len + !len);

	memcpy(copy, s, len);
	sqltext_string(&out, copy, len);
	check_token(&out, s, len);
	CHECK(!memchr(out.data, '\n', out.len) && !memchr(out.data, '\r', out.len));
	buf_release(&out);
	free(copy);
}

/* Whatever is between the quotes: nobody gets out of a constant. */
static void strings_are_read_back(void)
{
	static const char letters[] = "ab'\\\"\n\rE; -\t\xc3\xa9";
	uint64_t random = 1;
	char text[12];

	check_string("", 0);
	check_string("'", 1);
	check_string("\\", 1);
	check_string("\\'", 2);
	check_string("'; drop table a; --", 19);
	for (int i = 0; i < 20000 && check_ok; i++) {
		size_t len = scratch_below(&random, sizeof(text) + 1);

		for (size_t k = 0; k < len; k++)
			text[k] = letters[scratch_below(&random, sizeof(letters) - 1)];
		check_string(text, len);
	}
}

static void strings_without_need_have_no_escapes(void)
{
	struct buf out = BUF_INIT;

	sqltext_string(&out, "it's \xc3\xa9", 7);
	buf_append_char(&out, '\0');
	CHECK_STR(out.data, "'it''s \xc3\xa9'");
	buf_release(&out);
}

/* A name has no escapes at all. */
static void names_are_read_back(void)
{
	static const char *const names[] = { "a",     "A b", "\"",   "a\"b", "\"\"\"",  "'",
					     "a\\\"", "\\n", "a\nb", ";--",  "\xc3\xa9" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf out = BUF_INIT;

		sqltext_name(&out, names[i]);
		CHECK(out.data[0] == '"');
		check_token(&out, names[i], strlen(names[i]));
		buf_release(&out);
	}
}

/* By strtod, which shares no code with what is tested. */
static void check_number(double value)
{
	static const char type[] = "float8 '";
	struct buf out = BUF_INIT;
	double back;
	char *end;

	sqltext_number(&out, value);
	buf_append_char(&out, '\0');
	CHECK_BEGINS(out.data, type);
	back = strtod(out.data + strlen(type), &end);
	CHECK_STR(end, "'");
	if (memcmp(&back, &value, sizeof(back)) != 0)
		CHECK_FAIL("%.17g is %s", value, out.data);
	buf_release(&out);
}

static void numbers_are_read_back_to_the_bit(void)
{
	uint64_t random = 1;

	check_number(0);
	check_number(-0.0);
	check_number(0.1);
	check_number(DBL_MAX);
	check_number(-DBL_MIN);
	check_number(DBL_TRUE_MIN);
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = scratch_random(&random);
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value))
			check_number(value);
	}
}

/* What no row of a database can be equal to: not UTF-8, or with a NUL. */
static void levels_that_no_database_has(void)
{
	static const struct {
		const char *s;
		size_t len;
		bool is_text;
	} levels[] = { { "a", 1, true },
		       { "", 0, true },
		       { "\xc3\xa9", 2, true },
		       { "\xc3", 1, false },
		       { "\xed\xa0\x80", 3, false },
		       { "a\0b", 3, false } };
	struct encoding_column c = { .levels = INTERN_INIT };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		CHECK_INT(intern_id(&c.levels, levels[i].s, levels[i].len), i);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		const struct intern_string *text = sqltext_level(&c, (uint32_t)i);

		CHECK_INT(text != NULL, levels[i].is_text);
		if (text)
			CHECK_INT(text->len, levels[i].len);
	}
	intern_release(&c.levels);
}

static void put_index(struct buf *out, const void *context, size_t i)
{
	CHECK(context == &check_ok);
	buf_printf(out, "%zu", i);
}

/*
 * Reads a sum back by the grammar `sum = number | "(" sum "\n + " sum ")"`: its terms must be *next
 * and those after it. Returns where it ends, and sets *depth.
 */
static const char *read_sum(const char *s, size_t *next, int *depth)
{
	int left, right;
	char *end;

	*depth = 0;
	if (*s != '(') {
		CHECK_INT(strtoul(s, &end, 10), *next);
		++*next;
		return end;
	}
	s = read_sum(s + 1, next, &left);
	CHECK_BEGINS(s, "\n + ");
	if (!check_ok)
		return s;
	s = read_sum(s + 4, next, &right);
	CHECK(*s == ')');
	*depth = 1 + (left > right ? left : right);
	return s + (*s == ')');
}

/* Each term once and in order, as flat as a tree can be. */
static void sums_are_balanced(void)
{
	for (size_t n = 1; n < 3000 && check_ok; n += 1 + n / 20)
		for (size_t first = 0; first < 8; first += 7) {
			struct buf out = BUF_INIT;
			size_t next = first;
			int depth, want = 0;
			const char *end;

			sqltext_sum(&out, put_index, &check_ok, first, n);
			buf_append_char(&out, '\0');
			end = read_sum(out.data, &next, &depth);
			CHECK_STR(end, "");
			CHECK_INT(next, first + n);
			while (((size_t)1 << want) < n)
				want++;
			CHECK_INT(depth, want);
			buf_release(&out);
		}
}

/* What is next to nothing is nothing: float8 fails at a product that underflows. */
static void factors_do_not_underflow(void)
{
	CHECK(sqltext_factor(1e-199) > 0 && sqltext_factor(-1e-199) < 0);
	CHECK(sqltext_factor(1e-201) == 0 && sqltext_factor(-1e-201) == 0);
	CHECK(sqltext_factor(0) == 0);
	CHECK(sqltext_factor(-DBL_MAX) == -DBL_MAX);
}

int main(void)
{
	RUN(strings_are_read_back);
	RUN(strings_without_need_have_no_escapes);
	RUN(names_are_read_back);
	RUN(numbers_are_read_back_to_the_bit);
	RUN(levels_that_no_database_has);
	RUN(sums_are_balanced);
	RUN(factors_do_not_underflow);
	return CHECK_DONE();
}
