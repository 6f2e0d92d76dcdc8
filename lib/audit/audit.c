#include "audit/audit.h"

#include "base/mem.h"
#include "base/time.h"
#include "events/clean.h"
#include "io/tempfile.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/extsort.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITE_SIZE ((size_t)256 * 1024)

static const char *const default_labels[] = { "label_known_ts", "is_completion" };

static const char *kind_name(enum audit_kind kind)
{
	static const char *const names[] = {
		[AUDIT_FEATURE] = "feature", [AUDIT_LABEL] = "label",     [AUDIT_KEY] = "key",
		[AUDIT_TIME] = "time",       [AUDIT_IGNORED] = "ignored", [AUDIT_ROW] = "row",
	};

	return names[kind];
}

/* What identifies a row and orders the tables. */
struct identity {
	int64_t time;
	struct buf key; /* its columns as CSV fields, each with its comma */
};

/* The columns of the identity in a table. */
struct columns {
	size_t time;
	size_t *key;
	size_t n_key;
};

static int find_columns(struct columns *c, const struct audit_options *options,
			const struct csv_reader *in, struct err *err)
{
	int at = columns_require(in, options->time, err);

	c->n_key = options->key.n;
	c->key = mem_alloc(c->n_key, sizeof(*c->key));
	c->time = (size_t)at;
	for (size_t i = 0; at >= 0 && i < c->n_key; i++) {
		at = columns_require(in, options->key.name[i], err);
		c->key[i] = (size_t)at;
	}
	return at < 0 ? -1 : 0;
}

static int identify(struct identity *id, const struct columns *c, const struct csv_reader *in,
		    const struct csv_row *row, struct err *err)
{
	const struct time_reading reading = { TIME_MS, NULL, true }; /* of what the tools write */
	const struct csv_field *time = &row->fields[c->time];

	buf_clear(&id->key);
	for (size_t i = 0; i < c->n_key; i++)
		csv_put_field(&id->key, &row->fields[c->key[i]]);
	if (clean_parse_ts(time, &reading, &id->time) < 0)
		return csv_reader_fail(in, (int)c->time, err,
				       "invalid time '%.*s': expected milliseconds since 1970 "
				       "or ISO 8601",
				       err_clip(time->len), time->s);
	return 0;
}

static int compare(const struct identity *a, const struct identity *b)
{
	size_t common = a->key.len < b->key.len ? a->key.len : b->key.len;
	int order;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	order = memcmp(a->key.data, b->key.data, common);
	return order ? order : (a->key.len > b->key.len) - (a->key.len < b->key.len);
}

/* Sorting a table: rows as CSV text, which is written in one way only, into a temporary file. */

/* Adds a row that has been identified; its fields are put after id's key meanwhile. */
static int add_row(struct extsort *sort, struct identity *id, const struct csv_row *row,
		   struct err *err)
{
	struct extsort_row entry = { .key = id->time, .compare_len = id->key.len };

	for (size_t i = 0; i < row->n; i++)
		csv_put_field(&id->key, &row->fields[i]);
	csv_end_row(&id->key);
	entry.bytes = id->key.data;
	entry.len = id->key.len;
	return extsort_add(sort, &entry, err);
}

static int add_rows(struct extsort *sort, struct csv_reader *in, const struct columns *columns,
		    int64_t until, struct err *err)
{
	struct identity id = { .key = BUF_INIT };
	const struct csv_row *row;
	int rc;

	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		if (identify(&id, columns, in, row, err) ||
		    (id.time <= until && add_row(sort, &id, row, err))) {
			rc = -1;
			break;
		}
	}
	buf_release(&id.key);
	return rc;
}

static int repeated(const struct extsort_row *row, const char *name, struct err *err)
{
	return err_set(err, ERR_RUNTIME, "%s: two rows of time %lld have the key %.*s", name,
		       (long long)row->key, err_clip(row->compare_len - 1), row->bytes);
}

static int write_sorted(struct extsort *sort, struct buf *out, int fd, const char *name,
			struct err *err)
{
	struct buf last = BUF_INIT; /* the key of the row before */
	int64_t last_time = 0;
	struct extsort_row row;
	int rc;

