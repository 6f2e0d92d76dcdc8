/* ce-import: gzipped CSV into a table of PostgreSQL, all of it or nothing. */
#include "base/mem.h"
#include "cli.h"
#include "pg/pg_load.h"
#include "table/csvio.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	char *conninfo;
	const char *schema;
	bool append, replace, analyze;
	struct names keys;
	struct types {
		struct pg_load_type *at;
		size_t n;
	} types;
};

/* The end of the item of a list at s: a comma, but none in parentheses, as in numeric(10,2). */
static size_t item_length(const char *s)
{
	size_t n = 0;

	for (int depth = 0; s[n] && (s[n] != ',' || depth > 0); n++)
		depth += (s[n] == '(') - (s[n] == ')');
	return n;
}

/* As cli_option.parse: appends each COL=TYPE. */
static int add_types(void *value, const char *const *args, struct err *err)
{
	struct types *types = value;

	for (const char *s = args[0];; s++) {
		size_t len = item_length(s);
		const char *equals = memchr(s, '=', len);

		if (!equals || equals == s || equals + 1 == s + len)
			return err_set(err, ERR_USAGE, "'%.*s' is no COL=TYPE", (int)len, s);
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

static void choose_mode(const struct cli *cli, const struct opts *opt, struct pg_load_options *load)
{
	if (!cli->input.n)
		cli_usage_error(cli, "say where to: TABLE");
	if (opt->append + opt->replace + (opt->keys.n > 0) > 1)
		cli_usage_error(cli, "--append, --replace and --upsert exclude each other");
	if (opt->append)
		load->mode = PG_LOAD_APPEND;
	else if (opt->replace)
		load->mode = PG_LOAD_REPLACE;
	else if (opt->keys.n)
		load->mode = PG_LOAD_UPSERT;
	load->keys = (const char *const *)opt->keys.name;
	load->n_keys = opt->keys.n;
	load->types = opt->types.at;
	load->n_types = opt->types.n;
	load->analyze = opt->analyze;
}

static void release(struct opts *opt)
{
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
	const struct cli_option options[] = {
		{ 'd', "dbname", "CONNINFO", "where: as psql's -d (libpq's PG* variables)",
		  pg_conninfo, &opt.conninfo },
		{ 0, "schema", "SCHEMA", "the table's schema (the search path)", cli_string,
		  &opt.schema },
		{ 0, "append", NULL, "add to the table", cli_flag, &opt.append },
		{ 0, "replace", NULL, "put the rows in the place of the table's", cli_flag,
		  &opt.replace },
		{ 0, "upsert", "KEY[,KEY]", "add rows, or replace those with the same KEYs",
		  cli_list, &opt.keys },
		{ 0, "types", "COL=TYPE[,...]", "SQL types of the columns of a new table",
		  add_types, &opt.types },
		{ 0, "analyze", NULL, "ANALYZE the table behind the load", cli_flag, &opt.analyze },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-import",
			   .purpose = "Loads CSV into a table of PostgreSQL, all of it or nothing.",
			   .operands = "TABLE [FILE ...]",
			   .options = options,
			   .no_output = true };
	struct pg_load_options pg_load_options = { .mode = PG_LOAD_CREATE };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct pg db = PG_INIT;
	struct err err = ERR_INIT;
	struct gz_input input;
	uint64_t n_rows = 0;
	struct pg_load load;
	int rc;

	cli_parse(&cli, argc, argv);
	choose_mode(&cli, &opt, &pg_load_options);
	input = (struct gz_input){ cli.input.paths + 1, cli.input.n - 1, cli.input.threads };
	if (pg_table_parse(&pg_load_options.table, cli.input.paths[0], opt.schema, &err) ||
	    pg_connect(&db, cli.tool, opt.conninfo, &err) || csv_reader_open(&in, &input, &err) ||
	    pg_load_begin(&load, &db, &pg_load_options, &in, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		if (pg_load_row(&load, &in, row, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.n_rows);
	}
	if (rc < 0 || pg_load_commit(&load, &n_rows, &err))
		cli_die(&cli, &err);
	if (n_rows != in.n_rows)
		cli_note(&cli, "%s took %llu of %llu rows", cli.input.paths[0],
			 (unsigned long long)n_rows, (unsigned long long)in.n_rows);
	cli_done(&cli, in.n_rows, n_rows);
	pg_close(&db);
	pg_load_release(&load);
	csv_reader_close(&in);
	pg_table_release(&pg_load_options.table);
	release(&opt);
	return 0;
}
