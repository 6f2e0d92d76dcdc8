/*
 * viewtext: what the texts of all models for people are put together from (see modelview).
 *
 * Names and levels are shown so that they cannot drive a terminal; a character counts as one
 * column.
 */
#ifndef CE_VIEWTEXT_H
#define CE_VIEWTEXT_H

#include "base/buf.h"
#include "model/encoding.h"

#include <stddef.h>
#include <stdint.h>

/* Names in tables are cut after this many characters. */
#define VIEWTEXT_WIDTH 48

/* A name, however long it is. */
void viewtext_whole(struct buf *out, const char *name);

/* A number of any size, to four digits or a few more. */
void viewtext_number(struct buf *out, double value);

/* The same in a cell of a table, 12 characters wide: with 4 decimals where those suffice. */
void viewtext_cell(struct buf *out, double value);

/* The text of level i of a category, *len bytes: "(empty)", and "(other)" for the last. */
const char *viewtext_level(const struct encoding_column *c, uint32_t i, size_t *len);

/* How wide a table's column of names is: that of the widest, of "(intercept)" at least. */
size_t viewtext_name_width(const struct encoding *e);

/* A name or level after `indent` blanks, padded to `width`. */
void viewtext_name(struct buf *out, size_t width, size_t indent, const char *s, size_t len);
void viewtext_column(struct buf *out, size_t width, const struct encoding_column *c);

/* A line "TITLE  NAME, NAME ...", unless there is no name: n starts at 0. */
struct viewtext_list {
	struct buf *out;
	const char *title;
	size_t n;
};

void viewtext_item(struct viewtext_list *list, const char *name);
void viewtext_list_end(struct viewtext_list *list);

/* A column, and how much it counts. */
struct viewtext_rank {
	const struct encoding_column *column;
	double value;
	uint64_t n; /* splits */
};

/* One for each value of the encoding, [n_values], in their order, all else 0. The caller frees. */
struct viewtext_rank *viewtext_ranks(const struct encoding *e);

/* The kind of a column: "number", "bins", "category" or "constant". */
const char *viewtext_kind(const struct encoding_column *c);

/* Sorts them: the largest value first, then by name. */
void viewtext_sort(struct viewtext_rank *ranks, size_t n);

#endif
