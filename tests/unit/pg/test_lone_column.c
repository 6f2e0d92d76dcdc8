#include "pg/lone_column.h"

#include "check.h"

static void a_name_that_is_a_header(void)
{
	CHECK_INT(lone_column_name("a"), 0);
	CHECK_INT(lone_column_name(""), 0);
	CHECK_INT(lone_column_name("first name"), 0);
	CHECK_INT(lone_column_name("a;b"), ';');
	CHECK_INT(lone_column_name("a|b"), '|');
	CHECK_INT(lone_column_name("a\tb"), '\t');
	CHECK_INT(lone_column_name("a,b"), ',');
	CHECK_INT(lone_column_name("id;amount, net;name"), ';');
	CHECK_INT(lone_column_name("a;b|c|d"), '|');
	CHECK_INT(lone_column_name("a\001b"), 1);
	CHECK_INT(lone_column_name("a\037b;c"), ';');
	CHECK_INT(lone_column_name("a\nb\r"), 0);
	CHECK_INT(lone_column_name("\xc3\xbc a:b^c~d"), 0);
}

/* The separator told by values that are separated by blanks; "NULL" is one. */
static char told_by(const char *values)
{
	struct lone_column c = { 0 };

	while (*values) {
		size_t len = strcspn(values, " ");
		struct csv_field field = { values, (uint32_t)len, false };

		field.is_null = csv_field_is(&field, "NULL");
		lone_column_add(&c, &field);
		values += len + (values[len] == ' ');
	}
	return lone_column_values(&c);
}

static void values_that_are_rows(void)
{
	CHECK_INT(told_by(""), 0);
	CHECK_INT(told_by("1 2 3"), 0);
	CHECK_INT(told_by("1;2"), ';');
	CHECK_INT(told_by("1;2 3;4 5;6"), ';');
	CHECK_INT(told_by("1|2|3 4|5|6"), '|');
	CHECK_INT(told_by("1\t2 NULL 3\t4"), '\t');
	CHECK_INT(told_by("a;b;c d;e"), 0); /* not equally often */
	CHECK_INT(told_by("a;b c d;e"), 0);
	CHECK_INT(told_by("a b;c d;e"), 0);
	CHECK_INT(told_by("a,b c,d"), 0); /* in quotes, and meant */
	CHECK_INT(told_by("a;1|2 b;3 c;4|5"), ';');
	CHECK_INT(told_by("NULL NULL"), 0);
}

/* The separator told by a name and values, which are separated by commas. */
static char told_by_both(const char *name, const char *values)
{
	struct lone_column c = { 0 };

	while (*values) {
		size_t len = strcspn(values, ",");
		const struct csv_field field = { values, (uint32_t)len, false };

		lone_column_add(&c, &field);
		values += len + (values[len] == ',');
	}
	return lone_column_values(&c) ? '!' : lone_column_rows(&c, name);
}

static void a_name_and_values_that_agree(void)
{
	CHECK_INT(told_by_both("a b c", "1 2 3,4 5 6"), ' ');
	CHECK_INT(told_by_both("a:b", "1:2,3:4"), ':');
	CHECK_INT(told_by_both("a^b", "1^2"), '^');
	CHECK_INT(told_by_both("a~b c", "1~2 3,4 5~ 6"), '~');
	CHECK_INT(told_by_both("a b", ""), 0);
	CHECK_INT(told_by_both("a b", "1 2,3"), 0);
	CHECK_INT(told_by_both("a b", "1 2 3,4 5 6"), 0);
	CHECK_INT(told_by_both("time", "12:30,12:45"), 0);
	CHECK_INT(told_by_both("a b", "1,2"), 0);
}

static void separators_as_words(void)
{
	char word[LONE_COLUMN_WORD];

	CHECK_STR(lone_column_word('\t', word), "tab");
	CHECK_STR(lone_column_word(';', word), "';'");
	CHECK_STR(lone_column_word(' ', word), "' '");
	CHECK_STR(lone_column_word(1, word), "$'\\x01'");
}

static void only_the_first_values_count(void)
{
	const struct csv_field whole = { "1;2", 3, false }, text = { "1", 1, false };
	struct lone_column c = { 0 };

	for (size_t i = 1; i <= LONE_COLUMN_ROWS; i++)
		CHECK(lone_column_add(&c, &whole) == (i == LONE_COLUMN_ROWS));
	CHECK(!lone_column_add(&c, &text));
	CHECK_INT(lone_column_values(&c), ';');
}

int main(void)
{
	RUN(a_name_that_is_a_header);
	RUN(values_that_are_rows);
	RUN(a_name_and_values_that_agree);
	RUN(separators_as_words);
	RUN(only_the_first_values_count);
	return CHECK_DONE();
}
