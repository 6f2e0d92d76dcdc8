#include "table/csvreader.h"

#include "base/mem.h"
#include "base/small.h"
#include "io/fileuse.h"
#include "table/colname.h"
#include "table/csvhead.h"
#include "table/foreign.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE  SMALL((size_t)256 * 1024, 4096)
#define WINDOW     SMALL((size_t)128 * 1024, 1024) /* it and its marks stay in the second cache */
#define RECORD_MAX ((size_t)64 * 1024 * 1024)
#define LONG_LINES 10 /* a record of more lines than this is an unusual one */

int csv_reader_fail(const struct csv_reader *r, int column, struct err *err, const char *format,
		    ...)
{
	char text[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (column < 0)
		return err_set(err, ERR_RUNTIME, "%s:%llu: %s", r->file,
			       (unsigned long long)r->line, text);
	return err_set(err, ERR_RUNTIME, "%s:%llu: column %s: %s", r->file,
		       (unsigned long long)r->line, r->header.names[column], text);
}

/*
 * Framing: a record ends at the first newline that has an even number of quotes before it, which
 * is where RFC 4180 ends it; so its line number and its raw bytes are known, and a malformed one
 * can be told from its neighbours.
 */

/* Reads more behind what is left of the buffer. Returns 1, 0 at the end of this file, or -1. */
static int read_more(struct csv_reader *r, struct err *err)
{
	size_t size = r->tuning.read_size;
	ptrdiff_t n;

	if (r->at_eof)
		return 0;
	/* The bytes move. */
	r->window_len = r->next_mark = r->n_marks = r->barren_until = 0;
	if (r->start) {
		memmove(r->bytes.data, r->bytes.data + r->start, r->bytes.len - r->start);
		r->bytes.len -= r->start;
		r->end -= r->start;
		r->start = 0;
	}
	n = gz_reader_read(&r->gz, buf_reserve(&r->bytes, size + CSV_SLACK), size, err);
	if (n < 0)
		return -1;
	r->bytes.len += (size_t)n;
	r->at_eof = n == 0;
	return n > 0;
}

/* What next_line and next_record say beside 1 (there it is), 0 (end of the file) and -1 (err). */
#define TOO_LONG 2

/*
 * Finds the next line, from r->end on, and moves r->end behind it; *len is without the newline.
 */
static int next_line(struct csv_reader *r, size_t *len, struct err *err)
{
	size_t seen = 0;

	for (;;) {
		const char *line = r->bytes.data + r->end;
		size_t have = r->bytes.len - r->end;
		const char *newline = have > seen ? memchr(line + seen, '\n', have - seen) : NULL;
		int rc;

		if (newline) {
			*len = (size_t)(newline - line);
			r->end += *len + 1;
			r->next_line++;
			return 1;
		}
		seen = have;
		if (r->bytes.len - r->start > RECORD_MAX)
			return TOO_LONG;
		rc = read_more(r, err);
		if (rc < 0)
			return -1;
		if (!rc) {
			if (!have)
				return 0;
			*len = have; /* a last line without its newline */
			r->end += have;
			r->next_line++;
			return 1;
		}
	}
}

static bool odd_quotes(const char *s, size_t len, bool *has_quote)
{
	bool odd = false;
	const char *end = s + len;

	while ((s = memchr(s, '"', (size_t)(end - s)))) {
		*has_quote = true;
		odd = !odd;
		s++;
	}
	return odd;
}

/* Sets row.raw to the bytes from r->start to r->end, without their line end. */
static void set_raw(struct csv_reader *r)
{
	r->row.raw = r->bytes.data + r->start;
	r->row.raw_len = r->end - r->start;
	if (r->row.raw_len && r->row.raw[r->row.raw_len - 1] == '\n')
		r->row.raw_len--;
	if (r->row.raw_len && r->row.raw[r->row.raw_len - 1] == '\r')
		r->row.raw_len--;
}

/*
 * Frames the next record into row.raw; sets row.fault if it never ends, and *has_quote if there is
 * a quote in it. *first_line is the length of its first line, newline included.
 */
static int next_record(struct csv_reader *r, bool *has_quote, size_t *first_line, struct err *err)
{
	bool odd = false;

	r->start = r->end;
	r->line = r->next_line;
	r->row.n = 0;
	r->row.is_verbatim = false;
	r->row.fault = NULL;
	*has_quote = false;
	*first_line = 0;
	do {
		size_t len, line_end;
		int rc = next_line(r, &len, err);

		if (rc < 0)
			return -1;
		if (rc == TOO_LONG && !*first_line)
			return csv_reader_fail(r, -1, err, "a line of more than 64 MiB");
		if (rc == TOO_LONG) {
			r->row.fault = "a record of more than 64 MiB (a quote never closed?)";
			break;
		}
		if (!rc) {
			if (r->start == r->end)
				return 0;
			r->row.fault = "a quoted field is still open at the end of the input";
			break;
		}
		if (!*first_line)
			*first_line = r->end - r->start;
		line_end = r->end - (r->bytes.data[r->end - 1] == '\n');
		odd ^= odd_quotes(r->bytes.data + line_end - len, len, has_quote);
	} while (odd);
	set_raw(r);
	return 1;
}

/* Makes room for n fields. */
static void reserve_fields(struct csv_reader *r, size_t n)
{
	if (n > r->fields_cap) {
		r->fields_cap = mem_grow(r->fields_cap, n);
		r->row.fields = mem_realloc(r->row.fields, r->fields_cap, sizeof(*r->row.fields));
	}
}

static void add_field(struct csv_reader *r, const char *s, size_t len, bool is_null)
{
	reserve_fields(r, r->row.n + 1);
	r->row.fields[r->row.n++] = (struct csv_field){ s, (uint32_t)len, is_null };
}

static void split_unquoted(struct csv_reader *r)
{
	const char *s = r->row.raw, *end = s + r->row.raw_len, *stop;

	r->row.is_verbatim = !r->row.is_foreign && !memchr(s, '\r', r->row.raw_len) &&
			     !memchr(s, '\\', r->row.raw_len);
	while ((stop = memchr(s, r->delimiter, (size_t)(end - s)))) {
		add_field(r, s, (size_t)(stop - s), stop == s);
		s = stop + 1;
	}
	add_field(r, s, (size_t)(end - s), s == end);
}

static bool split_quoted(struct csv_reader *r)
{
	if (!csvquoted_split(&r->quoted, r->row.raw, r->row.raw_len, r->delimiter))
		return false;
	reserve_fields(r, r->quoted.n);
	for (; r->row.n < r->quoted.n; r->row.n++)
		r->row.fields[r->row.n] = csvquoted_field(&r->quoted, r->row.n);
	return true;
}

/*
 * Plain records: one line, as many fields as the header has, and no quotes but around whole fields.
 * Their marks say all about them. Whatever else comes is left where it is, for next_record to
 * frame.
 */

/* Scans a window from the current record on. */
static void scan(struct csv_reader *r)
{
	size_t have = r->bytes.len - r->end;

	r->window_start = r->end;
	r->window_len = have < r->tuning.window ? have : r->tuning.window;
	r->n_marks = r->tuning.scan(r->bytes.data + r->end, r->window_len, r->marks);
	r->next_mark = 0;
	r->n_ahead = 0;
}

/*
 * Scans, and reads as it must, until the marks of a whole record are there. Returns 1, 0 if the
 * record is not plain, or -1. Does not wait for more input where the end of a line is there.
 */
static int scan_record(struct csv_reader *r, struct err *err)
{
	for (;;) {
		int rc;

		scan(r);
		if (r->n_marks >= r->header.n)
			return 1;
		/* What is not plain for want of marks here is not scanned again for each record. */
		r->barren_until = r->window_start + r->window_len;
		if (r->window_len == r->tuning.window)
			return 0;
		for (size_t i = 0; i < r->n_marks; i++)
			if (r->bytes.data[r->window_start + r->marks[i]] != ',')
				return 0;
		rc = read_more(r, err);
		if (rc <= 0)
			return rc;
	}
}

/*
 * Takes the record whose last field ends at `mark`, if that is the end of a line; its fields are in
 * row.fields. Returns 1 or 0, as next_plain.
 */
static int take_line(struct csv_reader *r, const uint32_t *mark, bool is_verbatim)
{
	const char *s = r->bytes.data + r->window_start;
	const uint32_t *end = mark;

	if (s[*end] == '\r' && end + 1 < r->marks + r->n_marks && end[1] == *end + 1)
		end++;
	if (s[*end] != '\n')
		return 0;
	r->row.n = r->header.n;
	r->row.raw = r->bytes.data + r->start;
	r->row.raw_len = (size_t)(s + *mark - r->row.raw);
	r->row.is_verbatim = is_verbatim;
	r->row.fault = NULL;
	r->end = r->window_start + *end + 1;
	r->next_mark = (size_t)(end + 1 - r->marks);
	r->line = r->next_line++;
	return 1;
}

/* The first mark from `mark` on that is no backslash nor, in quotes, a comma; NULL without one. */
static const uint32_t *next_stop(const struct csv_reader *r, const uint32_t *mark, bool in_quotes)
{
	const char *s = r->bytes.data + r->window_start;

	for (; mark < r->marks + r->n_marks; mark++)
		if (s[*mark] != '\\' && !(in_quotes && s[*mark] == ','))
			return mark;
	return NULL;
}

/*
 * Splits and takes a record that may have backslashes, and fields in quotes with neither quotes nor
 * line ends inside. Returns 1 or 0, as next_plain.
 */
static int next_quoted(struct csv_reader *r)
{
	const char *s = r->bytes.data + r->window_start;
	const uint32_t *mark = r->marks + r->next_mark, *end = r->marks + r->n_marks;
	size_t start = r->end - r->window_start;

	for (size_t i = 0; mark < end; i++) {
		bool quoted = *mark == start && s[start] == '"';
		const uint32_t *stop = next_stop(r, mark + quoted, quoted);
		size_t len;

		if (!stop)
			return 0;
		start += quoted;
		len = *stop - start;
		if (quoted && (s[*stop] != '"' || ++stop == end || *stop != start + len + 1))
			return 0;
		r->row.fields[i] = (struct csv_field){ s + start, (uint32_t)len, !quoted && !len };
		if (i == r->header.n - 1)
			return take_line(r, stop, false);
		if (s[*stop] != ',')
			return 0;
		start = *stop + 1;
		mark = stop + 1;
	}
	return 0;
}

/* Takes the next record if its marks will do. Returns 1, 0 if they will not, or -1. */
static int next_plain(struct csv_reader *r, struct err *err)
{
	const size_t n = r->header.n;
	struct csv_field *field = r->row.fields;
	const uint32_t *mark, *last;
	const char *s;
	uint32_t start;
	int others = 0;

	r->start = r->end;
	if (r->no_marks)
		return 0;
	if (r->n_marks - r->next_mark < n) {
		int rc = r->end < r->barren_until ? 0 : scan_record(r, err);

		if (rc <= 0)
			return rc;
	}
	s = r->bytes.data + r->window_start;
	mark = r->marks + r->next_mark;
	last = mark + n - 1;
	start = (uint32_t)(r->end - r->window_start);
	for (; mark < last && !others; mark++, field++) {
		uint32_t end = *mark;

		*field = (struct csv_field){ s + start, end - start, end == start };
		others |= s[end] ^ ',';
		start = end + 1;
	}
	if (!others)
		*field = (struct csv_field){ s + start, *last - start, *last == start };
	/* Nearly always all the n - 1 marks are commas, and the last one ends the line. */
	return (!others && take_line(r, last, true)) || next_quoted(r);
}

/* Passes over the marks of a record that was not plain. */
static void skip_marks(struct csv_reader *r)
{
	while (r->next_mark < r->n_marks && r->window_start + r->marks[r->next_mark] < r->end)
		r->next_mark++;
}

/* Of a record that is whole, and of many lines. */
static void count_long(struct csv_reader *r)
{
	if (!r->n_long++) {
		r->long_file = r->file;
		r->long_line = r->line;
	}
}

/*
 * Splits the record that is framed. A malformed one of several lines is cut back to its first: a
 * stray quote must not take the good rows behind it along.
 */
static void split_record(struct csv_reader *r, bool has_quote, size_t first_line)
{
	if (!r->row.fault && !has_quote && !(r->tuning.libcsv_only && r->row.raw_len))
		split_unquoted(r);
	else if (!r->row.fault && !split_quoted(r))
		r->row.fault = "a quote inside an unquoted field, or text after a closing quote";
	if (r->row.fault && r->end - r->start > first_line) {
		r->end = r->start + first_line;
		r->next_line = r->line + 1;
		set_raw(r);
	} else if (r->next_line - r->line > LONG_LINES) {
		count_long(r);
	}
	skip_marks(r);
}

/* Frames and splits a record. Returns 1 (with row.fault if it is malformed), 0 or -1. */
static int parse_record(struct csv_reader *r, struct err *err)
{
	size_t first_line;
	bool has_quote;
	int rc = next_plain(r, err);

	if (rc)
		return rc;
	rc = next_record(r, &has_quote, &first_line, err);
	if (rc > 0)
		split_record(r, has_quote, first_line);
	return rc;
}

static int refuse_foreign(const struct csv_reader *r, const struct foreign *f, struct err *err)
{
	bool is_stdin = !r->input.n || !strcmp(r->file, "stdin");
	struct buf text = BUF_INIT;

	foreign_explain(&text, f, is_stdin ? NULL : r->file, r->gz.inflater, r->input.tool);
	buf_append_char(&text, '\0');
	err_set(err, ERR_RUNTIME, "%s:%llu: %s", r->file, (unsigned long long)r->next_line,
		text.data);
	buf_release(&text);
	return -1;
}

/* Keeps the last n bytes, if the first file's: they are what is before its header, or that. */
static void keep_head(struct csv_reader *r, size_t n)
{
	if (!r->names.n)
		buf_append(&r->head, r->bytes.data + r->end - n, n);
}

/* Passes over what comes before the header; *sep is the delimiter that it names, if it does. */
static int skip_to_header(struct csv_reader *r, char *sep, struct err *err)
{
	const struct foreign *foreign;

	for (;;) {
		size_t n;
		int rc = 1;

		while (rc > 0 &&
		       (r->bytes.len == r->end ||
			!csvhead_is_enough(r->bytes.data + r->end, r->bytes.len - r->end)))
			rc = read_more(r, err);
		if (rc < 0)
			return -1;
		n = csvhead_skip(r->bytes.data + r->end, r->bytes.len - r->end, sep);
		if (!n)
			break;
		r->next_line += r->bytes.data[r->end + n - 1] == '\n';
		r->start = r->end += n;
		keep_head(r, n);
	}
	foreign = foreign_find(r->bytes.data + r->end, r->bytes.len - r->end);
	return foreign ? refuse_foreign(r, foreign, err) : 0;
}

/* Parses the header of the input just opened into r->row. */
static int start_input(struct csv_reader *r, struct err *err)
{
	size_t first_line;
	bool has_quote;
	char sep = '\0';
	int rc;

	r->file = r->gz.name;
	buf_clear(&r->bytes);
	r->start = r->end = 0;
	r->window_len = r->next_mark = r->n_marks = r->barren_until = 0;
	r->line = r->next_line = 1;
	r->at_eof = false;
	if (skip_to_header(r, &sep, err))
		return -1;
	rc = next_record(r, &has_quote, &first_line, err);
	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, ERR_RUNTIME, "%s:1: no header line", r->file);
	if (r->row.fault)
		return csv_reader_fail(r, -1, err, "%s", r->row.fault);
	r->delimiter = r->input.delimiter ? r->input.delimiter
		       : sep              ? sep
					  : csvhead_delimiter(r->row.raw, r->row.raw_len);
	r->row.is_foreign = r->delimiter != ',';
	r->no_marks = r->row.is_foreign || r->tuning.libcsv_only;
	split_record(r, has_quote, first_line);
	keep_head(r, r->end - r->start);
	return r->row.fault ? csv_reader_fail(r, -1, err, "%s", r->row.fault) : 0;
}

