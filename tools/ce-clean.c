#include "clean.h"
#include "cli.h"
#include "csvio.h"
#include "distinct.h"
#include "num.h"
#include "schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MEM_DEFAULT ((uint64_t)1024 * 1024 * 1024)

/* --max-rejects */
struct bound {
	const char *text; /* as it was given; NULL: none */
	bool is_share;
	int64_t value; /* a count; a share: millionths of a percent */
};

struct opts {
	struct cli_choice ts_unit;
	struct cli_list allow_empty;
	const char *rejects;
	struct bound max_rejects;
	uint64_t mem;
};

/* What was rejected, counted and, with --rejects, written. */
struct rejects {
	uint64_t counts[CLEAN_N_REASONS], n;
	struct bound max;
	bool are_kept;
	struct csv_writer out;
	struct buf row; /* of `out`, its last comma left off */
};

#define REJECTS_INIT                                                                               \
	{                                                                                          \
		.out = CSV_WRITER_INIT, .row = BUF_INIT                                            \
	}

static int parse_bound(void *value, const char *const *args, struct err *err)
{
	struct bound *bound = value;
	size_t len = strlen(args[0]);

	bound->text = args[0];
	bound->is_share = len && args[0][len - 1] == '%';
	if (bound->is_share ? num_parse_millionths(args[0], len - 1, &bound->value) ||
				      bound->value > 100 * NUM_MILLION
			    : num_parse_int(args[0], len, &bound->value))
		bound->value = -1;
	if (bound->value < 0)
		return err_set(err, ERR_USAGE,
			       "'%s' is neither a count nor a percentage up to 100%%", args[0]);
	return 0;
}

static void allow_empty(const struct cli *cli, const struct cli_list *names,
			struct cleaner *cleaner)
{
	for (size_t i = 0; i < names->n; i++) {
		int column = clean_can_be_empty(names->names[i]);

		if (column < 0)
			cli_usage_error(cli,
					"--allow-empty: %s: only device and playback_position can "
					"be empty",
					names->names[i]);
		cleaner->may_be_empty[column] = true;
	}
}

static int open_rejects(struct rejects *r, const struct cli *cli, const char *path, struct err *err)
{
	struct gz_output output = cli->output;

	if (!path)
		return 0;
	if (output.path && !strcmp(output.path, path))
		cli_usage_error(cli, "--rejects and --output name the same file");
	r->are_kept = true;
	output.path = path;
	if (csv_writer_open(&r->out, &output, err))
		return -1;
	csv_put_str(&r->out.row, "file");
	csv_put_str(&r->out.row, "line");
	csv_put_str(&r->out.row, "reason");
	csv_put_str(&r->out.row, "record");
	return csv_writer_end_row(&r->out, err);
}

/* Makes r->row the report of the current record, should it be rejected for that reason. */
static void describe(struct rejects *r, const struct csv_reader *in, const struct csv_row *row,
		     enum clean_reason reason)
{
	buf_clear(&r->row);
	if (!r->are_kept)
		return;
	csv_put_str(&r->row, in->file);
	csv_put_int(&r->row, (int64_t)in->line);
	csv_put_str(&r->row, clean_reason_name(reason));
	csv_put_text(&r->row, row->raw, row->raw_len);
	r->row.len--;
}

/* "4 ragged, 6 bad_event_ts" */
static void put_counts(const struct rejects *r, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (int i = 0; i < CLEAN_N_REASONS && len < size; i++)
		if (r->counts[i])
			len += (size_t)snprintf(text + len, size - len, "%s%" PRIu64 " %s",
						len ? ", " : "", r->counts[i],
						clean_reason_name((enum clean_reason)i));
}

/* Fails if more than --max-rejects of the n records were rejected. */
static int check_bound(const struct rejects *r, uint64_t n, struct err *err)
{
	__extension__ typedef unsigned __int128 u128;
	bool over = r->max.is_share
			    ? (u128)r->n * 100 * NUM_MILLION > (u128)n * (uint64_t)r->max.value
			    : r->n > (uint64_t)r->max.value;
	char counts[640];

	if (!r->max.text || !over)
		return 0;
	put_counts(r, counts, sizeof(counts));
	return err_set(err, ERR_RUNTIME,
		       "rejected %" PRIu64 " of %" PRIu64
		       " records read, more than --max-rejects %s: %s",
		       r->n, n, r->max.text, counts);
}

