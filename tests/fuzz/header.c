/*
 * How a table begins, and its names. The parts: the names, a line each; a list for --keep; the
 * beginning of a file, whatever it is. The options: the dress of the header (delimiter, sep= line,
 * marks, blank lines), and of what table the columns are selected.
 *
 * A header reads back as it was written, in any dress. Names are only replaced by those that they
 * are alike to, and stay apart. A selection passes on the fields that it says, in any form of the
 * row. What comes first in a file is told by as much of it as csvhead_is_enough wants.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "table/colname.h"
#include "table/columns.h"
#include "table/csvhead.h"
#include "table/foreign.h"
#include "table/selection.h"

#define NAMES_MAX 64

struct list {
	char *name[NAMES_MAX];
	size_t n;
	bool is_header; /* one that a reader takes */
};

/* The lines of a part. */
static void take_names(struct fuzz *f, struct list *list)
{
	char *text = fuzz_string(f), *rest = text, *name;

	list->n = 0;
	list->is_header = true;
	while (list->n < NAMES_MAX && (name = strsep(&rest, "\n"))) {
		for (size_t i = 0; i < list->n; i++)
			if (*name && !strcmp(name, list->name[i]))
				list->is_header = false;
		if (strchr(name, '\r'))
			list->is_header = false;
		list->name[list->n++] = strdup(name);
	}
	free(text);
}

static void release_names(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->name[i]);
}

/* The names and a row of them, in quotes, after what may come before a header. */
static void put_dressed(struct fuzz *f, const struct list *names, char delimiter, struct buf *out)
{
	static const char *const before[] = { "", "\xef\xbb\xbf", "\n", " \t\r\n",
					      "\xef\xbb\xbf\n\xef\xbb\xbf" };

	buf_append_str(out, before[fuzz_option(f, 5)]);
	if (fuzz_option(f, 2))
		buf_printf(out, "sep=%c\r\n", delimiter);
	for (int row = 0; row < 2; row++) {
		for (size_t i = 0; i < names->n; i++) {
			if (i)
				buf_append_char(out, delimiter);
			buf_append_char(out, '"');
			for (const char *s = names->name[i]; *s; s++) {
				if (*s == '"')
					buf_append_char(out, '"');
				buf_append_char(out, *s);
			}
			buf_append_char(out, '"');
		}
		buf_append_str(out, row ? "\n" : "\r\n");
	}
}

static void check_same_names(const struct csv_reader *in, const struct list *names)
{
	FUZZ_CHECK(in->header.n == names->n, "%zu names, not %zu", in->header.n, names->n);
	for (size_t i = 0; i < names->n; i++)
		FUZZ_CHECK(!strcmp(in->header.names[i], names->name[i]), "'%s', not '%s'",
			   in->header.names[i], names->name[i]);
}

/* Opens the text as a table. */
static int open_text(struct csv_reader *in, const struct buf *text, char delimiter, bool keep_names,
		     struct err *err)
{
	static const char *path;
	const struct csv_input input = { .paths = &path, .n = 1, .delimiter = delimiter };

	path = fuzz_file(0, text->data, text->len);
	in->keep_names = keep_names;
	in->tuning.read_size = in->tuning.window = 4096;
	return csv_reader_open(in, &input, err);
}

/* Each field of the row that is selected, by itself. */
static void check_selection(const struct selection *s, const struct csv_row *row,
			    const struct csv_header *header)
{
	struct buf got = BUF_INIT, want = BUF_INIT;

	selection_put(s, row, &got);
	for (size_t i = 0; i < row->n; i++)
		if (s->has[i])
			csv_put_field(&want, &row->fields[i]);
	/* All of a row may be passed on as it is quoted. */
	if (!s->n_runs || s->runs[0].n < s->n_columns)
		FUZZ_CHECK(fuzz_same(&got, &want), "%.*s", (int)got.len, got.data);
	buf_clear(&got);
	selection_put_names(s, header, &got);
	buf_release(&got);
	buf_release(&want);
}

