#include "adapt/values.h"

#include "adapt/measure.h"
#include "base/mem.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int values_reject(struct values *v, enum values_reason reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(v->fault, sizeof(v->fault), format, args);
	va_end(args);
	v->reason = reason;
	return -1;
}

/* --- values -------------------------------------------------------------------------------------
 */

static int reject_value(struct values *v, int slot, enum value_kind kind)
{
	const char *field = v->recipe->paths.text[slot];
	int len = err_clip(strlen(field));

	switch (kind) {
	case VALUE_COMPOUND:
		return values_reject(v, REASON_WRONG_TYPE,
				     "%.*s is an object or array, where a value is expected", len,
				     field);
	case VALUE_TWICE:
		return values_reject(v, REASON_TWICE,
				     "%.*s: a key on this path stands twice in its object", len,
				     field);
	case VALUE_NO_JSON:
		return values_reject(v, REASON_NO_JSON, "%.*s: the text before @json is no JSON",
				     len, field);
	default:
		return values_reject(v, REASON_ILL_FORMED,
				     "%.*s is no text: ill-formed UTF-8, or a NUL in it", len,
				     field);
	}
}

/* The value in a slot. Returns 0, or -1: the record is rejected. */
static int slot_text(struct values *v, const struct record *record, int slot, struct text *text)
{
	const struct value *value = &record->values[slot];

	if (value->has_more)
		v->had_more[slot] = true;
	*text = (struct text){ value->s, value->len };
	return value->kind > VALUE_TEXT ? reject_value(v, slot, value->kind) : 0;
}

/* Appends a part of a joined value: none looks like the end of one. */
static void put_part(struct buf *out, struct text part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.s[i] == '%')
			buf_append_str(out, "%25");
		else if (part.s[i] == '/')
			buf_append_str(out, "%2F");
		else
			buf_append_char(out, part.s[i]);
	}
}

static int join(struct values *v, const struct record *record, const struct recipe_source *source,
		struct buf *out, struct text *text)
{
	struct text part;

	buf_clear(out);
	for (size_t i = 0; i < source->n; i++) {
		if (slot_text(v, record, source->slots[i], &part))
			return -1;
		if (!part.len) {
			*text = (struct text){ "", 0 };
			return 0;
		}
		if (i)
			buf_append_char(out, '/');
		put_part(out, part);
	}
	*text = (struct text){ out->data, out->len };
	return 0;
}

/* The hash is of each field as "LENGTH:BYTES", or "-": so no other fields read the same. */
static int hash(struct values *v, const struct record *record, const struct recipe_source *source,
		struct buf *out, struct text *text)
{
	XXH128_canonical_t hash;
	struct text part;

	buf_clear(&v->hashed);
	for (size_t i = 0; i < source->n; i++) {
		char *digits;

		if (slot_text(v, record, source->slots[i], &part))
			return -1;
		if (!part.len) {
			buf_append_char(&v->hashed, '-');
			continue;
		}
		digits = buf_reserve(&v->hashed, NUM_TEXT_MAX);
		v->hashed.len += num_format_int(digits, (int64_t)part.len);
		buf_append_char(&v->hashed, ':');
		buf_append(&v->hashed, part.s, part.len);
	}
	XXH128_canonicalFromHash(&hash, XXH3_128bits(v->hashed.data, v->hashed.len));
	buf_clear(out);
	for (size_t i = 0; i < sizeof(hash.digest); i++) {
		static const char digits[] = "0123456789abcdef";

		buf_append_char(out, digits[hash.digest[i] >> 4]);
		buf_append_char(out, digits[hash.digest[i] & 15]);
	}
	*text = (struct text){ out->data, out->len };
	return 0;
}

int values_text(struct values *v, const struct record *record, const struct recipe_value *value,
		struct buf *scratch, struct text *text)
{
	int rc = 0;