	while ((rc = extsort_next(sort, &row, err)) > 0) {
		if (last.data && last.len == row.compare_len && last_time == row.key &&
		    !memcmp(last.data, row.bytes, last.len)) {
			rc = repeated(&row, name, err);
			break;
		}
		buf_clear(&last);
		buf_append(&last, row.bytes, row.compare_len);
		last_time = row.key;
		buf_append(out, row.bytes + row.compare_len, row.len - row.compare_len);
		if (out->len >= WRITE_SIZE && (rc = tempfile_append(fd, out, err)))
			break;
	}
	buf_release(&last);
	return rc ? -1 : tempfile_append(fd, out, err);
}

/* Writes the rows of `in` that are not later than `until`, sorted, to a new temporary file. */
static int sort_table(const struct audit *a, struct csv_reader *in, int64_t until, struct err *err)
{
	struct extsort *sort = extsort_new(a->options->mem);
	struct columns columns = { .key = NULL };
	struct buf out = BUF_INIT;
	int fd = tempfile_open(err);

	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&out, in->header.names[i]);
	csv_end_row(&out);
	if (fd >= 0 && (find_columns(&columns, a->options, in, err) ||
			add_rows(sort, in, &columns, until, err) || extsort_finish(sort, err) ||
			write_sorted(sort, &out, fd, in->file, err))) {
		close(fd);
		fd = -1;
	}
	free(columns.key);
	extsort_free(sort);
	buf_release(&out);
	return fd;
}

/* The whole table, and what there is to find in it. */

static bool is_default_label(const char *name)
{
	for (size_t i = 0; i < sizeof(default_labels) / sizeof(default_labels[0]); i++)
		if (!strcmp(default_labels[i], name))
			return true;
	return false;
}

static void take_header(struct audit *a, const struct csv_header *header,
			const struct columns *columns, const bool *is_label, const bool *is_ignored)
{
	a->n_columns = header->n;
	a->names = mem_alloc(header->n, sizeof(*a->names));
	a->n_findings = header->n + 1;
	a->findings = mem_zalloc(a->n_findings, sizeof(*a->findings));
	for (size_t i = 0; i < header->n; i++) {
		const char *name = header->names[i];

		a->names[i] = mem_dup(name, strlen(name));
		a->findings[i].column = a->names[i];
		if (is_ignored[i])
			a->findings[i].kind = AUDIT_IGNORED;
		else if (a->options->label.n ? is_label[i] : is_default_label(name))
			a->findings[i].kind = AUDIT_LABEL;
	}
	for (size_t i = 0; i < columns->n_key; i++)
		a->findings[columns->key[i]].kind = AUDIT_KEY;
	a->findings[columns->time].kind = AUDIT_TIME;
	a->findings[header->n].kind = AUDIT_ROW;
}

static int find_header(struct audit *a, const struct csv_reader *in, struct err *err)
{
	const struct audit_options *o = a->options;
	bool *is_label = columns_listed(in, &o->label, NULL, err);
	bool *is_ignored = is_label ? columns_listed(in, &o->ignore, NULL, err) : NULL;
	struct columns columns = { .key = NULL };
	int rc = is_ignored ? find_columns(&columns, o, in, err) : -1;

	if (!rc)
		take_header(a, &in->header, &columns, is_label, is_ignored);
	free(is_label);
	free(is_ignored);
	free(columns.key);
	return rc;
}

int audit_whole(struct audit *a, const struct audit_options *options, int64_t until, int fd,
		const char *name, struct err *err)
{
	struct csv_reader in = CSV_READER_INIT;

	*a = (struct audit)AUDIT_INIT;
	a->options = options;
	if (csv_reader_open_fd(&in, fd, name, err))
		return -1;
	if (!find_header(a, &in, err))
		a->whole = sort_table(a, &in, until, err);
	csv_reader_close(&in);
	return a->whole < 0 ? -1 : 0;
}

/* A sorted table, read again row by row. */
struct cursor {
	struct csv_reader in;
	struct columns columns;
	const struct csv_row *row; /* NULL: after the last */
	struct identity id;
};

#define CURSOR_INIT                                                                                \
	{                                                                                          \
		.in = CSV_READER_INIT, .id = {.key = BUF_INIT }                                    \
	}

/* Moves to the next row that is not later than `until`. */
static int cursor_next(struct cursor *c, int64_t until, struct err *err)
{
	int rc = csv_reader_next(&c->in, &c->row, err);

	if (rc < 0 || (rc && identify(&c->id, &c->columns, &c->in, c->row, err)))
		return -1;
	if (!rc || c->id.time > until)
		c->row = NULL;
	return 0;
}

