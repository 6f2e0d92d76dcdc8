#include "eval/importance.h"

#include "base/mem.h"
#include "metric/metrics.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Neither metric needs decisions or bins. */
#define THRESHOLD 0.5
#define BINS      1

struct run {
	const struct model *model;
	const struct sample *sample;
	size_t repeats;
	uint64_t seed;
	double *auc, *log_loss; /* [n_values * repeats] */
};

/* Judges the rows with the values of feature v those of rows order[n]; NULL: with all their own. */
static void judge(const struct run *r, size_t v, const uint32_t *order, struct metrics *m)
{
	const struct sample *s = r->sample;
	struct metrics_row *rows = mem_alloc(s->n, sizeof(*rows));
	struct metrics_row *scratch = mem_alloc(s->n, sizeof(*scratch));
	double *value = mem_alloc(s->width, sizeof(*value));
	struct matrix_row encoded;

	matrix_row_init(&encoded, &r->model->encoding.shape);
	for (size_t i = 0; i < s->n; i++) {
		if (s->width)
			memcpy(value, s->values + i * s->width, s->width * sizeof(*value));
		if (order)
			value[v] = s->values[order[i] * s->width + v];
		rows[i] = metrics_row(model_probability(r->model, value, &encoded), s->labels[i]);
	}
	metrics_sort(rows, scratch, s->n);
	metrics_compute(m, rows, s->n, THRESHOLD, BINS);
	matrix_row_release(&encoded);
	free(value);
	free(scratch);
	free(rows);
}

/* One shuffling of one feature. */
static void shuffle(void *context, size_t part)
{
	const struct run *r = context;
	size_t n = r->sample->n;
	uint32_t *order = mem_alloc(n, sizeof(*order));
	struct metrics m;
	struct rng rng;

	/* The first repeats are the same, however many there are. */
	rng_seed(&rng, r->seed, (uint64_t)(part / r->repeats) << 32 | part % r->repeats);
	/* R. Durstenfeld, Communications of the ACM 7, 1964: algorithm 235. */
	for (size_t i = 0; i < n; i++) {
		size_t place = (size_t)rng_below(&rng, i + 1);

		order[i] = order[place];
		order[place] = (uint32_t)i;
	}
	judge(r, part / r->repeats, order, &m);
	r->auc[part] = m.auc_roc;
	r->log_loss[part] = m.log_loss;
	free(order);
}

/* Mean and standard deviation of `sign` times x[n] less x0. */
static void summarise(const double *x, size_t n, double x0, double sign, double *mean, double *sd)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += sign * (x[i] - x0);
	*mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (sign * (x[i] - x0) - *mean) * (sign * (x[i] - x0) - *mean);
	*sd = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
}

static int largest_first(const void *a, const void *b)
{
	const struct importance_feature *x = a, *y = b;

	if (!isnan(x->auc_drop) && x->auc_drop != y->auc_drop)
		return (x->auc_drop < y->auc_drop) - (x->auc_drop > y->auc_drop);
	if (isnan(x->auc_drop) && x->loss_rise != y->loss_rise)
		return (x->loss_rise < y->loss_rise) - (x->loss_rise > y->loss_rise);
	return strcmp(x->name, y->name);
}

int importance_compute(struct importance *im, const struct model *m, const struct sample *rows,
		       size_t repeats, uint64_t seed, struct pool *pool, struct err *err)
{
	struct run r = { .model = m, .sample = rows, .repeats = repeats, .seed = seed };
	struct metrics whole;
	size_t n = m->encoding.n_values;

	*im = (struct importance){ .n = n, .repeats = repeats, .rows = rows->n };
	if (!rows->n)
		return err_set(err, ERR_RUNTIME, "no row with a label in the test part");
	judge(&r, 0, NULL, &whole);
	im->auc_roc = whole.auc_roc;
	im->log_loss = whole.log_loss;
	im->features = mem_alloc(n, sizeof(*im->features));
	r.auc = mem_alloc(n * repeats, sizeof(*r.auc));
	r.log_loss = mem_alloc(n * repeats, sizeof(*r.log_loss));
	pool_run(pool, n * repeats, shuffle, &r);
	for (size_t v = 0; v < n; v++) {
		struct importance_feature *f = &im->features[v];

		f->name = encoding_valued(&m->encoding, (uint32_t)v)->name;
		summarise(r.auc + v * repeats, repeats, whole.auc_roc, -1, &f->auc_drop,
			  &f->auc_drop_sd);
		summarise(r.log_loss + v * repeats, repeats, whole.log_loss, 1, &f->loss_rise,
			  &f->loss_rise_sd);
	}
	if (n)
		qsort(im->features, n, sizeof(*im->features), largest_first);
	free(r.auc);
	free(r.log_loss);
	return 0;
}

int importance_write(const struct importance *im, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("feature_importance"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < im->n; i++) {
		const struct importance_feature *f = &im->features[i];
		const struct row_feature_importance row = {
			.feature = csv_str(f->name),
			.rows = csv_int((int64_t)im->rows),
			.repeats = csv_int((int64_t)im->repeats),
			.auc_roc = csv_real(im->auc_roc),
			.log_loss = csv_real(im->log_loss),
			.auc_roc_drop = csv_real(f->auc_drop),
			.auc_roc_drop_sd = csv_real(f->auc_drop_sd),
			.log_loss_rise = csv_real(f->loss_rise),
			.log_loss_rise_sd = csv_real(f->loss_rise_sd),
		};

		csv_put_values(&out->row, CATALOGUE_VALUES(&row));
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

void importance_release(struct importance *im)
{
	free(im->features);
	*im = (struct importance){ 0 };
}
