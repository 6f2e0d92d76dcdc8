#include "adapt/recipe.h"
#include "adapt/recipe_line.h"
#include "adapt/recipe_value.h"
#include "adapt/textlog.h"
#include "base/buf.h"
#include "base/shellword.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "table/catalogue.h"
#include "table/colname.h"

#include <stdlib.h>
#include <string.h>

struct parser {
	struct recipe_line line;
	size_t n_rules_before; /* the rules of the last `event` line begin here */
	bool has_outcome;
};

static const enum units units_of[] = {
#define COLUMN(NAME, name, group, unit) UNITS_##unit,
#include "adapt/recipe_columns.def"
};

static enum recipe_group group_of(int column)
{
	return recipe_column_group((enum recipe_column)column);
}

/* --- statements ---------------------------------------------------------------------------------
 */

static int parse_format(struct parser *p)
{
	static const char *const formats[] = {
		[RECIPE_JSON] = "json", [RECIPE_CSV] = "csv", [RECIPE_TSV] = "tsv", NULL
	};
	const struct recipe_word *word = line_take(&p->line, "the format");
	int format;

	if (!word)
		return -1;
	format = line_one_of(word, formats);
	if (format < 0)
		return line_fail(&p->line, "format '%s': expected json, csv or tsv", word->raw);
	p->line.r->format = (enum recipe_format)format;
	p->line.r->paths.is_table = format != RECIPE_JSON;
	return line_expect_end(&p->line);
}

static int parse_records(struct parser *p)
{
	const struct recipe_word *word = line_take(&p->line, "the path of the records");
	struct paths outer = PATHS_INIT;
	struct err err = ERR_INIT;
	const struct path_node *node;
	bool has_json = false;

	if (!word)
		return -1;
	if (p->line.r->format != RECIPE_JSON)
		return line_fail(&p->line, "'records' is for the format json");
	node = paths_node(&outer, word->raw, &err);
	for (const struct path_node *n = &outer.root; n; n = n->keys ? n->keys : n->elements)
		has_json |= n->is_json;
	paths_release(&outer);
	if (!node)
		return line_fail(&p->line, "%s", err.message);
	if (has_json)
		return line_fail(&p->line,
				 "'%s': the records are in the document itself, and not in a "
				 "string (@json)",
				 word->raw);
	p->line.r->records = word->raw;
	return line_expect_end(&p->line);
}

static int parse_columns(struct parser *p)
{
	struct recipe_words *columns = &p->line.r->columns;

	if (p->line.r->format != RECIPE_TSV)
		return line_fail(&p->line, "'columns' is for the format tsv");
	if (line_is_over(&p->line))
		return line_fail(&p->line, "the names of the columns are missing");
	if (line_take_texts(&p->line, columns))
		return -1;
	for (size_t i = 0; i < columns->n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(columns->word[i], columns->word[k]))
				return line_fail(&p->line, "column '%s' stands twice",
						 columns->word[i]);
	return 0;
}

static int parse_na(struct parser *p)
{
	if (line_is_over(&p->line))
		return line_fail(&p->line, "the words that are read as empty are missing");
	return line_take_texts(&p->line, &p->line.r->na);
}

static int parse_zone(struct parser *p)
{
	const struct recipe_word *word = line_take(&p->line, "the zone");
	struct zone *zone;
	struct err err = ERR_INIT;

	if (!word)
		return -1;
	p->line.r->zone = word->text;
	zone = zone_open(p->line.r->zone, &err);
	if (!zone)
		return line_fail(&p->line, "%s", err.message);
	zone_free(zone);
	return line_expect_end(&p->line);
}

static int parse_where(struct parser *p)
{
	struct recipe *r = p->line.r;
	const struct recipe_condition *condition = recipe_take_condition(&p->line);

	if (!condition || line_expect_end(&p->line))
		return -1;
	r->where = mem_realloc(r->where, r->n_where + 1, sizeof(void *));
	r->where[r->n_where++] = condition;
	return 0;
}

/* The first table that the pipeline makes, up to the features, with a column so named; or NULL. */
static const char *table_of(const char *name)
{
	const struct catalogue_table *last = catalogue_table("completion_prediction_features");
	const struct catalogue_table *table;

	for (size_t i = 0; (table = catalogue_table_at(i)); i++) {
		for (size_t k = 0; k < table->n; k++)
			if (colname_alike(name, table->columns[k].name))
				return table->name;
		if (table == last)
			break;
	}
	return NULL;
}

