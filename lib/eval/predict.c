#include "eval/predict.h"

#include "base/mem.h"
#include "base/pool.h"
#include "eval/importance.h"
#include "model/splittext.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The table of predictions: its keys, then the columns that are added to any input. */
#define N_ADDED   ((size_t)5)
#define MANY_ROWS 100 /* a number may well be empty in fewer */

#define ASSERT_ADDED(column)                                                                       \
	_Static_assert(sizeof(struct row_completion_predictions) -                                 \
				       offsetof(struct row_completion_predictions, column) <=      \
			       N_ADDED * sizeof(struct csv_value),                                 \
		       #column " is not one of the last")
ASSERT_ADDED(completion_probability);
ASSERT_ADDED(predicted_completion);
ASSERT_ADDED(split);
ASSERT_ADDED(model_id);
ASSERT_ADDED(scored_at);

static const struct catalogue_table *predictions(void)
{
	return catalogue_table("completion_predictions");
}

static size_t n_keys(const struct predict *p)
{
	return p->options->keys ? predictions()->n - N_ADDED : 0;
}

static bool is_explained(const struct predict *p)
{
	return p->options->reasons || p->options->contributions;
}

/* Whether the maturity of rows matters. */
static bool has_horizon(const struct split *s)
{
	return s->has_cut && s->has_horizon;
}

/* All numbers that the score depends on are empty so far. */
static void expect_numbers(struct predict *p)
{
	const struct encoding *e = &p->model->encoding;
	bool *is_used = mem_zalloc(e->n_values, sizeof(*is_used));

	p->model->learner->used_values(p->model, is_used);
	p->empty = mem_alloc(e->n_values, sizeof(*p->empty));
	for (uint32_t i = 0; i < e->n_values; i++)
		if (is_used[i] && encoding_is_number(encoding_valued(e, i)))
			p->empty[p->n_empty++] = i;
	free(is_used);
}

int predict_init(struct predict *p, const struct predict_options *options,
		 const struct model *model, const struct csv_reader *in, struct err *err)
{
	const struct catalogue_table *table = predictions();
	const struct encoding *e = &model->encoding;

	*p = (struct predict){
		.options = options,
		.model = model,
		.in = in,
		.split = model->split,
		.na = { .tokens = &model->na },
		.explain = EXPLAIN_INIT,
		.latest = LATEST_INIT,
	};
	p->index = mem_alloc(e->n, sizeof(*p->index));
	p->key = mem_alloc(n_keys(p), sizeof(*p->key));
	p->value = mem_alloc(e->n_values, sizeof(*p->value));
	expect_numbers(p);
	matrix_row_init(&p->scratch, &e->shape);
	/* Streams of the seed that no shuffling has: those count from 0. */
	sample_init(&p->train, options->sample, e->n_values, options->seed, UINT64_MAX);
	sample_init(&p->test, options->sample, e->n_values, options->seed, UINT64_MAX - 1);
	for (size_t i = 0; i < n_keys(p); i++) {
		p->key[i] = columns_require(in, table->columns[i].name, err);
		if (p->key[i] < 0)
			return -1;
	}
	if (options->latest) {
		p->latest.column = columns_require(in, options->latest, err);
		p->latest.n_fields = is_explained(p) ? in->header.n : 0;
		if (p->latest.column < 0)
			return -1;
	}
	if (options->watermark && has_horizon(&p->split) &&
	    split_read_end(&p->split, options->watermark, err))
		return -1;
	return columns_refuse(in, table->columns + table->n - N_ADDED, N_ADDED, err) ||
			       split_bind(&p->split, in, &p->at, err) ||
			       encoding_bind(e, in, p->index, err) ||
			       (is_explained(p) &&
				explain_init(&p->explain, model, in, options->reasons,
					     options->contributions, options->threads, err))
		       ? -1
		       : 0;
}

void predict_start(struct predict *p, struct csv_writer *rows, struct csv_writer *contributions)
{
	const struct catalogue_table *table = predictions();

	p->rows = rows;
	p->contributions = contributions;
	for (size_t i = 0; !p->options->keys && i < p->in->header.n; i++)
		csv_put_str(&rows->row, p->in->header.names[i]);
	for (size_t i = p->options->keys ? 0 : table->n - N_ADDED; i < table->n; i++)
		csv_put_str(&rows->row, table->columns[i].name);
	if (is_explained(p))
		explain_put_header(&p->explain, &rows->row);
	csv_end_row(&rows->row);
	if (contributions)
		explain_put_table_header(contributions);
}

static bool is_sampled(const struct predict *p, enum split_part part)
{
	const struct predict_options *o = p->options;

	return (part == SPLIT_TEST && (o->importance || o->distribution)) ||
	       (part == SPLIT_TRAIN && o->distribution);
}

static void put_added(const struct predict *p, double probability, enum split_part part,
		      struct buf *out)
{
	const struct row_completion_predictions row = {
		.completion_probability = csv_real(probability),
		.predicted_completion = csv_int(probability >= p->options->threshold),
		.split = csv_str(split_part_name(part)),
		.model_id = csv_str(p->model->id),
		.scored_at = csv_int(p->options->scored_at),
	};

	csv_put_values(out, (const struct csv_value *)&row + predictions()->n - N_ADDED, N_ADDED);
}

/* A row as it comes out, but for its reasons. */
static void put_row(const struct predict *p, const struct csv_row *row, double probability,
		    enum split_part part, struct buf *out)
{
	if (!p->options->keys)
		csv_put_row(out, row);
	for (size_t i = 0; i < n_keys(p); i++)
		csv_put_field(out, &row->fields[p->key[i]]);
	put_added(p, probability, part, out);
}

/* Soon there is none that was empty in all rows. */
static void look_for_empty(struct predict *p)
{
	p->n_scored++;
	for (size_t i = p->n_empty; i-- > 0;)
		if (!isnan(p->value[p->empty[i]]))
			p->empty[i] = p->empty[--p->n_empty];
}

/* Adds a row, whose text is there and whose values are p's, to those to be explained. */
static int explain_row(struct predict *p, const struct csv_row *row, struct err *err)
{
	return explain_add(&p->explain, row, p->index, p->value)
		       ? explain_flush(&p->explain, p->rows, p->contributions, err)
		       : 0;
}

int predict_row(struct predict *p, const struct csv_row *row, struct err *err)
{
	const struct predict_options *o = p->options;
	const struct csv_row *read = na_row(&p->na, row); /* what is written is the row as it is */
	struct split_row at;
	enum split_part part;
	double probability;
	bool is_written;

	if (split_read(&p->at, p->in, read, &at, err))
		return -1;
	part = split_part(&p->split, &at);
	/* Where unlabelled rows alone are wanted, no label is judged. */
	p->n_late += at.labelled && at.time > p->split.end && p->options->part != SPLIT_UNLABELLED;
	is_written = o->part == SPLIT_N_PARTS || o->part == (int)part;
	if (!is_written && !is_sampled(p, part))
		return 0;
	if (encoding_read(&p->model->encoding, p->index, p->in, read, p->value, err))
		return -1;
	look_for_empty(p);
	probability = model_probability(p->model, p->value, &p->scratch);
	if (is_sampled(p, part))
		sample_offer(part == SPLIT_TEST ? &p->test : &p->train, p->value, probability,
			     at.label);
	if (!is_written)
		return 0;
	if (o->latest) {
		buf_clear(&p->line);
		put_row(p, row, probability, part, &p->line);
		latest_keep(&p->latest, row, p->line.data, p->line.len);
		return 0;
	}
	if (!is_explained(p)) {
		put_row(p, row, probability, part, &p->rows->row);
		return csv_writer_end_row(p->rows, err);
	}
	put_row(p, row, probability, part, &p->explain.text);
	return explain_row(p, row, err);
}

/* Where a row of `latest` goes to. */
struct last {
	struct predict *p;
	struct err *err;
};

/* Writes a row that `latest` has kept, as predict_row would have: its values were read before. */
static int write_last(void *context, const char *text, size_t len, const struct csv_row *row)
{
	const struct last *last = context;
	struct predict *p = last->p;

	if (!row) {
		csv_put_raw(&p->rows->row, text, len - 1);
		return csv_writer_end_row(p->rows, last->err);
	}
	buf_append(&p->explain.text, text, len);
	return encoding_read(&p->model->encoding, p->index, p->in, na_row(&p->na, row), p->value,
			     last->err) ||
			       explain_row(p, row, last->err)
		       ? -1
		       : 0;
}

int predict_finish(struct predict *p, struct err *err)
{
	struct last last = { p, err };

	if (p->options->latest && latest_visit(&p->latest, write_last, &last))
		return -1;
	return is_explained(p) ? explain_flush(&p->explain, p->rows, p->contributions, err) : 0;
}

static void warn_of_end(const struct predict *p, struct warnings *w)
{
	const char *watermark = p->options->watermark;
	struct buf end = BUF_INIT;

	if (!has_horizon(&p->split)) {
		if (watermark)
			warnings_add(w,
				     "--watermark has no effect: the model has no horizon, or no "
				     "test part");
		return;
	}
	if (!p->n_late)
		return;
	splittext_put_time(&end, &p->split, p->split.end);
	warnings_add(w,
		     watermark ? "%llu labelled rows are after the watermark, %.*s: does the log "
				 "end later? (--watermark)"
			       : "%llu labelled rows are after the end of the model's rows, %.*s, "
				 "and cannot be test rows: say where the log ends that their "
				 "labels come from (--watermark)",
		     (unsigned long long)p->n_late, (int)end.len, end.data);
	buf_release(&end);
}

/* In the order of the columns. */
static void warn_of_empty(const struct predict *p, struct warnings *w)
{
	const struct encoding *e = &p->model->encoding;
	bool *is_empty = mem_zalloc(e->n_values, sizeof(*is_empty));
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < p->n_empty; i++)
		is_empty[p->empty[i]] = true;
	for (uint32_t i = 0; i < e->n_values; i++)
		if (is_empty[i])
			buf_printf(&names, "%s%s", names.len ? ", " : "",
				   encoding_valued(e, i)->name);
	if (p->n_empty && p->n_scored >= MANY_ROWS)
		warnings_add(w,
			     "column%s %.*s %s empty in all %llu rows, and the model relies on "
			     "%s: %s left out on the way here? (ce-online, --keep)",
			     p->n_empty > 1 ? "s" : "", (int)names.len, names.data,
			     p->n_empty > 1 ? "are" : "is", (unsigned long long)p->n_scored,
			     p->n_empty > 1 ? "them" : "it",
			     p->n_empty > 1 ? "were they" : "was it");
	buf_release(&names);
	free(is_empty);
}

