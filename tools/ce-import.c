/* ce-import: loads gzipped CSV into tables of PostgreSQL, all rows of all of them or none. */
#include "base/mem.h"
#include "cli.h"
#include "io/gzio.h"
#include "pg/pg_load.h"
#include "table/csvreader.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	char *conninfo;
	const char *schema, *dir;
	bool append, replace;
	struct names keys;
	struct types {
		struct pg_load_type *at;
		size_t n;
	} types;
	struct pg_load_options load;
};

/* The tables and their inputs: [n] of each. */
struct tables {
	struct pg_load *loads;
	struct csv_reader *ins;
	char **paths; /* of -I */
	size_t n;
};

/* The end of the item of a list at s: a comma, but none in parentheses, as in numeric(10,2). */
static size_t item_length(const char *s)
{
	size_t n = 0;

	for (int depth = 0; s[n] && (s[n] != ',' || depth > 0); n++)
		depth += (s[n] == '(') - (s[n] == ')');
	return n;
}

/* As cli_option.parse: appends each COLUMN=TYPE. */
static int add_types(void *value, const char *const *args, struct err *err)
{
	struct types *types = value;

	for (const char *s = args[0];; s++) {
		size_t len = item_length(s);
		const char *equals = memchr(s, '=', len);

		if (!equals || equals == s || equals + 1 == s + len)
			return err_set(err, ERR_USAGE, "'%.*s': expected COLUMN=TYPE", (int)len, s);
		types->at = mem_realloc(types->at, types->n + 1, sizeof(*types->at));
		types->at[types->n++] = (struct pg_load_type){
			mem_dup(s, (size_t)(equals - s)),
			mem_dup(equals + 1, (size_t)(s + len - equals - 1)),
		};
		s += len;
		if (!*s)
			return 0;
	}
}

static enum pg_load_mode mode_of(const struct cli *cli, const struct opts *opt)
{
	if (opt->append + opt->replace + (opt->keys.n > 0) > 1)
		cli_usage_error(cli, "--append, --replace and --upsert cannot be combined");
	if (opt->load.max_loss.text && !opt->replace)
		cli_usage_error(cli, "--max-loss requires --replace");
	return opt->append    ? PG_LOAD_APPEND
	       : opt->replace ? PG_LOAD_REPLACE
	       : opt->keys.n  ? PG_LOAD_UPSERT
			      : PG_LOAD_CREATE;
}

static void parse_args(struct opts *opt, struct cli *cli, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 'd', "dbname", "CONNINFO", "connection string, URI or database name", pg_conninfo,
		  &opt->conninfo },
		{ 0, "schema", "SCHEMA", "schema of the tables (by the search path)", cli_string,
		  &opt->schema },
		{ 'I', "directory", "DIR", "read each table from DIR/TABLE.csv.gz or .csv",
		  cli_string, &opt->dir },
		{ 0, "append", NULL, "add the rows to an existing table", cli_flag, &opt->append },
		{ 0, "replace", NULL, "replace the rows of an existing table", cli_flag,
		  &opt->replace },
		{ 0, "max-loss", "N|P%", "rows that --replace may lose of a table (50%)", cli_bound,
		  &opt->load.max_loss },
		{ 0, "upsert", "KEY[,...]", "add the rows, replacing rows with the same key",
		  cli_list, &opt->keys },
		{ 0, "types", "COLUMN=TYPE[,...]", "SQL types of columns of a new table", add_types,
		  &opt->types },
		{ 0, "analyze", NULL, "ANALYZE the tables after the load", cli_flag,
		  &opt->load.analyze },
		{ 0 },
	};
	struct pg_load_options *load = &opt->load;

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (!cli->input.n)
		cli_usage_error(cli, "a TABLE is required");
	load->mode = mode_of(cli, opt);
	load->keys = (const char *const *)opt->keys.name;
	load->n_keys = opt->keys.n;
	load->types = opt->types.at;
	load->n_types = opt->types.n;
	if (!load->max_loss.text)
		load->max_loss = (struct bound)BOUND_PERCENT(50);
}

