/*
 * Events, taken through ce-sessionize, ce-agg and ce-features one after another, from the table
 * that the first option says: enriched events, or sessionized ones or histories that contradict
 * themselves. The other options are the tools'.
 *
 * A table that is read from the first tool on is one that all of them read, but for what of it they
 * do not look at before: each writes a table that the next one reads, with a row for each event.
 */
#include "fuzz.h"

#include "events/event.h"
#include "history/aggregate.h"
#include "history/featurizer.h"
#include "history/sessionizer.h"
#include "table/columns.h"

#include <inttypes.h>

enum stage { ENRICHED, SESSIONS, HISTORY, N_STAGES };

struct options {
	struct session_options session;
	struct history_options history;
	struct aggregate_options aggregate;
	enum features_rows rows;
	int64_t watermark;
	struct names keep;
};

/* A stage: reads `in`, whose columns it has found, to the end. */
typedef int stage_fn(const struct options *opt, struct event_reader *in,
		     const struct gz_output *output, struct err *err);

static int sessionize(const struct options *opt, struct event_reader *in,
		      const struct gz_output *output, struct err *err)
{
	struct sessionizer s = SESSIONIZER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	const struct csv_row *row;
	struct event e;
	int rc;

	s.options = opt->session;
	rc = opt->keep.n ? names_append(&s.keep, opt->keep.name[0], err) : 0;
	rc = rc || sessionizer_open(&s, &in->in, output, NULL, err);
	while (!rc && (rc = event_reader_next(in, &row, &e, err)) > 0) {
		rc = sessionizer_step(&s, row, &e, err);
		FUZZ_CHECK(e.session_start <= e.ts && e.deadline >= e.ts && e.session_id >= 1 &&
				   e.session_id <= s.sessions.n &&
				   (e.prev_ts == EVENT_UNKNOWN || e.prev_ts <= e.ts),
			   "session %" PRId64, e.session_id);
	}
	if (!rc) {
		sessionizer_warn(&s, &warnings);
		rc = csv_writer_close(&s.out, err);
	}
	warnings_release(&warnings);
	csv_writer_abort(&s.out);
	sessionizer_release(&s);
	return rc;
}

static int aggregate(const struct options *opt, struct event_reader *in,
		     const struct gz_output *output, struct err *err)
{
	struct history_options options = opt->history;
	struct aggregates out = { .n = 0 };
	const struct csv_row *row;
	struct history history;
	struct history_row values;
	struct event e;
	int rc;

	if (columns_refuse(&in->in, catalogue_history.columns, catalogue_history.n, err))
		return -1;
	rc = aggregates_open(&out, &opt->aggregate, output, &in->in, in->in.header.n, &in->users,
			     &in->contents, &options, err);
	history_init(&history, &options, &in->genres);
	while (!rc && (rc = event_reader_next(in, &row, &e, err)) > 0) {
		history_prepare(&history, &e);
		rc = history_step(&history, &e, &values, err);
		if (rc)
			csv_reader_fail(&in->in, -1, err, "%s", err->message);
		else
			rc = aggregates_step(&out, row, &e, &history, &values, err);
	}
	if (!rc) {
		history_finish(&history);
		rc = aggregates_finish(&out, &history, err);
		for (size_t i = 0; i < out.n && !rc; i++)
			rc = csv_writer_close(aggregates_writer(&out, i), err);
	}
	aggregates_release(&out);
	history_release(&history);
	return rc;
}

static int make_features(const struct options *opt, struct event_reader *in,
			 const struct gz_output *output, struct err *err)
{
	struct featurizer f = FEATURIZER_INIT;
	const struct csv_row *row;
	struct event e;
	int rc;

	f.rows = opt->rows;
	f.watermark = opt->watermark;
	rc = opt->keep.n ? names_append(&f.keep, opt->keep.name[0], err) : 0;
	rc = rc || featurizer_open(&f, &in->in, in->in.header.n, output, err);
	while (!rc && (rc = event_reader_next(in, &row, &e, err)) > 0)
		rc = featurizer_step(&f, &in->in, &(struct features_row){ .text = row, .e = &e },
				     err);
	rc = rc || featurizer_finish(&f, err) || csv_writer_close(&f.out, err) ? -1 : 0;
	csv_writer_abort(&f.out);
	featurizer_release(&f);
	return rc;
}