	*text = (struct text){ "", 0 };
	for (size_t i = 0; i < value->n && !text->len && !rc; i++) {
		const struct recipe_source *source = &value->sources[i];

		switch (source->kind) {
		case SOURCE_FIELD:
			rc = slot_text(v, record, source->slots[0], text);
			break;
		case SOURCE_JOINED:
			rc = join(v, record, source, scratch, text);
			break;
		case SOURCE_HASH:
			rc = hash(v, record, source, scratch, text);
			break;
		case SOURCE_CONSTANT:
			*text = (struct text){ source->text, source->len };
			break;
		}
	}
	return rc;
}

const struct recipe_value *values_source(const struct values *v, enum recipe_column column)
{
	const struct recipe_rule *rule = v->rule;

	if (rule && rule->values && rule->values[column])
		return rule->values[column];
	return &v->recipe->values[column];
}

int values_column(struct values *v, const struct record *record, enum recipe_column column,
		  struct text *text)
{
	return values_text(v, record, values_source(v, column), &v->scratch[column], text);
}

int values_reject_number(struct values *v, enum recipe_column column, struct text text)
{
	return values_reject(v, REASON_NO_NUMBER, "%s: '%.*s' is not in %s",
			     recipe_column_name(column), err_clip(text.len), text.s,
			     values_source(v, column)->unit == UNIT_HMS ? "H:MM:SS"
									: "the form of a number");
}

int values_length(struct values *v, const struct record *record, enum recipe_column column,
		  struct length *length)
{
	struct text text;

	*length = (struct length){ 0, false };
	if (values_column(v, record, column, &text))
		return -1;
	if (!text.len)
		return 0;
	length->is_known = true;
	return measure_length(text.s, text.len, values_source(v, column)->unit, &length->us)
		       ? values_reject_number(v, column, text)
		       : 0;
}

void values_note(struct values *v, enum recipe_column column, bool is_filled)
{
	if (values_source(v, column) != &v->recipe->values[column])
		return;
	v->n_asked[column]++;
	v->n_filled[column] += is_filled;
}

void values_note_position(struct values *v, struct text text)
{
	enum recipe_unit unit = values_source(v, RECIPE_PLAYBACK_POSITION)->unit;
	int64_t millionths;

	if (!text.len || unit == UNIT_MS || unit == UNIT_HMS ||
	    num_parse_scaled(text.s, text.len, 6, &millionths))
		return;
	v->n_positions++;
	v->n_in_one += millionths >= 0 && millionths <= NUM_MILLION;
	v->n_fractions += millionths > 0 && millionths < NUM_MILLION;
}

int values_position(struct values *v, const struct record *record, struct text *text,
		    struct length *position)
{
	const struct recipe_value *value = values_source(v, RECIPE_PLAYBACK_POSITION);
	struct length runtime = { 0, false };

	*position = (struct length){ 0, false };
	if (values_column(v, record, RECIPE_PLAYBACK_POSITION, text))
		return -1;
	if (!text->len)
		return 0;
	if (value->unit == UNIT_RATIO || value->unit == UNIT_PERCENT) {
		if (values_length(v, record, RECIPE_RUNTIME, &runtime))
			return -1;
		if (!runtime.is_known || runtime.us <= 0)
			return 0;
	}
	position->is_known = true;
	return measure_position(text->s, text->len, value->unit, runtime.us, &position->us)
		       ? values_reject_number(v, RECIPE_PLAYBACK_POSITION, *text)
		       : 0;
}

int values_time(struct values *v, const struct record *record, enum recipe_column column,
		struct instant *instant)
{
	struct time_reading reading = { values_source(v, column)->time_unit, v->zone, true };
	struct text text;
	int rc;

