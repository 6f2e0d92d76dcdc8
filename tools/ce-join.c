/* ce-join: add the columns of dimension tables by key. */
#include "base/mem.h"
#include "cli.h"
#include "events/joiner.h"

#include <inttypes.h>
#include <stdlib.h>

struct opts {
	struct join_source *sources; /* [n_sources], of -k */
	size_t n_sources;
	const char *unmatched;
	struct zone *zone;
};

static int add_source(void *value, const char *const *args, struct err *err)
{
	struct opts *opt = value;

	(void)err;
	opt->sources = mem_realloc(opt->sources, opt->n_sources + 1, sizeof(*opt->sources));
	opt->sources[opt->n_sources++] = (struct join_source){ args[0], args[1], args[2] };
	return 0;
}

static void note_unmatched(const struct cli *cli, const struct joiner *j, uint64_t n_rows)
{
	struct buf by_key = BUF_INIT;

	joiner_put_unmatched(j, &by_key);
	cli_note(cli, "%s %" PRIu64 " of %" PRIu64 " rows; %" PRIu64 " without a match: %.*s",
		 j->left ? "wrote" : "kept", j->out.n_rows - 1, n_rows, j->n_unmatched,
		 (int)by_key.len, by_key.data);
	buf_release(&by_key);
}

int main(int argc, char **argv)
{
	struct opts opt = { .sources = NULL };
	struct joiner joiner = JOINER_INIT;
	struct csv_writer *const writers[] = { &joiner.out, &joiner.unmatched };
	const struct cli_option table[] = {
		{ 'k', "key", "KEY FILE", "add the columns of FILE by KEY; repeatable", add_source,
		  &opt },
		{ 0, "valid-from", "COL", "as-of join: the row of KEY valid from COL on",
		  cli_between, "-k KEY --valid-from COL FILE" },
		{ 0, "tz", "ZONE", "zone of --valid-from without an offset (UTC)", cli_zone,
		  &opt.zone },
		{ 0, "left", NULL, "left join: keep rows without a match", cli_flag, &joiner.left },
		{ 0, "drop", "COL[,...]", "drop these columns of any of the tables", cli_list,
		  &joiner.drop },
		{ 0, "na", "WORD[,...]", "words that mean unknown in the tables of -k", cli_list,
		  &joiner.na },
		{ 0, "max-unmatched", "N|P%", "fail if more rows have no match (50%)", cli_bound,
		  &joiner.max_unmatched },
		{ 0, "unmatched", "FILE", "also write the rows without a match to FILE", cli_string,
		  &opt.unmatched },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-join",
			   .purpose = "Add the columns of dimension tables by key.",
			   .operands = "[FILE ...]",
			   .options = table };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	cli_parse(&cli, argc, argv);
	if (!opt.n_sources && !joiner.left)
		cli_usage_error(&cli, "no dimension table: -k KEY FILE (or --left) is required");
	joiner.zone = opt.zone;
	if (csv_reader_open(&in, &cli.input, &err) ||
	    joiner_load(&joiner, opt.sources, opt.n_sources, &in, &err) ||
	    joiner_open(&joiner, &cli.output, opt.unmatched, &in, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		if (joiner_row(&joiner, &in, row, &err))
			cli_die(&cli, &err);
		cli_progress(&cli, in.n_rows);
	}
	if (rc < 0 || joiner_finish(&joiner, &in, &err))
		cli_die(&cli, &err);
	cli_warnings(&cli, &joiner.warnings);
	if (joiner.n_unmatched)
		note_unmatched(&cli, &joiner, in.n_rows);
	if (csv_writer_close_all(writers, opt.unmatched ? 2 : 1, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, joiner.out.n_rows - 1);
	csv_reader_close(&in);
	joiner_release(&joiner);
	free(opt.sources);
	zone_free(opt.zone);
	return 0;
}
