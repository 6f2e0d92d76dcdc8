/*
 * quantity: a value of a feature as people say it: 3.2 days, not 276480000 ms.
 */
#ifndef CE_QUANTITY_H
#define CE_QUANTITY_H

#include "base/buf.h"

/* The unit of a feature, as the catalogue has it; "" if it has none, or is not known. */
const char *quantity_unit(const char *feature);

/*
 * Appends a value in that unit: lengths of time in days, hours, minutes or seconds, other numbers
 * to four significant digits, or all digits before the point. NAN is a dash.
 */
void quantity_put(struct buf *out, double value, const char *unit);

#endif
