#include "adapt/recipe.h"

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

const char *recipe_options(const struct recipe *r, const char *tool)
{
	for (size_t i = 0; i < r->n_options; i++)
		if (!strcmp(r->options[i].tool, tool))
			return r->options[i].text;
	return "";
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
