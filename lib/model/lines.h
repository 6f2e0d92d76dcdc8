/*
 * lines: facts as lines of text, a keyword and its values; written plainly and read strictly.
 *
 * Each value follows one space. A string is in double quotes, with \\ \" \n \r \t and
 * \xHH (the other control bytes) for what a line cannot hold; it may hold any bytes. A double is
 * the shortest decimal that reads back as the same bits.
 */
#ifndef CE_LINES_H
#define CE_LINES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each appends a space and the value. */
void lines_put_word(struct buf *out, const char *word);
void lines_put_int(struct buf *out, int64_t value);
void lines_put_count(struct buf *out, uint64_t value); /* below 2^63 */
void lines_put_double(struct buf *out, double value);  /* finite */
void lines_put_string(struct buf *out, const char *s, size_t len);

/* Each appends a whole line, the keyword and one value. */
void lines_add_int(struct buf *out, const char *keyword, int64_t value);
void lines_add_double(struct buf *out, const char *keyword, double value);

/*
 * A cursor in a text. Each function below that can fail returns 0, or -1 with *err set to
 * "NAME:LINE: reason"; those that read a value move past it.
 */
struct lines {
	const char *text, *end;    /* all of it */
	const char *at, *line_end; /* in the current line, whose newline is at line_end */
	uint64_t line;             /* from 1; 0 before the first lines_next */
	const char *name;          /* of the file */
	int64_t version;           /* of the file, once its reader has set it */
	struct err *err;
};

/* Sets what is wrong with the current line. Always returns -1. */
int lines_fail(const struct lines *l, const char *what);

/* Goes to the start of the next line; the end of the text, or a line without newline, is an error.
 */
int lines_next(struct lines *l);

/* The next line, which must begin with this keyword; the cursor is then after it. */
int lines_keyword(struct lines *l, const char *keyword);

/* Whether the next line begins with the keyword; if so the cursor moves past it. */
bool lines_next_is(struct lines *l, const char *keyword);

/* Whether the text at the cursor is this word, followed by a space or the end of the line; if so
 * the cursor moves past it. */
bool lines_have(struct lines *l, const char *word);

/* The end of the line. */
int lines_end(struct lines *l);

int lines_int(struct lines *l, int64_t min, int64_t max, int64_t *value);
int lines_count(struct lines *l, uint64_t *value); /* >= 0 */
int lines_double(struct lines *l, double min, double *value);
int lines_positive(struct lines *l, double *value); /* > 0 */

/* A whole line: the next one, which must be this keyword and one value, as the functions above read
 * it. */
int lines_read_int(struct lines *l, const char *keyword, int64_t min, int64_t max, int64_t *value);
int lines_read_double(struct lines *l, const char *keyword, double min, double *value);
int lines_read_share(struct lines *l, const char *keyword, double *value); /* in (0, 1] */

/* One of the words, which end with NULL; *value is its index. */
int lines_choice(struct lines *l, const char *const *words, int *value);

/* A string, which replaces what `out` held; a NUL follows it, which out->len does not count. */
int lines_string(struct lines *l, struct buf *out);

/* The same for a name: a string without NULs. */
int lines_name(struct lines *l, struct buf *out);

#endif
