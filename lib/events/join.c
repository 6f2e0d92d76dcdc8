#include "events/join.h"

#include "base/mem.h"
#include "events/attribute.h"
#include "events/clean.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/csvquoted.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct join_text make_text(struct join_dimension *d, const char *s, size_t len)
{
	struct join_text text = { .len = (uint32_t)len };

	if (len <= JOIN_NEAR) {
		memcpy(text.near, s, len);
	} else {
		const char *far = arena_dup(&d->texts, s, len);

		memcpy(text.near, &far, sizeof(far));
	}
	return text;
}

/* A dimension that is being read. */
struct loader {
	struct join_dimension *d;
	const struct join_rules *rules;
	struct csv_reader in;
	int key, from; /* columns; from is -1 if the table is no history */
	bool *keep;    /* per column */
	enum attribute *kinds;
	struct buf encoded;       /* the kept columns of the row */
	uint64_t n_clock_changes; /* local times that a change of the clock skips or repeats */
};

static bool is_null(const struct loader *l, const struct csv_field *f)
{
	return f->is_null || (l->rules->na->n && csv_is_one_of(f, l->rules->na));
}

static int refuse(const struct loader *l, int column, const struct csv_field *f,
		  const char *expected, struct err *err)
{
	bool is_word = true;

	for (size_t i = 0; i < f->len; i++)
		is_word &= f->s[i] < '0' || f->s[i] > '9';
	return csv_reader_fail(&l->in, column, err, "expected %s, found '%.*s'%s", expected,
			       err_clip(f->len), f->s,
			       is_word ? " (--na names the words that mean unknown)" : "");
}

/* Encodes the kept columns of a row. */
static int encode(struct loader *l, const struct csv_row *row, struct err *err)
{
	buf_clear(&l->encoded);
	for (size_t i = 0; i < row->n; i++) {
		const struct csv_field *f = &row->fields[i];

		if (!l->keep[i])
			continue;
		if (is_null(l, f))
			csv_put_null(&l->encoded);
		else if (attribute_put(&l->encoded, l->kinds[i], f))
			return refuse(l, (int)i, f, attribute_expected(l->kinds[i]), err);
	}
	if (l->encoded.len > UINT32_MAX)
		return csv_reader_fail(&l->in, -1, err, "a row longer than 4 GiB");
	return 0;
}

static int refuse_from(const struct loader *l, const struct csv_field *f, struct err *err)
{
	static const struct time_reading dates = { .date = true };
	const struct csv_field text = csv_trimmed(f);
	int64_t ms;

	if (!num_parse_scaled(text.s, text.len, 0, &ms))
		return csv_reader_fail(&l->in, l->from, err,
				       "expected a time, found '%.*s' (an empty field means since "
				       "ever)",
				       err_clip(text.len), text.s);
	if (time_read(text.s, text.len, &dates, &ms) < 0)
		return refuse(l, l->from, f, "a time", err);
	return csv_reader_fail(&l->in, l->from, err,
			       "expected a time, found '%.*s': a date alone does not say from when "
			       "on (%.*sT00:00:00Z does)",
			       (int)text.len, text.s, (int)text.len, text.s);
}

/* From when on the row is valid. */
static int read_from(struct loader *l, const struct csv_row *row, int64_t *from, struct err *err)
{
	const struct time_reading reading = { .unit = TIME_AUTO, .zone = l->rules->zone };
	const struct csv_field *f = &row->fields[l->from];
	int rc;

	*from = INT64_MIN;
	if (!csv_trimmed(f).len || is_null(l, f))
		return 0;
	rc = clean_parse_ts(f, &reading, from);
	l->n_clock_changes += rc > 0;
	return rc < 0 ? refuse_from(l, f, err) : 0;
}

/* Appends a row; of one that has no history only the text is kept. */
static void store(const struct loader *l, const struct join_version *row)
{
	struct join_dimension *d = l->d;

	if (d->n_rows == d->cap) {
		d->cap = mem_grow(d->cap, d->n_rows + 1);
		if (l->from < 0)
			d->rows = mem_realloc_huge(d->rows, d->cap, sizeof(*d->rows));
		else
			d->versions = mem_realloc_huge(d->versions, d->cap, sizeof(*d->versions));
	}
	if (l->from < 0)
		d->rows[d->n_rows++] = row->text;
	else
		d->versions[d->n_rows++] = *row;
}

