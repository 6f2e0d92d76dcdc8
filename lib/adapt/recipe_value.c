#include "adapt/recipe_value.h"

#include "base/buf.h"
#include "base/num.h"

#include <string.h>

static const char event_types[] =
#define EVENT_TYPE(NAME, name, meaning) name ", "
#include "table/event_types.def"
	;

/* The slot of the field that the next word names. Returns -1 with err. */
static int take_field(struct recipe_line *p)
{
	const struct recipe_word *word = line_take_name(p, "the name of a field");
	struct err err = ERR_INIT;
	int slot;

	if (!word)
		return -1;
	slot = paths_add(&p->r->paths, word->raw, &err);
	return slot < 0 ? line_fail(p, "%s", err.message) : slot;
}

static int take_source(struct recipe_line *p, struct recipe_source *source)
{
	struct buf slots = BUF_INIT;
	const struct recipe_word *word;
	int slot;

	*source = (struct recipe_source){ .kind = SOURCE_FIELD };
	if (line_have(p, "constant")) {
		word = line_take(p, "the word of 'constant'");
		if (!word)
			return -1;
		source->kind = SOURCE_CONSTANT;
		source->text = line_text(word);
		source->len = strlen(source->text);
		return source->len ? 0 : line_fail(p, "the word of 'constant' is empty");
	}
	if (line_have(p, "hash"))
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
			 ? !line_is_over(p) && !line_word_is(line_peek(p), "|") &&
				   !line_word_is(line_peek(p), "in")
			 : line_have(p, "+"));
	if (source->kind == SOURCE_FIELD && source->n > 1)
		source->kind = SOURCE_JOINED;
	source->slots = line_keep(p, slots.data, slots.len);
	buf_release(&slots);
	return 0;
}

static int take_unit(struct recipe_line *p, enum units units, struct recipe_value *value)
{
	static const char *const times[] = {
		[TIME_AUTO] = "auto", [TIME_S] = "s",   [TIME_MS] = "ms",
		[TIME_US] = "us",     [TIME_NS] = "ns", NULL
	};
	static const char *const numbers[] = { [UNIT_S] = "s",         [UNIT_MS] = "ms",
					       [UNIT_RATIO] = "ratio", [UNIT_PERCENT] = "percent",
					       [UNIT_HMS] = "hms",     NULL };
	const struct recipe_word *word = line_take(p, "the unit after 'in'");
	int unit;

	if (!word)
		return -1;
	unit = line_one_of(word, units == UNITS_TIME ? times : numbers);
	if (units == UNITS_NONE)
		return line_fail(p, "this column has no unit");
	if (units == UNITS_TIME && unit < 0)
		return line_fail(p, "'%s' is no unit of a time: expected s, ms, us, ns or auto",
				 word->raw);
	if (units == UNITS_LENGTH && (unit < 0 || unit == UNIT_RATIO || unit == UNIT_PERCENT))
		return line_fail(p, "'%s' is no unit of a length: expected s, ms or hms",
				 word->raw);
	if (unit < 0)
		return line_fail(
			p, "'%s' is no unit of a position: expected s, ms, ratio, percent or hms",
			word->raw);
	if (units == UNITS_TIME)
		value->time_unit = (enum time_unit)unit;
	else
		value->unit = (enum recipe_unit)unit;
	return 0;
}

int recipe_take_value(struct recipe_line *p, enum units units, bool may_be_none,
		      struct recipe_value *value)
{
	struct buf sources = BUF_INIT;
	size_t first = p->at;
	int rc = 0;

	*value = (struct recipe_value){ .line = p->number, .time_unit = TIME_AUTO };
	if (line_have(p, "none")) {
		value->text = "none";
		if (!may_be_none)
			return line_fail(
				p, "'none' is for the lines below an 'event' line: leave this "
				   "line out, or quote the name of the field");
		return line_expect_end(p);
	}
	do {
		struct recipe_source source;

		rc = take_source(p, &source);
		if (!rc)
			buf_append(&sources, &source, sizeof(source));
	} while (!rc && line_have(p, "|"));
	value->n = sources.len / sizeof(struct recipe_source);
	value->sources = line_keep(p, sources.data, sources.len);
	value->text = line_raw(p, first, p->at);
	buf_release(&sources);
	if (!rc && line_have(p, "in"))
		rc = take_unit(p, units, value);
	return rc || line_expect_end(p) ? -1 : 0;
}

