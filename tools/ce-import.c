/* ce-import: loads gzipped CSV into a table of PostgreSQL, all rows or none. */
#include "base/mem.h"
#include "cli.h"
#include "pg/pg_load.h"
#include "table/csvio.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	char *conninfo;
	const char *table, *schema;
	bool append, replace, analyze;
	struct names keys;
	struct types {
		struct pg_load_type *at;
		size_t n;
	} types;
	struct pg_load_options load;
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

static void release(struct opts *opt)
{
	for (size_t i = 0; i < opt->types.n; i++) {
		free(opt->types.at[i].name);
		free(opt->types.at[i].type);
	}
	free(opt->types.at);
	names_release(&opt->keys);
	pg_table_release(&opt->load.table);
}

static enum pg_load_mode mode_of(const struct cli *cli, const struct opts *opt)
{
	if (opt->append + opt->replace + (opt->keys.n > 0) > 1)
		cli_usage_error(cli, "--append, --replace and --upsert cannot be combined");
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
		{ 0, "schema", "SCHEMA", "schema of the table (found by the search path)",
		  cli_string, &opt->schema },
		{ 0, "append", NULL, "add the rows to an existing table", cli_flag, &opt->append },
		{ 0, "replace", NULL, "replace the rows of an existing table", cli_flag,
		  &opt->replace },
		{ 0, "upsert", "KEY[,...]", "add the rows, replacing rows with the same key",
		  cli_list, &opt->keys },
		{ 0, "types", "COLUMN=TYPE[,...]", "SQL types of columns of a new table", add_types,
		  &opt->types },
		{ 0, "analyze", NULL, "ANALYZE the table after the load", cli_flag, &opt->analyze },
		{ 0 },
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (!cli->input.n)
		cli_usage_error(cli, "a TABLE is required");
	opt->load = (struct pg_load_options){ .mode = mode_of(cli, opt),
					      .keys = (const char *const *)opt->keys.name,
					      .n_keys = opt->keys.n,
					      .types = opt->types.at,
					      .n_types = opt->types.n,
					      .analyze = opt->analyze };
	/* The first operand is the table. */
	opt->table = *cli->input.paths++;
	cli->input.n--;
}

int main(int argc, char **argv)
{
	struct opts opt = { .conninfo = NULL };
	struct cli cli = { .tool = "ce-import",
			   .purpose = "Load CSV into a table of PostgreSQL, all rows or none.",
			   .operands = "TABLE [FILE ...]",
			   .no_output = true };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct pg db = PG_INIT;
	struct err err = ERR_INIT;
	uint64_t n_rows = 0;
	struct pg_load load;
	int rc;

	parse_args(&opt, &cli, argc, argv);
	if (pg_table_parse(&opt.load.table, opt.table, opt.schema, &err) ||
	    pg_connect(&db, cli.tool, opt.conninfo, &err) ||
	    csv_reader_open(&in, &cli.input, &err) ||
	    pg_load_begin(&load, &db, &opt.load, &in, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		if (pg_load_row(&load, &in, row, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.n_rows);
	}
	if (rc < 0 || pg_load_commit(&load, &n_rows, &err))
		cli_die(&cli, &err);
	if (n_rows != in.n_rows)
		cli_note(&cli, "table %s took %llu of %llu rows", opt.table,
			 (unsigned long long)n_rows, (unsigned long long)in.n_rows);
	cli_done(&cli, in.n_rows, n_rows);
	pg_close(&db);
	pg_load_release(&load);
	csv_reader_close(&in);
	release(&opt);
	return 0;
}
