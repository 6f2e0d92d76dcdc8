/*
 * attribute: what the columns of a dimension table that are numbers or times may look like.
 *
 * Dimension tables come from the source, and no tool has cleaned them. ce-join checks these
 * columns, so that an error names the line of the dimension's file, and writes them in the form
 * that the tools after it read; blanks around a value are left out.
 *
 *   runtime       seconds: 1500, 1500.0, 1.5e3; [hours:]minutes:seconds: 00:25:00, 25:00; or an
 *                 ISO 8601 duration: PT25M, PT1H2M3.5S, P1DT2H    -> 1500: whole seconds, within
 *                 32 bits, fractions dropped
 *   release_year  2001, 2001.0, from -9999 to 9999                -> 2001
 *   signup_date   ISO 8601, UTC without an offset                 -> as it is
 */
#ifndef CE_ATTRIBUTE_H
#define CE_ATTRIBUTE_H

#include "base/buf.h"
#include "table/csvrow.h"

#include <stddef.h>
#include <stdint.h>

enum attribute {
	ATTRIBUTE_TEXT, /* anything */
	ATTRIBUTE_RUNTIME,
	ATTRIBUTE_YEAR,
	ATTRIBUTE_TIME,
};

/* The kind of the column of that name. */
enum attribute attribute_of(const char *column);

/* What a value of the kind may be, for "expected ...". */
const char *attribute_expected(enum attribute kind);

/*
 * Appends the field in its canonical form; NULL, and what is not text but only blanks, are NULL.
 * Returns 0, or -1 with nothing appended: it is no value of the kind.
 */
int attribute_put(struct buf *row, enum attribute kind, const struct csv_field *field);

/* Any of the forms of a runtime, in seconds. Returns 0, or -1. */
int attribute_parse_runtime(const char *s, size_t len, int64_t *seconds);

/* The forms that are plain numbers: those of a runtime, as ce-join writes it, and of a year. */
int attribute_parse_seconds(const char *s, size_t len, int64_t *seconds);
int attribute_parse_year(const char *s, size_t len, int64_t *year);

/* In ms since the epoch. */
int attribute_parse_time(const char *s, size_t len, int64_t *ms);

#endif
