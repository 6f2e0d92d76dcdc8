#include "base/mem.h"
#include "check.h"
#include "io/sha256.h"
#include "model/model_blend.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static char *dup(const char *s)
{
	return mem_dup(s, strlen(s));
}

static struct logistic *logistic_of(const struct model *m)
{
	return &((struct model_logistic *)m->fit)->fit;
}

static struct trees *trees_of(const struct model *m)
{
	return &((struct model_gbdt *)m->fit)->trees;
}

static void format(struct buf *text, const struct model *m)
{
	struct err err = ERR_INIT;

	CHECK_INT(model_format(text, m, &err), 0);
}

/* Coefficients and standard errors for all columns. */
static void fit_all(struct model *m)
{
	struct logistic *fit = logistic_of(m);

	fit->n = matrix_width(&m->encoding.shape);
	fit->coef = malloc(fit->n * sizeof(double));
	fit->se = malloc(fit->n * sizeof(double));
	for (size_t j = 0; j < fit->n; j++) {
		fit->coef[j] = (double)j / 7 - 0.4;
		fit->se[j] = j ? (double)j / 11 : INFINITY;
	}
	fit->intercept_se = 0.5;
	fit->intercept = -0x1.fffffffffffffp-3;
	fit->iterations = 6;
	fit->objective = 123.456;
	fit->gradient = 3e-12;
}

/* A model of every kind of line, with names and levels that need care. */
static struct model sample(void)
{
	static const char *const levels[] = { "", "tv", "a,\"b\"\n\t\\x41 ", "Ni\xc3\xb1os",
					      "\x01\x7f\r" };
	struct model m = MODEL_INIT;
	struct model_logistic *l;
	struct encoding_column *c;

	m.split.label = dup("is \"it\"?");
	m.split.time = dup("event_ts");
	m.split.known = dup("-");
	m.split.has_horizon = true;
	m.split.horizon = 25;
	m.split.end = 100;
	m.split.has_cut = true;
	m.split.cut = -17;
	m.split.has_span = true;
	m.split.first = -100;
	m.split.last = -43;
	m.options = dup("--seed 42 --na '\"'");
	names_add(&m.sources, "-", 1);
	names_add(&m.sources, "a,\n\"b\".csv", 10);
	m.split.rows[SPLIT_TRAIN] = 1000;
	m.split.positives[SPLIT_TRAIN] = 250;
	m.split.rows[SPLIT_UNLABELLED] = 3;
	m.balance.weight = CLASSWEIGHT_WEIGHT_RATIO;
	m.balance.ratio = 1.0 / 3;
	m.balance.resample = CLASSWEIGHT_RESAMPLE_UNDER;
	m.balance.seed = 42;
	m.learnt = 900;
	model_set_learner(&m, &learner_logistic);
	l = m.fit;
	l->options = (struct logistic_options)LOGISTIC_OPTIONS_INIT;
	l->l2_chosen = true;
	c = encoding_add(&m.encoding, "user rate", ENCODING_NUMBER);
	c->mean = 0.1;
	c->sd = 1e-310;
	c->n_missing = 7;
	encoding_place(&m.encoding);
	encoding_add(&m.encoding, "flat", ENCODING_CONSTANT);
	encoding_place(&m.encoding);
	c = encoding_add(&m.encoding, "device\n", ENCODING_CATEGORY);
	c->level_rows = calloc(6, sizeof(*c->level_rows));
	for (uint32_t i = 0; i < 5; i++) {
		intern_id(&c->levels, levels[i], strlen(levels[i]));
		c->level_rows[i] = 100 - i;
	}
	encoding_place(&m.encoding);
	c = encoding_add(&m.encoding, "x", ENCODING_NUMBER);
	c->mean = -1.7e308;
	c->sd = 12;
	c->low = -0.25;
	c->high = 1e300;
	encoding_place(&m.encoding);
	fit_all(&m);
	return m;
}

/* The same with words that are empty, a number that is cut, and an interaction of each sort. */
static struct model sample_products(void)
{
	struct model m = sample();
	struct err err = ERR_INIT;
	struct encoding_column *c = encoding_add(&m.encoding, "cut", ENCODING_BINNED);

	CHECK_INT(names_append(&m.na, "NA,\\N,not \"known\"", &err), 0);
	c->n_missing = 2;
	c->n_edges = 2;
	c->edges = malloc(c->n_edges * sizeof(double));
	c->edges[0] = -0.3;
	c->edges[1] = DBL_MAX;
	encoding_place(&m.encoding);
	CHECK_INT(encoding_interact(&m.encoding, 0, 3), 0); /* numbers */
	CHECK_INT(encoding_interact(&m.encoding, 2, 0), 0); /* a category and a number */
	CHECK_INT(encoding_interact(&m.encoding, 4, 2), 0); /* bins and a category */
	CHECK_INT(m.encoding.shape.dense, 2 + 1);
	CHECK_INT(m.encoding.shape.sparse, 6);
	CHECK_INT(m.encoding.shape.onehot, 7 + 4 + 4 * 6);
	logistic_release(logistic_of(&m));
	fit_all(&m);
	return m;
}

static void add_leaf(struct trees *t, double value)
{
	trees_add(t, &(struct trees_node){ .kind = TREES_LEAF, .value = value, .rows = 3 });
}

static void calibrate(struct calibration *c, enum calibration_kind kind)
{
	c->kind = kind;
	c->slope = kind == CALIBRATION_PLATT ? 1.0 / 3 : 0;
	c->intercept = kind == CALIBRATION_PLATT ? -1e-20 : 0;
	if (kind != CALIBRATION_ISOTONIC)
		return;
	c->n = 3;
	c->score = malloc(c->n * sizeof(double));
	c->probability = malloc(c->n * sizeof(double));
	for (size_t i = 0; i < c->n; i++) {
		c->score[i] = (double)i / 3 - 0.5;
		c->probability[i] = i ? 0.7 : 0.01;
	}
}

