/*
 * recipe: how the records of a log become events; see ce-recipe(5) for what may stand in its file.
 *
 * Every text of it is borrowed from an arena of its own, and every field is a slot of its paths.
 */
#ifndef CE_RECIPE_H
#define CE_RECIPE_H

#include "adapt/path.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/tally.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recipe_format { RECIPE_JSON, RECIPE_CSV, RECIPE_TSV };

/* What a value goes to: RECIPE_EVENT_ID, ... */
enum recipe_column {
#define COLUMN(NAME, name, group, unit) RECIPE_##NAME,
#include "adapt/recipe_columns.def"
	RECIPE_N_COLUMNS
};

/* As a recipe writes it: "event_id". */
const char *recipe_column_name(enum recipe_column column);

/* Where it goes: events_table, the times of a whole play, users_dim, content_dim. */
enum recipe_group { GROUP_EVENT, GROUP_PLAY, GROUP_USER, GROUP_CONTENT };

enum recipe_group recipe_column_group(enum recipe_column column);

/* Units of positions and lengths; those of times are enum time_unit. */
enum recipe_unit { UNIT_S, UNIT_MS, UNIT_RATIO, UNIT_PERCENT, UNIT_HMS };

struct recipe_words {
	const char *const *word; /* [n], NUL-terminated */
	size_t n;
};

enum recipe_source_kind {
	SOURCE_FIELD,    /* the one slot */
	SOURCE_JOINED,   /* the slots' values, so that no two pairs join alike */
	SOURCE_HASH,     /* of the slots' values */
	SOURCE_CONSTANT, /* the text */
};

struct recipe_source {
	enum recipe_source_kind kind;
	const int *slots; /* [n] */
	size_t n;
	const char *text;
	size_t len;
};

/* The first of its sources that is not empty; none: empty. */
struct recipe_value {
	const struct recipe_source *sources; /* [n] */
	size_t n;
	enum recipe_unit unit;
	enum time_unit time_unit;
	unsigned line;    /* of the recipe; 0: it says nothing of the column */
	const char *text; /* as the recipe writes it, without the unit */
};

enum recipe_op { OP_IS, OP_IS_NOT, OP_LESS, OP_AT_MOST, OP_MORE, OP_AT_LEAST, OP_EXISTS, OP_EMPTY };

struct recipe_condition {
	enum recipe_op op;
	int slot; /* -1: the position, against `number` millionths of a percent of the runtime */
	struct recipe_words words;
	int64_t number; /* millionths */
	unsigned line;  /* of the recipe */
	const char *text;
};

/* What becomes of a record. */
enum recipe_type {
#define EVENT_TYPE(NAME, name, meaning) BECOMES_##NAME,
#include "table/event_types.def"
	BECOMES_DIMENSION, /* no event, but values of its user and content */
	BECOMES_IGNORED,
	BECOMES_UNKNOWN, /* the recipe does not say */
	BECOMES_N
};

/* As a recipe writes it. */
const char *recipe_type_name(enum recipe_type type);

struct recipe_result {
	enum recipe_type type, otherwise; /* equal without a condition */
	const struct recipe_condition *condition;
};

struct recipe_rule {
	const char *name; /* NUL-terminated */
	size_t len;
	bool is_prefix; /* the name and all that begin so; "": every other name */
	const struct recipe_result *result;
	/* [RECIPE_N_COLUMNS]: in place of the recipe's, where not NULL; NULL: there are none */
	const struct recipe_value *const *values;
	unsigned line;
};

struct recipe_extra {
	const char *name;
	struct recipe_value value;
};

struct recipe_options {
	const char *tool, *text;
};

struct recipe {
	const char *file;
	enum recipe_format format;
	struct paths paths;
	const char *records;         /* path; NULL: none */
	struct recipe_words columns; /* n == 0: the file has a header */
	struct recipe_words na;
	const char *zone; /* NULL: it does not say */
	const struct recipe_condition **where;
	size_t n_where;
	struct recipe_value values[RECIPE_N_COLUMNS];
	struct recipe_extra *extras;
	size_t n_extras;
	struct recipe_rule *rules;
	size_t n_rules;
	bool is_whole_play;           /* a record is a play and its end */
	struct recipe_result outcome; /* of a whole play */
	struct recipe_options *options;
	size_t n_options;

	struct arena arena;
};

/*
 * Reads the recipe in a file, whose name must outlive it. Returns 0, or -1 with err, which begins
 * with the file and the line. The caller releases it in both cases.
 */
int recipe_read(struct recipe *r, const char *path, struct err *err);

/* Whether a value is one of the words. */
bool recipe_words_have(const struct recipe_words *words, const char *s, size_t len);

/* The rule for records of that event name, or NULL. */
const struct recipe_rule *recipe_rule(const struct recipe *r, const char *name, size_t len);

/* The tools for which a recipe can give options; ends with NULL. */
extern const char *const recipe_tools[];
#define RECIPE_TOOLS                                                                               \
	"ce-clean, ce-join, ce-sessionize, ce-agg, ce-online or ce-features" /* for messages */

/* The options that it gives for a tool, as a shell reads them; "": none. */
const char *recipe_options(const struct recipe *r, const char *tool);

/*
 * Appends the line that a recipe lacks for names of events, the most frequent of them first:
 * `event "start" "seek" -> ignore`. It names about 20; names that cannot be written into a recipe,
 * or cannot be shown, are left out, and of long ones the beginning stands for all that begin so.
 */
void recipe_put_line(struct buf *out, const struct tally *names);

void recipe_release(struct recipe *r);

#endif