void csv_reader_warn(const struct csv_reader *r, struct warnings *w)
{
	if (r->n_long)
		warnings_add(w,
			     "%llu record%s more than %d lines, the first at %s:%llu: a quote that "
			     "is not closed?",
			     (unsigned long long)r->n_long, r->n_long == 1 ? " spans" : "s span",
			     LONG_LINES, r->long_file, (unsigned long long)r->long_line);
}

static int open_next(struct csv_reader *r, struct err *err)
{
	const char *path = r->input.n ? r->input.paths[r->next_input] : NULL;

	r->next_input++;
	return gz_reader_open(&r->gz, path, r->input.threads, err) || start_input(r, err) ? -1 : 0;
}

static int take_header(struct csv_reader *r, struct err *err)
{
	if (csvnames_take(&r->names, &r->row, err))
		return csv_reader_fail(r, -1, err, "%s", err->message);
	r->header = (struct csv_header){ (const char *const *)r->names.names, r->names.n };
	r->n_before = r->line - 1;
	if (!r->keep_names)
		colname_normalise(r->names.names, r->names.n);
	return 0;
}

static int fail_header(const struct csv_reader *r, const char *first, struct err *err)
{
	return csv_reader_fail(r, -1, err, "the header differs from that of %s", first);
}

int csv_reader_check_header(const struct csv_reader *r, const struct csv_reader *first,
			    struct err *err)
{
	return csvnames_equal(&r->names, &first->names) ? 0 : fail_header(r, first->file, err);
}

