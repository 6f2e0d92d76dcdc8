/* ce-clean: keep the valid, distinct events. */
#include "cli.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "events/rejects.h"
#include "table/catalogue.h"
#include "table/csvio.h"

#include <inttypes.h>

#define MEM_DEFAULT ((uint64_t)1024 * 1024 * 1024)

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
		if (reason == CLEAN_VALID
			    ? dedup_add(events, &event, rejects_note(rejects, in, row, &event), err)
			    : rejects_add(rejects, reason, in, row, err))
			return -1;
	}
	return rc || rejects_check(rejects, in->n_rows, err) || dedup_finish(events, err) ? -1 : 0;
}

static int write_events(struct csv_writer *out, struct dedup *events, struct rejects *rejects,
			uint64_t n_read, struct err *err)
{
	struct dedup_event next;
	int rc;

	catalogue_put_names(&out->row, catalogue_table("cleaned_events"));
	if (csv_writer_end_row(out, err))
		return -1;
	out->n_rows = 0;
	while ((rc = dedup_next(events, &next, err)) > 0) {
		if (next.duplicate) {
			if (rejects_add_duplicate(rejects, &next, n_read, err))
				return -1;
			continue;
		}
		clean_put_event(&out->row, &next.event);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return rc || rejects_check(rejects, n_read, err) ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const char *const units[] = { "ms", "s", NULL };
	struct cli_choice ts_unit = { units, 0 };
	struct names may_be_empty = NAMES_INIT;
	const char *rejects_path = NULL;
	uint64_t mem = MEM_DEFAULT;
	struct rejects rejects = REJECTS_INIT;
	const struct cli_option options[] = {
		{ 0, "ts-unit", "UNIT", "unit of a numeric event_ts: ms or s (ms)", cli_choice,
		  &ts_unit },
		{ 0, "allow-empty", "COLUMN[,...]", "accept empty device, playback_position",
		  cli_list, &may_be_empty },
		{ 0, "rejects", "FILE", "write rejected records with reasons to FILE", cli_string,
		  &rejects_path },
		{ 0, "max-rejects", "N|P%", "fail if more records are rejected (any number)",
		  cli_bound, &rejects.bound },
		{ 0, "mem", "SIZE", "memory to sort in before using $TMPDIR (1G)", cli_size, &mem },
		{ 0 }
	};
	struct cli cli = { .tool = "ce-clean",
			   .purpose = "Keep the valid, distinct events, in canonical order.",
			   .operands = "[FILE ...]",
			   .options = options };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT;
	struct cleaner cleaner = CLEANER_INIT;
	struct csv_writer *const writers[] = { &out, &rejects.out };
	struct dedup *events;
	struct err err = ERR_INIT;

	cli_parse(&cli, argc, argv);
	allow_empty(&cli, &may_be_empty, &cleaner);
	cleaner.seconds = ts_unit.value == 1;
	in.tolerant = true;
	events = dedup_new(mem);
	if (csv_reader_open(&in, &cli.input, &err) || cleaner_open(&cleaner, &in, &err) ||
	    csv_writer_open(&out, &cli.output, &err) ||
	    open_rejects(&rejects, &cli, rejects_path, &err) ||
	    read_events(&cli, &in, &cleaner, events, &rejects, &err) ||
	    write_events(&out, events, &rejects, in.n_rows, &err) ||
	    csv_writer_close_all(writers, rejects_path ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (rejects.n)
		cli_note(&cli, "kept %" PRIu64 " of %" PRIu64 " records; rejected %" PRIu64 ": %s",
			 out.n_rows, in.n_rows, rejects.n, rejects_summary(&rejects));
	cli_done(&cli, in.n_rows, out.n_rows);
	csv_reader_close(&in);
	cleaner_release(&cleaner);
	dedup_free(events);
	rejects_release(&rejects);
	names_release(&may_be_empty);
	return 0;
}
