#include "stages.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

struct stage_options stages_clean(struct clean_options *o)
{
	struct cleaner *cleaner = &o->cleaning->cleaner;

	return (struct stage_options){ {
		{ 0, "ts-unit", "UNIT", "unit of a number: auto, s, ms, us or ns (auto)",
		  cli_time_unit, &cleaner->times.unit },
		{ 0, "tz", "ZONE", "zone of times without an offset (UTC)", cli_zone, &o->zone },
		{ 0, "since", "TIME", "reject events before TIME", cli_string, &o->since },
		{ 0, "until", "TIME", "reject events at or after TIME", cli_string, &o->until },
		{ 0, "allow-empty", "COLUMN[,...]", "accept empty device, playback_position",
		  cli_list, &o->may_be_empty },
		{ 0, "na", "TOKEN[,...]", "read fields that are a TOKEN as empty", cli_list,
		  &cleaner->na },
		{ 0, "keep", "COLUMN[,...]", "keep further columns; '*': all of them", cli_list,
		  &cleaner->keep },
		{ 0, "rejects", "FILE", "write rejected records with reasons to FILE", cli_string,
		  &o->rejects },
		{ 0, "max-rejects", "N|P%", "fail if more records are rejected (50%)", cli_bound,
		  &o->cleaning->rejects.bound },
		{ 0, "mem", "SIZE", "memory to sort in before using $TMPDIR (1G)", cli_size,
		  &o->cleaning->mem },
	} };
}

static void allow_empty(const struct cli *cli, const struct names *names, struct cleaner *cleaner)
{
	for (size_t i = 0; i < names->n; i++) {
		int column = clean_can_be_empty(names->name[i]);

		if (column < 0)
			cli_usage_error(cli,
					"--allow-empty: must be device or playback_position, not "
					"'%s'",
					names->name[i]);
		cleaner->may_be_empty[column] = true;
	}
}

static void take_time(const struct cli *cli, const char *option, const char *text,
		      const struct zone *zone, int64_t *ms)
{
	const struct time_reading reading = { TIME_AUTO, zone, true };
	struct err err = ERR_INIT;

	if (text && cli_read_time(text, &reading, ms, &err))
		cli_usage_error(cli, "--%s: %s", option, err.message);
}

void stages_clean_check(const struct cli *cli, struct clean_options *o)
{
	struct cleaner *cleaner = &o->cleaning->cleaner;

	allow_empty(cli, &o->may_be_empty, cleaner);
	cleaner->times.zone = o->zone;
	take_time(cli, "since", o->since, o->zone, &cleaner->since);
	take_time(cli, "until", o->until, o->zone, &cleaner->until);
	if (cleaner->since >= cleaner->until)
		cli_usage_error(cli, "--since must be before --until");
}

void stages_clean_release(struct clean_options *o)
{
	zone_free(o->zone);
	names_release(&o->may_be_empty);
}

static int add_source(void *value, const char *const *args, struct err *err)
{
	struct join_options *o = value;

	(void)err;
	o->sources = mem_realloc(o->sources, o->n_sources + 1, sizeof(*o->sources));
	o->sources[o->n_sources++] = (struct join_source){ args[0], args[1], args[2] };
	return 0;
}

struct stage_options stages_join(struct join_options *o)
{
	return (struct stage_options){ {
		{ 'k', "key", "KEY FILE", "add the columns of FILE by KEY; repeatable", add_source,
		  o },
		{ 0, "valid-from", "COL", "as-of join: the row of KEY valid from COL on",
		  cli_between, "-k KEY --valid-from COL FILE" },
		{ 0, "tz", "ZONE", "zone of --valid-from without an offset (UTC)", cli_zone,
		  &o->zone },
		{ 0, "left", NULL, "left join: keep rows without a match", cli_flag,
		  &o->joiner->left },
		{ 0, "drop", "COL[,...]", "drop these columns of any of the tables", cli_list,
		  &o->joiner->drop },
		{ 0, "na", "WORD[,...]", "words that mean unknown in the tables of -k", cli_list,
		  &o->joiner->na },
		{ 0, "max-unmatched", "N|P%", "fail if more rows have no match (50%)", cli_bound,
		  &o->joiner->max_unmatched },
		{ 0, "unmatched", "FILE", "also write the rows without a match to FILE", cli_string,
		  &o->unmatched },
	} };
}

void stages_join_check(const struct cli *cli, struct join_options *o)
{
	if (!o->n_sources && !o->joiner->left)
		cli_usage_error(cli, "no dimension table: -k KEY FILE (or --left) is required");
	o->joiner->zone = o->zone;
}

void stages_join_release(struct join_options *o)
{
	free(o->sources);
	zone_free(o->zone);
}

struct stage_options stages_sessionize(struct sessionize_options *o)
{
	static const char *const completions[] = { "event", "position", "played", NULL };
	struct session_options *options = &o->sessionizer->options;

	o->complete_by = (struct cli_choice){ completions, (int)options->complete_by };
	return (struct stage_options){ {
		{ 'g', "gap", "DURATION", "idle time that ends a session (30m)", cli_duration,
		  &options->gap },
		{ 0, "plain-gap", NULL, "end sessions by the idle gap alone", cli_flag,
		  &options->plain_gap },
		{ 0, "near-end", "RATIO", "ratio from which the end is near (0.95)", cli_share,
		  &options->near_end },
		{ 0, "complete-by", "RULE", "rule: event, position or played (event)", cli_choice,
		  &o->complete_by },
		{ 0, "unknown-runtime", "DURATION", "time left to play if it is unknown (0)",
		  cli_duration, &options->unknown_runtime },
		{ 0, "max-left", "DURATION", "longest time left to play (24h)", cli_duration,
		  &options->max_left },
		{ 0, "keep", "COL[,...]", "pass on these further columns; '*': all", cli_list,
		  &o->sessionizer->keep },
		{ 0, "starts", "FILE", "also write the table session_starts to FILE", cli_string,
		  &o->starts },
	} };
}

