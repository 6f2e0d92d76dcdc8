#include "table/csvquoted.h"

#include "base/mem.h"

#include <csv.h>
#include <stdlib.h>

#define FIELD_STEP ((size_t)64 * 1024) /* libcsv grows a field's buffer by so much at a time */

static int never(unsigned char c)
{
	(void)c;
	return 0;
}

static int is_newline(unsigned char c)
{
	return c == '\n';
}

/* Without memory libcsv would call a record malformed, which is valid: mem says so, and exits. */
static void *reallocate(void *p, size_t n)
{
	return mem_realloc(p, n, 1);
}

static void start_parser(struct csvquoted *q)
{
	csv_init(q->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL);
	csv_set_space_func(q->parser, never);
	csv_set_term_func(q->parser, is_newline);
	csv_set_blk_size(q->parser, FIELD_STEP);
	csv_set_realloc_func(q->parser, reallocate);
}

/* libcsv's field callback: its buffer is only ours during the call, so the bytes are copied. */
static void take_text(void *s, size_t len, void *data)
{
	struct csvquoted *q = data;

	if (q->n == q->cap) {
		q->cap = mem_grow(q->cap, q->n + 1);
		q->ends = mem_realloc(q->ends, q->cap, sizeof(*q->ends));
		q->nulls = mem_realloc(q->nulls, q->cap, sizeof(*q->nulls));
	}
	buf_append(&q->text, s, len);
	q->nulls[q->n] = !s;
	q->ends[q->n++] = q->text.len;
}

static void ignore_row(int c, void *data)
{
	(void)c;
	(void)data;
}

bool csvquoted_split(struct csvquoted *q, const char *record, size_t len, char delimiter)
{
	bool ok;

	if (!q->parser) {
		q->parser = mem_alloc(1, sizeof(*q->parser));
		start_parser(q);
	}
	csv_set_delim(q->parser, (unsigned char)delimiter);
	buf_clear(&q->text);
	q->n = 0;
	ok = csv_parse(q->parser, record, len, take_text, ignore_row, q) == len;
	ok &= !csv_fini(q->parser, take_text, ignore_row, q);
	if (!ok) {
		/* A parser that has failed is stuck: start a new one. */
		csv_free(q->parser);
		start_parser(q);
		return false;
	}
	buf_reserve(&q->text, CSV_SLACK); /* so data is no NULL pointer even if all are empty */
	return true;
}

bool csvquoted_split_in_place(struct csvquoted *q, char *s, size_t len, size_t n,
			      struct csv_field *field)
{
	const char *end = s + len;

	if (!len || !memchr(s, '"', len)) {
		for (size_t i = 0; i < n; i++) {
			const char *comma = s < end ? memchr(s, ',', (size_t)(end - s)) : NULL;
			const size_t here = (size_t)((comma ? comma : end) - s);

			field[i] = (struct csv_field){ s, (uint32_t)here, !here };
			s += here + (comma != NULL);
		}
		return true;
	}
	(void)csvquoted_split(q, s, len, ','); /* which what was put is */
	for (size_t i = 0; i < n; i++) {
		field[i] = csvquoted_field(q, i);
		if (field[i].len)
			memcpy(s, field[i].s, field[i].len);
		field[i].s = s;
		s += field[i].len;
	}
	return false;
}

void csvquoted_release(struct csvquoted *q)
{
	if (q->parser)
		csv_free(q->parser);
	free(q->parser);
	buf_release(&q->text);
	free(q->ends);
	free(q->nulls);
	*q = (struct csvquoted)CSVQUOTED_INIT;
}
