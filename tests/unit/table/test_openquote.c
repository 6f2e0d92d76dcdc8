#include "table/openquote.h"

#include "check.h"

static enum openquote read_text(enum openquote state, const char *s)
{
	return openquote_read(state, s, strlen(s), ',');
}

static void one_record(void)
{
	static const struct {
		const char *text;
		enum openquote state;
	} cases[] = {
		{ "\n", OPENQUOTE_COMPLETE },
		{ "", OPENQUOTE_COMPLETE },
		{ "a,b\n", OPENQUOTE_COMPLETE },
		{ "a,b", OPENQUOTE_COMPLETE },
		{ "a,\"b\"\n", OPENQUOTE_COMPLETE },
		{ "a,\"b\"\r\n", OPENQUOTE_COMPLETE },
		{ "a,\"b\"\r", OPENQUOTE_COMPLETE },
		{ "a,\"b\"", OPENQUOTE_COMPLETE },
		{ "\"a\nb\",\"\"\"\",\n", OPENQUOTE_COMPLETE },
		{ "a,\"b\n", OPENQUOTE_QUOTED },
		{ "\"", OPENQUOTE_QUOTED },
		{ "\"a\nb\"\"\n", OPENQUOTE_QUOTED },
		{ "\"a\"\"\",\",\n", OPENQUOTE_QUOTED },
		{ "a\"b\n", OPENQUOTE_MALFORMED },
		{ "\"a\"b\n", OPENQUOTE_MALFORMED },
		{ "\"a\"\rb\n", OPENQUOTE_MALFORMED },
		{ "a,\"b\n\"c\n", OPENQUOTE_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(read_text(OPENQUOTE_NEW, cases[i].text), cases[i].state);
}

static void on_from_an_open_quote(void)
{
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a,b\n"), OPENQUOTE_QUOTED);
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a,\"\",b\n"), OPENQUOTE_QUOTED);
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a,\"b\",c\n"), OPENQUOTE_MALFORMED);
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a,\",b\",c\n"), OPENQUOTE_MALFORMED);
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a,\"\n"), OPENQUOTE_COMPLETE);
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a\",b\n"), OPENQUOTE_COMPLETE);
	CHECK_INT(read_text(OPENQUOTE_QUOTED, "a,\",\",c\n"), OPENQUOTE_QUOTED);
	CHECK_INT(openquote_read(OPENQUOTE_QUOTED, "a\";\"\n", 5, ';'), OPENQUOTE_QUOTED);
}

int main(void)
{
	RUN(one_record);
	RUN(on_from_an_open_quote);
	return CHECK_DONE();
}
