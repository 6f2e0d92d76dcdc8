/*
 * A recipe, and where it is one, a fixed log through it.
 *
 * With CR before each LF it is the same recipe, or as wrong; the log becomes the same twice.
 */
#include "adaptation.h"

static const char *const logs[] = {
	[RECIPE_JSON] = "{\"id\":1,\"t\":1649400000000,\"u\":\"ada\",\"c\":{\"id\":\"film\",\"d\":["
			"60,\"1:00\"]},\"e\":\"play\",\"p\":0.5}\n"
			"{\"id\":\"2\",\"t\":\"2022-04-08T06:40:30\",\"u\":\"b/"
			"%\",\"c\":\"{\\\"id\\\":\\\"x\\\"}\",\"e\":\"stop\",\"p\":\"\\ud83c\"}\n"
			"{\"id\":\"2\",\"t\":\"2022-04-08\",\"u\":{},\"u\":2,\"e\":\"\",\"p\":95,"
			"\"x\":true}\n"
			"{\"r\":[{\"id\":3,\"e\":\"play\",\"t\":1,\"u\":\"ada\",\"c\":null}]}\n{",
	[RECIPE_CSV] = "id,t,u,c,e,p\n1,1649400000000,ada,film,play,0:30\n2,2022-04-08T06:40:30,"
		       "\"b,/%\",\"{\"\"id\"\":1}\",stop,99.5\n"
		       "3,x,,,,\n4\n",
	[RECIPE_TSV] = "id\tt\tu\tc\te\tp\n1\t1649400000000\tada\tfilm\tplay\t0:30\n2\t2022-04-"
		       "08\tb/%\t{\"id\":1}\tstop\t99.5\r\n"
		       "3\tx\t\xff\t\t\t-1\n4\n",
};

/* The options that it gives are words for a shell. */
static void check_options(const struct recipe *r)
{
	static const char *const tools[] = { "ce-clean", "ce-join",   "ce-sessionize",
					     "ce-agg",   "ce-online", "ce-features" };

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		const char *s = recipe_options(r, tools[i]);
		bool is_quoted = false;

		for (; *s; s++) {
			if (*s == '\'')
				is_quoted = !is_quoted;
			else if (!is_quoted && *s == '\\')
				FUZZ_CHECK(*++s == '\'', "%s", s);
			else
				FUZZ_CHECK(is_quoted || !strchr("\n;&|<>()$`\"*?[]{}#~!", *s), "%s",
					   s);
		}
		FUZZ_CHECK(!is_quoted, "an open quote");
	}
}

/* Reads the recipe, and appends what becomes of the log, or why it is none. */
static void run(const char *text, size_t len, struct buf *out)
{
	struct recipe r;
	struct err err = ERR_INIT;

	if (!recipe_read(&r, fuzz_file(0, text, len), &err)) {
		check_options(&r);
		fuzz_adapt(&r, fuzz_file(1, logs[r.format], strlen(logs[r.format])), out);
	} else {
		fuzz_check_error(&err);
		buf_append_str(out, err.message);
	}
	recipe_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	struct buf crlf = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;

	run(text, size, &once);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			buf_append_char(&crlf, '\r');
		buf_append_char(&crlf, text[i]);
	}
	run(crlf.data ? crlf.data : "", crlf.len, &twice);
	FUZZ_CHECK(fuzz_same(&once, &twice), "%.*s and %.*s", (int)once.len, once.data,
		   (int)twice.len, twice.data);
	buf_release(&crlf);
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
