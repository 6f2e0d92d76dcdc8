/*
 * A model's text, with the checksum that it wants (the seeds have none), and then rows to predict.
 *
 * A text that is read is written again and read from that as the same; a row that is taken gets a
 * finite score and a probability; the view is text that no terminal minds; the SQL has closed all
 * its quotes and brackets. The options: what the predictions are asked for.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/num.h"
#include "eval/drift.h"
#include "eval/predict.h"
#include "model/model.h"
#include "model/modelsql.h"
#include "model/modelview.h"

#include <math.h>

#define END (sizeof("model_id 0123456789abcdef\n") - 1)

/* Of the version that the text says it is of. */
static void put_end(struct buf *text)
{
	size_t len = text->len;
	char id[MODEL_ID];
	struct err err = ERR_INIT;
	bool old = len > 10 && text->data[9] >= '2' && text->data[9] <= '4';

	FUZZ_CHECK(!model_put_end(text, old ? 4 : MODEL_FORMAT, text->data, len, id, &err), "%s",
		   err.message);
}

/* The value that begins at s, up to a space or the line's end. */
static size_t value_length(const char *s)
{
	return strcspn(s, " \n");
}

/*
 * Whether the texts, which end with a newline and a NUL, differ in nothing but in how numbers are
 * spelt: +1.50 is 1.5.
 */
static bool same_facts(const char *a, const char *b)
{
	while (*a && *b) {
		size_t n = value_length(a), m = value_length(b);
		double x, y;

		if ((n != m || memcmp(a, b, n) != 0) &&
		    (num_parse_double(a, n, &x) || num_parse_double(b, m, &y) || x != y))
			return false;
		a += n;
		b += m;
		if (*a++ != *b++)
			return false;
	}
	return *a == *b;
}

/* What is written of a model that was read is what was read, all of it. */
static void check_written(const struct model *m, const struct buf *text)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct model again;
	struct err err = ERR_INIT;

	FUZZ_CHECK(!model_format(&once, m, &err), "%s", err.message);
	FUZZ_CHECK(!model_parse(&again, once.data, once.len, "written", &err), "%s", err.message);
	FUZZ_CHECK(!model_format(&twice, &again, &err), "%s", err.message);
	for (size_t i = 0; i < once.len; i++)
		FUZZ_CHECK(once.data[i] == '\n' || (unsigned char)once.data[i] >= ' ',
			   "a control byte in a line");
	FUZZ_CHECK(fuzz_same(&once, &twice), "%.*s", (int)twice.len, twice.data);
	if (!strncmp(text->data, "ce-model 5\n", 11)) {
		/* But for the id, of those spellings. */
		char *was = mem_dup(text->data, text->len - END),
		     *is = mem_dup(once.data, once.len - END);

		FUZZ_CHECK(same_facts(was, is), "%s", is);
		free(was);
		free(is);
	}
	model_release(&again);
	buf_release(&once);
	buf_release(&twice);
}

/* Lines of printable characters. */
static void check_shown(const struct buf *text)
{
	const char *end = text->data + text->len;

	for (const char *s = text->data; s < end;) {
		size_t n = *s == '\n' ? 1 : utf8_printable(s, end);

		FUZZ_CHECK(n, "byte %02x of the view", (unsigned char)*s);
		s += n;
	}
}

static void check_view(const struct model *m)
{
	struct gz_output output = { .path = fuzz_sink(0), .plain = true };
	struct gz_writer w = GZ_WRITER_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	modelview_put(&text, m);
	FUZZ_CHECK(!gz_writer_open(&w, &output, &err) && !modelview_write_trees(&w, m, &err) &&
			   !gz_writer_close(&w, &err),
		   "%s", err.message);
	fuzz_written(output.path, &text);
	check_shown(&text);
	buf_release(&text);
}

/* Past a string, a name or an E'' string, whose closing quote is doubled inside. */
static const char *skip_quoted(const char *s, const char *end, bool has_escapes)
{
	char quote = *s++;

	for (; s < end; s++) {
		bool is_doubled = *s == quote && s + 1 < end && s[1] == quote;

		if (is_doubled || (has_escapes && *s == '\\'))
			s++;
		else if (*s == quote)
			return s + 1;
	}
	FUZZ_CHECK(false, "an open quote");
	return end;
}

static void check_sql(const struct model *m)
{
	struct buf sql = BUF_INIT;
	struct err err = ERR_INIT;
	const char *end;
	int depth = 0;

	if (modelsql_put(&sql, m, &err)) {
		fuzz_check_error(&err);
		buf_release(&sql);
		return;
	}
	FUZZ_CHECK(utf8_valid(sql.data, sql.len), "no text");
	end = sql.data + sql.len;
	for (const char *s = sql.data; s < end;) {
		if (*s == '\'' || *s == '"') {
			s = skip_quoted(s, end, *s == '\'' && s > sql.data && s[-1] == 'E');
			continue;
		}
		depth += (*s == '(') - (*s == ')');
		FUZZ_CHECK(depth >= 0, "a closed bracket");
		FUZZ_CHECK((unsigned char)*s < 0x7f && *s != ';' && *s != '\\', "byte %02x",
			   (unsigned char)*s);
		FUZZ_CHECK(*s != '-' || s[1] != '-', "a comment");
		s++;
	}
	FUZZ_CHECK(!depth, "an open bracket");
	buf_release(&sql);
}

