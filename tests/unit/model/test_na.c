#include "check.h"
#include "model/na.h"

/* The fields that are left of a row, each after a bar; NULL shows as `-`. */
static const char *shown(struct na *na, const struct csv_row *row)
{
	static char text[256];
	const struct csv_row *read = na_row(na, row);
	size_t len = 0;

	CHECK_INT(read->n, row->n);
	CHECK(read->raw == row->raw && read->raw_len == row->raw_len);
	for (size_t i = 0; i < read->n; i++) {
		const struct csv_field *f = &read->fields[i];

		CHECK(!f->is_null || !f->len);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "|%.*s",
					f->is_null ? 1 : (int)f->len, f->is_null ? "-" : f->s);
	}
	return text;
}

static void tokens_are_null(void)
{
	static const struct {
		const char *tokens, *want;
	} cases[] = {
		{ "NA", "|-| NA x|na|-||NaN|\\N| " },
		{ "nan,NaN", "| NA\t\n| NA x|na|-||-|\\N| " },
		{ " NA ,\\N", "|-| NA x|na|-||NaN|-| " },
		{ "NA x", "| NA\t\n|-|na|-||NaN|\\N| " },
		{ " ", "| NA\t\n| NA x|na|-||NaN|\\N|-" },
	};
	static const char *const fields[] = {
		" NA\t\n", " NA x", "na", NULL, "", "NaN", "\\N", " "
	};
	struct csv_field f[8];
	struct csv_row row = { .fields = f, .n = 8, .raw = "raw", .raw_len = 3 };

	for (size_t i = 0; i < 8; i++)
		f[i] = fields[i] ? (struct csv_field){ fields[i], (uint32_t)strlen(fields[i]), 0 }
				 : (struct csv_field){ "", 0, true };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct names tokens = NAMES_INIT;
		struct na na = { .tokens = &tokens };
		struct err err = ERR_INIT;

		/* Without a token the row is not copied. */
		CHECK(na_row(&na, &row) == &row);
		CHECK_INT(names_append(&tokens, cases[i].tokens, &err), 0);
		row.is_verbatim = true;
		CHECK_STR(shown(&na, &row), cases[i].want);
		CHECK(!na_row(&na, &row)->is_verbatim);
		na_release(&na);
		names_release(&tokens);
	}
}

int main(void)
{
	RUN(tokens_are_null);
	return CHECK_DONE();
}