/* --- conditions and results ---------------------------------------------------------------------
 */

static int take_number(struct recipe_line *p, bool is_percent, int64_t *number)
{
	const struct recipe_word *word = line_take(p, "a number");
	size_t len;

	if (!word)
		return -1;
	len = strlen(word->text);
	if (is_percent && (!len || word->text[len - 1] != '%'))
		return line_fail(p, "'%s': expected a percentage of the runtime, such as 95%%",
				 word->raw);
	if (num_parse_scaled(word->text, len - is_percent, 6, number))
		return line_fail(p, "'%s' is no number", word->raw);
	return 0;
}

static int take_words(struct recipe_line *p, struct recipe_words *words)
{
	struct buf list = BUF_INIT;
	const struct recipe_word *word;

	do {
		word = line_take_name(p, "a word");
		if (word) {
			const char *text = line_text(word);

			buf_append(&list, &text, sizeof(text));
		}
	} while (word && line_have(p, "|"));
	words->n = list.len / sizeof(const char *);
	words->word = line_keep(p, list.data, list.len);
	buf_release(&list);
	return word ? 0 : -1;
}

const struct recipe_condition *recipe_take_condition(struct recipe_line *p)
{
	static const char *const ops[] = {
		[OP_IS] = "=",          [OP_IS_NOT] = "!=",   [OP_LESS] = "<",
		[OP_AT_MOST] = "<=",    [OP_MORE] = ">",      [OP_AT_LEAST] = ">=",
		[OP_EXISTS] = "exists", [OP_EMPTY] = "empty", NULL
	};
	struct recipe_condition *c = arena_alloc(&p->r->arena, sizeof(*c));
	size_t first = p->at;
	bool is_position = line_have(p, "playback_position");
	int op, rc = 0;

	*c = (struct recipe_condition){ .slot = -1, .line = p->number };
	if (!is_position) {
		c->slot = take_field(p);
		if (c->slot < 0)
			return NULL;
	}
	op = line_one_of(line_peek(p), ops);
	if (op < 0) {
		line_fail(p, "%s%s%s: expected =, !=, <, <=, >, >=, exists or empty",
			  line_is_over(p) ? "the end of the line" : "'", line_peek(p)->raw,
			  line_is_over(p) ? "" : "'");
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
		line_fail(p, "playback_position can only be less or more than a percentage of the "
			     "runtime; in quotes "
			     "it is a field of the log");
	c->text = line_raw(p, first, p->at);
	return rc ? NULL : c;
}

static int take_type(struct recipe_line *p, bool is_outcome, enum recipe_type *type)
{
	const struct recipe_word *word = line_take(p, "what becomes of it");

	if (!word)
		return -1;
	for (int i = 0; i < BECOMES_UNKNOWN; i++) {
		if (!line_word_is(word, recipe_type_name((enum recipe_type)i)))
			continue;
		*type = (enum recipe_type)i;
		if (!is_outcome || i == BECOMES_STOP || i == BECOMES_COMPLETE ||
		    i == BECOMES_IGNORED)
			return 0;
	}
	return is_outcome ? line_fail(p, "'%s': expected stop, complete or ignore", word->raw)
			  : line_fail(p, "'%s': expected %signore or dimension", word->raw,
				      event_types);
}

int recipe_take_result(struct recipe_line *p, bool is_outcome, struct recipe_result *result)
{
	*result = (struct recipe_result){ 0 };
	if (take_type(p, is_outcome, &result->type))
		return -1;
	result->otherwise = result->type;
	if (line_is_over(p))
		return 0;
	if (line_expect(p, "if"))
		return -1;
	result->condition = recipe_take_condition(p);
	if (!result->condition || line_expect(p, "else") ||
	    take_type(p, is_outcome, &result->otherwise))
		return -1;
	return line_expect_end(p);
}
