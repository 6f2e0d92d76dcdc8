#include "report/report_inputs.h"

#include "base/mem.h"
#include "base/num.h"
#include "table/columns.h"
#include "table/csvreader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 13

/* A table to read: its columns that are needed, and what to do with each row's fields there. */
struct reading {
	const char *columns[COLUMNS_MAX + 1]; /* ended by NULL */
	int (*take)(struct report_inputs *a, const struct csv_reader *in,
		    const struct csv_field *const *fields, const int *at, struct err *err);
};

/* Returns 0, or -1 with err. */
static int read_table(struct report_inputs *a, const char *path, const struct reading *reading,
		      struct err *err)
{
	const struct csv_input input = { .paths = &path, .n = 1, .threads = 1 };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_field *fields[COLUMNS_MAX];
	const struct csv_row *row;
	int at[COLUMNS_MAX] = { 0 }, rc;
	size_t n = 0;

	if (!path)
		return 0;
	rc = csv_reader_open(&in, &input, err);
	for (; !rc && reading->columns[n]; n++) {
		at[n] = columns_require(&in, reading->columns[n], err);
		rc = at[n] < 0 ? -1 : 0;
	}
	while (!rc && (rc = csv_reader_next(&in, &row, err)) > 0) {
		for (size_t i = 0; i < n; i++)
			fields[i] = &row->fields[at[i]];
		rc = reading->take(a, &in, fields, at, err);
	}
	csv_reader_close(&in);
	return rc;
}

static int take_reject(struct report_inputs *a, const struct csv_reader *in,
		       const struct csv_field *const *fields, const int *at, struct err *err)
{
	uint32_t n = a->reasons.n, id = intern_id(&a->reasons, fields[0]->s, fields[0]->len);

	(void)in, (void)at, (void)err;
	if (id == n) {
		if (n == a->rejects_cap) {
			a->rejects_cap = mem_grow(a->rejects_cap, (size_t)n + 1);
			a->rejects = mem_realloc(a->rejects, a->rejects_cap, sizeof(*a->rejects));
		}
		a->rejects[id] =
			(struct report_inputs_count){ intern_string(&a->reasons, id)->s, 0 };
		a->n_rejects++;
	}
	a->rejects[id].rows++;
	a->n_rejected++;
	return 0;
}

static int take_unmatched(struct report_inputs *a, const struct csv_reader *in,
			  const struct csv_field *const *fields, const int *at, struct err *err)
{
	(void)in, (void)fields, (void)at, (void)err;
	a->n_unmatched++;
	return 0;
}

static int take_session(struct report_inputs *a, const struct csv_reader *in,
			const struct csv_field *const *fields, const int *at, struct err *err)
{
	const struct csv_field *f = fields[0];

	if (!f->len)
		a->censored++;
	else if (csv_field_is(f, "1"))
		a->completed++;
	else if (csv_field_is(f, "0"))
		a->not_completed++;
	else
		return csv_reader_fail(in, at[0], err,
				       "invalid value '%.*s': expected 0, 1 or nothing",
				       err_clip(f->len), f->s);
	return 0;
}

static struct report_inputs_feature *add_feature(struct report_inputs_features *f)
{
	if (f->n == f->cap) {
		f->cap = mem_grow(f->cap, f->n + 1);
		f->rows = mem_realloc(f->rows, f->cap, sizeof(*f->rows));
	}
	f->rows[f->n] = (struct report_inputs_feature){ .names = BUF_INIT };
	return &f->rows[f->n++];
}

static void add_name(struct report_inputs_feature *f, const struct csv_field *name)
{
	buf_append(&f->names, name->s, name->len);
	buf_append_char(&f->names, '\0');
}

static int read_real(const struct csv_reader *in, const struct csv_field *f, int column,
		     double *value, struct err *err)
{
	*value = NAN;
	if (f->len && num_parse_double(f->s, f->len, value))
		return csv_reader_fail(in, column, err, "invalid number '%.*s'", err_clip(f->len),
				       f->s);
	return 0;
}

