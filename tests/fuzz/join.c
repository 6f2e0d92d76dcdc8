/*
 * A stream of rows, joined with one or two dimensions as ce-join does it. The options: a left join,
 * how many dimensions, whether the first is a history, whether the rows without a match are
 * written, the zone; the parts: columns to drop, words for NULL, the stream, the dimensions.
 *
 * Each row of the stream is written, or is without a match; what is written is a table, with the
 * columns of all sides.
 */
#include "fuzz.h"

#include "base/zone.h"
#include "events/joiner.h"

#include <inttypes.h>

static int join(struct joiner *j, struct csv_reader *in, const struct join_source *sources,
		size_t n, const struct gz_output *output, const char *unmatched, struct err *err)
{
	const struct gz_output other = { .path = unmatched, .plain = true };
	const struct csv_row *row;
	int rc;

	if (joiner_load(j, sources, n, in, err) ||
	    joiner_open(j, output, unmatched ? &other : NULL, in, err))
		return -1;
	while ((rc = csv_reader_next(in, &row, err)) > 0)
		if (joiner_row(j, in, row, err))
			return -1;
	return rc ? rc : joiner_finish(j, in, err);
}

/* Reads an output, as a copy; returns its rows. */
static uint64_t count_rows(const char *path, size_t *n_columns)
{
	const char *copy;
	const struct csv_input input = { .paths = &copy, .n = 1 };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	uint64_t n;
	int rc;

	fuzz_written(path, &text);
	copy = fuzz_file(0, text.data, text.len);
	rc = csv_reader_open(&in, &input, &err);
	*n_columns = in.header.n;
	while (!rc && (rc = csv_reader_next(&in, &row, &err)) > 0)
		rc = 0;
	FUZZ_CHECK(!rc, "%s", err.message);
	n = in.n_rows;
	csv_reader_close(&in);
	buf_release(&text);
	return n;
}

static void check_outputs(struct joiner *j, uint64_t n_read, const char *out, const char *unmatched)
{
	struct csv_writer *const writers[] = { &j->out, &j->unmatched };
	struct err err = ERR_INIT;
	struct buf text = BUF_INIT;
	struct csv_reader in = CSV_READER_INIT;
	size_t n_columns, n_added = 0;
	uint64_t n;

	FUZZ_CHECK(!csv_writer_close_all(writers, unmatched ? 2 : 1, &err), "%s", err.message);
	n = count_rows(out, &n_columns);
	FUZZ_CHECK(n == (j->left ? n_read : n_read - j->n_unmatched),
		   "%" PRIu64 " of %" PRIu64 ", %" PRIu64 " without a match", n, n_read,
		   j->n_unmatched);
	for (size_t i = 0; i < j->n; i++)
		n_added += j->dimensions[i].n_names;
	for (size_t i = 0; i < j->stream.n_columns; i++)
		n_added += j->stream.has[i];
	FUZZ_CHECK(n_columns == n_added, "%zu columns, not %zu", n_columns, n_added);
	if (unmatched) {
		n = count_rows(unmatched, &n_columns);
		FUZZ_CHECK(n == j->n_unmatched, "%" PRIu64 " without a match, not %" PRIu64, n,
			   j->n_unmatched);
	}
	joiner_put_summary(j, &in, &text);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone *berlin;
	struct fuzz f = fuzz_begin(data, size);
	struct joiner j = JOINER_INIT;
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	struct join_source sources[2] = { { .key = "user_id" }, { .key = "content_id" } };
	const char *path, *out = fuzz_sink(1), *unmatched = NULL;
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct gz_output output = { .path = out, .plain = true };
	struct err err = ERR_INIT;
	size_t n, len;
	char *drop, *na;

	if (!berlin)
		berlin = zone_open("Europe/Berlin", &err);
	j.left = fuzz_option(&f, 2);
	n = fuzz_option(&f, 3);
	sources[0].valid_from = fuzz_option(&f, 2) ? "valid_from" : NULL;
	unmatched = fuzz_option(&f, 2) ? fuzz_sink(2) : NULL;
	j.zone = fuzz_option(&f, 2) ? berlin : NULL;
	j.max_unmatched.value *= 2; /* all */
	drop = fuzz_string(&f);
	na = fuzz_string(&f);
	path = fuzz_part(&f, &len);
	path = fuzz_file(3, path, len);
	for (size_t i = 0; i < n; i++) {
		const char *part = fuzz_part(&f, &len);

		sources[i].path = fuzz_file(4 + i, part, len);
	}
	if ((!n && !j.left) || (*drop && names_append(&j.drop, drop, &err)) ||
	    (*na && names_append(&j.na, na, &err)) || csv_reader_open(&in, &input, &err) ||
	    join(&j, &in, sources, n, &output, unmatched, &err)) {
		if (n || j.left)
			fuzz_check_error(&err);
	} else {
		check_outputs(&j, in.n_rows, out, unmatched);
	}
	csv_writer_abort(&j.out);
	csv_writer_abort(&j.unmatched);
	csv_reader_close(&in);
	joiner_release(&j);
	free(drop);
	free(na);
	return 0;
}
