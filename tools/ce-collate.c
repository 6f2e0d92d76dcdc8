/* ce-collate: the tables of a whole log from those of its shards. */
#include "base/num.h"
#include "base/time.h"
#include "cli.h"
#include "collate/collate.h"
#include "history/doubts.h"
#include "resume.h"
#include "stages.h"
#include "state/agreement.h"

#include <stdio.h>
#include <string.h>

#define FEATURES "completion_prediction_features"

struct options {
	struct online_options online;
	struct resume resume;
	bool has_until;
	int64_t until;
};

static int parse_until(void *value, const char *const *args, struct err *err)
{
	struct options *o = value;

	o->has_until = true;
	return cli_event_time(&o->until, args, err);
}

/* The tables that are wanted: each once, and none that cannot be. */
static void take_tables(const struct cli *cli, struct collate *c, const struct options *o)
{
	struct err err = ERR_INIT;

	if (!c->tables.n && !o->resume.next && names_append(&c->tables, FEATURES, &err))
		cli_die(cli, &err);
	for (size_t i = 0; i < c->tables.n; i++) {
		if (strchr(c->tables.name[i], '/'))
			cli_usage_error(cli, "-t: '%s' is no name of a table", c->tables.name[i]);
		if (c->whole.without_online && !strcmp(c->tables.name[i], "event_online"))
			cli_usage_error(cli, "-t event_online with --no-online");
	}
	if (!c->directory && c->tables.n > 1)
		cli_usage_error(cli, "-t of several tables needs -d DIR");
	if (cli->output.path && (c->directory || !c->tables.n))
		cli_usage_error(cli, "-o without a table that would go there");
	if (c->open && !o->resume.next)
		cli_usage_error(cli, "--open is for --state-out");
	if (c->open && !names_has(&c->tables, FEATURES))
		cli_usage_error(cli, "--open needs -t " FEATURES ", whose rows it has");
}

static void take_state(const struct cli *cli, struct collate *c, struct options *o)
{
	const bool is_left = o->resume.next != NULL;

	resume_check(cli, &o->resume, true);
	if (is_left != o->has_until)
		cli_usage_error(cli,
				is_left ? "--state-out needs --until TIME: the end of this part"
					: "--until is for --state-out");
	if (o->has_until && (o->until <= 0 || o->until > STATE_TS_MAX))
		cli_usage_error(cli, "--until: must be after 1970 and not after 2527: %lld ms",
				(long long)o->until);
	if (is_left)
		c->until = o->until;
	/* Which of the sessions are whole at the end of this part is all that it can tell. */
	if (c->watermark > c->until)
		c->watermark = c->until;
	c->old = resume_open_old(cli, &o->resume, &c->from, c->until);
}

/* What a state and the run that goes on from it must have in common. */
static void describe(const struct collate *c, size_t n_shards, struct manifest *to)
{
	char text[NUM_TEXT_MAX + 1];

	text[num_format_int(text, (int64_t)n_shards)] = '\0';
	agreement_add(to, "shards", text);
	agreement_add_flag(to, "no-online", c->whole.without_online);
	if (!c->whole.without_online)
		agreement_add_effects(&c->whole.online.options, to);
}

static int check_agreement(const struct collate *c, size_t n_shards, struct err *err)
{
	struct manifest here = MANIFEST_INIT;
	int rc;

	if (!c->old)
		return 0;
	describe(c, n_shards, &here);
	rc = agreement_check(c->old, &here, false, err);
	manifest_release(&here);
	return rc;
}

static int begin_state(const struct cli *cli, struct collate *c, struct resume *resume,
		       struct err *err)
{
	if (resume_open_next(cli, resume, &c->next, err))
		return -1;
	if (!c->next)
		return 0;
	describe(c, cli->input.n, &resume->out.manifest);
	return resume_describe(resume, c->until, err);
}

/* The options of ce-online, but --keep: what is kept is in the tables of the shards. */
static void add_online(struct cli_option *to, const struct stage_options *online)
{
	for (const struct cli_option *o = online->table; o->name; o++)
		if (strcmp(o->name, "keep") != 0)
			*to++ = *o;
}

int main(int argc, char **argv)
{
	struct collate collate = COLLATE_INIT;
	struct options o = { .resume = RESUME_INIT };
	const struct cli_option own[] = {
		{ 't', "table", "TABLE[,...]", "which tables (" FEATURES ")", cli_list,
		  &collate.tables },
		{ 'd', "directory", "DIR", "write them into DIR", cli_string, &collate.directory },
		{ 0, "watermark", "TIME", "until when the log is whole (its last event)",
		  cli_event_time, &collate.watermark },
		{ 0, "no-online", NULL, "without ce-online: its columns are empty", cli_flag,
		  &collate.whole.without_online },
		RESUME_STATE(&o.resume),
		{ 0, "until", "TIME", "the end of this part of the log", parse_until, &o },
		{ 0, "open", "FILE", "also write the rows without an outcome to FILE", cli_string,
		  &collate.open },
	};
	struct cli_option table[sizeof(own) / sizeof(own[0]) + STAGES_OPTIONS_MAX] = { { 0 } };
	struct cli cli = { .tool = "ce-collate",
			   .purpose = "Put the tables of a log together from those of its shards.",
			   .operands = "SHARD ...",
			   .options = table,
			   .no_input = true };
	struct warnings warnings = WARNINGS_INIT;
	struct stage_options online;
	struct err err = ERR_INIT;
	int rc;

	o.online.online = &collate.whole.online;
	online = stages_online(&o.online);
	memcpy(table, own, sizeof(own));
	add_online(table + sizeof(own) / sizeof(own[0]), &online);
	cli_parse(&cli, argc, argv);
	collate.effects = o.online.effects;
	if (!cli.input.n)
		cli_usage_error(&cli, "no SHARD: a folder each is needed");
	if (cli.input.n > COLLATE_MAX_SHARDS)
		cli_usage_error(&cli, "more than %d shards", COLLATE_MAX_SHARDS);
	if (collate.whole.without_online && stages_online_is_set(&o.online))
		cli_usage_error(&cli, "--prior, --drift, --alpha and --effects are of ce-online, "
				      "and --no-online leaves it out");
	take_tables(&cli, &collate, &o);
	take_state(&cli, &collate, &o);
	if (check_agreement(&collate, cli.input.n, &err) ||
	    begin_state(&cli, &collate, &o.resume, &err) ||
	    collate_open(&collate, cli.input.paths, cli.input.n, &cli.output, &err))
		cli_die(&cli, &err);
	while ((rc = collate_step(&collate, &err)) > 0)
		cli_progress(&cli, collate.n_facts);
	if (rc < 0)
		cli_die(&cli, &err);
	doubts_watermark(collate.watermark, collate.whole.last_ts, &warnings);
	cli_warnings(&cli, &warnings);
	if (collate_close(&collate, &err))
		cli_die(&cli, &err);
	cli_done(&cli, collate.n_facts, collate.n_rows);
	collate_release(&collate);
	resume_release(&o.resume);
	return 0;
}
