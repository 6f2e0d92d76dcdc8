/* The text of a model, read strictly. */
#include "base/mem.h"
#include "base/num.h"
#include "learn/bins.h"
#include "model/lines.h"
#include "model/model.h"
#include "model/treelines.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static int read_class_weight(struct lines *s, struct classweight *balance)
{
	if (lines_keyword(s, "class_weight"))
		return -1;
	if (lines_have(s, " none")) {
		balance->weight = CLASSWEIGHT_WEIGHT_NONE;
	} else if (lines_have(s, " balanced")) {
		balance->weight = CLASSWEIGHT_WEIGHT_BALANCED;
	} else {
		balance->weight = CLASSWEIGHT_WEIGHT_RATIO;
		if (lines_positive(s, &balance->ratio))
			return -1;
	}
	return lines_end(s);
}

/* Values are clamped to ENCODING_MAX, so with coefficients in this range a score is finite. */
#define COEF_MAX 1e100

/* A coefficient and its standard error, at the end of their line. */
static int read_coef(struct lines *s, double *coef, double *se)
{
	if (lines_double(s, -COEF_MAX, coef))
		return -1;
	if (*coef > COEF_MAX)
		return lines_fail(s, "a number out of range");
	*se = INFINITY;
	if (!lines_have(s, " -") && lines_double(s, 0, se))
		return -1;
	return lines_end(s);
}

static int read_int(struct lines *s, const char *keyword, int64_t min, int64_t max, int64_t *value)
{
	return lines_keyword(s, keyword) || lines_int(s, min, max, value) || lines_end(s) ? -1 : 0;
}

static int read_options(struct lines *s, struct model *m)
{
	int resample = 0;

	int64_t bins;

	if (read_class_weight(s, &m->balance) || lines_keyword(s, "resample") ||
	    lines_choice(s, model_resample_names, &resample) || lines_end(s) ||
	    read_int(s, "seed", 0, INT64_MAX, &m->balance.seed) ||
	    read_int(s, "validation", 0, NUM_MILLION - 1, &m->validation) ||
	    lines_keyword(s, "learnt") || lines_count(s, &m->learnt) || lines_end(s))
		return -1;
	if (m->learnt > m->split.rows[SPLIT_TRAIN])
		return lines_fail(s, "more rows than train rows");
	if (read_int(s, "bins", 0, BINS_MAX, &bins))
		return -1;
	m->bins = (size_t)bins;
	m->balance.resample = (enum classweight_resample)resample;
	return 0;
}

/* A line of a keyword and a number >= min. */
static int read_at_least(struct lines *s, const char *keyword, double min, double *value)
{
	return lines_keyword(s, keyword) || lines_double(s, min, value) || lines_end(s) ? -1 : 0;
}

/* A number in (0, 1]. */
static int read_fraction(struct lines *s, const char *keyword, double *value)
{
	if (lines_keyword(s, keyword) || lines_positive(s, value))
		return -1;
	return *value > 1 ? lines_fail(s, "a number out of range") : lines_end(s);
}

static int read_logistic(struct lines *s, struct model *m)
{
	int64_t iterations;

	if (lines_keyword(s, "l2") || lines_double(s, 0, &m->options.l2))
		return -1;
	m->l2_chosen = lines_have(s, " auto");
	if (lines_end(s) || lines_keyword(s, "tolerance") ||
	    lines_positive(s, &m->options.tolerance) || lines_end(s) ||
	    read_int(s, "iterations", 0, INT32_MAX, &iterations) ||
	    read_at_least(s, "gradient", 0, &m->logistic.gradient) ||
	    read_at_least(s, "objective", 0, &m->logistic.objective) ||
	    lines_keyword(s, "intercept") ||
	    read_coef(s, &m->logistic.intercept, &m->logistic.intercept_se))
		return -1;
	m->logistic.iterations = (int)iterations;
	m->logistic.converged = m->logistic.gradient <= m->options.tolerance;
	return 0;
}

static int read_gbdt(struct lines *s, struct model *m)
{
	struct gbdt_options *o = &m->boosting;
	int64_t tried;

	if (read_fraction(s, "rate", &o->tree.rate) ||
	    read_int(s, "max_trees", 1, INT32_MAX, &o->trees) ||
	    read_int(s, "depth", 1, TREES_DEPTH_MAX, &o->tree.depth) ||
	    read_int(s, "leaves", 2, TREES_LEAVES_MAX, &o->tree.leaves) ||
	    read_at_least(s, "l2", 0, &o->tree.l2) ||
	    read_at_least(s, "min_weight", 0, &o->tree.min_weight) ||
	    read_fraction(s, "rows", &o->rows) || read_fraction(s, "columns", &o->columns) ||
	    read_int(s, "patience", 1, INT32_MAX, &o->patience) ||
	    read_int(s, "tried", 1, o->trees, &tried) ||
	    read_at_least(s, "train_loss", 0, &m->report.train_loss) ||
	    lines_keyword(s, "validation_loss"))
		return -1;
	o->seed = m->balance.seed;
	m->report.n_tried = (size_t)tried;
	if (m->validation ? lines_double(s, 0, &m->report.held_loss) : !lines_have(s, " -"))
		return m->validation ? -1 : lines_fail(s, "expected '-'");
	return lines_end(s);
}

