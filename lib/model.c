#include "model.h"

#include "gzio.h"
#include "lines.h"
#include "mem.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  ((size_t)64 * 1024 * 1024)
#define READ_SIZE ((size_t)64 * 1024)

static const char *const resample_names[] = { "none", "over", "under", NULL };

double model_probability(const struct model *m, const struct encoding_row *row)
{
	return logistic_probability(logistic_score(&m->logistic, row->dense, m->encoding.n_dense,
						   row->active, row->n_active));
}

void model_release(struct model *m)
{
	split_release(&m->split);
	encoding_release(&m->encoding);
	logistic_release(&m->logistic);
}

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

static void put_options(struct buf *out, const struct model *m)
{
	buf_append_str(out, "class_weight");
	if (m->balance.weight == BALANCE_WEIGHT_RATIO)
		lines_put_double(out, m->balance.ratio);
	else
		lines_put_word(out,
			       m->balance.weight == BALANCE_WEIGHT_BALANCED ? "balanced" : "none");
	buf_append_str(out, "\nresample");
	lines_put_word(out, resample_names[m->balance.resample]);
	buf_append_str(out, "\nseed");
	lines_put_int(out, m->balance.seed);
	buf_append_str(out, "\nl2");
	lines_put_double(out, m->options.l2);
	buf_append_str(out, "\ntolerance");
	lines_put_double(out, m->options.tolerance);
	buf_append_str(out, "\niterations");
	lines_put_int(out, m->logistic.iterations);
	buf_append_str(out, "\ngradient");
	lines_put_double(out, m->logistic.gradient);
	buf_append_str(out, "\nobjective");
	lines_put_double(out, m->logistic.objective);
	buf_append_str(out, "\nintercept");
	lines_put_double(out, m->logistic.intercept);
	buf_append_char(out, '\n');
}

static void put_rows_coef(struct buf *out, uint64_t rows, double coef)
{
	lines_put_count(out, rows);
	lines_put_double(out, coef);
	buf_append_char(out, '\n');
}

static void put_column(struct buf *out, const struct encoding_column *c, const double *dense,
		       const double *onehot)
{
	static const char *const keywords[] = { "number", "category", "constant" };

	buf_append_str(out, keywords[c->kind]);
	lines_put_string(out, c->name, strlen(c->name));
	if (c->kind == ENCODING_NUMBER) {
		lines_put_double(out, c->mean);
		lines_put_double(out, c->sd);
		lines_put_double(out, dense[c->dense]);
	}
	buf_append_char(out, '\n');
	if (c->kind == ENCODING_NUMBER && c->n_missing) {
		buf_append_str(out, "missing");
		put_rows_coef(out, c->n_missing, onehot[c->onehot]);
	}
	if (c->kind != ENCODING_CATEGORY)
		return;
	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *level = intern_string(&c->levels, i);

		buf_append_str(out, "level");
		lines_put_string(out, level->s, level->len);
		put_rows_coef(out, c->level_rows[i], onehot[c->onehot + i]);
	}
	buf_append_str(out, "other");
	put_rows_coef(out, c->level_rows[c->levels.n], onehot[c->onehot + c->levels.n]);
}

static void put_crc(struct buf *out, const char *text, size_t len)
{
	char value[16];

	snprintf(value, sizeof(value), "%08" PRIx32, gz_crc32(0, text, len));
	lines_put_word(out, value);
}

void model_format(struct buf *out, const struct model *m)
{
	size_t start = out->len, len;

	buf_append_str(out, "ce-model 1\nkind logistic\n");
	put_split(out, &m->split);
	put_options(out, m);
	for (size_t i = 0; i < m->encoding.n; i++)
		put_column(out, &m->encoding.columns[i], m->logistic.coef,
			   m->logistic.coef + m->encoding.n_dense);
	len = out->len - start;
	buf_append_str(out, "crc32");
	put_crc(out, out->data + start, len);
	buf_append_char(out, '\n');
}

/* The line of one of the split's columns; `-` leaves *name NULL. */
static int read_split_name(struct lines *s, const char *keyword, bool optional, char **name)
{
	struct buf text = BUF_INIT;
	int rc = -1;

	if (lines_keyword(s, keyword))
		return -1;
	if (optional && lines_have(s, " -"))
		return lines_end(s);
	if (!lines_name(s, &text) && !lines_end(s)) {
		*name = mem_dup(text.data, text.len);
		rc = 0;
	}
	buf_release(&text);
	return rc;
}

