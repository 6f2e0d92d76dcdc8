#include "table/csvrow.h"

#include "base/blank.h"
#include "table/csvhead.h"

#include <math.h>

/*
 * Text is copied as it is looked at, 16 bytes at a time or, where it is shorter, its beginning and
 * its end, which overlap: most fields are a few bytes long, too few for a loop or a call.
 */

typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

/* Whether one of them asks for quotes. */
static bool has_special(bytes16 v)
{
	words2 found = (words2)((v == ',') | (v == '"') | (v == '\n') | (v == '\r'));

	return found[0] | found[1];
}

static bytes16 copy16(char *out, const char *s)
{
	bytes16 v;

	memcpy(&v, s, 16);
	memcpy(out, &v, 16);
	return v;
}

/* Copies len > 0 bytes; returns whether one among them asks for quotes. */
static bool copy_text(char *out, const char *s, size_t len)
{
	words2 v;

	if (len >= 16) {
		bool special = has_special(copy16(out + len - 16, s + len - 16));

		for (size_t i = 0; i + 16 < len; i += 16)
			special |= has_special(copy16(out + i, s + i));
		return special;
	}
	if (len >= 8) {
		uint64_t head, tail;

		memcpy(&head, s, 8);
		memcpy(&tail, s + len - 8, 8);
		memcpy(out, &head, 8);
		memcpy(out + len - 8, &tail, 8);
		v = (words2){ head, tail };
	} else if (len >= 4) {
		uint32_t head, tail;

		memcpy(&head, s, 4);
		memcpy(&tail, s + len - 4, 4);
		memcpy(out, &head, 4);
		memcpy(out + len - 4, &tail, 4);
		v = (words2){ head, tail };
	} else {
		char first = s[0], middle = s[len / 2], last = s[len - 1];

		out[0] = first;
		out[len / 2] = middle;
		out[len - 1] = last;
		v = (words2){ (unsigned char)first | (uint64_t)(unsigned char)middle << 8,
			      (unsigned char)last };
	}
	return has_special((bytes16)v);
}

/* `\.` would end the data of a COPY, were it not quoted. */
static bool is_end_of_copy(const char *s, size_t len)
{
	return len == 2 && s[0] == '\\' && s[1] == '.';
}

static void put_quoted(struct buf *row, const char *s, size_t len)
{
	char *out = buf_reserve(row, 2 * len + 3);

	*out++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			*out++ = '"';
		*out++ = s[i];
	}
	*out++ = '"';
	*out++ = ',';
	row->len = (size_t)(out - row->data);
}

struct csv_field csv_trimmed(const struct csv_field *field)
{
	size_t len = field->len;
	const char *s = blank_trim(field->s, &len);

	return (struct csv_field){ s, (uint32_t)len, field->is_null || (field->len && !len) };
}

bool csv_is_one_of(const struct csv_field *field, const struct names *words)
{
	size_t len = field->len;
	const char *s = blank_trim(field->s, &len);

	for (size_t i = 0; i < words->n && field->len; i++) {
		size_t word_len = strlen(words->name[i]);
		const char *word = blank_trim(words->name[i], &word_len);

		if (len == word_len && !memcmp(s, word, len))
			return true;
	}
	return false;
}

bool csv_is_plain(const char *s, size_t len)
{
	char copy[64];
	bool special = !len || is_end_of_copy(s, len);

	for (size_t at = 0; at < len && !special; at += sizeof(copy))
		special =
			copy_text(copy, s + at, len - at < sizeof(copy) ? len - at : sizeof(copy));
	return !special;
}

void csv_put_text(struct buf *row, const char *s, size_t len)
{
	char *out = buf_reserve(row, len + 1);

	if (!len || copy_text(out, s, len) || is_end_of_copy(s, len)) {
		put_quoted(row, s, len);
		return;
	}
	out[len] = ',';
	row->len += len + 1;
}

void csv_put_str(struct buf *row, const char *text)
{
	bool first = !row->len || row->data[row->len - 1] == '\n';
	size_t len = strlen(text);

	if (first && csvhead_misleads(text, len))
		put_quoted(row, text, len);
	else
		csv_put_text(row, text, len);
}

void csv_put_row(struct buf *out, const struct csv_row *row)
{
	/* Before a line feed a carriage return would be no more than part of the line's end. */
	bool ends_in_cr = row->raw_len && row->raw[row->raw_len - 1] == '\r';

	if (!row->is_foreign && (row->fault || !ends_in_cr))
		csv_put_raw(out, row->raw, row->raw_len);
	else if (row->fault)
		csv_put_text(out, row->raw, row->raw_len);
	else
		csv_put_fields(out, row, 0, row->n);
}

void csv_put_raw(struct buf *row, const char *encoded, size_t len)
{
	char *out = buf_reserve(row, len + 1);

	if (len)
		memcpy(out, encoded, len);
	out[len] = ',';
	row->len += len + 1;
}

void csv_put_double(struct buf *row, double value)
{
	char *out = buf_reserve(row, NUM_TEXT_MAX + 1);
	size_t n = num_format_double(out, value);

	out[n] = ',';
	row->len += n + 1;
}

void csv_put_values(struct buf *row, const struct csv_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct csv_value *v = &values[i];

		switch (v->kind) {
		case CSV_NULL:
			csv_put_null(row);
			break;
		case CSV_INT:
			csv_put_int(row, v->number);
			break;
		case CSV_MILLIONTHS:
			csv_put_millionths(row, v->number);
			break;
		case CSV_REAL:
			csv_put_real(row, v->real);
			break;
		case CSV_TEXT:
			csv_put_text(row, v->text, v->len);
			break;
		case CSV_ENCODED:
			csv_put_raw(row, v->text, v->len);
			break;
		}
	}
}

void csv_end_row(struct buf *row)
{
	row->data[row->len - 1] = '\n';
}

void csv_put_real(struct buf *row, double value)
{
	if (isnan(value))
		csv_put_null(row);
	else
		csv_put_double(row, value);
}
