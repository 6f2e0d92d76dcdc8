#include "check.h"
#include "gzio.h"
#include "mem.h"
#include "model.h"

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

/* A model of every kind of line, with names and levels that need care. */
static struct model sample(void)
{
	static const char *const levels[] = { "", "tv", "a,\"b\"\n\t\\x41 ", "Ni\xc3\xb1os",
					      "\x01\x7f\r" };
	struct model m = MODEL_INIT;
	struct encoding_column *c;

	m.split.label = dup("is \"it\"?");
	m.split.time = dup("event_ts");
	m.split.known = dup("-");
	m.split.has_cut = true;
	m.split.cut = -17;
	m.split.rows[SPLIT_TRAIN] = 1000;
	m.split.positives[SPLIT_TRAIN] = 250;
	m.split.rows[SPLIT_UNLABELLED] = 3;
	m.balance.weight = BALANCE_WEIGHT_RATIO;
	m.balance.ratio = 1.0 / 3;
	m.balance.resample = BALANCE_RESAMPLE_UNDER;
	m.balance.seed = 42;
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
	encoding_place(&m.encoding);
	m.logistic.n = m.encoding.n_dense + m.encoding.n_onehot;
	m.logistic.coef = malloc(m.logistic.n * sizeof(double));
	m.logistic.se = malloc(m.logistic.n * sizeof(double));
	for (size_t j = 0; j < m.logistic.n; j++) {
		m.logistic.coef[j] = (double)j / 7 - 0.4;
		m.logistic.se[j] = j ? (double)j / 11 : INFINITY;
	}
	m.logistic.intercept_se = 0.5;
	m.logistic.intercept = -0x1.fffffffffffffp-3;
	m.logistic.iterations = 6;
	m.logistic.objective = 123.456;
	m.logistic.gradient = 3e-12;
	return m;
}

static void reads_back_what_it_wrote(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT, again = BUF_INIT;
	const struct encoding_column *c;
	struct err err = ERR_INIT;

	CHECK_INT(m.logistic.n, 9);
	model_format(&text, &m);
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), 0);
	CHECK_STR(err.message, "");
	model_format(&again, &back);
	CHECK(text.len == again.len && !memcmp(text.data, again.data, text.len));
	CHECK_STR(back.split.label, "is \"it\"?");
	CHECK_STR(back.split.known, "-");
	CHECK_INT(back.split.cut, -17);
	CHECK_INT(back.encoding.n, 4);
	CHECK_INT(back.encoding.n_dense, 2);
	CHECK_INT(back.encoding.n_onehot, 7);
	CHECK(!memcmp(back.logistic.coef, m.logistic.coef, 9 * sizeof(double)));
	CHECK(!memcmp(back.logistic.se, m.logistic.se, 9 * sizeof(double)));
	CHECK(back.logistic.intercept == m.logistic.intercept);
	CHECK(back.logistic.intercept_se == m.logistic.intercept_se);
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

static void names_may_be_absent(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	free(m.split.time);
	free(m.split.known);
	m.split.time = m.split.known = NULL;
	m.split.has_cut = false;
	model_format(&text, &m);
	CHECK_INT(model_parse(&back, text.data, text.len, "m", &err), 0);
	CHECK(!back.split.time && !back.split.known && !back.split.has_cut);
	model_release(&back);
	model_release(&m);
	buf_release(&text);
}

/* Whether the text, changed by somebody who also mended its checksum, is read. */
static int parse_mended(struct model *m, const char *body, size_t len, struct err *err)
{
	struct buf text = BUF_INIT;
	char line[32];
	int rc;

	buf_append(&text, body, len);
	snprintf(line, sizeof(line), "crc32 %08x\n", gz_crc32(0, body, len));
	buf_append_str(&text, line);
	rc = model_parse(m, text.data, text.len, "m", err);
	buf_release(&text);
	return rc;
}