static int add_row(struct loader *l, const struct csv_row *row, struct err *err)
{
	struct join_dimension *d = l->d;
	const struct csv_field *k = &row->fields[l->key];
	uint32_t n = d->keys.n, id;
	struct join_text text = { .len = 0 };
	int64_t from = 0;

	if (!k->len || is_null(l, k))
		return csv_reader_fail(&l->in, l->key, err, "empty key");
	id = intern_id(&d->keys, k->s, k->len);
	if (l->from < 0 && id < n)
		return csv_reader_fail(&l->in, l->key, err, "duplicate key '%.*s'",
				       err_clip(k->len), k->s);
	if ((l->from >= 0 && read_from(l, row, &from, err)) || encode(l, row, err))
		return -1;
	if (l->encoded.len) /* its last comma is the caller's to put */
		text = make_text(d, l->encoded.data, l->encoded.len - 1);
	store(l, &(struct join_version){ from, l->in.line, id, text });
	return 0;
}

static int compare_versions(const void *a, const void *b)
{
	const struct join_version *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Sorts the rows of a history, and finds where those of each key begin. */
static int sort_versions(struct join_dimension *d, struct err *err)
{
	if (d->n_rows)
		qsort(d->versions, d->n_rows, sizeof(*d->versions), compare_versions);
	d->first = mem_alloc((size_t)d->keys.n + 1, sizeof(*d->first));
	d->first[d->keys.n] = d->n_rows;
	for (size_t i = d->n_rows; i-- > 0;) {
		const struct join_version *v = &d->versions[i], *last = v + 1;

		d->first[v->id] = i;
		if (i + 1 < d->n_rows && last->id == v->id && last->from == v->from) {
			const struct intern_string *key = intern_string(&d->keys, v->id);

			return err_set(err, ERR_RUNTIME,
				       "%s:%" PRIu64 ": column %s: key '%.*s' has a row from this "
				       "time on in line %" PRIu64 " already",
				       d->source.path, last->line, d->source.valid_from,
				       err_clip(key->len), key->s, v->line);
		}
	}
	return 0;
}

static const struct join_text *text_of(const struct join_dimension *d, size_t row)
{
	return d->versions ? &d->versions[row].text : &d->rows[row];
}

/* Decodes the columns of all rows. */
static void decode_rows(struct join_dimension *d)
{
	struct csvquoted quoted = CSVQUOTED_INIT;
	size_t size = CSV_SLACK;
	char *to;

	for (size_t i = 0; i < d->n_rows; i++)
		size += text_of(d, i)->len;
	/* So that the fields of a row cross no more lines of the cache than they must. */
	d->fields = mem_table(d->n_rows * d->n_names, sizeof(*d->fields));
	d->is_plain = mem_alloc(d->n_rows, sizeof(*d->is_plain));
	d->field_texts = to = mem_zalloc(size, 1);
	for (size_t i = 0; i < d->n_rows; i++) {
		const struct join_text *text = text_of(d, i);

		memcpy(to, join_text(text), text->len);
		d->is_plain[i] = csvquoted_split_in_place(&quoted, to, text->len, d->n_names,
							  d->fields + i * d->n_names);
		to += text->len;
	}
	csvquoted_release(&quoted);
}

bool join_dropped(struct join_drops *drops, const struct csv_header *header, size_t column)
{
	bool dropped = false;

	for (size_t i = 0; i < drops->n; i++)
		if (columns_find_alike(header, drops->names[i]) == (int)column)
			dropped = drops->seen[i] = true;
	return dropped;
}

/* Whether a history's column of that name usually says what comes after a version. */
static bool looks_ahead(const char *name)
{
	static const char *const names[] = { "valid_to", "valid_until", "end_date", "is_current",
					     "current" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcasecmp(names[i], name))
			return true;
	return false;
}

static int find_columns(struct loader *l, struct err *err)
{
	struct join_dimension *d = l->d;
	const struct csv_header *header = &l->in.header;

	d->header_line = l->in.n_before + 1;
	l->key = columns_require(&l->in, d->source.key, err);
	if (l->key < 0)
		return -1;
	if (d->source.valid_from) {
		l->from = columns_require(&l->in, d->source.valid_from, err);
		if (l->from < 0)
			return -1;
		if (l->from == l->key)
			return err_set(err, ERR_RUNTIME, "--valid-from: %s is the key",
				       d->source.key);
		join_dropped(l->rules->drops, header, (size_t)l->from);
	}
	l->keep = mem_alloc(header->n, sizeof(*l->keep));
	l->kinds = mem_alloc(header->n, sizeof(*l->kinds));
	d->names = mem_alloc(header->n, sizeof(*d->names));
	for (int i = 0; i < (int)header->n; i++) {
		const char *name = header->names[i];

		l->kinds[i] = l->rules->checks ? attribute_of(name) : ATTRIBUTE_TEXT;
		l->keep[i] = i != l->key && i != l->from &&
			     !join_dropped(l->rules->drops, header, (size_t)i);
		if (l->keep[i])
			d->names[d->n_names++] = mem_dup(name, strlen(name));
		if (l->keep[i] && l->from >= 0 && looks_ahead(name))
			warnings_add(l->rules->warnings,
				     "column %s of %s tells what comes later (--drop %s)", name,
				     d->source.path, name);
	}
	return 0;
}

static void warn(const struct loader *l)
{
	csv_reader_warn(&l->in, l->rules->warnings);
	if (l->n_clock_changes)
		warnings_add(l->rules->warnings,
			     "%" PRIu64 " times in column %s of %s are ones that a change of the "
			     "clock skips or repeats, taken as before the change (--tz)",
			     l->n_clock_changes, l->d->source.valid_from, l->d->source.path);
}

static int load(struct loader *l, struct err *err)
{
	const struct csv_input input = { .paths = &l->d->source.path, .n = 1 };
	const struct csv_row *row;
	int rc;

	if (csv_reader_open(&l->in, &input, err) || find_columns(l, err))
		return -1;
	while ((rc = csv_reader_next(&l->in, &row, err)) > 0)
		if (add_row(l, row, err))
			return -1;
	warn(l);
	if (rc || (l->from >= 0 && sort_versions(l->d, err)))
		return -1;
	if (l->rules->fields)
		decode_rows(l->d);
	return 0;
}

int join_load(struct join_dimension *d, const struct join_source *source,
	      const struct join_rules *rules, struct err *err)
{
	struct loader l = { .d = d, .rules = rules, .in = CSV_READER_INIT, .from = -1 };
	int rc;

	*d = (struct join_dimension){ .source = *source, .keys = INTERN_INIT };
	rc = load(&l, err);
	free(l.keep);
	free(l.kinds);
	buf_release(&l.encoded);
	csv_reader_close(&l.in);
	if (rc)
		join_release(d);
	return rc;
}

void join_absent(struct join_dimension *d, const struct csv_header *stream,
		 struct join_drops *drops)
{
	const struct catalogue_table *enriched = catalogue_table("enriched_table"),
				     *events = catalogue_table("cleaned_events");
	const char **names = mem_alloc(enriched->n, sizeof(*names));
	const struct csv_header header = { names, enriched->n };

	for (size_t i = 0; i < header.n; i++)
		names[i] = enriched->columns[i].name;
	*d = (struct join_dimension){ .keys = INTERN_INIT };
	d->names = mem_alloc(enriched->n, sizeof(*d->names));
	for (size_t i = 0; i < header.n; i++)
		if (catalogue_column(events, names[i]) < 0 && columns_find(stream, names[i]) < 0 &&
		    !join_dropped(drops, &header, i))
			d->names[d->n_names++] = mem_dup(names[i], strlen(names[i]));
	free(names);
}

void join_release(struct join_dimension *d)
{
	for (size_t i = 0; i < d->n_names; i++)
		free(d->names[i]);
	free(d->names);
	free(d->rows);
	free(d->versions);
	free(d->first);
	free(d->fields);
	free(d->field_texts);
	free(d->is_plain);
	intern_release(&d->keys);
	arena_release(&d->texts);
	*d = (struct join_dimension){ .keys = INTERN_INIT };
}

/* Whether the table of the stream and of dimensions before number `n` has the column. */
static bool has_column(const struct join_dimension *dimensions, size_t n,
		       const struct csv_reader *in, const char *name)
{
	if (columns_find(&in->header, name) >= 0)
		return true;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < dimensions[i].n_names; j++)
			if (!strcmp(dimensions[i].names[j], name))
				return true;
	return false;
}

