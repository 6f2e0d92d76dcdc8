/*
 * html: pieces of a page.
 */
#ifndef CE_HTML_H
#define CE_HTML_H

#include "base/buf.h"
#include "table/csvrow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Begins a page of its own, report.html with report.css in it, for the caller to append its body;
 * and ends it.
 */
void html_begin(struct buf *page, const char *title);
void html_end(struct buf *page);

/*
 * Appends text, whatever it is, as text: no markup comes of it. What is not printable becomes '?',
 * and more than HTML_TEXT_MAX characters an ellipsis.
 */
#define HTML_TEXT_MAX 120
void html_text(struct buf *page, const char *s, size_t len);
void html_str(struct buf *page, const char *s);

/* The same with a capital letter first. */
void html_heading(struct buf *page, const char *s);

/* A value of the input: "(empty)" for NULL, "" for empty text. */
void html_value(struct buf *page, const struct csv_field *value);

/* Text of this program's own, of any length. */
void html_escape(struct buf *page, const char *s, size_t len);

/*
 * A number to so many decimals, with all of its digits in the attribute of a <data> element, for
 * programs; NAN is a dash. A count has its thousands parted.
 */
void html_real(struct buf *page, double value, int decimals);
void html_count(struct buf *page, uint64_t count);

/* A share as a percentage, in such an element, too. */
void html_percent(struct buf *page, double share);

/* A number of this program's own text, such as 3.2 days, in such an element; NAN is a dash. */
void html_data(struct buf *page, double value, const char *text, size_t len);

/* A p-value: what is too small for four decimals is said to be. */
void html_p_value(struct buf *page, double p);

/*
 * A table, in a box that scrolls if it is too wide, with its names of columns (ended by NULL). Rows
 * begin with their heading's cell, for the caller to fill. A cell ends where another begins, or the
 * row ends: HTML lets their end tags be left out.
 */
void html_table(struct buf *page, const char *caption, const char *const *columns);
void html_row(struct buf *page);
void html_row_marked(struct buf *page); /* one that stands out */
void html_cell(struct buf *page);
void html_interval_cell(struct buf *page, double low, double high); /* [low, high] */
void html_row_end(struct buf *page);
void html_table_end(struct buf *page);

/* A bar of that share of the width, in a cell; of the other of two colours if need be. */
void html_bar(struct buf *page, double share, bool other);

#endif