/* Coefficients as they are read, before it is known how many there are. */
struct coefs {
	double *v, *se;
	size_t n, cap;
};

/* Ends a line with a coefficient, unless `coefs` is NULL: the model has none. */
static int take_coef(struct lines *s, struct coefs *coefs)
{
	double value = 0, se = 0;

	if (!coefs)
		return lines_end(s);
	if (read_coef(s, &value, &se))
		return -1;
	if (coefs->n == LOGISTIC_COEFFICIENTS_MAX)
		return lines_fail(s, "too many coefficients");
	if (coefs->n == coefs->cap) {
		coefs->cap = mem_grow(coefs->cap, coefs->n + 1);
		coefs->v = mem_realloc(coefs->v, coefs->cap, sizeof(*coefs->v));
		coefs->se = mem_realloc(coefs->se, coefs->cap, sizeof(*coefs->se));
	}
	coefs->v[coefs->n] = value;
	coefs->se[coefs->n++] = se;
	return 0;
}

static int read_missing(struct lines *s, struct encoding_column *c, struct coefs *onehot)
{
	if (!lines_next_is(s, "missing"))
		return 0;
	if (lines_count(s, &c->n_missing) || take_coef(s, onehot))
		return -1;
	return c->n_missing ? 0 : lines_fail(s, "a number out of range");
}

static int read_number(struct lines *s, struct encoding_column *c, struct coefs *dense,
		       struct coefs *onehot)
{
	return lines_double(s, -DBL_MAX, &c->mean) || lines_positive(s, &c->sd) ||
			       take_coef(s, dense) || read_missing(s, c, onehot)
		       ? -1
		       : 0;
}

static int read_bins(struct lines *s, struct encoding_column *c, struct coefs *onehot)
{
	if (lines_end(s) || read_missing(s, c, onehot))
		return -1;
	c->edges = mem_alloc(BINS_MAX, sizeof(*c->edges));
	for (;; c->n_edges++) {
		double *edge = &c->edges[c->n_edges];

		if (lines_keyword(s, "bin"))
			return -1;
		if (lines_have(s, " -"))
			return take_coef(s, onehot);
		if (c->n_edges == BINS_MAX - 1)
			return lines_fail(s, "too many bins");
		if (lines_double(s, -DBL_MAX, edge))
			return -1;
		if (c->n_edges && *edge <= edge[-1])
			return lines_fail(s, "an edge out of order");
		if (take_coef(s, onehot))
			return -1;
	}
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
	bool have_coefs;
	struct coefs of[3]; /* by enum encoding_sort */
	struct intern names;
	struct buf text;
};

/* Reads the column whose first line is the current one, up to its name. */
static int read_column(struct lines *s, struct encoding *e, struct columns *columns,
		       enum encoding_kind kind)
{
	struct encoding_column *c;
	struct buf *text = &columns->text;
	struct coefs *dense = columns->have_coefs ? &columns->of[ENCODING_DENSE] : NULL;
	struct coefs *onehot = columns->have_coefs ? &columns->of[ENCODING_ONEHOT] : NULL;
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
		rc = read_number(s, c, dense, onehot);
	else if (kind == ENCODING_CATEGORY)
		rc = read_category(s, c, text, onehot);
	else if (kind == ENCODING_BINNED)
		rc = read_bins(s, c, onehot);
	else
		rc = lines_end(s);
	encoding_place(e);
	return rc;
}

static int read_columns(struct lines *s, struct encoding *e, struct columns *columns)
{
	static const struct {
		const char *keyword;
		enum encoding_kind kind;
	} kinds[] = { { "number", ENCODING_NUMBER },
		      { "category", ENCODING_CATEGORY },
		      { "constant", ENCODING_CONSTANT },
		      { "bins", ENCODING_BINNED } };
	/* The last of them is none that trees know. */
	const size_t n = columns->have_coefs ? 4 : 3;
	size_t i;

	do {
		for (i = 0; i < n; i++)
			if (lines_next_is(s, kinds[i].keyword))
				break;
		if (i < n && read_column(s, e, columns, kinds[i].kind))
			return -1;
	} while (i < n);
	return 0;
}

/* One of the columns that were read, which is not constant. */
static int read_column_name(struct lines *s, const struct encoding *e, struct columns *columns,
			    uint32_t *column)
{
	if (lines_name(s, &columns->text))
		return -1;
	*column = intern_find(&columns->names, columns->text.data, columns->text.len);
	if (*column == INTERN_NONE || e->columns[*column].kind == ENCODING_CONSTANT)
		return lines_fail(s, "no column of that name");
	return 0;
}

