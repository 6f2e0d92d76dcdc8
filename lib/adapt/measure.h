/*
 * measure: positions and lengths of time as logs write them, in microseconds.
 *
 * Finer digits are dropped (toward zero); what is beyond int64_t is no number.
 */
#ifndef CE_MEASURE_H
#define CE_MEASURE_H

#include "adapt/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In s, ms, or hms: H:MM:SS[.fraction], M:SS[.fraction] or seconds. Returns 0, or -1: it is none.
 */
int measure_length(const char *s, size_t len, enum recipe_unit unit, int64_t *us);

/* The same, or a ratio or percentage (to twelve digits of the ratio) of a runtime. */
int measure_position(const char *s, size_t len, enum recipe_unit unit, int64_t runtime_us,
		     int64_t *us);

/*
 * Whether position / runtime compares so to `number` millionths of a percent, exactly; false where
 * the runtime is not above 0.
 */
bool measure_compare(int64_t position_us, enum recipe_op op, int64_t number, int64_t runtime_us);

#endif
