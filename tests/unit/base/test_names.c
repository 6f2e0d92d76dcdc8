#include "base/names.h"

#include "base/buf.h"
#include "scratch.h"

/* The list, "a|b", or the error. */
static void check_list(const char *list, const char *want)
{
	struct names names = NAMES_INIT;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;

	if (names_append(&names, list, &err)) {
		CHECK_INT(err.kind, ERR_USAGE);
		CHECK_STR(err.message, want);
	} else {
		for (size_t i = 0; i < names.n; i++) {
			CHECK(names_has(&names, names.name[i]));
			buf_printf(&got, "%s%s", i ? "|" : "", names.name[i]);
		}
		buf_append_char(&got, '\0');
		CHECK_STR(got.data, want);
		buf_release(&got);
	}
	names_release(&names);
	names_release(&names);
}

static void lists_are_cut_at_commas(void)
{
	check_list("a", "a");
	check_list("a,b,a", "a|b|a");
	check_list(" a b ,\tc\r\n", "a b|c");
	check_list("*", "*");
	check_list("\xc3\xa9;|", "\xc3\xa9;|");
}

/* A word for an empty field can be one. */
static void nothing_but_blanks_is_a_name(void)
{
	check_list(" ", " ");
	check_list("NA, \t,b", "NA| \t|b");
}

static void an_empty_name_is_an_error(void)
{
	check_list("", "empty name in the list ''");
	check_list("a,", "empty name in the list 'a,'");
	check_list(",a", "empty name in the list ',a'");
	check_list("a,,b", "empty name in the list 'a,,b'");
}

/* As an option that is given several times does. */
static void lists_add_up(void)
{
	struct names names = NAMES_INIT;
	struct err err = ERR_INIT;
	char list[32];

	for (int i = 0; i < 100; i++) {
		snprintf(list, sizeof(list), "a%d,b%d", i, i);
		CHECK_INT(names_append(&names, list, &err), 0);
	}
	CHECK_INT(names.n, 200);
	CHECK_STR(names.name[199], "b99");
	CHECK(names_has(&names, "a0") && names_has(&names, "b99"));
	CHECK(!names_has(&names, "a") && !names_has(&names, "a100") && !names_has(&names, "A0"));
	CHECK(!names_has(&names, ""));
	names_release(&names);
	CHECK(!names_has(&names, "a0"));
}

int main(void)
{
	RUN(lists_are_cut_at_commas);
	RUN(nothing_but_blanks_is_a_name);
	RUN(an_empty_name_is_an_error);
	RUN(lists_add_up);
	return CHECK_DONE();
}
