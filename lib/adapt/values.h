/*
 * values: what a record has for the columns of a recipe, and whether its conditions hold.
 *
 * Functions that return int return 0 (a condition: 0 or 1), or -1: the record is rejected, for the
 * reason that is left in the struct. Texts are valid until the same column is asked for again, or
 * the record is gone.
 */
#ifndef CE_VALUES_H
#define CE_VALUES_H

#include "adapt/recipe.h"
#include "adapt/record.h"
#include "base/buf.h"
#include "base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a record is rejected. */
enum values_reason {
	REASON_DAMAGED,
	REASON_WRONG_TYPE,
	REASON_ILL_FORMED,
	REASON_TWICE,
	REASON_NO_JSON,
	REASON_NO_NUMBER,
	REASON_NO_TIME,
	REASON_BACKWARDS,
	N_REASONS
};

struct values {
	/* Set before values_open. Borrowed. */
	const struct recipe *recipe;
	const struct zone *zone; /* of local times; NULL: UTC */

	/* Set for each record. */
	const struct recipe_rule *rule; /* of its event; NULL: the recipe's own lines count alone */

	/* Why a record is rejected. */
	enum values_reason reason;
	char fault[400];

	/* For callers to read, to say what looks wrong. */
	/* [columns and extras]: records of which the recipe's own line was asked, and had a value
	 */
	uint64_t *n_asked, *n_filled;
	uint64_t n_local, n_clock_changes;
	uint64_t n_positions, n_in_one, n_fractions; /* as they stand: all, in [0, 1], in (0, 1) */
	/* [slots]: results that looked at it, and found a value */
	uint64_t *n_decided, *n_decidable;
	bool *had_more; /* [slots]: an element was asked for of an array with more than are named */

	/* The module's own. */
	struct buf *scratch; /* [columns and extras]: for values_text */
	struct buf hashed;
};

void values_open(struct values *v);
void values_release(struct values *v);

/* A value of the record; len 0: it is empty. */
struct text {
	const char *s;
	size_t len;
};

/* A position, or a length of time. */
struct length {
	int64_t us;
	bool is_known;
};

struct instant {
	int64_t ms;
	bool is_known;
};

/* Sets why the record is rejected. Always returns -1. */
int values_reject(struct values *v, enum values_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same of a text in a column of numbers. */
int values_reject_number(struct values *v, enum recipe_column column, struct text text);

/* The first source that is not empty; scratch: room for what is put together. */
int values_text(struct values *v, const struct record *record, const struct recipe_value *value,
		struct buf *scratch, struct text *text);

/* What gives a column its value in this record: its event's own line, or the recipe's. */
const struct recipe_value *values_source(const struct values *v, enum recipe_column column);

/* The value of a column as text; as a length of time (a runtime, a duration); as a point in time.
 */
int values_column(struct values *v, const struct record *record, enum recipe_column column,
		  struct text *text);
int values_length(struct values *v, const struct record *record, enum recipe_column column,
		  struct length *length);
int values_time(struct values *v, const struct record *record, enum recipe_column column,
		struct instant *instant);

/* The playback_position, in the unit that its line says; *text is how it stands in the log. */
int values_position(struct values *v, const struct record *record, struct text *text,
		    struct length *position);

/* Counts whether a record has a value at the line of the recipe, if that is what was asked. */
void values_note(struct values *v, enum recipe_column column, bool is_filled);

/* Notes a position as it stands in the log: one in another unit than the recipe says looks odd. */
void values_note_position(struct values *v, struct text text);

/* Whether a condition holds: 1 or 0. */
int values_hold(struct values *v, const struct record *record, const struct recipe_condition *c);

/* What becomes of a record by a result. */
int values_decide(struct values *v, const struct record *record, const struct recipe_result *result,
		  enum recipe_type *type);

#endif
