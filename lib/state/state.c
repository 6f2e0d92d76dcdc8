#include "state/state.h"

#include "base/mem.h"
#include "base/num.h"
#include "events/event.h"
#include "io/fileuse.h"
#include "io/sha256.h"
#include "table/columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "2" /* another one for each change of what a state means */

static const char *const table_names[] = {
#define STATE_TABLE(NAME, name) name,
	STATE_TABLES
#undef STATE_TABLE
};

static const char *const file_names[] = {
#define STATE_TABLE(NAME, name) name ".csv.gz",
	STATE_TABLES
#undef STATE_TABLE
	"MANIFEST",
	NULL,
};

/* The tables whose columns depend on what is kept are not in the catalogue as such. */
static const struct catalogue_table *columns_of(enum state_table table)
{
	return catalogue_table(table_names[table]);
}

static char *join_path(const char *folder, const char *name)
{
	size_t room = strlen(folder) + strlen(name) + 2;
	char *path = mem_alloc(room, 1);

	snprintf(path, room, "%s/%s", folder, name);
	return path;
}

int state_in_fail(const struct state_in *s, struct err *err, const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return err_set(err, ERR_RUNTIME, "%s/MANIFEST: %s", s->path, message);
}

static int check_entry(const struct state_in *s, const char *name, const char *value,
		       struct err *err)
{
	struct manifest_entry entry;

	if (!manifest_find(&s->manifest, name, 0, &entry))
		return state_in_fail(s, err, "no state: it has no line '%s'", name);
	if ((size_t)entry.value_len != strlen(value) ||
	    memcmp(entry.value, value, strlen(value)) != 0)
		return state_in_fail(
			s, err,
			"of another version: %s is %.*s, and here %s: make it again from "
			"the log",
			name, err_clip((size_t)entry.value_len), entry.value, value);
	return 0;
}

int state_in_open(struct state_in *s, const char *path, struct err *err)
{
	char *manifest = join_path(path, "MANIFEST");
	int rc = manifest_read(&s->manifest, manifest, err);

	free(manifest);
	rc = rc || fileuse_folder(path, err);
	s->path = path;
	for (int i = 0; i < STATE_N_TABLES; i++)
		s->files[i] = join_path(path, file_names[i]);
	return rc || check_entry(s, "ce-state", FORMAT, err) ||
			       check_entry(s, "version", CE_VERSION, err)
		       ? -1
		       : 0;
}

/* The rows and the SHA-256 of a table, if the MANIFEST has it. Returns 1, 0, or -1 with err. */
static int find_file(const struct state_in *s, enum state_table table, int64_t *rows,
		     const char **hex, struct err *err)
{
	const char *name = file_names[table];
	size_t len = strlen(name);
	struct manifest_entry e;
	const char *blank;

	for (size_t i = 0; manifest_find(&s->manifest, "file", i, &e); i++) {
		if ((size_t)e.value_len <= len || memcmp(e.value, name, len) != 0 ||
		    e.value[len] != ' ')
			continue;
		e.value += len + 1;
		e.value_len -= (int)len + 1;
		blank = memchr(e.value, ' ', (size_t)e.value_len);
		if (!blank || e.value + e.value_len - blank != SHA256_HEX ||
		    num_parse_int(e.value, (size_t)(blank - e.value), rows) || *rows < 0)
			return state_in_fail(s, err, "what it says of %s is no size and SHA-256",
					     name);
		*hex = blank + 1;
		return 1;
	}
	return 0;
}

bool state_in_has(const struct state_in *s, enum state_table table)
{
	struct err err = ERR_INIT;
	const char *hex;
	int64_t rows;

	return find_file(s, table, &rows, &hex, &err) > 0;
}

int state_in_check(const struct state_in *s, const enum state_table *tables, size_t n,
		   struct err *err)
{
	char hex[SHA256_HEX];
	const char *said;
	int64_t rows;