int join_bind(struct join_dimension *dimensions, size_t n, const struct csv_reader *in,
	      struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct join_dimension *d = &dimensions[i];

		if (!d->source.key)
			continue;
		d->column = columns_require(in, d->source.key, err);
		if (d->column < 0)
			return -1;
		for (size_t j = 0; j < d->n_names; j++)
			if (has_column(dimensions, i, in, d->names[j]))
				return err_set(err, ERR_RUNTIME,
					       "%s:%" PRIu64
					       ": duplicate column %s (--drop removes columns)",
					       d->source.path, d->header_line, d->names[j]);
	}
	return 0;
}

void join_prefetch(const struct join_dimension *d, const struct csv_reader *in)
{
	struct csv_field f;
	uint32_t id;

	if (d->n_rows < INTERN_FAR)
		return;
	if (csv_reader_peek(in, CSV_AHEAD, d->column, &f))
		intern_prepare(&d->keys, f.s, f.len);
	if (csv_reader_peek(in, CSV_AHEAD / 2, d->column, &f)) {
		id = intern_find(&d->keys, f.s, f.len);
		if (id != INTERN_NONE)
			__builtin_prefetch(d->versions ? (const void *)&d->first[id]
						       : (const void *)&d->rows[id]);
	}
	if (d->versions && csv_reader_peek(in, CSV_AHEAD / 4, d->column, &f)) {
		id = intern_find(&d->keys, f.s, f.len);
		if (id != INTERN_NONE)
			__builtin_prefetch(&d->versions[d->first[id]]);
	}
}

