/* ce-materialize: the pipe from raw events to the feature table in one process. */
#include "base/mem.h"
#include "cli.h"
#include "materialize/description.h"
#include "materialize/materialize.h"
#include "resume.h"
#include "stages.h"
#include "state/agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The options of all stages are those of the filters. A name that several of them have goes to each
 * of these, and with the stage's name in front to that one alone: --tz, --clean-tz, --join-tz.
 */
#define N_STAGES    6
#define OPTIONS_MAX (N_STAGES * STAGES_OPTIONS_MAX + 16)

struct stages {
	struct clean_options clean;
	struct join_options join;
	struct sessionize_options sessionize;
	struct agg_options agg;
	struct online_options online;
	struct features_options features;
	struct {
		const char *name;
		struct stage_options options;
	} of[N_STAGES];
};

/* An option that several stages have. */
struct shared {
	const struct cli_option *options[N_STAGES];
	size_t n;
};

/* The options of the command line, and what the shared ones need. */
struct table {
	struct cli_option options[OPTIONS_MAX];
	struct shared shared[OPTIONS_MAX];
	struct alone {
		char name[32], help[64];
		const struct cli_option *option;
		bool is_given;
	} alone[OPTIONS_MAX]; /* that go to one stage of several */
	size_t n;
};

static int parse_shared(void *value, const char *const *args, struct err *err)
{
	const struct shared *shared = value;

	for (size_t i = 0; i < shared->n; i++)
		if (shared->options[i]->parse(shared->options[i]->value, args, err))
			return -1;
	return 0;
}

static int parse_alone(void *value, const char *const *args, struct err *err)
{
	struct alone *alone = value;

	alone->is_given = true;
	return alone->option->parse(alone->option->value, args, err);
}

static void find_shared(const struct stages *stages, const char *name, struct shared *shared)
{
	for (size_t i = 0; i < N_STAGES; i++)
		for (const struct cli_option *o = stages->of[i].options.table; o->name; o++)
			if (!strcmp(o->name, name))
				shared->options[shared->n++] = o;
}

/* Adds an option of a stage, by the name that it has here. */
static void add_option(struct table *t, const struct stages *stages, size_t stage,
		       const struct cli_option *option, struct names *keep)
{
	struct shared *shared = &t->shared[t->n];
	struct cli_option *to = &t->options[t->n];
	const char *name = stages->of[stage].name;
	struct alone *alone;

	find_shared(stages, option->name, shared);
	*to = *option;
	t->n++;
	if (shared->n == 1)
		return;
	if (shared->options[0] == option) {
		/* --keep goes to those stages alone whose input has the column. */
		bool is_keep = !strcmp(option->name, "keep");

		to->parse = is_keep ? cli_list : parse_shared;
		to->value = is_keep ? (void *)keep : (void *)shared;
		to = &t->options[t->n++];
		*to = *option;
	}
	alone = &t->alone[t->n - 1];
	alone->option = option;
	snprintf(alone->name, sizeof(alone->name), "%s-%s", name, option->name);
	snprintf(alone->help, sizeof(alone->help), "--%s of ce-%s alone", option->name, name);
	*to = (struct cli_option){ 0, alone->name, option->args, alone->help, parse_alone, alone };
}

static bool is_given(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->alone[i].is_given && !strcmp(t->alone[i].name, name))
			return true;
	return false;
}

