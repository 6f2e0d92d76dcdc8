/*
 * csvrow: a row in memory, and as the line of CSV that it becomes.
 *
 * NULL and the empty string are two values: an unquoted empty field is NULL, `""` is empty text.
 */
#ifndef CE_CSVROW_H
#define CE_CSVROW_H

#include "base/buf.h"
#include "base/names.h"
#include "base/num.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One value. Borrowed: valid until the next csv_reader_next on its reader. */
struct csv_field {
	const char *s; /* not NUL-terminated; never NULL */
	uint32_t len;
	bool is_null; /* an unquoted empty field; len is 0 */
};

/* Whether its text is that word. */
static inline bool csv_field_is(const struct csv_field *f, const char *word)
{
	return f->len == strlen(word) && !memcmp(f->s, word, f->len);
}

/* The field without the blanks around it. One of nothing but blanks is NULL; an empty string stays
 * one. */
struct csv_field csv_trimmed(const struct csv_field *field);

/*
 * Whether its text is one of the words, blanks around either aside: a word of nothing but blanks
 * stands for fields of nothing but blanks. An empty string is none.
 */
bool csv_is_one_of(const struct csv_field *field, const struct names *words);

/*
 * So many bytes can be read from the start of any field of a reader's row, whatever is in those
 * that are not its own: a short field is copied and compared in whole registers.
 */
#define CSV_SLACK 32

struct csv_row {
	struct csv_field *fields; /* as many as the header has, unless there is a fault */
	size_t n;
	const char *raw; /* the record as it stands in the input, without its line end */
	size_t raw_len;
	bool is_foreign;   /* `raw` is delimited by another character than the comma */
	bool is_verbatim;  /* known: each field stands in `raw` as csv_put_field would write it */
	bool is_plain;     /* known: the text of each field is what csv_put_field would write */
	const char *fault; /* NULL, or why this is no row of the table (tolerant readers only) */
};

/*
 * Encoding. Each csv_put_* appends one field and its comma to `row`; csv_end_row turns the last
 * comma into the line's end. Text is quoted only where it must be: a comma, a quote, a line break,
 * the empty string, or `\.`, which COPY would read as the end of its data. Those that are written
 * for every field of every row are here, to be inlined.
 */
void csv_put_text(struct buf *row, const char *s, size_t len);

/*
 * The same of a name. The first one of a row is quoted, too, where it would not be read as the name
 * of a header's first column (csvhead_misleads): so each header reads back as it was.
 */
void csv_put_str(struct buf *row, const char *text);

static inline void csv_put_null(struct buf *row)
{
	buf_append_char(row, ',');
}

/* Whether csv_put_text would write the text as it is. */
bool csv_is_plain(const char *s, size_t len);

/* Fields that are encoded already, with the commas between them. */
void csv_put_raw(struct buf *row, const char *encoded, size_t len);

/* The same of a text that has CSV_SLACK. */
static inline void csv_put_roomy(struct buf *out, const char *encoded, size_t len)
{
	char *to = buf_reserve(out, len + CSV_SLACK);

	memcpy(to, encoded, CSV_SLACK);
	if (len > CSV_SLACK)
		memcpy(to + CSV_SLACK, encoded + CSV_SLACK, len - CSV_SLACK);
	to[len] = ',';
	out->len += len + 1;
}

/*
 * All fields of a row: the record as it was read, however it is quoted, where it is delimited by
 * commas; else what csv_put_field writes for each. What is no row (it has a fault) is one field.
 */
void csv_put_row(struct buf *out, const struct csv_row *row);

/* NULL stays NULL. */
static inline void csv_put_field(struct buf *row, const struct csv_field *field)
{
	if (field->is_null)
		csv_put_null(row);
	else
		csv_put_text(row, field->s, field->len);
}

/*
 * The n fields of a row from the first on: what csv_put_field would write for each, but copied as
 * one piece if they stand so in the record, as they mostly do.
 */
static inline void csv_put_fields(struct buf *out, const struct csv_row *row, size_t first,
				  size_t n)
{
	const struct csv_field *field = row->fields + first;

	if (n && row->is_verbatim)
		csv_put_roomy(out, field->s,
			      (size_t)(field[n - 1].s - field->s) + field[n - 1].len);
	else
		for (size_t i = 0; i < n; i++)
			if (row->is_plain)
				csv_put_roomy(out, field[i].s, field[i].len);
			else
				csv_put_field(out, &field[i]);
}

static inline void csv_put_int(struct buf *row, int64_t value)
{
	char *out = buf_reserve(row, NUM_TEXT_MAX + 1);
	size_t n = num_format_int(out, value);

	out[n] = ',';
	row->len += n + 1;
}

static inline void csv_put_millionths(struct buf *row, int64_t millionths)
{
	char *out = buf_reserve(row, NUM_TEXT_MAX + 1);
	size_t n = num_format_millionths(out, millionths);

	out[n] = ',';
	row->len += n + 1;
}

void csv_put_double(struct buf *row, double value); /* finite */
void csv_put_real(struct buf *row, double value);   /* NAN: NULL */

/*
 * A value of its own, for rows that are made from named members and not in their order: see
 * catalogue.h. All zeros are NULL. Text is borrowed.
 */
struct csv_value {
	enum csv_kind { CSV_NULL, CSV_INT, CSV_MILLIONTHS, CSV_REAL, CSV_TEXT, CSV_ENCODED } kind;
	uint32_t len; /* of the text */
	union {
		int64_t number;
		double real;
		const char *text;
	};
};

static inline struct csv_value csv_int(int64_t value)
{
	return (struct csv_value){ CSV_INT, 0, { .number = value } };
}

static inline struct csv_value csv_millionths(int64_t value)
{
	return (struct csv_value){ CSV_MILLIONTHS, 0, { .number = value } };
}

/* NAN: NULL. */
static inline struct csv_value csv_real(double value)
{
	return (struct csv_value){ CSV_REAL, 0, { .real = value } };
}

static inline struct csv_value csv_text(const char *s, size_t len)
{
	return (struct csv_value){ CSV_TEXT, (uint32_t)len, { .text = s } };
}

/* A field that is encoded already, or text that needs no quotes. */
static inline struct csv_value csv_encoded(const char *s, size_t len)
{
	return (struct csv_value){ CSV_ENCODED, (uint32_t)len, { .text = s } };
}

/* A NULL pointer: NULL. */
static inline struct csv_value csv_str(const char *text)
{
	return text ? csv_text(text, strlen(text)) : (struct csv_value){ 0 };
}

static inline struct csv_value csv_value(const struct csv_field *f)
{
	return f->is_null ? csv_str(NULL) : csv_text(f->s, f->len);
}

/* Appends the n values as fields. */
void csv_put_values(struct buf *row, const struct csv_value *values, size_t n);

void csv_end_row(struct buf *row);

#endif
