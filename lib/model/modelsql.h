/*
 * modelsql: a model as one SQL expression, so that a database can score its rows in place.
 *
 * The expression is of type double precision and refers to the model's columns by their names. It
 * takes a column of any type as the text that COPY would write of it, as ce-predict does: of a
 * number, the double nearest to that; NULL is the empty value, and so is the empty string. It
 * equals model_probability up to rounding, and fails on no row that ce-predict takes: what
 * PostgreSQL calls out of range (a sum, product or quotient too large for a double, but also one
 * that is too small) is kept from happening. It works from the inside out:
 *
 *	(SELECT the probability FROM
 *	  (SELECT the sum of coefficients or leaves AS score FROM
 *	    (SELECT numbers as doubles FROM
 *	      (SELECT columns as text))))
 *
 * of a logistic regression, the sum is (SELECT the sum FROM (SELECT the numbers, standardised)),
 * where OFFSET 0 keeps the planner from merging two of these, so that each is computed once a row.
 * Sums are nested as a balanced tree: thousands of terms in a row would exhaust max_stack_depth.
 * The SQL is PostgreSQL's, from version 9.6 on.
 */
#ifndef CE_MODELSQL_H
#define CE_MODELSQL_H

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

/*
 * Appends the expression and a newline. Returns 0, or -1 with err: a column that no table of
 * PostgreSQL can have, for its name is empty, too long, or no UTF-8; or more text than its 1 GiB of
 * a statement, of which this takes a quarter.
 */
int modelsql_put(struct buf *out, const struct model *m, struct err *err);

/* Appends the score as an expression over columns of numbers as doubles, and of levels. */
void modelsql_put_score(struct buf *out, const struct model *m);

#endif
