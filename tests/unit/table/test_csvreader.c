#include "table/csvreader.h"

#include "rows_agree.h"
#include "scratch.h"

#include <sys/mman.h>

static void emit(struct buf *out, char c)
{
	if (c == '\0' || c == '\1')
		buf_append_char(out, '\1');
	buf_append_char(out, c == '\0' ? '0' : c);
}

static bool ends_line(const char *s, size_t n, size_t i)
{
	return s[i] == '\n' || (s[i] == '\r' && (i + 1 == n || s[i + 1] == '\n'));
}

/*
 * The reference: RFC 4180 read a byte at a time, in the plainest way there is. A record starts at
 * *at; returns its number of fields and moves *at behind it, or returns -1 and moves *at behind its
 * first line if it is malformed. Fields go to `out`, each as 'N' or 'T' text '\0' with bytes 0 and
 * 1 escaped, so that two records can be compared as two runs of bytes.
 */
static int naive_record(const char *s, size_t n, char delimiter, size_t *at, struct buf *out)
{
	const char *newline = memchr(s + *at, '\n', n - *at);
	size_t first_line_end = newline ? (size_t)(newline - s) + 1 : n;
	size_t i = *at;
	int fields = 0;

	buf_clear(out);
	for (;;) {
		bool quoted = i < n && s[i] == '"';
		size_t start = ++i - !quoted;

		i -= !quoted;
		buf_append_char(out, quoted ? 'T' : 'U');
		for (; i < n; i++) {
			if (quoted ? s[i] == '"' && (i + 1 == n || s[i + 1] != '"')
				   : s[i] == delimiter || ends_line(s, n, i))
				break;
			if (!quoted && s[i] == '"')
				goto malformed;
			i += s[i] == '"'; /* the first of two */
			emit(out, s[i]);
		}
		if (quoted && i++ == n)
			goto malformed;
		if (!quoted && i == start)
			out->data[out->len - 1] = 'N';
		buf_append_char(out, '\0');
		fields++;
		if (i < n && s[i] == delimiter) {
			i++;
			continue;
		}
		if (i < n && s[i] == '\r' && ends_line(s, n, i))
			i++;
		if (i < n && s[i] != '\n')
			goto malformed;
		*at = i < n ? i + 1 : n;
		return fields;
	}
malformed:
	*at = first_line_end;
	return -1;
}

/* The row as naive_record would write it. */
static void flatten(const struct csv_row *row, const char *s, size_t n, struct buf *out)
{
	buf_clear(out);
	(void)s;
	(void)n;
	for (size_t i = 0; i < row->n; i++) {
		const struct csv_field *f = &row->fields[i];

		buf_append_char(out, f->is_null ? 'N' : 'T');
		for (size_t k = 0; k < f->len; k++)
			emit(out, f->s[k]);
		buf_append_char(out, '\0');
	}
}

/* Both kinds of text are one to the reader. */
static void unquote_marks(struct buf *record)
{
	bool start = true;

	for (size_t i = 0; i < record->len; i++) {
		if (start && record->data[i] == 'U')
			record->data[i] = 'T';
		start = record->data[i] == '\0';
	}
}

static uint64_t count_lines(const char *s, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines;
}

/*
 * Reads the document (a header of `columns` fields and what follows) in both ways and compares
 * every record: fields, NULLs, raw bytes, line number, fault, and that csv_put_row writes it.
 */
