/*
 * A raw log, cleaned as ce-clean does it. The options: how times are read, what may be empty, what
 * is kept, the delimiter, whether the rejects are written; the parts: words for NULL, and the log.
 *
 * Each record is kept or rejected, once; what is kept is in canonical order, no id twice, and
 * cleaned again it is what it was; the table of rejects is one, with a row for each of them.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/zone.h"
#include "events/clean.h"
#include "events/dedup.h"
#include "events/event.h"
#include "events/rejects.h"
#include "events/timeline.h"

#include <inttypes.h>

/* One run of the tool. */
struct run {
	struct cleaner cleaner;
	struct rejects rejects;
	uint64_t n_read, n_kept;
	struct buf out;
};

static int read_events(struct run *run, struct csv_reader *in, struct dedup *events,
		       struct err *err)
{
	const struct csv_row *row;
	struct clean_event event;
	int rc;

	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		enum clean_reason reason = cleaner_row(&run->cleaner, row, &event);

		if (reason == CLEAN_BAD_EVENT_TYPE)
			rejects_add_type(&run->rejects, &run->cleaner.bad_type);
		if (reason == CLEAN_VALID
			    ? dedup_add(events, &event,
					rejects_note(&run->rejects, in, row, &event), err)
			    : rejects_add(&run->rejects, reason, in, row, err))
			return -1;
	}
	run->n_read = in->n_rows;
	return rc ? rc : dedup_finish(events, err);
}

static int write_events(struct run *run, struct dedup *events, struct timeline *timeline,
			struct err *err)
{
	struct buf last = BUF_INIT;
	struct dedup_event next;
	int64_t last_ts = 0;
	int rc;

	while ((rc = dedup_next(events, &next, err)) > 0) {
		const struct clean_event *e = &next.event;
		size_t len = e->id_len < last.len ? e->id_len : last.len;
		int order = len ? memcmp(last.data, e->id, len) : 0;

		if (next.duplicate) {
			rc = rejects_add_noted(&run->rejects, CLEAN_DUPLICATE_EVENT_ID, &next,
					       run->n_read, err);
			if (rc)
				break;
			continue;
		}
		FUZZ_CHECK(e->ts > 0 && e->ts < EVENT_TS_END, "%" PRId64, e->ts);
		FUZZ_CHECK(last_ts < e->ts || (last_ts == e->ts &&
					       (order < 0 || (!order && last.len < e->id_len))),
			   "%" PRId64 ",%.*s", e->ts, (int)e->id_len, e->id);
		last_ts = e->ts;
		buf_clear(&last);
		buf_append(&last, e->id, e->id_len);
		timeline_add(timeline, e->ts);
		clean_put_event(&run->out, e);
		csv_end_row(&run->out);
		run->n_kept++;
	}
	buf_release(&last);
	return rc;
}

/* Returns 0, or -1 with err: there is no such table. */
static int clean(struct run *run, const char *path, char delimiter, struct err *err)
{
	const struct csv_input input = { .paths = &path, .n = 1, .delimiter = delimiter };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tolerant = true,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct dedup *events = dedup_new(0, INT64_MIN);
	struct warnings warnings = WARNINGS_INIT;
	struct timeline timeline;
	int rc;

	timeline_init(&timeline, INT64_C(1700000000000));
	rc = csv_reader_open(&in, &input, err) || cleaner_open(&run->cleaner, &in, err);
	if (!rc) {
		cleaner_put_names(&run->cleaner, &in, &run->out);
		csv_end_row(&run->out);
		rc = read_events(run, &in, events, err) ||
		     write_events(run, events, &timeline, err);
		timeline_warn(&timeline, &warnings);
		cleaner_warn(&run->cleaner, run->n_read, &warnings);
		csv_reader_warn(&in, &warnings);
		rejects_warn(&run->rejects, run->n_read, &warnings);
		(void)rejects_summary(&run->rejects);
	}
	if (!rc)
		FUZZ_CHECK(run->n_kept + run->rejects.n == run->n_read,
			   "%" PRIu64 " kept, %" PRIu64 " rejected of %" PRIu64, run->n_kept,
			   run->rejects.n, run->n_read);
	warnings_release(&warnings);
	dedup_free(events);
	csv_reader_close(&in);
	return rc ? -1 : 0;
}

static void release(struct run *run)
{
	cleaner_release(&run->cleaner);
	csv_writer_abort(&run->rejects.out);
	rejects_release(&run->rejects);
	buf_release(&run->out);
}