static int read_split(struct lines *s, struct split *split)
{
	if (read_split_name(s, "label", false, &split->label) ||
	    read_split_name(s, "time", true, &split->time) ||
	    read_split_name(s, "known", true, &split->known) || lines_keyword(s, "cut"))
		return -1;
	split->has_cut = !lines_have(s, " -");
	if ((split->has_cut && lines_int(s, INT64_MIN, INT64_MAX, &split->cut)) || lines_end(s))
		return -1;
	if (split->has_cut && !split->time)
		return lines_fail(s, "a cut without a time column");
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		if (lines_keyword(s, split_part_name((enum split_part)part)) ||
		    lines_count(s, &split->rows[part]) ||
		    (part != SPLIT_UNLABELLED && lines_count(s, &split->positives[part])) ||
		    lines_end(s))
			return -1;
		if (split->positives[part] > split->rows[part])
			return lines_fail(s, "more positives than rows");
	}
	return 0;
}

static int read_class_weight(struct lines *s, struct balance *balance)
{
	if (lines_keyword(s, "class_weight"))
		return -1;
	if (lines_have(s, " none")) {
		balance->weight = BALANCE_WEIGHT_NONE;
	} else if (lines_have(s, " balanced")) {
		balance->weight = BALANCE_WEIGHT_BALANCED;
	} else {
		balance->weight = BALANCE_WEIGHT_RATIO;
		if (lines_positive(s, &balance->ratio))
			return -1;
	}
	return lines_end(s);
}

/* Values are clamped to ENCODING_MAX, so with coefficients in this range a score is finite. */
#define COEF_MAX 1e100

/* A coefficient at the end of its line. */
static int read_coef(struct lines *s, double *coef)
{
	if (lines_double(s, -COEF_MAX, coef))
		return -1;
	return *coef > COEF_MAX ? lines_fail(s, "a number out of range") : lines_end(s);
}

static int read_options(struct lines *s, struct model *m)
{
	int64_t iterations;
	int resample = 0;

	if (read_class_weight(s, &m->balance) || lines_keyword(s, "resample") ||
	    lines_choice(s, resample_names, &resample) || lines_end(s) ||
	    lines_keyword(s, "seed") || lines_int(s, 0, INT64_MAX, &m->balance.seed) ||
	    lines_end(s) || lines_keyword(s, "l2") || lines_double(s, 0, &m->options.l2) ||
	    lines_end(s) || lines_keyword(s, "tolerance") ||
	    lines_positive(s, &m->options.tolerance) || lines_end(s) ||
	    lines_keyword(s, "iterations") || lines_int(s, 0, INT32_MAX, &iterations) ||
	    lines_end(s) || lines_keyword(s, "gradient") ||
	    lines_double(s, 0, &m->logistic.gradient) || lines_end(s) ||
	    lines_keyword(s, "objective") || lines_double(s, 0, &m->logistic.objective) ||
	    lines_end(s) || lines_keyword(s, "intercept") || read_coef(s, &m->logistic.intercept))
		return -1;
	m->balance.resample = (enum balance_resample)resample;
	m->logistic.iterations = (int)iterations;
	m->logistic.converged = m->logistic.gradient <= m->options.tolerance;
	return 0;
}

/* Coefficients as they are read, before it is known how many there are. */
struct coefs {
	double *v;
	size_t n, cap;
};

static int take_coef(struct lines *s, struct coefs *coefs)
{
	double value;

	if (read_coef(s, &value))
		return -1;
	if (coefs->n == LOGISTIC_COEFFICIENTS_MAX)
		return lines_fail(s, "too many coefficients");
	if (coefs->n == coefs->cap) {
		coefs->cap = mem_grow(coefs->cap, coefs->n + 1);
		coefs->v = mem_realloc(coefs->v, coefs->cap, sizeof(*coefs->v));
	}
	coefs->v[coefs->n++] = value;
	return 0;
}

static int read_number(struct lines *s, struct encoding_column *c, struct coefs *dense,
		       struct coefs *onehot)
{
	if (lines_double(s, -DBL_MAX, &c->mean) || lines_positive(s, &c->sd) || take_coef(s, dense))
		return -1;
	if (!lines_next_is(s, "missing"))
		return 0;
	if (lines_count(s, &c->n_missing) || take_coef(s, onehot))
		return -1;
	return c->n_missing ? 0 : lines_fail(s, "a number out of range");
}

static int read_category(struct lines *s, struct encoding_column *c, struct buf *text,
			 struct coefs *onehot)
{
	uint32_t n = 0;

	if (lines_end(s))
		return -1;
	c->level_rows = mem_zalloc(ENCODING_LEVELS + 1, sizeof(*c->level_rows));
	for (; lines_next_is(s, "level"); n++) {
		if (n == ENCODING_LEVELS)
			return lines_fail(s, "too many levels");
		if (lines_string(s, text))
			return -1;
		if (intern_id(&c->levels, text->data, text->len) != n)
			return lines_fail(s, "a level stands twice");
		if (lines_count(s, &c->level_rows[n]) || take_coef(s, onehot))
			return -1;
	}
	return lines_keyword(s, "other") || lines_count(s, &c->level_rows[n]) ||
			       take_coef(s, onehot)
		       ? -1
		       : 0;
}

