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

/* One table, or the query, on its way out. */
struct item {
	struct pg_select extract;
	struct buf select, header;
	struct csv_writer out;
	char *path;
};

static void check_options(const struct cli *cli, const struct opts *opt)
{
	if (opt->query && (cli->input.n || opt->schema))
		cli_usage_error(cli, "-c is instead of a TABLE and its --schema");
	if (!opt->query && !cli->input.n)
		cli_usage_error(cli, "say what to export: TABLE or -c QUERY");
	if (opt->dir && (cli->output.path || opt->query))
		cli_usage_error(cli, "-O is for tables, and instead of -o");
	if (!opt->dir && cli->input.n > 1)
		cli_usage_error(cli, "several tables want a directory: -O DIR");
	if (cli->input.n > 1 && (opt->columns.n || opt->where))
		cli_usage_error(cli, "--columns and --where are for one table");
}

static int parse_tables(struct item *items, const struct cli *cli, const struct opts *opt,
			struct err *err)
{
	for (size_t i = 0; i < cli->input.n; i++)
		if (pg_table_parse(&items[i].extract.table, cli->input.paths[i], opt->schema, err))
			return -1;
	return 0;
}

/*
 * Works out what to ask the server, for all tables before the first is copied: one that is missing
 * shows at once.
 */
static int prepare(struct item *items, size_t n, const struct opts *opt, struct pg *db,
		   struct err *err)
{
	size_t n_missing = 0;

	for (size_t i = 0; i < n; i++) {
		struct pg_select *x = &items[i].extract;

		*x = (struct pg_select){ .table = x->table,
					 .query = opt->query,
					 .columns = (const char *const *)opt->columns.name,
					 .n_columns = opt->columns.n,
					 .where = opt->where,
					 .since = opt->since == NO_TIME ? NULL : &opt->since,
					 .until = opt->until == NO_TIME ? NULL : &opt->until };
		if (pg_select_query(db, x, &items[i].select, &items[i].header, err))
			return -1;
		n_missing += x->event_ts_missing;
	}
	/* Beside a table of events, dimensions come whole. */
	if (n_missing == n)
		return err_set(err, ERR_DATABASE,
			       "--since and --until: there is no column event_ts");
	return 0;
}

static int copy(struct item *e, const struct cli *cli, const struct opts *opt, struct pg *db,
		struct err *err)
{
	struct gz_output output = cli->output;
	int rc;

	if (opt->dir) {
		e->path = gz_output_table(&output, opt->dir, e->extract.table.name, err);
		if (!e->path)
			return -1;
	}
	if (csv_writer_open(&e->out, &output, err))
		return -1;
	buf_append(&e->out.row, e->header.data, e->header.len);
	if (pg_select_start(db, e->select.data, err))
		return -1;
	while ((rc = pg_select_row(db, &e->out, err)) > 0)
		cli_progress(cli, e->out.n_rows);
	return rc < 0 || csv_writer_finish(&e->out, err) ? -1 : 0;
}

static int close_outputs(struct item *items, size_t n, struct err *err)
{
	struct csv_writer **writers = mem_alloc(n, sizeof(struct csv_writer *));
	int rc;

	for (size_t i = 0; i < n; i++)
		writers[i] = &items[i].out;
	rc = csv_writer_close_all(writers, n, err);
	free(writers);
	return rc;
}

static uint64_t release(struct item *items, size_t n)
{
	uint64_t n_rows = 0;

	for (size_t i = 0; i < n; i++) {
		n_rows += items[i].out.n_rows;
		pg_table_release(&items[i].extract.table);
		buf_release(&items[i].select);
		buf_release(&items[i].header);
		free(items[i].path);
	}
	free(items);
	return n_rows;
}

int main(int argc, char **argv)
{
	struct opts opt = { .since = NO_TIME, .until = NO_TIME };
	const struct cli_option options[] = {
		{ 'd', "dbname", "CONNINFO", "where: as psql's -d (libpq's PG* variables)",
		  pg_conninfo, &opt.conninfo },
		{ 'c', "query", "QUERY", "export what this SELECT gives, not a TABLE", cli_string,
		  &opt.query },
		{ 0, "schema", "SCHEMA", "the tables' schema (the search path)", cli_string,
		  &opt.schema },
		{ 0, "columns", "COL[,...]", "only these columns, in this order", cli_list,
		  &opt.columns },
		{ 0, "where", "CONDITION", "only rows for which this SQL holds", cli_string,
		  &opt.where },
		{ 0, "since", "TIME", "only rows with event_ts at or after TIME", cli_time,
		  &opt.since },
		{ 0, "until", "TIME", "only rows with event_ts before TIME", cli_time, &opt.until },
		{ 'O', "directory", "DIR", "each table to DIR/TABLE.csv.gz, at one moment",
		  cli_string, &opt.dir },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-export",
			   .purpose = "Writes tables of PostgreSQL, or a query, as gzipped CSV.",
			   .operands = "TABLE [...]",
			   .options = options };
	struct pg db = PG_INIT;
	struct err err = ERR_INIT;
	struct item *items;
	uint64_t n_rows;
	size_t n;

	cli_parse(&cli, argc, argv);
	check_options(&cli, &opt);
	n = opt.query ? 1 : cli.input.n;
	items = mem_zalloc(n, sizeof(*items));
	if (parse_tables(items, &cli, &opt, &err) ||
	    pg_connect(&db, cli.tool, opt.conninfo, &err) || pg_begin(&db, PG_READ, &err) ||
	    prepare(items, n, &opt, &db, &err))
		cli_die(&cli, &err);
	for (size_t i = 0; i < n; i++)
		if (copy(&items[i], &cli, &opt, &db, &err))
			cli_die(&cli, &err);
	pg_close(&db); /* what was read is verified: there is nothing to commit */
	if (close_outputs(items, n, &err))
		cli_die(&cli, &err);
	n_rows = release(items, n);
	cli_done(&cli, n_rows, n_rows);
	names_release(&opt.columns);
	return 0;
}