static void find_options(struct table *t, struct stages *s, struct materialize *m,
			 struct materialize_tables *tables, struct resume *resume,
			 bool *dimensions_changed)
{
	const struct cli_option own[] = {
		{ 'd', "directory", "DIR", "also write all other tables into DIR", cli_string,
		  &tables->directory },
		{ 0, "no-online", NULL, "without ce-online: its columns are empty", cli_flag,
		  &m->without_online },
		{ 0, "first", "FILE", "also write the table of --rows first to FILE", cli_string,
		  &tables->first },
		RESUME_STATE(resume),
		RESUME_EVENTS(resume),
		{ 0, "open", "FILE", "also write the rows without an outcome to FILE", cli_string,
		  &tables->open },
		{ 0, "facts", "FILE", "of one shard: write what becomes known to FILE", cli_string,
		  &tables->facts },
		{ 0, "dimensions-changed", NULL, "go on with other tables of -k", cli_flag,
		  dimensions_changed },
	};

	s->clean.cleaning = &m->cleaning;
	s->join.joiner = &m->joiner;
	s->sessionize.sessionizer = &m->sessionizer;
	s->agg = (struct agg_options)AGG_OPTIONS_INIT;
	s->online.online = &m->online;
	s->features.featurizer = &m->featurizer;
	s->of[0].name = "clean";
	s->of[0].options = stages_clean(&s->clean);
	s->of[1].name = "join";
	s->of[1].options = stages_join(&s->join);
	s->of[2].name = "sessionize";
	s->of[2].options = stages_sessionize(&s->sessionize);
	s->of[3].name = "agg";
	s->of[3].options = stages_agg(&s->agg);
	s->of[4].name = "online";
	s->of[4].options = stages_online(&s->online);
	s->of[5].name = "features";
	s->of[5].options = stages_features(&s->features);
	for (size_t i = 0; i < N_STAGES; i++)
		for (const struct cli_option *o = s->of[i].options.table; o->name; o++)
			add_option(t, s, i, o, &m->keep);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		t->options[t->n++] = own[i];
}

static void take_options(const struct cli *cli, struct stages *s, struct materialize *m,
			 struct materialize_tables *tables)
{
	stages_clean_check(cli, &s->clean);
	stages_join_check(cli, &s->join);
	stages_sessionize_check(&s->sessionize);
	stages_features_check(&s->features);
	m->history_options = s->agg.history;
	m->agg_keep = s->agg.keep;
	m->agg_watermark = s->agg.watermark;
	tables->rejects = s->clean.rejects;
	tables->unmatched = s->join.unmatched;
	tables->starts = s->sessionize.starts;
	tables->effects = s->online.effects;
	if (m->without_online && stages_online_is_set(&s->online))
		cli_usage_error(cli,
				"--prior, --drift, --alpha and --effects are of ce-online, and "
				"--no-online leaves it out");
}

/* What a shard cannot know is ce-collate's to say. */
static void take_facts(const struct cli *cli, struct materialize *m,
		       const struct materialize_tables *tables)
{
	if (!tables->facts)
		return;
	if (!m->without_online)
		cli_usage_error(cli, "--facts needs --no-online: what it learns is of all shards, "
				     "and ce-collate adds it");
	if (m->featurizer.watermark != EVENT_UNKNOWN || m->agg_watermark != EVENT_UNKNOWN)
		cli_usage_error(cli, "--watermark with --facts: it is that of all shards, and "
				     "ce-collate has that option");
}

static void take_state(const struct cli *cli, struct stages *s, struct materialize *m,
		       const struct materialize_tables *tables, struct resume *resume,
		       bool dimensions_changed)
{
	resume_check(cli, resume, false);
	if (dimensions_changed && !resume->old)
		cli_usage_error(cli, "--dimensions-changed is for --state");
	if (tables->open && !resume->next)
		cli_usage_error(cli, "--open is for --state-out");
	if (tables->open && tables->facts)
		cli_usage_error(cli, "--open with --facts: what is open is ce-collate's to say");
	m->dedupe = resume->dedupe;
	resume_take_until(cli, resume, &s->clean);
	/* EVENT_UNKNOWN is not. */
	if (m->featurizer.watermark > m->cleaning.until || m->agg_watermark > m->cleaning.until)
		cli_usage_error(cli, "--watermark must not be after --until: events in between "
				     "are carried to the next part");
	m->old = resume_open_old(cli, resume, &m->cleaning.from, m->cleaning.until);
}

