/*
 * buf: a growable run of bytes, not NUL-terminated.
 *
 * Invariant: len <= cap, and data holds cap bytes (NULL while cap is 0). `data` moves when the
 * buffer grows: hold offsets, not pointers, across an append.
 */
#ifndef CE_BUF_H
#define CE_BUF_H

#include <stddef.h>

struct buf {
	char *data;
	size_t len, cap;
};

#define BUF_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

/* The slow path of buf_reserve: there is no room. */
void buf_grow(struct buf *b, size_t n);

/* Makes room for n more bytes after len and returns where they go; the caller adds to len. */
static inline char *buf_reserve(struct buf *b, size_t n)
{
	if (n >= b->cap - b->len) /* equal, too: data is not NULL even for n = 0 */
		buf_grow(b, n);
	return b->data + b->len;
}

void buf_append(struct buf *b, const void *bytes, size_t n);
void buf_append_str(struct buf *b, const char *text); /* without its NUL */

/* What printf would print. */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_append_char(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->len++;
}

/* Empties the buffer and keeps its memory. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

/* Frees the memory; the buffer is empty and usable again. */
void buf_release(struct buf *b);

#endif
