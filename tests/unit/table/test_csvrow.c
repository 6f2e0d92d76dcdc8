#include "table/csvrow.h"

#include "scratch.h"
#include "table/csvreader.h"

/* The format again, byte by byte: a field and its comma. */
static void want_text(struct buf *out, const char *s, size_t len, bool quoted)
{
	quoted = quoted || !len || (len == 2 && !memcmp(s, "\\.", 2));
	for (size_t i = 0; i < len; i++)
		quoted = quoted || strchr(",\"\n\r", s[i] ? s[i] : 'x');
	if (quoted)
		buf_append_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			buf_append_char(out, '"');
		buf_append_char(out, s[i]);
	}
	buf_append_str(out, quoted ? "\"," : ",");
}

static void check_same(const struct buf *got, const struct buf *want)
{
	if (got->len != want->len || (got->len && memcmp(got->data, want->data, got->len) != 0))
		CHECK_FAIL("'%.*s' is not '%.*s'", (int)got->len, got->data, (int)want->len,
			   want->data);
}

/* Of a heap block that ends where the text does, after what is there already. */
static void check_text(const char *text, size_t len)
{
	struct buf got = BUF_INIT, want = BUF_INIT;
	char *copy = malloc(len + !len);

	memcpy(copy, text, len);
	buf_append_str(&got, "x,");
	buf_append_str(&want, "x,");
	csv_put_text(&got, copy, len);
	want_text(&want, text, len, false);
	check_same(&got, &want);
	buf_release(&got);
	buf_release(&want);
	free(copy);
}

/* Those that ask for quotes at every length up to some vectors. */
static void each_byte_at_each_place_of_each_length(void)
{
	char text[70];

	check_text("", 0);
	for (int c = 0; c < 256 && check_ok; c++)
		for (size_t len = 1; len <= sizeof(text);
		     len += c && strchr(",\"\n\r\\", c) ? 1 : 1 + len / 40 * 6)
			for (size_t at = 0; at < len; at++) {
				memset(text, 'a', sizeof(text));
				text[at] = (char)c;
				check_text(text, len);
			}
}

static void the_end_of_a_copy_is_quoted(void)
{
	check_text("\\.", 2);
	check_text("\\", 1);
	check_text("\\..", 3);
	check_text(".\\", 2);
}

/* A value of up to 40 bytes, of which many ask for quotes. */
static size_t random_text(uint64_t *random, char *text)
{
	static const char letters[] = "abcdefgh\\., ,;|\t\"\n\r";
	size_t len = scratch_below(random, scratch_below(random, 4) ? 4 : 41);
	size_t n = scratch_below(random, 2) ? 8 : sizeof(letters) - 1;

	for (size_t i = 0; i < len; i++)
		text[i] = letters[scratch_below(random, n)];
	return len;
}

enum { COLUMNS = 5, ROWS = 200 };

/* What a table holds, and a row of it as text. */
struct cell {
	char text[40];
	size_t len;
	bool is_null;
};

static void random_table(uint64_t *random, struct cell cells[ROWS][COLUMNS])
{
	for (int i = 0; i < ROWS; i++)
		for (int k = 0; k < COLUMNS; k++) {
			struct cell *c = &cells[i][k];

			c->is_null = !scratch_below(random, 5);
			c->len = c->is_null ? 0 : random_text(random, c->text);
		}
}

/* As anybody might write it: by another delimiter, and with quotes that need not be. */
static void write_table(uint64_t *random, struct cell cells[ROWS][COLUMNS], char delimiter)
{
	struct buf file = BUF_INIT;
	size_t at;

	buf_printf(&file, "a%cb%cc%cd%ce\n", delimiter, delimiter, delimiter, delimiter);
	for (int i = 0; i < ROWS; i++) {
		for (int k = 0; k < COLUMNS; k++) {
			const struct cell *c = &cells[i][k];
			bool quoted = !scratch_below(random, 8);

			at = file.len;
			if (c->is_null)
				buf_append_char(&file, ',');
			else
				want_text(&file, c->text, c->len,
					  quoted || memchr(c->text, delimiter, c->len));
			CHECK(file.len > at);
			file.data[file.len - 1] = delimiter;
		}
		file.data[file.len - 1] = '\n';
	}
	scratch_write("table", file.data, file.len);
	buf_release(&file);
}

