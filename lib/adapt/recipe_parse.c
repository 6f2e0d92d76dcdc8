#include "adapt/recipe.h"
#include "adapt/textlog.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/shellword.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word of a line. */
struct word {
	const char *raw;  /* as it stands there */
	const char *text; /* without quotes, and without the star */
	bool is_bare;     /* no part of it is in quotes: it may be a keyword or a sign */
	bool has_star;    /* a `*` outside of quotes ends it */
};

struct parser {
	struct recipe *r;
	const char *file;
	struct err *err;
	unsigned line;
	struct word *words; /* [n] */
	size_t n, cap, at;
	size_t n_rules_before; /* the rules of the last `event` line begin here */
	bool has_outcome;
	unsigned runtime_wanted; /* a line that needs the runtime; 0: none */
};

enum units { UNITS_NONE, UNITS_TIME, UNITS_POSITION, UNITS_LENGTH };

static const enum units units_of[] = {
#define COLUMN(NAME, name, group, unit) UNITS_##unit,
#include "adapt/recipe_columns.def"
};

static enum recipe_group group_of(int column)
{
	return recipe_column_group((enum recipe_column)column);
}

static int fail(const struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(const struct parser *p, const char *format, ...)
{
	char text[900];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_set(p->err, ERR_RUNTIME, "%s:%u: %s", p->file, p->line, text);
}

/* A list that is complete, moved to the recipe's memory. */
static void *keep(struct parser *p, const void *items, size_t size)
{
	void *copy = arena_alloc(&p->r->arena, size ? size : 1);

	if (size)
		memcpy(copy, items, size);
	return copy;
}

/* --- words --------------------------------------------------------------------------------------
 */

static const char blanks[] = " \t\r";

/* Reads the word at *s, to its end. Returns 0, or -1 with err. */
static int take_word(struct parser *p, const char **s, struct word *word)
{
	const char *at = *s;
	struct buf text = BUF_INIT;
	bool is_quoted = false, has_star = false;
	size_t len;

	word->is_bare = true;
	for (; *at && (is_quoted || !strchr(blanks, *at)); at++) {
		has_star = false;
		if (*at == '"') {
			is_quoted = !is_quoted;
			word->is_bare = false;
		} else if (is_quoted && *at == '\\') {
			if (at[1] != '"' && at[1] != '\\') {
				buf_release(&text);
				return fail(p, "in quotes a backslash stands before a quote or a "
					       "backslash");
			}
			buf_append_char(&text, *++at);
		} else {
			has_star = !is_quoted && *at == '*';
			buf_append_char(&text, *at);
		}
	}
	word->has_star = has_star;
	word->raw = arena_dup(&p->r->arena, *s, (size_t)(at - *s));
	len = text.len - has_star;
	word->text = len ? arena_dup(&p->r->arena, text.data, len) : "";
	buf_release(&text);
	*s = at;
	return is_quoted ? fail(p, "a quote is open at the end of the line") : 0;
}

/* Splits a line into its words. Returns 0, or -1 with err. */
static int split(struct parser *p, const char *s)
{
	p->n = p->at = 0;
	for (;;) {
		s += strspn(s, blanks);
		if (!*s || *s == '#')
			return 0;
		if (p->n == p->cap) {
			p->cap = mem_grow(p->cap, p->n + 1);
			p->words = mem_realloc(p->words, p->cap, sizeof(*p->words));
		}
		if (take_word(p, &s, &p->words[p->n++]))
			return -1;
	}
}

static const struct word *peek(const struct parser *p)
{
	static const struct word none = { "", "", false, false };

	return p->at < p->n ? &p->words[p->at] : &none;
}

static bool is_end(const struct parser *p)
{
	return p->at == p->n;
}

static bool word_is(const struct word *word, const char *keyword)
{
	return word->is_bare && !strcmp(word->raw, keyword);
}

/* Whether the next word is that keyword or sign, and if so goes past it. */
static bool have(struct parser *p, const char *keyword)
{
	bool is = word_is(peek(p), keyword);

	p->at += is;
	return is;
}

static bool is_sign(const struct word *word)
{
	static const char *const signs[] = { "=", "|", "+", "->", "!=", "<", "<=", ">", ">=" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (word_is(word, signs[i]))
			return true;
	return false;
}

/* The next word, which must be there and be no sign; NULL with err. */
static const struct word *take(struct parser *p, const char *what)
{
	const struct word *word = peek(p);

	if (is_end(p))
		fail(p, "%s is missing at the end of the line", what);
	else if (is_sign(word))
		fail(p, "%s is missing before '%s'", what, word->raw);
	else
		return &p->words[p->at++];
	return NULL;
}

static int expect(struct parser *p, const char *sign)
{
	if (have(p, sign))
		return 0;
	return is_end(p) ? fail(p, "'%s' is missing at the end of the line", sign)
			 : fail(p, "'%s' is missing before '%.*s'", sign,
				err_clip(strlen(peek(p)->raw)), peek(p)->raw);
}

static int expect_end(struct parser *p)
{
	return is_end(p) ? 0
			 : fail(p, "'%.*s' is too much in this line",
				err_clip(strlen(peek(p)->raw)), peek(p)->raw);
}

/* The place of a bare word in a list that ends with NULL, or -1. */
static int one_of(const struct word *word, const char *const *list)
{
	for (int i = 0; word->is_bare && list[i]; i++)
		if (!strcmp(word->raw, list[i]))
			return i;
	return -1;
}

/* The texts of all words that are left. */
static struct recipe_words take_texts(struct parser *p)
{
	struct recipe_words list = { NULL, p->n - p->at };
	const char **texts = arena_alloc(&p->r->arena, (list.n + 1) * sizeof(*texts));

	for (size_t i = 0; i < list.n; i++)
		texts[i] = p->words[p->at++].has_star ? p->words[p->at - 1].raw
						      : p->words[p->at - 1].text;
	list.word = texts;
	return list;
}

/* The words from the first to before `until` as they stand in the line, one blank between them. */
static const char *raw_text(struct parser *p, size_t first, size_t until)
{
	struct buf text = BUF_INIT;
	const char *copy;

	for (size_t i = first; i < until; i++) {
		if (text.len)
			buf_append_char(&text, ' ');
		buf_append_str(&text, p->words[i].raw);
	}
	copy = text.len ? arena_dup(&p->r->arena, text.data, text.len) : "";
	buf_release(&text);
	return copy;
}

/* --- fields and values --------------------------------------------------------------------------
 */

/* The slot of the field that the next word names. Returns -1 with err. */
static int take_field(struct parser *p)
{
	const struct word *word = take(p, "the name of a field");
	struct err err = ERR_INIT;
	int slot;

	if (!word)
		return -1;
	slot = paths_add(&p->r->paths, word->raw, &err);
	return slot < 0 ? fail(p, "%s", err.message) : slot;
}

static int take_source(struct parser *p, struct recipe_source *source)
{
	struct buf slots = BUF_INIT;
	const struct word *word;
	int slot;

	*source = (struct recipe_source){ .kind = SOURCE_FIELD };
	if (have(p, "constant")) {
		word = take(p, "the word of 'constant'");
		if (!word)
			return -1;
		source->kind = SOURCE_CONSTANT;
		source->text = word->has_star ? word->raw : word->text;
		source->len = strlen(source->text);
		return source->len ? 0 : fail(p, "the word of 'constant' is empty");
	}
	if (have(p, "hash"))
		source->kind = SOURCE_HASH;
	do {
		slot = take_field(p);
		if (slot < 0) {
			buf_release(&slots);
			return -1;
		}
		buf_append(&slots, &slot, sizeof(slot));
		source->n++;
	} while (source->kind == SOURCE_HASH
			 ? !is_end(p) && !word_is(peek(p), "|") && !word_is(peek(p), "in")
			 : have(p, "+"));
	if (source->kind == SOURCE_FIELD && source->n > 1)
		source->kind = SOURCE_JOINED;
	source->slots = keep(p, slots.data, slots.len);
	buf_release(&slots);
	return 0;
}

static int take_unit(struct parser *p, enum units units, struct recipe_value *value)
{
	static const char *const times[] = {
		[TIME_AUTO] = "auto", [TIME_S] = "s",   [TIME_MS] = "ms",
		[TIME_US] = "us",     [TIME_NS] = "ns", NULL
	};
	static const char *const numbers[] = { [UNIT_S] = "s",         [UNIT_MS] = "ms",
					       [UNIT_RATIO] = "ratio", [UNIT_PERCENT] = "percent",
					       [UNIT_HMS] = "hms",     NULL };
	const struct word *word = take(p, "the unit after 'in'");
	int unit;

	if (!word)
		return -1;
	unit = one_of(word, units == UNITS_TIME ? times : numbers);
	if (units == UNITS_NONE)
		return fail(p, "this column has no unit");
	if (units == UNITS_TIME && unit < 0)
		return fail(p, "'%s' is no unit of a time: expected s, ms, us, ns or auto",
			    word->raw);
	if (units == UNITS_LENGTH && (unit < 0 || unit == UNIT_RATIO || unit == UNIT_PERCENT))
		return fail(p, "'%s' is no unit of a length: expected s, ms or hms", word->raw);
	if (unit < 0)
		return fail(p,
			    "'%s' is no unit of a position: expected s, ms, ratio, percent or hms",
			    word->raw);
	if (units == UNITS_TIME)
		value->time_unit = (enum time_unit)unit;
	else
		value->unit = (enum recipe_unit)unit;
	if (units == UNITS_POSITION && (unit == UNIT_RATIO || unit == UNIT_PERCENT))
		p->runtime_wanted = p->line;
	return 0;
}

/* What follows the `=` of a column. Returns 0, or -1 with err. */
static int take_value(struct parser *p, enum units units, bool may_be_none,
		      struct recipe_value *value)
{
	struct buf sources = BUF_INIT;
	size_t first = p->at;
	int rc = 0;

	*value = (struct recipe_value){ .line = p->line, .time_unit = TIME_AUTO };
	if (may_be_none && have(p, "none")) {
		value->text = "none";
		return expect_end(p);
	}
	do {
		struct recipe_source source;

		rc = take_source(p, &source);
		if (!rc)
			buf_append(&sources, &source, sizeof(source));
	} while (!rc && have(p, "|"));
	value->n = sources.len / sizeof(struct recipe_source);
	value->sources = keep(p, sources.data, sources.len);
	value->text = raw_text(p, first, p->at);
	buf_release(&sources);
	if (!rc && have(p, "in"))
		rc = take_unit(p, units, value);
	return rc || expect_end(p) ? -1 : 0;
}

/* --- conditions and results ---------------------------------------------------------------------
 */

static int take_number(struct parser *p, bool is_percent, int64_t *number)
{
	const struct word *word = take(p, "a number");
	size_t len;

	if (!word)
		return -1;
	len = strlen(word->text);
	if (is_percent && (!len || word->text[len - 1] != '%'))
		return fail(p, "'%s': expected a percentage of the runtime, such as 95%%",
			    word->raw);
	if (num_parse_scaled(word->text, len - is_percent, 6, number))
		return fail(p, "'%s' is no number", word->raw);
	return 0;
}

static int take_words(struct parser *p, struct recipe_words *words)
{
	struct buf list = BUF_INIT;
	const struct word *word;

	do {
		word = take(p, "a word");
		if (word) {
			const char *text = word->has_star ? word->raw : word->text;

			buf_append(&list, &text, sizeof(text));
		}
	} while (word && have(p, "|"));
	words->n = list.len / sizeof(const char *);
	words->word = keep(p, list.data, list.len);
	buf_release(&list);
	return word ? 0 : -1;
}

/* The condition from here on; NULL with err. */
static const struct recipe_condition *take_condition(struct parser *p)
{
	static const char *const ops[] = {
		[OP_IS] = "=",          [OP_IS_NOT] = "!=",   [OP_LESS] = "<",
		[OP_AT_MOST] = "<=",    [OP_MORE] = ">",      [OP_AT_LEAST] = ">=",
		[OP_EXISTS] = "exists", [OP_EMPTY] = "empty", NULL
	};
	struct recipe_condition *c = arena_alloc(&p->r->arena, sizeof(*c));
	size_t first = p->at;
	bool is_position = have(p, "playback_position");
	int op, rc = 0;

	*c = (struct recipe_condition){ .slot = -1 };
	if (!is_position) {
		c->slot = take_field(p);
		if (c->slot < 0)
			return NULL;
	}
	op = one_of(peek(p), ops);
	if (op < 0) {
		fail(p, "%s%s%s: expected =, !=, <, <=, >, >=, exists or empty",
		     is_end(p) ? "the end of the line" : "'", peek(p)->raw, is_end(p) ? "" : "'");
		return NULL;
	}
	p->at++;
	c->op = (enum recipe_op)op;
	if (op == OP_IS || op == OP_IS_NOT)
		rc = is_position ? -1 : take_words(p, &c->words);
	else if (op != OP_EXISTS && op != OP_EMPTY)
		rc = take_number(p, is_position, &c->number);
	else if (is_position)
		rc = -1;
	if (rc && p->err->kind == ERR_NONE)
		fail(p, "playback_position can only be less or more than a percentage of the "
			"runtime; in quotes "
			"it is a field of the log");
	if (is_position)
		p->runtime_wanted = p->line;
	c->text = raw_text(p, first, p->at);
	return rc ? NULL : c;
}

static int take_type(struct parser *p, bool is_outcome, enum recipe_type *type)
{
	const struct word *word = take(p, "what becomes of it");

	if (!word)
		return -1;
	for (int i = 0; i < BECOMES_UNKNOWN; i++) {
		if (!word_is(word, recipe_type_name((enum recipe_type)i)))
			continue;
		*type = (enum recipe_type)i;
		if (!is_outcome || i == BECOMES_STOP || i == BECOMES_COMPLETE ||
		    i == BECOMES_IGNORED)
			return 0;
	}
	return is_outcome ? fail(p, "'%s': expected stop, complete or ignore", word->raw)
			  : fail(p,
				 "'%s': expected play, pause, stop, complete, seek, heartbeat, "
				 "ignore or "
				 "dimension",
				 word->raw);
}

static int take_result(struct parser *p, bool is_outcome, struct recipe_result *result)
{
	*result = (struct recipe_result){ 0 };
	if (take_type(p, is_outcome, &result->type))
		return -1;
	result->otherwise = result->type;
	if (is_end(p))
		return 0;
	if (expect(p, "if"))
		return -1;
	result->condition = take_condition(p);
	if (!result->condition || expect(p, "else") || take_type(p, is_outcome, &result->otherwise))
		return -1;
	return expect_end(p);
}

/* --- statements ---------------------------------------------------------------------------------
 */

static int parse_format(struct parser *p)
{
	static const char *const formats[] = {
		[RECIPE_JSON] = "json", [RECIPE_CSV] = "csv", [RECIPE_TSV] = "tsv", NULL
	};
	const struct word *word = take(p, "the format");
	int format;

	if (!word)
		return -1;
	format = one_of(word, formats);
	if (format < 0)
		return fail(p, "format '%s': expected json, csv or tsv", word->raw);
	p->r->format = (enum recipe_format)format;
	p->r->paths.is_table = format != RECIPE_JSON;
	return expect_end(p);
}

static int parse_records(struct parser *p)
{
	const struct word *word = take(p, "the path of the records");
	struct paths outer = PATHS_INIT;
	struct err err = ERR_INIT;
	bool is_path;

	if (!word)
		return -1;
	if (p->r->format != RECIPE_JSON)
		return fail(p, "'records' is for the format json");
	is_path = paths_node(&outer, word->raw, &err) != NULL;
	paths_release(&outer);
	if (!is_path)
		return fail(p, "%s", err.message);
	p->r->records = word->raw;
	return expect_end(p);
}

static int parse_columns(struct parser *p)
{
	struct recipe_words *columns = &p->r->columns;

	if (p->r->format != RECIPE_TSV)
		return fail(p, "'columns' is for the format tsv");
	if (is_end(p))
		return fail(p, "the names of the columns are missing");
	*columns = take_texts(p);
	for (size_t i = 0; i < columns->n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(columns->word[i], columns->word[k]))
				return fail(p, "column '%s' stands twice", columns->word[i]);
	return 0;
}

static int parse_na(struct parser *p)
{
	if (is_end(p))
		return fail(p, "the words that are read as empty are missing");
	p->r->na = take_texts(p);
	return 0;
}

static int parse_zone(struct parser *p)
{
	const struct word *word = take(p, "the zone");
	struct zone *zone;
	struct err err = ERR_INIT;

	if (!word)
		return -1;
	p->r->zone = word->text;
	zone = zone_open(p->r->zone, &err);
	if (!zone)
		return fail(p, "%s", err.message);
	zone_free(zone);
	return expect_end(p);
}

static int parse_where(struct parser *p)
{
	struct recipe *r = p->r;
	const struct recipe_condition *condition = take_condition(p);

	if (!condition || expect_end(p))
		return -1;
	r->where = mem_realloc(r->where, r->n_where + 1, sizeof(void *));
	r->where[r->n_where++] = condition;
	return 0;
}

static int parse_keep(struct parser *p)
{
	struct recipe *r = p->r;
	const struct word *word = take(p, "the name of the column");
	struct recipe_extra extra;

	if (!word || expect(p, "="))
		return -1;
	extra.name = word->text;
	for (int i = 0; i < RECIPE_N_COLUMNS; i++)
		if (group_of(i) == GROUP_EVENT &&
		    !strcmp(extra.name, recipe_column_name((enum recipe_column)i)))
			return fail(p, "'%s' is a column of the events in any case", extra.name);
	for (size_t i = 0; i < r->n_extras; i++)
		if (!strcmp(extra.name, r->extras[i].name))
			return fail(p, "column '%s' stands twice", extra.name);
	if (!*extra.name)
		return fail(p, "a column needs a name");
	if (take_value(p, UNITS_NONE, false, &extra.value))
		return -1;
	r->extras = mem_realloc(r->extras, r->n_extras + 1, sizeof(*r->extras));
	r->extras[r->n_extras++] = extra;
	return 0;
}

static int add_rule(struct parser *p, const struct word *name, const struct recipe_result *result)
{
	struct recipe *r = p->r;
	struct recipe_rule rule = { .name = name->text,
				    .len = strlen(name->text),
				    .is_prefix = name->has_star,
				    .result = result,
				    .line = p->line };

	for (size_t i = 0; i < r->n_rules; i++)
		if (r->rules[i].is_prefix == rule.is_prefix && !strcmp(r->rules[i].name, rule.name))
			return fail(p, "the event %s stands in line %u, too", name->raw,
				    r->rules[i].line);
	r->rules = mem_realloc(r->rules, r->n_rules + 1, sizeof(*r->rules));
	r->rules[r->n_rules++] = rule;
	return 0;
}

static int parse_event(struct parser *p)
{
	struct recipe_result *result = arena_alloc(&p->r->arena, sizeof(*result));

	p->n_rules_before = p->r->n_rules;
	do {
		const struct word *name = take(p, "the name of an event");

		if (!name || add_rule(p, name, result))
			return -1;
	} while (!is_end(p) && !word_is(peek(p), "->"));
	return expect(p, "->") || take_result(p, false, result) ? -1 : 0;
}

static int parse_outcome(struct parser *p)
{
	p->has_outcome = true;
	return take_result(p, true, &p->r->outcome);
}

static int parse_options(struct parser *p)
{
	static const char *const tools[] = { "ce-clean", "ce-join",     "ce-sessionize",
					     "ce-agg",   "ce-features", NULL };
	struct recipe *r = p->r;
	const struct word *word = take(p, "the name of a tool");
	struct recipe_options options;
	struct buf text = BUF_INIT;

	if (!word)
		return -1;
	if (one_of(word, tools) < 0)
		return fail(
			p, "'%s': expected ce-clean, ce-join, ce-sessionize, ce-agg or ce-features",
			word->raw);
	options.tool = word->raw;
	if (*recipe_options(r, options.tool))
		return fail(p, "options of %s stand twice", options.tool);
	if (is_end(p))
		return fail(p, "the options of %s are missing", options.tool);
	for (; !is_end(p); p->at++) {
		if (text.len)
			buf_append_char(&text, ' ');
		shellword_put(&text, peek(p)->has_star ? peek(p)->raw : peek(p)->text);
	}
	options.text = arena_dup(&r->arena, text.data, text.len);
	buf_release(&text);
	r->options = mem_realloc(r->options, r->n_options + 1, sizeof(*r->options));
	r->options[r->n_options++] = options;
	return 0;
}

static int column_of(const struct word *word)
{
	for (int i = 0; i < RECIPE_N_COLUMNS; i++)
		if (word_is(word, recipe_column_name((enum recipe_column)i)))
			return i;
	return -1;
}

/* An indented line: a value for the records of the `event` line above. */
static int parse_override(struct parser *p)
{
	struct recipe *r = p->r;
	const struct word *word = take(p, "the name of a column");
	struct recipe_value *value = arena_alloc(&r->arena, sizeof(*value));
	int column;

	if (!word)
		return -1;
	if (p->n_rules_before == r->n_rules)
		return fail(
			p,
			"an indented line belongs to the 'event' line above it, and there is none");
	column = column_of(word);
	if (column < 0 || group_of(column) == GROUP_PLAY || column == RECIPE_EVENT_TYPE)
		return fail(p,
			    "'%.*s' is no column that one kind of event can have a value of its "
			    "own for",
			    err_clip(strlen(word->raw)), word->raw);
	if (expect(p, "=") || take_value(p, units_of[column], true, value))
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
			return fail(p, "'%s' stands twice for this event", word->raw);
		values[column] = value;
	}
	return 0;
}

static int parse_column(struct parser *p, int column)
{
	struct recipe_value *value = &p->r->values[column];

	if (value->line)
		return fail(p, "'%s' stands in line %u, too",
			    recipe_column_name((enum recipe_column)column), value->line);
	return expect(p, "=") || take_value(p, units_of[column], false, value) ? -1 : 0;
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
	const struct word *word = peek(p);
	int column = column_of(word);

	if (!lines[0] && !word_is(word, "format"))
		return fail(
			p,
			"the first statement must be 'format json', 'format csv' or 'format tsv'");
	p->n_rules_before = p->r->n_rules;
	if (column >= 0) {
		p->at++;
		return parse_column(p, column);
	}
	for (size_t i = 0; i < N_STATEMENTS; i++) {
		if (!word_is(word, statements[i].keyword))
			continue;
		if (lines[i] && !statements[i].is_often)
			return fail(p, "'%s' stands in line %u, too", word->raw, lines[i]);
		lines[i] = p->line;
		p->at++;
		return statements[i].parse(p);
	}
	return fail(p, "'%.*s' is no statement of a recipe", err_clip(strlen(word->raw)),
		    word->raw);
}

/* Whether all that a recipe needs is there. Returns 0, or -1 with err. */
static int check_whole(struct parser *p)
{
	static const enum recipe_column always[] = { RECIPE_EVENT_ID, RECIPE_USER_ID,
						     RECIPE_CONTENT_ID };
	static const enum recipe_column events[] = { RECIPE_EVENT_TS, RECIPE_EVENT_TYPE };
	struct recipe *r = p->r;
	int n_times = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (!r->values[always[i]].line)
			return fail(p, "'%s = ...' is missing", recipe_column_name(always[i]));
	for (int i = 0; i < RECIPE_N_COLUMNS; i++)
		n_times += group_of(i) == GROUP_PLAY && r->values[i].line;
	r->is_whole_play = n_times > 0;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (!r->values[events[i]].line == !r->is_whole_play)
			return fail(
				p,
				r->is_whole_play
					? "'%s = ...' is not for whole plays, which have 'start', "
					  "'end' or 'duration'"
					: "'%s = ...' is missing (or, where a record is a whole "
					  "play, "
					  "'start', 'end' or 'duration')",
				recipe_column_name(events[i]));
	if (r->is_whole_play && n_times != 2)
		return fail(p, "a whole play has two of 'start', 'end' and 'duration', and not %s",
			    n_times == 1 ? "one" : "three");
	if (r->is_whole_play && r->n_rules)
		return fail(p, "'event' lines are not for whole plays: see 'outcome'");
	if (!r->is_whole_play && !r->n_rules)
		return fail(p, "'event NAME ... -> ...' is missing");
	if (!r->is_whole_play && p->has_outcome)
		return fail(p, "'outcome' is for whole plays");
	if (p->runtime_wanted && !r->values[RECIPE_RUNTIME].line) {
		p->line = p->runtime_wanted;
		return fail(p, "this needs 'runtime = ...'");
	}
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
		return fail(p, "the line is too long");
	if (!utf8_valid(line->s, line->len))
		return fail(p, "is no text in UTF-8");
	text = mem_dup(line->s, line->len);
	is_indented = line->len && strchr(blanks, *text);
	rc = split(p, text);
	free(text);
	if (rc || !p->n)
		return rc;
	return is_indented ? parse_override(p) : parse_statement(p, lines);
}

int recipe_read(struct recipe *r, const char *path, struct err *err)
{
	unsigned lines[N_STATEMENTS] = { 0 };
	struct parser p = { .r = r, .file = path, .err = err };
	struct textlog log;
	struct text_piece line;
	int rc;

	*r = (struct recipe){ .file = path, .paths = PATHS_INIT, .arena = ARENA_INIT };
	textlog_init(&log, &path, 1, 1);
	rc = textlog_next_file(&log, err);
	while (rc > 0 && (rc = textlog_line(&log, &line, err)) > 0) {
		p.line = (unsigned)log.line;
		if (parse_line(&p, &line, lines))
			rc = -1;
	}
	if (!rc)
		rc = lines[0] ? check_whole(&p) : fail(&p, "the recipe is empty");
	textlog_close(&log);
	free(p.words);
	return rc;
}
