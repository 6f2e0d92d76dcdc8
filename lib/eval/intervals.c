#include "eval/intervals.h"

#include "metric/delong.h"
#include "table/catalogue.h"

#include <math.h>

static void add_delong(struct intervals *iv, const struct evaluation *e)
{
	const struct metrics *m = &e->segments->metrics;
	struct interval *row = &iv->rows[iv->n++];
	struct delong d;

	*row = (struct interval){ .metric = "auc_roc",
				  .title = "AUC-ROC",
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

static double figure(const struct metrics *m, enum bootstrap_figure f)
{
	switch (f) {
	case BOOTSTRAP_BASE_RATE:
		return m->base_rate;
	case BOOTSTRAP_AUC_ROC:
		return m->auc_roc;
	case BOOTSTRAP_AVERAGE_PRECISION:
		return m->average_precision;
	case BOOTSTRAP_LOG_LOSS:
		return m->log_loss;
	case BOOTSTRAP_BRIER:
		return m->brier;
	default:
		return NAN;
	}
}

void intervals_compute(struct intervals *iv, const struct evaluation *e, size_t resamples,
		       uint64_t seed, struct pool *pool)
{
	static const char *const names[BOOTSTRAP_N][2] = {
		[BOOTSTRAP_BASE_RATE] = { "base_rate", "Base rate" },
		[BOOTSTRAP_AUC_ROC] = { "auc_roc", "AUC-ROC" },
		[BOOTSTRAP_AVERAGE_PRECISION] = { "average_precision", "Average precision" },
		[BOOTSTRAP_LOG_LOSS] = { "log_loss", "Log loss" },
		[BOOTSTRAP_BRIER] = { "brier", "Brier score" },
	};
	const struct bootstrap_options options = { resamples, seed, pool };
	struct bootstrap b;

	*iv = (struct intervals){ .resamples = resamples, .n_drawn = e->users ? e->n_users : e->n };
	add_delong(iv, e);
	bootstrap_run(&b, e->rows, e->against, e->n, e->users, e->n_users, &options);
	for (enum bootstrap_figure f = 0; f < BOOTSTRAP_N; f++) {
		struct interval *row = &iv->rows[iv->n++];

		*row = (struct interval){
			.metric = names[f][0],
			.title = names[f][1],
			.samples = b.defined[f],
			.method = e->users ? "users" : "rows",
			.value = figure(&e->segments->metrics, f),
			.low = b.scores[0][f].low,
			.high = b.scores[0][f].high,
			.against = e->against ? figure(&e->against_metrics, f) : NAN,
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
}

int intervals_write(const struct intervals *iv, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("metric_intervals"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < iv->n; i++) {
		const struct interval *r = &iv->rows[i];

		csv_put_str(&out->row, r->metric);
		csv_put_str(&out->row, r->method);
		csv_put_real(&out->row, r->value);
		csv_put_real(&out->row, r->low);
		csv_put_real(&out->row, r->high);
		csv_put_real(&out->row, r->against);
		csv_put_real(&out->row, r->against_low);
		csv_put_real(&out->row, r->against_high);
		csv_put_real(&out->row, r->difference);
		csv_put_real(&out->row, r->difference_low);
		csv_put_real(&out->row, r->difference_high);
		csv_put_real(&out->row, r->p_value);
		if (r->samples)
			csv_put_int(&out->row, (int64_t)r->samples);
		else
			csv_put_null(&out->row);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}
