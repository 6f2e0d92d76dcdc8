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
	struct bound max_rejects; /* text NULL: it is not given */
	bool check;
};

/* The tables that are written, of which only the first must be. */
struct outputs {
	struct csv_writer events, users, contents;
	struct csv_writer *all[3];
	size_t n;
	struct dimension user_rows, content_rows;
};

/* Whether a recipe can have options for that tool. */
static bool is_tool(const char *name)
{
	for (size_t i = 0; recipe_tools[i]; i++)
		if (!strcmp(recipe_tools[i], name))
			return true;
	return false;
}

static void parse_args(struct opts *opt, struct cli *cli, int argc, char **argv)
{
	const struct cli_option options[] = {
		{ 'r', "recipe", "RECIPE", "how to read the log: a name, or a file", cli_string,
		  &opt->recipe },
		{ 0, "users", "FILE", "write what the log says of users, as users_dim", cli_string,
		  &opt->users },
		{ 0, "contents", "FILE", "write what it says of contents, as content_dim",
		  cli_string, &opt->contents },
		{ 0, "tz", "ZONE", "zone of times without an offset (UTC)", cli_zone, &opt->zone },
		{ 0, "max-rejects", "N|P%", "fail if more records are rejected (0)", cli_bound,
		  &opt->max_rejects },
		{ 0, "check", NULL, "print what was understood, and no events", cli_flag,
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
	if (opt->options_of && !is_tool(opt->options_of))
		cli_usage_error(cli, "--options %s: expected " RECIPE_TOOLS, opt->options_of);
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

static void warn(const struct cli *cli, const struct adapter *a, const struct logreader *log)
{
	struct warnings warnings = WARNINGS_INIT;

	adapter_warn(a, &warnings);
	logreader_warn(log, &warnings);
	cli_warnings(cli, &warnings);
}

static void report(const struct cli *cli, const struct adapter *a, const struct logreader *log)
{
	struct buf summary = BUF_INIT;

	if (cli->verbose || a->n_rejected || a->n_becomes[BECOMES_IGNORED]) {
		adapter_put_summary(a, &summary);
		buf_append_char(&summary, '\0');
		cli_note(cli, "%s", summary.data);
	}
	warn(cli, a, log);
	buf_release(&summary);
}

/* Reads the log: all events go to `out`, or, if that is NULL, the first ones to `shown`. */
static int read_log(struct cli *cli, struct adapter *a, struct logreader *log,
		    struct csv_writer *out, struct buf *shown, struct err *err)
{
	struct record record;
	size_t n, n_shown = 0;
	int rc;

	while ((rc = logreader_next(log, &record, err)) > 0) {
		cli_progress(cli, log->n_records);
		if (adapter_record(a, &record, &n, err))
			return -1;
		for (size_t i = 0; i < n; i++) {
			if (!out) {
				if (n_shown++ < ADAPT_CHECK_EVENTS)
					adapt_check_put_event(a, i, shown);
				continue;
			}
			adapter_put_event(a, i, &out->row);
			if (csv_writer_end_row(out, err))
				return -1;
		}
	}
	return rc;
}

/*
 * Shows what the recipe understands of the log, even of one that cannot be read to its end; but a
 * file is only written where all is well. What the recipe does not know is an error with --strict.
 */
static int check(struct cli *cli, struct adapter *a, struct logreader *log, struct err *err)
{
	const bool is_file = cli->output.path && strcmp(cli->output.path, "-") != 0;
	struct buf events = BUF_INIT, text = BUF_INIT;
	int rc;

	adapt_check_put_names(a, &events);
	rc = read_log(cli, a, log, NULL, &events, err);
	adapt_check_put(a, log, &events, &text);
	if (!is_file)
		print(cli, &text);
	if (!rc && adapter_check(a, err) &&
	    (cli->strict || bound_exceeded(&a->max_rejects, a->n_rejected, a->n_records)))
		rc = -1;
	if (!rc)
		warn(cli, a, log);
	if (!rc && is_file)
		print(cli, &text);
	buf_release(&events);
	buf_release(&text);
	return rc;
}

static void want_dimension(struct outputs *o, struct csv_writer *out, struct dimension *rows,
			   const char *table, struct dimension **wanted)
{
	*rows = (struct dimension)DIMENSION_INIT(catalogue_table(table));
	*wanted = rows;
	o->all[o->n++] = out;
}

static int open_output(const struct cli *cli, struct csv_writer *out, const char *path,
		       struct err *err)
{
	struct gz_output output = cli->output;

	if (!path)
		return 0;
	output.path = path;
	return csv_writer_open(out, &output, err);
}

static int write_dimension(struct dimension *rows, struct csv_writer *out, struct err *err)
{
	return rows ? dimension_write(rows, out, err) : 0;
}

/* Writes the events and what else is wanted: all of it, or nothing. */
static int adapt(struct cli *cli, const struct opts *opt, struct adapter *a, struct logreader *log,
		 struct outputs *o, struct err *err)
{
	if (csv_writer_open(&o->events, &cli->output, err) ||
	    open_output(cli, &o->users, opt->users, err) ||
	    open_output(cli, &o->contents, opt->contents, err))
		return -1;
	adapter_put_names(a, &o->events.row);
	if (csv_writer_end_row(&o->events, err))
		return -1;
	o->events.n_rows = 0;
	if (read_log(cli, a, log, &o->events, NULL, err) || adapter_check(a, err) ||
	    write_dimension(a->users, &o->users, err) ||
	    write_dimension(a->contents, &o->contents, err))
		return -1;
	report(cli, a, log);
	return csv_writer_close_all(o->all, o->n, err);
}

/* Reads the log by the recipe. */
static void run(struct cli *cli, const struct opts *opt, const struct recipe *recipe)
{
	struct outputs o = { .events = CSV_WRITER_INIT,
			     .users = CSV_WRITER_INIT,
			     .contents = CSV_WRITER_INIT };
	struct adapter a = ADAPTER_INIT;
	struct logreader log;
	struct err err = ERR_INIT;

	if (cli->input.delimiter && recipe->format != RECIPE_CSV)
		cli_usage_error(cli, "--delimiter is for recipes of the format csv");
	a.recipe = recipe;
	a.zone = opt->zone;
	if (opt->max_rejects.text)
		a.max_rejects = opt->max_rejects;
	else if (opt->check)
		a.max_rejects = (struct bound)BOUND_PERCENT(100);
	o.all[o.n++] = &o.events;
	if (opt->users)
		want_dimension(&o, &o.users, &o.user_rows, "users_dim", &a.users);
	if (opt->contents)
		want_dimension(&o, &o.contents, &o.content_rows, "content_dim", &a.contents);
	if (adapter_open(&a, &err) || logreader_open(&log, recipe, &cli->input, &err) ||
	    (opt->check ? check(cli, &a, &log, &err) : adapt(cli, opt, &a, &log, &o, &err)))
		cli_die(cli, &err);
	cli_done(cli, log.n_records, o.events.n_rows);
	logreader_close(&log);
	adapter_release(&a);
	dimension_release(&o.user_rows);
	dimension_release(&o.content_rows);
}

int main(int argc, char **argv)
{
	struct opts opt = { .check = false };
	struct cli cli = { .tool = "ce-adapt",
			   .purpose = "Make events of a player's own log, by a recipe.",
			   .operands = "[LOG ...]" };
	struct recipe recipe;
	struct err err = ERR_INIT;
	char *file;

	parse_args(&opt, &cli, argc, argv);
	file = find_recipe(&cli, opt.recipe);
	if (recipe_read(&recipe, file, &err))
		cli_die(&cli, &err);
	if (opt.options_of)
		print_options(&cli, &recipe, opt.options_of);
	else
		run(&cli, &opt, &recipe);
	recipe_release(&recipe);
	zone_free(opt.zone);
	free(file);
	return 0;
}
