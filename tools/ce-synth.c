/* ce-synth: a synthetic workload of any size, whose true probabilities are known. */
#include "base/num.h"
#include "base/time.h"
#include "cli.h"
#include "synth/synth_tables.h"

#define EARLIEST_START INT64_C(946684800000) /* 2000-01-01: every signup is after 1970 */

struct opts {
	int64_t users, contents, days, sessions, seed, dirty, start, heartbeat;
	int64_t ends_by_position, rewatched, two_evenings, runtime_missing, clock_skewed;
	const char *dir;
	bool stream;
};

static void check_options(const struct cli *cli, const struct opts *opt)
{
	if (cli->input.n)
		cli_usage_error(cli, "unexpected operand '%s'", cli->input.paths[0]);
	if (!cli->output.path)
		cli_usage_error(cli, "-o DIR is required");
	if (!opt->users || !opt->contents || !opt->days || !opt->sessions)
		cli_usage_error(
			cli,
			"--users, --contents, --days and --sessions: expected positive integers");
	if (opt->users >= UINT32_MAX || opt->contents >= UINT32_MAX)
		cli_usage_error(cli, "--users and --contents: expected integers below 2^32 - 1");
	if (opt->heartbeat && opt->heartbeat < TIME_MS_PER_SECOND)
		cli_usage_error(cli, "--heartbeat: expected 1s or more, or 0 for none");
	if (opt->start < EARLIEST_START || opt->start >= EVENT_TS_END ||
	    opt->days > (EVENT_TS_END - opt->start) / TIME_MS_PER_DAY)
		cli_usage_error(cli, "--start and --days: expected days from 2000 to 2099");
}

static double share(int64_t millionths)
{
	return (double)millionths / (double)NUM_MILLION;
}

static void parse_args(struct synth_tables_options *tables, struct cli *cli, int argc, char **argv)
{
	struct opts opt = { .users = 1000,
			    .contents = 300,
			    .days = 30,
			    .sessions = 10000,
			    .seed = 1,
			    .start = INT64_C(1704067200000) };
	const struct cli_option options[] = {
		{ 0, "users", "N", "number of users (1000)", cli_count, &opt.users },
		{ 0, "contents", "N", "number of contents (300)", cli_count, &opt.contents },
		{ 0, "days", "N", "length of the log in days (30)", cli_count, &opt.days },
		{ 0, "sessions", "N", "number of viewings, of 3 to 4 events (10000)", cli_count,
		  &opt.sessions },
		{ 0, "seed", "N", "seed of the random number generator (1)", cli_count, &opt.seed },
		{ 0, "dirty", "RATE", "faulty rows to add, share of the events (0)", cli_share,
		  &opt.dirty },
		{ 0, "start", "DATE", "first day of the log (2024-01-01)", cli_time, &opt.start },
		{ 0, "heartbeat", "DURATION", "heartbeats while the player plays (0: none)",
		  cli_duration, &opt.heartbeat },
		{ 0, "end-by-position", "SHARE", "contents without 'complete' at the end (0)",
		  cli_share, &opt.ends_by_position },
		{ 0, "rewatch", "SHARE", "completed viewings to watch again at once (0)", cli_share,
		  &opt.rewatched },
		{ 0, "two-evenings", "SHARE", "longer viewings to spread over two days (0)",
		  cli_share, &opt.two_evenings },
		{ 0, "missing-runtime", "SHARE", "contents without recorded runtime (0)", cli_share,
		  &opt.runtime_missing },
		{ 0, "clock-skew", "SHARE", "devices whose clock is wrong (0)", cli_share,
		  &opt.clock_skewed },
		{ 0, "stream", NULL, "write the events to standard output", cli_flag, &opt.stream },
		{ 'o', "output", "DIR", "write the tables into DIR (required)", cli_string,
		  &opt.dir },
		{ 0 },
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	cli->output.path = opt.dir;
	check_options(cli, &opt);
	*tables = (struct synth_tables_options){
		.synth = { .seed = (uint64_t)opt.seed,
			   .n_users = (uint32_t)opt.users,
			   .n_contents = (uint32_t)opt.contents,
			   .n_viewings = (uint64_t)opt.sessions,
			   .start = opt.start,
			   .n_days = opt.days,
			   .heartbeat = opt.heartbeat,
			   .ends_by_position = share(opt.ends_by_position),
			   .runtime_missing = share(opt.runtime_missing),
			   .rewatched = share(opt.rewatched),
			   .two_evenings = share(opt.two_evenings),
			   .clock_skewed = share(opt.clock_skewed) },
		.dirty = share(opt.dirty),
		.directory = cli->output.path,
		.stream = opt.stream,
		.output = cli->output,
	};
}

static void print_faults(const struct cli *cli, const struct synth_dirt *dirt)
{
	struct buf counts = BUF_INIT;

	if (!dirt->n_faults)
		return;
	synth_dirt_put_counts(dirt, &counts);
	cli_note(cli, "added %llu faulty rows: %.*s; wrote %llu rows in an equivalent form",
		 (unsigned long long)dirt->n_faults, (int)counts.len, counts.data,
		 (unsigned long long)dirt->n_variants);
	buf_release(&counts);
}

int main(int argc, char **argv)
{
	struct cli cli = { .tool = "ce-synth",
			   .purpose = "Write a synthetic workload with known true probabilities.",
			   .operands = "-o DIR",
			   .no_input = true };
	struct synth_tables_options options;
	struct synth_tables tables;
	struct csv_writer *events = &tables.writers[SYNTH_EVENTS];
	struct err err = ERR_INIT;
	int rc;

	parse_args(&options, &cli, argc, argv);
	if (synth_tables_open(&tables, &options, &err))
		cli_die(&cli, &err);
	while ((rc = synth_tables_next(&tables, &err)) > 0)
		cli_progress(&cli, events->n_rows);
	if (rc < 0)
		cli_die(&cli, &err);
	if (cli.verbose)
		print_faults(&cli, &tables.dirt);
	if (synth_tables_close(&tables, &err))
		cli_die(&cli, &err);
	cli_done(&cli, 0, events->n_rows);
	synth_tables_release(&tables);
	return 0;
}
