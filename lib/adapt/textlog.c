#include "adapt/textlog.h"

#include "base/small.h"

#include <string.h>

#define READ_SIZE ((size_t)SMALL(256 * 1024, 61))

static const char byte_order_mark[] = "\xef\xbb\xbf";

void textlog_init(struct textlog *t, const char *const *paths, size_t n_paths, int threads)
{
	static const char *const standard_input = "-";

	*t = (struct textlog)TEXTLOG_INIT;
	t->paths = n_paths ? paths : &standard_input;
	t->n_paths = n_paths ? n_paths : 1;
	t->threads = threads;
}

/* Reads on, behind what is not yet given. Returns 0, or -1 with err. */
static int fill(struct textlog *t, struct err *err)
{
	struct buf *b = &t->bytes;
	ptrdiff_t n;

	if (t->start) {
		memmove(b->data, b->data + t->start, b->len - t->start);
		b->len -= t->start;
		t->start = 0;
	}
	n = gz_reader_read(&t->gz, buf_reserve(b, READ_SIZE), READ_SIZE, err);
	if (n < 0)
		return -1;
	t->at_eof = !n;
	b->len += (size_t)n;
	return 0;
}

static size_t left(const struct textlog *t)
{
	return t->bytes.len - t->start;
}

int textlog_next_file(struct textlog *t, struct err *err)
{
	const size_t mark = sizeof(byte_order_mark) - 1;
	const char *s;
	size_t len;

	gz_reader_close(&t->gz);
	if (t->next_path == t->n_paths)
		return 0;
	if (gz_reader_open(&t->gz, t->paths[t->next_path++], t->threads, err))
		return -1;
	t->file = t->gz.name;
	t->line = 0;
	t->next_line = 1;
	t->at_eof = false;
	t->start = 0;
	buf_clear(&t->bytes);
	if (textlog_ahead(t, mark, &s, &len, err))
		return -1;
	if (len >= mark && !memcmp(s, byte_order_mark, mark))
		t->start = mark;
	return 1;
}

int textlog_ahead(struct textlog *t, size_t want, const char **s, size_t *len, struct err *err)
{
	while (left(t) < want && !t->at_eof)
		if (fill(t, err))
			return -1;
	*s = t->bytes.data + t->start;
	*len = left(t);
	return 0;
}

int textlog_peek(struct textlog *t, char *first, struct err *err)
{
	for (;;) {
		for (; t->start < t->bytes.len; t->start++) {
			*first = t->bytes.data[t->start];
			if (!strchr(" \t\r\n", *first) || !*first)
				return 0;
			t->next_line += *first == '\n';
		}
		if (t->at_eof) {
			*first = 0;
			return 0;
		}
		if (fill(t, err))
			return -1;
	}
}

int textlog_line(struct textlog *t, struct text_piece *line, struct err *err)
{
	size_t seen = 0; /* bytes from `start` on that hold no line feed */
	bool is_too_long = false;
	char *end;

	t->line = t->next_line;
	for (;;) {
		end = left(t) == seen
			      ? NULL
			      : memchr(t->bytes.data + t->start + seen, '\n', left(t) - seen);
		if (end || t->at_eof)
			break;
		seen = left(t);
		if (seen > TEXTLOG_LINE_MAX) {
			is_too_long = true;
			t->bytes.len = t->start + TEXTLOG_LINE_MAX;
			seen = TEXTLOG_LINE_MAX;
		}
		if (fill(t, err))
			return -1;
	}
	if (!end && !left(t))
		return 0;
	line->s = t->bytes.data + t->start;
	line->len = end ? (size_t)(end - line->s) : left(t);
	line->is_too_long = is_too_long || line->len > TEXTLOG_LINE_MAX;
	t->start += line->len + (end != NULL);
	t->next_line++;
	return 1;
}

int textlog_piece(struct textlog *t, size_t keep, struct text_piece *piece, struct err *err)
{
	const char *at;

	t->start -= keep;
	while (!t->at_eof && left(t) <= keep)
		if (fill(t, err))
			return -1;
	t->line = t->next_line;
	piece->s = t->bytes.data + t->start;
	piece->len = left(t);
	piece->is_too_long = false;
	if (piece->len <= keep)
		return 0;
	for (at = piece->s; (at = memchr(at, '\n', piece->len - (size_t)(at - piece->s))); at++)
		t->next_line++;
	t->start = t->bytes.len;
	return 1;
}

void textlog_close(struct textlog *t)
{
	gz_reader_close(&t->gz);
	buf_release(&t->bytes);
}
