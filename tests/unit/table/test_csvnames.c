#include "table/csvnames.h"

#include "check.h"

/* A header of one character of text for each field: `-` is no name. */
static struct csv_row header_of(const char *text, struct csv_field *fields)
{
	struct csv_row row = { .fields = fields, .n = strlen(text) };

	for (size_t i = 0; i < row.n; i++)
		fields[i] = (struct csv_field){ text + i, text[i] != '-', text[i] == '-' };
	return row;
}

static bool is_twice(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c != '-' && strchr(c + 1, *c))
			return true;
	return false;
}

/* Every header of up to four fields with three names and none. */
static void no_name_twice(void)
{
	for (int i = 1; i < 4 * 4 * 4 * 4; i++) {
		struct csvnames h = CSVNAMES_INIT;
		struct csv_field fields[4];
		struct err err = ERR_INIT;
		char text[5] = "";
		struct csv_row row;
		int rc;

		for (int k = i, n = 0; k; k /= 4)
			text[n++] = "-abc"[k % 4];
		row = header_of(text, fields);
		rc = csvnames_take(&h, &row, &err);
		CHECK_INT(rc, is_twice(text) ? -1 : 0);
		if (rc)
			CHECK(!strncmp(err.message, "duplicate column ", 17));
		for (size_t k = 0; !rc && k < h.n; k++)
			CHECK_STR(h.names[k], text[k] == '-' ? "" : ((char[]){ text[k], '\0' }));
		csvnames_release(&h);
	}
}

/* Of two headers: what the caller has made of the first one's names does not matter. */
static void the_same_names_as_written(void)
{
	static const char *const texts[] = { "a", "b", "-", "ab", "ba", "a-", "-a", "abc", "--" };
	enum { N = sizeof(texts) / sizeof(*texts) };
	struct csv_field fields[4];
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N; i++) {
		struct csvnames h = CSVNAMES_INIT;
		struct csv_row row = header_of(texts[i], fields);

		CHECK_INT(csvnames_take(&h, &row, &err), 0);
		h.names[0][0] = '\0';
		for (size_t k = 0; k < N; k++) {
			row = header_of(texts[k], fields);
			CHECK_INT(csvnames_are(&h, &row), i == k);
		}
		csvnames_release(&h);
	}
}

/* Two columns, `ab` and none, are not `a` and `b`. */
static void names_are_compared_one_by_one(void)
{
	struct csv_field ab[] = { { "ab", 2, false }, { "", 0, true } };
	struct csv_field a_b[] = { { "a", 1, false }, { "b", 1, false } };
	struct csv_row one = { .fields = ab, .n = 2 }, other = { .fields = a_b, .n = 2 };
	struct csvnames h = CSVNAMES_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(csvnames_take(&h, &one, &err), 0);
	CHECK(csvnames_are(&h, &one) && !csvnames_are(&h, &other));
	csvnames_release(&h);
}

static void bytes_that_no_name_has(void)
{
	struct csv_field fields[] = { { "a", 1, false }, { "b\0c", 3, false } };
	struct csv_row row = { .fields = fields, .n = 2 };
	struct csvnames h = CSVNAMES_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(csvnames_take(&h, &row, &err), -1);
	CHECK_STR(err.message, "a NUL byte in the header");
	csvnames_release(&h);
	fields[1] = (struct csv_field){ "b\rc", 3, false };
	CHECK_INT(csvnames_take(&h, &row, &err), -1);
	CHECK_STR(err.message, "a carriage return in the header (line ends must be LF or CR LF)");
	csvnames_release(&h);
}

int main(void)
{
	RUN(no_name_twice);
	RUN(the_same_names_as_written);
	RUN(names_are_compared_one_by_one);
	RUN(bytes_that_no_name_has);
	return CHECK_DONE();
}
