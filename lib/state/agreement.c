#include "state/agreement.h"

#include "base/num.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MAX 128

void agreement_add(struct manifest *to, const char *name, const char *value)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s %s", name, value);
	buf_append_char(&text, '\0');
	manifest_add(to, "option", text.data);
	buf_release(&text);
}

void agreement_add_duration(struct manifest *to, const char *name, int64_t ms)
{
	char text[TIME_DURATION_MAX + 1];

	text[time_format_duration(text, ms)] = '\0';
	agreement_add(to, name, text);
}

void agreement_add_word(struct manifest *to, const char *name, const char *const *words, int word)
{
	agreement_add(to, name, words[word]);
}

void agreement_add_flag(struct manifest *to, const char *name, bool is_given)
{
	agreement_add(to, name, is_given ? "yes" : "no");
}

void agreement_add_names(struct manifest *to, const char *name, const struct names *names)
{
	struct buf text = BUF_INIT;

	names_put(&text, names);
	buf_append_char(&text, '\0');
	agreement_add(to, name, text.data);
	buf_release(&text);
}

static void add_time(struct manifest *to, const char *name, int64_t ms)
{
	char text[VALUE_MAX];

	snprintf(text, sizeof(text), "%lld", (long long)ms);
	agreement_add(to, name, ms == INT64_MIN ? "" : text);
}

void agreement_add_ratio(struct manifest *to, const char *name, int64_t millionths)
{
	char text[NUM_TEXT_MAX + 1];

	text[num_format_millionths(text, millionths)] = '\0';
	agreement_add(to, name, text);
}

void agreement_add_columns(struct manifest *to, const char *name, struct buf *row)
{
	if (row->len)
		row->data[row->len - 1] = '\0';
	manifest_add(to, name, row->len ? row->data : "");
}

void agreement_add_cleaner(const struct cleaner *c, struct manifest *to)
{
	static const char *const units[] = { "auto", "s", "ms", "us", "ns" };
	static const char *const columns[] = {
#define REASON(NAME, name, meaning)
#define MISSING(NAME, column) #column,
#include "table/reasons.def"
	};
	struct buf empty = BUF_INIT;

	for (int i = 0; i < CLEAN_N_COLUMNS; i++)
		if (c->may_be_empty[i])
			buf_printf(&empty, "%s%s", empty.len ? "," : "", columns[i]);
	buf_append_char(&empty, '\0');
	agreement_add_word(to, "ts-unit", units, (int)c->times.unit);
	agreement_add(to, "tz", zone_name(c->times.zone));
	add_time(to, "since", c->since);
	agreement_add(to, "allow-empty", empty.data);
	agreement_add_names(to, "clean-na", &c->na);
	agreement_add_names(to, "clean-keep", &c->keep);
	buf_release(&empty);
}

/* The shortest that reads back as it. */
static void put_real(struct buf *text, double value)
{
	text->len += num_format_double(buf_reserve(text, NUM_TEXT_MAX), value);
}

void agreement_add_effects(const struct effects_options *o, struct manifest *to)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < EFFECTS_N_LEVELS; i++) {
		buf_printf(&text, "%s=", effects_level_name((enum effects_level)i));
		put_real(&text, o->prior[i]);
		buf_append_char(&text, '\0');
		agreement_add(to, "prior", text.data);
		buf_clear(&text);
	}
	for (size_t j = 0; j < o->n; j++) {
		buf_append(&text, ",", j > 0);
		put_real(&text, o->drift[j]);
	}
	buf_append_char(&text, '\0');
	agreement_add(to, "drift", text.data);
	buf_clear(&text);
	put_real(&text, o->alpha);
	buf_append_char(&text, '\0');
	agreement_add(to, "alpha", text.data);
	buf_release(&text);
}

static bool is_same(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return a->value && a->value_len == b->value_len &&
	       !memcmp(a->value, b->value, (size_t)a->value_len);
}

static int name_len(const struct manifest_entry *e)
{
	const char *blank = memchr(e->value, ' ', (size_t)e->value_len);

	return blank ? (int)(blank - e->value) : e->value_len;
}

static const char *value_of(const struct manifest_entry *e, int *len)
{
	int skipped = name_len(e) + 1;

	*len = e->value_len > skipped ? err_clip((size_t)(e->value_len - skipped)) : 0;
	return e->value + (*len ? skipped : 0);
}

static int agree_options(const struct state_in *old, const struct manifest *here, struct err *err)
{
	struct manifest_entry a, b;
	size_t i = 0;

	for (; manifest_find(here, "option", i, &b); i++) {
		const char *was, *is;
		int was_len, is_len;

		if (!manifest_find(&old->manifest, "option", i, &a) ||
		    name_len(&a) != name_len(&b) ||
		    memcmp(a.value, b.value, (size_t)name_len(&a)) != 0)
			return state_in_fail(old, err, "it does not say what --%.*s was",
					     name_len(&b), b.value);
		if (is_same(&a, &b))
			continue;
		was = value_of(&a, &was_len);
		is = value_of(&b, &is_len);
		return state_in_fail(
			old, err,
			"another option: --%.*s was '%.*s' when the state was made, and "
			"is '%.*s' here",
			name_len(&a), a.value, was_len, was, is_len, is);
	}
	return 0;
}

static int agree_columns(const struct state_in *old, const struct manifest *here, const char *name,
			 struct err *err)
{
	struct manifest_entry a, b;

	if (!manifest_find(&old->manifest, name, 0, &a))
		a = (struct manifest_entry){ 0 };
	if (manifest_find(here, name, 0, &b) && !is_same(&a, &b))
		return state_in_fail(
			old, err,
			"other columns of the %s: they were %.*s, and are %.*s here (--keep)", name,
			err_clip((size_t)a.value_len), a.value, err_clip((size_t)b.value_len),
			b.value);
	return 0;
}

static int agree_dimensions(const struct state_in *old, struct manifest *here, bool may_change,
			    struct err *err)
{
	struct manifest_entry a, b;

	for (size_t i = 0; manifest_find(here, "dimension", i, &b); i++) {
		if (manifest_find(&old->manifest, "dimension", i, &a) && is_same(&a, &b))
			continue;
		if (!may_change)
			return state_in_fail(
				old, err,
				"another dimension: the table of the key %.*s is not what "
				"it was when the state was made (--dimensions-changed goes "
				"on with it)",
				name_len(&b), b.value);
	}
	for (size_t i = 0; manifest_find(here, "dimension", i, &b); i++) {
		char key[VALUE_MAX];

		if (manifest_find(&old->manifest, "dimension", i, &a) && is_same(&a, &b))
			continue;
		snprintf(key, sizeof(key), "%.*s", name_len(&b), b.value);
		manifest_add(here, "dimensions-changed", key);
	}
	return 0;
}

int agreement_check(const struct state_in *old, struct manifest *described, bool may_change,
		    struct err *err)
{
	return agree_options(old, described, err) ||
			       agree_columns(old, described, "cleaned", err) ||
			       agree_columns(old, described, "features", err) ||
			       agree_dimensions(old, described, may_change, err)
		       ? -1
		       : 0;
}
