#include "eval/drift.h"

#include "base/mem.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double index_of(const struct distribution_feature *f, const size_t rows[2])
{
	double used = 0, psi = 0;

	for (size_t i = 0; i < f->n; i++)
		used += f->bins[i].rows[0] || f->bins[i].rows[1];
	for (size_t i = 0; i < f->n; i++) {
		const uint64_t *n = f->bins[i].rows;
		double p = ((double)n[0] + 0.5) / ((double)rows[0] + used / 2);
		double q = ((double)n[1] + 0.5) / ((double)rows[1] + used / 2);

		if (n[0] || n[1])
			psi += (q - p) * log(q / p);
	}
	return psi;
}

/* The bin of empty fields, or NULL: a category, of which they are no level. */
static const struct distribution_bin *missing_bin(const struct distribution_feature *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->bins[i].kind == DISTRIBUTION_MISSING ||
		    (f->bins[i].level && !f->bins[i].level->len))
			return &f->bins[i];
	return NULL;
}

static int farthest_first(const void *a, const void *b)
{
	const struct drift_feature *x = a, *y = b;

	return x->psi != y->psi ? (x->psi < y->psi) - (x->psi > y->psi) : strcmp(x->name, y->name);
}

void drift_compute(struct drift *d, const struct distribution *of)
{
	*d = (struct drift){ .n = of->n, .rows = { of->rows[0], of->rows[1] } };
	d->features = mem_alloc(d->n, sizeof(*d->features));
	for (size_t i = 0; i < d->n; i++) {
		const struct distribution_feature *f = &of->features[i];
		const struct distribution_bin *missing = missing_bin(f);
		struct drift_feature *to = &d->features[i];

		*to = (struct drift_feature){ f->name,
					      f->kind,
					      index_of(f, d->rows),
					      { NAN, NAN },
					      { f->mean[0], f->mean[1] } };
		for (int part = 0; missing && part < 2; part++)
			to->missing[part] = (double)missing->rows[part] / (double)d->rows[part];
	}
	if (d->n)
		qsort(d->features, d->n, sizeof(*d->features), farthest_first);
}

int drift_write(const struct drift *d, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("feature_drift"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < d->n; i++) {
		const struct drift_feature *f = &d->features[i];
		const struct row_feature_drift row = {
			.feature = csv_str(f->name),
			.kind = csv_str(f->kind),
			.psi = csv_real(f->psi),
			.train_rows = csv_int((int64_t)d->rows[0]),
			.test_rows = csv_int((int64_t)d->rows[1]),
			.train_missing = csv_real(f->missing[0]),
			.test_missing = csv_real(f->missing[1]),
			.train_mean = csv_real(f->mean[0]),
			.test_mean = csv_real(f->mean[1]),
		};

		csv_put_values(&out->row, CATALOGUE_VALUES(&row));
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

const struct drift_feature *drift_find(const struct drift *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->features[i].name, name))
			return &d->features[i];
	return NULL;
}

void drift_release(struct drift *d)
{
	free(d->features);
	*d = (struct drift){ 0 };
}
