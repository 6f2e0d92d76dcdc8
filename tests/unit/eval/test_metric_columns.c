#include "eval/metric_columns.h"

#include "check.h"
#include "eval/eval_write.h"
#include "scratch.h"
#include "table/catalogue.h"

/* Each value is written below its own name, in whatever order the columns are. */
static void values_are_under_their_names(void)
{
	const struct {
		const char *name, *value;
	} want[] = {
		{ "segment_column", "genre" },
		{ "segment", "drama" },
		{ "rows", "1" },
		{ "positives", "2" },
		{ "base_rate", "0.25" },
		{ "auc_roc", "0.5" },
		{ "auc_roc_low", "" },
		{ "auc_roc_high", "0.75" },
		{ "average_precision", "0.125" },
		{ "log_loss", "3" },
		{ "brier", "4" },
		{ "expected_calibration_error", "5" },
		{ "threshold", "6" },
		{ "accuracy", "7" },
		{ "precision_0", "8" },
		{ "recall_0", "9" },
		{ "f1_0", "10" },
		{ "support_0", "11" },
		{ "precision_1", "12" },
		{ "recall_1", "13" },
		{ "f1_1", "14" },
		{ "support_1", "15" },
		{ "tn", "16" },
		{ "fp", "17" },
		{ "fn", "18" },
		{ "tp", "4294967295" },
	};
	struct evaluation_segment segment = {
		.column = "genre",
		.value = { "drama", 5, false },
		.metrics = { .rows = 1,
			     .positives = 2,
			     .base_rate = 0.25,
			     .auc_roc = 0.5,
			     .auc_roc_low = NAN,
			     .auc_roc_high = 0.75,
			     .average_precision = 0.125,
			     .log_loss = 3,
			     .brier = 4,
			     .calibration_error = 5,
			     .threshold = 6,
			     .accuracy = 7,
			     .classes = { { 8, 9, 10, 11 }, { 12, 13, 14, 15 } },
			     .tn = 16,
			     .fp = 17,
			     .fn = 18,
			     .tp = METRICS_ROWS_MAX },
	};
	const struct evaluation e = { .segments = &segment, .n_segments = 1 };
	struct gz_output output = { .path = "out", .plain = true };
	struct csv_input input = { .paths = (const char *const[]){ "out" }, .n = 1 };
	struct csv_writer out = CSV_WRITER_INIT;
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;

	CHECK_INT(csv_writer_open(&out, &output, &err), 0);
	CHECK_INT(eval_write_csv(&e, &out, &err), 0);
	CHECK_INT(csv_writer_close(&out, &err), 0);
	CHECK_INT(csv_reader_open(&in, &input, &err), 0);
	CHECK_INT(csv_reader_next(&in, &row, &err), 1);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		size_t at = 0;

		while (at < in.header.n && strcmp(in.header.names[at], want[i].name) != 0)
			at++;
		CHECK(at < in.header.n && csv_field_is(&row->fields[at], want[i].value));
	}
	csv_reader_close(&in);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(values_are_under_their_names);
	scratch_leave(dir);
	return CHECK_DONE();
}
