#include "adapt/adapt_check.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define NAMES_SHOWN 100
#define NAME_CHARS  44

static void put_becomes(const struct adapter *a, uint32_t id, struct buf *out)
{
	bool is_first = true;
	uint64_t n_rejected = a->names.counts[id];

	for (int type = 0; type < BECOMES_N; type++) {
		uint64_t n = a->named[id][type];

		if (!n)
			continue;
		n_rejected -= n;
		buf_printf(out, "%s%s", is_first ? "" : ", ",
			   recipe_type_name((enum recipe_type)type));
		if (n < a->names.counts[id])
			buf_printf(out, " %" PRIu64, n);
		is_first = false;
	}
	if (n_rejected)
		buf_printf(out, "%srejected %" PRIu64, is_first ? "" : ", ", n_rejected);
}

static void put_names(const struct adapter *a, struct buf *out)
{
	uint32_t shown[NAMES_SHOWN];

	buf_printf(out, "\n%-*s %12s  becomes\n", NAME_CHARS, "event in the log", "records");
	for (size_t i = 0; i < NAMES_SHOWN && i < a->names.names.n; i++) {
		const struct intern_string *name;
		size_t n_chars;

		shown[i] = tally_next(&a->names, shown, i);
		name = intern_string(&a->names.names, shown[i]);
		n_chars = name->len ? utf8_put(out, name->s, name->len, NAME_CHARS)
				    : utf8_put(out, "(none)", 6, NAME_CHARS);
		buf_printf(out, "%*s %12" PRIu64 "  ", (int)(NAME_CHARS - n_chars), "",
			   a->names.counts[shown[i]]);
		put_becomes(a, shown[i], out);
		buf_append_char(out, '\n');
	}
	if (a->names.names.n > NAMES_SHOWN)
		buf_append_str(out, "...\n");
}

static void put_column(const struct adapter *a, size_t column, const char *name,
		       const struct recipe_value *value, struct buf *out)
{
	if (!value->line)
		return;
	buf_printf(out, "%-18s ", name);
	if (a->values.n_asked[column])
		buf_printf(out, "%6.1f %%  ",
			   100.0 * (double)a->values.n_filled[column] /
				   (double)a->values.n_asked[column]);
	else
		buf_append_str(out, "       -  ");
	utf8_put(out, value->text, strlen(value->text), 200);
	buf_append_char(out, '\n');
}

static void put_columns(const struct adapter *a, struct buf *out)
{
	const struct recipe *r = a->recipe;

	buf_append_str(out, "\ncolumn             records with a value, at\n");
	for (int i = 0; i < RECIPE_N_COLUMNS; i++)
		put_column(a, (size_t)i, recipe_column_name((enum recipe_column)i), &r->values[i],
			   out);
	for (size_t i = 0; i < r->n_extras; i++)
		put_column(a, RECIPE_N_COLUMNS + i, r->extras[i].name, &r->extras[i].value, out);
}

/* Events that the recipe does not know, with the line that it lacks. */
static void put_unknown(const struct adapter *a, struct buf *out)
{
	if (!a->unknown.n)
		return;
	buf_printf(out, "unknown %" PRIu64 ", for which the recipe lacks a line such as: ",
		   a->unknown.n);
	recipe_put_line(out, &a->unknown);
	buf_append_char(out, '\n');
}

/* A row of a log may be anything, and is not to drive a terminal. */
static void put_row(struct buf *row, struct buf *events)
{
	csv_end_row(row);
	utf8_put(events, row->data, row->len - 1, row->len);
	buf_append_char(events, '\n');
	buf_release(row);
}

void adapt_check_put_names(const struct adapter *a, struct buf *events)
{
	struct buf row = BUF_INIT;

	adapter_put_names(a, &row);
	put_row(&row, events);
}

void adapt_check_put_event(const struct adapter *a, size_t i, struct buf *events)
{
	struct buf row = BUF_INIT;

	adapter_put_event(a, i, &row);
	put_row(&row, events);
}

void adapt_check_put(const struct adapter *a, const struct logreader *log, const struct buf *events,
		     struct buf *out)
{
	buf_printf(out, "recipe %s, %" PRIu64 " file%s: ", a->recipe->file, log->n_files,
		   log->n_files == 1 ? "" : "s");
	adapter_put_summary(a, out);
	buf_append_char(out, '\n');
	put_unknown(a, out);
	if (!a->recipe->is_whole_play)
		put_names(a, out);
	put_columns(a, out);
	buf_printf(out, "\nthe first events\n");
	buf_append(out, events->data, events->len);
}
