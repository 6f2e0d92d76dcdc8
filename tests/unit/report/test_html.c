#include "report/html.h"

#include "base/utf8.h"
#include "scratch.h"

/* The page as a string, and an empty one again; the caller frees. */
static char *take(struct buf *page)
{
	char *text;

	buf_append_char(page, '\0');
	text = page->data;
	*page = (struct buf)BUF_INIT;
	return text;
}

static void check_page(struct buf *page, const char *want)
{
	char *got = take(page);

	CHECK_STR(got, want);
	free(got);
}

/* As a browser reads text: the references back as characters. False if there is markup in it. */
static bool read_text(const char *s, struct buf *text)
{
	static const char *const references[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };

	while (*s) {
		size_t i = 0;

		if (*s == '<' || *s == '>' || *s == '"' || *s == '\'')
			return false;
		if (*s != '&') {
			buf_append_char(text, *s++);
			continue;
		}
		while (i < 5 && strncmp(s, references[i], strlen(references[i])) != 0)
			i++;
		if (i == 5)
			return false;
		buf_append_char(text, "&<>\"'"[i]);
		s += strlen(references[i]);
	}
	return true;
}

/* Of any bytes: no markup, and the text that a terminal would be given, too. */
static void check_text(const char *s, size_t len)
{
	struct buf page = BUF_INIT, text = BUF_INIT, want = BUF_INIT;
	char *copy = malloc(len + !len), *got;

	memcpy(copy, s, len);
	html_text(&page, copy, len);
	utf8_put(&want, s, len, HTML_TEXT_MAX);
	got = take(&page);
	CHECK(read_text(got, &text));
	CHECK(utf8_valid(got, strlen(got)));
	CHECK_INT(text.len, want.len);
	CHECK(text.len != want.len || !want.len || !memcmp(text.data, want.data, want.len));
	buf_release(&text);
	buf_release(&want);
	free(got);
	free(copy);
}

static void any_text_is_no_markup(void)
{
	static const char letters[] = "<>&\"'/=;#ab \x01\x80\xc3\xa9\n";
	uint64_t random = 1;
	char text[300];

	check_text("<script>alert('&amp;')</script>", 31);
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;

		check_text(&byte, 1);
	}
	for (int i = 0; i < 5000 && check_ok; i++) {
		size_t len = scratch_below(&random, i % 10 ? 30 : sizeof(text));

		for (size_t k = 0; k < len; k++)
			text[k] = i % 3 ? letters[scratch_below(&random, sizeof(letters))]
					: (char)scratch_random(&random);
		check_text(text, len);
	}
}

/* What is cut is cut between characters, and never inside a reference. */
static void long_text_is_cut(void)
{
	struct buf page = BUF_INIT;
	char text[HTML_TEXT_MAX + 2], *got;

	memset(text, '&', sizeof(text));
	html_text(&page, text, HTML_TEXT_MAX);
	got = take(&page);
	CHECK_INT(strlen(got), 5 * HTML_TEXT_MAX);
	free(got);
	html_text(&page, text, HTML_TEXT_MAX + 1);
	got = take(&page);
	CHECK_STR(got + strlen(got) - 8, "&amp;\xe2\x80\xa6");
	free(got);
	for (int i = 0; i < HTML_TEXT_MAX + 1; i++)
		text[i] = 'x';
	html_escape(&page, text, HTML_TEXT_MAX + 1);
	got = take(&page);
	CHECK_INT(strlen(got), HTML_TEXT_MAX + 1);
	free(got);
}