static void compare(const char *s, size_t n, char delimiter, size_t columns, bool tolerant)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" },
				   .n = 1,
				   .delimiter = delimiter };
	struct csv_reader r = CSV_READER_INIT;
	struct buf want = BUF_INIT, got = BUF_INIT, put = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	size_t at = 0, i_put;
	int rc, fields;

	scratch_write("in", s, n);
	r.tolerant = tolerant;
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	naive_record(s, n, delimiter, &at, &want);
	for (;;) {
		size_t start = at;
		uint64_t line = count_lines(s, start) + 1;

		if (at == n)
			break;
		fields = naive_record(s, n, delimiter, &at, &want);
		if (columns > 1 && fields == 1 && want.data[0] == 'N')
			continue; /* a blank line */
		rc = csv_reader_next(&r, &row, &err);
		CHECK_INT(r.line, line);
		if (fields != (int)columns && !tolerant) {
			char prefix[32];

			snprintf(prefix, sizeof(prefix), "in:%d: ", (int)line);
			CHECK_INT(rc, -1);
			CHECK(!strncmp(err.message, prefix, strlen(prefix)));
			goto done;
		}
		CHECK_INT(rc, 1);
		if (rc != 1)
			goto done;
		CHECK((fields != (int)columns) == (row->fault != NULL));
		if (!row->fault) {
			unquote_marks(&want);
			flatten(row, s, n, &got);
			CHECK(got.len == want.len &&
			      (!got.len || !memcmp(got.data, want.data, got.len)));
		}
		if (!row->fault) {
			buf_clear(&put);
			csv_put_row(&put, row);
			csv_end_row(&put);
			i_put = 0;
			fields = naive_record(put.data, put.len, ',', &i_put, &got);
			CHECK_INT(fields, columns);
			unquote_marks(&got);
			CHECK(got.len == want.len && !memcmp(got.data, want.data, got.len));
			CHECK_INT(i_put, put.len);
		}
		/* The raw record is what stands there, but for its line end. */
		CHECK(row->raw_len <= at - start && !memcmp(row->raw, s + start, row->raw_len));
		CHECK(at - start - row->raw_len <= 2);
		if (!check_ok)
			goto done;
	}
	rc = csv_reader_next(&r, &row, &err);
	CHECK_INT(rc, 0);
done:
	if (!check_ok)
		printf("# in '%.*s'\n", (int)n, s);
	csv_reader_close(&r);
	buf_release(&want);
	buf_release(&got);
	buf_release(&put);
}

/* Random documents: mostly well-formed (`noise` 0), or with stray quotes and line ends. */
static void random_document(struct buf *doc, uint64_t *random, size_t columns, int noise)
{
	static const char plain[] = "ab1 ;'\xc3\xa9\t\0\x01";
	static const char special[] = ",\"\n\r";
	size_t rows = scratch_below(random, 8);
	bool crlf = scratch_below(random, 3) == 0;

	buf_clear(doc);
	for (size_t i = 0; i < columns; i++) {
		buf_append_char(doc, (char)('a' + i));
		buf_append_char(doc, i + 1 < columns ? ',' : '\n');
	}
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = 0; i < columns; i++) {
			bool quoted = scratch_below(random, 3) == 0;
			size_t len = scratch_below(random, 4);

			if (quoted)
				buf_append_char(doc, '"');
			while (len--) {
				char c = plain[scratch_below(random, sizeof(plain) - 1)];

				if (quoted || (int)scratch_below(random, 40) < noise)
					if (scratch_below(random, 2))
						c = special[scratch_below(random, 4)];
				if (quoted && c == '"')
					buf_append_char(doc, c);
				buf_append_char(doc, c);
			}
			if (quoted && (int)scratch_below(random, 40) >= noise)
				buf_append_char(doc, '"');
			if (i + 1 < columns && (int)scratch_below(random, 60) >= noise)
				buf_append_char(doc, ',');
		}
		if (crlf)
			buf_append_char(doc, '\r');
		if (row + 1 < rows || scratch_below(random, 2))
			buf_append_char(doc, '\n');
	}
}

/* Makes each comma the other delimiter, and the other way round. */
static void swap(char *s, size_t n, char delimiter)
{
	for (size_t i = 0; i < n; i++)
		s[i] = s[i] == ',' ? delimiter : s[i] == delimiter ? ',' : s[i];
}

static void agrees_with_the_reference(void)
{
	struct buf doc = BUF_INIT;
	uint64_t random = 1;

	for (int i = 0; i < 1200 && check_ok; i++) {
		size_t columns = 1 + scratch_below(&random, 4);
		char delimiter = "\t;|:"[scratch_below(&random, 4)];

		random_document(&doc, &random, columns, i % 3 * 3);
		if (i % 2)
			swap(doc.data, doc.len, delimiter);
		compare(doc.data, doc.len, i % 2 ? delimiter : ',', columns, i & 2);
	}
	buf_release(&doc);
}