/* Whether the message is about one of the columns that only ce-features reads. */
static bool is_late(const struct err *err)
{
	return strstr(err->message, "column signup_date:") ||
	       strstr(err->message, "column release_year:") ||
	       strstr(err->message, "duplicate column") || strstr(err->message, "already");
}

static void run(const struct options *opt, enum stage first, const char *text, size_t len)
{
	static stage_fn *const stages[] = { sessionize, aggregate, make_features };
	static const enum event_columns columns[] = { EVENT_ENRICHED, EVENT_HISTORY,
						      EVENT_SESSION };
	struct buf table = BUF_INIT;
	uint64_t n_rows = 0;
	int rc = 0;

	buf_append(&table, text, len);
	for (enum stage stage = first; !rc && stage < N_STAGES; stage++) {
		struct gz_output output = { .path = fuzz_sink(1), .plain = true };
		const char *path = fuzz_file(0, table.data, table.len);
		const struct csv_input input = { .paths = &path, .n = 1 };
		struct event_reader in = EVENT_READER_INIT;
		struct err err = ERR_INIT;

		in.in.tuning.read_size = in.in.tuning.window = 4096;
		rc = event_reader_open(&in, &input, columns[stage], &err) ||
		     stages[stage](opt, &in, &output, &err);
		/* What was written is whole, but what it says of a column may be anything. */
		if (rc)
			FUZZ_CHECK(stage == first || is_late(&err) ||
					   strstr(err.message, "; the header has "),
				   "%s", err.message);
		if (rc)
			fuzz_check_error(&err);
		FUZZ_CHECK(rc || stage == first || n_rows == in.in.n_rows,
			   "%" PRIu64 " rows of %" PRIu64, in.in.n_rows, n_rows);
		n_rows = in.in.n_rows;
		event_reader_close(&in);
		buf_clear(&table);
		fuzz_written(output.path, &table);
		/* An aggregate table is nobody's input. */
		if (stage == SESSIONS && opt->aggregate.table)
			break;
	}
	buf_release(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t lengths[] = { 30 * TIME_MS_PER_MINUTE, 0, 1, 36500 * TIME_MS_PER_DAY };
	struct fuzz f = fuzz_begin(data, size);
	enum stage first = (enum stage)fuzz_option(&f, N_STAGES);
	struct options opt = { .session = SESSION_OPTIONS_INIT, .history = HISTORY_OPTIONS_INIT };
	struct err err = ERR_INIT;
	const char *part;
	unsigned table;
	size_t len;

	opt.rows = (enum features_rows)fuzz_option(&f, FEATURES_ALL + 1);
	opt.session.gap = lengths[fuzz_option(&f, 4)];
	opt.session.complete_by = (enum session_completion)fuzz_option(&f, SESSION_BY_PLAYED + 1);
	opt.session.plain_gap = fuzz_option(&f, 2);
	opt.session.unknown_runtime = lengths[3 - fuzz_option(&f, 4)] % (36500 * TIME_MS_PER_DAY);
	opt.history.window = lengths[3 - fuzz_option(&f, 4)];
	table = fuzz_option(&f, 8);
	for (unsigned i = 1; i <= table && (i == 1 || opt.aggregate.table); i++)
		opt.aggregate.table = aggregate_table(i - 1);
	opt.watermark = fuzz_option(&f, 2) ? INT64_C(1649400001000) : EVENT_UNKNOWN;
	opt.aggregate.watermark = opt.watermark;
	if (fuzz_option(&f, 2) && !opt.aggregate.table) {
		FUZZ_CHECK(!names_append(&opt.keep, "*", &err), "%s", err.message);
		opt.aggregate.keep = opt.keep;
	}
	part = fuzz_part(&f, &len);
	run(&opt, first, part, len);
	names_release(&opt.keep);
	return 0;
}