static void check_row(const struct csv_row *row, const struct cell *cells)
{
	CHECK_INT(row->n, COLUMNS);
	for (size_t k = 0; k < row->n; k++) {
		const struct csv_field *f = &row->fields[k];

		CHECK_INT(f->is_null, cells[k].is_null);
		CHECK_INT(f->len, cells[k].len);
		CHECK(f->len != cells[k].len || !memcmp(f->s, cells[k].text, f->len));
	}
}

/* Any of its fields, one by one and as one piece. */
static void check_fields(const struct csv_row *row)
{
	for (size_t first = 0; first <= row->n; first++)
		for (size_t n = 0; first + n <= row->n; n++) {
			struct buf got = BUF_INIT, want = BUF_INIT;

			csv_put_fields(&got, row, first, n);
			for (size_t k = first; k < first + n; k++)
				if (row->fields[k].is_null)
					buf_append_char(&want, ',');
				else
					want_text(&want, row->fields[k].s, row->fields[k].len,
						  false);
			check_same(&got, &want);
			buf_release(&got);
			buf_release(&want);
		}
}

/* Reads `path`, whose rows hold the cells, and appends them to *out as csv_put_row does. */
static void copy_table(const char *path, struct cell cells[ROWS][COLUMNS], bool libcsv_only,
		       struct buf *out)
{
	const struct csv_input input = { .paths = &path, .n = 1, .threads = 1 };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int i = 0, rc;

	in.tuning.libcsv_only = libcsv_only;
	CHECK_INT(csv_reader_open(&in, &input, &err), 0);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0 && i < ROWS && check_ok) {
		check_row(row, cells[i++]);
		check_fields(row);
		csv_put_row(out, row);
		csv_end_row(out);
	}
	CHECK_INT(rc, 0);
	CHECK_INT(i, ROWS);
	CHECK_STR(err.message, "");
	csv_reader_close(&in);
}

/* A copy of a table of any delimiter, and a copy of that, hold what the table does. */
static void rows_are_copied_as_they_are(void)
{
	static struct cell cells[ROWS][COLUMNS];
	uint64_t random = 1;

	for (int i = 0; i < 20 && check_ok; i++) {
		struct buf copy = BUF_INIT, again = BUF_INIT;

		random_table(&random, cells);
		write_table(&random, cells, ",;|\t"[i % 4]);
		buf_append_str(&copy, "a,b,c,d,e\n");
		buf_append_str(&again, "a,b,c,d,e\n");
		copy_table("table", cells, false, &copy);
		scratch_write("copy", copy.data, copy.len);
		copy_table("copy", cells, i % 2, &again);
		check_same(&again, &copy);
		buf_release(&copy);
		buf_release(&again);
	}
}

static void check_put_row(const struct csv_row *row, const char *want)
{
	struct buf out = BUF_INIT;

	csv_put_row(&out, row);
	buf_append_char(&out, '\0');
	CHECK_STR(out.data, want);
	buf_release(&out);
}

/* A record keeps its own text, unless that is of another delimiter or would lose its end. */
static void a_record_as_it_stands(void)
{
	struct csv_field fields[] = { { "a", 1, false }, { "b\r", 2, false } };
	struct csv_row row = { .fields = fields, .n = 2, .raw = "\"a\",b", .raw_len = 5 };

	check_put_row(&row, "\"a\",b,");
	row.raw = "a,b\r";
	row.raw_len = 4;
	check_put_row(&row, "a,\"b\r\",");
	row.fault = "expected 3 fields, found 2";
	check_put_row(&row, "a,b\r,");
	row.raw_len = 3;
	check_put_row(&row, "a,b,");
	row.is_foreign = true;
	check_put_row(&row, "\"a,b\",");
	row.fault = NULL;
	check_put_row(&row, "a,\"b\r\",");
	row = (struct csv_row){ .fields = fields, .n = 0, .raw = "", .raw_len = 0 };
	check_put_row(&row, ",");
}