/* No structure at all: every string over the letters that matter, up to four of them. */
static void agrees_on_every_short_string(void)
{
	static const char letters[] = "a,\"\n\r";
	char doc[16] = "x,y\n";
	int n_strings = 5 + 25 + 125 + 625;

	for (int i = 0; i < n_strings && check_ok; i++) {
		size_t n = 4;
		int rest = i, power = 5;

		for (; rest >= power; power *= 5)
			rest -= power;
		for (; power > 1; power /= 5, rest /= 5)
			doc[n++] = letters[rest % 5];
		compare(doc, n, ',', 2, true);
		compare(doc, n, ',', 2, false);
		swap(doc, n, ';');
		compare(doc, n, ';', 2, true);
		swap(doc, n, ';');
	}
}

static void each(const char *text, const char *want)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc = -1;

	scratch_write("in", text, strlen(text));
	r.tolerant = true;
	if (!csv_reader_open(&r, &input, &err)) {
		while ((rc = csv_reader_next(&r, &row, &err)) > 0) {
			char line[32];

			snprintf(line, sizeof(line), "%d", (int)r.line);
			buf_append_str(&got, line);
			buf_append_str(&got, row->fault ? "!" : ":");
			buf_append(&got, row->raw, row->raw_len);
			buf_append_char(&got, '|');
		}
	}
	buf_append_char(&got, '\0');
	CHECK_STR(rc ? err.message : got.data, want);
	csv_reader_close(&r);
	csv_reader_close(&r);
	buf_release(&got);
}

static void a_stray_quote_costs_one_line(void)
{
	each("a,b\n1,2\n\"3,4\n5,6\n7,8\n", "2:1,2|3!\"3,4|4:5,6|5:7,8|");
	each("a,b\n3\",4\n5,6\n7,\"8\"\n", "2!3\",4|3:5,6|4:7,\"8\"|");
	each("a,b\n\"3\"x,4\n5,6\n", "2!\"3\"x,4|3:5,6|");
	each("a,b\n\"3,4\n\"5\"\",6\n7,8\n", "2!\"3,4|3!\"5\"\",6|4:7,8|");
	each("a,b\n\"3\n3\",4\n5,6\n", "2:\"3\n3\",4|4:5,6|");
	each("a,b\n1\n1,2,3\n\n1,2", "2!1|3!1,2,3|5:1,2|");
}

static void headers(void)
{
	each("a,b\n", "");
	each("a,b", "");
	each("\xef\xbb\xbf"
	     "a,b\r\n1,2\r\n",
	     "2:1,2|");
	each("\xef\xbb\xbf\"a\",b\n1,2\n", "2:1,2|");
	each("\n", "in:1: no header line");
	each("\r\n \n", "in:1: no header line");
	each("\r\na,b\n1,2\n", "3:1,2|");
	each("\n\xef\xbb\xbf\xef\xbb\xbf\n \t\ra,b\n1,2\n",
	     "in:3: a carriage return in the header (line ends must be LF or CR LF)");
	each("\n\na,b\n1,2,3\n", "4!1,2,3|");
	each("sep=;\r\na;b\n1;2\n", "3:1;2|");
	each("\xef\xbb\xbfSEP=\t\n\na\n1\t2\n", "4!1\t2|");
	each("sep=,\na;b\n1;2\n", "3:1;2|");
	each("sep=,", "in:1: no header line");
	each("sep=", "");
	each("sep=x\n1\n", "2:1|");
	each("sep=\"\n1\n", "in:1: a quoted field is still open at the end of the input");
	each("\"sep=;\"\n1\n", "2:1|");
	each("\xef\xbb\xbf", "in:1: no header line");
	each("\xef\xbb\xbf\n", "in:1: no header line");
	each("a,b,a\n", "in:1: duplicate column a");
	each(",a\n1,2\n", "2:1,2|");
	each("a,,\n1,2,\n", "2:1,2,|");
	each("\"\"\n1\n", "2:1|");
	each("\n\na,b,a\n", "in:3: duplicate column a");
	each("a\tb;c;d\n1;2;3\n", "2:1;2;3|");
	each("a|b\n1|2\n", "2:1|2|");
	each("\"a|b\"\n1|2\n", "2:1|2|");
	each("a;\"b,c\"\n1;2\n", "2:1;2|");
	each("a:b\n1:2\n", "2:1:2|");
	each("a,\"b\n1,2\n", "in:1: a quoted field is still open at the end of the input");
	each("a,b\"c\n1,2\n", "in:1: a quoted field is still open at the end of the input");
	each("a,b\r1,2\r3,4\r",
	     "in:1: a carriage return in the header (line ends must be LF or CR LF)");
	each("", "in: zero bytes (did an earlier tool fail?)");
}