	for (size_t i = 0; i < n; i++)
		if (!state_in_has(s, tables[i]))
			return state_in_fail(s, err, "it has no line for %s",
					     file_names[tables[i]]);
	for (int i = 0; i < STATE_N_TABLES; i++) {
		int rc = find_file(s, (enum state_table)i, &rows, &said, err);

		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		if (sha256_file(hex, s->files[i], err))
			return -1;
		if (memcmp(hex, said, SHA256_HEX - 1) != 0)
			return err_set(err, ERR_RUNTIME,
				       "%s: damaged, cut or edited: its SHA-256 is not that of the "
				       "MANIFEST",
				       s->files[i]);
	}
	return 0;
}

int state_in_sha256(const struct state_in *s, char *hex, struct err *err)
{
	return sha256_bytes(hex, s->manifest.text.data, s->manifest.text.len, err);
}

int state_in_count(const struct state_in *s, const char *name, int64_t *value, struct err *err)
{
	return manifest_find_int(&s->manifest, name, value) || *value < 0 || *value >> 52
		       ? state_in_fail(s, err, "it has no number '%s'", name)
		       : 0;
}

void state_in_release(struct state_in *s)
{
	manifest_release(&s->manifest);
	for (int i = 0; i < STATE_N_TABLES; i++)
		free(s->files[i]);
	*s = (struct state_in)STATE_IN_INIT;
}

static int check_columns(const struct state_reader *r, struct err *err)
{
	const struct csv_header *header = &r->in.header;

	for (size_t i = 0; r->table && i < r->table->n; i++)
		if (header->n != r->table->n ||
		    strcmp(header->names[i], r->table->columns[i].name) != 0)
			return columns_fail(&r->in, err,
					    "the columns are not those of a state's table %s",
					    r->table->name);
	return 0;
}

int state_reader_open(struct state_reader *r, const struct state_in *s, enum state_table table,
		      struct err *err)
{
	const char *path = s->files[table], *hex;
	const struct csv_input input = { .paths = &path, .n = 1, .threads = 2, .delimiter = ',' };

	*r = (struct state_reader){ .in = CSV_READER_INIT, .table = columns_of(table), .bad = -1 };
	if (find_file(s, table, &r->n_rows, &hex, err) <= 0)
		return state_in_fail(s, err, "it has no line for %s", file_names[table]);
	return csv_reader_open(&r->in, &input, err) || check_columns(r, err) ? -1 : 0;
}

/* The value of a field by its column's type. Returns 0, or -1. */
static int take_value(const struct csv_field *f, enum catalogue_type type, struct csv_value *value)
{
	int64_t number;
	double real;

	*value = csv_value(f);
	if (f->is_null || type == CATALOGUE_TEXT)
		return 0;
	if (type == CATALOGUE_DECIMAL) {
		if (num_parse_millionths(f->s, f->len, &number))
			return -1;
		*value = csv_millionths(number);
		return 0;
	}
	if (type == CATALOGUE_REAL) {
		if (num_parse_double(f->s, f->len, &real))
			return -1;
		*value = csv_real(real);
		return 0;
	}
	if (num_parse_int(f->s, f->len, &number))
		return -1;
	*value = csv_int(number);
	return 0;
}

int state_reader_next(struct state_reader *r, void *row, struct err *err)
{
	struct csv_value *values = row;
	int rc = csv_reader_next(&r->in, &r->text, err);

	if (rc < 0)
		return -1;
	if (!rc)
		return (int64_t)r->in.n_rows == r->n_rows
			       ? 0
			       : csv_reader_fail(
					 &r->in, -1, err, "%llu rows, where the MANIFEST says %lld",
					 (unsigned long long)r->in.n_rows, (long long)r->n_rows);
	r->row = row;
	for (size_t i = 0; row && i < r->table->n; i++)
		if (take_value(&r->text->fields[i], r->table->columns[i].type, &values[i]))
			return csv_reader_fail(&r->in, (int)i, err, "no number: '%.*s'",
					       err_clip(r->text->fields[i].len),
					       r->text->fields[i].s);
	return 1;
}

void state_refuse(struct state_reader *r, const struct csv_value *value)
{
	if (r->bad < 0)
		r->bad = (int)(value - r->row);
}