/*
 * The columns of sample(), with trees of every kind of node:
 *
 *	user rate <= 0.25 ? (device in { "", other } ? 1 : -2) : (x <= DBL_MAX ? 0.5 : 0.25)
 *	a leaf
 */
static struct model sample_trees(enum calibration_kind kind)
{
	struct model m = sample();
	struct trees_levels set = { { 0 } };
	struct model_gbdt *g;
	struct trees *t;

	m.encoding.columns[3].low = -INFINITY;
	m.encoding.columns[3].high = INFINITY;
	logistic_release(logistic_of(&m));
	free(m.fit);
	model_set_learner(&m, &learner_gbdt);
	m.validation = 100000;
	m.bins = 64;
	g = m.fit;
	g->options = (struct gbdt_options)GBDT_OPTIONS_INIT;
	g->options.seed = m.balance.seed;
	g->options.rows = 0.3;
	g->report = (struct gbdt_report){ 0.25, 0.5, 7 };
	t = &g->trees;
	t->base = -0.1;
	trees_add_level(&set, 0);
	trees_add_level(&set, 5);
	trees_add_monotone(t, 0, -1);
	trees_add_monotone(t, 2, 1);
	trees_start(t);
	trees_add(t, &(struct trees_node){ .kind = TREES_NUMBER,
					   .threshold = 0.25,
					   .right = 4,
					   .gain = 17.5,
					   .rows = 12 });
	trees_add(t, &(struct trees_node){ .kind = TREES_CATEGORY,
					   .column = 1,
					   .set = trees_add_set(t, &set),
					   .right = 2,
					   .gain = 1e-6,
					   .rows = 6 });
	add_leaf(t, 1);
	add_leaf(t, -2);
	trees_add(t, &(struct trees_node){ .kind = TREES_NUMBER,
					   .missing_left = true,
					   .column = 2,
					   .threshold = DBL_MAX,
					   .right = 2,
					   .gain = 2,
					   .rows = 6 });
	add_leaf(t, 0.5);
	add_leaf(t, 0.25);
	trees_start(t);
	add_leaf(t, 0x1.fffffffffffffp-7);
	calibrate(&m.calibration, kind);
	return m;
}

/* The columns of sample_products(), with the trees of sample_trees(), of which one asks for bins.
 */
static struct model sample_blend(void)
{
	struct model m = sample_products(), trees = sample_trees(CALIBRATION_NONE);
	const struct model_blend parts = { *(struct model_logistic *)m.fit,
					   *(struct model_gbdt *)trees.fit };

	free(m.fit);
	model_set_learner(&m, &learner_blend);
	*(struct model_blend *)m.fit = parts;
	parts.gbdt.trees.nodes[4].column = 3;
	m.validation = trees.validation;
	m.bins = trees.bins;
	calibrate(&m.calibration, CALIBRATION_PLATT);
	free(trees.fit);
	trees.fit = NULL; /* the blend has it */
	model_release(&trees);
	return m;
}

#define N_SAMPLES 8

/* Of all kinds of models, with every calibration. */
static struct model sample_of(int i)
{
	struct model m;

	if (i == 7)
		return sample_blend();
	if (i == 6)
		return sample_products();
	if (i >= 3)
		return sample_trees((enum calibration_kind)(i - 3));
	m = sample();
	calibrate(&m.calibration, (enum calibration_kind)i);
	return m;
}

static void reads_back_what_it_wrote(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT, again = BUF_INIT;
	const struct encoding_column *c;
	struct err err = ERR_INIT;

	CHECK_INT(logistic_of(&m)->n, 9);
	format(&text, &m);
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), 0);
	CHECK_STR(err.message, "");
	format(&again, &back);
	CHECK(text.len == again.len && !memcmp(text.data, again.data, text.len));
	CHECK_STR(back.split.label, "is \"it\"?");
	CHECK_STR(back.split.known, "-");
	CHECK_INT(back.split.cut, -17);
	CHECK(back.split.has_horizon);
	CHECK_INT(back.split.horizon, 25);
	CHECK_INT(back.split.end, 100);
	CHECK_INT(back.encoding.n, 4);
	CHECK_INT(back.encoding.shape.dense, 2);
	CHECK_INT(back.encoding.shape.onehot, 7);
	CHECK(!memcmp(logistic_of(&back)->coef, logistic_of(&m)->coef, 9 * sizeof(double)));
	CHECK(!memcmp(logistic_of(&back)->se, logistic_of(&m)->se, 9 * sizeof(double)));
	CHECK(logistic_of(&back)->intercept == logistic_of(&m)->intercept);
	CHECK(logistic_of(&back)->intercept_se == logistic_of(&m)->intercept_se);
	c = &back.encoding.columns[2];
	CHECK_STR(c->name, "device\n");
	CHECK_INT(intern_find(&c->levels, "\x01\x7f\r", 3), 4);
	CHECK_INT(intern_find(&c->levels, "", 0), 0);
	CHECK(back.encoding.columns[0].sd == 1e-310);
	model_release(&back);
	model_release(&m);
	buf_release(&text);
	buf_release(&again);
}

static void check_trees(const struct trees *got, const struct trees *want)
{
	CHECK_INT(got->n, want->n);
	CHECK_INT(got->n_nodes, want->n_nodes);
	for (size_t k = 0; k < want->n_nodes; k++)
		CHECK_INT(got->nodes[k].right, want->nodes[k].right);
}

static void all_kinds_are_read_back(void)
{
	for (int i = 0; i < N_SAMPLES; i++) {
		struct model m = sample_of(i), back;
		struct buf text = BUF_INIT, again = BUF_INIT;
		struct err err = ERR_INIT;

		format(&text, &m);
		CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), 0);
		CHECK_STR(err.message, "");
		format(&again, &back);
		CHECK(text.len == again.len && !memcmp(text.data, again.data, text.len));
		CHECK(back.learner == m.learner);
		CHECK_INT(back.calibration.kind, m.calibration.kind);
		CHECK_INT(back.encoding.n_interactions, m.encoding.n_interactions);
		CHECK_INT(back.na.n, m.na.n);
		if (m.learner == &learner_gbdt)
			check_trees(trees_of(&back), trees_of(&m));
		model_release(&back);
		model_release(&m);
		buf_release(&text);
		buf_release(&again);
	}
}