static void headings_begin_with_a_capital(void)
{
	static const char *const cases[][2] = {
		{ "a<b", "A&lt;b" },
		{ "Zz", "Zz" },
		{ "zz", "Zz" },
		{ "", "" },
		{ "{", "{" },
		{ "`", "`" },
		{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf page = BUF_INIT;

		html_heading(&page, cases[i][0]);
		buf_append_char(&page, '\0');
		CHECK_STR(page.data, cases[i][1]);
		buf_release(&page);
	}
}

/* NULL, empty text, and text that says it is empty. */
static void values_of_the_input(void)
{
	struct buf page = BUF_INIT;

	html_value(&page, &(struct csv_field){ "", 0, true });
	check_page(&page, "(empty)");
	html_value(&page, &(struct csv_field){ "", 0, false });
	check_page(&page, "&quot;&quot;");
	html_value(&page, &(struct csv_field){ "tv<", 2, false });
	check_page(&page, "tv");
}

/* The attribute has all digits, and what is shown is that number, rounded. */
static void numbers_keep_their_digits(void)
{
	uint64_t random = 1;
	struct buf page = BUF_INIT;

	html_real(&page, NAN, 3);
	check_page(&page, "\xe2\x80\x93");
	html_real(&page, 0.1, 3);
	check_page(&page, "<data value=\"0.1\">0.100</data>");
	html_real(&page, -2.5e-7, 2);
	check_page(&page, "<data value=\"-2.5e-07\">-0.00</data>");
	for (int i = 0; i < 2000; i++) {
		double value = ((double)scratch_below(&random, 2000001) - 1e6) / 7e3, shown;
		int decimals = (int)scratch_below(&random, 6);
		char *got, *end;

		html_real(&page, value, decimals);
		got = take(&page);
		CHECK_BEGINS(got, "<data value=\"");
		CHECK(strtod(got + 13, &end) == value);
		CHECK_BEGINS(end, "\">");
		shown = strtod(end + 2, &end);
		CHECK_NEAR(shown, value, 0.5000001 * pow(10, -decimals));
		CHECK_STR(end, "</data>");
		free(got);
	}
}

static void thousands_are_parted(void)
{
	static const struct {
		uint64_t count;
		const char *want;
	} cases[] = {
		{ 0, "<data value=\"0\">0</data>" },
		{ 999, "<data value=\"999\">999</data>" },
		{ 1000, "<data value=\"1000\">1,000</data>" },
		{ 12345, "<data value=\"12345\">12,345</data>" },
		{ 123456, "<data value=\"123456\">123,456</data>" },
		{ 1234567, "<data value=\"1234567\">1,234,567</data>" },
		{ UINT64_MAX, "<data value=\"18446744073709551615\">18,446,744,073,709,551,615"
			      "</data>" },
	};
	struct buf page = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		html_count(&page, cases[i].count);
		check_page(&page, cases[i].want);
	}
}

static void shares_and_p_values(void)
{
	struct buf page = BUF_INIT;

	html_percent(&page, 0.1234);
	check_page(&page, "<data value=\"0.1234\">12.3\xc2\xa0%</data>");
	html_percent(&page, NAN);
	check_page(&page, "\xe2\x80\x93");
	html_p_value(&page, 0.0001);
	check_page(&page, "<data value=\"0.0001\">0.0001</data>");
	html_p_value(&page, 0.00009);
	check_page(&page, "<data value=\"9e-05\">&lt; 0.0001</data>");
	html_p_value(&page, 0);
	check_page(&page, "<data value=\"0\">&lt; 0.0001</data>");
	html_p_value(&page, NAN);
	check_page(&page, "\xe2\x80\x93");
}

/* Never wider than its box, nor of a width below nothing. */
static void bars(void)
{
	struct buf page = BUF_INIT;

	html_bar(&page, 0.256, false);
	check_page(&page, "<span class=\"bar\" style=\"width:25.6%\"></span>");
	html_bar(&page, 7, true);
	check_page(&page, "<span class=\"bar other\" style=\"width:100.0%\"></span>");
	html_bar(&page, 0, false);
	html_bar(&page, -1, false);
	html_bar(&page, NAN, false);
	CHECK_INT(page.len, 0);
}

static void a_table(void)
{
	static const char *const columns[] = { "a&b", "n", NULL };
	struct buf page = BUF_INIT;

	html_table(&page, "<1>", columns);
	html_row(&page);
	html_str(&page, "x");
	html_cell(&page);
	html_count(&page, 1);
	html_row_end(&page);
	html_row_marked(&page);
	html_row_end(&page);
	html_table_end(&page);
	check_page(&page,
		   "<div class=\"scroll\" tabindex=\"0\"><table><caption>&lt;1&gt;</caption>"
		   "<thead><tr><th scope=\"col\">a&amp;b</th><th scope=\"col\">n</th></tr></thead>"
		   "\n<tbody>\n<tr><th scope=\"row\">x<td><data value=\"1\">1</data>\n"
		   "<tr class=\"chosen\" aria-current=\"true\"><th scope=\"row\">\n"
		   "</tbody></table></div>\n");
}

int main(void)
{
	RUN(any_text_is_no_markup);
	RUN(long_text_is_cut);
	RUN(headings_begin_with_a_capital);
	RUN(values_of_the_input);
	RUN(numbers_keep_their_digits);
	RUN(thousands_are_parted);
	RUN(shares_and_p_values);
	RUN(bars);
	RUN(a_table);
	return CHECK_DONE();
}
