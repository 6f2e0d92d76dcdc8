/* ce-join: add the columns of dimension tables by key. */
#include "base/mem.h"
#include "cli.h"
#include "events/event.h"
#include "events/join.h"
#include "table/columns.h"

#include <stdio.h>
#include <stdlib.h>

/* What -k gave, KEY and FILE each time. */
struct key_files {
	const char **keys, **paths;
	size_t n;
};

/* Columns of the stream that stay beside each other. */
struct run {
	size_t first, n;
};

struct joiner {
	struct join_dimension *dimensions;
	size_t n;
	struct join_drops drops;
	bool *keep;       /* per stream column */
	struct run *runs; /* the columns that are kept */
	size_t n_runs;
	bool has_events; /* the stream is a table of events, and so in canonical order */
	struct event_order order;
	bool left;
	uint64_t n_unmatched;
	struct csv_writer out, unmatched;
	bool has_unmatched;
};

static int add_key_file(void *value, const char *const *args, struct err *err)
{
	struct key_files *k = value;

	(void)err;
	k->keys = mem_realloc(k->keys, k->n + 1, sizeof(*k->keys));
	k->paths = mem_realloc(k->paths, k->n + 1, sizeof(*k->paths));
	k->keys[k->n] = args[0];
	k->paths[k->n++] = args[1];
	return 0;
}

static int load(struct joiner *j, const struct key_files *k, const struct csv_reader *in,
		struct err *err)
{
	j->dimensions = mem_zalloc(k->n, sizeof(*j->dimensions));
	for (; j->n < k->n; j->n++)
		if (join_load(&j->dimensions[j->n], k->keys[j->n], k->paths[j->n], &j->drops, err))
			return -1;
	j->keep = mem_alloc(in->header.n, sizeof(*j->keep));
	j->runs = mem_alloc(in->header.n, sizeof(*j->runs));
	for (size_t i = 0; i < in->header.n; i++) {
		j->keep[i] = !join_dropped(&j->drops, in->header.names[i]);
		if (j->keep[i] && (!i || !j->keep[i - 1]))
			j->runs[j->n_runs++] = (struct run){ i, 0 };
		if (j->keep[i])
			j->runs[j->n_runs - 1].n++;
	}
	for (size_t i = 0; i < j->drops.n; i++)
		if (!j->drops.seen[i])
			return err_set(err, ERR_RUNTIME, "--drop: no table has a column %s",
				       j->drops.names[i]);
	return join_bind(j->dimensions, j->n, in, err);
}

static int open_outputs(struct joiner *j, const struct gz_output *output,
			const char *unmatched_path, const struct csv_reader *in, struct err *err)
{
	struct gz_output beside = *output;

	beside.path = unmatched_path;
	if (csv_writer_open(&j->out, output, err))
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		if (j->keep[i])
			csv_put_str(&j->out.row, in->header.names[i]);
	for (size_t i = 0; i < j->n; i++)
		for (size_t c = 0; c < j->dimensions[i].n_names; c++)
			csv_put_str(&j->out.row, j->dimensions[i].names[c]);
	if (!j->out.row.len)
		return err_set(err, ERR_RUNTIME, "--drop: no column is left");
	if (csv_writer_end_row(&j->out, err))
		return -1;
	j->has_unmatched = unmatched_path;
	if (!unmatched_path)
		return 0;
	if (csv_writer_open(&j->unmatched, &beside, err))
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&j->unmatched.row, in->header.names[i]);
	return csv_writer_end_row(&j->unmatched, err);
}

static void put_stream(struct joiner *j, const struct csv_row *row)
{
	if (j->n_runs && j->runs[0].n == row->n) {
		csv_put_raw(&j->out.row, row->raw, row->raw_len); /* however it is quoted */
		return;
	}
	for (size_t i = 0; i < j->n_runs; i++)
		csv_put_fields(&j->out.row, row, j->runs[i].first, j->runs[i].n);
}

/* A table with event_ts and event_id is one of events, whose order is verified. */
static void find_order(struct joiner *j, const struct csv_reader *in)
{
	j->order.event_ts = columns_find(&in->header, "event_ts");
	j->order.event_id = columns_find(&in->header, "event_id");
	j->has_events = j->order.event_ts >= 0 && j->order.event_id >= 0;
}

