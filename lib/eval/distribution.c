#include "eval/distribution.h"

#include "base/mem.h"
#include "learn/bins.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdlib.h>

#define DECILES 10

const char *const distribution_kind_names[] = { "missing", "below", "range", "above",
						"level",   "other", NULL };

/* Where the values of one feature are in a sample: value i at values[i * step]. */
struct column {
	const double *values;
	size_t step;
	const struct sample *rows;
};

static struct distribution_bin *add_bins(struct distribution_feature *f, size_t n)
{
	f->bins = mem_alloc(n, sizeof(*f->bins));
	f->n = n;
	for (size_t i = 0; i < n; i++)
		f->bins[i] = (struct distribution_bin){ .low = NAN, .high = NAN };
	return f->bins;
}

/* The train part's known values into known[]: returns how many. */
static size_t take_known(const struct column *c, double *known)
{
	size_t n = 0;

	for (size_t i = 0; i < c->rows->n; i++)
		if (!isnan(c->values[i * c->step]))
			known[n++] = c->values[i * c->step];
	return n;
}

/* Step by step, so that nothing overflows. */
static double mean_of(const struct column *c)
{
	double n = 0, mean = 0;

	for (size_t i = 0; i < c->rows->n; i++) {
		double x = c->values[i * c->step];

		if (!isnan(x))
			mean += (x - mean) / ++n;
	}
	return n > 0 ? mean : NAN;
}

/* Bins of numbers: sets the edges between them, and returns how many. */
static size_t cut(struct distribution_feature *f, const struct column *train,
		  double edges[DECILES + 1])
{
	double *known = mem_alloc(train->rows->n, sizeof(*known));
	size_t n_known = take_known(train, known), n = 0;
	struct distribution_bin *bins;

	if (n_known) {
		/* Sorts them. What is below or above all of them has a bin of its own. */
		n = bins_cut(known, n_known, DECILES, edges + 1);
		edges[0] = nextafter(known[0], -INFINITY);
		edges[++n] = known[n_known - 1];
		n++;
	}
	bins = add_bins(f, n + 2);
	bins[n + 1].kind = DISTRIBUTION_ABOVE;
	if (n) {
		bins[1].kind = DISTRIBUTION_BELOW;
		bins[1].high = known[0];
		bins[n + 1].low = edges[n - 1];
	}
	for (size_t i = 2; i <= n; i++) {
		bins[i].kind = DISTRIBUTION_RANGE;
		bins[i].low = i == 2 ? known[0] : edges[i - 2];
		bins[i].high = edges[i - 1];
	}
	free(known);
	return n;
}

static void name_levels(struct distribution_feature *f, const struct encoding_column *c)
{
	struct distribution_bin *bins = add_bins(f, (size_t)c->levels.n + 1);

	for (uint32_t id = 0; id < c->levels.n; id++) {
		bins[id].kind = DISTRIBUTION_LEVEL;
		bins[id].level = intern_string(&c->levels, id);
	}
	bins[c->levels.n].kind = DISTRIBUTION_OTHER;
}

/* Counts the rows of a part: by the edges of numbers, or, if edges is NULL, by levels. */
static void count(struct distribution_feature *f, int part, const struct column *c,
		  const double *edges, size_t n_edges)
{
	for (size_t i = 0; i < c->rows->n; i++) {
		double x = c->values[i * c->step];
		struct distribution_bin *b =
			&f->bins[edges ? bins_find(edges, n_edges, x) : (size_t)x];

		b->rows[part]++;
		b->positives[part] += c->rows->labels[i];
		b->probability[part] += c->rows->scores[i];
	}
	for (size_t i = 0; i < f->n; i++)
		f->bins[i].probability[part] /= (double)f->bins[i].rows[part];
}

int distribution_compute(struct distribution *d, const struct model *m,
			 const struct sample *const parts[2], struct err *err)
{
	const struct encoding *e = &m->encoding;

	*d = (struct distribution){ .rows = { parts[0]->n, parts[1]->n } };
	for (int part = 0; part < 2; part++)
		if (!parts[part]->n)
			return err_set(err, ERR_RUNTIME, "no row in the %s part",
				       part ? "test" : "train");
	d->n = (size_t)e->n_values + 1;
	d->features = mem_zalloc(d->n, sizeof(*d->features));
	for (size_t v = 0; v < d->n; v++) {
		bool is_score = v == e->n_values;
		const struct encoding_column *c = is_score ? NULL : encoding_valued(e, (uint32_t)v);
		bool is_number = is_score || c->kind != ENCODING_CATEGORY;
		struct distribution_feature *f = &d->features[v];
		double edges[DECILES + 1] = { 0 };
		struct column columns[2];
		size_t n_edges = 0;

		f->name = is_score ? "completion_probability" : c->name;
		f->kind = is_score ? "score" : is_number ? "number" : "category";
		for (int part = 0; part < 2; part++)
			columns[part] =
				is_score ? (struct column){ parts[part]->scores, 1, parts[part] }
					 : (struct column){ parts[part]->values + v,
							    parts[part]->width, parts[part] };
		if (is_number)
			n_edges = cut(f, &columns[0], edges);
		else
			name_levels(f, c);
		for (int part = 0; part < 2; part++) {
			f->mean[part] = is_number ? mean_of(&columns[part]) : NAN;
			count(f, part, &columns[part], is_number ? edges : NULL, n_edges);
		}
	}
	return 0;
}

int distribution_write(const struct distribution *d, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("feature_distribution"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < d->n; i++) {
		const struct distribution_feature *f = &d->features[i];

		for (size_t k = 0, bin = 0; k < f->n; k++) {
			const struct distribution_bin *b = &f->bins[k];
			const struct row_feature_distribution row = {
				.feature = csv_str(f->name),
				.bin = csv_int((int64_t)bin),
				.kind = csv_str(f->kind),
				.bin_kind = csv_str(distribution_kind_names[b->kind]),
				.low = csv_real(b->low),
				.high = csv_real(b->high),
				.level = b->level ? csv_text(b->level->s, b->level->len)
						  : csv_str(NULL),
				.train_rows = csv_int((int64_t)b->rows[0]),
				.train_positives = csv_int((int64_t)b->positives[0]),
				.train_probability = csv_real(b->probability[0]),
				.test_rows = csv_int((int64_t)b->rows[1]),
				.test_positives = csv_int((int64_t)b->positives[1]),
				.test_probability = csv_real(b->probability[1]),
			};

			if (!b->rows[0] && !b->rows[1])
				continue;
			bin++;
			csv_put_values(&out->row, CATALOGUE_VALUES(&row));
			if (csv_writer_end_row(out, err))
				return -1;
		}
	}
	return 0;
}

void distribution_release(struct distribution *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->features[i].bins);
	free(d->features);
	*d = (struct distribution){ 0 };
}