static int parse_keep(struct parser *p)
{
	struct recipe *r = p->line.r;
	const struct recipe_word *word = line_take(&p->line, "the name of the column");
	struct recipe_extra extra;
	const char *table;

	if (!word || line_expect(&p->line, "="))
		return -1;
	extra.name = line_text(word);
	table = table_of(extra.name);
	if (table)
		return line_fail(&p->line, "'%s' is the name of a column of %s", extra.name, table);
	for (size_t i = 0; i < r->n_extras; i++)
		if (!strcmp(extra.name, r->extras[i].name))
			return line_fail(&p->line, "column '%s' stands twice", extra.name);
	if (!*extra.name)
		return line_fail(&p->line, "a column needs a name");
	if (recipe_take_value(&p->line, UNITS_NONE, false, &extra.value))
		return -1;
	r->extras = mem_realloc(r->extras, r->n_extras + 1, sizeof(*r->extras));
	r->extras[r->n_extras++] = extra;
	return 0;
}

static int add_rule(struct parser *p, const struct recipe_word *name,
		    const struct recipe_result *result)
{
	struct recipe *r = p->line.r;
	struct recipe_rule rule = { .name = name->text,
				    .len = strlen(name->text),
				    .is_prefix = name->has_star,
				    .result = result,
				    .line = p->line.number };

	for (size_t i = 0; i < r->n_rules; i++)
		if (r->rules[i].is_prefix == rule.is_prefix && !strcmp(r->rules[i].name, rule.name))
			return line_fail(&p->line, "the event %s stands in line %u, too", name->raw,
					 r->rules[i].line);
	r->rules = mem_realloc(r->rules, r->n_rules + 1, sizeof(*r->rules));
	r->rules[r->n_rules++] = rule;
	return 0;
}

static int parse_event(struct parser *p)
{
	struct recipe_result *result = arena_alloc(&p->line.r->arena, sizeof(*result));

	p->n_rules_before = p->line.r->n_rules;
	do {
		const struct recipe_word *name = line_take_name(&p->line, "the name of an event");

		if (!name)
			return -1;
		if (name->star_inside)
			return line_fail(&p->line,
					 "'%s': only at the end of a name a * stands for all that "
					 "may follow; in quotes it is itself",
					 name->raw);
		if (add_rule(p, name, result))
			return -1;
	} while (!line_is_over(&p->line) && !line_word_is(line_peek(&p->line), "->"));
	return line_expect(&p->line, "->") || recipe_take_result(&p->line, false, result) ? -1 : 0;
}

static int parse_outcome(struct parser *p)
{
	p->has_outcome = true;
	return recipe_take_result(&p->line, true, &p->line.r->outcome);
}

static int parse_options(struct parser *p)
{
	struct recipe *r = p->line.r;
	const struct recipe_word *word = line_take(&p->line, "the name of a tool");
	struct recipe_options options;
	struct buf text = BUF_INIT;

	if (!word)
		return -1;
	if (line_one_of(word, recipe_tools) < 0)
		return line_fail(&p->line, "'%s': expected " RECIPE_TOOLS, word->raw);
	options.tool = word->raw;
	if (*recipe_options(r, options.tool))
		return line_fail(&p->line, "options of %s stand twice", options.tool);
	if (line_is_over(&p->line))
		return line_fail(&p->line, "the options of %s are missing", options.tool);
	for (; !line_is_over(&p->line); p->line.at++) {
		if (text.len)
			buf_append_char(&text, ' ');
		shellword_put(&text, line_text(line_peek(&p->line)));
	}
	options.text = arena_dup(&r->arena, text.data, text.len);
	buf_release(&text);
	r->options = mem_realloc(r->options, r->n_options + 1, sizeof(*r->options));
	r->options[r->n_options++] = options;
	return 0;
}

static int column_of(const struct recipe_word *word)
{
	for (int i = 0; i < RECIPE_N_COLUMNS; i++)
		if (line_word_is(word, recipe_column_name((enum recipe_column)i)))
			return i;
	return -1;
}

