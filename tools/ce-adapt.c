/* ce-adapt: a player's own log to events, by a recipe. */
#include "adapt/adapt_check.h"
#include "adapt/adapter.h"
#include "adapt/logreader.h"
#include "adapt/recipe.h"
#include "cli.h"
#include "table/csvwriter.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Below the folder that holds the tool's own. */
#define RECIPES "share/ce/recipes"

struct opts {
	const char *recipe, *users, *contents, *options_of;
	struct zone *zone;
	bool check;
};

static void parse_args(struct opts *opt, struct bound *max_rejects, struct cli *cli, int argc,
		       char **argv)
{
	const struct cli_option options[] = {
		{ 'r', "recipe", "RECIPE", "how to read the log: a name, or a file (dir/x.recipe)",
		  cli_string, &opt->recipe },
		{ 0, "users", "FILE", "write what the log says of users, as users_dim", cli_string,
		  &opt->users },
		{ 0, "contents", "FILE", "write what it says of contents, as content_dim",
		  cli_string, &opt->contents },
		{ 0, "tz", "ZONE", "zone of times without an offset (the recipe's, or UTC)",
		  cli_zone, &opt->zone },
		{ 0, "max-rejects", "N|P%", "fail if more records are rejected (0)", cli_bound,
		  max_rejects },
		{ 0, "check", NULL, "print what was understood, in place of the events", cli_flag,
		  &opt->check },
		{ 0, "options", "TOOL", "print the options that the recipe has for TOOL",
		  cli_string, &opt->options_of },
		{ 0 }
	};

	cli->options = options;
	cli_parse(cli, argc, argv);
	cli->options = NULL;
	if (!opt->recipe)
		cli_usage_error(cli, "-r RECIPE is missing: how is the log to be read?");
	if (opt->check && (opt->users || opt->contents))
		cli_usage_error(cli, "--check writes no --users and no --contents");
	if (opt->options_of && (opt->check || opt->users || opt->contents || cli->input.n))
		cli_usage_error(cli, "--options TOOL reads no log and writes no table");
}

/* The file of a recipe: by its path, or of those that are installed. The caller frees. */
static char *find_recipe(const struct cli *cli, const char *recipe)
{
	const char suffix[] = ".recipe";
	size_t len = strlen(recipe);
	char tool[PATH_MAX], *slash;
	struct buf path = BUF_INIT;
	ssize_t n;

	if (strchr(recipe, '/') || !strcmp(recipe, "-") ||
	    (len > strlen(suffix) && !strcmp(recipe + len - strlen(suffix), suffix)))
		return mem_dup(recipe, len);
	n = readlink("/proc/self/exe", tool, sizeof(tool) - 1);
	tool[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < 2; i++) { /* past "bin/ce-adapt" */
		slash = strrchr(tool, '/');
		if (slash)
			*slash = '\0';
	}
	buf_printf(&path, "%s/" RECIPES "/%s%s", tool, recipe, suffix);
	buf_append_char(&path, '\0');
	if (access(path.data, R_OK))
		cli_usage_error(
			cli, "-r %s: no such recipe in %s/" RECIPES " (a file of your own: ./%s)",
			recipe, tool, recipe);
	return path.data;
}

static void print(const struct cli *cli, const struct buf *text)
{
	struct gz_output output = cli->output;
	struct gz_writer out = GZ_WRITER_INIT;
	struct err err = ERR_INIT;

	output.plain = true; /* text to be read, and never gzipped */
	if (gz_writer_open(&out, &output, &err) ||
	    gz_writer_write(&out, text->data, text->len, &err) || gz_writer_close(&out, &err))
		cli_die(cli, &err);
}

static void print_options(const struct cli *cli, const struct recipe *recipe, const char *tool)
{
	struct buf text = BUF_INIT;

	buf_append_str(&text, recipe_options(recipe, tool));
	buf_append_char(&text, '\n');
	print(cli, &text);
	buf_release(&text);
}

static void report(const struct cli *cli, const struct adapter *a, const struct logreader *log)
{
	struct warnings warnings = WARNINGS_INIT;
	struct buf summary = BUF_INIT;

	adapter_put_summary(a, &summary);
	buf_append_char(&summary, '\0');
	cli_note(cli, "%s", summary.data);
	adapter_warn(a, &warnings);
	logreader_warn(log, &warnings);
	cli_warnings(cli, &warnings);
	buf_release(&summary);
}

