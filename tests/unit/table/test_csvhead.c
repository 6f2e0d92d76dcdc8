#include "table/csvhead.h"

#include "check.h"

static void skips(const char *text, size_t want, char want_delimiter)
{
	char delimiter = '\0';

	CHECK_INT(csvhead_skip(text, strlen(text), &delimiter), want);
	CHECK_INT(delimiter, want_delimiter);
}

static void what_comes_before_a_header(void)
{
	char blanks[CSVHEAD_LOOK + 2];
	char delimiter = '\0';

	skips("", 0, 0);
	skips("a,b\n", 0, 0);
	skips("\xef\xbb\xbf\xef\xbb\xbf", 3, 0);
	skips("\xef\xbb", 0, 0);
	skips("\n\n", 1, 0);
	skips("\r\n", 2, 0);
	skips("\r", 1, 0);
	skips(" \t\r\na", 4, 0);
	skips(" \r \n", 0, 0);
	skips(",,\n", 0, 0);
	skips("sep=;\na", 6, ';');
	skips("Sep=\t\r\na", 7, '\t');
	skips("sep=;", 5, ';');
	skips("sep==\n", 6, '=');
	skips("sep=", 0, 0);
	skips("sep=\n", 0, 0);
	skips("sep=\r\n", 0, 0);
	skips("sep=;;\n", 0, 0);
	skips("sep=\"\n", 0, 0);
	skips("sep=a\n", 0, 0);
	skips("sep=0\n", 0, 0);
	skips("sep=\xa7\n", 0, 0);
	/* What is decided does not depend on how much more there is. */
	memset(blanks, ' ', sizeof(blanks));
	blanks[CSVHEAD_LOOK - 1] = '\n';
	CHECK_INT(csvhead_skip(blanks, sizeof(blanks), &delimiter), CSVHEAD_LOOK);
	blanks[CSVHEAD_LOOK - 1] = ' ';
	blanks[CSVHEAD_LOOK] = '\n';
	CHECK_INT(csvhead_skip(blanks, sizeof(blanks), &delimiter), 0);
	CHECK_INT(csvhead_skip(blanks, CSVHEAD_LOOK, &delimiter), 0);
	CHECK_INT(csvhead_skip(blanks, CSVHEAD_LOOK - 1, &delimiter), CSVHEAD_LOOK - 1);
}

static void the_delimiter_of_a_header(void)
{
	static const struct {
		const char *header;
		char want;
	} cases[] = {
		{ "", ',' },           { "a", ',' },
		{ "a,b", ',' },        { "a;b;c,d", ',' },
		{ "a;b", ';' },        { "a\tb", '\t' },
		{ "a|b", '|' },        { "a;b|c|d", '|' },
		{ "a;b|c", ';' },      { "a\tb;c", '\t' },
		{ "\"a,b\";c", ';' },  { "\"a;b\"", ',' },
		{ "\"a\"\";\"", ',' }, { "\"a\n;\"\tb", '\t' },
		{ "a:b", ',' },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(csvhead_delimiter(cases[i].header, strlen(cases[i].header)),
			  cases[i].want);
	CHECK_INT(csvhead_delimiter("a\0b;c", 5), ';');
}

static void names_that_need_quotes(void)
{
	static const char *const misleading[] = { " a",    "a;b",           "a\tb",    "a|b",
						  "sep=x", "SEP=",          "{a",      "[a",
						  "<a",    "\xef\xbb\xbfz", "PAR1\x15" };
	static const char *const plain[] = { "",      "a",   "event_id", "a b",
					     "ORCID", "sep", "a{",       "\xc3\xa9" };

	for (size_t i = 0; i < sizeof(misleading) / sizeof(misleading[0]); i++)
		CHECK(csvhead_misleads(misleading[i], strlen(misleading[i])));
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		CHECK(!csvhead_misleads(plain[i], strlen(plain[i])));
}

int main(void)
{
	RUN(what_comes_before_a_header);
	RUN(the_delimiter_of_a_header);
	RUN(names_that_need_quotes);
	return CHECK_DONE();
}