static void names_of_a_header_are_found_whole(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	static const char text[] = "\xef\xbb\xbf\"a,\"\"b\"\"\n\", c \r\n";

	scratch_write("in", text, sizeof(text) - 1);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(r.header.n, 2);
	CHECK_STR(r.header.names[0], "a,\"b\"\n");
	CHECK_STR(r.header.names[1], " c ");
	csv_reader_close(&r);
	scratch_write("in", "a\0b,c\n", 6);
	CHECK_INT(csv_reader_open(&r, &input, &err), -1);
	CHECK_STR(err.message, "in:1: a NUL byte in the header");
}

static void several_files_are_one_table(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "one", "two", "three" },
				   .n = 3 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;

	scratch_write("one", "a,b\n1,2", 7);
	scratch_write("two", "\xef\xbb\xbf\"a\",b\r\n", 10);
	scratch_write("three", "a,b\n\n3,4\n5\n", 11);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK(!memcmp(row->fields[1].s, "2", 1));
	CHECK_STR(r.file, "one");
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK(!memcmp(row->fields[1].s, "4", 1));
	CHECK_STR(r.file, "three");
	CHECK_INT(r.line, 3);
	CHECK_INT(r.n_rows, 2);
	CHECK_INT(csv_reader_next(&r, &row, &err), -1);
	CHECK_STR(err.message, "three:4: expected 2 fields, found 1");
	CHECK_INT(csv_reader_fail(&r, 1, &err, "no %s", "good"), -1);
	CHECK_STR(err.message, "three:4: column b: no good");
	csv_reader_close(&r);
	scratch_write("two", "b,a\n", 4);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(csv_reader_next(&r, &row, &err), -1);
	CHECK_STR(err.message, "two:1: the header differs from that of one");
	csv_reader_close(&r);
	unlink("two");
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(csv_reader_next(&r, &row, &err), -1);
	CHECK_STR(err.message, "two: No such file or directory");
	csv_reader_close(&r);
}

/*
 * Any header that csv_put_str writes is read back: names that begin with what is passed over before
 * a header, or that look like a format of another kind, or that have other delimiters in them.
 */
static void any_header_round_trips(void)
{
	static const char *const pieces[] = {
		"\xef\xbb\xbf", " ",    "\t",       ";",     "|",          ",",        "\"",
		"sep=",         "SEP=", "{",        "[",     "}",          "]",        "<?xml",
		"<html",        "ORC",  "PAR1\x15", "PGDMP", "PK\x03\x04", "\xff\xfe", "\x1f\x8b",
		"Obj\x01",      "a",    "B",        "\x01",  "BZh91AY&SY", ".",        "",
	};
	enum { N = sizeof(pieces) / sizeof(*pieces) };
	char path[32];
	const char *const paths[] = { path };
	struct csv_input input = { .paths = paths, .n = 1 };
	uint64_t random = 17;
	int fd = memfd_create("in", 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 2000 && check_ok; i++) {
		struct csv_reader r = CSV_READER_INIT;
		struct buf text = BUF_INIT, name = BUF_INIT;
		char *names[5];
		size_t n = 1 + scratch_below(&random, 5);
		struct err err = ERR_INIT;
		const struct csv_row *row;

		for (size_t k = 0; k < n; k++) {
			buf_clear(&name);
			for (size_t left = scratch_below(&random, 5); left; left--)
				buf_append_str(&name, pieces[scratch_below(&random, N)]);
			if (name.len && k) /* no name twice */
				buf_append_char(&name, (char)('0' + k));
			buf_append_char(&name, '\0');
			names[k] = mem_dup(name.data, name.len - 1);
			csv_put_str(&text, names[k]);
		}
		csv_end_row(&text);
		for (size_t k = 0; k < n; k++)
			csv_put_str(&text, "v");
		csv_end_row(&text);
		CHECK(!ftruncate(fd, 0));
		CHECK_INT(pwrite(fd, text.data, text.len, 0), text.len);
		CHECK_INT(csv_reader_open(&r, &input, &err), 0);
		CHECK_INT(r.header.n, n);
		for (size_t k = 0; k < n && check_ok; k++)
			CHECK_STR(r.header.names[k], names[k]);
		CHECK_INT(check_ok ? csv_reader_next(&r, &row, &err) : 1, 1);
		if (!check_ok)
			CHECK_FAIL("%s: %.*s", err.message, (int)text.len, text.data);
		csv_reader_close(&r);
		for (size_t k = 0; k < n; k++)
			free(names[k]);
		buf_release(&text);
		buf_release(&name);
	}
	close(fd);
}