/* Whatever the first column is called, the header reads back, and says no more than it did. */
static void each_header_reads_back(void)
{
	static const char *const names[] = { "a",         " a",    "sep=;",         "a;b",
					     "a\tb",      "a|b|c", "\xef\xbb\xbf_", "",
					     "{\"a\":1}", "PAR1",  "<html>",        "\\.",
					     "a,b",       "\"",    "a\nb" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const path = "header";
		const struct csv_input input = { .paths = &path, .n = 1, .threads = 1 };
		struct csv_reader in = CSV_READER_INIT;
		struct buf file = BUF_INIT;
		struct err err = ERR_INIT;

		in.keep_names = true;
		csv_put_str(&file, names[i]);
		csv_put_str(&file, "a;z");
		csv_end_row(&file);
		csv_put_str(&file, "x");
		csv_put_str(&file, "y");
		csv_end_row(&file);
		scratch_write(path, file.data, file.len);
		CHECK_INT(csv_reader_open(&in, &input, &err), 0);
		CHECK_STR(err.message, "");
		CHECK_INT(in.header.n, 2);
		if (in.header.n == 2) {
			CHECK_STR(in.header.names[0], names[i]);
			CHECK_STR(in.header.names[1], "a;z");
		}
		csv_reader_close(&in);
		buf_release(&file);
	}
}

/* Only the first name of a row, also of one that is not the buffer's first. */
static void only_the_first_name_can_mislead(void)
{
	struct buf out = BUF_INIT;

	for (int i = 0; i < 2; i++) {
		csv_put_str(&out, "sep=;");
		csv_put_str(&out, "sep=;");
		csv_end_row(&out);
	}
	buf_append_char(&out, '\0');
	CHECK_STR(out.data, "\"sep=;\",sep=;\n\"sep=;\",sep=;\n");
	buf_release(&out);
}

static void values_of_each_kind(void)
{
	const struct csv_field null = { "", 0, true }, empty = { "", 0, false };
	const struct csv_value values[] = {
		csv_int(INT64_MIN),
		csv_int(INT64_MAX),
		csv_int(9),
		csv_int(10),
		csv_millionths(-950000),
		csv_millionths(INT64_MIN),
		csv_real(0.1),
		csv_real(NAN),
		csv_text("a,b", 3),
		csv_text("", 0),
		csv_encoded("\"a,b\"", 5),
		csv_str("c"),
		csv_str(NULL),
		csv_str(""),
		csv_value(&null),
		csv_value(&empty),
		{ 0 },
	};
	struct buf out = BUF_INIT;

	csv_put_values(&out, values, sizeof(values) / sizeof(values[0]));
	csv_put_values(&out, values, 0);
	csv_put_real(&out, -0.0);
	csv_end_row(&out);
	buf_append_char(&out, '\0');
	CHECK_STR(out.data, "-9223372036854775808,9223372036854775807,9,10,-0.95,"
			    "-9223372036854.775808,0.1,,\"a,b\",\"\",\"a,b\",c,,\"\",,\"\",,-0\n");
	buf_release(&out);
}

static void check_trimmed(const struct csv_field *field, const char *want, bool is_null)
{
	struct csv_field got = csv_trimmed(field);

	CHECK_INT(got.is_null, is_null);
	CHECK_INT(got.len, strlen(want));
	CHECK(csv_field_is(&got, want));
}

/* Nothing but blanks is no value; an empty string is one. */
static void blanks_around_a_field(void)
{
	check_trimmed(&(struct csv_field){ " a b\t", 5, false }, "a b", false);
	check_trimmed(&(struct csv_field){ "a", 1, false }, "a", false);
	check_trimmed(&(struct csv_field){ " \t ", 3, false }, "", true);
	check_trimmed(&(struct csv_field){ "", 0, false }, "", false);
	check_trimmed(&(struct csv_field){ "", 0, true }, "", true);
}