static void check_rejects(struct run *run, const char *path)
{
	const struct csv_input input = { .paths = (const char *const[]){ path }, .n = 1 };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc;

	FUZZ_CHECK(!csv_writer_close(&run->rejects.out, &err), "%s", err.message);
	fuzz_written(path, &text);
	/* Not that file itself, which is an output of this process. */
	(void)fuzz_file(2, text.data, text.len);
	rc = csv_reader_open(&in, &input, &err);
	while (!rc && (rc = csv_reader_next(&in, &row, &err)) > 0)
		rc = 0;
	FUZZ_CHECK(!rc && in.n_rows == run->rejects.n, "%" PRIu64 " rows: %s", in.n_rows,
		   err.message);
	csv_reader_close(&in);
	buf_release(&text);
}

/* Whether the number is written as it would be by us. */
static bool is_canonical(const struct csv_field *f)
{
	char text[NUM_TEXT_MAX];
	int64_t value;

	return !num_parse_int(f->s, f->len, &value) && num_format_int(text, value) == f->len &&
	       !memcmp(text, f->s, f->len);
}

/* In each row of the output times and positions are integers. */
static void check_numbers(const struct run *run)
{
	const char *path = fuzz_file(2, run->out.data, run->out.len);
	const struct csv_input input = { .paths = &path, .n = 1, .delimiter = ',' };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int rc;

	FUZZ_CHECK(!csv_reader_open(&in, &input, &err), "%s", err.message);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		const struct csv_field *position = &row->fields[CLEAN_PLAYBACK_POSITION];

		FUZZ_CHECK(is_canonical(&row->fields[CLEAN_EVENT_TS]) &&
				   (position->is_null || is_canonical(position)),
			   "%.*s", (int)row->raw_len, row->raw);
	}
	FUZZ_CHECK(!rc, "%s", err.message);
	csv_reader_close(&in);
}

/* Its output again: nothing is rejected, and nothing changes. */
static void check_again(const struct run *first)
{
	struct run again = { .cleaner = CLEANER_INIT, .rejects = REJECTS_INIT };
	struct err err = ERR_INIT;

	again.cleaner.times.unit = TIME_MS;
	memcpy(again.cleaner.may_be_empty, first->cleaner.may_be_empty,
	       sizeof(again.cleaner.may_be_empty));
	FUZZ_CHECK(!names_append(&again.cleaner.keep, "*", &err), "%s", err.message);
	FUZZ_CHECK(!clean(&again, fuzz_file(3, first->out.data, first->out.len), ',', &err), "%s",
		   err.message);
	FUZZ_CHECK(fuzz_same(&again.out, &first->out), "%.*s", (int)again.out.len, again.out.data);
	names_release(&again.cleaner.keep);
	release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = { "UTC", "Europe/Berlin", "Pacific/Apia" };
	static struct zone *opened[3];
	struct fuzz f = fuzz_begin(data, size);
	struct run run = { .cleaner = CLEANER_INIT, .rejects = REJECTS_INIT };
	struct cleaner *c = &run.cleaner;
	unsigned unit = fuzz_option(&f, 5), zone = fuzz_option(&f, 3);
	bool rejects = fuzz_option(&f, 2);
	char delimiter = "\0,;\t"[fuzz_option(&f, 4)], *na;
	const char *path = fuzz_sink(1), *log;
	struct gz_output output = { .path = path, .plain = true };
	struct err err = ERR_INIT;
	size_t len;

	if (!opened[zone])
		opened[zone] = zone_open(zones[zone], &err);
	c->times = (struct time_reading){ (enum time_unit)unit, opened[zone], false };
	c->may_be_empty[CLEAN_PLAYBACK_POSITION] = fuzz_option(&f, 2);
	c->may_be_empty[CLEAN_DEVICE] = fuzz_option(&f, 2);
	if (fuzz_option(&f, 2))
		FUZZ_CHECK(!names_append(&c->keep, "*", &err), "%s", err.message);
	if (fuzz_option(&f, 2))
		c->until = INT64_C(1700000000000);
	na = fuzz_string(&f);
	log = fuzz_part(&f, &len);
	if ((*na && names_append(&c->na, na, &err)) ||
	    (rejects && rejects_open(&run.rejects, &output, &err)) ||
	    clean(&run, fuzz_file(0, log, len), delimiter, &err)) {
		fuzz_check_error(&err);
	} else {
		if (rejects)
			check_rejects(&run, path);
		check_numbers(&run);
		check_again(&run);
	}
	names_release(&c->keep);
	names_release(&c->na);
	release(&run);
	free(na);
	return 0;
}
