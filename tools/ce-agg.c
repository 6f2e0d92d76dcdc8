/* ce-agg: append to each event what was known at its time; write the aggregate tables. */
#include "base/mem.h"
#include "cli.h"
#include "history/aggregate.h"
#include "history/doubts.h"
#include "stages.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

static int parse_table(void *value, const char *const *args, struct err *err)
{
	const struct catalogue_table *table;
	struct buf names = BUF_INIT;
	int rc;

	for (size_t i = 0; (table = aggregate_table(i)); i++) {
		if (!strcmp(table->name, args[0])) {
			*(const struct catalogue_table **)value = table;
			buf_release(&names);
			return 0;
		}
		buf_printf(&names, "%s%s", i ? ", " : "", table->name);
	}
	rc = err_set(err, ERR_USAGE, "must be one of %.*s, not '%s'", (int)names.len, names.data,
		     args[0]);
	buf_release(&names);
	return rc;
}

/* Gives the outputs their names, all or none. */
static int close_all(const struct aggregates *out, struct err *err)
{
	struct csv_writer **writers = mem_alloc(out->n, sizeof(struct csv_writer *));
	int rc;

	for (size_t i = 0; i < out->n; i++)
		writers[i] = aggregates_writer(out, i);
	rc = csv_writer_close_all(writers, out->n, err);
	free(writers);
	return rc;
}

int main(int argc, char **argv)
{
	struct agg_options opt = AGG_OPTIONS_INIT;
	struct aggregate_options what = { .keep = NAMES_INIT };
	struct cli_option table[STAGES_OPTIONS_MAX + 2] = {
		{ 't', "table", "TABLE", "write this aggregate table, not the events", parse_table,
		  &what.table },
		{ 'd', "directory", "DIR", "also write all aggregate tables into DIR", cli_string,
		  &what.directory },
	};
	const struct stage_options options = stages_agg(&opt);
	struct cli cli = { .tool = "ce-agg",
			   .purpose = "Append to each event what was known at its time.",
			   .operands = "[FILE ...]",
			   .options = table };
	struct event_reader in = EVENT_READER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct aggregates out;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct history history;
	struct history_row values;
	struct event_ids ahead;
	struct event e;
	int rc;

	memcpy(table + 2, options.table, sizeof(options.table));
	cli_parse(&cli, argc, argv);
	what.keep = opt.keep;
	what.watermark = opt.watermark;
	if (what.table && what.keep.n)
		cli_usage_error(&cli,
				"-t cannot be combined with --keep: an aggregate table has its "
				"own columns");
	if (event_reader_open(&in, &cli.input, EVENT_HISTORY, &err) ||
	    columns_refuse(&in.in, catalogue_history.columns, catalogue_history.n, &err) ||
	    aggregates_open(&out, &what, &cli.output, &in.in, in.in.header.n, &in.users,
			    &in.contents, &opt.history, &err))
		cli_die(&cli, &err);
	history_init(&history, &opt.history, &in.genres);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		if (event_reader_peek(&in, &ahead))
			history_prefetch(&history, &ahead);
		history_prepare(&history, &e);
		if (history_step(&history, &e, &values, &err)) {
			csv_reader_fail(&in.in, -1, &err, "%s", err.message);
			cli_die(&cli, &err);
		}
		if (aggregates_step(&out, row, &e, &history, &values, &err))
			cli_die(&cli, &err);
		cli_progress_reader(&cli, &in.in);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	history_finish(&history);
	if (out.per_session)
		doubts_watermark(what.watermark, history.now, &warnings);
	else if (what.watermark != EVENT_UNKNOWN)
		warnings_add(&warnings,
			     "--watermark has no effect: no table of sessions is written "
			     "(-d, or -t content_completion)");
	doubts_beginning(in.in.n_rows, history.first, history.now, &warnings);
	csv_reader_warn(&in.in, &warnings);
	cli_warnings(&cli, &warnings);
	if (aggregates_finish(&out, &history, &err) || close_all(&out, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.in.n_rows, aggregates_n_rows(&out));
	aggregates_release(&out);
	history_release(&history);
	event_reader_close(&in);
	names_release(&opt.keep);
	return 0;
}
