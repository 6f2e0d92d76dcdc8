#include "eval/importance.h"

#include "base/mem.h"
#include "eval/alike.h"
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
	const struct importance_group *groups;
	size_t repeats;
	uint64_t seed;
	double *auc, *log_loss; /* [n_groups * repeats] */
};

/* Judges the rows with the values of group g those of rows order[n]; NULL: with all their own. */
static void judge(const struct run *r, const struct importance_group *g, const uint32_t *order,
		  struct metrics *m)
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
		for (size_t k = 0; order && k < g->n; k++) {
			uint32_t v = g->features[k].value;

			value[v] = s->values[order[i] * s->width + v];
		}
		rows[i] = metrics_row(model_probability(r->model, value, &encoded), s->labels[i]);
	}
	metrics_sort(rows, scratch, s->n);
	metrics_compute(m, rows, s->n, THRESHOLD, BINS);
	matrix_row_release(&encoded);
	free(value);
	free(scratch);
	free(rows);
}

/* One shuffling of one group. */
static void shuffle(void *context, size_t part)
{
	const struct run *r = context;
	const struct importance_group *g = &r->groups[part / r->repeats];
	size_t n = r->sample->n;
	uint32_t *order = mem_alloc(n, sizeof(*order));
	struct metrics m;
	struct rng rng;

	/* The first repeats are the same, however many there are. */
	rng_seed(&rng, r->seed, (uint64_t)g->features->value << 32 | part % r->repeats);
	/* R. Durstenfeld, Communications of the ACM 7, 1964: algorithm 235. */
	for (size_t i = 0; i < n; i++) {
		size_t place = (size_t)rng_below(&rng, i + 1);

		order[i] = order[place];
		order[place] = (uint32_t)i;
	}
	judge(r, g, order, &m);
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
	const struct importance_group *x = a, *y = b;

	if (!isnan(x->auc_drop) && x->auc_drop != y->auc_drop)
		return (x->auc_drop < y->auc_drop) - (x->auc_drop > y->auc_drop);
	if (isnan(x->auc_drop) && x->loss_rise != y->loss_rise)
		return (x->loss_rise < y->loss_rise) - (x->loss_rise > y->loss_rise);
	return strcmp(x->features->name, y->features->name);
}

/* Lists the model's features, those of a group next to each other, and the groups. */
static void find_groups(struct importance *im, const struct encoding *e, const struct sample *rows,
			struct pool *pool)
{
	uint32_t n = e->n_values, *first = mem_alloc(n, sizeof(*first));
	bool *numeric = mem_alloc(n, sizeof(*numeric));
	struct importance_feature *next;

	im->groups = mem_alloc(n, sizeof(*im->groups));
	next = im->features = mem_alloc(n, sizeof(*im->features));
	for (uint32_t v = 0; v < n; v++)
		numeric[v] = encoding_is_number(encoding_valued(e, v));
	alike_group(rows, numeric, pool, first);
	for (uint32_t v = 0; v < n; v++) {
		struct importance_group *g = &im->groups[im->n_groups];

		if (first[v] != v)
			continue;
		*g = (struct importance_group){ .features = next };
		for (uint32_t other = v; other < n; other++)
			if (first[other] == v)
				*next++ = (struct importance_feature){
					encoding_valued(e, other)->name, other
				};
		g->n = (size_t)(next - g->features);
		im->n_groups++;
	}
	free(numeric);
	free(first);
}

int importance_compute(struct importance *im, const struct model *m, const struct sample *rows,
		       size_t repeats, uint64_t seed, struct pool *pool, struct err *err)
{
	struct run r = { .model = m, .sample = rows, .repeats = repeats, .seed = seed };
	struct metrics whole;

	*im = (struct importance){ .repeats = repeats, .rows = rows->n };
	if (!rows->n)
		return err_set(err, ERR_RUNTIME, "no row with a label in the test part");
	judge(&r, NULL, NULL, &whole);
	im->auc_roc = whole.auc_roc;
	im->log_loss = whole.log_loss;
	find_groups(im, &m->encoding, rows, pool);
	r.groups = im->groups;
	r.auc = mem_alloc(im->n_groups * repeats, sizeof(*r.auc));
	r.log_loss = mem_alloc(im->n_groups * repeats, sizeof(*r.log_loss));
	pool_run(pool, im->n_groups * repeats, shuffle, &r);
	for (size_t i = 0; i < im->n_groups; i++) {
		struct importance_group *g = &im->groups[i];

		summarise(r.auc + i * repeats, repeats, whole.auc_roc, -1, &g->auc_drop,
			  &g->auc_drop_sd);
		summarise(r.log_loss + i * repeats, repeats, whole.log_loss, 1, &g->loss_rise,
			  &g->loss_rise_sd);
	}
	if (im->n_groups)
		qsort(im->groups, im->n_groups, sizeof(*im->groups), largest_first);
	free(r.auc);
	free(r.log_loss);
	return 0;
}

static void put_row(struct buf *out, const struct importance *im, const struct importance_group *g,
		    const char *feature)
{
	const struct row_feature_importance row = {
		.feature = csv_str(feature),
		.rows = csv_int((int64_t)im->rows),
		.repeats = csv_int((int64_t)im->repeats),
		.auc_roc = csv_real(im->auc_roc),
		.log_loss = csv_real(im->log_loss),
		.auc_roc_drop = csv_real(g->auc_drop),
		.auc_roc_drop_sd = csv_real(g->auc_drop_sd),
		.log_loss_rise = csv_real(g->loss_rise),
		.log_loss_rise_sd = csv_real(g->loss_rise_sd),
		.feature_group = csv_str(g->features->name),
	};

	csv_put_values(out, CATALOGUE_VALUES(&row));
}

int importance_write(const struct importance *im, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("feature_importance"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < im->n_groups; i++) {
		const struct importance_group *g = &im->groups[i];

		for (size_t k = 0; k < g->n; k++) {
			put_row(&out->row, im, g, g->features[k].name);
			if (csv_writer_end_row(out, err))
				return -1;
		}
	}
	return 0;
}

void importance_release(struct importance *im)
{
	free(im->groups);
	free(im->features);
	*im = (struct importance){ 0 };
}
