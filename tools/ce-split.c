/* ce-split: each record of a table to one of several files, by a key or by time. */
#include "base/mem.h"
#include "cli.h"
#include "events/splitter.h"

#include <stdlib.h>

struct opts {
	const char *key, *time, *pattern;
	int64_t n;
	struct names at;
	enum time_unit unit;
	struct zone *zone;
	bool keep_lines;
};

static void check(const struct cli *cli, const struct opts *opt)
{
	if (!opt->pattern || !parts_is_pattern(opt->pattern))
		cli_usage_error(cli,
				opt->pattern ? "--output: expected one %% in '%s', for the "
					       "number of the part"
					     : "no output: -o PATTERN is required",
				opt->pattern);
	if (!opt->key == !opt->at.n)
		cli_usage_error(cli, opt->key ? "--key and --at cannot be combined"
					      : "-k COL -n N or --at TIME is required");
	if (opt->key && (opt->n < 1 || opt->n > SPLITTER_MAX_PARTS))
		cli_usage_error(cli, "--parts: an integer from 1 to %d is required",
				SPLITTER_MAX_PARTS);
	if (opt->key && (opt->time || opt->zone || opt->unit != TIME_AUTO))
		cli_usage_error(cli, "--time, --ts-unit and --tz are for --at");
	if (!opt->key && opt->n)
		cli_usage_error(cli, "--parts is for --key");
	if (opt->at.n >= SPLITTER_MAX_PARTS)
		cli_usage_error(cli, "--at: more than %d times", SPLITTER_MAX_PARTS - 1);
	if (opt->keep_lines && cli->input.n > 1)
		cli_usage_error(cli, "--keep-lines is for one input, not %zu", cli->input.n);
}

/* The times of --at, which the caller frees. */
static int64_t *read_edges(const struct cli *cli, const struct opts *opt)
{
	const struct time_reading reading = { TIME_AUTO, opt->zone, true };
	int64_t *edges = mem_alloc(opt->at.n, sizeof(*edges));
	struct err err = ERR_INIT;

	for (size_t i = 0; i < opt->at.n; i++) {
		if (cli_read_time(opt->at.name[i], &reading, &edges[i], &err))
			cli_usage_error(cli, "--at: %s", err.message);
		if (i && edges[i - 1] >= edges[i])
			cli_usage_error(cli, "--at: '%s' must be after '%s'", opt->at.name[i],
					opt->at.name[i - 1]);
	}
	return edges;
}

static void parse_args(struct opts *opt, struct cli *cli, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 'k', "key", "COL", "split by the hash of the column COL", cli_string, &opt->key },
		{ 'n', "parts", "N", "number of parts, with -k (1 to 1024)", cli_count, &opt->n },
		{ 0, "at", "TIME[,...]", "split by time: a part ends before each TIME", cli_list,
		  &opt->at },
		{ 0, "time", "COL", "column of the time (event_ts)", cli_string, &opt->time },
		{ 0, "ts-unit", "UNIT", "unit of a number: auto, s, ms, us or ns (auto)",
		  cli_time_unit, &opt->unit },
		{ 0, "tz", "ZONE", "zone of times without an offset (UTC)", cli_zone, &opt->zone },
		{ 'o', "output", "PATTERN", "write to PATTERN, the part's number for its %",
		  cli_string, &opt->pattern },
		{ 0, "keep-lines", NULL, "write blank lines for records of other parts", cli_flag,
		  &opt->keep_lines },
		{ 0 },
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	check(cli, opt);
}

int main(int argc, char **argv)
{
	struct opts opt = { .at = NAMES_INIT, .unit = TIME_AUTO };
	struct cli cli = { .tool = "ce-split",
			   .purpose = "Split a table by key or by time into several files.",
			   .operands = "[FILE ...]" };
	struct splitter splitter = SPLITTER_INIT;
	struct csv_reader in = CSV_READER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int64_t *edges;
	int rc;

	parse_args(&opt, &cli, argc, argv);
	edges = read_edges(&cli, &opt);
	splitter.key = opt.key;
	splitter.time = opt.time ? opt.time : "event_ts";
	splitter.times = (struct time_reading){ .unit = opt.unit, .zone = opt.zone };
	splitter.edges = edges;
	splitter.n_parts = opt.key ? (size_t)opt.n : opt.at.n + 1;
	splitter.keep_lines = opt.keep_lines;
	in.tolerant = true;
	if (csv_reader_open(&in, &cli.input, &err) ||
	    splitter_open(&splitter, &in, opt.pattern, &cli.output, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		if (splitter_row(&splitter, &in, row, &err))
			cli_die(&cli, &err);
		cli_progress_reader(&cli, &in);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	splitter_warn(&splitter, &in, &warnings);
	csv_reader_warn(&in, &warnings);
	cli_warnings(&cli, &warnings);
	if (splitter_close(&splitter, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, in.n_rows);
	splitter_release(&splitter);
	csv_reader_close(&in);
	names_release(&opt.at);
	zone_free(opt.zone);
	free(edges);
	return 0;
}
