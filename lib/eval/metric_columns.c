#include "eval/metric_columns.h"

#include "table/catalogue.h"

#include <math.h>

/* The type of a column is that of the member. */
#define METRIC(name, type, unit, definition, empty, member, ...)                                   \
	_Static_assert(_Generic(((struct metrics *)0)->member, uint64_t                            \
				: CATALOGUE_BIGINT, double                                         \
				: CATALOGUE_REAL) == CATALOGUE_##type,                             \
		       #name);
#include "table/metrics.def"

const struct metric_column metric_columns[METRIC_N] = {
#define METRIC(name, type, unit, definition, empty, member, verdict, segments, page, bootstrap)    \
	{ #name,   CATALOGUE_##type == CATALOGUE_BIGINT,                                           \
	  verdict, segments,                                                                       \
	  page,    BOOTSTRAP_##bootstrap },
#include "table/metrics.def"
};

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