/* Counts and reports one reject out of n records read so far. A share is judged at the end. */
static int reject(struct rejects *r, enum clean_reason reason, const char *report, size_t len,
		  uint64_t n, struct err *err)
{
	r->n++;
	r->counts[reason]++;
	if (!r->max.is_share && check_bound(r, n, err))
		return -1;
	if (!r->are_kept)
		return 0;
	csv_put_raw(&r->out.row, report, len);
	return csv_writer_end_row(&r->out, err);
}

static int read_events(const struct cli *cli, struct csv_reader *in, struct cleaner *cleaner,
		       struct distinct *events, struct rejects *rejects, struct err *err)
{
	const struct csv_row *row;
	struct clean_event event;
	int rc;

	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		enum clean_reason reason = cleaner_row(cleaner, row, &event);
		bool valid = reason == CLEAN_VALID;

		cli_progress(cli, in->n_rows);
		describe(rejects, in, row, valid ? CLEAN_DUPLICATE_EVENT_ID : reason);
		if (valid ? distinct_add(events, &event, &rejects->row, err)
			  : reject(rejects, reason, rejects->row.data, rejects->row.len, in->n_rows,
				   err))
			return -1;
	}
	return rc || check_bound(rejects, in->n_rows, err) || distinct_finish(events, err) ? -1 : 0;
}

static int write_events(struct csv_writer *out, struct distinct *events, struct rejects *rejects,
			uint64_t n_read, struct err *err)
{
	struct distinct_event next;
	int rc;

	schema_put_names(&out->row, schema_table("cleaned_events"));
	if (csv_writer_end_row(out, err))
		return -1;
	out->n_rows = 0;
	while ((rc = distinct_next(events, &next, err)) > 0) {
		if (next.duplicate) {
			if (reject(rejects, CLEAN_DUPLICATE_EVENT_ID, next.note, next.note_len,
				   n_read, err))
				return -1;
			continue;
		}
		clean_put_event(&out->row, &next.event);
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return rc || check_bound(rejects, n_read, err) ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const char *const units[] = { "ms", "s", NULL };
	struct opts opt = { .ts_unit = { units, 0 }, .mem = MEM_DEFAULT };
	const struct cli_option options[] = {
		{ 0, "ts-unit", "UNIT", "what a numeric event_ts counts: ms or s (ms)", cli_choice,
		  &opt.ts_unit },
		{ 0, "allow-empty", "COLUMN[,...]", "accept empty device, playback_position",
		  cli_list, &opt.allow_empty },
		{ 0, "rejects", "FILE", "write the rejected records there, with reasons",
		  cli_string, &opt.rejects },
		{ 0, "max-rejects", "N|P%", "fail if more records are rejected (no bound)",
		  parse_bound, &opt.max_rejects },
		{ 0, "mem", "SIZE", "memory to sort in, then $TMPDIR is used (1G)", cli_size,
		  &opt.mem },
		{ 0 }
	};
	struct cli cli = { .tool = "ce-clean",
			   .purpose = "Keep the valid, distinct events, in canonical order.",
			   .operands = "[FILE ...]",
			   .options = options };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT;
	struct cleaner cleaner = CLEANER_INIT;
	struct rejects rejects = REJECTS_INIT;
	struct csv_writer *const writers[] = { &out, &rejects.out };
	struct distinct *events;
	struct err err = ERR_INIT;
	char counts[640];

	cli_parse(&cli, argc, argv);
	allow_empty(&cli, &opt.allow_empty, &cleaner);
	cleaner.seconds = opt.ts_unit.value == 1;
	rejects.max = opt.max_rejects;
	in.tolerant = true;
	events = distinct_new(opt.mem);
	if (csv_reader_open(&in, &cli.input, &err) || cleaner_open(&cleaner, &in, &err) ||
	    csv_writer_open(&out, &cli.output, &err) ||
	    open_rejects(&rejects, &cli, opt.rejects, &err) ||
	    read_events(&cli, &in, &cleaner, events, &rejects, &err) ||
	    write_events(&out, events, &rejects, in.n_rows, &err) ||
	    csv_writer_close_all(writers, opt.rejects ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (rejects.n) {
		put_counts(&rejects, counts, sizeof(counts));
		cli_note(&cli, "kept %" PRIu64 " of %" PRIu64 " records; rejected %" PRIu64 ": %s",
			 out.n_rows, in.n_rows, rejects.n, counts);
	}
	cli_done(&cli, in.n_rows, out.n_rows);
	csv_reader_close(&in);
	cleaner_release(&cleaner);
	distinct_free(events);
	buf_release(&rejects.row);
	cli_list_release(&opt.allow_empty);
	return 0;
}
