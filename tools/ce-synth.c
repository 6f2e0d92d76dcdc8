/* ce-synth: a synthetic workload of any size, whose true probabilities are known. */
#include "base/num.h"
#include "base/time.h"
#include "cli.h"
#include "synth/synth.h"
#include "synth/synth_dirty.h"
#include "synth/synth_rows.h"
#include "table/catalogue.h"
#include "table/csvio.h"

#include <stdlib.h>

#define EARLIEST_START INT64_C(946684800000) /* 2000-01-01: every signup lies behind 1970 */

struct opts {
	int64_t users, contents, days, sessions, seed, dirty, start;
	const char *dir;
	bool stream;
};

/* The outputs, in the order in which they are made whole: the one that may be a pipe comes last. */
enum { USERS, CONTENTS, TRUTH, EVENTS, N_TABLES };

static const char *const names[N_TABLES] = { "users_dim", "content_dim", "truth", "events_table" };

struct output {
	struct csv_writer writer;
	char *path;
};

static void check_options(const struct cli *cli, const struct opts *opt)
{
	if (cli->input.n)
		cli_usage_error(cli, "unexpected operand '%s'", cli->input.paths[0]);
	if (!cli->output.path)
		cli_usage_error(cli, "say where to write: -o DIR");
	if (!opt->users || !opt->contents || !opt->days || !opt->sessions)
		cli_usage_error(cli, "--users, --contents, --days and --sessions must be above 0");
	if (opt->users >= UINT32_MAX || opt->contents >= UINT32_MAX)
		cli_usage_error(cli, "--users and --contents must be below 2^32 - 1");
	if (opt->start < EARLIEST_START || opt->start >= EVENT_TS_END ||
	    opt->days > (EVENT_TS_END - opt->start) / TIME_MS_PER_DAY)
		cli_usage_error(cli, "the days must lie between the years 2000 and 2100");
}

static int open_outputs(struct output outputs[], const struct cli *cli, bool stream,
			struct err *err)
{
	for (int i = 0; i < N_TABLES; i++) {
		struct output *out = &outputs[i];
		struct gz_output output = cli->output;

		out->path = gz_output_table(&output, cli->output.path, names[i], err);
		if (!out->path)
			return -1;
		if (i == EVENTS && stream)
			output.path = NULL;
		if (csv_writer_open(&out->writer, &output, err))
			return -1;
		catalogue_put_names(&out->writer.row, catalogue_table(names[i]));
		csv_end_row(&out->writer.row);
	}
	return 0;
}

static int write_dimensions(struct output outputs[], const struct synth_world *world,
			    struct err *err)
{
	struct csv_writer *users = &outputs[USERS].writer, *contents = &outputs[CONTENTS].writer;

	for (uint32_t i = 0; i < world->n_users; i++) {
		synth_put_user(&users->row, world, i);
		if (csv_writer_end_row(users, err))
			return -1;
	}
	for (uint32_t i = 0; i < world->n_contents; i++) {
		synth_put_content(&contents->row, world, i);
		if (csv_writer_end_row(contents, err))
			return -1;
	}
	return 0;
}

static int write_viewings(struct output outputs[], struct synth *synth, struct synth_dirt *dirt,
			  const struct cli *cli, struct err *err)
{
	struct csv_writer *events = &outputs[EVENTS].writer, *truth = &outputs[TRUTH].writer;
	struct synth_viewing viewing;
	struct synth_event event;
	enum synth_what what;

	while ((what = synth_next(synth, &viewing, &event)) != SYNTH_END) {
		if (what == SYNTH_VIEWING) {
			synth_put_viewing(&truth->row, &viewing);
			if (csv_writer_end_row(truth, err))
				return -1;
		} else {
			if (synth_dirt_write(dirt, &event, events, err))
				return -1;
			cli_progress(cli, events->n_rows);
		}
	}
	return synth_dirt_finish(dirt, events, err);
}

static int close_outputs(struct output outputs[], struct err *err)
{
	struct csv_writer *writers[N_TABLES];

	/* The events, which may go to standard output, are the last of our tables. */
	for (int i = 0; i < N_TABLES; i++)
		writers[i] = &outputs[N_TABLES - 1 - i].writer;
	return csv_writer_close_all(writers, N_TABLES, err);
}

static void say_faults(const struct cli *cli, const struct synth_dirt *dirt)
{
	struct buf counts = BUF_INIT;

	if (!dirt->n_faults)
		return;
	synth_dirt_put_counts(dirt, &counts);
	cli_note(cli, "added %llu faulty rows: %.*s; wrote %llu rows in another way",
		 (unsigned long long)dirt->n_faults, (int)counts.len, counts.data,
		 (unsigned long long)dirt->n_variants);
	buf_release(&counts);
}

int main(int argc, char **argv)
{
	struct opts opt = { .users = 1000,
			    .contents = 300,
			    .days = 30,
			    .sessions = 10000,
			    .seed = 1,
			    .start = INT64_C(1704067200000) };
	const struct cli_option options[] = {
		{ 0, "users", "N", "users (1000)", cli_count, &opt.users },
		{ 0, "contents", "N", "contents (300)", cli_count, &opt.contents },
		{ 0, "days", "N", "length of the log in days (30)", cli_count, &opt.days },
		{ 0, "sessions", "N", "viewings, each of 3 or 4 events (10000)", cli_count,
		  &opt.sessions },
		{ 0, "seed", "N", "start of the random numbers (1)", cli_count, &opt.seed },
		{ 0, "dirty", "RATE", "faulty rows to add, as a share of events (0)", cli_share,
		  &opt.dirty },
		{ 0, "start", "DATE", "first day (2024-01-01)", cli_time, &opt.start },
		{ 0, "stream", NULL, "events to standard output, the rest to -o", cli_flag,
		  &opt.stream },
		{ 'o', "output", "DIR", "write the tables into DIR (required)", cli_string,
		  &opt.dir },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-synth",
			   .purpose =
				   "Write a synthetic workload into the directory that -o names.",
			   .operands = "-o DIR",
			   .options = options };
	struct output outputs[N_TABLES];
	struct synth_dirt dirt;
	struct synth synth;
	struct err err = ERR_INIT;

	cli_parse(&cli, argc, argv);
	cli.output.path = opt.dir;
	check_options(&cli, &opt);
	if (open_outputs(outputs, &cli, opt.stream, &err))
		cli_die(&cli, &err);
	synth_init(&synth, &(struct synth_options){ .seed = (uint64_t)opt.seed,
						    .n_users = (uint32_t)opt.users,
						    .n_contents = (uint32_t)opt.contents,
						    .n_viewings = (uint64_t)opt.sessions,
						    .start = opt.start,
						    .n_days = opt.days });
	synth_dirt_init(&dirt, (uint64_t)opt.seed, (double)opt.dirty / (double)NUM_MILLION);
	if (write_dimensions(outputs, &synth.world, &err) ||
	    write_viewings(outputs, &synth, &dirt, &cli, &err) || close_outputs(outputs, &err))
		cli_die(&cli, &err);
	if (cli.verbose)
		say_faults(&cli, &dirt);
	cli_done(&cli, 0, outputs[EVENTS].writer.n_rows);
	for (int i = 0; i < N_TABLES; i++)
		free(outputs[i].path);
	synth_dirt_release(&dirt);
	synth_release(&synth);
	return 0;
}
