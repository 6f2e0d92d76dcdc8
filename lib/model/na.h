/*
 * na: words such as NA that a table has where a value is missing, read as NULL.
 *
 * A field is such a word if csv_is_one_of says so of the tokens, whether it is quoted or not.
 */
#ifndef CE_NA_H
#define CE_NA_H

#include "base/names.h"
#include "table/csvrow.h"

#include <stddef.h>

struct na {
	const struct names *tokens; /* borrowed; NULL: none */

	/* The module's own. */
	struct csv_row row;
	struct csv_field *fields;
};

#define NA_INIT                                                                                    \
	{                                                                                          \
		.tokens = NULL                                                                     \
	}

/*
 * The row with its tokens as NULLs: `row` itself if there are no tokens to look for, or else a copy
 * whose `raw` is still the record as it stands in the input. All rows must have as many fields as
 * the first. Valid until the next call, and as long as `row` is.
 */
const struct csv_row *na_row(struct na *na, const struct csv_row *row);

void na_release(struct na *na);

#endif