/* Contributions are finite, and add up to the score. */
static void check_contributions(const struct model_explainer *x, const double *value, double score)
{
	size_t n = x->model->encoding.n_values;
	double *contribution = mem_alloc(n, sizeof(*contribution));
	double sum = x->base, size = fabs(x->base) + fabs(score);

	model_explain(x, value, 1, contribution);
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(isfinite(contribution[i]), "contribution %g", contribution[i]);
		sum += contribution[i];
		size += fabs(contribution[i]);
	}
	FUZZ_CHECK(fabs(sum - score) <= 1e-9 * size, "%g, not %g", sum, score);
	free(contribution);
}

static void check_score(const struct model_explainer *x, const double *value,
			struct matrix_row *scratch)
{
	const struct model *m = x->model;
	double score = model_score(m, value, scratch), p = model_probability(m, value, scratch);

	FUZZ_CHECK(isfinite(score) && p >= 0 && p <= 1, "score %g, probability %g", score, p);
	check_contributions(x, value, score);
}

/* Each number at its extremes and empty, each level and the other ones. */
static void check_extremes(const struct model *m)
{
	static const double numbers[] = {
		0, 1, -1, NAN, 1.7976931348623157e308, 1e-300, -1e9, 5e-324, -1.7976931348623157e308
	};
	const struct encoding *e = &m->encoding;
	double *value = mem_alloc(e->n_values, sizeof(*value));
	struct model_explainer x;
	struct matrix_row scratch;

	model_explainer_init(&x, m);
	matrix_row_init(&scratch, &e->shape);
	for (size_t round = 0; round < 9; round++) {
		for (uint32_t i = 0; i < e->n_values; i++) {
			const struct encoding_column *c = encoding_valued(e, i);

			value[i] = c->kind == ENCODING_CATEGORY
					   ? (double)((round + i) % (c->levels.n + 1))
					   : numbers[(round + i / 2) % 9];
		}
		check_score(&x, value, &scratch);
	}
	matrix_row_release(&scratch);
	model_explainer_release(&x);
	free(value);
}

static int write_drift(const struct predict *p, struct csv_writer *out, struct err *err)
{
	struct distribution distribution = { 0 };
	struct drift d = { 0 };
	int rc = predict_distribution(p, &distribution, err);

	if (!rc) {
		drift_compute(&d, &distribution);
		rc = drift_write(&d, out, err) || distribution_write(&distribution, out, err) ? -1
											      : 0;
	}
	drift_release(&d);
	distribution_release(&distribution);
	return rc;
}

static int write_table(const struct predict *p,
		       int (*write)(const struct predict *, struct csv_writer *, struct err *),
		       struct err *err)
{
	struct gz_output output = { .path = fuzz_sink(2) };
	struct csv_writer w = CSV_WRITER_INIT;
	int rc;

	FUZZ_CHECK(!csv_writer_open(&w, &output, err), "%s", err->message);
	rc = write(p, &w, err);
	csv_writer_abort(&w);
	return rc;
}

static void check_predictions(const struct model *m, const char *rows, size_t len,
			      struct predict_options *options)
{
	const char *path = fuzz_file(1, rows, len);
	struct csv_input input = { .paths = &path, .n = 1 };
	struct gz_output to[] = { { .path = fuzz_sink(3) }, { .path = fuzz_sink(4) } };
	struct csv_writer out[] = { CSV_WRITER_INIT, CSV_WRITER_INIT };
	struct csv_reader in = CSV_READER_INIT;
	struct predict p = { 0 };
	struct warnings warnings = WARNINGS_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc = csv_reader_open(&in, &input, &err);

	for (int i = 0; i < 2; i++)
		FUZZ_CHECK(!csv_writer_open(&out[i], &to[i], &err), "%s", err.message);
	if (!rc && !(rc = predict_init(&p, options, m, &in, &err))) {
		predict_start(&p, &out[0], options->contributions ? &out[1] : NULL);
		while ((rc = csv_reader_next(&in, &row, &err)) > 0)
			if ((rc = predict_row(&p, row, &err)))
				break;
		rc = rc ? rc : predict_finish(&p, &err);
	}
	if (!rc)
		predict_warn(&p, &warnings);
	if (rc || (options->importance && write_table(&p, predict_write_importance, &err)) ||
	    (options->distribution && write_table(&p, write_drift, &err)))
		fuzz_check_error(&err);
	warnings_release(&warnings);
	predict_release(&p);
	csv_reader_close(&in);
	csv_writer_abort(&out[0]);
	csv_writer_abort(&out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	struct predict_options options = { .threshold = 0.5,
					   .keys = fuzz_option(&f, 2),
					   .part = (int)fuzz_option(&f, SPLIT_N_PARTS + 1),
					   .distribution = fuzz_option(&f, 2) ? "--drift" : NULL,
					   .scored_at = 1700000000000,
					   .sample = 3,
					   .repeats = 2,
					   .threads = 1 };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const char *part;
	struct model m;
	size_t len;

	options.importance = fuzz_option(&f, 2);
	options.reasons = fuzz_option(&f, 4);
	options.contributions = fuzz_option(&f, 2);
	options.latest = fuzz_option(&f, 2) ? "user_id" : NULL;
	options.part = SPLIT_N_PARTS - options.part; /* by default, all */
	part = fuzz_part(&f, &len);
	buf_append(&text, part, len);
	put_end(&text);
	if (model_parse(&m, text.data, text.len, "model", &err)) {
		fuzz_check_error(&err);
		buf_release(&text);
		return 0;
	}
	check_written(&m, &text);
	check_view(&m);
	check_sql(&m);
	check_extremes(&m);
	part = fuzz_part(&f, &len);
	check_predictions(&m, part, len, &options);
	model_release(&m);
	buf_release(&text);
	return 0;
}