/* Prints what the recipe understands of the log. */
static int check(const struct cli *cli, struct adapter *a, struct logreader *log, struct err *err)
{
	struct buf events = BUF_INIT, text = BUF_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct record record;
	size_t n, n_shown = 0;
	int rc;

	adapter_put_names(a, &events);
	csv_end_row(&events);
	while ((rc = logreader_next(log, &record, err)) > 0) {
		if (adapter_record(a, &record, &n, err))
			return -1;
		for (size_t i = 0; i < n && n_shown < ADAPT_CHECK_EVENTS; i++, n_shown++) {
			adapter_put_event(a, i, &events);
			csv_end_row(&events);
		}
	}
	if (rc)
		return -1;
	adapt_check_put(a, log, &events, &text);
	print(cli, &text);
	adapter_warn(a, &warnings);
	logreader_warn(log, &warnings);
	cli_warnings(cli, &warnings);
	buf_release(&events);
	buf_release(&text);
	return 0;
}

static int adapt(const struct cli *cli, struct adapter *a, struct logreader *log,
		 struct csv_writer *out, struct err *err)
{
	struct record record;
	size_t n;
	int rc;

	adapter_put_names(a, &out->row);
	if (csv_writer_end_row(out, err))
		return -1;
	out->n_rows = 0;
	while ((rc = logreader_next(log, &record, err)) > 0) {
		cli_progress(cli, log->n_records);
		if (adapter_record(a, &record, &n, err))
			return -1;
		for (size_t i = 0; i < n; i++) {
			adapter_put_event(a, i, &out->row);
			if (csv_writer_end_row(out, err))
				return -1;
		}
	}
	return rc || adapter_check(a, err) ? -1 : 0;
}

static int open_dimension(const struct cli *cli, struct csv_writer *out, const char *path,
			  struct err *err)
{
	struct gz_output output = cli->output;

	if (!path)
		return 0;
	output.path = path;
	return csv_writer_open(out, &output, err);
}

int main(int argc, char **argv)
{
	struct opts opt = { .check = false };
	struct cli cli = { .tool = "ce-adapt",
			   .purpose = "Make events of a player's own log, by a recipe.",
			   .operands = "[LOG ...]" };
	struct dimension users = DIMENSION_INIT(catalogue_table("users_dim"));
	struct dimension contents = DIMENSION_INIT(catalogue_table("content_dim"));
	struct csv_writer out = CSV_WRITER_INIT, users_out = CSV_WRITER_INIT,
			  contents_out = CSV_WRITER_INIT;
	struct csv_writer *writers[3] = { &out };
	size_t n_writers = 1;
	struct adapter adapter = ADAPTER_INIT;
	struct recipe recipe;
	struct logreader log;
	struct err err = ERR_INIT;
	char *file;

	parse_args(&opt, &adapter.max_rejects, &cli, argc, argv);
	file = find_recipe(&cli, opt.recipe);
	if (recipe_read(&recipe, file, &err))
		cli_die(&cli, &err);
	if (opt.options_of) {
		print_options(&cli, &recipe, opt.options_of);
		recipe_release(&recipe);
		free(file);
		return 0;
	}
	if (cli.input.delimiter && recipe.format != RECIPE_CSV)
		cli_usage_error(&cli, "--delimiter is for recipes of the format csv");
	adapter.recipe = &recipe;
	adapter.zone = opt.zone;
	if (opt.check)
		adapter.max_rejects = (struct bound)BOUND_PERCENT(100);
	if (opt.users) {
		adapter.users = &users;
		writers[n_writers++] = &users_out;
	}
	if (opt.contents) {
		adapter.contents = &contents;
		writers[n_writers++] = &contents_out;
	}
	if (adapter_open(&adapter, &err) || logreader_open(&log, &recipe, &cli.input, &err))
		cli_die(&cli, &err);
	if (opt.check) {
		if (check(&cli, &adapter, &log, &err))
			cli_die(&cli, &err);
	} else {
		if (csv_writer_open(&out, &cli.output, &err) ||
		    open_dimension(&cli, &users_out, opt.users, &err) ||
		    open_dimension(&cli, &contents_out, opt.contents, &err) ||
		    adapt(&cli, &adapter, &log, &out, &err) ||
		    (opt.users && dimension_write(&users, &users_out, &err)) ||
		    (opt.contents && dimension_write(&contents, &contents_out, &err)))
			cli_die(&cli, &err);
		report(&cli, &adapter, &log);
		if (csv_writer_close_all(writers, n_writers, &err))
			cli_die(&cli, &err);
	}
	cli_done(&cli, log.n_records, out.n_rows);
	logreader_close(&log);
	adapter_release(&adapter);
	dimension_release(&users);
	dimension_release(&contents);
	recipe_release(&recipe);
	zone_free(opt.zone);
	free(file);
	return 0;
}