static int read_interactions(struct lines *s, struct encoding *e, struct columns *columns)
{
	while (lines_next_is(s, "interaction")) {
		const struct encoding_interaction *i;
		uint32_t a, b;

		if (read_column_name(s, e, columns, &a) || read_column_name(s, e, columns, &b) ||
		    lines_end(s))
			return -1;
		if (a == b || encoding_interact(e, a, b))
			return lines_fail(s, "no interaction that ce-train makes");
		i = &e->interactions[e->n_interactions - 1];
		for (uint32_t k = 0; k < i->n; k++)
			if (lines_keyword(s, "product") || take_coef(s, &columns->of[i->sort]))
				return -1;
	}
	return 0;
}

static int read_knot(struct lines *s, struct calibration *c, size_t i)
{
	if (lines_keyword(s, "knot") || lines_double(s, -DBL_MAX, &c->score[i]) ||
	    lines_double(s, 0, &c->probability[i]))
		return -1;
	if (c->probability[i] > 1 ||
	    (i && (c->score[i] <= c->score[i - 1] || c->probability[i] < c->probability[i - 1])))
		return lines_fail(s, "a knot out of order");
	return lines_end(s);
}

static int read_isotonic(struct lines *s, struct calibration *c)
{
	int64_t n;

	/* A knot takes 9 bytes at least, so that this many could be there. */
	if (lines_int(s, 1, (s->end - s->at) / 9, &n) || lines_end(s))
		return -1;
	c->score = mem_alloc((size_t)n, sizeof(*c->score));
	c->probability = mem_alloc((size_t)n, sizeof(*c->probability));
	c->n = (size_t)n;
	for (size_t i = 0; i < c->n; i++)
		if (read_knot(s, c, i))
			return -1;
	return 0;
}

static int read_calibration(struct lines *s, struct calibration *c)
{
	int kind;

	if (lines_keyword(s, "calibration") || lines_choice(s, model_calibration_names, &kind))
		return -1;
	c->kind = (enum calibration_kind)kind;
	if (c->kind == CALIBRATION_ISOTONIC)
		return read_isotonic(s, c);
	if (c->kind == CALIBRATION_PLATT &&
	    (lines_double(s, -COEF_MAX, &c->slope) || lines_double(s, -COEF_MAX, &c->intercept)))
		return -1;
	return c->slope > COEF_MAX || c->intercept > COEF_MAX
		       ? lines_fail(s, "a number out of range")
		       : lines_end(s);
}

/* The coefficients of a model, sort by sort. */
static void join_coefs(struct logistic *fit, const struct coefs of[3])
{
	size_t n = of[0].n + of[1].n + of[2].n;

	fit->coef = mem_alloc(n, sizeof(*fit->coef));
	fit->se = mem_alloc(n, sizeof(*fit->se));
	for (int sort = 0; sort < 3; sort++)
		for (size_t i = 0; i < of[sort].n; i++) {
			fit->coef[fit->n] = of[sort].v[i];
			fit->se[fit->n++] = of[sort].se[i];
		}
}

static void release_coefs(struct coefs *coefs)
{
	free(coefs->v);
	free(coefs->se);
}

/* The crc32 line, which is the current one, behind its keyword. */
static int check_crc(struct lines *s)
{
	size_t before = (size_t)(s->at - strlen("crc32") - s->text);
	struct buf want = BUF_INIT;
	bool equal;

	model_put_crc(&want, s->text, before);
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

static int read_head(struct lines *s, int *kind)
{
	if (lines_next(s))
		return -1;
	if (!lines_have(s, "ce-model"))
		return lines_fail(s, "not a model written by ce-train");
	if (!lines_have(s, " 2") || lines_end(s))
		return lines_fail(s, "a model of an unknown version");
	if (lines_keyword(s, "kind") || lines_choice(s, model_kind_names, kind))
		return -1;
	return lines_end(s);
}

int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err)
{
	struct lines s = { .text = text, .end = text + len, .name = name, .err = err };
	struct columns columns = { .names = INTERN_INIT, .text = BUF_INIT };
	int rc, kind = 0;

	*m = (struct model)MODEL_INIT;
	rc = read_head(&s, &kind) || read_split(&s, &m->split) || read_options(&s, m);
	m->kind = (enum model_kind)kind;
	columns.have_coefs = m->kind == MODEL_LOGISTIC;
	rc = rc || (m->kind == MODEL_GBDT ? read_gbdt(&s, m) : read_logistic(&s, m)) ||
	     read_columns(&s, &m->encoding, &columns) ||
	     (m->kind == MODEL_GBDT ? treelines_read(&s, &m->trees, &m->encoding)
				    : read_interactions(&s, &m->encoding, &columns)) ||
	     read_calibration(&s, &m->calibration) || lines_keyword(&s, "crc32") || check_crc(&s);
	if (rc)
		model_release(m);
	else if (m->kind == MODEL_LOGISTIC)
		join_coefs(&m->logistic, columns.of);
	for (int sort = 0; sort < 3; sort++)
		release_coefs(&columns.of[sort]);
	intern_release(&columns.names);
	buf_release(&columns.text);
	return rc ? -1 : 0;
}