void predict_warn(const struct predict *p, struct warnings *w)
{
	size_t n_positive = 0;

	warn_of_end(p, w);
	warn_of_empty(p, w);
	for (size_t i = 0; i < p->test.n; i++)
		n_positive += p->test.labels[i];
	if (p->options->importance && p->test.n && (!n_positive || n_positive == p->test.n))
		warnings_add(
			w,
			"--importance: the label (column %s) is %d in all %zu test rows of the "
			"sample: it has no AUC (--sample)",
			p->model->split.label, n_positive > 0, p->test.n);
}

/* Puts where the rows came from, and the option that needs them, before what is wrong with them. */
static int fail_of_rows(const struct predict *p, const char *option, struct err *err)
{
	struct err why = *err;

	return err_set(err, why.kind, "%s: %s: %s", p->in->file, option, why.message);
}

int predict_write_importance(const struct predict *p, struct csv_writer *out, struct err *err)
{
	struct pool *pool = pool_new(p->options->threads);
	struct importance importance;
	int rc = importance_compute(&importance, p->model, &p->test, p->options->repeats,
				    p->options->seed, pool, err);

	pool_free(pool);
	rc = rc ? fail_of_rows(p, "--importance", err) : importance_write(&importance, out, err);
	importance_release(&importance);
	return rc;
}

int predict_distribution(const struct predict *p, struct distribution *d, struct err *err)
{
	const struct sample *const parts[] = { &p->train, &p->test };

	return distribution_compute(d, p->model, parts, err)
		       ? fail_of_rows(p, p->options->distribution, err)
		       : 0;
}

void predict_release(struct predict *p)
{
	explain_release(&p->explain);
	latest_release(&p->latest);
	buf_release(&p->line);
	matrix_row_release(&p->scratch);
	na_release(&p->na);
	sample_release(&p->train);
	sample_release(&p->test);
	free(p->value);
	free(p->empty);
	free(p->index);
	free(p->key);
	*p = (struct predict){ 0 };
}
