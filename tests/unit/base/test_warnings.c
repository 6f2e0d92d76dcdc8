#include "base/warnings.h"

#include "check.h"

static void lines_add_up(void)
{
	struct warnings w = WARNINGS_INIT;

	CHECK_INT(w.n, 0);
	CHECK_INT(w.text.len, 0);
	warnings_add(&w, "%d of %s", 3, "these");
	warnings_add(&w, "%s", "");
	warnings_add(&w, "100%%");
	CHECK_INT(w.n, 3);
	buf_append_char(&w.text, '\0');
	CHECK_STR(w.text.data, "3 of these\n\n100%\n");
	warnings_release(&w);
	CHECK_INT(w.n, 0);
	CHECK_INT(w.text.len, 0);
	warnings_release(&w);
	warnings_add(&w, "again");
	CHECK_INT(w.n, 1);
	CHECK_INT(w.text.len, 6);
	warnings_release(&w);
}

/* Whatever an input says, a warning is one line, and drives no terminal. */
static void each_is_one_line(void)
{
	struct warnings w = WARNINGS_INIT;
	size_t lines = 0;

	warnings_add(&w, "value '%s'", "a\nb\x1b[2J\xc2\x9b\xe2\x80\x8f\xff\xc3\xa9");
	warnings_add(&w, "%02000d", 0);
	CHECK_INT(w.n, 2);
	CHECK_BEGINS(w.text.data, "value 'a?b?[2J???\xc3\xa9'\n0");
	for (size_t i = 0; i < w.text.len; i++)
		lines += w.text.data[i] == '\n';
	CHECK_INT(lines, 2);
	CHECK(w.text.data[w.text.len - 1] == '\n');
	warnings_release(&w);
}

int main(void)
{
	RUN(lines_add_up);
	RUN(each_is_one_line);
	return CHECK_DONE();
}
