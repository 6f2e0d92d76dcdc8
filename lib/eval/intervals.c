#include "eval/intervals.h"

#include "metric/delong.h"

#include <math.h>

static void add_delong(struct intervals *iv, const struct evaluation *e)
{
	const struct metrics *m = &e->segments->metrics;
	struct interval *row = &iv->rows[iv->n++];
	struct delong d;

	*row = (struct interval){ .metric = METRIC_auc_roc,
				  .method = "delong",
				  .value = m->auc_roc,
				  .low = m->auc_roc_low,
				  .high = m->auc_roc_high,
				  .against = NAN,
				  .against_low = NAN,
				  .against_high = NAN,
				  .difference = NAN,
				  .difference_low = NAN,
				  .difference_high = NAN,
				  .p_value = NAN };
	if (!e->against)
		return;
	delong_compare(&d, e->rows, e->against, e->n);
	row->against = e->against_metrics.auc_roc;
	row->against_low = e->against_metrics.auc_roc_low;
	row->against_high = e->against_metrics.auc_roc_high;
	row->difference = d.difference;
	/* A difference without variance is one of few rows that are parted without a fault. */
	if (d.low == d.high && d.difference != 0)
		return;
	row->difference_low = d.low;
	row->difference_high = d.high;
	row->p_value = d.p_value;
}

int intervals_compute(struct intervals *iv, const struct evaluation *e, size_t resamples,
		      uint64_t seed, struct pool *pool, struct err *err)
{
	const struct bootstrap_options options = { resamples, seed, pool };
	struct bootstrap b;

	*iv = (struct intervals){ .resamples = resamples, .n_drawn = e->users ? e->n_users : e->n };
	if (e->n >= BOOTSTRAP_ROWS_MAX)
		return err_set(err, ERR_RUNTIME,
			       "bootstrap intervals of %zu rows: expected fewer than %zu", e->n,
			       BOOTSTRAP_ROWS_MAX);
	add_delong(iv, e);
	bootstrap_run(&b, e->rows, e->against, e->n, e->users, e->n_users, &options);
	for (enum metric_id id = 0; id < METRIC_N; id++) {
		enum bootstrap_metric f = metric_columns[id].bootstrap;
		struct interval *row;

		if (f == BOOTSTRAP_NONE)
			continue;
		row = &iv->rows[iv->n++];
		*row = (struct interval){
			.metric = id,
			.samples = b.defined[f],
			.method = e->users ? "users" : "rows",
			.value = metric_value(&e->segments->metrics, id),
			.low = b.scores[0][f].low,
			.high = b.scores[0][f].high,
			.against = e->against ? metric_value(&e->against_metrics, id) : NAN,
			.against_low = b.scores[1][f].low,
			.against_high = b.scores[1][f].high,
			.difference_low = b.differences[f].low,
			.difference_high = b.differences[f].high,
			.p_value = b.p_values[f],
		};
		row->difference = row->value - row->against;
		/* One user is drawn as itself, again and again. */
		if (iv->n_drawn < 2)
			row->low = row->high = row->against_low = row->against_high =
				row->difference_low = row->difference_high = row->p_value = NAN;
	}
	return 0;
}

struct row_metric_intervals interval_row(const struct interval *r)
{
	return (struct row_metric_intervals){
		.metric = csv_str(metric_columns[r->metric].name),
		.method = csv_str(r->method),
		.value = csv_real(r->value),
		.low = csv_real(r->low),
		.high = csv_real(r->high),
		.against = csv_real(r->against),
		.against_low = csv_real(r->against_low),
		.against_high = csv_real(r->against_high),
		.difference = csv_real(r->difference),
		.difference_low = csv_real(r->difference_low),
		.difference_high = csv_real(r->difference_high),
		.p_value = csv_real(r->p_value),
		.samples = r->samples ? csv_int((int64_t)r->samples) : csv_str(NULL),
	};
}

int intervals_write(const struct intervals *iv, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("metric_intervals"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < iv->n; i++) {
		const struct row_metric_intervals row = interval_row(&iv->rows[i]);

		csv_put_values(&out->row, CATALOGUE_VALUES(&row));
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

const struct interval *intervals_drawn(const struct intervals *iv, enum metric_id metric)
{
	/* DeLong's is before those. */
	for (size_t i = 1; i < iv->n; i++)
		if (iv->rows[i].metric == metric)
			return &iv->rows[i];
	return NULL;
}
