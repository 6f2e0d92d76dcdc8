/* The text of a model, written. */
#include "io/gzio.h"
#include "model/lines.h"
#include "model/model.h"
#include "model/treelines.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_name(struct buf *out, const char *keyword, const char *name)
{
	buf_append_str(out, keyword);
	if (name)
		lines_put_string(out, name, strlen(name));
	else
		lines_put_word(out, "-");
	buf_append_char(out, '\n');
}

static void put_split(struct buf *out, const struct split *s)
{
	put_name(out, "label", s->label);
	put_name(out, "time", s->time);
	put_name(out, "known", s->known);
	buf_append_str(out, "cut");
	if (s->has_cut)
		lines_put_int(out, s->cut);
	else
		lines_put_word(out, "-");
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		buf_append_char(out, '\n');
		buf_append_str(out, split_part_name((enum split_part)part));
		lines_put_count(out, s->rows[part]);
		if (part != SPLIT_UNLABELLED)
			lines_put_count(out, s->positives[part]);
	}
	buf_append_char(out, '\n');
}

static void put_number(struct buf *out, const char *keyword, double value)
{
	buf_append_str(out, keyword);
	lines_put_double(out, value);
	buf_append_char(out, '\n');
}

static void put_int(struct buf *out, const char *keyword, int64_t value)
{
	buf_append_str(out, keyword);
	lines_put_int(out, value);
	buf_append_char(out, '\n');
}

static void put_options(struct buf *out, const struct model *m)
{
	buf_append_str(out, "class_weight");
	if (m->balance.weight == CLASSWEIGHT_WEIGHT_RATIO)
		lines_put_double(out, m->balance.ratio);
	else
		lines_put_word(out, m->balance.weight == CLASSWEIGHT_WEIGHT_BALANCED ? "balanced"
										     : "none");
	buf_append_str(out, "\nresample");
	lines_put_word(out, model_resample_names[m->balance.resample]);
	buf_append_char(out, '\n');
	put_int(out, "seed", m->balance.seed);
	put_int(out, "validation", m->validation);
	put_int(out, "learnt", (int64_t)m->learnt);
	put_int(out, "bins", (int64_t)m->bins);
}

/* Ends a line with a coefficient and its standard error. */
static void put_coef(struct buf *out, double coef, double se)
{
	lines_put_double(out, coef);
	if (isfinite(se))
		lines_put_double(out, se);
	else
		lines_put_word(out, "-");
	buf_append_char(out, '\n');
}

/* The same of that number, unless the model has none. */
static void put_coef_at(struct buf *out, const struct model *m, size_t at)
{
	if (m->kind == MODEL_LOGISTIC)
		put_coef(out, m->logistic.coef[at], m->logistic.se[at]);
	else
		buf_append_char(out, '\n');
}

static void put_logistic(struct buf *out, const struct model *m)
{
	buf_append_str(out, "l2");
	lines_put_double(out, m->options.l2);
	buf_append_str(out, m->l2_chosen ? " auto\n" : "\n");
	put_number(out, "tolerance", m->options.tolerance);
	put_int(out, "iterations", m->logistic.iterations);
	put_number(out, "gradient", m->logistic.gradient);
	put_number(out, "objective", m->logistic.objective);
	buf_append_str(out, "intercept");
	put_coef(out, m->logistic.intercept, m->logistic.intercept_se);
}

static void put_gbdt(struct buf *out, const struct model *m)
{
	const struct gbdt_options *o = &m->boosting;

	put_number(out, "rate", o->tree.rate);
	put_int(out, "max_trees", o->trees);
	put_int(out, "depth", o->tree.depth);
	put_int(out, "leaves", o->tree.leaves);
	put_number(out, "l2", o->tree.l2);
	put_number(out, "min_weight", o->tree.min_weight);
	put_number(out, "rows", o->rows);
	put_number(out, "columns", o->columns);
	put_int(out, "patience", o->patience);
	put_int(out, "tried", (int64_t)m->report.n_tried);
	put_number(out, "train_loss", m->report.train_loss);
	if (m->validation)
		put_number(out, "validation_loss", m->report.held_loss);
	else
		buf_append_str(out, "validation_loss -\n");
}

