#include "adapt/recipe_line.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int line_fail(const struct recipe_line *p, const char *format, ...)
{
	char text[900];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_set(p->err, ERR_RUNTIME, "%s:%u: %s", p->file, p->number, text);
}

void *line_keep(struct recipe_line *p, const void *items, size_t size)
{
	void *copy = arena_alloc(&p->r->arena, size ? size : 1);

	if (size)
		memcpy(copy, items, size);
	return copy;
}

static const char blanks[] = " \t\r";

/* Reads the word at *s, to its end. Returns 0, or -1 with err. */
static int take_word(struct recipe_line *p, const char **s, struct recipe_word *word)
{
	const char *at = *s;
	struct buf text = BUF_INIT;
	bool is_quoted = false, has_star = false;
	size_t len;

	*word = (struct recipe_word){ .is_bare = true, .holds_sign = *at == '=' };
	for (; *at && (is_quoted || !strchr(blanks, *at)); at++) {
		word->star_inside |= has_star;
		word->holds_sign |= !is_quoted && *at == '|';
		has_star = false;
		if (*at == '"') {
			is_quoted = !is_quoted;
			word->is_bare = false;
		} else if (is_quoted && *at == '\\') {
			if (at[1] != '"' && at[1] != '\\') {
				buf_release(&text);
				return line_fail(p,
						 "in quotes a backslash stands before a quote or a "
						 "backslash");
			}
			buf_append_char(&text, *++at);
		} else {
			has_star = !is_quoted && *at == '*';
			buf_append_char(&text, *at);
		}
	}
	word->has_star = has_star;
	word->holds_sign |= at[-1] == '=';
	word->raw = arena_dup(&p->r->arena, *s, (size_t)(at - *s));
	len = text.len - has_star;
	word->text = len ? arena_dup(&p->r->arena, text.data, len) : "";
	buf_release(&text);
	*s = at;
	return is_quoted ? line_fail(p, "a quote is open at the end of the line") : 0;
}

int line_split(struct recipe_line *p, const char *s)
{
	p->n = p->at = 0;
	for (;;) {
		s += strspn(s, blanks);
		if (!*s || *s == '#')
			return 0;
		if (p->n == p->cap) {
			p->cap = mem_grow(p->cap, p->n + 1);
			p->words = mem_realloc(p->words, p->cap, sizeof(*p->words));
		}
		if (take_word(p, &s, &p->words[p->n++]))
			return -1;
	}
}

const struct recipe_word *line_peek(const struct recipe_line *p)
{
	static const struct recipe_word none = { .raw = "", .text = "" };

	return p->at < p->n ? &p->words[p->at] : &none;
}

bool line_is_over(const struct recipe_line *p)
{
	return p->at == p->n;
}

bool line_word_is(const struct recipe_word *word, const char *keyword)
{
	return word->is_bare && !strcmp(word->raw, keyword);
}

bool line_have(struct recipe_line *p, const char *keyword)
{
	bool is = line_word_is(line_peek(p), keyword);

	p->at += is;
	return is;
}

static bool is_sign(const struct recipe_word *word)
{
	static const char *const signs[] = { "=", "|", "+", "->", "!=", "<", "<=", ">", ">=" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (line_word_is(word, signs[i]))
			return true;
	return false;
}

const struct recipe_word *line_take(struct recipe_line *p, const char *what)
{
	const struct recipe_word *word = line_peek(p);

	if (line_is_over(p))
		line_fail(p, "%s is missing at the end of the line", what);
	else if (is_sign(word))
		line_fail(p, "%s is missing before '%s'", what, word->raw);
	else
		return &p->words[p->at++];
	return NULL;
}

const struct recipe_word *line_take_name(struct recipe_line *p, const char *what)
{
	const struct recipe_word *word = line_take(p, what);

	if (word && word->holds_sign) {
		line_fail(
			p,
			"'%.*s' holds a sign: blanks stand around those, or quotes around the word",
			err_clip(strlen(word->raw)), word->raw);
		return NULL;
	}
	return word;
}

int line_expect(struct recipe_line *p, const char *sign)
{
	if (line_have(p, sign))
		return 0;
	return line_is_over(p) ? line_fail(p, "'%s' is missing at the end of the line", sign)
			       : line_fail(p, "'%s' is missing before '%.*s'", sign,
					   err_clip(strlen(line_peek(p)->raw)), line_peek(p)->raw);
}

int line_expect_end(struct recipe_line *p)
{
	return line_is_over(p) ? 0
			       : line_fail(p, "'%.*s' is too much in this line",
					   err_clip(strlen(line_peek(p)->raw)), line_peek(p)->raw);
}

int line_one_of(const struct recipe_word *word, const char *const *list)
{
	for (int i = 0; word->is_bare && list[i]; i++)
		if (!strcmp(word->raw, list[i]))
			return i;
	return -1;
}

const char *line_text(const struct recipe_word *word)
{
	return word->has_star ? word->raw : word->text;
}

int line_take_texts(struct recipe_line *p, struct recipe_words *list)
{
	const char **texts = arena_alloc(&p->r->arena, (p->n - p->at + 1) * sizeof(*texts));

	*list = (struct recipe_words){ texts, p->n - p->at };
	for (size_t i = 0; i < list->n; i++) {
		const struct recipe_word *word = line_take(p, "a word");

		if (!word)
			return -1;
		texts[i] = line_text(word);
	}
	return 0;
}

const char *line_raw(struct recipe_line *p, size_t first, size_t until)
{
	struct buf text = BUF_INIT;
	const char *copy;

	for (size_t i = first; i < until; i++) {
		if (text.len)
			buf_append_char(&text, ' ');
		buf_append_str(&text, p->words[i].raw);
	}
	copy = text.len ? arena_dup(&p->r->arena, text.data, text.len) : "";
	buf_release(&text);
	return copy;
}