/* Each line of the file, replaced by another, is refused under its own number. */
static void names_the_line_at_fault(void)
{
	static const struct {
		const char *line, *bad, *reason;
	} faults[] = {
		{ "ce-model 2", "ce-model 1", "m:1: a model of an unknown version" },
		{ "ce-model 2", "id,x", "m:1: not a model written by ce-train" },
		{ "kind logistic", "kind oracle", "m:2: an unknown word" },
		{ "label \"is", "labl \"is", "m:3: expected 'label'" },
		{ "time \"event_ts\"", "time event_ts", "m:4: expected a string" },
		{ "time \"event_ts\"", "time -", "m:6: a cut without a time column" },
		{ "time \"event_ts\"", "time \"event_ts", "m:4: a string without its closing" },
		{ "time \"event_ts\"", "time \"\\x00\"", "m:4: a NUL byte" },
		{ "time \"event_ts\"", "time \"\\x41\"", "m:4: an invalid escape" },
		{ "cut -17", "cut -17 3", "m:6: surplus text" },
		{ "cut -17", "cut 1.5", "m:6: invalid integer" },
		{ "train 1000 250", "train 1000 1001", "m:7: more positives than rows" },
		{ "test 0 0", "test -1 0", "m:8: a number out of range" },
		{ "unlabelled 3", "unlabelled", "m:10: a value is missing" },
		{ "resample under", "resample sideways", "m:12: an unknown word" },
		{ "seed 42", "seed 42\nseed 42", "m:14: expected 'l2'" },
		{ "l2 1", "l2 -1", "m:14: a number out of range" },
		{ "l2 1", "l2 nan", "m:14: invalid number" },
		{ "tolerance 1e-10", "tolerance 0", "m:15: a number out of range" },
		{ "intercept -", "intercept 1e999", "m:19: invalid number" },
		{ "number \"x\"", "number \"user rate\"", "m:30: a column stands twice" },
		{ "number \"x\" -1.7e+308 12", "number \"x\" 0 0", "m:30: a number out of range" },
		{ "missing 7", "missing 0", "m:21: a number out of range" },
		{ "constant \"flat\"", "constant \"flat\" 1", "m:22: surplus text" },
		{ "constant \"flat\"", "fixed \"flat\"", "m:22: expected 'calibration'" },
		{ "level \"tv\"", "level \"\"", "m:25: a level stands twice" },
		{ "other 0", "number \"y\"", "m:29: expected 'other'" },
	};
	struct model m = sample(), back;
	struct buf text = BUF_INIT, changed = BUF_INIT;
	size_t body;

	model_format(&text, &m);
	buf_append_char(&text, '\0');
	body = (size_t)(strstr(text.data, "crc32") - text.data);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const char *at = strstr(text.data, faults[i].line);
		struct err err = ERR_INIT;

		CHECK(at);
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

static void every_truncation_is_refused(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;

	model_format(&text, &m);
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
		if (line && ++line < end) {
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

/*
 * Random damage is refused; and where the checksum is made to fit, so that the parser itself is
 * met, what it accepts is a model that it would write just so again.
 */
static void survives_corruption(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT, changed = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
	uint64_t state = 7;
	size_t body, accepted = 0;

	model_format(&text, &m);
	body = text.len - strlen("crc32 01234567\n");
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
		buf_clear(&once);
		buf_clear(&twice);
		model_format(&once, &back);
		model_release(&back);
		CHECK_INT(model_parse(&back, once.data, once.len, "m", &err), 0);
		model_format(&twice, &back);
		model_release(&back);
		CHECK(once.len == twice.len && !memcmp(once.data, twice.data, once.len));
	}
	CHECK(accepted > 100 && accepted < 9000); /* both ways were gone */
	model_release(&m);
	buf_release(&text);
	buf_release(&changed);
	buf_release(&once);
	buf_release(&twice);
}

/* More levels, columns or coefficients than any model has do not fill the memory. */
static void counts_are_bounded(void)
{
	struct model m = sample(), back;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	char line[64];
	size_t head;

	model_format(&text, &m);
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
	const double *c = m.logistic.coef;
	double z = (value[0] - m.encoding.columns[0].mean) / m.encoding.columns[0].sd;
	double score = m.logistic.intercept + z * c[0] + c[2 + 1 + 1];
	struct encoding_row scratch;

	encoding_row_init(&scratch, &m.encoding);
	CHECK_NEAR(model_score(&m, value, &scratch), score, 1e-15);
	CHECK_NEAR(model_probability(&m, value, &scratch), 1 / (1 + exp(-score)), 1e-15);
	encoding_row_release(&scratch);
	model_release(&m);
}

int main(void)
{
	RUN(reads_back_what_it_wrote);
	RUN(names_may_be_absent);
	RUN(names_the_line_at_fault);
	RUN(every_truncation_is_refused);
	RUN(survives_corruption);
	RUN(counts_are_bounded);
	RUN(predicts_by_its_places);
	return CHECK_DONE();
}