/* Names that were replaced by the pipe's, and what is selected of them. */
static void check_columns(struct fuzz *f, const struct list *names, struct csv_reader *in)
{
	const struct catalogue_table *table = catalogue_table_at(fuzz_option(f, 8));
	char *keep_list = fuzz_string(f);
	struct names keep = NAMES_INIT;
	struct selection s = SELECTION_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < names->n; i++) {
		const char *name = in->header.names[i];

		FUZZ_CHECK(!strcmp(name, names->name[i]) || colname_alike(name, names->name[i]),
			   "'%s' for '%s'", name, names->name[i]);
		for (size_t k = 0; k < i && *name; k++)
			FUZZ_CHECK(strcmp(name, in->header.names[k]) != 0, "'%s' twice", name);
		for (size_t k = 0; k < names->n && strcmp(name, names->name[i]) != 0; k++)
			FUZZ_CHECK(k == i || !colname_alike(name, names->name[k]),
				   "'%s' for one of two", name);
		FUZZ_CHECK(!*name || columns_find(&in->header, name) == (int)i, "'%s'", name);
	}
	FUZZ_CHECK(csv_reader_next(in, &row, &err) == 1, "%s", err.message);
	if ((*keep_list && names_append(&keep, keep_list, &err)) ||
	    selection_with(&s, in, table, &keep, &err)) {
		fuzz_check_error(&err);
	} else {
		check_selection(&s, row, &in->header);
		selection_release(&s);
		FUZZ_CHECK(!selection_further(&s, in, table, &keep, &err), "%s", err.message);
		check_selection(&s, row, &in->header);
	}
	selection_release(&s);
	names_release(&keep);
	free(keep_list);
}

static void check_header(struct fuzz *f, const struct list *names)
{
	struct csv_reader in = CSV_READER_INIT;
	struct buf plain = BUF_INIT, dressed = BUF_INIT;
	struct err err = ERR_INIT;
	char delimiter = ",\t;|: a"[fuzz_option(f, 7)];
	int rc;

	for (size_t i = 0; i < names->n; i++)
		csv_put_str(&plain, names->name[i]);
	csv_end_row(&plain);
	rc = open_text(&in, &plain, '\0', true, &err);
	FUZZ_CHECK(rc == (names->is_header ? 0 : -1), "%.*s: %s", (int)plain.len, plain.data,
		   err.message);
	if (!rc)
		check_same_names(&in, names);
	else
		fuzz_check_error(&err);
	csv_reader_close(&in);
	if (names->is_header && csvhead_may_delimit(delimiter)) {
		put_dressed(f, names, delimiter, &dressed);
		FUZZ_CHECK(!open_text(&in, &dressed, delimiter, true, &err), "%.*s: %s",
			   (int)dressed.len, dressed.data, err.message);
		check_same_names(&in, names);
		csv_reader_close(&in);
		FUZZ_CHECK(!open_text(&in, &dressed, delimiter, false, &err), "%s", err.message);
		check_columns(f, names, &in);
		csv_reader_close(&in);
	}
	buf_release(&plain);
	buf_release(&dressed);
}

static void check_foreign(const char *s, size_t len)
{
	static const char *const paths[] = { "a b'c.x", "-x", NULL };
	const struct foreign *foreign = foreign_find(s, len);

	for (size_t i = 0; foreign && i < 3; i++) {
		struct buf text = BUF_INIT;

		foreign_explain(&text, foreign, paths[i], len % 2, i ? "ce-clean" : NULL);
		FUZZ_CHECK(text.len && utf8_valid(text.data, text.len), "no text");
		buf_release(&text);
	}
}

/* What a reader does with the beginning of a file, by itself and with as little as is enough. */
static void check_beginning(const char *s, size_t len)
{
	char sep = '\0', early_sep = '\0';
	size_t enough = 0, n = 1;

	while (enough < len && !csvhead_is_enough(s, enough))
		enough++;
	while (n) {
		n = csvhead_skip(s, len, &sep);
		FUZZ_CHECK(n <= len, "%zu bytes of %zu", n, len);
		if (enough)
			FUZZ_CHECK(csvhead_skip(s, enough, &early_sep) == n && sep == early_sep,
				   "%zu bytes are not enough", enough);
		enough = 0;
		s += n;
		len -= n;
	}
	FUZZ_CHECK(!sep || csvhead_may_delimit(sep), "a separator");
	FUZZ_CHECK(csvhead_may_delimit(csvhead_delimiter(s, len)), "a delimiter");
	(void)csvhead_misleads(s, len);
	check_foreign(s, len);
}

/* The same by a reader. */
static void check_read(const char *s, size_t len, char delimiter)
{
	struct csv_reader in = CSV_READER_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc;

	buf_append(&text, s, len);
	rc = open_text(&in, &text, delimiter, false, &err);
	while (!rc && (rc = csv_reader_next(&in, &row, &err)) > 0)
		rc = 0;
	if (rc)
		fuzz_check_error(&err);
	csv_reader_close(&in);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	struct list names;
	char *copy;
	size_t len;

	take_names(&f, &names);
	if (names.n)
		check_header(&f, &names);
	release_names(&names);
	len = (size_t)(f.end - f.at);
	copy = mem_dup(f.at, len); /* so that what is read beyond it is noticed */
	copy = mem_realloc(copy, len + !len, 1);
	check_beginning(copy, len);
	check_read(copy, len, "\0,;\t"[fuzz_option(&f, 4)]);
	free(copy);
	return 0;
}