	*instant = (struct instant){ 0, false };
	if (values_column(v, record, column, &text))
		return -1;
	if (!text.len)
		return 0;
	instant->is_known = true;
	/* The common form first, which tells as well whether there is an offset. */
	if (!time_parse(text.s, text.len, TIME_OFFSET_REQUIRED, &instant->ms))
		return 0;
	rc = time_read(text.s, text.len, &reading, &instant->ms);
	if (rc < 0)
		return values_reject(
			v, REASON_NO_TIME, "%s: '%.*s' is no time%s", recipe_column_name(column),
			err_clip(text.len), text.s,
			reading.unit == TIME_AUTO ? "" : " in the unit that the recipe says");
	v->n_clock_changes += rc > 0;
	v->n_local += text.len > 4 && text.s[4] == '-';
	return 0;
}

/* --- conditions ---------------------------------------------------------------------------------
 */

static int position_holds(struct values *v, const struct record *record,
			  const struct recipe_condition *c)
{
	struct length position, runtime;
	struct text at;

	if (values_position(v, record, &at, &position) ||
	    values_length(v, record, RECIPE_RUNTIME, &runtime))
		return -1;
	return position.is_known && runtime.is_known &&
	       measure_compare(position.us, c->op, c->number, runtime.us);
}

static int number_holds(struct values *v, const struct recipe_condition *c, struct text text)
{
	int64_t number;

	if (!text.len)
		return 0;
	if (num_parse_scaled(text.s, text.len, 6, &number))
		return values_reject(v, REASON_NO_NUMBER, "%s: '%.*s' is no number",
				     v->recipe->paths.text[c->slot], err_clip(text.len), text.s);
	switch (c->op) {
	case OP_LESS:
		return number < c->number;
	case OP_AT_MOST:
		return number <= c->number;
	case OP_MORE:
		return number > c->number;
	default:
		return number >= c->number;
	}
}

int values_hold(struct values *v, const struct record *record, const struct recipe_condition *c)
{
	struct text text;

	if (c->slot < 0)
		return position_holds(v, record, c);
	if (slot_text(v, record, c->slot, &text))
		return -1;
	switch (c->op) {
	case OP_IS:
		return text.len && recipe_words_have(&c->words, text.s, text.len);
	case OP_IS_NOT:
		return !text.len || !recipe_words_have(&c->words, text.s, text.len);
	case OP_EXISTS:
		return text.len > 0;
	case OP_EMPTY:
		return !text.len;
	default:
		return number_holds(v, c, text);
	}
}

int values_decide(struct values *v, const struct record *record, const struct recipe_result *result,
		  enum recipe_type *type)
{
	const struct recipe_condition *c = result->condition;
	int rc = 1;

	if (c) {
		rc = values_hold(v, record, c);
		if (rc < 0)
			return -1;
		if (c->slot >= 0) {
			v->n_decided[c->slot]++;
			v->n_decidable[c->slot] += record->values[c->slot].kind == VALUE_TEXT;
		}
	}
	*type = rc ? result->type : result->otherwise;
	return 0;
}

void values_open(struct values *v)
{
	size_t n_columns = RECIPE_N_COLUMNS + v->recipe->n_extras;
	size_t n_slots = (size_t)v->recipe->paths.n + 1;

	v->n_asked = mem_zalloc(n_columns, sizeof(*v->n_asked));
	v->n_filled = mem_zalloc(n_columns, sizeof(*v->n_filled));
	v->had_more = mem_zalloc(n_slots, sizeof(*v->had_more));
	v->n_decided = mem_zalloc(n_slots, sizeof(*v->n_decided));
	v->n_decidable = mem_zalloc(n_slots, sizeof(*v->n_decidable));
	v->scratch = mem_zalloc(n_columns, sizeof(*v->scratch));
}

void values_release(struct values *v)
{
	size_t n_columns = v->scratch ? RECIPE_N_COLUMNS + v->recipe->n_extras : 0;

	for (size_t i = 0; i < n_columns; i++)
		buf_release(&v->scratch[i]);
	free(v->scratch);
	buf_release(&v->hashed);
	free(v->n_asked);
	free(v->n_filled);
	free(v->n_decided);
	free(v->had_more);
	free(v->n_decidable);
}
