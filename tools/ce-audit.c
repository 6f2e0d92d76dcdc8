/* ce-audit: runs a pipeline on what the log held at earlier times; reports look-ahead leakage. */
#include "audit/trial.h"
#include "base/mem.h"
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEM_DEFAULT ((uint64_t)1024 * 1024 * 1024)
#define CUTS_MAX    10000

struct opts {
	int64_t n_cuts, seed;
	struct names at;
	struct zone *zone;
	struct trial_options trial;
};

static int parse_cuts(void *value, const char *const *args, struct err *err)
{
	int64_t *n = value;

	if (cli_count(value, args, err))
		return -1;
	if (!*n || *n > CUTS_MAX)
		return err_set(err, ERR_USAGE, "'%s': expected an integer from 1 to %d", args[0],
			       CUTS_MAX);
	return 0;
}

/* Reads the cuts as the times of the records are read, but that a date alone is one. */
static void take_times(struct trial_options *trial, const struct cli *cli,
		       const struct names *texts)
{
	struct time_reading reading = trial->times;
	struct err err = ERR_INIT;

	reading.date = true;
	trial->at = mem_alloc(texts->n, sizeof(*trial->at));
	for (size_t i = 0; i < texts->n; i++)
		if (cli_read_time(texts->name[i], &reading, &trial->at[trial->n_at++], &err))
			cli_usage_error(cli, "--at: %s", err.message);
}

static void parse_args(struct opts *opt, struct cli *cli, int argc, char **argv)
{
	static const char *const default_key[] = { "event_id" };
	struct trial_options *trial = &opt->trial;
	struct audit_options *audit = &trial->audit;
	const struct cli_option options[] = {
		{ 'c', "command", "COMMAND", "shell command that makes the table (required)",
		  cli_string, &trial->command },
		{ 0, "cuts", "N", "number of cuts, at times of random records (8)", parse_cuts,
		  &opt->n_cuts },
		{ 0, "seed", "N", "seed of the random number generator (1)", cli_count,
		  &opt->seed },
		{ 0, "at", "TIME[,...]", "cut at these times instead", cli_list, &opt->at },
		{ 0, "ts", "COLUMN", "column of the records' time (event_ts)", cli_string,
		  &trial->column },
		{ 0, "ts-unit", "UNIT", "unit of a number: auto, s, ms, us or ns (auto)",
		  cli_time_unit, &trial->times.unit },
		{ 0, "tz", "ZONE", "zone of times without an offset (UTC)", cli_zone, &opt->zone },
		{ 0, "key", "COLUMN[,...]", "key columns of the table (event_id)", cli_list,
		  &audit->key },
		{ 0, "time", "COLUMN", "time column of the table (event_ts)", cli_string,
		  &audit->time },
		{ 0, "label", "COLUMN[,...]", "columns that may become known after a cut", cli_list,
		  &audit->label },
		{ 0, "ignore", "COLUMN[,...]", "columns not to compare (none)", cli_list,
		  &audit->ignore },
		{ 0, "mem", "SIZE", "memory for sorting, beyond it $TMPDIR (1G)", cli_size,
		  &audit->mem },
		{ 0 }
	};
	struct err err = ERR_INIT;

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (!trial->command)
		cli_usage_error(cli, "--command is required");
	if (!audit->key.n)
		cli_list(&audit->key, default_key, &err);
	trial->n_cuts = (size_t)opt->n_cuts;
	trial->seed = (uint64_t)opt->seed;
	trial->times.zone = opt->zone;
	take_times(trial, cli, &opt->at);
}

/* Prints a line for each column that changed. Returns how many. */
static size_t print_findings(const struct cli *cli, const struct trial *trial)
{
	const struct audit *audit = &trial->audit;
	size_t n = 0;

	for (size_t i = 0; i < audit->n_findings; i++) {
		struct err line;

		if (!audit->findings[i].n_changed)
			continue;
		audit_describe(audit, &audit->findings[i], trial->n_cuts, &line);
		cli_note(cli, "%s", line.message);
		n++;
	}
	if (cli->verbose && !n)
		cli_note(cli, "no row changed at any of %zu cuts: no look-ahead found",
			 trial->n_cuts);
	return n;
}

static void release(struct opts *opt)
{
	free(opt->trial.at);
	names_release(&opt->at);
	zone_free(opt->zone);
	names_release(&opt->trial.audit.key);
	names_release(&opt->trial.audit.label);
	names_release(&opt->trial.audit.ignore);
}

int main(int argc, char **argv)
{
	struct opts opt = { .n_cuts = 8,
			    .seed = 1,
			    .trial = { .column = "event_ts",
				       .audit = { .time = "event_ts", .mem = MEM_DEFAULT } } };
	struct cli cli = { .tool = "ce-audit",
			   .purpose = "Report which columns of a pipeline's table depend on "
				      "later events.",
			   .operands = "-c COMMAND [FILE ...]" };
	struct csv_writer out = CSV_WRITER_INIT;
	struct trial trial = TRIAL_INIT;
	struct err err = ERR_INIT;
	struct trial_cut cut;
	size_t n_leaks;
	int rc;

	parse_args(&opt, &cli, argc, argv);
	if (csv_writer_open(&out, &cli.output, &err) ||
	    trial_open(&trial, &opt.trial, &cli.input, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		cli_note(&cli, "%" PRIu64 " records, the last at %" PRId64 "; %zu cuts",
			 trial.log.n_records, trial.log.last, trial.n_cuts);
	if (trial_whole(&trial, &err))
		cli_die(&cli, &err);
	while ((rc = trial_next(&trial, &cut, &err)) > 0)
		if (cli.verbose)
			cli_note(&cli,
				 "cut %" PRId64 ": %" PRIu64 " records, %" PRIu64
				 " rows compared, %" PRIu64 " changed",
				 cut.time, cut.n_records, cut.n_compared, cut.n_changed);
	if (rc < 0 || audit_report(&trial.audit, &out, &err))
		cli_die(&cli, &err);
	cli_warnings(&cli, &trial.log.warnings);
	if (csv_writer_close(&out, &err))
		cli_die(&cli, &err);
	n_leaks = print_findings(&cli, &trial);
	cli_done(&cli, trial.log.n_records, out.n_rows);
	trial_release(&trial);
	release(&opt);
	return n_leaks > 0;
}