/* The same of the file that is just open. */
static int check_header(const struct csv_reader *r, struct err *err)
{
	return csvnames_are(&r->names, &r->row) ? 0 : fail_header(r, r->input.paths[0], err);
}

static void reset(struct csv_reader *r)
{
	bool tolerant = r->tolerant, keep_names = r->keep_names;
	struct csv_tuning tuning = r->tuning;

	if (!tuning.scan)
		tuning.scan = csvscan_choice(0).scan;
	if (!tuning.read_size)
		tuning.read_size = READ_SIZE;
	if (!tuning.window)
		tuning.window = WINDOW;
	*r = (struct csv_reader)CSV_READER_INIT;
	r->tolerant = tolerant;
	r->keep_names = keep_names;
	r->delimiter = ',';
	r->tuning = tuning;
	r->marks = mem_alloc(tuning.window + CSVSCAN_SLACK, sizeof(*r->marks));
}

int csv_reader_open(struct csv_reader *r, const struct csv_input *input, struct err *err)
{
	reset(r);
	r->input = *input;
	if (fileuse_inputs(input->paths, input->n, err) || open_next(r, err) ||
	    take_header(r, err)) {
		csv_reader_close(r);
		return -1;
	}
	return 0;
}

int csv_reader_open_fd(struct csv_reader *r, int fd, const char *name, struct err *err)
{
	reset(r);
	if (gz_reader_open_fd(&r->gz, fd, name, err) || start_input(r, err) ||
	    take_header(r, err)) {
		csv_reader_close(r);
		return -1;
	}
	return 0;
}

