#include "pg/pg_rows.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_SIZE ((size_t)64 * 1024)

void pg_rows_init(struct pg_rows *r, const struct csv_reader *in, struct warnings *warnings)
{
	*r = (struct pg_rows){ .in = in,
			       .columns = in->header.names,
			       .n_columns = in->header.n,
			       .warnings = warnings };
	r->raw = mem_zalloc(r->n_columns, sizeof(*r->raw));
	rowmap_init(&r->origin);
}

/* Puts before the server's message which row it is about, as all our messages do. Returns -1. */
static int place(const struct pg_rows *r, const char *file, uint64_t line, struct err *err)
{
	static const char before[] = ", column ";
	const char *name = r->db->copy_place;
	size_t len = 0; /* of the column's name: the longest that fits, for one may begin another */
	struct err said = *err;

	if (!strncmp(name, before, strlen(before)))
		name += strlen(before);
	else
		name = "";
	for (size_t i = 0; i < r->n_columns; i++) {
		size_t n = strlen(r->columns[i]);

		if (n > len && !strncmp(name, r->columns[i], n) && name[n] == ':')
			len = n;
	}
	return err_set(err, said.kind, "%s:%llu: %s%.*s%s%s", file, (unsigned long long)line,
		       len ? "column " : "", (int)len, name, len ? ": " : "", said.message);
}

/* Whether the last failure's SQLSTATE is of one of the classes, up to a NULL. */
static bool is_of_class(const struct pg *db, const char *const *classes)
{
	for (; *classes; classes++)
		if (!strncmp(db->sqlstate, *classes, 2))
			return true;
	return false;
}

int pg_rows_refused(const struct pg *db, struct err *err)
{
	/* Values, constraints, and those of views. */
	static const char *const data[] = { "22", "23", "44", NULL };

	if (is_of_class(db, data))
		err->kind = ERR_RUNTIME;
	return -1;
}

/*
 * The same of the COPY, with the row, if the server said where, and means the row there: not that
 * it was being read when the disk was full or the server shut down.
 */
static int copy_refused(const struct pg_rows *r, struct err *err)
{
	static const char *const others[] = {
		"08", "25", "40", "53", "55", "57", "58", "XX", NULL
	};
	const char *file;
	uint64_t line;

	pg_rows_refused(r->db, err);
	return !is_of_class(r->db, others) &&
			       rowmap_find(&r->origin, r->db->copy_line - 1, &file, &line)
		       ? place(r, file, line, err)
		       : -1;
}

/* The byte at that place of what is to be sent is not part of valid text. Returns -1. */
static int not_text(const struct pg_rows *r, size_t at, struct err *err)
{
	unsigned char byte = (unsigned char)r->pending.data[at];
	uint64_t row = r->n_sent, line = 0;
	const char *file = r->in->file;
	size_t column = 0;

	/* A line is a row whatever is in it, and a tab ends a field: see put_field. */
	for (size_t i = 0; i < at; i++) {
		column = r->pending.data[i] == '\n' ? 0 : column + (r->pending.data[i] == '\t');
		row += r->pending.data[i] == '\n';
	}
	rowmap_find(&r->origin, row, &file, &line);
	if (!byte)
		return err_set(err, ERR_RUNTIME,
			       "%s:%llu: column %s: a NUL byte, which no text of the server holds",
			       file, (unsigned long long)line, r->columns[column]);
	return err_set(
		err, ERR_RUNTIME,
		"%s:%llu: column %s: byte 0x%02X is not part of valid UTF-8 (iconv converts)", file,
		(unsigned long long)line, r->columns[column], byte);
}

static int send(struct pg_rows *r, struct err *err)
{
	size_t valid = utf8_span(r->pending.data, r->pending.len);
	int rc;

	if (valid < r->pending.len)
		return not_text(r, valid, err);
	rc = pg_copy_write(r->db, r->pending.data, r->pending.len, err);
	buf_clear(&r->pending);
	r->n_sent = r->origin.n_rows;
	return rc ? copy_refused(r, err) : 0;
}

/*
 * Appends a field in COPY's text format, which the server reads faster than CSV, and where a row is
 * a line whatever is in it. `delimiter` goes after it.
 */