static void trees_score_by_their_columns(void)
{
	static const struct {
		double rate, device, x, leaf;
	} rows[] = {
		{ 0.25, 0, 3, 1 },        { 0, 5, NAN, 1 },     { 0, 4, 3, -2 },
		{ 0.3, 0, DBL_MAX, 0.5 }, { NAN, 0, NAN, 0.5 }, { NAN, 1, -7, 0.5 },
	};

	for (int kind = 0; kind < 3; kind++) {
		struct model m = sample_trees((enum calibration_kind)kind);
		struct matrix_row scratch;

		matrix_row_init(&scratch, &m.encoding.shape);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			double value[3] = { rows[i].rate, rows[i].device, rows[i].x };
			double score = -0.1 + rows[i].leaf + 0x1.fffffffffffffp-7;

			CHECK_NEAR(model_score(&m, value, &scratch), score, 1e-15);
			CHECK_NEAR(model_probability(&m, value, &scratch),
				   calibration_probability(&m.calibration, score), 1e-15);
		}
		matrix_row_release(&scratch);
		model_release(&m);
	}
}

/* Of a blend the score is the mean, and is what is calibrated. */
static void a_blend_scores_by_its_parts(void)
{
	static const double rows[][4] = { { 0.25, 0, 3, 0 },
					  { NAN, 5, -2, NAN },
					  { 7, 2, NAN, 9 } };
	struct model m = sample_blend();
	struct matrix_row scratch;

	matrix_row_init(&scratch, &m.encoding.shape);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double score = model_score(&m, rows[i], &scratch), part[MODEL_BLEND_PARTS];

		for (int k = 0; k < MODEL_BLEND_PARTS; k++) {
			struct model alone = model_blend_part(&m, k);

			CHECK(alone.learner == model_learners[k]);
			part[k] = model_score(&alone, rows[i], &scratch);
		}
		CHECK(part[0] != part[1]);
		CHECK(score == (part[0] + part[1]) / 2);
		CHECK(model_probability(&m, rows[i], &scratch) ==
		      calibration_probability(&m.calibration, score));
	}
	matrix_row_release(&scratch);
	model_release(&m);
}

/* Whether the text, changed by somebody who also mended its checksum, is read. */
static int parse_mended(struct model *m, const char *body, size_t len, struct err *err)
{
	struct buf text = BUF_INIT;
	char version = len > strlen("ce-model ") ? body[strlen("ce-model ")] : '\0', id[MODEL_ID];
	int rc;

	buf_append(&text, body, len);
	CHECK_INT(model_put_end(&text, version >= '2' && version <= '4' ? 4 : MODEL_FORMAT, body,
				len, id, err),
		  0);
	rc = model_parse(m, text.data, text.len, "m", err);
	buf_release(&text);
	return rc;
}

static void drop_line(char *text, const char *keyword)
{
	char *line = strstr(text, keyword), *next = strchr(line + 1, '\n');

	memmove(line, next, strlen(next) + 1);
}

/* The text of a model as an earlier version wrote it, ended by a NUL. */
static void format_version(struct buf *text, const struct model *m, char version)
{
	format(text, m);
	buf_append_char(text, '\0');
	text->data[strlen("ce-model ")] = version;
	if (version >= '5')
		return;
	drop_line(text->data, "\nspan");
	drop_line(text->data, "\noptions");
	for (size_t i = 0; i < m->sources.n; i++)
		drop_line(text->data, "\nsource");
	if (version >= '4')
		return;
	drop_line(text->data, "\nhorizon");
	drop_line(text->data, "\nend");
	drop_line(text->data, "\nimmature");
}

/* A file of before there was clipping predicts what it always did. */
static void reads_version_2(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	format_version(&text, &m, '2');
	drop_line(text.data, "\nclip");
	CHECK_INT(parse_mended(&back, text.data,
			       (size_t)(strstr(text.data, "model_id") - text.data), &err),
		  0);
	CHECK_STR(err.message, "");
	CHECK(isinf(back.encoding.columns[3].low) && isinf(back.encoding.columns[3].high));
	model_release(&back);
	model_release(&m);
	buf_release(&text);
}

/* One of before there was a horizon splits as it always did. */
static void reads_version_3(void)
{
	static const struct split_row young = { .labelled = true, .time = 99, .known = 100 },
				      old = { .labelled = true, .time = -18, .known = -18 };
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	format_version(&text, &m, '3');
	CHECK_INT(parse_mended(&back, text.data,
			       (size_t)(strstr(text.data, "model_id") - text.data), &err),
		  0);
	CHECK_STR(err.message, "");
	CHECK_INT(split_part(&m.split, &young), SPLIT_IMMATURE);
	CHECK_INT(split_part(&back.split, &young), SPLIT_TEST);
	CHECK_INT(split_part(&m.split, &old), SPLIT_PURGED);
	CHECK_INT(split_part(&back.split, &old), SPLIT_TRAIN);
	model_release(&back);
	model_release(&m);
	buf_release(&text);
}

static void names_may_be_absent(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	free(m.split.time);
	free(m.split.known);
	m.split.time = m.split.known = NULL;
	m.split.has_cut = m.split.has_horizon = m.split.has_span = false;
	free(m.options);
	m.options = NULL;
	names_release(&m.sources);
	format(&text, &m);
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), 0);
	CHECK(!back.split.time && !back.split.known);
	CHECK(!back.split.has_cut && !back.split.has_horizon && !back.split.has_span);
	CHECK(!back.options && !back.sources.n);
	model_release(&back);
	model_release(&m);
	buf_release(&text);
}