void csv_reader_open_rows(struct csv_reader *r, const char *name, const struct csv_header *header,
			  const char *tool)
{
	*r = (struct csv_reader)CSV_READER_INIT;
	r->header = *header;
	r->file = name;
	r->line = 1; /* the header's */
	r->input.tool = tool;
}

/* Passes over the blank lines that are here: ce-split --keep-lines makes many. */
static void skip_blank_lines(struct csv_reader *r)
{
	size_t n = 0;

	while (r->end + n < r->bytes.len && r->bytes.data[r->end + n] == '\n')
		n++;
	r->end += n;
	r->next_line += n;
	r->next_mark = n < r->n_marks - r->next_mark ? r->next_mark + n : r->n_marks;
}

int csv_reader_next(struct csv_reader *r, const struct csv_row **row, struct err *err)
{
	for (;;) {
		int rc;

		if (r->end < r->bytes.len && r->bytes.data[r->end] == '\n' && r->header.n > 1)
			skip_blank_lines(r);
		rc = parse_record(r, err);
		if (rc < 0)
			return -1;
		if (!rc) {
			if (r->next_input >= r->input.n)
				return 0;
			gz_reader_close(&r->gz);
			if (open_next(r, err) || check_header(r, err))
				return -1;
			continue;
		}
		if (!r->row.raw_len && r->header.n > 1)
			continue;
		if (!r->row.fault && r->row.n != r->header.n)
			r->row.fault = "more or fewer fields than the header has";
		if (r->row.fault && !r->tolerant) {
			if (r->row.n)
				return csv_reader_fail(r, -1, err, "expected %zu fields, found %zu",
						       r->header.n, r->row.n);
			return csv_reader_fail(r, -1, err, "%s", r->row.fault);
		}
		r->n_rows++;
		*row = &r->row;
		return 1;
	}
}

