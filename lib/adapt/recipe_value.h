/*
 * recipe_value: what stands in a line of a recipe behind the name of a column or of an event:
 * values, conditions, and what becomes of a record.
 */
#ifndef CE_RECIPE_VALUE_H
#define CE_RECIPE_VALUE_H

#include "adapt/recipe_line.h"

/* What the units of a column are. */
enum units { UNITS_NONE, UNITS_TIME, UNITS_POSITION, UNITS_LENGTH };

/* Takes the rest of the line, the value of a column. Returns 0, or -1 with err. */
int recipe_take_value(struct recipe_line *p, enum units units, bool may_be_none,
		      struct recipe_value *value);

/* Takes a condition, in the recipe's memory; NULL with err. */
const struct recipe_condition *recipe_take_condition(struct recipe_line *p);

/* Takes the rest of the line, what becomes of a record or of a whole play. Returns 0, or -1 with
 * err. */
int recipe_take_result(struct recipe_line *p, bool is_outcome, struct recipe_result *result);

#endif
