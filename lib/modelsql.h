/*
 * modelsql: a model as one SQL expression, so that a database can score its rows in place.
 *
 * The expression is of type double precision and speaks of the model's columns by their names, as
 * they are in a table that ce-import made; NULL is the empty value. It is PostgreSQL's SQL, and equals
 * what model_probability says up to rounding. Layer: over buf, num, model.
 */
#ifndef CE_MODELSQL_H
#define CE_MODELSQL_H

#include "buf.h"
#include "model.h"

/* Appends the expression and a newline. */
void modelsql_put(struct buf *out, const struct model *m);

#endif
