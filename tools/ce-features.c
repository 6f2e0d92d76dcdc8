/* ce-features: the feature table with its label. */
#include "cli.h"
#include "events/event.h"
#include "history/doubts.h"
#include "history/features.h"
#include "history/label.h"

struct options {
	struct cli_choice rows;
	int64_t watermark;
	struct names keep;
};

/* Everything after the reader. */
struct state {
	struct features features;
	struct labels labels;
	struct csv_writer out;
};

static int step(struct state *s, const struct options *opt, const struct event_reader *in,
		const struct csv_row *row, const struct event *e, struct err *err)
{
	if (labels_step(&s->labels, e, err))
		return csv_reader_fail(&in->in, -1, err, "%s", err->message);
	if (features_wanted(&s->features, (enum features_rows)opt->rows.value, row, e)) {
		if (features_put(&s->features, &in->in, row, e, labels_row(&s->labels), err))
			return -1;
		labels_hold(&s->labels, e->session_id);
	}
	return labels_write(&s->labels, &s->out, err);
}

int main(int argc, char **argv)
{
	static const char *const rows_words[] = { "open", "first", "undecided", "all", NULL };
	struct options opt = { .rows = { rows_words, FEATURES_OPEN },
			       .watermark = EVENT_UNKNOWN,
			       .keep = NAMES_INIT };
	const struct cli_option table[] = {
		{ 'r', "rows", "WHICH", "rows: open, first, undecided or all (open)", cli_choice,
		  &opt.rows },
		{ 0, "keep", "COL[,...]", "add these columns of the input; '*': all", cli_list,
		  &opt.keep },
		{ 0, "watermark", "TIME", "until when the log is whole (its last event)",
		  cli_event_time, &opt.watermark },
		{ 0 },
	};
	struct cli cli = {
		.tool = "ce-features",
		.purpose = "Make the feature table and its label from the output of ce-agg.",
		.operands = "[FILE ...]",
		.options = table
	};
	struct event_reader in = EVENT_READER_INIT;
	struct state s = { .out = CSV_WRITER_INIT };
	struct warnings warnings = WARNINGS_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct event_ids ahead;
	struct event e;
	int rc;

	cli_parse(&cli, argc, argv);
	labels_init(&s.labels, opt.watermark);
	if (event_reader_open(&in, &cli.input, EVENT_SESSION, &err) ||
	    features_init(&s.features, &in.in, &opt.keep, &err) ||
	    csv_writer_open(&s.out, &cli.output, &err))
		cli_die(&cli, &err);
	features_put_names(&s.features, &in.in, &s.out.row);
	if (csv_writer_end_row(&s.out, &err))
		cli_die(&cli, &err);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		(void)event_reader_peek(&in, &ahead); /* asks for the slots of the ids, too */
		if (step(&s, &opt, &in, row, &e, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.in.n_rows);
	}
	doubts_watermark(opt.watermark, s.labels.now, &warnings);
	labels_finish(&s.labels);
	if (rc < 0 || labels_write(&s.labels, &s.out, &err))
		cli_die(&cli, &err);
	if (in.in.n_rows && s.out.n_rows == 1)
		warnings_add(&warnings,
			     "none of %llu events is a prediction row: is every session at its end "
			     "with its first event? (--rows)",
			     (unsigned long long)in.in.n_rows);
	csv_reader_warn(&in.in, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close(&s.out, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "label: %llu completed, %llu not, %llu open when the log ends",
			 (unsigned long long)s.labels.n_completed,
			 (unsigned long long)s.labels.n_not_completed,
			 (unsigned long long)s.labels.n_censored);
	cli_done(&cli, in.in.n_rows, s.out.n_rows - 1);
	event_reader_close(&in);
	labels_release(&s.labels);
	features_release(&s.features);
	names_release(&opt.keep);
	return 0;
}
