/* ce-agg: add what history knows at each event; write the aggregate tables. */
#include "base/mem.h"
#include "cli.h"
#include "history/aggregate.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_OUTPUTS 16

/* Standard output (or -o) first, then what -d asks for. */
struct outputs {
	struct aggregate at[MAX_OUTPUTS];
	size_t n;
	char *paths[MAX_OUTPUTS];
};

static int open_output(struct outputs *o, const struct catalogue_table *table,
		       const struct gz_output *output, const struct event_reader *in,
		       struct err *err)
{
	if (aggregate_open(&o->at[o->n], table, output, in, err))
		return -1;
	o->n++;
	return 0;
}

/* DIR/TABLE.csv.gz, or DIR/TABLE.csv if they are to be plain, for every aggregate table. */
static int open_directory(struct outputs *o, const char *dir, const struct gz_output *like,
			  const struct event_reader *in, struct err *err)
{
	const struct catalogue_table *table;

	for (size_t i = 0; (table = aggregate_table(i)); i++) {
		struct gz_output output = *like;

		o->paths[o->n] = gz_output_table(&output, dir, table->name, err);
		if (!o->paths[o->n] || open_output(o, table, &output, in, err))
			return -1;
	}
	return 0;
}

static bool wants_sessions(const struct outputs *o)
{
	bool wanted = false;

	for (size_t i = 0; i < o->n; i++)
		wanted |= o->at[i].per_session;
	return wanted;
}

static int write_event(struct outputs *o, const struct csv_row *row, const struct history *history,
		       const struct history_row *values, struct err *err)
{
	for (size_t i = 0; i < o->n; i++)
		if (aggregate_event(&o->at[i], row, history, values, err))
			return -1;
	return 0;
}

static int write_sessions(struct outputs *o, struct aggregate_sessions *sessions,
			  const struct event_reader *in, int64_t watermark, struct err *err)
{
	const struct outcome_session *s;

	for (; (s = aggregate_sessions_first(sessions)); aggregate_sessions_pop(sessions))
		for (size_t i = 0; i < o->n; i++)
			if (aggregate_session(&o->at[i], s, in, watermark, err))
				return -1;
	return 0;
}

static int close_outputs(struct outputs *o, struct err *err)
{
	struct csv_writer *writers[MAX_OUTPUTS];

	for (size_t i = 0; i < o->n; i++)
		writers[i] = &o->at[i].out;
	return csv_writer_close_all(writers, o->n, err);
}

static void release(struct outputs *o)
{
	for (size_t i = 0; i < o->n; i++) {
		aggregate_release(&o->at[i]);
		free(o->paths[i]);
	}
}

static int check_table(void *value, const char *const *args, struct err *err)
{
	const struct catalogue_table *table;

	for (size_t i = 0; (table = aggregate_table(i)); i++)
		if (!strcmp(table->name, args[0])) {
			*(const struct catalogue_table **)value = table;
			return 0;
		}
	return err_set(err, ERR_USAGE, "'%s' is no table that ce-agg makes", args[0]);
}

int main(int argc, char **argv)
{
	struct history_options options = HISTORY_OPTIONS_INIT;
	struct aggregate_sessions sessions = AGGREGATE_SESSIONS_INIT;
	const struct catalogue_table *aggregate = NULL;
	const char *dir = NULL;
	const struct cli_option table[] = {
		{ 't', "table", "TABLE", "write that aggregate table, not the events", check_table,
		  &aggregate },
		{ 'd', "directory", "DIR", "also write every aggregate, DIR/TABLE.csv.gz",
		  cli_string, &dir },
		{ 0, "window", "DURATION", "how far back activity counts (30d)", cli_duration,
		  &options.window },
		{ 0, "near-end", "RATIO", "from which a stop can complete a session (0.95)",
		  cli_share, &options.near_end },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-agg",
			   .purpose = "Appends to each event what was known at its time.",
			   .operands = "[FILE ...]",
			   .options = table };
	struct event_reader in = EVENT_READER_INIT;
	struct outputs outputs = { .n = 0 };
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct history history;
	struct history_row values;
	struct event_ids ahead;
	struct event e;
	int rc;

	cli_parse(&cli, argc, argv);
	if (event_reader_open(&in, &cli.input, EVENT_HISTORY, &err) ||
	    columns_refuse(&in.in, catalogue_history.columns, catalogue_history.n, &err) ||
	    open_output(&outputs, aggregate, &cli.output, &in, &err) ||
	    (dir && open_directory(&outputs, dir, &cli.output, &in, &err)))
		cli_die(&cli, &err);
	if (wants_sessions(&outputs)) {
		options.closed = aggregate_session_closed;
		options.context = &sessions;
	}
	history_init(&history, &options, &in.genres);
	while ((rc = event_reader_next(&in, &row, &e, &err)) > 0) {
		if (event_reader_peek(&in, &ahead))
			history_prefetch(&history, &ahead);
		if (history_step(&history, &e, &values, &err)) {
			csv_reader_fail(&in.in, -1, &err, "%s", err.message);
			cli_die(&cli, &err);
		}
		if (write_event(&outputs, row, &history, &values, &err) ||
		    write_sessions(&outputs, &sessions, &in, history.now, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.in.n_rows);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	history_finish(&history);
	if (write_sessions(&outputs, &sessions, &in, history.now, &err) ||
	    close_outputs(&outputs, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.in.n_rows, outputs.at[0].out.n_rows - 1);
	release(&outputs);
	history_release(&history);
	aggregate_sessions_release(&sessions);
	event_reader_close(&in);
	return 0;
}