static void columns_of_the_pipe_in_any_spelling(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in", "two" }, .n = 2 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	static const char text[] =
		"EVENT_ID, event_ts,User_Id,user_id,GENRE, genre,Kind,\n1,,,,,,,\n";

	scratch_write("in", text, sizeof(text) - 1);
	scratch_write("two", text, sizeof(text) - 1);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	for (size_t i = 0; i < 8; i++) {
		static const char *const want[] = { "event_id", "event_ts", "User_Id", "user_id",
						    "GENRE",    " genre",   "Kind",    "" };

		CHECK_STR(r.header.names[i], want[i]);
	}
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_STR(r.file, "two");
	CHECK_INT(csv_reader_next(&r, &row, &err), 0);
	csv_reader_close(&r);
	r.keep_names = true;
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_STR(r.header.names[0], "EVENT_ID");
	csv_reader_close(&r);
}

static void each_file_has_its_delimiter(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in", "two", "three" }, .n = 3 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int n = 0;

	scratch_write("in", "a,b\n1,2\n", 8);
	scratch_write("two", "sep=;\na;b\n1;2\n", 14);
	scratch_write("three", "\n\"a\"\tb\n1\t2\n", 11);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	for (; csv_reader_next(&r, &row, &err) > 0; n++)
		CHECK(csv_field_is(&row->fields[0], "1") && csv_field_is(&row->fields[1], "2"));
	CHECK_INT(n, 3);
	CHECK_STR(err.message, "");
	csv_reader_close(&r);
	input.delimiter = ',';
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(csv_reader_next(&r, &row, &err), -1);
	CHECK_STR(err.message, "two:2: the header differs from that of in");
	csv_reader_close(&r);
}

static void records_of_many_lines(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	static const char lines[] = "\n\n\n\n\n\n\n\n\n";
	struct warnings warnings = WARNINGS_INIT;
	struct csv_reader r = CSV_READER_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;

	buf_printf(&text, "a,b\n1,\"%s\"\n\"x,y\",2\n", lines);
	for (int i = 0; i < 2; i++)
		buf_printf(&text, "1,\"%s\n\"\n", lines);
	scratch_write("in", text.data, text.len);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	for (int i = 0; i < 2; i++)
		CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	csv_reader_warn(&r, &warnings);
	CHECK_INT(warnings.n, 0);
	while (csv_reader_next(&r, &row, &err) > 0)
		;
	csv_reader_warn(&r, &warnings);
	CHECK_INT(warnings.n, 1);
	buf_append_char(&warnings.text, '\0');
	CHECK_STR(warnings.text.data, "2 records span more than 10 lines, the first at in:13: a "
				      "quote that is not closed?\n");
	warnings_release(&warnings);
	csv_reader_close(&r);
	buf_release(&text);
}

/* Writes a gzip file of a header and then of `pieces` times the piece, and the tail. */
static void write_large(const char *head, const char *piece, int pieces, const char *tail)
{
	struct gz_output output = { "large", 1, false, 0, false };
	struct gz_writer w = GZ_WRITER_INIT;
	struct err err = ERR_INIT;

	unlink(output.path); /* which may have been read */
	CHECK_INT(gz_writer_open(&w, &output, &err), 0);
	CHECK_INT(gz_writer_write(&w, head, strlen(head), &err), 0);
	for (int i = 0; i < pieces; i++)
		CHECK_INT(gz_writer_write(&w, piece, strlen(piece), &err), 0);
	CHECK_INT(gz_writer_write(&w, tail, strlen(tail), &err), 0);
	CHECK_INT(gz_writer_close(&w, &err), 0);
}

