#include "table/columns.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "table/colname.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SHOWN 240 /* bytes of the names of a header in a message, about */

int columns_find(const struct csv_header *header, const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (!strcmp(header->names[i], name))
			return (int)i;
	return -1;
}

/* About the header, on whose line it says so. */
__attribute__((format(printf, 3, 4))) static int fail(const struct csv_reader *in, struct err *err,
						      const char *format, ...)
{
	char text[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_set(err, ERR_RUNTIME, "%s:%llu: %s", in->file,
		       (unsigned long long)in->n_before + 1, text);
}

/*
 * The pipe: each tool reads what the one before it makes. ce-train reads what ce-predict does, but
 * nothing reads a table of its.
 */
static const struct {
	const char *tool, *table;
} pipe_tools[] = {
	{ "ce-clean", "cleaned_events" },
	{ "ce-join", "enriched_table" },
	{ "ce-sessionize", "session_identification" },
	{ "ce-agg", "event_history" },
	{ "ce-features", "completion_prediction_features" },
	{ "ce-predict", "completion_predictions" },
	{ "ce-eval", NULL },
};

#define N_PIPE_TOOLS ((int)(sizeof(pipe_tools) / sizeof(pipe_tools[0])))

static bool has_column(const struct catalogue_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (!strcmp(table->columns[i].name, name))
			return true;
	return false;
}

/* The tool of the pipe that makes the column, N_PIPE_TOOLS if none does or it is of the log. */
static int pipe_maker(const char *name)
{
	for (int i = 0; i < N_PIPE_TOOLS && pipe_tools[i].table; i++)
		if (has_column(catalogue_table(pipe_tools[i].table), name))
			return i ? i : N_PIPE_TOOLS;
	return N_PIPE_TOOLS;
}

static int pipe_place(const char *tool)
{
	int i = 0;

	while (tool && i < N_PIPE_TOOLS && strcmp(pipe_tools[i].tool, tool) != 0)
		i++;
	if (tool && !strcmp(tool, "ce-train"))
		return pipe_place("ce-predict");
	return tool ? i : N_PIPE_TOOLS;
}

/* "ce-sessionize makes it (ce-join | ce-sessionize | ce-agg)" */
static void put_maker(struct buf *text, const char *name, const char *tool)
{
	int maker = pipe_maker(name), place = pipe_place(tool);

	if (maker == N_PIPE_TOOLS)
		return;
	buf_printf(text, ": %s makes it", pipe_tools[maker].tool);
	if (place == N_PIPE_TOOLS || place <= maker)
		return;
	buf_printf(text, " (%s", pipe_tools[maker - 1].tool);
	for (int i = maker; i < place; i++)
		buf_printf(text, " | %s", pipe_tools[i].tool);
	buf_printf(text, " | %s)", tool);
}

/* As much of the header as a message has room for: what is there instead. */
static void put_header(struct buf *text, const struct csv_header *header)
{
	size_t start = text->len, i;

	buf_append_str(text, "; the header has ");
	for (i = 0; i < header->n && text->len - start < HEADER_SHOWN; i++) {
		size_t len = strlen(header->names[i]);

		buf_printf(text, "%s%.*s%s", i ? ", " : "", err_clip(len), header->names[i],
			   len ? "" : "''");
	}
	if (i < header->n)
		buf_printf(text, " and %zu more", header->n - i);
	if (header->n == 1)
		buf_append_str(text, " alone");
	if (header->n == 1 || (header->n && strpbrk(header->names[0], "\t;|")))
		buf_append_str(text, ": another delimiter? (--delimiter)");
}

static bool is_of_the_pipe(const char *name)
{
	for (int i = 0; i < N_PIPE_TOOLS && pipe_tools[i].table; i++)
		if (has_column(catalogue_table(pipe_tools[i].table), name))
			return true;
	return false;
}

/* The name of the header that may be a mistyped one: event_ts is none of event_id. NULL: none. */
static const char *nearest(const struct csv_header *header, const char *name)
{
	const char **names = mem_alloc(header->n, sizeof(*names)), *near;
	size_t n = 0;

	for (size_t i = 0; i < header->n; i++)
		if (!is_of_the_pipe(header->names[i]))
			names[n++] = header->names[i];
	near = nearest_word(name, names, n);
	free(names);
	return near;
}

static int missing(const struct csv_reader *in, const char *name, struct err *err)
{
	const char *near = nearest(&in->header, name);
	struct buf text = BUF_INIT;

	buf_printf(&text, "missing column %.*s", err_clip(strlen(name)), name);
	put_maker(&text, name, in->input.tool);
	if (near)
		buf_printf(&text, "; the nearest name is '%s'", near);
	put_header(&text, &in->header);
	buf_append_char(&text, '\0');
	fail(in, err, "%s", text.data);
	buf_release(&text);
	return -1;
}

int columns_require(const struct csv_reader *in, const char *name, struct err *err)
{
	int index = columns_find(&in->header, name), other = -1;

	if (index >= 0)
		return index;
	for (size_t i = 0; i < in->header.n && other < 0; i++) {
		if (!colname_alike(in->header.names[i], name))
			continue;
		if (index < 0)
			index = (int)i;
		else
			other = (int)i;
	}
	if (other >= 0)
		return fail(in, err, "column %s: may be '%s' or '%s'", name,
			    in->header.names[index], in->header.names[other]);
	if (index < 0)
		return missing(in, name, err);
	/* Letters of another case, perhaps without blanks around them: there is room for it. */
	if (in->names && strlen(name) <= strlen(in->names[index]))
		memcpy(in->names[index], name, strlen(name) + 1);
	return index;
}

int columns_refuse(const struct csv_reader *in, const struct catalogue_column *columns, size_t n,
		   struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (columns_find(&in->header, columns[i].name) >= 0)
			return err_set(err, ERR_RUNTIME, "%s:1: column %s: is in the input already",
				       in->file, columns[i].name);
	return 0;
}
