#include "model/model_blend.h"

#include "base/mem.h"
#include "model/modelsql.h"
#include "model/sqltext.h"
#include "model/treelines.h"

#include <stdlib.h>

/* Halves of scores no larger than this are taken as 0 in SQL, for they could be too small. */
#define SUM_MIN 1e-300

struct model model_blend_part(const struct model *m, int i)
{
	struct model_blend *b = m->fit;
	struct model part = *m;

	part.learner = i ? &learner_gbdt : &learner_logistic;
	part.fit = i ? (void *)&b->gbdt : &b->logistic;
	return part;
}

static double score(const struct model *m, const double *value, struct matrix_row *scratch)
{
	double sum = 0;

	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		sum += model_score(&part, value, scratch);
	}
	return sum / MODEL_BLEND_PARTS;
}

/* What is prepared of each part. */
struct prepared {
	void *part[MODEL_BLEND_PARTS];
};

static void *explain_new(const struct model *m, double *base)
{
	struct prepared *p = mem_alloc(1, sizeof(*p));
	double sum = 0;

	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		p->part[i] = part.learner->explain_new(&part, base);
		sum += *base;
	}
	*base = sum / MODEL_BLEND_PARTS;
	return p;
}

static void explain(const struct model *m, const void *prepared, const double *value, size_t n,
		    double *contribution)
{
	const struct prepared *p = prepared;
	const size_t n_values = n * m->encoding.n_values;
	double *one = mem_alloc(n_values, sizeof(*one));

	for (size_t k = 0; k < n_values; k++)
		contribution[k] = 0;
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		part.learner->explain(&part, p->part[i], value, n, one);
		for (size_t k = 0; k < n_values; k++)
			contribution[k] += one[k] / MODEL_BLEND_PARTS;
	}
	free(one);
}

static void explain_free(void *prepared)
{
	struct prepared *p = prepared;

	learner_logistic.explain_free(p->part[0]);
	learner_gbdt.explain_free(p->part[1]);
	free(p);
}

static void release(void *fit)
{
	struct model_blend *b = fit;

	learner_logistic.release(&b->logistic);
	learner_gbdt.release(&b->gbdt);
}

/* The file ------------------------------------------------------------------------------------- */

static void format(struct buf *out, const struct model *m)
{
	const struct model_blend *b = m->fit;
	struct model logistic = model_blend_part(m, 0), gbdt = model_blend_part(m, 1);

	logistic.learner->format(out, &logistic);
	model_gbdt_put_options(out, &gbdt);
	treelines_put(out, &b->gbdt.trees, &m->encoding);
}

static int parse(struct lines *s, struct model *m)
{
	struct model_blend *b = m->fit;
	struct model logistic = model_blend_part(m, 0), gbdt = model_blend_part(m, 1);
	int rc = logistic.learner->parse(s, &logistic);

	m->encoding = logistic.encoding;
	return rc || model_gbdt_read_options(s, &gbdt) ||
			       treelines_read(s, &b->gbdt.trees, &m->encoding)
		       ? -1
		       : 0;
}

/* The text for people -------------------------------------------------------------------------- */

/* What it says of its parts is indented, so that their figures, a loss say, are not taken for its
 * own. */
static void put_summary(struct buf *out, const struct model *m)
{
	struct buf text = BUF_INIT;

	buf_append_str(out,
		       "model         a blend: its score is the mean of those of two models\n");
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		part.learner->put_summary(&text, &part);
	}
	for (size_t i = 0; i < text.len; i++) {
		if (!i || text.data[i - 1] == '\n')
			buf_append_str(out, "  ");
		buf_append_char(out, text.data[i]);
	}
	buf_release(&text);
}

static void put_columns(struct buf *out, const struct model *m)
{
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		part.learner->put_columns(out, &part);
	}
}

static int write_trees(struct gz_writer *out, const struct model *m, struct err *err)
{
	struct model gbdt = model_blend_part(m, 1);

	return gbdt.learner->write_trees(out, &gbdt, err);
}

/* JSON ----------------------------------------------------------------------------------------- */

static void put_json(struct jsonout *j, const struct model *m)
{
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		part.learner->put_json(j, &part);
	}
}

/* SQL ------------------------------------------------------------------------------------------ */

static void used_values(const struct model *m, bool *used)
{
	for (int i = 0; i < MODEL_BLEND_PARTS; i++) {
		struct model part = model_blend_part(m, i);

		part.learner->used_values(&part, used);
	}
}

static void sql_term(struct buf *out, const void *context, size_t i)
{
	struct model part = model_blend_part(context, (int)i);

	modelsql_put_score(out, &part);
}

static void put_sql(struct buf *out, const struct model *m)
{
	buf_append_str(out, "(SELECT CASE WHEN abs(sum) > ");
	sqltext_number(out, SUM_MIN);
	buf_printf(out, " THEN sum / %d ELSE 0 END\nFROM (SELECT ", MODEL_BLEND_PARTS);
	sqltext_sum(out, sql_term, m, 0, MODEL_BLEND_PARTS);
	buf_append_str(out, " AS sum OFFSET 0) AS ce_sum)");
}

const struct model_learner learner_blend = {
	.name = "blend",
	.size = sizeof(struct model_blend),
	.release = release,
	.score = score,
	.explain_new = explain_new,
	.explain = explain,
	.explain_free = explain_free,
	.format = format,
	.parse = parse,
	.put_summary = put_summary,
	.put_columns = put_columns,
	.put_json = put_json,
	.write_trees = write_trees,
	.used_values = used_values,
	.put_sql = put_sql,
};