/* An indented line: a value for the records of the `event` line above. */
static int parse_override(struct parser *p)
{
	struct recipe *r = p->line.r;
	const struct recipe_word *word = line_take(&p->line, "the name of a column");
	struct recipe_value *value = arena_alloc(&r->arena, sizeof(*value));
	int column;

	if (!word)
		return -1;
	if (p->n_rules_before == r->n_rules)
		return line_fail(
			&p->line,
			"an indented line belongs to the 'event' line above it, and there is none");
	column = column_of(word);
	if (column < 0 || group_of(column) == GROUP_PLAY || column == RECIPE_EVENT_TYPE)
		return line_fail(
			&p->line,
			"'%.*s' is no column that one kind of event can have a value of its "
			"own for",
			err_clip(strlen(word->raw)), word->raw);
	if (line_expect(&p->line, "=") ||
	    recipe_take_value(&p->line, units_of[column], true, value))
		return -1;
	for (size_t i = p->n_rules_before; i < r->n_rules; i++) {
		const struct recipe_value **values =
			(const struct recipe_value **)(const void *)r->rules[i].values;

		if (!values) {
			values = arena_alloc(&r->arena, RECIPE_N_COLUMNS * sizeof(const void *));
			memset(values, 0, RECIPE_N_COLUMNS * sizeof(const void *));
			r->rules[i].values = values;
		}
		if (values[column])
			return line_fail(&p->line, "'%s' stands twice for this event", word->raw);
		values[column] = value;
	}
	return 0;
}

static int parse_column(struct parser *p, int column)
{
	struct recipe_value *value = &p->line.r->values[column];

	if (value->line)
		return line_fail(&p->line, "'%s' stands in line %u, too",
				 recipe_column_name((enum recipe_column)column), value->line);
	return line_expect(&p->line, "=") ||
			       recipe_take_value(&p->line, units_of[column], false, value)
		       ? -1
		       : 0;
}

/* The statements that begin with a keyword. */
static const struct statement {
	const char *keyword;
	int (*parse)(struct parser *p);
	bool is_often; /* it may come more than once */
} statements[] = {
	{ "format", parse_format, false },   { "records", parse_records, false },
	{ "columns", parse_columns, false }, { "na", parse_na, false },
	{ "zone", parse_zone, false },       { "where", parse_where, true },
	{ "keep", parse_keep, true },        { "event", parse_event, true },
	{ "outcome", parse_outcome, false }, { "options", parse_options, true },
};
#define N_STATEMENTS (sizeof(statements) / sizeof(*statements))

static int parse_statement(struct parser *p, unsigned *lines)
{
	const struct recipe_word *word = line_peek(&p->line);
	int column = column_of(word);

	if (!lines[0] && !line_word_is(word, "format"))
		return line_fail(
			&p->line,
			"the first statement must be 'format json', 'format csv' or 'format tsv'");
	p->n_rules_before = p->line.r->n_rules;
	if (column >= 0) {
		p->line.at++;
		return parse_column(p, column);
	}
	for (size_t i = 0; i < N_STATEMENTS; i++) {
		if (!line_word_is(word, statements[i].keyword))
			continue;
		if (lines[i] && !statements[i].is_often)
			return line_fail(&p->line, "'%s' stands in line %u, too", word->raw,
					 lines[i]);
		lines[i] = p->line.number;
		p->line.at++;
		return statements[i].parse(p);
	}
	return line_fail(&p->line, "'%.*s' is no statement of a recipe",
			 err_clip(strlen(word->raw)), word->raw);
}

/* What gives a column its value where a rule applies, or none does. */
static const struct recipe_value *value_for(const struct recipe *r, const struct recipe_rule *rule,
					    enum recipe_column column)
{
	return rule && rule->values && rule->values[column] ? rule->values[column]
							    : &r->values[column];
}

/*
 * Whether a column has a value where a line needs one: for the events of a rule, or for all.
 * Returns 0, or -1 with err.
 */
static int need(struct parser *p, const struct recipe_rule *rule, enum recipe_column column,
		unsigned line)
{
	const struct recipe_value *value = value_for(p->line.r, rule, column);

	if (value->n)
		return 0;
	p->line.number = line;
	return value->line
		       ? line_fail(&p->line, "this needs '%s = ...', which is none in line %u",
				   recipe_column_name(column), value->line)
		       : line_fail(&p->line, "this needs '%s = ...'", recipe_column_name(column));
}

/* Whether what a condition compares is there. Returns 0, or -1 with err. */
static int check_condition(struct parser *p, const struct recipe_rule *rule,
			   const struct recipe_condition *condition)
{
	if (!condition || condition->slot >= 0)
		return 0;
	return need(p, rule, RECIPE_PLAYBACK_POSITION, condition->line) ||
			       need(p, rule, RECIPE_RUNTIME, condition->line)
		       ? -1
		       : 0;
}

static bool has_events(const struct recipe_rule *rule)
{
	return !rule || rule->result->type < BECOMES_DIMENSION ||
	       rule->result->otherwise < BECOMES_DIMENSION;
}

