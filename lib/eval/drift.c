#include "eval/drift.h"

#include "base/mem.h"
#include "learn/bins.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DECILES 10

/* Where the values of one feature are in a sample: value i at values[i * step]. */
struct column {
	const double *values;
	size_t step, n;
};

static double index_of(const uint64_t *const counts[2], size_t n_bins, const size_t rows[2])
{
	double used = 0, psi = 0;

	for (size_t i = 0; i < n_bins; i++)
		used += counts[0][i] || counts[1][i];
	for (size_t i = 0; i < n_bins; i++) {
		double p = ((double)counts[0][i] + 0.5) / ((double)rows[0] + used / 2);
		double q = ((double)counts[1][i] + 0.5) / ((double)rows[1] + used / 2);

		if (counts[0][i] || counts[1][i])
			psi += (q - p) * log(q / p);
	}
	return psi;
}

/* The index over n_bins: those between the edges of numbers, or, if edges is NULL, levels. */
static double compare(const struct column columns[2], size_t n_bins, const double *edges,
		      size_t n_edges)
{
	uint64_t *counts[2];
	size_t rows[2];
	double psi;

	for (int part = 0; part < 2; part++) {
		const struct column *c = &columns[part];

		counts[part] = mem_zalloc(n_bins, sizeof(*counts[part]));
		rows[part] = c->n;
		for (size_t i = 0; i < c->n; i++) {
			double x = c->values[i * c->step];

			counts[part][edges ? bins_find(edges, n_edges, x) : (size_t)x]++;
		}
	}
	psi = index_of((const uint64_t *const *)counts, n_bins, rows);
	free(counts[0]);
	free(counts[1]);
	return psi;
}

static void compare_numbers(struct drift_feature *f, const struct column columns[2])
{
	double *known = mem_alloc(columns[0].n, sizeof(*known)), edges[DECILES + 1];
	size_t n_known = 0, n_edges = 0;

	for (int part = 0; part < 2; part++) {
		const struct column *c = &columns[part];
		double n = 0, mean = 0;

		for (size_t i = 0; i < c->n; i++) {
			double x = c->values[i * c->step];

			if (isnan(x))
				continue;
			/* Step by step, so that nothing overflows. */
			mean += (x - mean) / ++n;
			if (!part)
				known[n_known++] = x;
		}
		f->missing[part] = 1 - n / (double)c->n;
		f->mean[part] = n > 0 ? mean : NAN;
	}
	if (n_known) {
		/* Sorts them. What is below or above all of them has a bin of its own. */
		n_edges = bins_cut(known, n_known, DECILES, edges + 1);
		edges[0] = nextafter(known[0], -INFINITY);
		edges[++n_edges] = known[n_known - 1];
		n_edges++;
	}
	f->psi = compare(columns, n_edges + 2, edges, n_edges);
	free(known);
}

static int farthest_first(const void *a, const void *b)
{
	const struct drift_feature *x = a, *y = b;

	return x->psi != y->psi ? (x->psi < y->psi) - (x->psi > y->psi) : strcmp(x->name, y->name);
}

int drift_compute(struct drift *d, const struct model *m, const struct sample *const parts[2],
		  struct err *err)
{
	const struct encoding *e = &m->encoding;

	*d = (struct drift){ .n = (size_t)e->n_values + 1, .rows = { parts[0]->n, parts[1]->n } };
	for (int part = 0; part < 2; part++)
		if (!parts[part]->n)
			return err_set(err, ERR_RUNTIME, "no row in the %s part",
				       part ? "test" : "train");
	d->features = mem_alloc(d->n, sizeof(*d->features));
	for (size_t v = 0; v < d->n; v++) {
		bool is_score = v == e->n_values;
		const struct encoding_column *c = is_score ? NULL : encoding_valued(e, (uint32_t)v);
		struct drift_feature *f = &d->features[v];
		struct column columns[2];

		*f = (struct drift_feature){ .name = is_score ? "completion_probability" : c->name,
					     .kind = is_score ? "score" : "number",
					     .missing = { NAN, NAN },
					     .mean = { NAN, NAN } };
		for (int part = 0; part < 2; part++)
			columns[part] =
				is_score ? (struct column){ parts[part]->scores, 1, parts[part]->n }
					 : (struct column){ parts[part]->values + v,
							    parts[part]->width, parts[part]->n };
		if (is_score || c->kind != ENCODING_CATEGORY) {
			compare_numbers(f, columns);
			continue;
		}
		f->kind = "category";
		f->psi = compare(columns, (size_t)c->levels.n + 1, NULL, 0);
	}
	qsort(d->features, d->n, sizeof(*d->features), farthest_first);
	return 0;
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