/* The id is that of the text above its line, and is what sha256sum begins with. */
static void has_the_id_of_its_text(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	char hex[SHA256_HEX];
	size_t body;

	format(&text, &m);
	body = text.len - strlen("model_id 0123456789abcdef\n");
	CHECK_INT(sha256_bytes(hex, text.data, body, &err), 0);
	CHECK(!memcmp(text.data + body, "model_id ", 9));
	CHECK(!memcmp(text.data + body + 9, hex, 16));
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), 0);
	CHECK_INT(strlen(back.id), 16);
	CHECK(!memcmp(back.id, hex, 16));
	CHECK_STR(back.options, "--seed 42 --na '\"'");
	CHECK_INT(back.sources.n, 2);
	CHECK_STR(back.sources.name[0], "-");
	CHECK_STR(back.sources.name[1], "a,\n\"b\".csv");
	CHECK_INT(back.split.first, -100);
	CHECK_INT(back.split.last, -43);
	model_release(&back);
	model_release(&m);
	buf_release(&text);
}

/* One of before there was an id has one all the same, by the same rule. */
static void reads_version_4(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	char hex[SHA256_HEX];
	size_t body;

	format_version(&text, &m, '4');
	body = (size_t)(strstr(text.data, "model_id") - text.data);
	CHECK_INT(sha256_bytes(hex, text.data, body, &err), 0);
	CHECK_INT(parse_mended(&back, text.data, body, &err), 0);
	CHECK_STR(err.message, "");
	CHECK(!memcmp(back.id, hex, 16));
	CHECK(!back.split.has_span && !back.options && !back.sources.n);
	model_release(&back);
	model_release(&m);
	buf_release(&text);
}

struct fault {
	const char *line, *bad, *reason;
};

/* Each line of the file of a version, replaced by another, is refused under its own number. */
static void check_faults(struct model m, char version, const struct fault *faults, size_t n)
{
	struct model back;
	struct buf text = BUF_INIT, changed = BUF_INIT;
	size_t body;

	format_version(&text, &m, version);
	body = (size_t)(strstr(text.data, "model_id") - text.data);
	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(text.data, faults[i].line);
		struct err err = ERR_INIT;

		if (!at)
			CHECK_FAIL("no '%s'", faults[i].line);
		if (!at)
			continue;
		buf_clear(&changed);
		buf_append(&changed, text.data, (size_t)(at - text.data));
		buf_append_str(&changed, faults[i].bad);
		at += strlen(faults[i].line);
		buf_append(&changed, at, (size_t)(text.data + body - at));
		CHECK_INT(parse_mended(&back, changed.data, changed.len, &err), -1);
		if (strncmp(err.message, faults[i].reason, strlen(faults[i].reason)) != 0)
			CHECK_FAIL("'%s' for '%s'", err.message, faults[i].bad);
	}
	model_release(&m);
	buf_release(&text);
	buf_release(&changed);
}

static void names_the_line_at_fault_of_the_origin(void)
{
	static const struct fault faults[] = {
		{ "span -100 -43\n", "", "m:9: expected 'span'" },
		{ "span -100 -43", "span", "m:9: a value is missing" },
		{ "span -100 -43", "span -100", "m:9: a value is missing" },
		{ "span -100 -43", "span -42 -43", "m:9: a span that ends before it begins" },
		{ "span -100 -43", "span 1 2 3", "m:9: surplus text" },
		{ "span -100 -43", "span - 2", "m:9: surplus text" },
		{ "time \"event_ts\"\nknown \"-\"\nhorizon 25\nend 100\ncut -17",
		  "time -\nknown -\nhorizon -\nend -\ncut -", "m:9: a span without a time column" },
		{ "options \"--seed", "options --seed", "m:15: expected a string" },
		{ "options \"--seed", "options \"\\x00--seed", "m:15: a NUL byte" },
		{ "source \"-\"", "source -", "m:16: expected a string" },
		{ "source \"-\"", "source \"-\" 1", "m:16: surplus text" },
		{ "source \"-\"", "sauce \"-\"", "m:16: expected 'class_weight'" },
		{ "ce-model 5", "ce-model 6", "m:1: a model of an unknown version" },
		{ "ce-model 5", "ce-model 4", "m:9: expected 'train'" },
	};
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	check_faults(sample(), '5', faults, sizeof(faults) / sizeof(faults[0]));
	format(&text, &m);
	text.data[text.len - 2] ^= 1;
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), -1);
	CHECK(strstr(err.message, ": the checksum is wrong: the file was changed or damaged"));
	text.data[text.len - 2] ^= 1;
	buf_append_str(&text, "more\n");
	err = (struct err)ERR_INIT;
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), -1);
	CHECK(strstr(err.message, ": text after the model_id line"));
	model_release(&m);
	buf_release(&text);
}