/* What the state to leave must agree in with the old one; and goes on from that. */
static int begin_state(const struct csv_reader *in, struct materialize *m,
		       const struct join_options *join, struct resume *resume,
		       bool dimensions_changed, struct err *err)
{
	struct manifest *manifest = &resume->out.manifest;

	if (!m->old && !m->next)
		return 0;
	if (resume_describe(resume, m->cleaning.until, err) ||
	    description_add(m, in, join->sources, join->n_sources, manifest, err))
		return -1;
	if (!m->old)
		return 0;
	return agreement_check(m->old, manifest, dimensions_changed, err) ||
			       materialize_restore(m, err)
		       ? -1
		       : 0;
}

static _Noreturn void die_with(const struct cli *cli, struct warnings *warnings,
			       const struct err *err)
{
	if (!cli->strict) /* which would let them take the error's place */
		cli_warnings(cli, warnings);
	cli_die(cli, err);
}

/* Says what was left out, and what looks wrong, which may end the run. */
static void report(const struct cli *cli, struct materialize *m, bool is_without_sessions)
{
	struct warnings warnings = WARNINGS_INIT;
	struct buf summary = BUF_INIT;

	materialize_put_summary(m, &summary);
	cli_note_lines(cli, &summary);
	materialize_warn(m, &warnings);
	if (is_without_sessions)
		warnings_add(&warnings, "--agg-watermark has no effect: no table of sessions is "
					"written (-d)");
	cli_warnings(cli, &warnings);
}

int main(int argc, char **argv)
{
	struct materialize m = MATERIALIZE_INIT;
	struct materialize_tables tables = { 0 };
	struct stages stages = { 0 };
	struct resume resume = RESUME_INIT;
	bool dimensions_changed = false;
	struct table *table = mem_zalloc(1, sizeof(*table));
	struct cli cli = { .tool = "ce-materialize",
			   .purpose = "Make the feature table from raw events in one process.",
			   .operands = "[FILE ...]",
			   .options = table->options };
	struct csv_reader in = CSV_READER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	const int64_t now = (int64_t)time(NULL) * TIME_MS_PER_SECOND;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	find_options(table, &stages, &m, &tables, &resume, &dimensions_changed);
	cli_parse(&cli, argc, argv);
	take_options(&cli, &stages, &m, &tables);
	take_facts(&cli, &m, &tables);
	take_state(&cli, &stages, &m, &tables, &resume, dimensions_changed);
	/* Every outcome counts, whatever the watermark of all shards will be. */
	if (tables.facts && !resume.next)
		m.featurizer.watermark = m.agg_watermark = INT64_MAX;
	in.tolerant = true;
	if (csv_reader_open(&in, &cli.input, &err) ||
	    resume_open_next(&cli, &resume, &m.next, &err) ||
	    materialize_open(&m, &in, stages.join.sources, stages.join.n_sources, &cli.output,
			     &tables, now, &err) ||
	    begin_state(&in, &m, &stages.join, &resume, dimensions_changed, &err))
		cli_die(&cli, &err);
	while ((rc = csv_reader_next(&in, &row, &err)) > 0) {
		cli_progress_reader(&cli, &in);
		if (cleaning_add(&m.cleaning, &in, row, &err))
			cli_die(&cli, &err);
	}
	if (rc < 0 || cleaning_sort(&m.cleaning, &in, &warnings, &err))
		die_with(&cli, &warnings, &err);
	cli_progress_begin(&cli);
	while ((rc = materialize_step(&m, &err)) > 0)
		cli_progress_rows(&cli, m.cleaning.timeline.n, in.n_rows - m.cleaning.rejects.n);
	if (rc < 0)
		cli_die(&cli, &err);
	report(&cli, &m, is_given(table, "agg-watermark") && !tables.directory);
	if (materialize_close(&m, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, m.featurizer.out.n_rows - 1);
	csv_reader_close(&in);
	materialize_release(&m);
	resume_release(&resume);
	stages_clean_release(&stages.clean);
	stages_join_release(&stages.join);
	free(table);
	return 0;
}
