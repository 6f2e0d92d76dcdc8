/*
 * recipe_line: the words of a line of a recipe, taken one after another, and what is said of a line
 * that is wrong.
 */
#ifndef CE_RECIPE_LINE_H
#define CE_RECIPE_LINE_H

#include "adapt/recipe.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct recipe_word {
	const char *raw;  /* as it stands there */
	const char *text; /* without quotes, and without the star */
	bool is_bare;     /* no part of it is in quotes: it may be a keyword or a sign */
	bool has_star;    /* a `*` outside of quotes ends it */
	bool star_inside; /* one stands before its end */
	bool holds_sign;  /* outside of quotes, and more than that: `a|b`, `a=`, `=a` */
};

struct recipe_line {
	struct recipe *r; /* into whose memory the texts go */
	const char *file;
	struct err *err;
	unsigned number;
	struct recipe_word *words; /* [n]; the caller frees */
	size_t n, cap;
	size_t at; /* the next */
};

/* Sets err to what is wrong, behind "FILE:LINE: ". Returns -1. */
int line_fail(const struct recipe_line *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Splits a line into its words. Returns 0, or -1 with err. */
int line_split(struct recipe_line *p, const char *s);

/* The next word; at the end of the line an empty one. */
const struct recipe_word *line_peek(const struct recipe_line *p);

bool line_is_over(const struct recipe_line *p);

bool line_word_is(const struct recipe_word *word, const char *keyword);

/* Whether the next word is that keyword or sign, and if so goes past it. */
bool line_have(struct recipe_line *p, const char *keyword);

/*
 * The next word, which must be there and be no sign; NULL with err, in which `what` is missing.
 * line_take_name: nor hold a sign, which stands alone between blanks.
 */
const struct recipe_word *line_take(struct recipe_line *p, const char *what);
const struct recipe_word *line_take_name(struct recipe_line *p, const char *what);

/* Goes past that sign, or makes sure of the end of the line. Returns 0, or -1 with err. */
int line_expect(struct recipe_line *p, const char *sign);
int line_expect_end(struct recipe_line *p);

/* The place of a bare word in a list that ends with NULL, or -1. */
int line_one_of(const struct recipe_word *word, const char *const *list);

/* A word where a star has no meaning, and belongs to it. */
const char *line_text(const struct recipe_word *word);

/* The texts of all words that are left, which are no signs. Returns 0, or -1 with err. */
int line_take_texts(struct recipe_line *p, struct recipe_words *list);

/* The words from the first to before `until` as they stand in the line, one blank between them. */
const char *line_raw(struct recipe_line *p, size_t first, size_t until);

/* A copy, in the recipe's memory. */
void *line_keep(struct recipe_line *p, const void *items, size_t size);

#endif
