#include "model/viewtext.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void viewtext_whole(struct buf *out, const char *name)
{
	utf8_put(out, name, strlen(name), SIZE_MAX);
}

void viewtext_number(struct buf *out, double value)
{
	buf_printf(out, fabs(value) >= 1e4 && fabs(value) < 1e15 ? "%.0f" : "%.4g", value);
}

void viewtext_cell(struct buf *out, double value)
{
	double size = fabs(value);

	buf_printf(out, value == 0 || (size >= 0.001 && size < 1e6) ? "%12.4f" : "%12.3g", value);
}

const char *viewtext_level(const struct encoding_column *c, uint32_t i, size_t *len)
{
	const char *text = "(other)";

	if (i < c->levels.n) {
		const struct intern_string *level = intern_string(&c->levels, i);

		if (level->len) {
			*len = level->len;
			return level->s;
		}
		text = "(empty)";
	}
	*len = strlen(text);
	return text;
}

size_t viewtext_name_width(const struct encoding *e)
{
	struct buf ignored = BUF_INIT;
	size_t width = strlen("(intercept)");

	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];
		size_t n;

		if (c->kind == ENCODING_CONSTANT)
			continue;
		n = utf8_put(&ignored, c->name, strlen(c->name), VIEWTEXT_WIDTH);
		width = n > width ? n : width;
		buf_clear(&ignored);
	}
	buf_release(&ignored);
	return width;
}

void viewtext_name(struct buf *out, size_t width, size_t indent, const char *s, size_t len)
{
	size_t n;

	buf_printf(out, "%*s", (int)indent, "");
	n = indent + utf8_put(out, s, len, VIEWTEXT_WIDTH - indent);
	buf_printf(out, "%*s", n < width ? (int)(width - n) : 0, "");
}

void viewtext_column(struct buf *out, size_t width, const struct encoding_column *c)
{
	viewtext_name(out, width, 0, c->name, strlen(c->name));
}

void viewtext_item(struct viewtext_list *list, const char *name)
{
	buf_printf(list->out, "%s", list->n++ ? ", " : list->title);
	viewtext_whole(list->out, name);
}

void viewtext_list_end(struct viewtext_list *list)
{
	if (list->n)
		buf_append_char(list->out, '\n');
}

const char *viewtext_kind(const struct encoding_column *c)
{
	switch (c->kind) {
	case ENCODING_NUMBER:
		return "number";
	case ENCODING_BINNED:
		return "bins";
	case ENCODING_CATEGORY:
		return "category";
	case ENCODING_CONSTANT:
		break;
	}
	return "constant";
}

static int by_value(const void *a, const void *b)
{
	const struct viewtext_rank *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->column->name, y->column->name);
}

struct viewtext_rank *viewtext_ranks(const struct encoding *e)
{
	struct viewtext_rank *ranks = mem_zalloc(e->n_values, sizeof(*ranks));

	for (uint32_t i = 0; i < e->n_values; i++)
		ranks[i].column = encoding_valued(e, i);
	return ranks;
}

void viewtext_sort(struct viewtext_rank *ranks, size_t n)
{
	qsort(ranks, n, sizeof(*ranks), by_value);
}
