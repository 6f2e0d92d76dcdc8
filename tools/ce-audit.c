/* ce-audit: run a pipeline on what the log held at earlier times; report what a row saw too early.
 */
#include "audit/audit.h"
#include "audit/spool.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli.h"
#include "events/clean.h"
#include "io/subprocess.h"
#include "io/tempfile.h"
#include "table/csvio.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEM_DEFAULT ((uint64_t)1024 * 1024 * 1024)
#define CUTS_MAX    10000

struct cuts {
	int64_t *times;
	size_t n;
};

struct opts {
	const char *command;
	int64_t n_cuts, seed;
	struct cuts at;
	const char *ts;
	struct cli_choice ts_unit;
	struct audit_options audit;
};

static int parse_cuts(void *value, const char *const *args, struct err *err)
{
	if (cli_count(value, args, err))
		return -1;
	if (!*(int64_t *)value || *(int64_t *)value > CUTS_MAX)
		return err_set(err, ERR_USAGE, "'%s' is no number from 1 to %d", args[0], CUTS_MAX);
	return 0;
}

/* Appends the times. */
static int parse_times(void *value, const char *const *args, struct err *err)
{
	struct names texts = NAMES_INIT;
	struct cuts *cuts = value;
	int rc = cli_list(&texts, args, err);

	for (size_t i = 0; !rc && i < texts.n; i++) {
		const struct csv_field text = { texts.name[i], (uint32_t)strlen(texts.name[i]),
						false };

		cuts->times = mem_realloc(cuts->times, cuts->n + 1, sizeof(*cuts->times));
		if (clean_parse_ts(&text, false, TIME_OFFSET_OPTIONAL, &cuts->times[cuts->n++]))
			rc = err_set(err, ERR_USAGE,
				     "'%s' is neither a number of ms nor an ISO 8601 time", text.s);
	}
	names_release(&texts);
	return rc;
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts the cuts and drops those that come twice, and those that leave no record out. */
static int settle_cuts(struct cuts *cuts, const struct cli *cli, const struct spool *log,
		       struct err *err)
{
	size_t n = 0;

	if (!log->last)
		return err_set(err, ERR_RUNTIME,
			       "nothing was compared: no record has a valid time in column %s",
			       log->column);
	qsort(cuts->times, cuts->n, sizeof(*cuts->times), by_time);
	for (size_t i = 0; i < cuts->n; i++)
		if (cuts->times[i] < log->last && (!n || cuts->times[n - 1] < cuts->times[i]))
			cuts->times[n++] = cuts->times[i];
	if (!n)
		return err_set(err, ERR_RUNTIME,
			       "nothing was compared: no cut is before the last record's time, "
			       "%" PRId64,
			       log->last);
	cuts->n = n;
	if (cli->verbose)
		cli_note(cli, "%" PRIu64 " records, the last at %" PRId64 "; %zu cuts",
			 log->n_records, log->last, n);
	return 0;
}

/* Runs the command on `input`, and the audit on its output: the whole, or that at *cut. */
static int run(struct audit *audit, const struct opts *opt, const struct cuts *cuts,
	       const int64_t *cut, int input, uint64_t counts[2], struct err *err)
{
	char where[48] = "", name[80];
	struct subprocess command;
	struct err why = ERR_INIT;
	int output, rc;

	if (cut)
		snprintf(where, sizeof(where), " at cut %" PRId64, *cut);
	snprintf(name, sizeof(name), "the command's output%s", where);
	if (lseek(input, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot read the temporary file");
	if (subprocess_start(&command, opt->command, input, err))
		return -1;
	output = fcntl(command.output, F_DUPFD_CLOEXEC, 0);
	if (output < 0)
		return err_errno(err, name);
	rc = cut ? audit_cut(audit, *cut, output, name, &counts[0], &counts[1], err)
		 : audit_whole(audit, &opt->audit, cuts->times[cuts->n - 1], output, name, err);
	/* A command that has failed is the reason for whatever is wrong with its output. */
	if (rc && !subprocess_is_silent(&command))
		return -1;
	if (subprocess_end(&command, &why))
		return err_set(err, ERR_RUNTIME, "the command failed%s: %s", where, why.message);
	return rc;
}

static int run_cuts(struct audit *audit, const struct cli *cli, const struct opts *opt,
		    const struct cuts *cuts, const struct spool *log, struct err *err)
{
	uint64_t n_records = 0, counts[2] = { 0, 0 }, n_rows = 0;
	int prefix = tempfile_open(err);

	if (prefix < 0)
		return -1;
	for (size_t i = 0; i < cuts->n; i++) {
		const int64_t *cut = &cuts->times[i];

		if (spool_write_prefix(log, *cut, prefix, &n_records, err) ||
		    run(audit, opt, cuts, cut, prefix, counts, err))
			return -1;
		n_rows += counts[0] + counts[1];
		if (cli->verbose)
			cli_note(cli,
				 "cut %" PRId64 ": %" PRIu64 " records, %" PRIu64
				 " rows compared, %" PRIu64 " changed",
				 *cut, n_records, counts[0], counts[1]);
	}
	close(prefix);
	if (!n_rows)
		return err_set(err, ERR_RUNTIME,
			       "nothing was compared: no row of the command's output is as early "
			       "as a cut");
	return 0;
}

/* One line about each column that changed. Returns how many. */
static size_t tell(const struct cli *cli, const struct audit *audit, size_t n_cuts)
{
	size_t n = 0;

	for (size_t i = 0; i < audit->n_findings; i++) {
		struct err line;

		if (!audit->findings[i].n_changed)
			continue;
		audit_describe(audit, &audit->findings[i], n_cuts, &line);
		cli_note(cli, "%s", line.message);
		n++;
	}
	return n;
}

static void parse_args(struct opts *opt, struct cli *cli, int argc, char **argv)
{
	static const char *const default_key[] = { "event_id" };
	const struct cli_option options[] = {
		{ 'c', "command", "COMMAND", "what makes the table, run by /bin/sh (required)",
		  cli_string, &opt->command },
		{ 0, "cuts", "N", "cut at the times of so many records (8)", parse_cuts,
		  &opt->n_cuts },
		{ 0, "seed", "N", "which records those are (1)", cli_count, &opt->seed },
		{ 0, "at", "TIME[,...]", "cut there instead: ms, or ISO 8601", parse_times,
		  &opt->at },
		{ 0, "ts", "COLUMN", "time of the records (event_ts)", cli_string, &opt->ts },
		{ 0, "ts-unit", "UNIT", "what a number in it counts: ms or s (ms)", cli_choice,
		  &opt->ts_unit },
		{ 0, "key", "COLUMN[,...]", "key of the table (event_id)", cli_list,
		  &opt->audit.key },
		{ 0, "time", "COLUMN", "time of the table's rows (event_ts)", cli_string,
		  &opt->audit.time },
		{ 0, "label", "COLUMN[,...]", "what may become known later (see the manual)",
		  cli_list, &opt->audit.label },
		{ 0, "ignore", "COLUMN[,...]", "what not to compare (none)", cli_list,
		  &opt->audit.ignore },
		{ 0, "mem", "SIZE", "memory to sort in, then $TMPDIR is used (1G)", cli_size,
		  &opt->audit.mem },
		{ 0 }
	};
	struct err err = ERR_INIT;

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (!opt->command)
		cli_usage_error(cli, "--command is required");
	if (!opt->audit.key.n)
		cli_list(&opt->audit.key, default_key, &err);
}

int main(int argc, char **argv)
{
	static const char *const units[] = { "ms", "s", NULL };
	struct opts opt = { .n_cuts = 8,
			    .seed = 1,
			    .ts = "event_ts",
			    .ts_unit = { units, 0 },
			    .audit = { .time = "event_ts", .mem = MEM_DEFAULT } };
	struct cli cli = { .tool = "ce-audit",
			   .purpose = "Reports which features of a pipeline look ahead.",
			   .operands = "-c COMMAND [FILE ...]" };
	struct spool log = SPOOL_INIT;
	struct spool_sample sample = { NULL, 0, 0 };
	struct audit audit = AUDIT_INIT;
	struct csv_writer out = CSV_WRITER_INIT;
	struct err err = ERR_INIT;
	struct cuts cuts;
	size_t n_leaks;

	parse_args(&opt, &cli, argc, argv);
	log.column = opt.ts;
	log.seconds = opt.ts_unit.value == 1;
	if (!opt.at.n)
		sample.size = (size_t)opt.n_cuts;
	if (csv_writer_open(&out, &cli.output, &err) ||
	    spool_read(&log, &cli.input, &sample, (uint64_t)opt.seed, &err))
		cli_die(&cli, &err);
	cuts = opt.at.n ? opt.at : (struct cuts){ sample.times, sample.n };
	if (settle_cuts(&cuts, &cli, &log, &err) ||
	    run(&audit, &opt, &cuts, NULL, log.fd, NULL, &err) ||
	    run_cuts(&audit, &cli, &opt, &cuts, &log, &err) || audit_report(&audit, &out, &err) ||
	    csv_writer_close(&out, &err))
		cli_die(&cli, &err);
	n_leaks = tell(&cli, &audit, cuts.n);
	if (cli.verbose && !n_leaks)
		cli_note(&cli, "no row changed: nothing looks ahead as far as %zu cuts can tell",
			 cuts.n);
	cli_done(&cli, log.n_records, out.n_rows);
	spool_release(&log);
	audit_release(&audit);
	free(sample.times);
	free(opt.at.times);
	names_release(&opt.audit.key);
	names_release(&opt.audit.label);
	names_release(&opt.audit.ignore);
	return n_leaks > 0;
}