/* Where the row begins behind the one whose first mark is `mark`; n_marks if that is not known. */
static size_t next_row(const struct csv_reader *r, size_t mark)
{
	const char *s = r->bytes.data + r->window_start;
	size_t last = mark + r->header.n - 1;

	/* Mostly its last mark is the end of the line, else that is looked for. */
	if (last >= r->n_marks || s[r->marks[last]] != '\n')
		for (last = mark; last < r->n_marks && s[r->marks[last]] != '\n';)
			last++;
	return last < r->n_marks ? last + 1 : r->n_marks;
}

void csv_reader_look_ahead(struct csv_reader *r)
{
	size_t last;

	if (r->n_ahead) {
		r->first_ahead = (r->first_ahead + 1) % CSV_AHEAD;
		r->n_ahead--;
	}
	if (!r->n_ahead || r->ahead[r->first_ahead] != r->next_mark) {
		r->ahead[r->first_ahead] = r->next_mark;
		r->n_ahead = 1;
	}
	last = r->ahead[(r->first_ahead + r->n_ahead - 1) % CSV_AHEAD];
	while (r->n_ahead < CSV_AHEAD && (last = next_row(r, last)) < r->n_marks)
		r->ahead[(r->first_ahead + r->n_ahead++) % CSV_AHEAD] = last;
}