struct intern_key join_key(const struct join_dimension *d, const struct csv_row *row)
{
	const struct csv_field *f = &row->fields[d->column];

	if (f->is_null)
		return (struct intern_key){ .s = NULL };
	return intern_prepare(&d->keys, f->s, f->len);
}

/* Asks memory for what join_find will look at. */
static void fetch(const struct join_dimension *d, uint32_t id)
{
	if (d->versions) {
		__builtin_prefetch(&d->first[id]);
		return;
	}
	if (!d->fields) {
		__builtin_prefetch(&d->rows[id]);
		return;
	}
	__builtin_prefetch(&d->fields[id * d->n_names]);
	__builtin_prefetch(&d->is_plain[id]);
}

uint32_t join_id(const struct join_dimension *d, const struct intern_key *key)
{
	uint32_t id = key->s ? intern_key_find(&d->keys, key) : INTERN_NONE;

	if (id != INTERN_NONE)
		fetch(d, id);
	return id;
}

/* Finds the row of a history that is valid at `ts`: the last from then or before. */
static bool find_version(const struct join_dimension *d, uint32_t id, int64_t ts, size_t *row)
{
	size_t low = d->first[id], high = d->first[id + 1];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->versions[middle].from <= ts)
			low = middle + 1;
		else
			high = middle;
	}
	*row = low - 1;
	return low > d->first[id];
}

const struct join_text *join_find(struct join_dimension *d, uint32_t id, int64_t ts)
{
	const struct join_text *text = NULL;

	d->found = id;
	if (id != INTERN_NONE) {
		if (!d->versions || find_version(d, id, ts, &d->found))
			text = text_of(d, d->found);
		d->n_early += !text;
	}
	d->n_unmatched += !text && d->keys.n;
	return text;
}