static void names_the_line_at_fault(void)
{
	static const struct fault faults[] = {
		{ "ce-model 4", "ce-model 1",
		  "m:1: a model of an unknown version: expected 2, 3, 4 or 5" },
		{ "ce-model 4", "id,x", "m:1: not a model written by ce-train" },
		{ "kind logistic", "kind oracle", "m:2: an unknown word" },
		{ "label \"is", "labl \"is", "m:3: expected 'label'" },
		{ "time \"event_ts\"", "time event_ts", "m:4: expected a string" },
		{ "time \"event_ts\"", "time -", "m:6: a horizon without a time column" },
		{ "time \"event_ts\"\nknown \"-\"\nhorizon 25\nend 100",
		  "time -\nknown -\nhorizon -\nend -", "m:8: a cut without a time column" },
		{ "horizon 25", "horizon -1", "m:6: a number out of range" },
		{ "horizon 25", "horizon", "m:6: a value is missing" },
		{ "horizon 25", "horizon -", "m:7: an end without a horizon" },
		{ "end 100", "end -", "m:7: a horizon without an end" },
		{ "end 100", "end soon", "m:7: invalid integer" },
		{ "immature 0 0", "immature 0 1", "m:12: more positives than rows" },
		{ "immature 0 0\n", "", "m:12: expected 'immature'" },
		{ "time \"event_ts\"", "time \"event_ts", "m:4: a string without its closing" },
		{ "time \"event_ts\"", "time \"\\x00\"", "m:4: a NUL byte" },
		{ "time \"event_ts\"", "time \"\\x41\"", "m:4: an invalid escape" },
		{ "cut -17", "cut -17 3", "m:8: surplus text" },
		{ "cut -17", "cut 1.5", "m:8: invalid integer" },
		{ "train 1000 250", "train 1000 1001", "m:9: more positives than rows" },
		{ "test 0 0", "test -1 0", "m:10: a number out of range" },
		{ "unlabelled 3", "unlabelled", "m:13: a value is missing" },
		{ "resample under", "resample sideways", "m:15: an unknown word" },
		{ "seed 42", "seed 42\nseed 42", "m:17: expected 'validation'" },
		{ "validation 0", "validation 1000000", "m:17: a number out of range" },
		{ "learnt 900", "learnt 1001", "m:18: more rows than train rows" },
		{ "learnt 900", "learnt -1", "m:18: a number out of range" },
		{ "bins 0", "bins 256", "m:19: a number out of range" },
		{ "bins 0", "bins 0\nna \"\"", "m:20: empty name in the list ''" },
		{ "bins 0", "bins 0\nna \"NA,,x\"", "m:20: empty name in the list 'NA,,x'" },
		{ "bins 0", "bins 0\nna NA", "m:20: expected a string" },
		{ "bins 0", "bins 0\nna \"NA\" 2", "m:20: surplus text" },
		{ "bins 0", "bins 0\nna \"NA, x\"", "m:20: blanks around a word" },
		{ "bins 0", "bins 0\nna \"NA\"\nna \"NA\"", "m:21: expected 'l2'" },
		{ "l2 1 auto", "l2 1 chosen", "m:20: surplus text" },
		{ "l2 1", "l2 -1", "m:20: a number out of range" },
		{ "l2 1", "l2 nan", "m:20: invalid number" },
		{ "tolerance 1e-10", "tolerance 0", "m:21: a number out of range" },
		{ "intercept -", "intercept 1e999", "m:25: invalid number" },
		{ "number \"x\"", "number \"user rate\"", "m:36: duplicate column" },
		{ "number \"x\" -1.7e+308 12", "number \"x\" 0 0", "m:36: a number out of range" },
		{ "clip -0.25 1e+300", "clip -0.25 -0.3", "m:37: a number out of range" },
		{ "clip -0.25 1e+300", "clip -0.25 inf", "m:37: invalid number" },
		{ "clip -0.25 1e+300", "clip -0.25", "m:37: a value is missing" },
		{ "clip -0.25 1e+300", "clip 1 2 3", "m:37: surplus text" },
		{ "missing 7", "missing 0", "m:27: a number out of range" },
		{ "constant \"flat\"", "constant \"flat\" 1", "m:28: surplus text" },
		{ "constant \"flat\"", "fixed \"flat\"", "m:28: expected 'calibration'" },
		{ "level \"tv\"", "level \"\"", "m:31: duplicate level" },
		{ "other 0", "number \"y\"", "m:35: expected 'other'" },
	};

	static const struct fault clip = { "ce-model 3", "ce-model 2",
					   "m:34: not a line of version 2" },
				  words = { "ce-model 3", "ce-model 2",
					    "m:17: not a line of version 2" },
				  horizon = { "cut", "horizon 25\ncut", "m:6: expected 'cut'" };

	check_faults(sample(), '4', faults, sizeof(faults) / sizeof(faults[0]));
	check_faults(sample(), '3', &clip, 1);
	check_faults(sample_products(), '3', &words, 1);
	check_faults(sample(), '3', &horizon, 1);
}