bool csv_reader_peek(const struct csv_reader *r, size_t ahead, int column, struct csv_field *field)
{
	size_t mark = r->ahead[(r->first_ahead + ahead - 1) % CSV_AHEAD] + (size_t)column;
	uint32_t start;

	if (ahead > r->n_ahead || !mark || mark >= r->n_marks)
		return false;
	start = r->marks[mark - 1] + 1;
	*field = (struct csv_field){ r->bytes.data + r->window_start + start,
				     r->marks[mark] - start, r->marks[mark] == start };
	return true;
}

/* The size of an input, or -1 if it is no file. */
static off_t input_size(const char *path)
{
	const bool is_stdin = !path || !strcmp(path, "-");
	struct stat status;

	if ((is_stdin ? fstat(STDIN_FILENO, &status) : stat(path, &status)) ||
	    !S_ISREG(status.st_mode))
		return -1;
	return status.st_size;
}

double csv_reader_share(const struct csv_reader *r)
{
	const size_t n = r->input.n ? r->input.n : 1;
	off_t total = 0, done = r->gz.fd >= 0 ? lseek(r->gz.fd, 0, SEEK_CUR) : -1;

	for (size_t i = 0; i < n; i++) {
		off_t size = input_size(r->input.n ? r->input.paths[i] : NULL);

		if (size < 0 || done < 0)
			return -1;
		total += size;
		if (i + 1 < r->next_input)
			done += size;
	}
	return total ? (double)done / (double)total : -1;
}

void csv_reader_close(struct csv_reader *r)
{
	gz_reader_close(&r->gz);
	csvnames_release(&r->names);
	csvquoted_release(&r->quoted);
	buf_release(&r->head);
	buf_release(&r->bytes);
	free(r->marks);
	free(r->row.fields);
	*r = (struct csv_reader)CSV_READER_INIT;
}
