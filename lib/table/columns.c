#include "table/columns.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/time.h"
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

/* The same, but the only one that is alike will do; if there is another, *other is that one. */
static int find_alike(const struct csv_header *header, const char *name, int *other)
{
	int index = columns_find(header, name);

	*other = -1;
	if (index >= 0)
		return index;
	for (size_t i = 0; i < header->n && *other < 0; i++) {
		if (!colname_alike(header->names[i], name))
			continue;
		if (index < 0)
			index = (int)i;
		else
			*other = (int)i;
	}
	return index;
}

int columns_find_alike(const struct csv_header *header, const char *name)
{
	int other, index = find_alike(header, name, &other);

	return other < 0 ? index : -1;
}

int columns_fail(const struct csv_reader *in, struct err *err, const char *format, ...)
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
	{ "ce-online", "event_online" },
	{ "ce-features", "completion_prediction_features" },
	{ "ce-predict", "completion_predictions" },
	{ "ce-eval", NULL },
};

#define N_PIPE_TOOLS ((int)(sizeof(pipe_tools) / sizeof(pipe_tools[0])))

/* The tool of the pipe that makes the column, N_PIPE_TOOLS if none does or it is of the log. */
static int pipe_maker(const char *name)
{
	for (int i = 0; i < N_PIPE_TOOLS && pipe_tools[i].table; i++)
		if (catalogue_column(catalogue_table(pipe_tools[i].table), name) >= 0)
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

/* As a value is, and the name of a column hardly ever. */
static bool is_value(const char *name)
{
	static const struct time_reading reading = { .unit = TIME_AUTO, .date = true };
	const size_t len = strlen(name);
	double number;
	int64_t ms;

	return !num_parse_double(name, len, &number) || time_read(name, len, &reading, &ms) >= 0;
}

/* As much of the header as a message has room for: what is there instead. */
static void put_header(struct buf *text, const struct csv_reader *in)
{
	const struct csv_header *header = &in->header;
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
		buf_append_str(text, in->input.tool ? ": another delimiter? (--delimiter)"
						    : ": a delimiter other than , ; | and tab?");
	for (i = 0; i < header->n; i++)
		if (is_value(header->names[i])) {
			buf_append_str(text, ": is there a header line?");
			break;
		}
}

static bool is_of_the_pipe(const char *name)
{
	for (int i = 0; i < N_PIPE_TOOLS && pipe_tools[i].table; i++)
		if (catalogue_column(catalogue_table(pipe_tools[i].table), name) >= 0)
			return true;
	return false;
}

/*
 * The name of the header that may be a mistyped one, or that was meant by one. NULL: none. Of two
 * columns of the pipe, neither is: event_ts is no event_id.
 */
static const char *nearest(const struct csv_header *header, const char *name)
{
	const char **names = mem_alloc(header->n, sizeof(*names)), *near;
	bool is_mistyped = !is_of_the_pipe(name);
	size_t n = 0;

	for (size_t i = 0; i < header->n; i++)
		if (is_mistyped || !is_of_the_pipe(header->names[i]))
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
	put_header(&text, in);
	buf_append_char(&text, '\0');
	columns_fail(in, err, "%s", text.data);
	buf_release(&text);
	return -1;
}

int columns_require(const struct csv_reader *in, const char *name, struct err *err)
{
	int other, index = find_alike(&in->header, name, &other);

	if (other >= 0)
		return columns_fail(in, err, "column %s: may be '%s' or '%s'", name,
				    in->header.names[index], in->header.names[other]);
	return index < 0 ? missing(in, name, err) : index;
}

bool *columns_listed(const struct csv_reader *in, const struct names *list, bool *all,
		     struct err *err)
{
	bool *listed = mem_zalloc(in->header.n, sizeof(*listed));

	if (all)
		*all = names_has(list, "*");
	for (size_t i = 0; i < list->n; i++) {
		int at;

		if (all && !strcmp(list->name[i], "*"))
			continue;
		at = columns_require(in, list->name[i], err);
		if (at < 0) {
			free(listed);
			return NULL;
		}
		listed[at] = true;
	}
	return listed;
}

int columns_refuse(const struct csv_reader *in, const struct catalogue_column *columns, size_t n,
		   struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (columns_find(&in->header, columns[i].name) >= 0)
			return columns_fail(in, err, "column %s: is in the input already",
					    columns[i].name);
	return 0;
}
