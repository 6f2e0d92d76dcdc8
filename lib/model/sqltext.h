/*
 * sqltext: what the SQL of all models is put together from (see modelsql).
 */
#ifndef CE_SQLTEXT_H
#define CE_SQLTEXT_H

#include "base/buf.h"
#include "model/encoding.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The most text of a statement: PostgreSQL takes no more than four times as much. A learner may
 * stop appending once `out` holds more, for modelsql_put refuses it.
 */
#define SQLTEXT_MAX ((size_t)256 * 1024 * 1024)

/* A double, as a constant of that type that reads back as the same bits. */
void sqltext_number(struct buf *out, double value);

/* A column's name, in double quotes. */
void sqltext_name(struct buf *out, const char *name);

/* A string constant, as E'...' where a backslash or a line break needs escapes. */
void sqltext_string(struct buf *out, const char *s, size_t len);

/* The text of a level; NULL if it is not UTF-8, for then no row of a database has it. */
const struct intern_string *sqltext_level(const struct encoding_column *c, uint32_t level);

/*
 * The sum of n > 0 terms from `first` on, nested as a balanced tree: thousands of terms in a row
 * would exhaust max_stack_depth.
 */
typedef void sqltext_term(struct buf *out, const void *context, size_t i);
void sqltext_sum(struct buf *out, sqltext_term *put_term, const void *context, size_t first,
		 size_t n);

/* A factor, or 0 where its products could be too small for a double, at which PostgreSQL fails. */
double sqltext_factor(double value);

#endif
