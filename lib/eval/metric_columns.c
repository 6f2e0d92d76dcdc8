#include "eval/metric_columns.h"

#include "table/catalogue.h"

#include <math.h>

/* clang-format off */

/* The type of a column is that of the member. */
#define TYPE_OF(member)                                                                            \
	_Generic(((struct metrics *)0)->member, uint64_t: CATALOGUE_BIGINT, double: CATALOGUE_REAL)
#define METRIC(name, type, unit, definition, empty, member, ...)                                   \
	_Static_assert(TYPE_OF(member) == CATALOGUE_##type, #name);
#include "table/metrics.def"

const struct metric_column metric_columns[METRIC_N] = {
#define METRIC(name, type, unit, definition, empty, member, verdict, segments, page, bootstrap)    \
	{ #name, verdict, segments, page, BOOTSTRAP_##bootstrap, CATALOGUE_##type == CATALOGUE_BIGINT },
#include "table/metrics.def"
};

/* clang-format on */

double metric_value(const struct metrics *m, enum metric_id id)
{
	switch (id) {
#define METRIC(name, type, unit, definition, empty, member, ...)                                   \
	case METRIC_##name:                                                                        \
		return (double)m->member;
#include "table/metrics.def"
	case METRIC_N:
		break;
	}
	return NAN;
}