static void names_the_line_at_fault_in_trees(void)
{
	static const struct fault faults[] = {
		{ "rate 0.1", "rate 0", "m:20: a number out of range" },
		{ "rate 0.1", "rate 1.5", "m:20: a number out of range" },
		{ "depth 6", "depth 33", "m:22: a number out of range" },
		{ "leaves 64", "leaves 1", "m:23: a number out of range" },
		{ "l2 1", "l2 -1", "m:24: a number out of range" },
		{ "rows 0.3", "rows 0", "m:26: a number out of range" },
		{ "tried 7", "tried 501", "m:29: a number out of range" },
		{ "validation_loss 0.5", "validation_loss -", "m:31: invalid number" },
		{ "number \"x\" -1.7e+308 12", "number \"x\" -1.7e+308 12\nclip 0 1",
		  "m:43: expected 'base'" },
		{ "number \"x\" -1.7e+308 12", "number \"x\" -1.7e+308 12 0.5 1",
		  "m:42: surplus text" },
		{ "monotone \"user rate\"", "monotone \"user\"", "m:43: no number of that name" },
		{ "monotone \"user rate\"", "monotone \"device\\n\"",
		  "m:43: no number of that name" },
		{ "monotone \"user rate\"", "monotone \"flat\"", "m:43: no number of that name" },
		{ "monotone \"user rate\" -", "monotone \"user rate\" 0", "m:43: an unknown word" },
		{ "monotone \"user rate\" -", "monotone \"user rate\"", "m:43: an unknown word" },
		{ "monotone \"user rate\" -", "monotone \"user rate\" - 1", "m:43: surplus text" },
		{ "monotone \"user rate\" -", "monotone \"x\" -", "m:44: a column out of order" },
		{ "base -0.1", "base nan", "m:45: invalid number" },
		{ "base -0.1", "base -1e101", "m:45: a number out of range" },
		{ "trees 2", "trees -1", "m:46: a number out of range" },
		{ "trees 2", "trees 9223372036854775807", "m:57: expected 'tree'" },
		{ "trees 2", "trees 3", "m:57: expected 'tree'" },
		{ "trees 2", "trees 1", "m:55: expected 'calibration'" },
		{ "trees 2", "trees 9223372036854775808", "m:46: invalid integer" },
		{ "trees 2\ntree\n", "trees 2\n", "m:47: expected 'tree'" },
		{ "below \"user rate\"", "below \"user\"", "m:48: no number of that name" },
		{ "below \"user rate\"", "below \"flat\"", "m:48: no number of that name" },
		{ "below \"user rate\"", "below \"device\\n\"", "m:48: no number of that name" },
		{ "below \"user rate\" 0.25 right", "below \"user rate\" 0.25 up",
		  "m:48: an unknown word" },
		{ "below \"user rate\" 0.25", "below \"user rate\" inf", "m:48: invalid number" },
		{ "right 17.5", "right -17.5", "m:48: a number out of range" },
		{ "right 17.5 12", "right 17.5", "m:48: a value is missing" },
		{ "among \"device\\n\"", "among \"x\"", "m:49: no category of that name" },
		{ "among \"device\\n\" 2 0 5", "among \"device\\n\" 2 0 6",
		  "m:49: a number out of range" },
		{ "among \"device\\n\" 2 0 5", "among \"device\\n\" 2 5 5",
		  "m:49: a number out of range" },
		{ "among \"device\\n\" 2 0 5", "among \"device\\n\" 2 5 0",
		  "m:49: a number out of range" },
		{ "among \"device\\n\" 2 0 5", "among \"device\\n\" 0",
		  "m:49: a number out of range" },
		{ "among \"device\\n\" 2 0 5", "among \"device\\n\" 6 0 1 2 3 4 5",
		  "m:49: a number out of range" },
		{ "among \"device\\n\" 2 0 5", "among \"device\\n\" 9223372036854775807 0 5",
		  "m:49: a number out of range" },
		{ "leaf 1 3", "leaf 1", "m:50: a value is missing" },
		{ "leaf 1 3", "leaf 1e101 3", "m:50: a number out of range" },
		{ "leaf 1 3", "tree", "m:50: expected 'below', 'among' or 'leaf'" },
		{ "leaf 0.25 3\n", "", "m:54: expected 'below', 'among' or 'leaf'" },
		{ "leaf 0.25 3\n", "leaf 0.25 3\nleaf 0.25 3\n", "m:55: expected 'tree'" },
		{ "calibration isotonic", "calibration magic", "m:57: an unknown word" },
		{ "calibration isotonic 3", "calibration none", "m:58: expected 'crc32'" },
		{ "isotonic 3", "isotonic 0", "m:57: a number out of range" },
		{ "isotonic 3", "isotonic 9999999999", "m:57: a number out of range" },
		{ "isotonic 3", "isotonic 9223372036854775807", "m:57: a number out of range" },
		{ "isotonic 3", "isotonic 4", "m:61: expected 'knot'" },
		{ "isotonic 3", "isotonic 2", "m:60: expected 'crc32'" },
		{ "knot -0.5 0.01", "knot -0.5 1.01", "m:58: a knot out of order" },
		{ "knot -0.5 0.01", "knot -0.5 -0.01", "m:58: a number out of range" },
		{ "knot -0.5 0.01", "knot -0.5 0.71", "m:59: a knot out of order" },
		{ "knot -0.5 0.01", "knot 0.5 0.01", "m:59: a knot out of order" },
		{ "knot -0.5 0.01", "knot -0.16666666666666669 0.01", "m:59: a knot out of order" },
		{ "knot -0.5 0.01", "knot nan 0.01", "m:58: invalid number" },
	};

	static const struct fault monotone = { "ce-model 3", "ce-model 3",
					       "m:40: not a line of version 2 or 3" };

	check_faults(sample_trees(CALIBRATION_ISOTONIC), '3', &monotone, 1);
	check_faults(sample_trees(CALIBRATION_ISOTONIC), '4', faults,
		     sizeof(faults) / sizeof(faults[0]));
}

static void names_the_line_at_fault_in_a_blend(void)
{
	static const struct fault faults[] = {
		{ "kind blend", "kind logistic", "m:78: expected 'calibration'" },
		{ "kind blend", "kind gbdt", "m:21: expected 'rate'" },
		{ "rate 0.1", "rate 0", "m:78: a number out of range" },
		{ "rate 0.1\n", "", "m:78: expected 'rate'" },
		{ "validation_loss 0.5", "validation_loss 0.5\nnumber \"y\" 0 1",
		  "m:90: expected 'base'" },
		{ "below \"cut\"", "below \"flat\"", "m:99: no number of that name" },
		{ "among \"device\\n\"", "among \"cut\"", "m:96: no category of that name" },
		{ "trees 2", "trees 3", "m:104: expected 'tree'" },
	};

	check_faults(sample_blend(), '4', faults, sizeof(faults) / sizeof(faults[0]));
}

static void every_truncation_is_refused(void)
{
	for (int i = 0; i < N_SAMPLES; i++) {
		struct model m = sample_of(i), back;
		struct buf text = BUF_INIT;

		format(&text, &m);
		for (size_t len = 0; len < text.len; len++) {
			struct err err = ERR_INIT;

			CHECK_INT(model_parse(&back, text.data, len, "m", &err), -1);
			CHECK(!strncmp(err.message, "m:", 2));
		}
		buf_append_char(&text, '\n');
		CHECK_INT(model_parse(&back, text.data, text.len, "m", &(struct err)ERR_INIT), -1);
		model_release(&m);
		buf_release(&text);
	}
}

/* Changes `text` at random: bytes flipped, deleted, doubled; two lines swapped; the end cut off. */
static void corrupt(struct buf *text, uint64_t *state)
{
	size_t at = next(state) % text->len, n = 1 + next(state) % 8;
	char *line, *end = text->data + text->len;

	if (n > text->len - at)
		n = text->len - at;
	switch (next(state) % 6) {
	case 0:
		text->data[at] = (char)(text->data[at] ^ (1 << next(state) % 8));
		break;
	case 1:
		text->data[at] = "0-\" \n\\x.e9"[next(state) % 10];
		break;
	case 2:
		memmove(text->data + at, text->data + at + n, text->len - at - n);
		text->len -= n;
		break;
	case 3:
		buf_reserve(text, n);
		memmove(text->data + at + n, text->data + at, text->len - at);
		text->len += n;
		break;
	case 4:
		/* The line behind `at` goes to the front of the file's second line. */
		line = memchr(text->data + at, '\n', text->len - at);
		if (line && ++line < end && line >= text->data + 11) {
			char *line_end = memchr(line, '\n', (size_t)(end - line));
			char copy[256];
			size_t len = line_end ? (size_t)(line_end + 1 - line) : 0;

			if (!len || len > sizeof(copy))
				break;
			memcpy(copy, line, len);
			memmove(text->data + 11 + len, text->data + 11,
				(size_t)(line - text->data) - 11);
			memcpy(text->data + 11, copy, len);
		}
		break;
	default:
		text->len = at;
	}
}

