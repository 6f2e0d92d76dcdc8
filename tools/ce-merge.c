/* ce-merge: tables that are in canonical order as one table in canonical order. */
#include "cli.h"
#include "events/merger.h"
#include "table/columns.h"
#include "table/csvwriter.h"

static void put_names(struct buf *out, const struct csv_header *header)
{
	for (size_t i = 0; i < header->n; i++)
		csv_put_str(out, header->names[i]);
}

/* The row, with its number in the place of the column, unless that is -1. */
static void put_row(struct buf *out, const struct csv_row *row, int column, uint64_t number)
{
	if (column < 0) {
		csv_put_row(out, row);
		return;
	}
	csv_put_fields(out, row, 0, (size_t)column);
	csv_put_int(out, (int64_t)number);
	csv_put_fields(out, row, (size_t)column + 1, row->n - (size_t)column - 1);
}

static int open_all(struct merger *merger, struct csv_writer *out, const struct cli *cli,
		    const char *number, int *column, struct err *err)
{
	if (merger_open(merger, &cli->input, err))
		return -1;
	*column = number ? columns_require(merger->first, number, err) : -1;
	if ((number && *column < 0) || csv_writer_open(out, &cli->output, err))
		return -1;
	put_names(&out->row, &merger->first->header);
	return csv_writer_end_row(out, err);
}

int main(int argc, char **argv)
{
	const char *number = NULL;
	const struct cli_option options[] = {
		{ 0, "number", "COL", "write 1, 2, 3 ... as the column COL", cli_string, &number },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-merge",
			   .purpose = "Merge tables that are in canonical order.",
			   .operands = "[FILE ...]",
			   .options = options };
	struct merger merger = MERGER_INIT;
	struct csv_writer out = CSV_WRITER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	int column, rc;

	cli_parse(&cli, argc, argv);
	if (open_all(&merger, &out, &cli, number, &column, &err))
		cli_die(&cli, &err);
	while ((rc = merger_next(&merger, &row, &err)) > 0) {
		put_row(&out.row, row, column, merger.n_rows);
		if (csv_writer_end_row(&out, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, merger.n_rows);
	}
	if (rc < 0)
		cli_die(&cli, &err);
	merger_warn(&merger, &warnings);
	cli_warnings(&cli, &warnings);
	if (csv_writer_close(&out, &err))
		cli_die(&cli, &err);
	cli_done(&cli, merger.n_rows, merger.n_rows);
	merger_close(&merger);
	return 0;
}
