#include "trainset.h"

#include "mem.h"
#include "num.h"
#include "outfile.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TIME  "event_ts"
#define DEFAULT_KNOWN "label_known_ts"
#define FLUSH_SIZE    ((size_t)128 * 1024)

static const char spill_name[] = "temporary file";

/* The work in progress. */
struct reading {
	const struct trainset_options *options;
	struct trainset *out;
	struct csv_reader in;
	struct split_index at;
	int *feature;  /* [n_features] index into the header */
	bool *numeric; /* [n_features] */
	size_t n_features;
	int64_t *times; /* [n_times] of the labelled rows */
	size_t n_times, times_cap;
	uint8_t *labels; /* [n_labels] of the train rows */
	size_t n_labels, labels_cap;
	int spill;          /* descriptor */
	struct buf records; /* to be written to it */
};

/*
 * The column an option names, or `fallback` if it names none: *index is -1 if the input does not
 * have that one. Returns 0, or -1 with err.
 */
static int find_column(const struct reading *r, const char *given, const char *fallback, int *index,
		       struct err *err)
{
	*index = given ? schema_require(&r->in, given, err) : schema_find(&r->in.header, fallback);
	return given && *index < 0 ? -1 : 0;
}

static char *column_name(const struct reading *r, int index)
{
	const char *name = index < 0 ? NULL : r->in.header.names[index];

	return name ? mem_dup(name, strlen(name)) : NULL;
}

static int find_split(struct reading *r, struct err *err)
{
	const struct trainset_options *o = r->options;
	struct split *split = &r->out->split;

	if (find_column(r, o->label, NULL, &r->at.label, err) ||
	    find_column(r, o->time, DEFAULT_TIME, &r->at.time, err) ||
	    find_column(r, o->known, DEFAULT_KNOWN, &r->at.known, err))
		return -1;
	if (r->at.time < 0 && o->holdout)
		return err_set(err, ERR_RUNTIME,
			       "%s:1: column " DEFAULT_TIME
			       ": not in the header: name another with "
			       "--time, or do without a test part (--holdout 0)",
			       r->in.file);
	split->label = column_name(r, r->at.label);
	split->time = column_name(r, r->at.time);
	split->known = column_name(r, r->at.known);
	if (!o->holdout) /* no cut: their values do not matter */
		r->at.time = r->at.known = -1;
	return 0;
}

static bool is_name(const char *name, const char *other)
{
	return other && !strcmp(name, other);
}

static bool is_feature(const struct reading *r, const char *name)
{
	const struct schema_table *keys = schema_table("completion_predictions");
	const struct split *s = &r->out->split;

	for (size_t i = 0; i < keys->n; i++)
		if (!strcmp(name, keys->columns[i].name))
			return false;
	return !is_name(name, s->label) && !is_name(name, s->time) && !is_name(name, s->known) &&
	       strcmp(name, DEFAULT_KNOWN) != 0 && !cli_list_has(&r->options->ignore, name);
}

/* Every name in an option's list must be a column, lest a typing error go unseen. */
static int check_list(const struct reading *r, const struct cli_list *list, bool features,
		      struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		if (schema_require(&r->in, list->names[i], err) < 0)
			return -1;
		if (features && !is_feature(r, list->names[i]))
			return err_set(err, ERR_RUNTIME, "%s:1: column %s: is no feature",
				       r->in.file, list->names[i]);
	}
	return 0;
}

static int find_features(struct reading *r, struct err *err)
{
	const struct trainset_options *o = r->options;
	const struct csv_header *header = &r->in.header;

	if (check_list(r, &o->ignore, false, err) || check_list(r, &o->categorical, true, err))
		return -1;
	r->feature = mem_alloc(header->n, sizeof(*r->feature));
	r->numeric = mem_alloc(header->n, sizeof(*r->numeric));
	for (size_t i = 0; i < header->n; i++) {
		if (!is_feature(r, header->names[i]))
			continue;
		r->feature[r->n_features] = (int)i;
		r->numeric[r->n_features++] = !cli_list_has(&o->categorical, header->names[i]);
	}
	if (r->n_features > ENCODING_COLUMNS_MAX)
		return err_set(err, ERR_RUNTIME, "%s:1: more than %d features", r->in.file,
			       ENCODING_COLUMNS_MAX);
	if (!r->n_features)
		return err_set(err, ERR_RUNTIME, "%s:1: no column is a feature", r->in.file);
	return 0;
}

static int flush_spill(struct reading *r, struct err *err)
{
	if (outfile_write(r->spill, r->records.data, r->records.len))
		return err_errno(err, spill_name);
	buf_clear(&r->records);
	return 0;
}

/* The names do not matter behind the first reading: the header of the spill counts the columns. */
static void spill_header(struct reading *r)
{
	for (size_t i = 0; i < r->in.header.n; i++)
		csv_put_int(&r->records, (int64_t)i);
	csv_end_row(&r->records);
}

static void add_time(struct reading *r, int64_t time)
{
	if (r->n_times == r->times_cap) {
		r->times_cap = mem_grow(r->times_cap, r->n_times + 1);
		r->times = mem_realloc(r->times, r->times_cap, sizeof(*r->times));
	}
	r->times[r->n_times++] = time;
}

