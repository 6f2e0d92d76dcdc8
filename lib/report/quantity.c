#include "report/quantity.h"

#include "base/time.h"
#include "table/catalogue.h"

#include <math.h>
#include <string.h>

const char *quantity_unit(const char *feature)
{
	const struct catalogue_column *c = catalogue_feature(feature);

	return c ? c->unit : "";
}

/* To four digits, and never so small a number that only a power of ten would do. */
static void put_number(struct buf *out, double value)
{
	double size = fabs(value);

	if (size >= 1000 && size < 1e15)
		buf_printf(out, "%.0f", value);
	else if (size >= 0.00005 && size < 0.001)
		buf_printf(out, "%.4f", value);
	else
		buf_printf(out, "%.4g", value);
}

void quantity_put(struct buf *out, double value, const char *unit)
{
	static const struct {
		double ms;
		const char *name;
	} lengths[] = { { TIME_MS_PER_DAY, "days" },
			{ TIME_MS_PER_HOUR, "h" },
			{ TIME_MS_PER_MINUTE, "min" },
			{ TIME_MS_PER_SECOND, "s" } };
	double scale = !strcmp(unit, "ms") ? 1 : !strcmp(unit, "s") ? TIME_MS_PER_SECOND : 0;

	if (isnan(value)) {
		buf_append_str(out, "\xe2\x80\x93");
		return;
	}
	for (size_t i = 0; scale > 0 && i < sizeof(lengths) / sizeof(lengths[0]); i++)
		if (fabs(value) * scale >= lengths[i].ms) {
			buf_printf(out, "%.1f\xc2\xa0%s", value * scale / lengths[i].ms,
				   lengths[i].name);
			return;
		}
	put_number(out, value);
	if (scale > 0 || !strcmp(unit, "days") || !strcmp(unit, "years"))
		buf_printf(out, "\xc2\xa0%s", unit);
}
