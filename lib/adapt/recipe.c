#include "adapt/recipe.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

const char *recipe_column_name(enum recipe_column column)
{
	static const char *const names[] = {
#define COLUMN(NAME, name, group, unit) #name,
#include "adapt/recipe_columns.def"
	};

	return names[column];
}

enum recipe_group recipe_column_group(enum recipe_column column)
{
	static const enum recipe_group groups[] = {
#define COLUMN(NAME, name, group, unit) GROUP_##group,
#include "adapt/recipe_columns.def"
	};

	return groups[column];
}

const char *recipe_type_name(enum recipe_type type)
{
	static const char *const names[] = {
#define EVENT_TYPE(NAME, name, meaning) [BECOMES_##NAME] = (name),
#include "table/event_types.def"
		[BECOMES_DIMENSION] = "dimension",
		[BECOMES_IGNORED] = "ignore",
		[BECOMES_UNKNOWN] = "unknown",
	};

	return names[type];
}

bool recipe_words_have(const struct recipe_words *words, const char *s, size_t len)
{
	for (size_t i = 0; i < words->n; i++)
		if (strlen(words->word[i]) == len && !memcmp(words->word[i], s, len))
			return true;
	return false;
}

const struct recipe_rule *recipe_rule(const struct recipe *r, const char *name, size_t len)
{
	const struct recipe_rule *best = NULL;

	for (size_t i = 0; i < r->n_rules; i++) {
		const struct recipe_rule *rule = &r->rules[i];

		if (rule->len > len || memcmp(rule->name, name, rule->len) != 0)
			continue;
		if (!rule->is_prefix && rule->len == len)
			return rule;
		if (rule->is_prefix && (!best || rule->len > best->len))
			best = rule;
	}
	return best;
}

const char *const recipe_tools[] = {
	"ce-clean", "ce-join", "ce-sessionize", "ce-agg", "ce-online", "ce-features", NULL,
};

const char *recipe_options(const struct recipe *r, const char *tool)
{
	for (size_t i = 0; i < r->n_options; i++)
		if (!strcmp(r->options[i].tool, tool))
			return r->options[i].text;
	return "";
}

/* A name in quotes, if it is all printable, but for a character at its end that has been cut. */
static void put_name(struct buf *out, const struct intern_string *name)
{
	const char *s = name->s, *end = s + name->len;
	bool is_cut = name->len >= TALLY_LEN;
	size_t n, start = out->len;

	buf_append_str(out, " \"");
	for (; s < end && (n = utf8_printable(s, end)); s += n) {
		if (*s == '"' || *s == '\\')
			buf_append_char(out, '\\');
		buf_append(out, s, n);
	}
	buf_append_str(out, is_cut ? "\"*" : "\"");
	if (end - s > (is_cut ? 3 : 0))
		out->len = start;
}

void recipe_put_line(struct buf *out, const struct tally *names)
{
	uint32_t shown[20];
	size_t start = out->len, begin;

	buf_append_str(out, "event");
	begin = out->len;
	for (size_t i = 0; i < 20 && i < names->names.n && out->len - start < 500; i++) {
		shown[i] = tally_next(names, shown, i);
		put_name(out, intern_string(&names->names, shown[i]));
	}
	buf_append_str(out, out->len == begin ? " * -> ignore" : " -> ignore");
}

void recipe_release(struct recipe *r)
{
	paths_release(&r->paths);
	free(r->where);
	free(r->extras);
	free(r->rules);
	free(r->options);
	arena_release(&r->arena);
	*r = (struct recipe){ .arena = ARENA_INIT };
}