static char large_piece[65537];

static void records_of_many_mebibytes(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "large" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;

	memset(large_piece, 'x', 65536);
	memcpy(large_piece + 1000, "\"\"\n,", 4);
	write_large("a,b\n1,\"", large_piece, 200, "\"\n2,3\n");
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(row->fields[1].len, 200 * 65535);
	CHECK(!memcmp(row->fields[1].s + 1000 + 65535 * 150, "\"\n,x", 4));
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(r.line, 203);
	CHECK(row->fields[0].s[0] == '2');
	CHECK_INT(csv_reader_next(&r, &row, &err), 0);
	csv_reader_close(&r);
	memset(large_piece, 'x', 65536);
	write_large("a,b\n1,", large_piece, 200, "\n2,3");
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(row->fields[1].len, 200 * 65536);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK_INT(csv_reader_next(&r, &row, &err), 0);
	csv_reader_close(&r);
}

static void a_record_without_end(void)
{
	struct csv_input input = { .paths = (const char *const[]){ "large" }, .n = 1 };
	struct csv_reader r = CSV_READER_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	uint64_t n = 0;

	memset(large_piece, 'x', 65536);
	write_large("a,b\n1,", large_piece, 1100, "\n2,3\n");
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), -1);
	CHECK_STR(err.message, "large:2: a line of more than 64 MiB");
	csv_reader_close(&r);
	err = (struct err)ERR_INIT;
	/* A quote that is never closed: one line is lost, and not the 70 MiB behind it. */
	for (int i = 0; i < 65536; i += 64)
		memcpy(large_piece + i, "\ny,", 3);
	write_large("a,b\n1,\"x", large_piece, 1100, "\n2,3\n");
	r.tolerant = true;
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(csv_reader_next(&r, &row, &err), 1);
	CHECK(row->fault && row->raw_len == 4);
	while (csv_reader_next(&r, &row, &err) > 0)
		n += !row->fault;
	CHECK_INT(n, 1100 * 1024 + 1);
	CHECK_STR(err.message, "");
	csv_reader_close(&r);
}

/*
 * A field for a hostile document: short or long, around the sizes of vectors; sound, or of letters
 * that mean something.
 */
static void hostile_field(struct buf *doc, uint64_t *random)
{
	static const char *const pieces[] = { ",", "\"",    "\n",   "\r",           "a",   "\\",
					      ".", "\"\"",  "\r\n", "\xef\xbb\xbf", "\\.", "",
					      "7", "\"a\"", "b,c",  "\xc3\xa9" };
	size_t n;

	switch (scratch_below(random, 12)) {
	case 0:
		n = 12 + scratch_below(random, 60);
		memset(buf_reserve(doc, n), 'x', n);
		doc->len += n;
		break;
	case 1: /* quoted, and sound */
		buf_append_char(doc, '"');
		for (n = scratch_below(random, 5); n; n--) {
			const char *piece = pieces[scratch_below(random, 16)];

			buf_append_str(doc, *piece == '"' ? "\"\"" : piece);
			if (*piece == '"')
				buf_append_char(doc, 'q');
		}
		buf_append_char(doc, '"');
		break;
	case 2:
		for (n = scratch_below(random, 3); n; n--)
			buf_append_str(doc, pieces[scratch_below(random, 16)]);
		break;
	case 3:
		buf_append(doc, "\0\\.", 1 + scratch_below(random, 3));
		break;
	case 4:
		buf_append_str(doc, "\\.");
		break;
	default:
		for (n = scratch_below(random, 4); n; n--)
			buf_append_char(doc, (char)('a' + n));
	}
}

