/*
 * adaptation: a log through a recipe, as ce-adapt does it, and what holds of each: no record is
 * lost without a count, and all that is said can be shown. For the targets of both.
 */
#ifndef CE_FUZZ_ADAPTATION_H
#define CE_FUZZ_ADAPTATION_H

#include "fuzz.h"

#include "adapt/adapt_check.h"
#include "adapt/adapter.h"
#include "adapt/logreader.h"

#include <inttypes.h>

/* Lines of printable characters, and of what the events have in quotes. */
static inline void fuzz_check_shown(const struct buf *text)
{
	const char *s = text->len ? text->data : "", *end = s + text->len;

	while (s < end) {
		size_t n = *s == '\n' ? 1 : utf8_printable(s, end);

		FUZZ_CHECK(n, "byte %02x of %.*s", (unsigned char)*s, (int)text->len, text->data);
		s += n;
	}
}

static inline void fuzz_check_counts(const struct adapter *a)
{
	uint64_t n = a->n_rejected, n_rejected = 0;

	for (int i = 0; i < BECOMES_N; i++)
		n += a->n_becomes[i];
	for (int i = 0; i < N_REASONS; i++)
		n_rejected += a->rejected[i];
	FUZZ_CHECK(n == a->n_records && n_rejected == a->n_rejected,
		   "%" PRIu64 " of %" PRIu64 " records", n, a->n_records);
}

/* Appends what is said at the end of a log, and checks it. */
static inline void fuzz_say(const struct adapter *a, const struct logreader *log, struct buf *out)
{
	struct warnings warnings = WARNINGS_INIT;
	const struct buf none = BUF_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	if (adapter_check(a, &err)) {
		fuzz_check_error(&err);
		buf_append_str(out, err.message);
	}
	adapt_check_put(a, log, &none, &text);
	adapter_warn(a, &warnings);
	logreader_warn(log, &warnings);
	fuzz_check_shown(&warnings.text);
	buf_append(out, text.data, text.len);
	buf_append(out, warnings.text.data, warnings.text.len);
	warnings_release(&warnings);
	buf_release(&text);
}

static inline void fuzz_put_dimension(const struct dimension *d, struct buf *out)
{
	struct gz_output output = { .path = fuzz_sink(7), .plain = true };
	struct csv_writer w = CSV_WRITER_INIT;
	struct err err = ERR_INIT;

	FUZZ_CHECK(!csv_writer_open(&w, &output, &err) && !dimension_write(d, &w, &err) &&
			   !csv_writer_close(&w, &err),
		   "%s", err.message);
	FUZZ_CHECK(w.n_rows == d->ids.n, "%" PRIu64 " rows", w.n_rows);
	fuzz_written(output.path, out);
}

/* Appends the events, the dimensions and what is said; or that, and why it ends. */
static inline void fuzz_adapt(const struct recipe *recipe, const char *log_path, struct buf *out)
{
	const struct csv_input input = { .paths = &log_path, .n = 1 };
	struct dimension users = DIMENSION_INIT(catalogue_table("users_dim"));
	struct dimension contents = DIMENSION_INIT(catalogue_table("content_dim"));
	struct adapter a = ADAPTER_INIT;
	struct logreader log;
	struct record record;
	struct err err = ERR_INIT;
	uint64_t n_events = 0;
	size_t n;
	int rc;

	a.recipe = recipe;
	a.users = &users;
	a.contents = &contents;
	a.max_rejects = (struct bound)BOUND_PERCENT(100);
	FUZZ_CHECK(!adapter_open(&a, &err), "%s", err.message);
	rc = logreader_open(&log, recipe, &input, &err) ? -1 : 1;
	while (rc > 0 && (rc = logreader_next(&log, &record, &err)) > 0) {
		FUZZ_CHECK(!adapter_record(&a, &record, &n, &err), "%s", err.message);
		for (size_t i = 0; i < n; i++) {
			adapter_put_event(&a, i, out);
			buf_append_char(out, '\n');
		}
		n_events += n;
	}
	FUZZ_CHECK(n_events == a.n_events && log.n_records == a.n_records, "%" PRIu64, n_events);
	fuzz_check_counts(&a);
	if (rc) {
		fuzz_check_error(&err);
		buf_append_str(out, err.message);
	}
	fuzz_say(&a, &log, out);
	fuzz_put_dimension(&users, out);
	fuzz_put_dimension(&contents, out);
	logreader_close(&log);
	adapter_release(&a);
	dimension_release(&users);
	dimension_release(&contents);
}

#endif