/* What reading the columns needs beside the model. */
struct columns {
	struct coefs dense, onehot;
	struct intern names;
	struct buf text;
};

/* Reads the column whose first line is the current one, up to its name. */
static int read_column(struct lines *s, struct encoding *e, struct columns *columns,
		       enum encoding_kind kind)
{
	struct encoding_column *c;
	struct buf *text = &columns->text;
	uint32_t n = columns->names.n;
	int rc;

	if (n == ENCODING_COLUMNS_MAX)
		return lines_fail(s, "too many columns");
	if (lines_name(s, text))
		return -1;
	if (intern_id(&columns->names, text->data, text->len) != n)
		return lines_fail(s, "a column stands twice");
	c = encoding_add(e, text->data, kind);
	if (kind == ENCODING_NUMBER)
		rc = read_number(s, c, &columns->dense, &columns->onehot);
	else if (kind == ENCODING_CATEGORY)
		rc = read_category(s, c, text, &columns->onehot);
	else
		rc = lines_end(s);
	encoding_place(e);
	return rc;
}

static int read_columns(struct lines *s, struct encoding *e, struct columns *columns)
{
	for (;;) {
		enum encoding_kind kind;

		if (lines_next(s))
			return -1;
		if (lines_have(s, "crc32"))
			return 0;
		if (lines_have(s, "number"))
			kind = ENCODING_NUMBER;
		else if (lines_have(s, "category"))
			kind = ENCODING_CATEGORY;
		else if (lines_have(s, "constant"))
			kind = ENCODING_CONSTANT;
		else
			return lines_fail(
				s, "expected a column (number, category, constant) or 'crc32'");
		if (read_column(s, e, columns, kind))
			return -1;
	}
}

/* The coefficients of a model: those of the dense columns, then those of the one-hot columns. */
static void join_coefs(struct logistic *fit, const struct coefs *dense, const struct coefs *onehot)
{
	fit->n = dense->n + onehot->n;
	fit->coef = mem_alloc(fit->n, sizeof(*fit->coef));
	if (dense->n)
		memcpy(fit->coef, dense->v, dense->n * sizeof(*fit->coef));
	if (onehot->n)
		memcpy(fit->coef + dense->n, onehot->v, onehot->n * sizeof(*fit->coef));
}

/* The crc32 line, which is the current one, behind its keyword. */
static int check_crc(struct lines *s)
{
	size_t before = (size_t)(s->at - strlen("crc32") - s->text);
	struct buf want = BUF_INIT;
	bool equal;

	put_crc(&want, s->text, before);
	equal = (size_t)(s->line_end - s->at) == want.len && !memcmp(s->at, want.data, want.len);
	buf_release(&want);
	if (!equal)
		return lines_fail(s, "the checksum is wrong: the file was changed or damaged");
	if (s->line_end + 1 < s->end) {
		s->line++;
		return lines_fail(s, "text behind the crc32 line");
	}
	return 0;
}

static int read_head(struct lines *s)
{
	if (lines_next(s))
		return -1;
	if (!lines_have(s, "ce-model"))
		return lines_fail(s, "not a model written by ce-train");
	if (!lines_have(s, " 1") || lines_end(s))
		return lines_fail(s, "a model of an unknown version");
	if (lines_keyword(s, "kind"))
		return -1;
	return lines_have(s, " logistic") ? lines_end(s)
					  : lines_fail(s, "an unknown kind of model");
}

int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err)
{
	struct lines s = { .text = text, .end = text + len, .name = name, .err = err };
	struct columns columns = { .names = INTERN_INIT, .text = BUF_INIT };
	int rc;

	*m = (struct model)MODEL_INIT;
	rc = read_head(&s) || read_split(&s, &m->split) || read_options(&s, m) ||
	     read_columns(&s, &m->encoding, &columns) || check_crc(&s);
	if (rc)
		model_release(m);
	else
		join_coefs(&m->logistic, &columns.dense, &columns.onehot);
	free(columns.dense.v);
	free(columns.onehot.v);
	intern_release(&columns.names);
	buf_release(&columns.text);
	return rc ? -1 : 0;
}

int model_read(struct model *m, const char *path, struct err *err)
{
	struct gz_reader in = GZ_READER_INIT;
	struct buf text = BUF_INIT;
	ptrdiff_t n;
	int rc = -1;

	if (gz_reader_open(&in, path, 0, err))
		return -1;
	while ((n = gz_reader_read(&in, buf_reserve(&text, READ_SIZE), READ_SIZE, err)) > 0 &&
	       text.len <= FILE_MAX)
		text.len += (size_t)n;
	if (text.len > FILE_MAX)
		err_set(err, ERR_RUNTIME, "%s: more than 64 MiB: not a model written by ce-train",
			in.name);
	else if (!n)
		rc = model_parse(m, text.data, text.len, in.name, err);
	gz_reader_close(&in);
	buf_release(&text);
	return rc;
}