static void hostile_document(struct buf *doc, uint64_t *random, size_t columns)
{
	size_t rows = 10 + scratch_below(random, 40);
	bool crlf = scratch_below(random, 3) == 0;
	static const char *const before[] = { "\n",      "\r\n",      " \t\n",  "\xef\xbb\xbf",
					      "sep=;\n", "sep=,\r\n", "sep=\t", "\xef\xbb\n" };

	buf_clear(doc);
	while (scratch_below(random, 3) == 0)
		buf_append_str(doc, before[scratch_below(random, 8)]);
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = 0; i < columns; i++) {
			if (i)
				buf_append_char(doc, ',');
			if (row)
				hostile_field(doc, random);
			else
				buf_append_char(doc, (char)('a' + i));
		}
		if (scratch_below(random, 30) == 0)
			buf_append_char(doc, ",\"\r\n"[scratch_below(random, 4)]);
		if (crlf)
			buf_append_char(doc, '\r');
		if (row + 1 < rows || scratch_below(random, 2))
			buf_append_char(doc, '\n');
	}
}

/*
 * Whether a record was split at its marks or by libcsv must not show, nor where a vector, a window
 * or the input's buffer ends.
 */
static void marks_agree_with_libcsv(void)
{
	static const size_t windows[] = { 0, 1, 7, 33, 64, 100, 300, 0 };
	struct buf doc = BUF_INIT;
	uint64_t random = 11;
	size_t n_ways = 0;
	char path[32];
	int fd = memfd_create("in", 0); /* a file system would take longer than all the rest */

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	do
		n_ways++;
	while (csvscan_choice(n_ways).scan);
	for (size_t i = 0; i < 12000 && check_ok; i++) {
		struct csv_reader marks = CSV_READER_INIT, libcsv = CSV_READER_INIT;
		const char *difference;

		char delimiter = "\0\0\0,;\t|"[scratch_below(&random, 7)];

		hostile_document(&doc, &random, 1 + scratch_below(&random, 9));
		if (scratch_below(&random, 4) == 0)
			swap(doc.data, doc.len, "\t;|"[scratch_below(&random, 3)]);
		CHECK(!ftruncate(fd, 0));
		CHECK_INT(pwrite(fd, doc.data, doc.len, 0), doc.len);
		marks.tuning.scan = csvscan_choice(i % n_ways).scan;
		marks.tuning.window = windows[scratch_below(&random, 8)];
		marks.tuning.read_size = scratch_below(&random, 2) * scratch_below(&random, 400);
		libcsv.tuning.libcsv_only = true;
		libcsv.tuning.read_size = 4096;
		marks.tolerant = libcsv.tolerant = scratch_below(&random, 10) > 0;
		difference = rows_disagree(path, delimiter, marks, libcsv);
		if (difference)
			CHECK_FAIL("%s, in '%.*s'", difference, (int)doc.len, doc.data);
	}
	close(fd);
	buf_release(&doc);
}

/*
 * What is peeked at is the field that comes so many rows later: in tables with quotes, too, as long
 * as they stand behind it. Nearly every row is seen before it comes.
 */
static void rows_to_come(void)
{
	enum { N = 20000 };
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	struct buf text = BUF_INIT;
	uint64_t random = 5;

	buf_append_str(&text, "a,b,c,d\n");
	for (int i = 0; i < N; i++) {
		char row[80];

		buf_append(&text, row,
			   (size_t)snprintf(row, sizeof(row), "%d,u%zu,%s,%s\n", i,
					    scratch_below(&random, 100000),
					    scratch_below(&random, 9) ? "" : "\"x,y\"",
					    scratch_below(&random, 300) ? "z" : "\"1,\"\"2\""));
	}
	scratch_write("in", text.data, text.len);
	for (size_t ahead = 1; ahead <= CSV_AHEAD; ahead += 5) {
		struct csv_reader r = CSV_READER_INIT;
		const struct csv_row *row;
		struct err err = ERR_INIT;
		char seen[CSV_AHEAD + 1][16] = { { 0 } };
		int n = 0, n_seen = 0;

		CHECK_INT(csv_reader_open(&r, &input, &err), 0);
		for (; csv_reader_next(&r, &row, &err) > 0; n++) {
			char *now = seen[(size_t)n % (ahead + 1)];
			struct csv_field f;

			if (*now) {
				n_seen++;
				CHECK(strlen(now) == row->fields[1].len &&
				      !memcmp(now, row->fields[1].s, row->fields[1].len));
			}
			*now = '\0';
			csv_reader_look_ahead(&r);
			if (csv_reader_peek(&r, ahead, 1, &f) && f.len < 16) {
				now = seen[((size_t)n + ahead) % (ahead + 1)];
				memcpy(now, f.s, f.len);
				now[f.len] = '\0';
			}
			CHECK(!csv_reader_peek(&r, CSV_AHEAD, 1 << 20, &f));
		}
		CHECK_INT(n, N);
#ifndef CE_SMALL /* whose windows end more often */
		CHECK(n_seen > N - N / 50);
#endif
		csv_reader_close(&r);
	}
	buf_release(&text);
}

