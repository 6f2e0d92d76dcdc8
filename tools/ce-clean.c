#include "base/mem.h"
#include "base/num.h"
#include "cli.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "table/catalogue.h"
#include "table/csvio.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
	struct names allow_empty;
	const char *rejects;
	struct bound max_rejects;
	uint64_t mem;
};

/* A record as it was read, and where. */
struct record {
	const char *file;
	uint64_t line;
	const char *raw;
	size_t raw_len;
};

/* What was rejected, counted and, with --rejects, written. */
struct rejects {
	uint64_t counts[CLEAN_N_REASONS], n;
	struct bound max;
	bool are_kept;
	struct csv_writer out;
	const char **files; /* that were read from, for the notes */
	size_t n_files, cap;
	struct buf text; /* of a note, or of a record */
};

#define REJECTS_INIT                                                                               \
	{                                                                                          \
		.out = CSV_WRITER_INIT, .text = BUF_INIT                                           \
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

static void allow_empty(const struct cli *cli, const struct names *names, struct cleaner *cleaner)
{
	for (size_t i = 0; i < names->n; i++) {
		int column = clean_can_be_empty(names->name[i]);

		if (column < 0)
			cli_usage_error(cli,
					"--allow-empty: %s: only device and playback_position can "
					"be empty",
					names->name[i]);
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
	output.path = path;
	if (csv_writer_open(&r->out, &output, err))
		return -1;
	r->are_kept = true;
	csv_put_str(&r->out.row, "file");
	csv_put_str(&r->out.row, "line");
	csv_put_str(&r->out.row, "reason");
	csv_put_str(&r->out.row, "record");
	return csv_writer_end_row(&r->out, err);
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
static int reject(struct rejects *r, enum clean_reason reason, const struct record *record,
		  uint64_t n, struct err *err)
{
	r->n++;
	r->counts[reason]++;
	if (!r->max.is_share && check_bound(r, n, err))
		return -1;
	if (!r->are_kept)
		return 0;
	csv_put_str(&r->out.row, record->file);
	csv_put_int(&r->out.row, (int64_t)record->line);
	csv_put_str(&r->out.row, clean_reason_name(reason));
	csv_put_text(&r->out.row, record->raw, record->raw_len);
	return csv_writer_end_row(&r->out, err);
}

/*
 * What a valid event takes along with it, should it be a duplicate: where its record stands, as the
 * number of the file and the line in 64 bits, and the record if the event does not say it all. It
 * is there for every event of the input and read back of few, so it had better be short.
 */
#define LINE_BITS 40

static void make_note(struct rejects *r, const struct record *record,
		      const struct clean_event *event)
{
	uint64_t place;

	if (!r->n_files || r->files[r->n_files - 1] != record->file) {
		if (r->n_files == r->cap) {
			r->cap = mem_grow(r->cap, r->n_files + 1);
			r->files = mem_realloc(r->files, r->cap, sizeof(*r->files));
		}
		r->files[r->n_files++] = record->file;
	}
	place = (uint64_t)(r->n_files - 1) << LINE_BITS | record->line;
	buf_clear(&r->text);
	buf_append(&r->text, &place, sizeof(place));
	if (!event->is_as_read)
		buf_append(&r->text, record->raw, record->raw_len);
}

/* The record of an event that came back with its note; valid until the next call. */
static struct record noted_record(struct rejects *r, const struct dedup_event *next)
{
	struct record record = { .raw = next->note + sizeof(uint64_t),
				 .raw_len = next->note_len - sizeof(uint64_t) };
	uint64_t place;

	memcpy(&place, next->note, sizeof(place));
	record.file = r->files[place >> LINE_BITS];
	record.line = place & ((UINT64_C(1) << LINE_BITS) - 1);
	if (!record.raw_len) {
		buf_clear(&r->text);
		clean_put_event(&r->text, &next->event);
		record.raw = r->text.data;
		record.raw_len = r->text.len - 1;
	}
	return record;
}

static int read_events(const struct cli *cli, struct csv_reader *in, struct cleaner *cleaner,
		       struct dedup *events, struct rejects *rejects, struct err *err)
{
	const struct csv_row *row;
	struct clean_event event;
	int rc;

	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		enum clean_reason reason = cleaner_row(cleaner, row, &event);
		struct record record = { in->file, in->line, row->raw, row->raw_len };

		cli_progress(cli, in->n_rows);
		if (reason == CLEAN_VALID && rejects->are_kept)
			make_note(rejects, &record, &event);
		if (reason == CLEAN_VALID ? dedup_add(events, &event, &rejects->text, err)
					  : reject(rejects, reason, &record, in->n_rows, err))
			return -1;
	}
	return rc || check_bound(rejects, in->n_rows, err) || dedup_finish(events, err) ? -1 : 0;
}

static int reject_duplicate(struct rejects *r, const struct dedup_event *next, uint64_t n_read,
			    struct err *err)
{
	struct record record = { 0 };

	if (r->are_kept)
		record = noted_record(r, next);
	return reject(r, CLEAN_DUPLICATE_EVENT_ID, &record, n_read, err);
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
			if (reject_duplicate(rejects, &next, n_read, err))
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
	struct dedup *events;
	struct err err = ERR_INIT;
	char counts[640];

	cli_parse(&cli, argc, argv);
	allow_empty(&cli, &opt.allow_empty, &cleaner);
	cleaner.seconds = opt.ts_unit.value == 1;
	rejects.max = opt.max_rejects;
	in.tolerant = true;
	events = dedup_new(opt.mem);
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
	dedup_free(events);
	free(rejects.files);
	buf_release(&rejects.text);
	names_release(&opt.allow_empty);
	return 0;
}
