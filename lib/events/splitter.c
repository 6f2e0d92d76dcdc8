#include "events/splitter.h"

#include "base/fnv.h"
#include "base/mem.h"
#include "events/clean.h"
#include "table/columns.h"

#include <inttypes.h>
#include <stdlib.h>

/* Ends a line that the input does not. */
static int put(struct splitter *s, size_t part, const char *record, size_t len, struct err *err)
{
	if (parts_put(&s->parts, part, record, len, err))
		return -1;
	return len && record[len - 1] == '\n' ? 0 : parts_put(&s->parts, part, "\n", 1, err);
}

int splitter_open(struct splitter *s, const struct csv_reader *in, const char *pattern,
		  const struct gz_output *output, struct err *err)
{
	int column = columns_require(in, s->key ? s->key : s->time, err);

	if (column < 0)
		return -1;
	if (s->keep_lines && in->header.n == 1)
		return columns_fail(in, err,
				    "column %s: the only one, of which a blank line is a row: its "
				    "lines cannot be kept",
				    in->header.names[0]);
	s->column = (size_t)column;
	s->delimiter = in->delimiter;
	if (parts_open(&s->parts, pattern, s->n_parts, output, err))
		return -1;
	if (s->keep_lines)
		s->next_line = mem_alloc(s->n_parts, sizeof(*s->next_line));
	for (size_t i = 0; i < s->n_parts; i++) {
		if (put(s, i, in->head.data, in->head.len, err))
			return -1;
		if (s->keep_lines)
			s->next_line[i] = in->line + csv_reader_lines(in);
	}
	return 0;
}

static size_t part_of_key(const struct splitter *s, const struct csv_field *key)
{
	const struct csv_field trimmed = csv_trimmed(key);

	return fnv1a_part(trimmed.s, trimmed.len, s->n_parts);
}

/* Mostly it is that of the record before; else how many edges are not after it. */
static size_t part_of_time(const struct splitter *s, int64_t time)
{
	size_t low = 0, high = s->n_parts - 1;

	if ((!s->last || s->edges[s->last - 1] <= time) &&
	    (s->last == high || time < s->edges[s->last]))
		return s->last;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->edges[middle] <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t part_of(struct splitter *s, const struct csv_row *row)
{
	int64_t time;

	if (row->fault)
		return 0;
	if (s->key)
		return part_of_key(s, &row->fields[s->column]);
	if (clean_parse_ts(&row->fields[s->column], &s->times, &time) < 0) {
		s->n_unread++;
		return 0;
	}
	s->last = part_of_time(s, time);
	return s->last;
}

/* Sees to it that a record is in part 0 what it is in the input, though others follow there. */
static int check_quotes(struct splitter *s, const struct csv_reader *in, const struct csv_row *row,
			const char *record, size_t len, struct err *err)
{
	if (s->quote == OPENQUOTE_QUOTED)
		s->quote = openquote_read(s->quote, record, len, s->delimiter);
	if (s->quote == OPENQUOTE_COMPLETE)
		return csv_reader_fail(in, -1, err,
				       "in part 0 this record would close the quote that %s:%llu "
				       "leaves open: mend that one, or leave it out",
				       s->open_file, (unsigned long long)s->open_line);
	if (s->quote == OPENQUOTE_QUOTED || !row->fault)
		return 0;
	s->quote = openquote_read(OPENQUOTE_NEW, record, len, s->delimiter);
	if (s->quote != OPENQUOTE_QUOTED)
		s->quote = OPENQUOTE_NEW;
	s->open_file = in->file;
	s->open_line = in->line;
	return 0;
}

int splitter_row(struct splitter *s, const struct csv_reader *in, const struct csv_row *row,
		 struct err *err)
{
	const size_t part = part_of(s, row);
	size_t len;
	const char *record = csv_reader_record(in, &len);

	if (in->delimiter != s->delimiter)
		return err_set(err, ERR_RUNTIME,
			       "%s: delimited by '%c', and the first file by '%c': split it alone",
			       in->file, in->delimiter, s->delimiter);
	if (!part && (row->fault || s->quote == OPENQUOTE_QUOTED) &&
	    check_quotes(s, in, row, record, len, err))
		return -1;
	if (s->keep_lines) {
		if (parts_fill(&s->parts, part, '\n', in->line - s->next_line[part], err))
			return -1;
		s->next_line[part] = in->line + csv_reader_lines(in);
	}
	return put(s, part, record, len, err);
}

void splitter_warn(const struct splitter *s, const struct csv_reader *in, struct warnings *warnings)
{
	if (s->n_unread)
		warnings_add(warnings,
			     "the %s of %" PRIu64 " of %" PRIu64
			     " records cannot be read: they are in part 0 (--ts-unit?)",
			     in->header.names[s->column], s->n_unread, in->n_rows);
}

int splitter_close(struct splitter *s, struct err *err)
{
	return parts_close(&s->parts, err);
}

void splitter_release(struct splitter *s)
{
	parts_release(&s->parts);
	free(s->next_line);
	s->next_line = NULL;
}
