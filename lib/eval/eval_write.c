#include "eval/eval_write.h"

#include "base/jsonout.h"
#include "base/num.h"
#include "base/utf8.h"
#include "eval/metric_columns.h"
#include "table/catalogue.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_segment_column(struct buf *row, const struct evaluation_segment *s)
{
	if (s->column)
		csv_put_str(row, s->column);
	else
		csv_put_null(row);
}

static void put_segment(struct buf *row, const struct evaluation_segment *s)
{
	csv_put_field(row, &s->value);
}

static void put_metric(struct buf *row, const struct metrics *m, enum metric_id id)
{
	if (metric_columns[id].is_count)
		csv_put_int(row, (int64_t)metric_value(m, id));
	else
		csv_put_real(row, metric_value(m, id));
}

/* A row of `metrics`. */
static void put_row(struct buf *row, const struct evaluation_segment *s)
{
#define METRIC_SEGMENT(name, ...) put_##name(row, s);
#define METRIC(name, ...)         put_metric(row, &s->metrics, METRIC_##name);
#include "table/metrics.def"
}

int eval_write_csv(const struct evaluation *e, struct csv_writer *out, struct err *err)
{
	catalogue_put_names(&out->row, catalogue_table("metrics"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < e->n_segments; i++) {
		put_row(&out->row, &e->segments[i]);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

static void json_metrics(struct jsonout *j, const struct metrics *m)
{
	for (enum metric_id id = 0; id < METRIC_N; id++) {
		jsonout_key(j, metric_columns[id].name);
		if (metric_columns[id].is_count)
			jsonout_count(j, (uint64_t)metric_value(m, id));
		else
			jsonout_real(j, metric_value(m, id));
	}
}

static void json_segments(struct jsonout *j, const struct evaluation *e)
{
	jsonout_open(j, '[');
	for (size_t i = 1; i < e->n_segments; i++) {
		const struct evaluation_segment *s = &e->segments[i];

		jsonout_open(j, '{');
		jsonout_key(j, "segment_column");
		jsonout_str(j, s->column);
		jsonout_key(j, "segment");
		if (s->value.is_null)
			jsonout_null(j);
		else
			jsonout_text(j, s->value.s, s->value.len);
		json_metrics(j, &s->metrics);
		jsonout_close(j, '}');
	}
	jsonout_close(j, ']');
}

/* A row of metric_intervals, by its columns' names. */
static void json_interval(struct jsonout *j, const struct interval *interval)
{
	const struct catalogue_table *table = catalogue_table("metric_intervals");
	const struct row_metric_intervals row = interval_row(interval);
	const struct csv_value *v = (const struct csv_value *)&row;

	jsonout_open(j, '{');
	for (size_t i = 0; i < table->n; i++) {
		jsonout_key(j, table->columns[i].name);
		if (v[i].kind == CSV_TEXT)
			jsonout_text(j, v[i].text, v[i].len);
		else if (v[i].kind == CSV_INT)
			jsonout_int(j, v[i].number);
		else
			jsonout_real(j, v[i].kind == CSV_REAL ? v[i].real : NAN);
	}
	jsonout_close(j, '}');
}

static void json_skipped(struct jsonout *j, const struct evaluation *e)
{
	static const char *const names[EVALUATION_N_SKIPS] = {
		[EVALUATION_OTHER_SPLIT] = "other_split",
		[EVALUATION_UNLABELLED] = "unlabelled",
		[EVALUATION_UNPAIRED] = "unpaired",
	};

	jsonout_open(j, '{');
	for (int i = 0; i < EVALUATION_N_SKIPS; i++) {
		jsonout_key(j, names[i]);
		jsonout_count(j, e->n_skipped[i]);
	}
	jsonout_close(j, '}');
}

int eval_write_json(const struct evaluation *e, const struct intervals *intervals,
		    struct csv_writer *out, struct err *err)
{
	const struct {
		const char *key, *text;
	} facts[] = {
		{ "label", e->opts.label },
		{ "score", e->opts.score },
		{ "split", e->split },
		{ "against", e->opts.against },
		{ "against_file", e->opts.against_path },
	};
	struct jsonout j = { .out = &out->row };

	jsonout_open(&j, '{');
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		jsonout_key(&j, facts[i].key);
		jsonout_str(&j, facts[i].text);
	}
	jsonout_key(&j, "skipped");
	json_skipped(&j, e);
	jsonout_key(&j, "metrics");
	jsonout_open(&j, '{');
	json_metrics(&j, &e->segments->metrics);
	jsonout_close(&j, '}');
	jsonout_key(&j, "segments");
	json_segments(&j, e);
	jsonout_key(&j, "intervals");
	jsonout_open(&j, '[');
	for (size_t i = 0; intervals && i < intervals->n; i++)
		json_interval(&j, &intervals->rows[i]);
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	buf_append_char(&out->row, '\n');
	return csv_writer_end_row(out, err);
}

static int put_point(struct csv_writer *out, const char *curve, const struct metrics_point *point,
		     struct err *err)
{
	const struct row_curves row = {
		.curve = csv_str(curve),
		.x = csv_real(point->x),
		.y = csv_real(point->y),
		.threshold = csv_real(point->threshold),
		.n = csv_int((int64_t)point->n),
	};

	csv_put_values(&out->row, CATALOGUE_VALUES(&row));
	return csv_writer_end_row(out, err);
}

int eval_write_curves(const struct evaluation *e, struct csv_writer *out, struct err *err)
{
	static const struct {
		const char *name;
		enum metrics_curve_kind kind;
	} kinds[] = { { "roc", METRICS_ROC }, { "pr", METRICS_PRECISION_RECALL } };
	struct metrics_bins bins = METRICS_BINS(e->sorted, e->n, e->opts.bins);
	struct metrics_bin bin;
	struct metrics_point point;

	catalogue_put_names(&out->row, catalogue_table("curves"));
	csv_end_row(&out->row);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct metrics_curve curve;

		metrics_curve_start(&curve, kinds[i].kind, e->sorted, e->n);
		while (metrics_curve_next(&curve, &point))
			if (put_point(out, kinds[i].name, &point, err))
				return -1;
	}
	while (metrics_bins_next(&bins, &bin)) {
		point = (struct metrics_point){ bin.mean_score,
						(double)bin.positives / (double)bin.rows, bin.upper,
						bin.rows };
		if (put_point(out, "calibration", &point, err))
			return -1;
	}
	return 0;
}

/* The text. Every line of it ends like a row of CSV, so that csv_writer_end_row takes it. */

#define NAME_MAX_WIDTH 40

/* Appends a name of the input, at most NAME_MAX_WIDTH characters of it. Returns how many. */
static size_t put_name(struct buf *text, const char *name, size_t len)
{
	return utf8_put(text, name, len, NAME_MAX_WIDTH);
}

static size_t put_value(struct buf *text, const struct csv_field *value)
{
	if (value->is_null)
		return put_name(text, "(empty)", 7);
	if (!value->len)
		return put_name(text, "\"\"", 2);
	return put_name(text, value->s, value->len);
}

/* A metric to 4 decimals, right-aligned after a space. */
static void put_cell(struct buf *text, int width, double value)
{
	if (isnan(value))
		buf_printf(text, " %*s", width, "-");
	else
		buf_printf(text, " %*.4f", width, value);
}

static void put_count_cell(struct buf *text, int width, uint64_t count)
{
	buf_printf(text, " %*llu", width, (unsigned long long)count);
}

static void put_metric_cell(struct buf *text, int width, const struct metrics *m, enum metric_id id)
{
	if (metric_columns[id].is_count)
		put_count_cell(text, width, (uint64_t)metric_value(m, id));
	else
		put_cell(text, width, metric_value(m, id));
}

#define LABEL_WIDTH 26
#define COUNT_WIDTH 10
#define CELL_WIDTH  7

/* What the list adds to a metric, if anything. */
static void put_note(struct buf *text, const struct evaluation *e, enum metric_id id)
{
	const struct metrics *m = &e->segments->metrics;

	if (id == METRIC_rows && e->split) {
		buf_append_str(text, "  of split ");
		put_name(text, e->split, strlen(e->split));
	} else if (id == METRIC_rows) {
		buf_append_str(text, "  with a label");
	} else if (id == METRIC_auc_roc && !isnan(m->auc_roc_low)) {
		buf_printf(text, "  [%.4f, %.4f] 95 %%, DeLong", m->auc_roc_low, m->auc_roc_high);
	} else if (id == METRIC_expected_calibration_error) {
		buf_printf(text, "  %llu bins", (unsigned long long)e->opts.bins);
	} else if (id == METRIC_threshold && e->opts.threshold == EVALUATION_BEST_F1) {
		buf_append_str(text, "  largest F1 on these rows");
	} else if (id == METRIC_threshold && e->opts.threshold == EVALUATION_EARLIER) {
		buf_append_str(text, "  chosen on train rows");
	}
}

/* The metrics of all rows, a line each. */
static void put_verdict(struct buf *text, const struct evaluation *e)
{
	const struct metrics *m = &e->segments->metrics;
	char threshold[NUM_TEXT_MAX];

	for (enum metric_id id = 0; id < METRIC_N; id++) {
		if (!*metric_columns[id].verdict)
			continue;
		buf_printf(text, "%-*s", LABEL_WIDTH, metric_columns[id].verdict);
		/* In full: it is a setting to copy, and four decimals may not be enough. */
		if (id == METRIC_threshold)
			buf_printf(text, " %*.*s", COUNT_WIDTH,
				   (int)num_format_double(threshold, m->threshold), threshold);
		else
			put_metric_cell(text, COUNT_WIDTH, m, id);
		put_note(text, e, id);
		buf_append_char(text, '\n');
	}
}

static void put_classes(struct buf *text, const struct metrics *m)
{
	buf_printf(text, "\n%-9s %9s %9s %9s %*s\n", "class", "precision", "recall", "F1",
		   COUNT_WIDTH, "support");
	for (int class = 0; class < 2; class ++) {
		buf_printf(text, "%-9d", class);
		put_cell(text, 9, m->classes[class].precision);
		put_cell(text, 9, m->classes[class].recall);
		put_cell(text, 9, m->classes[class].f1);
		put_count_cell(text, COUNT_WIDTH, m->classes[class].support);
		buf_append_char(text, '\n');
	}
	buf_printf(text, "\n%-9s %11s %11s\n", "", "predicted 0", "predicted 1");
	buf_printf(text, "%-9s %11llu %11llu\n", "label 0", (unsigned long long)m->tn,
		   (unsigned long long)m->fp);
	buf_printf(text, "%-9s %11llu %11llu\n", "label 1", (unsigned long long)m->fn,
		   (unsigned long long)m->tp);
}

/* How wide the segments' column of a metric is: as its heading, and so that its values fit. */
static int cell_width(enum metric_id id)
{
	int heading = (int)strlen(metric_columns[id].segments);

	if (metric_columns[id].is_count)
		return COUNT_WIDTH;
	return heading > CELL_WIDTH ? heading : CELL_WIDTH;
}

/* The header of a column's segments: its name, in a column `width` wide, and the metrics' names. */
static void put_segment_names(struct buf *text, const char *column, size_t width)
{
	buf_append_char(text, '\n');
	width -= put_name(text, column, strlen(column));
	buf_printf(text, "%*s", (int)width, "");
	for (enum metric_id id = 0; id < METRIC_N; id++) {
		if (!*metric_columns[id].segments)
			continue;
		buf_printf(text, " %*s", cell_width(id), metric_columns[id].segments);
		if (id == METRIC_auc_roc)
			buf_printf(text, " %-16s", "[95 %]");
	}
	buf_append_char(text, '\n');
}

static void put_segment_line(struct buf *text, const struct evaluation_segment *s, size_t width)
{
	const struct metrics *m = &s->metrics;

	width -= put_value(text, &s->value);
	buf_printf(text, "%*s", (int)width, "");
	for (enum metric_id id = 0; id < METRIC_N; id++) {
		if (!*metric_columns[id].segments)
			continue;
		put_metric_cell(text, cell_width(id), m, id);
		if (id != METRIC_auc_roc)
			continue;
		if (isnan(m->auc_roc_low))
			buf_printf(text, " %-16s", "-");
		else
			buf_printf(text, " [%.4f, %.4f]", m->auc_roc_low, m->auc_roc_high);
	}
}

/* How wide the widest name is, of the column and of its segments. */
static size_t name_width(const struct evaluation_segment *segments, size_t n)
{
	struct buf scratch = BUF_INIT;
	size_t widest = put_name(&scratch, segments->column, strlen(segments->column));

	for (size_t i = 0; i < n; i++) {
		size_t width;

		buf_clear(&scratch);
		width = put_value(&scratch, &segments[i].value);
		if (width > widest)
			widest = width;
	}
	buf_release(&scratch);
	return widest;
}

/* The segments of one column. */
static int write_segments(const struct evaluation_segment *segments, size_t n,
			  struct csv_writer *out, struct err *err)
{
	size_t width = name_width(segments, n);

	put_segment_names(&out->row, segments->column, width);
	for (size_t i = 0; i < n; i++) {
		put_segment_line(&out->row, &segments[i], width);
		buf_append_char(&out->row, '\n');
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

#define PREDICTED_WIDTH 11

/* What the chosen threshold leads to on the rows it was chosen on and on the evaluated rows. */
static void put_choice(struct buf *text, const struct evaluation *e)
{
	const struct threshold_opts *o = &e->opts.choice;
	const struct metrics *m = &e->segments->metrics, *slice = &e->choice.slice;

	buf_printf(text, "\n%-15s %*s %*s %9s %9s", "threshold on", COUNT_WIDTH, "rows",
		   PREDICTED_WIDTH, "predicted 1", "precision", "recall");
	if (threshold_has_costs(o))
		buf_printf(text, " %*s", COUNT_WIDTH, "cost/row");
	buf_append_char(text, '\n');
	for (int i = 0; i < 2; i++) {
		const struct metrics *at = i ? m : slice;

		buf_printf(text, "%-15s", i ? "evaluated rows" : "train rows");
		put_count_cell(text, COUNT_WIDTH, at->rows);
		put_count_cell(text, PREDICTED_WIDTH, at->tp + at->fp);
		put_cell(text, 9, at->classes[1].precision);
		put_cell(text, 9, at->classes[1].recall);
		if (threshold_has_costs(o))
			put_cell(text, COUNT_WIDTH, threshold_cost(o, at));
		buf_append_char(text, '\n');
	}
}

static void put_interval(struct buf *text, double value, double low, double high)
{
	put_cell(text, 9, value);
	if (isnan(low))
		buf_printf(text, " %-18s", "-");
	else
		buf_printf(text, " [%7.4f, %7.4f]", low, high);
}

static void put_intervals(struct buf *text, const struct evaluation *e, const struct intervals *iv)
{
	buf_printf(text, "\n%-17s %-6s %9s %-18s", "95 % intervals", "method", "this", "");
	if (e->against)
		buf_printf(text, " %9s %-18s %9s %-18s %7s", "other", "", "difference", "", "p");
	buf_append_char(text, '\n');
	for (size_t i = 0; i < iv->n; i++) {
		const struct interval *r = &iv->rows[i];

		buf_printf(text, "%-17s %-6s", metric_columns[r->metric].name, r->method);
		put_interval(text, r->value, r->low, r->high);
		if (e->against) {
			put_interval(text, r->against, r->against_low, r->against_high);
			buf_append_char(text, ' ');
			put_interval(text, r->difference, r->difference_low, r->difference_high);
			put_cell(text, 7, r->p_value);
		}
		buf_append_char(text, '\n');
	}
}

int eval_write_table(const struct evaluation *e, const struct intervals *intervals,
		     struct csv_writer *out, struct err *err)
{
	const struct evaluation_segment *s = e->segments;

	put_verdict(&out->row, e);
	put_classes(&out->row, &s->metrics);
	if (e->opts.threshold == EVALUATION_EARLIER)
		put_choice(&out->row, e);
	if (intervals)
		put_intervals(&out->row, e, intervals);
	for (size_t i = 1, n; i < e->n_segments; i += n) {
		for (n = 1; i + n < e->n_segments && s[i + n].column == s[i].column; n++)
			;
		if (write_segments(s + i, n, out, err))
			return -1;
	}
	return 0;
}