static void a_field_among_words(void)
{
	struct names words = NAMES_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(names_append(&words, "NA, ,n/a", &err), 0);
	CHECK(csv_is_one_of(&(struct csv_field){ "NA", 2, false }, &words));
	CHECK(csv_is_one_of(&(struct csv_field){ " n/a ", 5, false }, &words));
	CHECK(csv_is_one_of(&(struct csv_field){ "   ", 3, false }, &words));
	CHECK(!csv_is_one_of(&(struct csv_field){ "", 0, false }, &words));
	CHECK(!csv_is_one_of(&(struct csv_field){ "NAN", 3, false }, &words));
	CHECK(!csv_is_one_of(&(struct csv_field){ "na", 2, false }, &words));
	CHECK(!csv_is_one_of(&(struct csv_field){ "n", 1, false }, &words));
	names_release(&words);
	CHECK(!csv_is_one_of(&(struct csv_field){ "NA", 2, false }, &words));
}

static void a_field_is_a_word_as_a_whole(void)
{
	CHECK(csv_field_is(&(struct csv_field){ "train", 5, false }, "train"));
	CHECK(!csv_field_is(&(struct csv_field){ "train", 4, false }, "train"));
	CHECK(!csv_field_is(&(struct csv_field){ "trains", 6, false }, "train"));
	CHECK(csv_field_is(&(struct csv_field){ "", 0, true }, ""));
}

static void quotes_only_where_they_must_be(void)
{
	struct buf row = BUF_INIT;
	struct csv_field null = { "", 0, true }, empty = { "", 0, false };

	csv_put_str(&row, "plain text, 'x'");
	csv_put_str(&row, "plain text; 'x'");
	csv_put_str(&row, "a,b");
	csv_put_str(&row, "say \"x\"");
	csv_put_str(&row, "two\nlines");
	csv_put_str(&row, "\r");
	csv_put_str(&row, "\\.");
	csv_put_str(&row, "\\..");
	csv_put_str(&row, " ");
	csv_put_field(&row, &null);
	csv_put_field(&row, &empty);
	csv_put_null(&row);
	csv_put_int(&row, INT64_MIN);
	csv_put_millionths(&row, 950000);
	csv_put_double(&row, 0.1);
	csv_put_raw(&row, "\"a\",b", 5);
	csv_put_null(&row);
	csv_end_row(&row);
	buf_append_char(&row, '\0');
	CHECK_STR(row.data, "\"plain text, 'x'\",plain text; 'x',\"a,b\",\"say "
			    "\"\"x\"\"\",\"two\nlines\",\"\r\",\"\\.\","
			    "\\.., ,,\"\",,-9223372036854775808,0.95,0.1,\"a\",b,\n");
	buf_release(&row);
}

static void runs_of_fields(void)
{
	static const char text[] = "a,b,c\n1,,3\r\n\\.,x,\\.y\n\r,\"\",\n\"p,q\",,r\n";
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;

	scratch_write("in", text, sizeof(text) - 1);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	while (csv_reader_next(&r, &row, &err) > 0) {
		csv_put_fields(&got, row, 0, 0);
		csv_put_fields(&got, row, 2, 1);
		csv_put_fields(&got, row, 0, 2);
		csv_put_fields(&got, row, 0, 3);
		csv_end_row(&got);
	}
	buf_append_char(&got, '\0');
	CHECK_STR(got.data, "3,1,,1,,3\n"
			    "\\.y,\"\\.\",x,\"\\.\",x,\\.y\n"
			    ",\"\r\",\"\",\"\r\",\"\",\n"
			    "r,\"p,q\",,\"p,q\",,r\n");
	csv_reader_close(&r);
	buf_release(&got);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(each_byte_at_each_place_of_each_length);
	RUN(the_end_of_a_copy_is_quoted);
	RUN(rows_are_copied_as_they_are);
	RUN(a_record_as_it_stands);
	RUN(each_header_reads_back);
	RUN(only_the_first_name_can_mislead);
	RUN(values_of_each_kind);
	RUN(blanks_around_a_field);
	RUN(a_field_among_words);
	RUN(a_field_is_a_word_as_a_whole);
	RUN(quotes_only_where_they_must_be);
	RUN(runs_of_fields);
	scratch_leave(dir);
	return CHECK_DONE();
}
