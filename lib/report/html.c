#include "report/html.h"

#include "base/num.h"
#include "base/utf8.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The files of these names, see the Makefile. */
extern const char report_html[], report_css[];

/* Appends the template from *at up to a word of it, and moves *at behind that. */
static void put_until(struct buf *page, const char **at, const char *word)
{
	const char *end = strstr(*at, word);

	buf_append(page, *at, (size_t)(end - *at));
	*at = end + strlen(word);
}

void html_begin(struct buf *page, const char *title)
{
	const char *at = report_html;

	put_until(page, &at, "@VERSION@");
	buf_append_str(page, CE_VERSION);
	put_until(page, &at, "@TITLE@");
	html_str(page, title);
	put_until(page, &at, "@STYLE@");
	buf_append_str(page, report_css);
	put_until(page, &at, "@BODY@");
}

void html_end(struct buf *page)
{
	buf_append_str(page, strstr(report_html, "@BODY@") + strlen("@BODY@"));
}

static void put_escaped(struct buf *page, char c)
{
	switch (c) {
	case '&':
		buf_append_str(page, "&amp;");
		break;
	case '<':
		buf_append_str(page, "&lt;");
		break;
	case '>':
		buf_append_str(page, "&gt;");
		break;
	case '"':
		buf_append_str(page, "&quot;");
		break;
	case '\'':
		buf_append_str(page, "&#39;");
		break;
	default:
		buf_append_char(page, c);
	}
}

void html_escape(struct buf *page, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put_escaped(page, s[i]);
}

void html_text(struct buf *page, const char *s, size_t len)
{
	struct buf text = BUF_INIT;

	utf8_put(&text, s, len, HTML_TEXT_MAX);
	html_escape(page, text.data, text.len);
	buf_release(&text);
}

void html_str(struct buf *page, const char *s)
{
	html_text(page, s, strlen(s));
}

void html_heading(struct buf *page, const char *s)
{
	bool is_lower = *s >= 'a' && *s <= 'z';

	if (is_lower)
		buf_append_char(page, (char)(*s - 'a' + 'A'));
	html_str(page, s + is_lower);
}

void html_value(struct buf *page, const struct csv_field *value)
{
	if (value->is_null)
		html_str(page, "(empty)");
	else if (!value->len)
		html_str(page, "\"\"");
	else
		html_text(page, value->s, value->len);
}

void html_real(struct buf *page, double value, int decimals)
{
	char digits[NUM_TEXT_MAX];

	if (isnan(value)) {
		buf_append_str(page, "\xe2\x80\x93");
		return;
	}
	buf_printf(page, "<data value=\"%.*s\">%.*f</data>", (int)num_format_double(digits, value),
		   digits, decimals, value);
}

void html_data(struct buf *page, double value, const char *text, size_t len)
{
	char digits[NUM_TEXT_MAX];

	if (isnan(value)) {
		buf_append_str(page, "\xe2\x80\x93");
		return;
	}
	buf_printf(page, "<data value=\"%.*s\">", (int)num_format_double(digits, value), digits);
	html_escape(page, text, len);
	buf_append_str(page, "</data>");
}

void html_count(struct buf *page, uint64_t count)
{
	char digits[NUM_TEXT_MAX];
	size_t n = num_format_count(digits, count);

	buf_printf(page, "<data value=\"%llu\">%.*s</data>", (unsigned long long)count, (int)n,
		   digits);
}

void html_percent(struct buf *page, double share)
{
	char digits[NUM_TEXT_MAX];

	if (isnan(share))
		buf_append_str(page, "\xe2\x80\x93");
	else
		buf_printf(page, "<data value=\"%.*s\">%.1f\xc2\xa0%%</data>",
			   (int)num_format_double(digits, share), digits, 100 * share);
}

void html_p_value(struct buf *page, double p)
{
	char digits[NUM_TEXT_MAX];

	if (p < 0.0001)
		buf_printf(page, "<data value=\"%.*s\">&lt; 0.0001</data>",
			   (int)num_format_double(digits, p), digits);
	else
		html_real(page, p, 4);
}

void html_table(struct buf *page, const char *caption, const char *const *columns)
{
	buf_append_str(page, "<div class=\"scroll\" tabindex=\"0\"><table><caption>");
	html_str(page, caption);
	buf_append_str(page, "</caption><thead><tr>");
	for (; *columns; columns++) {
		buf_append_str(page, "<th scope=\"col\">");
		html_str(page, *columns);
		buf_append_str(page, "</th>");
	}
	buf_append_str(page, "</tr></thead>\n<tbody>\n");
}

void html_row(struct buf *page)
{
	buf_append_str(page, "<tr><th scope=\"row\">");
}

void html_row_marked(struct buf *page)
{
	buf_append_str(page, "<tr class=\"chosen\" aria-current=\"true\"><th scope=\"row\">");
}

void html_cell(struct buf *page)
{
	buf_append_str(page, "<td>");
}

void html_interval_cell(struct buf *page, double low, double high)
{
	html_cell(page);
	if (isnan(low)) {
		html_real(page, low, 4);
		return;
	}
	buf_append_char(page, '[');
	html_real(page, low, 4);
	buf_append_str(page, ", ");
	html_real(page, high, 4);
	buf_append_char(page, ']');
}

void html_row_end(struct buf *page)
{
	buf_append_char(page, '\n');
}

void html_table_end(struct buf *page)
{
	buf_append_str(page, "</tbody></table></div>\n");
}

void html_bar(struct buf *page, double share, bool other)
{
	if (share > 0)
		buf_printf(page, "<span class=\"bar%s\" style=\"width:%.1f%%\"></span>",
			   other ? " other" : "", 100 * fmin(share, 1));
}