static void put_levels(struct buf *out, const struct model *m, const struct encoding_column *c)
{
	size_t onehot = m->encoding.shape.dense + c->onehot;

	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *level = intern_string(&c->levels, i);

		buf_append_str(out, "level");
		lines_put_string(out, level->s, level->len);
		lines_put_count(out, c->level_rows[i]);
		put_coef_at(out, m, onehot + i);
	}
	buf_append_str(out, "other");
	lines_put_count(out, c->level_rows[c->levels.n]);
	put_coef_at(out, m, onehot + c->levels.n);
}

static void put_bins(struct buf *out, const struct model *m, const struct encoding_column *c)
{
	size_t onehot = m->encoding.shape.dense + c->onehot + (c->n_missing > 0);

	for (size_t i = 0; i <= c->n_edges; i++) {
		buf_append_str(out, "bin");
		if (i < c->n_edges)
			lines_put_double(out, c->edges[i]);
		else
			lines_put_word(out, "-");
		put_coef_at(out, m, onehot + i);
	}
}

static void put_column(struct buf *out, const struct model *m, const struct encoding_column *c)
{
	static const char *const keywords[] = { "number", "category", "bins", "constant" };

	buf_append_str(out, keywords[c->kind]);
	lines_put_string(out, c->name, strlen(c->name));
	if (c->kind != ENCODING_NUMBER) {
		buf_append_char(out, '\n');
	} else {
		lines_put_double(out, c->mean);
		lines_put_double(out, c->sd);
		put_coef_at(out, m, c->dense);
	}
	if (c->n_missing) {
		buf_append_str(out, "missing");
		lines_put_count(out, c->n_missing);
		put_coef_at(out, m, m->encoding.shape.dense + c->onehot);
	}
	if (c->kind == ENCODING_CATEGORY)
		put_levels(out, m, c);
	else if (c->kind == ENCODING_BINNED)
		put_bins(out, m, c);
}

static void put_interaction(struct buf *out, const struct model *m,
			    const struct encoding_interaction *i)
{
	size_t first = encoding_product(&m->encoding, i);

	buf_append_str(out, "interaction");
	for (int k = 0; k < 2; k++) {
		const char *name = m->encoding.columns[i->column[k]].name;

		lines_put_string(out, name, strlen(name));
	}
	buf_append_char(out, '\n');
	for (uint32_t k = 0; k < i->n; k++) {
		buf_append_str(out, "product");
		put_coef_at(out, m, first + k);
	}
}

static void put_calibration(struct buf *out, const struct calibration *c)
{
	buf_append_str(out, "calibration");
	lines_put_word(out, model_calibration_names[c->kind]);
	if (c->kind == CALIBRATION_PLATT) {
		lines_put_double(out, c->slope);
		lines_put_double(out, c->intercept);
	} else if (c->kind == CALIBRATION_ISOTONIC) {
		lines_put_count(out, c->n);
	}
	buf_append_char(out, '\n');
	for (size_t i = 0; i < c->n; i++) {
		buf_append_str(out, "knot");
		lines_put_double(out, c->score[i]);
		lines_put_double(out, c->probability[i]);
		buf_append_char(out, '\n');
	}
}

void model_put_crc(struct buf *out, const char *text, size_t len)
{
	char value[16];

	snprintf(value, sizeof(value), "%08" PRIx32, gz_crc32(0, text, len));
	lines_put_word(out, value);
}

void model_format(struct buf *out, const struct model *m)
{
	size_t start = out->len, len;

	buf_append_str(out, "ce-model 2\nkind");
	lines_put_word(out, model_kind_names[m->kind]);
	buf_append_char(out, '\n');
	put_split(out, &m->split);
	put_options(out, m);
	if (m->kind == MODEL_GBDT)
		put_gbdt(out, m);
	else
		put_logistic(out, m);
	for (size_t i = 0; i < m->encoding.n; i++)
		put_column(out, m, &m->encoding.columns[i]);
	for (size_t i = 0; i < m->encoding.n_interactions; i++)
		put_interaction(out, m, &m->encoding.interactions[i]);
	if (m->kind == MODEL_GBDT)
		treelines_put(out, &m->trees, &m->encoding);
	put_calibration(out, &m->calibration);
	len = out->len - start;
	buf_append_str(out, "crc32");
	model_put_crc(out, out->data + start, len);
	buf_append_char(out, '\n');
}