static void put_field(struct buf *out, const struct csv_field *field, char delimiter)
{
	static const char escapes[] = { ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['\\'] = '\\' };
	char *p = buf_reserve(out, 2 * field->len + 3), *start = p;

	if (field->is_null) {
		*p++ = '\\';
		*p++ = 'N';
	}
	for (size_t i = 0; i < field->len; i++) {
		unsigned char c = (unsigned char)field->s[i];

		if (c < sizeof(escapes) && escapes[c]) {
			*p++ = '\\';
			*p++ = escapes[c];
		} else {
			*p++ = (char)c;
		}
	}
	*p++ = delimiter;
	out->len += (size_t)(p - start);
}

/* The field as text that any database takes; it is in r->escaped. */
static struct csv_field escape(struct pg_rows *r, const struct csv_field *raw)
{
	const char *end = raw->s + raw->len;
	struct buf *text = &r->escaped;
	size_t n;

	buf_clear(text);
	for (const char *s = raw->s; s < end; s += n ? n : 1) {
		n = *s ? utf8_length(s, end) : 0;
		if (n)
			buf_append(text, s, n);
		else
			text->len += (size_t)snprintf(buf_reserve(text, 5), 5, "\\x%02X",
						      (unsigned char)*s);
	}
	return (struct csv_field){ text->data, (uint32_t)text->len, false };
}

/* A table of one column whose first values look like rows of several. */
static int check_lone(const struct pg_rows *r, struct err *err)
{
	char separator = r->in->input.delimiter ? 0 : lone_column_values(&r->lone);
	char word[LONE_COLUMN_WORD];

	return separator ? err_set(err, ERR_RUNTIME,
				   "%s: each of the first values of its only column, %s, contains "
				   "%s: "
				   "are fields separated by it (--delimiter %s)? "
				   "--delimiter , takes the values as they are",
				   r->in->file, r->columns[0], lone_column_word(separator, word),
				   word)
			 : 0;
}

/* The same where the name does, too, by what names and values may well have: but for a tilde. */
static int check_lone_rows(const struct pg_rows *r, struct err *err)
{
	static const char format[] =
		"%s: the name of its only column, '%.*s', and each of the first "
		"values contain %s equally often: are fields separated by it "
		"(--delimiter %s)? --delimiter , takes the values as they are";
	char separator = r->n_columns != 1 || r->in->input.delimiter
				 ? 0
				 : lone_column_rows(&r->lone, r->columns[0]);
	char word[LONE_COLUMN_WORD];

	if (!separator)
		return 0;
	lone_column_word(separator, word);
	if (separator == '~')
		return err_set(err, ERR_RUNTIME, format, r->in->file,
			       err_clip(strlen(r->columns[0])), r->columns[0], word, word);
	warnings_add(r->warnings, format, r->in->file, err_clip(strlen(r->columns[0])),
		     r->columns[0], word, word);
	return 0;
}

int pg_rows_add(struct pg_rows *r, const struct csv_row *row, struct err *err)
{
	rowmap_add(&r->origin, r->in->file, r->in->line);
	if (row->n == 1 && lone_column_add(&r->lone, &row->fields[0]) && check_lone(r, err))
		return -1;
	for (size_t i = 0; i < row->n; i++) {
		struct csv_field field = row->fields[i];

		if (r->raw[i] && !utf8_valid(field.s, field.len))
			field = escape(r, &field);
		put_field(&r->pending, &field, i + 1 < row->n ? '\t' : '\n');
	}
	return r->pending.len >= SEND_SIZE ? send(r, err) : 0;
}

int pg_rows_end(struct pg_rows *r, uint64_t *n_rows, struct err *err)
{
	if (check_lone(r, err) || check_lone_rows(r, err) || send(r, err))
		return -1;
	return pg_copy_end(r->db, n_rows, err) ? copy_refused(r, err) : 0;
}

bool pg_rows_find(const struct pg_rows *r, uint64_t row, const char **file, uint64_t *line)
{
	return rowmap_find(&r->origin, row, file, line);
}

void pg_rows_release(struct pg_rows *r)
{
	free(r->raw);
	buf_release(&r->pending);
	buf_release(&r->escaped);
	rowmap_release(&r->origin);
	*r = (struct pg_rows){ .db = NULL };
}