/* The rows of a group have the same numbers. */
static int take_importance(struct report_inputs *a, const struct csv_reader *in,
			   const struct csv_field *const *fields, const int *at, struct err *err)
{
	const struct csv_field *group = fields[1];
	uint32_t n = a->groups.n, id = intern_id(&a->groups, group->s, group->len);
	struct report_inputs_feature *f = id == n ? add_feature(&a->importance)
						  : &a->importance.rows[id];
	double *const numbers[] = {
		&f->auc_drop,     &f->auc_drop_sd,        &f->loss_rise,
		&f->loss_rise_sd, &a->importance.size[0], &a->importance.size[1]
	};

	add_name(f, fields[0]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (read_real(in, fields[i + 2], at[i + 2], numbers[i], err))
			return -1;
	return 0;
}

static int take_drift(struct report_inputs *a, const struct csv_reader *in,
		      const struct csv_field *const *fields, const int *at, struct err *err)
{
	struct report_inputs_feature *f = add_feature(&a->drift);
	double *const numbers[] = { &f->psi,     &f->missing[0],    &f->missing[1],   &f->mean[0],
				    &f->mean[1], &a->drift.size[0], &a->drift.size[1] };

	add_name(f, fields[0]);
	f->kind = mem_dup(fields[1]->s, fields[1]->len);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (read_real(in, fields[i + 2], at[i + 2], numbers[i], err))
			return -1;
	return 0;
}

/* A number of rows. */
static int read_count(const struct csv_reader *in, const struct csv_field *f, int column,
		      double *value, struct err *err)
{
	int64_t count;

	if (num_parse_int(f->s, f->len, &count) || count < 0 || count > UINT32_MAX)
		return csv_reader_fail(in, column, err, "invalid number of rows '%.*s'",
				       err_clip(f->len), f->s);
	*value = (double)count;
	return 0;
}

static struct report_inputs_spread *add_spread(struct report_inputs *a,
					       const struct csv_field *name,
					       const struct csv_field *kind)
{
	if (a->n_spreads == a->spreads_cap) {
		a->spreads_cap = mem_grow(a->spreads_cap, a->n_spreads + 1);
		a->spreads = mem_realloc(a->spreads, a->spreads_cap, sizeof(*a->spreads));
	}
	a->spreads[a->n_spreads] = (struct report_inputs_spread){ mem_dup(name->s, name->len),
								  mem_dup(kind->s, kind->len), NULL,
								  0, 0 };
	return &a->spreads[a->n_spreads++];
}

static struct report_inputs_bin *add_bin(struct report_inputs_spread *s)
{
	if (s->n == s->cap) {
		s->cap = mem_grow(s->cap, s->n + 1);
		s->bins = mem_realloc(s->bins, s->cap, sizeof(*s->bins));
	}
	s->bins[s->n] = (struct report_inputs_bin){ .kind = DISTRIBUTION_MISSING };
	return &s->bins[s->n++];
}

static bool is_another(const struct report_inputs *a, const struct csv_field *name)
{
	const char *last = a->n_spreads ? a->spreads[a->n_spreads - 1].name : NULL;

	return !last || strlen(last) != name->len || memcmp(last, name->s, name->len) != 0;
}

/* The rows of a feature follow each other. */
static int take_bin(struct report_inputs *a, const struct csv_reader *in,
		    const struct csv_field *const *fields, const int *at, struct err *err)
{
	struct report_inputs_spread *s;
	struct report_inputs_bin *b;
	unsigned kind = 0;

	s = is_another(a, fields[0]) ? add_spread(a, fields[0], fields[1])
				     : &a->spreads[a->n_spreads - 1];
	b = add_bin(s);
	while (distribution_kind_names[kind] &&
	       !csv_field_is(fields[2], distribution_kind_names[kind]))
		kind++;
	if (!distribution_kind_names[kind])
		return csv_reader_fail(in, at[2], err, "unknown kind of bin '%.*s'",
				       err_clip(fields[2]->len), fields[2]->s);
	b->kind = (enum distribution_kind)kind;
	if (read_real(in, fields[3], at[3], &b->low, err) ||
	    read_real(in, fields[4], at[4], &b->high, err))
		return -1;
	if (b->kind == DISTRIBUTION_LEVEL)
		b->level = mem_dup(fields[5]->s, fields[5]->len);
	for (int part = 0; part < 2; part++) {
		int first = 6 + 3 * part;

		if (read_count(in, fields[first], at[first], &b->rows[part], err) ||
		    read_count(in, fields[first + 1], at[first + 1], &b->positives[part], err) ||
		    read_real(in, fields[first + 2], at[first + 2], &b->probability[part], err))
			return -1;
		if (b->positives[part] > b->rows[part])
			return csv_reader_fail(in, at[first + 1], err,
					       "more rows with label 1 than rows");
	}
	return 0;
}

const struct report_inputs_spread *report_inputs_spread(const struct report_inputs *a,
							const char *name)
{
	for (size_t i = 0; i < a->n_spreads; i++)
		if (!strcmp(a->spreads[i].name, name))
			return &a->spreads[i];
	return NULL;
}

/* The variance of the mean probability over the bins of the test rows. */
static double contrast(const struct report_inputs_spread *s)
{
	double rows = 0, mean = 0, sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct report_inputs_bin *b = &s->bins[i];
		double change = b->probability[1] - mean;

		if (!(b->rows[1] > 0) || isnan(change))
			continue;
		rows += b->rows[1];
		mean += change * b->rows[1] / rows;
		sum += b->rows[1] * change * (b->probability[1] - mean);
	}
	return rows > 0 ? sum / rows : 0;
}