/* Whether a position that is a part of the runtime has one. Returns 0, or -1 with err. */
static int check_position(struct parser *p, const struct recipe_rule *rule)
{
	const struct recipe_value *position = value_for(p->line.r, rule, RECIPE_PLAYBACK_POSITION);

	return has_events(rule) && (position->unit == UNIT_RATIO || position->unit == UNIT_PERCENT)
		       ? need(p, rule, RECIPE_RUNTIME, position->line)
		       : 0;
}

/* Whether everything that asks for positions and runtimes has them. Returns 0, or -1 with err. */
static int check_positions(struct parser *p)
{
	const struct recipe *r = p->line.r;

	for (size_t i = 0; i < r->n_where; i++) /* asked before the event is known */
		if (check_condition(p, NULL, r->where[i]))
			return -1;
	for (size_t i = 0; i < r->n_rules; i++)
		if (check_condition(p, &r->rules[i], r->rules[i].result->condition) ||
		    check_position(p, &r->rules[i]))
			return -1;
	return r->is_whole_play && (check_condition(p, NULL, r->outcome.condition) ||
				    check_position(p, NULL))
		       ? -1
		       : 0;
}

/* Whether all that a recipe needs is there. Returns 0, or -1 with err. */
static int check_whole(struct parser *p)
{
	static const enum recipe_column always[] = { RECIPE_EVENT_ID, RECIPE_USER_ID,
						     RECIPE_CONTENT_ID };
	static const enum recipe_column events[] = { RECIPE_EVENT_TS, RECIPE_EVENT_TYPE };
	struct recipe *r = p->line.r;
	int n_times = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (!r->values[always[i]].line)
			return line_fail(&p->line, "'%s = ...' is missing",
					 recipe_column_name(always[i]));
	for (int i = 0; i < RECIPE_N_COLUMNS; i++)
		n_times += group_of(i) == GROUP_PLAY && r->values[i].line;
	r->is_whole_play = n_times > 0;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (!r->values[events[i]].line == !r->is_whole_play)
			return line_fail(
				&p->line,
				r->is_whole_play
					? "'%s = ...' is not for whole plays, which have 'start', "
					  "'end' or 'duration'"
					: "'%s = ...' is missing (or, where a record is a whole "
					  "play, "
					  "'start', 'end' or 'duration')",
				recipe_column_name(events[i]));
	if (r->is_whole_play && n_times != 2)
		return line_fail(
			&p->line,
			"a whole play has two of 'start', 'end' and 'duration', and not %s",
			n_times == 1 ? "one" : "three");
	if (r->is_whole_play && r->n_rules)
		return line_fail(&p->line, "'event' lines are not for whole plays: see 'outcome'");
	if (!r->is_whole_play && !r->n_rules)
		return line_fail(&p->line, "'event NAME ... -> ...' is missing");
	if (!r->is_whole_play && p->has_outcome)
		return line_fail(&p->line, "'outcome' is for whole plays");
	if (check_positions(p))
		return -1;
	if (!p->has_outcome)
		r->outcome = (struct recipe_result){ BECOMES_STOP, BECOMES_STOP, NULL };
	return 0;
}

static int parse_line(struct parser *p, const struct text_piece *line, unsigned *lines)
{
	char *text;
	bool is_indented;
	int rc;

	if (line->is_too_long || line->len > 65536)
		return line_fail(&p->line, "the line is too long");
	if (!utf8_valid(line->s, line->len))
		return line_fail(&p->line, "is no text in UTF-8");
	text = mem_dup(line->s, line->len);
	is_indented = line->len && strchr(" \t\r", *text);
	rc = line_split(&p->line, text);
	free(text);
	if (rc || !p->line.n)
		return rc;
	return is_indented ? parse_override(p) : parse_statement(p, lines);
}

int recipe_read(struct recipe *r, const char *path, struct err *err)
{
	unsigned lines[N_STATEMENTS] = { 0 };
	struct parser p = { .line = { .r = r, .file = path, .err = err } };
	struct textlog log;
	struct text_piece line;
	int rc;

	*r = (struct recipe){ .file = path, .paths = PATHS_INIT, .arena = ARENA_INIT };
	textlog_init(&log, &path, 1, 1);
	rc = textlog_next_file(&log, err);
	while (rc > 0 && (rc = textlog_line(&log, &line, err)) > 0) {
		p.line.number = (unsigned)log.line;
		if (parse_line(&p, &line, lines))
			rc = -1;
	}
	if (!rc)
		rc = lines[0] ? check_whole(&p) : line_fail(&p.line, "the recipe is empty");
	textlog_close(&log);
	free(p.line.words);
	return rc;
}
