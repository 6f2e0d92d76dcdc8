#include "eval/explain.h"

#include "base/mem.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX   ((size_t)1024)
#define VALUES_MAX ((size_t)128 * 1024) /* of all rows that are held */
#define PART_ROWS  ((size_t)32)         /* what a thread takes at once */

/* The row of the table that no feature has. */
#define BASE "(base)"

static size_t n_values(const struct explain *x)
{
	return x->model->encoding.n_values;
}

static const char *feature(const struct explain *x, size_t i)
{
	return encoding_valued(&x->model->encoding, (uint32_t)i)->name;
}

void explain_put_header(const struct explain *x, struct buf *out)
{
	for (size_t i = 1; i <= x->n_reasons; i++)
		buf_printf(out, "reason_%zu,contribution_%zu,", i, i);
}

/* Fails if the input has one of those columns. */
static int refuse_columns(const struct explain *x, struct err *err)
{
	static const char *const formats[] = { "reason_%zu", "contribution_%zu" };
	struct buf name = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; !rc && i < 2 * x->n_reasons; i++) {
		struct catalogue_column column = { 0 };

		buf_clear(&name);
		buf_printf(&name, formats[i % 2], i / 2 + 1);
		buf_append_char(&name, '\0');
		column.name = name.data;
		rc = columns_refuse(x->in, &column, 1, err);
	}
	buf_release(&name);
	return rc;
}

int explain_init(struct explain *x, const struct model *m, const struct csv_reader *in,
		 size_t n_reasons, bool has_table, int n_threads, struct err *err)
{
	size_t n = m->encoding.n_values;

	*x = (struct explain){
		.text = BUF_INIT,
		.model = m,
		.in = in,
		.n_reasons = n_reasons,
		.has_table = has_table,
		.n_max = n <= VALUES_MAX / ROWS_MAX ? ROWS_MAX : VALUES_MAX / n,
		.facts = BUF_INIT,
	};
	model_explainer_init(&x->explainer, m);
	x->pool = pool_new(n_threads);
	x->value = mem_alloc(x->n_max * n, sizeof(*x->value));
	x->contribution = mem_alloc(x->n_max * n, sizeof(*x->contribution));
	x->text_end = mem_alloc(x->n_max, sizeof(*x->text_end));
	for (size_t i = 0; has_table && i < n; i++)
		if (!strcmp(feature(x, i), BASE))
			return err_set(err, ERR_RUNTIME,
				       "the model has a feature named " BASE
				       ", as --contributions names the row without any");
	if (has_table) {
		x->fact_end = mem_alloc(x->n_max * (n + 1), sizeof(*x->fact_end));
		x->key = columns_require(in, "event_id", err);
		if (x->key < 0)
			return -1;
	}
	return refuse_columns(x, err);
}

void explain_put_table_header(struct csv_writer *table)
{
	catalogue_put_names(&table->row, catalogue_table("feature_contributions"));
	csv_end_row(&table->row);
}

/* Keeps the key and the features' values, as the table will have them. */
static void add_facts(struct explain *x, const struct csv_row *row, const int *index)
{
	const struct encoding *e = &x->model->encoding;
	size_t *end = x->fact_end + x->n * (n_values(x) + 1);

	csv_put_field(&x->facts, &row->fields[x->key]);
	*end++ = x->facts.len;
	for (uint32_t i = 0; i < e->n_values; i++) {
		csv_put_field(&x->facts, &row->fields[index[e->valued[i]]]);
		*end++ = x->facts.len;
	}
}

bool explain_add(struct explain *x, const struct csv_row *row, const int *index,
		 const double *value)
{
	double *to = x->value + x->n * n_values(x);

	for (size_t i = 0; i < n_values(x); i++)
		to[i] = value[i];
	if (x->has_table)
		add_facts(x, row, index);
	x->text_end[x->n++] = x->text.len;
	return x->n == x->n_max;
}

static void explain_part(void *context, size_t part)
{
	struct explain *x = context;
	size_t first = part * PART_ROWS, n = x->n - first < PART_ROWS ? x->n - first : PART_ROWS;

	model_explain(&x->explainer, x->value + first * n_values(x), n,
		      x->contribution + first * n_values(x));
}

/* The largest contributions first; of equal ones, those of earlier features. */
static void put_reasons(const struct explain *x, const double *contribution, struct buf *out)
{
	size_t largest[EXPLAIN_REASONS_MAX], n = 0;

	for (size_t i = 0; x->n_reasons && i < n_values(x); i++) {
		double size = fabs(contribution[i]);
		size_t place = n;

		while (place > 0 && size > fabs(contribution[largest[place - 1]]))
			place--;
		if (place == x->n_reasons || size == 0)
			continue;
		n += n < x->n_reasons;
		for (size_t k = n - 1; k > place; k--)
			largest[k] = largest[k - 1];
		largest[place] = i;
	}
	for (size_t i = 0; i < x->n_reasons; i++)
		if (i < n) {
			csv_put_str(out, feature(x, largest[i]));
			csv_put_real(out, contribution[largest[i]]);
		} else {
			csv_put_null(out);
			csv_put_null(out);
		}
}

static int write_contributions(const struct explain *x, size_t i, struct csv_writer *table,
			       struct err *err)
{
	const size_t *end = x->fact_end + i * (n_values(x) + 1);
	size_t start = i ? end[-1] : 0;
	struct row_feature_contributions row = {
		.event_id = csv_encoded(x->facts.data + start, end[0] - start - 1),
		.feature = csv_str(BASE),
		.contribution = csv_real(x->explainer.base),
	};

	csv_put_values(&table->row, CATALOGUE_VALUES(&row));
	if (csv_writer_end_row(table, err))
		return -1;
	for (size_t v = 0; v < n_values(x); v++) {
		row.feature = csv_str(feature(x, v));
		row.feature_value = csv_encoded(x->facts.data + end[v], end[v + 1] - end[v] - 1);
		row.contribution = csv_real(x->contribution[i * n_values(x) + v]);
		csv_put_values(&table->row, CATALOGUE_VALUES(&row));
		if (csv_writer_end_row(table, err))
			return -1;
	}
	return 0;
}

int explain_flush(struct explain *x, struct csv_writer *rows, struct csv_writer *table,
		  struct err *err)
{
	size_t start = 0;

	pool_run(x->pool, (x->n + PART_ROWS - 1) / PART_ROWS, explain_part, x);
	for (size_t i = 0; i < x->n; i++) {
		csv_put_raw(&rows->row, x->text.data + start, x->text_end[i] - start - 1);
		start = x->text_end[i];
		put_reasons(x, x->contribution + i * n_values(x), &rows->row);
		if (csv_writer_end_row(rows, err) ||
		    (x->has_table && write_contributions(x, i, table, err)))
			return -1;
	}
	x->n = 0;
	buf_clear(&x->text);
	buf_clear(&x->facts);
	return 0;
}

void explain_release(struct explain *x)
{
	model_explainer_release(&x->explainer);
	pool_free(x->pool);
	free(x->value);
	free(x->contribution);
	free(x->text_end);
	free(x->fact_end);
	buf_release(&x->text);
	buf_release(&x->facts);
	*x = (struct explain)EXPLAIN_INIT;
}