/* Puts *s in its place among the first *n, of at most `most`, by contrast. */
static void rank(const struct report_inputs_spread **spreads, size_t *n, size_t most,
		 const struct report_inputs_spread *s)
{
	size_t i = *n;

	while (i && contrast(s) > contrast(spreads[i - 1]))
		i--;
	if (i == most)
		return;
	*n += *n < most;
	for (size_t k = *n - 1; k > i; k--)
		spreads[k] = spreads[k - 1];
	spreads[i] = s;
}

size_t report_inputs_foremost(const struct report_inputs *a, size_t most,
			      const struct report_inputs_spread **spreads)
{
	size_t n = 0;

	for (size_t i = 0; i < a->importance.n && n < most; i++)
		if ((spreads[n] = report_inputs_spread(a, a->importance.rows[i].names.data)))
			n++;
	for (size_t i = 0; !a->importance.n && i < a->n_spreads; i++)
		if (strcmp(a->spreads[i].kind, "score") != 0)
			rank(spreads, &n, most, &a->spreads[i]);
	return n;
}

static int most_first(const void *a, const void *b)
{
	const struct report_inputs_count *x = a, *y = b;

	return x->rows != y->rows ? (x->rows < y->rows) - (x->rows > y->rows)
				  : strcmp(x->name, y->name);
}

int report_inputs_read(struct report_inputs *a, const struct report_inputs_paths *paths,
		       struct err *err)
{
	static const struct reading rejects = { { "reason" }, take_reject };
	static const struct reading unmatched = { { "event_id" }, take_unmatched };
	static const struct reading sessions = { { "is_completion" }, take_session };
	static const struct reading importance = { { "feature", "feature_group", "auc_roc_drop",
						     "auc_roc_drop_sd", "log_loss_rise",
						     "log_loss_rise_sd", "rows", "repeats" },
						   take_importance };
	static const struct reading drift = { { "feature", "kind", "psi", "train_missing",
						"test_missing", "train_mean", "test_mean",
						"train_rows", "test_rows" },
					      take_drift };

	static const struct reading distribution = { { "feature", "kind", "bin_kind", "low", "high",
						       "level", "train_rows", "train_positives",
						       "train_probability", "test_rows",
						       "test_positives", "test_probability" },
						     take_bin };

	*a = (struct report_inputs){
		.paths = *paths, .model = MODEL_INIT, .reasons = INTERN_INIT, .groups = INTERN_INIT
	};
	if (read_table(a, paths->rejects, &rejects, err) ||
	    read_table(a, paths->unmatched, &unmatched, err) ||
	    read_table(a, paths->sessions, &sessions, err) ||
	    read_table(a, paths->importance, &importance, err) ||
	    read_table(a, paths->drift, &drift, err) ||
	    read_table(a, paths->distribution, &distribution, err))
		return -1;
	if (paths->model && model_read(&a->model, paths->model, err)) {
		a->model = (struct model)MODEL_INIT;
		return -1;
	}
	if (a->n_rejects)
		qsort(a->rejects, a->n_rejects, sizeof(*a->rejects), most_first);
	return 0;
}

static void release_features(struct report_inputs_features *f)
{
	for (size_t i = 0; i < f->n; i++) {
		buf_release(&f->rows[i].names);
		free(f->rows[i].kind);
	}
	free(f->rows);
}

void report_inputs_release(struct report_inputs *a)
{
	free(a->rejects);
	release_features(&a->importance);
	release_features(&a->drift);
	for (size_t i = 0; i < a->n_spreads; i++) {
		for (size_t k = 0; k < a->spreads[i].n; k++)
			free(a->spreads[i].bins[k].level);
		free(a->spreads[i].bins);
		free(a->spreads[i].name);
		free(a->spreads[i].kind);
	}
	free(a->spreads);
	model_release(&a->model);
	intern_release(&a->reasons);
	intern_release(&a->groups);
	*a = (struct report_inputs){ .reasons = INTERN_INIT, .groups = INTERN_INIT };
}