/* Whatever is read says something of any row. */
static void check_score(const struct model *m)
{
	double *value = mem_alloc(m->encoding.n_values, sizeof(*value));
	struct matrix_row scratch;

	matrix_row_init(&scratch, &m->encoding.shape);
	for (int i = 0; i < 4; i++) {
		double p;

		for (uint32_t j = 0; j < m->encoding.n_values; j++) {
			const struct encoding_column *c = encoding_valued(&m->encoding, j);

			value[j] = c->kind == ENCODING_CATEGORY ? (i % 2 ? c->levels.n : 0)
				   : i == 0                     ? NAN
				   : i == 1                     ? -DBL_MAX
								: DBL_MAX / i;
		}
		p = model_probability(m, value, &scratch);
		CHECK(p >= 0 && p <= 1);
	}
	matrix_row_release(&scratch);
	free(value);
}

/*
 * Random damage is refused; and where the checksum is made to fit, so that the parser itself is
 * met, what it accepts is a model that it would write just so again.
 */
static void check_corruption(struct model m)
{
	struct model back;
	struct buf text = BUF_INIT, changed = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
	uint64_t state = 7;
	size_t body, accepted = 0;

	format(&text, &m);
	body = text.len - strlen("model_id 0123456789abcdef\n");
	for (int i = 0; i < 20000; i++) {
		struct err err = ERR_INIT;
		bool mend = i % 2;

		buf_clear(&changed);
		buf_append(&changed, text.data, mend ? body : text.len);
		for (uint64_t n = 1 + next(&state) % 3; n && changed.len; n--)
			corrupt(&changed, &state);
		if (!mend) {
			bool same = changed.len == text.len &&
				    !memcmp(changed.data, text.data, text.len);

			if (!same && !model_parse(&back, changed.data, changed.len, "m", &err)) {
				CHECK_FAIL("damaged file %d was read", i);
				model_release(&back);
			}
			continue;
		}
		if (parse_mended(&back, changed.data, changed.len, &err)) {
			CHECK(!strncmp(err.message, "m:", 2));
			continue;
		}
		accepted++;
		check_score(&back);
		buf_clear(&once);
		buf_clear(&twice);
		format(&once, &back);
		model_release(&back);
		CHECK_INT(model_parse(&back, once.data, once.len, "m", &err), 0);
		format(&twice, &back);
		model_release(&back);
		CHECK(once.len == twice.len && !memcmp(once.data, twice.data, once.len));
	}
	CHECK(accepted > 50 && accepted < 4500); /* both ways were gone */
	model_release(&m);
	buf_release(&text);
	buf_release(&changed);
	buf_release(&once);
	buf_release(&twice);
}

static void survives_corruption(void)
{
	for (int i = 0; i < N_SAMPLES; i++)
		check_corruption(sample_of(i));
}

static void put_nodes(struct buf *text, const char *node, int n)
{
	for (int i = 0; i < n; i++)
		buf_append_str(text, node);
}

/* Trees as deep as may be are read, deeper ones refused, and so are those of a million splits. */
static void trees_are_bounded(void)
{
	static const char split[] = "below \"x\" 1 left 1 1\n", leaf[] = "leaf 1 1\n";
	struct model m = sample_trees(CALIBRATION_NONE), back;
	struct buf text = BUF_INIT;
	size_t head;

	format(&text, &m);
	buf_append_char(&text, '\0');
	head = (size_t)(strstr(text.data, "trees 2") - text.data);
	for (int kind = 0; kind < 5; kind++) {
		int depth = kind == 0 ? 1000000 : TREES_DEPTH_MAX + (kind % 2);
		struct err err = ERR_INIT;

		text.len = head;
		buf_append_str(&text, "trees 1\ntree\n");
		/* To the left, and then to the right. */
		if (kind < 3)
			put_nodes(&text, split, depth);
		for (int i = 0; i < depth && kind >= 3; i++)
			put_nodes(&text, i % 2 ? leaf : split, 1);
		for (int i = 0; i < depth && kind >= 3; i++)
			put_nodes(&text, i % 2 ? split : leaf, 1);
		put_nodes(&text, leaf, kind < 3 ? depth + 1 : 1);
		buf_append_str(&text, "calibration none\n");
		if (kind < 2) {
			CHECK_INT(parse_mended(&back, text.data, text.len, &err), -1);
			CHECK(strstr(err.message, "a tree too deep"));
		} else if (!parse_mended(&back, text.data, text.len, &err)) {
			CHECK_INT(trees_of(&back)->n, 1);
			check_score(&back);
			model_release(&back);
		} else if (kind == 2) {
			CHECK_FAIL("%s", err.message);
		}
	}
	model_release(&m);
	buf_release(&text);
}

