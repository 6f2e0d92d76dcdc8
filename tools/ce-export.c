/* ce-export: tables of PostgreSQL, or a query, as gzipped CSV. */
#include "base/mem.h"
#include "cli.h"
#include "pg/pg.h"
#include "pg/pg_select.h"

#include <stdlib.h>

#define NO_TIME INT64_MIN

struct opts {
	char *conninfo;
	const char *query, *where, *schema, *dir;
	struct names columns;
	int64_t since, until;
};

/* The tables, or the query, and their outputs: [n] of each. */
struct export
{
	struct pg_select *selects;
	struct csv_writer *outs;
	char **paths;
	size_t n;
};

static void check_options(const struct cli *cli, const struct opts *opt)
{
	if (opt->query && (cli->input.n || opt->schema))
		cli_usage_error(cli, "-c cannot be combined with a TABLE or --schema");
	if (!opt->query && !cli->input.n)
		cli_usage_error(cli, "a TABLE or -c QUERY is required");
	if (opt->dir && (cli->output.path || opt->query))
		cli_usage_error(cli, "-O cannot be combined with -o or -c");
	if (!opt->dir && cli->input.n > 1)
		cli_usage_error(cli, "several tables require -O DIR");
	if (cli->input.n > 1 && (opt->columns.n || opt->where))
		cli_usage_error(cli, "--columns and --where require a single table");
	if (opt->until != NO_TIME && opt->since >= opt->until)
		cli_usage_error(cli, "--since must be before --until");
}

static int init(struct export *e, const struct cli *cli, const struct opts *opt, struct err *err)
{
	e->n = opt->query ? 1 : cli->input.n;
	e->selects = mem_zalloc(e->n, sizeof(*e->selects));
	e->outs = mem_zalloc(e->n, sizeof(*e->outs));
	e->paths = mem_zalloc(e->n, sizeof(*e->paths));
	for (size_t i = 0; i < e->n; i++) {
		struct pg_select *x = &e->selects[i];

		*x = (struct pg_select){ .query = opt->query,
					 .columns = (const char *const *)opt->columns.name,
					 .n_columns = opt->columns.n,
					 .where = opt->where,
					 .since = opt->since == NO_TIME ? NULL : &opt->since,
					 .until = opt->until == NO_TIME ? NULL : &opt->until };
		if (!opt->query && pg_table_parse(&x->table, cli->input.paths[i], opt->schema, err))
			return -1;
	}
	return 0;
}

static int copy(struct export *e, size_t i, struct cli *cli, const char *dir, struct pg *db,
		struct err *err)
{
	const struct pg_select *x = &e->selects[i];
	struct gz_output output = cli->output;
	struct csv_writer *out = &e->outs[i];
	int rc;

	if (dir) {
		e->paths[i] = gz_output_table(&output, dir, x->table.name, err);
		if (!e->paths[i])
			return -1;
	}
	*out = (struct csv_writer)CSV_WRITER_INIT;
	if (csv_writer_open(out, &output, err))
		return -1;
	buf_append(&out->row, x->header.data, x->header.len);
	if (pg_select_start(db, x, err))
		return -1;
	cli_progress_begin(cli);
	while ((rc = pg_select_row(db, out, err)) > 0)
		cli_progress(cli, out->n_rows);
	return rc < 0 || csv_writer_complete(out, err) ? -1 : 0;
}

/* Names the files, all or none. */
static int close_outputs(struct export *e, struct err *err)
{
	struct csv_writer **writers = mem_alloc(e->n, sizeof(struct csv_writer *));
	int rc;

	for (size_t i = 0; i < e->n; i++)
		writers[i] = &e->outs[i];
	rc = csv_writer_close_all(writers, e->n, err);
	free(writers);
	return rc;
}

/* Returns how many rows were written. */
static uint64_t release(struct export *e)
{
	uint64_t n_rows = 0;

	for (size_t i = 0; i < e->n; i++) {
		n_rows += e->outs[i].n_rows;
		pg_select_release(&e->selects[i]);
		free(e->paths[i]);
	}
	free(e->selects);
	free(e->outs);
	free(e->paths);
	return n_rows;
}

int main(int argc, char **argv)
{
	struct opts opt = { .since = NO_TIME, .until = NO_TIME };
	const struct cli_option options[] = {
		{ 'd', "dbname", "CONNINFO", "connection string, URI or database name", pg_conninfo,
		  &opt.conninfo },
		{ 'c', "query", "QUERY", "export the result of this SELECT", cli_string,
		  &opt.query },
		{ 0, "schema", "SCHEMA", "schema of the tables (by the search path)", cli_string,
		  &opt.schema },
		{ 0, "columns", "COL[,...]", "export only these columns, in this order", cli_list,
		  &opt.columns },
		{ 0, "where", "CONDITION", "export only rows for which this SQL is true",
		  cli_string, &opt.where },
		{ 0, "since", "TIME", "export only rows with event_ts from TIME on", cli_time,
		  &opt.since },
		{ 0, "until", "TIME", "export only rows with event_ts before TIME", cli_time,
		  &opt.until },
		{ 'O', "directory", "DIR", "write each table to DIR/TABLE.csv.gz", cli_string,
		  &opt.dir },
		{ 0 },
	};
	struct cli cli = {
		.tool = "ce-export",
		.purpose = "Write tables of PostgreSQL, or the result of a query, as gzipped CSV.",
		.operands = "TABLE [...]",
		.no_input = true,
		.options = options
	};
	struct pg db = PG_INIT;
	struct err err = ERR_INIT;
	struct export export;
	uint64_t n_rows;

	cli_parse(&cli, argc, argv);
	check_options(&cli, &opt);
	if (init(&export, &cli, &opt, &err) || pg_connect(&db, cli.tool, opt.conninfo, &err) ||
	    pg_begin(&db, PG_READ, &err) || pg_select_prepare(&db, export.selects, export.n, &err))
		cli_die(&cli, &err);
	for (size_t i = 0; i < export.n; i++)
		if (copy(&export, i, &cli, opt.dir, &db, &err))
			cli_die(&cli, &err);
	pg_close(&db); /* what was read is verified: there is nothing to commit */
	if (close_outputs(&export, &err))
		cli_die(&cli, &err);
	n_rows = release(&export);
	cli_done(&cli, n_rows, n_rows);
	names_release(&opt.columns);
	return 0;
}
