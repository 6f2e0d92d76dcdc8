/* ce-clean: keep the valid, distinct events. */
#include "base/small.h"
#include "cli.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "events/rejects.h"
#include "events/timeline.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <inttypes.h>
#include <time.h>

#define MEM_DEFAULT SMALL((uint64_t)1024 * 1024 * 1024, 0)

struct opts {
	struct names may_be_empty;
	struct zone *zone;
	const char *since, *until, *rejects;
	uint64_t mem;
};

static void allow_empty(const struct cli *cli, const struct names *names, struct cleaner *cleaner)
{
	for (size_t i = 0; i < names->n; i++) {
		int column = clean_can_be_empty(names->name[i]);

		if (column < 0)
			cli_usage_error(cli,
					"--allow-empty: must be device or playback_position, not "
					"'%s'",
					names->name[i]);
		cleaner->may_be_empty[column] = true;
	}
}

static void take_time(const struct cli *cli, const char *option, const char *text,
		      const struct zone *zone, int64_t *ms)
{
	const struct time_reading reading = { TIME_AUTO, zone, true };
	struct err err = ERR_INIT;

	if (text && cli_read_time(text, &reading, ms, &err))
		cli_usage_error(cli, "--%s: %s", option, err.message);
}

static void parse_args(struct opts *opt, struct cleaner *cleaner, struct bound *max_rejects,
		       struct cli *cli, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 0, "ts-unit", "UNIT", "unit of a number: auto, s, ms, us or ns (auto)",
		  cli_time_unit, &cleaner->times.unit },
		{ 0, "tz", "ZONE", "zone of times without an offset (UTC)", cli_zone, &opt->zone },
		{ 0, "since", "TIME", "reject events before TIME", cli_string, &opt->since },
		{ 0, "until", "TIME", "reject events at or after TIME", cli_string, &opt->until },
		{ 0, "allow-empty", "COLUMN[,...]", "accept empty device, playback_position",
		  cli_list, &opt->may_be_empty },
		{ 0, "na", "TOKEN[,...]", "read fields that are a TOKEN as empty", cli_list,
		  &cleaner->na },
		{ 0, "keep", "COLUMN[,...]", "keep further columns; '*': all of them", cli_list,
		  &cleaner->keep },
		{ 0, "rejects", "FILE", "write rejected records with reasons to FILE", cli_string,
		  &opt->rejects },
		{ 0, "max-rejects", "N|P%", "fail if more records are rejected (50%)", cli_bound,
		  max_rejects },
		{ 0, "mem", "SIZE", "memory to sort in before using $TMPDIR (1G)", cli_size,
		  &opt->mem },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	allow_empty(cli, &opt->may_be_empty, cleaner);
	cleaner->times.zone = opt->zone;
	take_time(cli, "since", opt->since, opt->zone, &cleaner->since);
	take_time(cli, "until", opt->until, opt->zone, &cleaner->until);
	if (cleaner->since >= cleaner->until)
		cli_usage_error(cli, "--since must be before --until");
}

static int open_rejects(struct rejects *rejects, const struct cli *cli, const char *path,
			struct err *err)
{
	struct gz_output output = cli->output;

	if (!path)
		return 0;
	output.path = path;
	return rejects_open(rejects, &output, err);
}

static int read_events(const struct cli *cli, struct csv_reader *in, struct cleaner *cleaner,
		       struct dedup *events, struct rejects *rejects, struct err *err)
{
	const struct csv_row *row;
	struct clean_event event;
	int rc;

	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		enum clean_reason reason = cleaner_row(cleaner, row, &event);

		cli_progress(cli, in->n_rows);
		if (reason == CLEAN_BAD_EVENT_TYPE)
			rejects_add_type(rejects, &cleaner->bad_type);
		if (reason == CLEAN_VALID
			    ? dedup_add(events, &event, rejects_note(rejects, in, row, &event), err)
			    : rejects_add(rejects, reason, in, row, err))
			return -1;
	}
	if (!rc && rejects_check(rejects, in->n_rows, err)) {
		struct warnings warnings = WARNINGS_INIT;

		/* They may say why; with --strict they would take the error's place. */
		cleaner_warn(cleaner, in->n_rows, &warnings);
		csv_reader_warn(in, &warnings);
		if (!cli->strict)
			cli_warnings(cli, &warnings);
		return -1;
	}
	return rc || dedup_finish(events, err) ? -1 : 0;
}

static int write_events(struct csv_writer *out, const struct csv_reader *in,
			const struct cleaner *cleaner, struct dedup *events,
			struct timeline *timeline, struct rejects *rejects, struct err *err)
{
	struct dedup_event next;
	int rc;

	cleaner_put_names(cleaner, in, &out->row);
	if (csv_writer_end_row(out, err))
		return -1;
	out->n_rows = 0;
	while ((rc = dedup_next(events, &next, err)) > 0) {
		if (next.duplicate) {
			if (rejects_add_duplicate(rejects, &next, in->n_rows, err))
				return -1;
			continue;
		}
		timeline_add(timeline, next.event.ts);
		clean_put_event(&out->row, &next.event);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return rc || rejects_check(rejects, in->n_rows, err) ? -1 : 0;
}

/* Says what was rejected, and what looks wrong, which may end the run. */
static void report(const struct cli *cli, const struct csv_reader *in,
		   const struct cleaner *cleaner, const struct timeline *timeline,
		   struct rejects *rejects)
{
	struct warnings warnings = WARNINGS_INIT;

	if (rejects->n)
		cli_note(cli, "kept %" PRIu64 " of %" PRIu64 " records; rejected %" PRIu64 ": %s",
			 in->n_rows - rejects->n, in->n_rows, rejects->n, rejects_summary(rejects));
	timeline_warn(timeline, &warnings);
	cleaner_warn(cleaner, in->n_rows, &warnings);
	rejects_warn(rejects, in->n_rows, &warnings);
	csv_reader_warn(in, &warnings);
	cli_warnings(cli, &warnings);
}

int main(int argc, char **argv)
{
	struct opts opt = { .mem = MEM_DEFAULT };
	struct cli cli = { .tool = "ce-clean",
			   .purpose = "Keep the valid, distinct events, in canonical order.",
			   .operands = "[FILE ...]" };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT;
	struct cleaner cleaner = CLEANER_INIT;
	struct rejects rejects = REJECTS_INIT;
	struct timeline timeline;
	struct csv_writer *const writers[] = { &out, &rejects.out };
	struct dedup *events;
	struct err err = ERR_INIT;

	parse_args(&opt, &cleaner, &rejects.bound, &cli, argc, argv);
	timeline_init(&timeline, (int64_t)time(NULL) * TIME_MS_PER_SECOND);
	in.tolerant = true;
	events = dedup_new(opt.mem);
	if (csv_reader_open(&in, &cli.input, &err) || cleaner_open(&cleaner, &in, &err) ||
	    csv_writer_open(&out, &cli.output, &err) ||
	    open_rejects(&rejects, &cli, opt.rejects, &err) ||
	    read_events(&cli, &in, &cleaner, events, &rejects, &err) ||
	    write_events(&out, &in, &cleaner, events, &timeline, &rejects, &err))
		cli_die(&cli, &err);
	report(&cli, &in, &cleaner, &timeline, &rejects);
	if (csv_writer_close_all(writers, opt.rejects ? 2 : 1, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, out.n_rows);
	csv_reader_close(&in);
	cleaner_release(&cleaner);
	zone_free(opt.zone);
	dedup_free(events);
	rejects_release(&rejects);
	names_release(&opt.may_be_empty);
	return 0;
}