/* Writes the joined row; without a match in every dimension it goes, if inner, only aside. */
static int join_row(struct joiner *j, const struct csv_row *row, struct err *err)
{
	size_t start = j->out.row.len;
	bool matched = true;

	put_stream(j, row);
	for (size_t i = 0; i < j->n && (matched || j->left); i++) {
		const struct join_dimension *d = &j->dimensions[i];
		const struct join_text *text = join_find(&j->dimensions[i]);

		matched &= text != NULL;
		if (text && d->n_names)
			csv_put_raw(&j->out.row, join_text(text), text->len);
		for (size_t c = 0; !text && c < d->n_names; c++)
			csv_put_null(&j->out.row);
	}
	if (!matched) {
		j->n_unmatched++;
		if (j->has_unmatched) {
			csv_put_raw(&j->unmatched.row, row->raw, row->raw_len);
			if (csv_writer_end_row(&j->unmatched, err))
				return -1;
		}
	}
	if (matched || j->left)
		return csv_writer_end_row(&j->out, err);
	j->out.row.len = start;
	return 0;
}

static void say_unmatched(const struct cli *cli, const struct joiner *j, uint64_t n_rows)
{
	char by_key[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < j->n && len < sizeof(by_key); i++)
		if (j->dimensions[i].n_unmatched)
			len += (size_t)snprintf(by_key + len, sizeof(by_key) - len, "%s%llu %s",
						len ? ", " : "",
						(unsigned long long)j->dimensions[i].n_unmatched,
						j->dimensions[i].key);
	cli_note(cli, "%s %llu of %llu rows; without a match %llu: %s", j->left ? "wrote" : "kept",
		 (unsigned long long)(j->out.n_rows - 1), (unsigned long long)n_rows,
		 (unsigned long long)j->n_unmatched, by_key);
}

static void release(struct joiner *j)
{
	for (size_t i = 0; i < j->n; i++)
		join_release(&j->dimensions[i]);
	free(j->dimensions);
	free(j->keep);
	free(j->runs);
	free(j->drops.seen);
	event_order_release(&j->order);
}

int main(int argc, char **argv)
{
	struct key_files key_files = { NULL, NULL, 0 };
	struct names drop = NAMES_INIT;
	const char *unmatched = NULL;
	struct joiner j = { .out = CSV_WRITER_INIT, .unmatched = CSV_WRITER_INIT };
	struct csv_writer *const writers[] = { &j.out, &j.unmatched };
	const struct cli_option table[] = {
		{ 'k', "key", "KEY FILE", "add FILE's columns by KEY; may be repeated",
		  add_key_file, &key_files },
		{ 0, "left", NULL, "keep rows without a match, new columns NULL", cli_flag,
		  &j.left },
		{ 0, "drop", "COL[,...]", "leave these columns out, whichever table's", cli_list,
		  &drop },
		{ 0, "unmatched", "FILE", "also write the rows without a match to FILE", cli_string,
		  &unmatched },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-join",
			   .purpose = "Adds the columns of dimension tables, by key, in one pass.",
			   .operands = "[FILE ...]",
			   .options = table };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	cli_parse(&cli, argc, argv);
	if (!key_files.n)
		cli_usage_error(&cli, "no dimension: give -k KEY FILE");
	j.drops = (struct join_drops){ (const char *const *)drop.name, drop.n,
				       mem_zalloc(drop.n, sizeof(bool)) };
	if (csv_reader_open(&in, &cli.input, &err) || load(&j, &key_files, &in, &err) ||
	    open_outputs(&j, &cli.output, unmatched, &in, &err))
		cli_die(&cli, &err);
	find_order(&j, &in);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		int64_t ts;

		csv_reader_look_ahead(&in);
		for (size_t i = 0; i < j.n; i++) {
			join_prefetch(&j.dimensions[i], &in);
			join_prepare(&j.dimensions[i], row);
		}
		if (j.has_events && event_order_check(&j.order, &in, row, &ts, &err))
			cli_die(&cli, &err);
		if (join_row(&j, row, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.n_rows);
	}
	if (rc < 0 || csv_writer_close_all(writers, unmatched ? 2 : 1, &err))
		cli_die(&cli, &err);
	if (j.n_unmatched)
		say_unmatched(&cli, &j, in.n_rows);
	cli_done(&cli, in.n_rows, j.out.n_rows - 1);
	csv_reader_close(&in);
	release(&j);
	names_release(&drop);
	free(key_files.keys);
	free(key_files.paths);
	return 0;
}