/* The descriptor stays the caller's, and open. */
static int cursor_open(struct cursor *c, const struct audit_options *options, int fd, int64_t until,
		       struct err *err)
{
	int own;

	if (lseek(fd, 0, SEEK_SET) < 0 || (own = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return err_errno(err, "cannot read the temporary file");
	return csv_reader_open_fd(&c->in, own, "temporary file", err) ||
			       find_columns(&c->columns, options, &c->in, err)
		       ? -1
		       : cursor_next(c, until, err);
}

static void cursor_release(struct cursor *c)
{
	csv_reader_close(&c->in);
	free(c->columns.key);
	buf_release(&c->id.key);
}

/* Comparing. */

static bool equal(const struct csv_field *a, const struct csv_field *b)
{
	return a->is_null == b->is_null && a->len == b->len && !memcmp(a->s, b->s, a->len);
}

/* Counts a change; keeps it if it is the first. Returns where its two values are to go, or NULL. */
static struct audit_finding *found(struct audit_finding *f, int64_t cut, const struct identity *id)
{
	const struct identity first = { f->time, f->key };

	f->n_changed++;
	if (f->n_changed > 1 && compare(id, &first) >= 0)
		return NULL;
	f->cut = cut;
	f->time = id->time;
	buf_clear(&f->key);
	buf_append(&f->key, id->key.data, id->key.len);
	buf_clear(&f->before);
	buf_clear(&f->after);
	return f;
}

static void put_value(struct buf *out, const struct csv_field *field)
{
	csv_put_field(out, field);
	out->len--;
}

/* Compares a row that both tables have. Returns whether a column changed. */
static bool compare_row(struct audit *a, int64_t cut, const struct identity *id,
			const struct csv_row *before, const struct csv_row *after)
{
	bool changed = false;

	if (before->raw_len == after->raw_len && !memcmp(before->raw, after->raw, before->raw_len))
		return false;
	for (size_t i = 0; i < a->n_columns; i++) {
		const struct csv_field *old = &before->fields[i], *new = &after->fields[i];
		struct audit_finding *f = &a->findings[i];

		if (equal(old, new) || f->kind == AUDIT_IGNORED ||
		    (f->kind == AUDIT_LABEL && old->is_null))
			continue;
		changed = true;
		f = found(f, cut, id);
		if (f) {
			put_value(&f->before, old);
			put_value(&f->after, new);
		}
	}
	return changed;
}

static void only_one(struct audit *a, int64_t cut, const struct identity *id, bool is_before)
{
	struct audit_finding *f = found(&a->findings[a->n_columns], cut, id);

	if (f) {
		buf_append_str(&f->before, is_before ? "present" : "absent");
		buf_append_str(&f->after, is_before ? "absent" : "present");
	}
}

static int merge(struct audit *a, int64_t cut, struct cursor *before, struct cursor *after,
		 uint64_t *n_compared, uint64_t *n_changed, struct err *err)
{
	while (before->row || after->row) {
		int order = !before->row ? 1 : -1;

		if (before->row && after->row)
			order = compare(&before->id, &after->id);
		if (order) {
			only_one(a, cut, order < 0 ? &before->id : &after->id, order < 0);
			++*n_changed;
		} else {
			*n_changed += compare_row(a, cut, &before->id, before->row, after->row);
			++*n_compared;
		}
		if ((order <= 0 && cursor_next(before, cut, err)) ||
		    (order >= 0 && cursor_next(after, cut, err)))
			return -1;
	}
	return 0;
}

static int compare_tables(struct audit *a, int64_t cut, int prefix, uint64_t *n_compared,
			  uint64_t *n_changed, struct err *err)
{
	struct cursor before = CURSOR_INIT, after = CURSOR_INIT;
	uint64_t *old = mem_alloc(a->n_findings, sizeof(*old));
	int rc;

	for (size_t i = 0; i < a->n_findings; i++)
		old[i] = a->findings[i].n_changed;
	*n_compared = *n_changed = 0;
	rc = cursor_open(&before, a->options, prefix, cut, err) ||
			     cursor_open(&after, a->options, a->whole, cut, err)
		     ? -1
		     : merge(a, cut, &before, &after, n_compared, n_changed, err);
	for (size_t i = 0; i < a->n_findings; i++) {
		struct audit_finding *f = &a->findings[i];

		f->n_cuts += f->n_changed > old[i];
		f->n_compared += f->kind == AUDIT_IGNORED ? 0 : *n_compared;
		if (f->kind == AUDIT_ROW)
			f->n_compared += f->n_changed - old[i];
	}
	cursor_release(&before);
	cursor_release(&after);
	free(old);
	return rc;
}

static int check_header(const struct audit *a, const struct csv_reader *in, struct err *err)
{
	bool same = in->header.n == a->n_columns;

	for (size_t i = 0; same && i < a->n_columns; i++)
		same = !strcmp(in->header.names[i], a->names[i]);
	if (!same)
		return columns_fail(in, err,
				    "the header differs from that of the whole log's table");
	return 0;
}

int audit_cut(struct audit *a, int64_t cut, int fd, const char *name, uint64_t *n_compared,
	      uint64_t *n_changed, struct err *err)
{
	struct csv_reader in = CSV_READER_INIT;
	int prefix, rc;

	if (csv_reader_open_fd(&in, fd, name, err))
		return -1;
	prefix = check_header(a, &in, err) ? -1 : sort_table(a, &in, cut, err);
	csv_reader_close(&in);
	if (prefix < 0)
		return -1;
	rc = compare_tables(a, cut, prefix, n_compared, n_changed, err);
	close(prefix);
	return rc;
}

/* The report. */

static void put_finding(struct buf *out, const struct audit_finding *f, bool one_key)
{
	struct row_audit row = { .column = csv_str(f->column),
				 .kind = csv_str(kind_name(f->kind)),
				 .rows_compared = csv_int((int64_t)f->n_compared),
				 .rows_changed = csv_int((int64_t)f->n_changed),
				 .cuts_changed = csv_int((int64_t)f->n_cuts) };

	if (f->n_changed) {
		size_t len = f->key.len - 1; /* without its last comma */

		row.first_cut = csv_int(f->cut);
		row.first_time = csv_int(f->time);
		row.first_key = one_key ? csv_encoded(f->key.data, len)
					: csv_text(f->key.data, len);
		row.value_at_cut = csv_encoded(f->before.data, f->before.len);
		row.value_in_whole = csv_encoded(f->after.data, f->after.len);
	}
	csv_put_values(out, CATALOGUE_VALUES(&row));
}

int audit_report(const struct audit *a, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("audit"));
	if (csv_writer_end_row(out, err))
		return -1;
	out->n_rows = 0;
	for (size_t i = 0; i < a->n_findings; i++) {
		put_finding(&out->row, &a->findings[i], a->options->key.n == 1);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

/* A value as in CSV, clipped, and NULL by its name: into `text`. */
static const char *shown(char *text, size_t size, const char *value, size_t len)
{
	if (len)
		snprintf(text, size, "%.*s", err_clip(len), value);
	else
		snprintf(text, size, "NULL");
	return text;
}

void audit_describe(const struct audit *a, const struct audit_finding *f, size_t n_cuts,
		    struct err *line)
{
	char key[128], before[128], after[128];

	err_set(line, ERR_RUNTIME,
		"%s%s%s %" PRIu64 " of %" PRIu64 " rows (at %" PRIu64
		" of %zu cuts); the first is %s %s, %s %" PRId64 ": %s at cut %" PRId64
		", %s with the whole log",
		f->column ? "column " : "only one run has", f->column ? f->column : "",
		f->column ? " differs in" : "", f->n_changed, f->n_compared, f->n_cuts, n_cuts,
		a->options->key.n == 1 ? a->options->key.name[0] : "key",
		shown(key, sizeof(key), f->key.data, f->key.len - 1), a->options->time, f->time,
		shown(before, sizeof(before), f->before.data, f->before.len), f->cut,
		shown(after, sizeof(after), f->after.data, f->after.len));
}

void audit_release(struct audit *a)
{
	for (size_t i = 0; i < a->n_findings; i++) {
		buf_release(&a->findings[i].key);
		buf_release(&a->findings[i].before);
		buf_release(&a->findings[i].after);
	}
	for (size_t i = 0; i < a->n_columns; i++)
		free(a->names[i]);
	free(a->findings);
	free(a->names);
	if (a->whole >= 0)
		close(a->whole);
	*a = (struct audit)AUDIT_INIT;
}