/* A million nodes in trees of depth 19: read, each where it belongs. */
static void many_nodes_are_read(void)
{
	struct model m = sample_trees(CALIBRATION_NONE), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	size_t head;

	format(&text, &m);
	buf_append_char(&text, '\0');
	head = (size_t)(strstr(text.data, "trees 2") - text.data);
	text.len = head;
	buf_append_str(&text, "trees 1\ntree\n");
	/* In preorder of a complete tree: the k-th leaf comes behind as many splits as k has
	 * factors 2. */
	for (unsigned k = 1U << 19; k < 1U << 20; k++) {
		char line[64];
		int n = k == 1U << 19 ? 19 : __builtin_ctz(k);

		for (int i = n; i > 0; i--) {
			double x = (double)(k - (1U << 19)) + (double)(1U << (i - 1)) - 0.5;

			snprintf(line, sizeof(line), "below \"x\" %.1f left 1 1\n", x);
			buf_append_str(&text, line);
		}
		snprintf(line, sizeof(line), "leaf %u 1\n", k - (1U << 19));
		buf_append_str(&text, line);
	}
	buf_append_str(&text, "calibration none\n");
	CHECK_INT(parse_mended(&back, text.data, text.len, &err), 0);
	CHECK_STR(err.message, "");
	if (!*err.message) {
		CHECK_INT(trees_of(&back)->n_nodes, (1 << 20) - 1);
		for (int i = 0; i < 1 << 19; i += 1001) {
			double value[3] = { 0, 0, i };

			CHECK_NEAR(trees_leaf(trees_of(&back), 0, value)->value, i, 0);
		}
		model_release(&back);
	}
	model_release(&m);
	buf_release(&text);
}

/* More levels, columns or coefficients than any model has do not fill the memory. */
static void counts_are_bounded(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	char line[64];
	size_t head;

	format(&text, &m);
	buf_append_char(&text, '\0');
	head = (size_t)(strstr(text.data, "number") - text.data);
	text.len = head;
	buf_append_str(&text, "category \"c\"\n");
	for (int i = 0; i <= ENCODING_LEVELS; i++) {
		snprintf(line, sizeof(line), "level \"%d\" 10 0.5 1\n", i);
		buf_append_str(&text, line);
	}
	buf_append_str(&text, "other 0 0 -\n");
	CHECK_INT(parse_mended(&back, text.data, text.len, &err), -1);
	CHECK(strstr(err.message, "too many levels"));
	text.len = head;
	for (int i = 0; i <= LOGISTIC_COEFFICIENTS_MAX; i++) {
		snprintf(line, sizeof(line), "number \"%d\" 0 1 0 -\n", i);
		buf_append_str(&text, line);
	}
	CHECK_INT(parse_mended(&back, text.data, text.len, &err), -1);
	CHECK(strstr(err.message, "too many coefficients"));
	text.len = head;
	for (int i = 0; i <= ENCODING_COLUMNS_MAX; i++) {
		snprintf(line, sizeof(line), "constant \"%d\"\n", i);
		buf_append_str(&text, line);
	}
	CHECK_INT(parse_mended(&back, text.data, text.len, &err), -1);
	CHECK(strstr(err.message, "too many columns"));
	model_release(&m);
	buf_release(&text);
}

static void predicts_by_its_places(void)
{
	struct model m = sample();
	double value[3] = { 0.1 + 2e-310, 1, NAN }; /* 2 standard deviations, "tv", and a gap */
	const double *c = logistic_of(&m)->coef;
	double z = (value[0] - m.encoding.columns[0].mean) / m.encoding.columns[0].sd;
	double score = logistic_of(&m)->intercept + z * c[0] + c[2 + 1 + 1];
	struct matrix_row scratch;

	matrix_row_init(&scratch, &m.encoding.shape);
	CHECK_NEAR(model_score(&m, value, &scratch), score, 1e-15);
	CHECK_NEAR(model_probability(&m, value, &scratch), 1 / (1 + exp(-score)), 1e-15);
	matrix_row_release(&scratch);
	model_release(&m);
}

/* Whatever the values: contributions, of all sorts of columns and products, and base. */
static void check_contributions(const struct model *m)
{
	const struct encoding *e = &m->encoding;
	double value[2][16], contribution[2][16];
	struct model_explainer x;
	struct matrix_row scratch;
	uint64_t state = 11;

	matrix_row_init(&scratch, &e->shape);
	model_explainer_init(&x, m);
	for (int round = 0; round < 100; round++) {
		/* Two rows, as the module takes them: one after the other. */
		double *rows = value[0], *got = contribution[0];

		for (uint32_t i = 0; i < 2 * e->n_values; i++) {
			const struct encoding_column *c = encoding_valued(e, i % e->n_values);

			if (c->kind == ENCODING_CATEGORY)
				rows[i] = (double)(next(&state) % (c->levels.n + 1));
			else
				rows[i] = next(&state) % 4 ? (double)(next(&state) % 100) / 50 - 1
							   : NAN;
		}
		model_explain(&x, rows, 2, got);
		for (size_t k = 0; k < 2; k++) {
			double score = model_score(m, rows + k * e->n_values, &scratch);
			double sum = x.base, size = fabs(score) + fabs(x.base);

			for (uint32_t i = 0; i < e->n_values; i++) {
				sum += got[k * e->n_values + i];
				size += fabs(got[k * e->n_values + i]);
			}
			CHECK_NEAR(sum, score, 1e-12 * size);
		}
	}
	model_explainer_release(&x);
	matrix_row_release(&scratch);
}

static void contributions_add_up_to_the_score(void)
{
	struct model models[] = { sample(), sample_products(), sample_trees(CALIBRATION_PLATT) };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		check_contributions(&models[i]);
		model_release(&models[i]);
	}
}

int main(void)
{
	RUN(reads_back_what_it_wrote);
	RUN(all_kinds_are_read_back);
	RUN(trees_score_by_their_columns);
	RUN(a_blend_scores_by_its_parts);
	RUN(reads_version_2);
	RUN(reads_version_3);
	RUN(reads_version_4);
	RUN(has_the_id_of_its_text);
	RUN(names_may_be_absent);
	RUN(names_the_line_at_fault);
	RUN(names_the_line_at_fault_of_the_origin);
	RUN(names_the_line_at_fault_in_trees);
	RUN(names_the_line_at_fault_in_a_blend);
	RUN(every_truncation_is_refused);
	RUN(survives_corruption);
	RUN(trees_are_bounded);
	RUN(many_nodes_are_read);
	RUN(counts_are_bounded);
	RUN(predicts_by_its_places);
	RUN(contributions_add_up_to_the_score);
	return CHECK_DONE();
}
