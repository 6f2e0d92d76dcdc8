/*
 * Scored rows, evaluated and written down in all ways as ce-eval does it, but for the pictures. The
 * options: segments, periods, how the threshold is found, the second score and where it is; the
 * parts: the rows, and a file of second scores.
 *
 * Counts add up and shares are shares; the table for people can be shown; the tables for programs
 * read back; the page is as page.h says.
 */
#include "page.h"

#include "eval/eval_write.h"
#include "eval/evaluation.h"
#include "eval/intervals.h"
#include "report/report.h"

#include <inttypes.h>
#include <math.h>

static void check_share(const char *what, double value)
{
	FUZZ_CHECK(isnan(value) || (value >= 0 && value <= 1), "%s: %g", what, value);
}

static void check_metrics(const struct metrics *m)
{
	FUZZ_CHECK(m->tp + m->fp + m->tn + m->fn == m->rows && m->tp + m->fn == m->positives,
		   "%" PRIu64 " rows", m->rows);
	check_share("base rate", m->base_rate);
	check_share("AUC", m->auc_roc);
	check_share("AUC, low", m->auc_roc_low);
	check_share("AUC, high", m->auc_roc_high);
	check_share("accuracy", m->accuracy);
	for (int i = 0; i < 2; i++) {
		check_share("precision", m->classes[i].precision);
		check_share("recall", m->classes[i].recall);
		check_share("F1", m->classes[i].f1);
	}
}

/* Rows of a table that was written. */
static uint64_t count_rows(const struct buf *text)
{
	const char *path = fuzz_file(0, text->data, text->len);
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc = csv_reader_open(&in, &input, &err);
	uint64_t n;

	while (!rc && (rc = csv_reader_next(&in, &row, &err)) > 0)
		rc = 0;
	FUZZ_CHECK(!rc, "%s", err.message);
	n = in.n_rows;
	csv_reader_close(&in);
	return n;
}

enum output { METRICS, TEXT, CURVES, INTERVALS };

static void write_output(enum output which, const struct evaluation *e, const struct intervals *iv,
			 struct buf *text)
{
	struct gz_output output = { .path = fuzz_sink(1), .plain = true };
	struct csv_writer w = CSV_WRITER_INIT;
	struct err err = ERR_INIT;
	int rc = csv_writer_open(&w, &output, &err);

	if (!rc && which == METRICS)
		rc = eval_write_csv(e, &w, &err);
	else if (!rc && which == TEXT)
		rc = eval_write_table(e, iv, &w, &err);
	else if (!rc && which == CURVES)
		rc = eval_write_curves(e, &w, &err);
	else if (!rc)
		rc = intervals_write(iv, &w, &err);
	FUZZ_CHECK(!rc && !csv_writer_close(&w, &err), "%s", err.message);
	buf_clear(text);
	fuzz_written(output.path, text);
}

static void check_written(const struct evaluation *e)
{
	struct report_inputs inputs = { .n_rejects = 0 };
	struct intervals iv;
	const struct report r = { .evaluation = e,
				  .intervals = &iv,
				  .attachments = &inputs,
				  .words = words_of(e->n % 2 ? "is_completion" : e->opts.label),
				  .names = { e->opts.score, e->opts.against } };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	FUZZ_CHECK(!intervals_compute(&iv, e, 5, 1, NULL, &err), "%s", err.message);
	write_output(METRICS, e, &iv, &text);
	FUZZ_CHECK(count_rows(&text) == e->n_segments, "%zu segments", e->n_segments);
	write_output(CURVES, e, &iv, &text);
	(void)count_rows(&text);
	write_output(INTERVALS, e, &iv, &text);
	FUZZ_CHECK(count_rows(&text) == iv.n, "%zu intervals", iv.n);
	write_output(TEXT, e, &iv, &text);
	for (const char *s = text.data, *end = s + text.len; s < end;) {
		size_t n = *s == '\n' ? 1 : utf8_printable(s, end);

		FUZZ_CHECK(n, "byte %02x", (unsigned char)*s);
		s += n;
	}
	buf_clear(&text);
	report_put_card(&r, &text);
	report_put_moments(&r, &text);
	report_put_decisions(&r, &text);
	report_put_gain(&r, &text);
	report_put_intervals(&r, &text);
	report_put_segments(&r, &text);
	report_put_quality(&r, &text);
	fuzz_check_page(&text);
	buf_release(&text);
}

static void evaluate(const struct evaluation_opts *opts, const char *path)
{
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct evaluation e = { .n = 0 };
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc = csv_reader_open(&in, &input, &err);

	if (rc) {
		fuzz_check_error(&err);
		return;
	}
	rc = evaluation_init(&e, opts, &in, &err);
	while (!rc && (rc = csv_reader_next(&in, &row, &err)) > 0)
		rc = evaluation_add(&e, &in, row, &err);
	if (rc || evaluation_judge(&e, &in, &err)) {
		fuzz_check_error(&err);
	} else {
		uint64_t n = e.n;

		for (int i = 0; i < EVALUATION_N_SKIPS; i++)
			n += e.n_skipped[i];
		FUZZ_CHECK(n == in.n_rows, "%" PRIu64 " of %" PRIu64, n, in.n_rows);
		for (size_t i = 0; i < e.n_segments; i++)
			check_metrics(&e.segments[i].metrics);
		for (int i = 0; i < MOMENT_N; i++)
			if (e.moments.metrics[i].rows)
				check_metrics(&e.moments.metrics[i]);
		check_written(&e);
	}
	evaluation_release(&e);
	csv_reader_close(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const by[] = { "device", "split" };
	static const double thresholds[] = { 0.5, EVALUATION_BEST_F1, EVALUATION_EARLIER, 0, 1 };
	struct fuzz f = fuzz_begin(data, size);
	struct evaluation_opts opts = {
		.label = "label", .score = "score", .by = by, .moments = true
	};
	const char *rows, *others;
	size_t len, others_len;

	opts.n_by = fuzz_option(&f, 3);
	opts.period = (enum evaluation_period)fuzz_option(&f, 3);
	opts.threshold = thresholds[fuzz_option(&f, 5)];
	opts.choice = (struct threshold_opts){ fuzz_option(&f, 3), fuzz_option(&f, 3),
					       fuzz_option(&f, 3), 500000 };
	if (opts.threshold == EVALUATION_EARLIER && !threshold_has_costs(&opts.choice) &&
	    !opts.choice.capacity)
		opts.choice.capacity = 1;
	opts.bins = 1 + fuzz_option(&f, 20);
	opts.user = fuzz_option(&f, 2) ? "user" : NULL;
	opts.prior = fuzz_option(&f, 2) ? 0.25 : 0;
	if (!(opts.prior > 0) && fuzz_option(&f, 2))
		opts.against = "other";
	if (fuzz_option(&f, 2) && opts.threshold != EVALUATION_EARLIER)
		opts.split = EVALUATION_EVERY_SPLIT;
	rows = fuzz_part(&f, &len);
	others = fuzz_part(&f, &others_len);
	if (opts.against && others_len) {
		opts.against_path = fuzz_file(3, others, others_len);
		opts.key = "key";
	}
	evaluate(&opts, fuzz_file(2, rows, len));
	return 0;
}