static size_t newlines(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += s[i] == '\n';
	return count;
}

/* Blank lines at s, in bytes. */
static size_t blank_lines(const char *s, size_t n)
{
	size_t at = 0;

	while (at < n && (s[at] == '\n' || (s[at] == '\r' && (at + 1 == n || s[at + 1] == '\n'))))
		at++;
	return at;
}

/* The head, the records and the blank lines between them are all of the input, each on its line. */
static void check_records(const struct buf *text, size_t head, size_t read_size, size_t window)
{
	static const char *const path = "whole";
	const struct csv_input input = { .paths = &path, .n = 1, .threads = 1 };
	struct csv_reader r = { .tolerant = true, .tuning = { NULL, read_size, window, false } };
	const struct csv_row *row;
	struct err err = ERR_INIT;
	size_t at = head;
	int rc;

	scratch_write(path, text->data, text->len);
	CHECK_INT(csv_reader_open(&r, &input, &err), 0);
	CHECK_INT(r.head.len, head);
	CHECK(r.head.len == head && !memcmp(r.head.data, text->data, head));
	CHECK_INT(r.line + csv_reader_lines(&r), newlines(text->data, head) + 1);
	while ((rc = csv_reader_next(&r, &row, &err)) > 0 && check_ok) {
		size_t len;
		const char *record = csv_reader_record(&r, &len);

		at += blank_lines(text->data + at, text->len - at);
		CHECK_INT(r.line, newlines(text->data, at) + 1);
		CHECK(at + len <= text->len && !memcmp(text->data + at, record, len));
		CHECK_INT(csv_reader_lines(&r), newlines(record, len) + (record[len - 1] != '\n'));
		at += len;
	}
	CHECK_INT(rc, 0);
	CHECK_INT(at + blank_lines(text->data + at, text->len - at), text->len);
	csv_reader_close(&r);
}

static void records_as_they_stand(void)
{
	static const char *const before[] = { "", "\xef\xbb\xbf", "\n \r\n", "sep=,\r\n\n" };
	static const char *const pieces[] = { "a",  ",",        "a,b\n", "\"a\nb\",c\r\n", "\"",
					      "\n", "\n\n\n\n", "x,\"y", "1,2\n",          "\r\n" };
	struct buf text = BUF_INIT;
	uint64_t random = 7;

	for (int i = 0; i < 400; i++) {
		size_t head, n = scratch_below(&random, 60);

		buf_clear(&text);
		buf_append_str(&text, before[scratch_below(&random, 4)]);
		buf_append_str(&text, scratch_below(&random, 2) ? "k,\"v\nw\"\n" : "k,v\r\n");
		head = text.len;
		for (size_t k = 0; k < n; k++)
			buf_append_str(&text, pieces[scratch_below(&random, 10)]);
		check_records(&text, head, 1 + scratch_below(&random, 20),
			      1 + scratch_below(&random, 30));
		check_records(&text, head, 0, 0);
	}
	buf_release(&text);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(agrees_with_the_reference);
	RUN(agrees_on_every_short_string);
	RUN(marks_agree_with_libcsv);
	RUN(a_stray_quote_costs_one_line);
	RUN(headers);
	RUN(names_of_a_header_are_found_whole);
	RUN(any_header_round_trips);
	RUN(columns_of_the_pipe_in_any_spelling);
	RUN(each_file_has_its_delimiter);
	RUN(records_of_many_lines);
	RUN(several_files_are_one_table);
	RUN(records_of_many_mebibytes);
	RUN(a_record_without_end);
	RUN(rows_to_come);
	RUN(records_as_they_stand);
	scratch_leave(dir);
	return CHECK_DONE();
}