/* The first reading: types, times, and the spill. */
static int read_input(struct reading *r, struct err *err)
{
	const struct csv_row *row;
	struct split_row s;
	double ignored;
	int rc;

	spill_header(r);
	while ((rc = csv_reader_next(&r->in, &row, err)) > 0) {
		if (split_read(&r->at, &r->in, row, &s, err))
			return -1;
		if (s.labelled)
			add_time(r, s.time);
		for (size_t i = 0; i < r->n_features; i++) {
			const struct csv_field *f = &row->fields[r->feature[i]];

			if (r->numeric[i] && f->len && num_parse_double(f->s, f->len, &ignored))
				r->numeric[i] = false;
		}
		buf_append(&r->records, row->raw, row->raw_len);
		buf_append_char(&r->records, '\n');
		if (r->records.len >= FLUSH_SIZE && flush_spill(r, err))
			return -1;
	}
	if (rc < 0 || flush_spill(r, err))
		return -1;
	r->out->n_rows = r->in.n_rows;
	if (!r->n_times)
		return err_set(err, ERR_RUNTIME, "%s: no row has a label (column %s)", r->in.file,
			       r->out->split.label);
	split_set_cut(&r->out->split, r->times, r->n_times, r->options->holdout);
	return 0;
}

/* Opens the spill for another reading from its start. */
static int reopen_spill(struct reading *r, struct csv_reader *in, struct err *err)
{
	int fd = dup(r->spill);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		err_errno(err, spill_name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return csv_reader_open_fd(in, fd, spill_name, err);
}

static void add_label(struct reading *r, bool label)
{
	if (r->n_labels == r->labels_cap) {
		r->labels_cap = mem_grow(r->labels_cap, r->n_labels + 1);
		r->labels = mem_realloc(r->labels, r->labels_cap, sizeof(*r->labels));
	}
	r->labels[r->n_labels++] = label;
}

static int check_classes(const struct reading *r, struct err *err)
{
	const struct split *s = &r->out->split;
	uint64_t n = s->rows[SPLIT_TRAIN], positives = s->positives[SPLIT_TRAIN];

	if (!n)
		return err_set(
			err, ERR_RUNTIME,
			"no train rows: of %zu labelled rows %llu are test rows, and %llu lie "
			"before the cut but had no known label then",
			r->n_times, (unsigned long long)s->rows[SPLIT_TEST],
			(unsigned long long)s->rows[SPLIT_PURGED]);
	if (!positives || positives == n)
		return err_set(
			err, ERR_RUNTIME,
			"the label (column %s) is %d in all %llu train rows: nothing to learn",
			s->label, positives > 0, (unsigned long long)n);
	return 0;
}

/* The second reading: counts the parts, and takes the figures from the train rows. */
static int fit_encoding(struct reading *r, struct err *err)
{
	struct encoding_fit *fit = encoding_fit_new(r->feature, r->numeric, r->n_features);
	struct split *split = &r->out->split;
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct split_row s;
	int rc = reopen_spill(r, &in, err);

	while (!rc && (rc = csv_reader_next(&in, &row, err)) > 0) {
		rc = split_read(&r->at, &in, row, &s, err);
		if (rc)
			break;
		split_count(split, split_part(split, &s), &s);
		if (split_part(split, &s) != SPLIT_TRAIN)
			continue;
		encoding_fit_row(fit, row);
		add_label(r, s.label);
	}
	if (!rc)
		rc = check_classes(r, err);
	if (!rc)
		encoding_fit_finish(fit, r->in.header.names, &r->out->encoding);
	encoding_fit_free(fit);
	csv_reader_close(&in);
	return rc;
}

/* The third reading: encodes the train rows, each weighing what its class and its count give. */
static int fill_matrix(struct reading *r, struct err *err)
{
	const struct encoding *e = &r->out->encoding;
	struct csv_reader in = CSV_READER_INIT;
	struct encoding_row encoded;
	const struct csv_row *row;
	struct split_row s;
	double class_weight[2];
	uint32_t *count = balance_rows(&r->options->balance, r->labels, r->n_labels, class_weight);
	size_t at = 0, n_kept = 0;
	int rc = reopen_spill(r, &in, err);

	for (size_t i = 0; i < r->n_labels; i++)
		n_kept += count[i] > 0;
	matrix_init(&r->out->matrix, e->n_dense, e->n_onehot, n_kept);
	encoding_row_init(&encoded, e);
	while (!rc && (rc = csv_reader_next(&in, &row, err)) > 0) {
		rc = split_read(&r->at, &in, row, &s, err);
		if (rc || split_part(&r->out->split, &s) != SPLIT_TRAIN || !count[at++])
			continue;
		rc = encoding_encode(e, r->feature, &in, row, &encoded, err);
		if (!rc)
			matrix_add(&r->out->matrix, encoded.dense, encoded.active, encoded.n_active,
				   s.label, class_weight[s.label] * count[at - 1]);
	}
	encoding_row_release(&encoded);
	csv_reader_close(&in);
	free(count);
	return rc;
}

int trainset_read(struct trainset *t, const struct gz_input *input,
		  const struct trainset_options *options, struct err *err)
{
	struct reading r = { .options = options, .out = t, .in = CSV_READER_INIT, .spill = -1 };
	int rc;

	*t = (struct trainset)TRAINSET_INIT;
	rc = csv_reader_open(&r.in, input, err) || find_split(&r, err) || find_features(&r, err) ||
	     (r.spill = outfile_spill(err)) < 0 || read_input(&r, err) || fit_encoding(&r, err) ||
	     fill_matrix(&r, err);
	if (r.spill >= 0)
		close(r.spill);
	csv_reader_close(&r.in);
	free(r.feature);
	free(r.numeric);
	free(r.times);
	free(r.labels);
	buf_release(&r.records);
	if (rc)
		trainset_release(t);
	return rc ? -1 : 0;
}

void trainset_release(struct trainset *t)
{
	split_release(&t->split);
	encoding_release(&t->encoding);
	matrix_release(&t->matrix);
}