/* Names the tables, and finds -I's files, before anything is opened. */
static int init(struct tables *t, const struct cli *cli, const struct opts *opt, struct err *err)
{
	t->n = opt->dir ? cli->input.n : 1;
	t->loads = mem_zalloc(t->n, sizeof(*t->loads));
	t->ins = mem_zalloc(t->n, sizeof(*t->ins));
	t->paths = mem_zalloc(t->n, sizeof(*t->paths));
	for (size_t i = 0; i < t->n; i++) {
		const char *name;

		t->ins[i] = (struct csv_reader)CSV_READER_INIT;
		if (pg_load_init(&t->loads[i], &opt->load, cli->input.paths[i], opt->schema, err))
			return -1;
		name = t->loads[i].to.name.name;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(t->loads[k].to.name.name, name))
				return err_set(err, ERR_USAGE, "duplicate table %s", name);
	}
	for (size_t i = 0; opt->dir && i < t->n; i++) {
		t->paths[i] = gz_input_table(opt->dir, t->loads[i].to.name.name, err);
		if (!t->paths[i])
			return -1;
	}
	return 0;
}

/* Opens all inputs, for their headers. */
static int open_inputs(struct tables *t, const struct cli *cli, struct err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		struct csv_input input = cli->input;

		if (t->paths[i]) {
			input.paths = (const char *const *)&t->paths[i];
			input.n = 1;
		} else { /* the first operand is the table */
			input.paths++;
			input.n--;
		}
		if (csv_reader_open(&t->ins[i], &input, err) ||
		    pg_load_header(&t->loads[i], &t->ins[i], err))
			return -1;
	}
	return 0;
}

static int copy(struct pg_load *load, struct csv_reader *in, struct cli *cli,
		struct warnings *warnings, struct err *err)
{
	const struct csv_row *row;
	int rc;

	if (pg_load_start(load, err))
		return -1;
	cli_progress_begin(cli);
	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		if (pg_load_row(load, row, err))
			return -1;
		cli_progress_reader(cli, in);
	}
	if (rc < 0 || pg_load_end(load, err))
		return -1;
	csv_reader_warn(in, warnings);
	if (load->n_rows != in->n_rows)
		warnings_add(warnings, "table %s took %llu of %llu rows: does a trigger drop rows?",
			     load->to.name.name, (unsigned long long)load->n_rows,
			     (unsigned long long)in->n_rows);
	return 0;
}

static void report(const struct tables *t, const struct cli *cli)
{
	uint64_t rows_in = 0, rows_out = 0;

	for (size_t i = 0; i < t->n; i++) {
		rows_in += t->ins[i].n_rows;
		rows_out += t->loads[i].n_rows;
	}
	cli_done(cli, rows_in, rows_out);
}

static void release(struct opts *opt, struct tables *t)
{
	for (size_t i = 0; i < t->n; i++) {
		pg_load_release(&t->loads[i]);
		csv_reader_close(&t->ins[i]);
		free(t->paths[i]);
	}
	free(t->loads);
	free(t->ins);
	free(t->paths);
	for (size_t i = 0; i < opt->types.n; i++) {
		free(opt->types.at[i].name);
		free(opt->types.at[i].type);
	}
	free(opt->types.at);
	names_release(&opt->keys);
}

int main(int argc, char **argv)
{
	struct opts opt = { .conninfo = NULL };
	struct cli cli = { .tool = "ce-import",
			   .purpose = "Load CSV into tables of PostgreSQL, all rows or none.",
			   .operands = "TABLE [FILE ...]",
			   .no_output = true };
	struct warnings warnings = WARNINGS_INIT;
	struct tables tables;
	struct pg db = PG_INIT;
	struct err err = ERR_INIT;

	parse_args(&opt, &cli, argc, argv);
	opt.load.warnings = &warnings;
	if (init(&tables, &cli, &opt, &err) || pg_connect(&db, cli.tool, opt.conninfo, &err) ||
	    open_inputs(&tables, &cli, &err) || pg_load_begin(tables.loads, tables.n, &db, &err))
		cli_die(&cli, &err);
	for (size_t i = 0; i < tables.n; i++)
		if (copy(&tables.loads[i], &tables.ins[i], &cli, &warnings, &err))
			cli_die(&cli, &err);
	cli_warnings(&cli, &warnings); /* with --strict the end: nothing is committed */
	if (pg_load_commit(tables.loads, tables.n, &err))
		cli_die(&cli, &err);
	pg_close(&db);
	report(&tables, &cli);
	release(&opt, &tables);
	return 0;
}