int64_t state_int(struct state_reader *r, const struct csv_value *value, int64_t low, int64_t high,
		  bool known)
{
	if (value->kind == CSV_NULL && !known)
		return EVENT_UNKNOWN;
	if (value->kind == CSV_NULL || value->number < low || value->number > high) {
		state_refuse(r, value);
		return low;
	}
	return value->number;
}

double state_real(struct state_reader *r, const struct csv_value *value, double low, double high)
{
	if (value->kind != CSV_NULL && value->real >= low && value->real <= high)
		return value->real;
	state_refuse(r, value);
	return low;
}

uint32_t state_id(struct state_reader *r, const struct intern *strings,
		  const struct csv_value *value)
{
	uint32_t id = value->kind == CSV_TEXT ? intern_find(strings, value->text, value->len)
					      : INTERN_NONE;

	if (id != INTERN_NONE)
		return id;
	state_refuse(r, value);
	return 0;
}

struct csv_value state_name(const struct intern *strings, uint32_t id)
{
	const struct intern_string *s;

	if (id == INTERN_NONE)
		return csv_str(NULL);
	s = intern_string(strings, id);
	return csv_text(s->s, s->len);
}

int state_reader_bad(const struct state_reader *r, struct err *err)
{
	return r->bad < 0 ? 0
			  : csv_reader_fail(&r->in, r->bad, err,
					    "'%.*s' is not what a state has there",
					    err_clip(r->text->fields[r->bad].len),
					    r->text->fields[r->bad].s);
}

void state_reader_close(struct state_reader *r)
{
	csv_reader_close(&r->in);
}

int state_out_open(struct state_out *s, const char *path, const struct gz_output *output,
		   struct err *err)
{
	s->output = *output;
	s->output.plain = false;
	s->output.level = 1; /* whatever that of the run is: a state has the same bytes */
	manifest_add(&s->manifest, "ce-state", FORMAT);
	manifest_add(&s->manifest, "version", CE_VERSION);
	return gz_writer_open_folder(&s->folder.gz, path, file_names, !output->no_sync, err);
}

struct csv_writer *state_out_table(struct state_out *s, enum state_table table, struct err *err)
{
	const struct catalogue_table *columns = columns_of(table);
	struct csv_writer *w = &s->writers[table];

	s->paths[table] = join_path(atomicfile_folder(&s->folder.gz.file), file_names[table]);
	s->output.path = s->paths[table];
	if (csv_writer_open(w, &s->output, err))
		return NULL;
	s->has[table] = true;
	if (!columns)
		return w;
	catalogue_put_names(&w->row, columns);
	return csv_writer_end_row(w, err) ? NULL : w;
}

static int add_file(struct state_out *s, enum state_table table, struct err *err)
{
	char hex[SHA256_HEX];

	if (sha256_file(hex, s->paths[table], err))
		return -1;
	buf_printf(&s->manifest.text, "file %s %llu %s\n", file_names[table],
		   (unsigned long long)s->writers[table].n_rows - 1, hex);
	return 0;
}

static int write_manifest(struct state_out *s, struct err *err)
{
	char *path = join_path(atomicfile_folder(&s->folder.gz.file), "MANIFEST");
	struct gz_output output = s->output;
	struct gz_writer w = GZ_WRITER_INIT;
	int rc;

	output.path = path;
	output.plain = true;
	rc = manifest_end(&s->manifest, err) || gz_writer_open(&w, &output, err) ||
	     gz_writer_write(&w, s->manifest.text.data, s->manifest.text.len, err) ||
	     gz_writer_close(&w, err);
	if (rc)
		gz_writer_abort(&w);
	free(path);
	return rc ? -1 : 0;
}

int state_out_finish(struct state_out *s, struct err *err)
{
	for (int i = 0; i < STATE_N_TABLES; i++)
		if (s->has[i] && (csv_writer_close(&s->writers[i], err) ||
				  add_file(s, (enum state_table)i, err)))
			return -1;
	return write_manifest(s, err);
}

void state_out_release(struct state_out *s)
{
	for (int i = 0; i < STATE_N_TABLES; i++) {
		if (s->has[i])
			csv_writer_abort(&s->writers[i]);
		free(s->paths[i]);
	}
	csv_writer_abort(&s->folder);
	manifest_release(&s->manifest);
}