void stages_sessionize_check(struct sessionize_options *o)
{
	o->sessionizer->options.complete_by = (enum session_completion)o->complete_by.value;
}

struct stage_options stages_agg(struct agg_options *o)
{
	return (struct stage_options){ {
		{ 0, "keep", "COL[,...]", "pass on these further columns; '*': all", cli_list,
		  &o->keep },
		{ 0, "window", "DURATION", "time span of the user's recent activity (30d)",
		  cli_duration, &o->history.window },
		{ 0, "watermark", "TIME", "until when the log is whole (its last event)",
		  cli_event_time, &o->watermark },
	} };
}

static int read_number(const char *text, double max, double *value, struct err *err)
{
	if (num_parse_double(text, strlen(text), value) || !(*value >= 0) || *value > max)
		return err_set(err, ERR_USAGE, "must be a number from 0 to %g, not '%s'", max,
			       text);
	return 0;
}

static int fail_level(const char *pair, struct err *err)
{
	static const char levels[] = ""
#define LEVEL(NAME, name, variance, drifts) ", " #name
#include "history/levels.def"
		;

	return err_set(err, ERR_USAGE, "must be LEVEL=VARIANCE with a level of %s, not '%s'",
		       levels + strlen(", "), pair);
}

/* LEVEL=VARIANCE[,...] */
static int parse_prior(void *value, const char *const *args, struct err *err)
{
	struct effects_options *o = value;
	bool is_given[EFFECTS_N_LEVELS] = { false };
	struct names pairs = NAMES_INIT;
	int rc = names_append(&pairs, args[0], err);

	for (size_t i = 0; !rc && i < pairs.n; i++) {
		const char *pair = pairs.name[i], *equals = strchr(pair, '=');
		int level = equals ? effects_level_parse(pair, (size_t)(equals - pair)) : -1;

		if (level < 0)
			rc = fail_level(pair, err);
		else if (is_given[level])
			rc = err_set(err, ERR_USAGE, "has %.*s twice", (int)(equals - pair), pair);
		else
			rc = read_number(equals + 1, EFFECTS_MAX_NUMBER, &o->prior[level], err);
		if (!rc)
			is_given[level] = true;
	}
	names_release(&pairs);
	return rc;
}

/* DRIFT[,...]: in place of those before. */
static int parse_drift(void *value, const char *const *args, struct err *err)
{
	struct effects_options *o = value;
	struct names drifts = NAMES_INIT;
	int rc = names_append(&drifts, args[0], err);

	if (!rc && (!drifts.n || drifts.n > EFFECTS_MAX_EXPERTS))
		rc = err_set(err, ERR_USAGE, "must be one to %d numbers, not '%s'",
			     EFFECTS_MAX_EXPERTS, args[0]);
	o->n = rc ? o->n : drifts.n;
	for (size_t i = 0; !rc && i < drifts.n; i++) {
		rc = read_number(drifts.name[i], EFFECTS_MAX_NUMBER, &o->drift[i], err);
		for (size_t k = 0; !rc && k < i; k++)
			if (!(o->drift[k] < o->drift[i]) && !(o->drift[k] > o->drift[i]))
				rc = err_set(err, ERR_USAGE, "has %s twice", drifts.name[i]);
	}
	names_release(&drifts);
	return rc;
}

static int parse_alpha(void *value, const char *const *args, struct err *err)
{
	struct effects_options *o = value;

	return read_number(args[0], 1, &o->alpha, err);
}

struct stage_options stages_online(struct online_options *o)
{
	struct effects_options *options = &o->online->options;

	return (struct stage_options){ {
		{ 0, "prior", "LEVEL=VARIANCE[,...]", "variance of an unknown effect", parse_prior,
		  options },
		{ 0, "drift", "NUMBER[,...]", "what it gains a day, by expert (0,0.1)", parse_drift,
		  options },
		{ 0, "alpha", "SHARE", "weight shared out at each outcome (0.0001)", parse_alpha,
		  options },
		{ 0, "effects", "FILE", "also write what was learnt to FILE", cli_string,
		  &o->effects },
		{ 0, "keep", "COL[,...]", "pass on these further columns; '*': all", cli_list,
		  &o->online->keep },
	} };
}

bool stages_online_is_set(const struct online_options *o)
{
	const struct effects_options usual = effects_defaults(), *own = &o->online->options;
	bool is_set = o->effects || own->alpha != usual.alpha || own->n != usual.n;

	for (size_t i = 0; !is_set && i < usual.n; i++)
		is_set = own->drift[i] != usual.drift[i];
	for (size_t i = 0; !is_set && i < EFFECTS_N_LEVELS; i++)
		is_set = own->prior[i] != usual.prior[i];
	return is_set;
}

struct stage_options stages_features(struct features_options *o)
{
	static const char *const rows[] = { "open", "first", "undecided", "all", NULL };

	o->rows = (struct cli_choice){ rows, (int)o->featurizer->rows };
	return (struct stage_options){ {
		{ 'r', "rows", "WHICH", "rows: open, first, undecided or all (open)", cli_choice,
		  &o->rows },
		{ 0, "keep", "COL[,...]", "add these columns of the input; '*': all", cli_list,
		  &o->featurizer->keep },
		{ 0, "watermark", "TIME", "until when the log is whole (its last event)",
		  cli_event_time, &o->featurizer->watermark },
	} };
}

void stages_features_check(struct features_options *o)
{
	o->featurizer->rows = (enum features_rows)o->rows.value;
}
