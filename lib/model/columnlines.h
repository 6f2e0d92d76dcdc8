/*
 * columnlines: the columns of an encoding as lines of text (see lines), with the coefficients of a
 * linear model or without any.
 *
 *	number "NAME" MEAN SD [COEFFICIENT SE]	the columns, in the order of the training input
 *	clip LOW HIGH				after a number that is clipped
 *	missing ROWS [...]			after a number with gaps in the train rows
 *	category "NAME"
 *	level "VALUE" ROWS [...]
 *	other ROWS [...]			ends the category
 *	bins "NAME"				a number that was cut, perhaps with a line `missing`
 *	bin EDGE COEFFICIENT SE			... up to that edge, itself included
 *	bin - COEFFICIENT SE			ends it
 *	constant "NAME"				dropped
 *	interaction "NAME" "NAME"		after the columns
 *	product COEFFICIENT SE			one for each column of the interaction
 */
#ifndef CE_COLUMNLINES_H
#define CE_COLUMNLINES_H

#include "base/buf.h"
#include "model/encoding.h"
#include "model/lines.h"

#include <stddef.h>

/* Values are clamped to ENCODING_MAX, so with coefficients in this range a score is finite. */
#define COLUMNLINES_COEF_MAX 1e100

/*
 * Appends the lines. coef[n] and se[n] are those of the n columns of the encoding's matrix, or both
 * are NULL: a model without coefficients, whose encoding has neither bins as columns nor
 * interactions.
 */
void columnlines_put(struct buf *out, const struct encoding *e, const double *coef,
		     const double *se);

/* What columnlines_read reads along with the columns. The caller frees both. */
struct columnlines_coefs {
	double *coef, *se; /* [n]; se is infinite where the file has none */
	size_t n;
};

/*
 * Reads the lines from the next one on into *e, which the caller releases in any case, and into
 * *coefs; NULL: the lines have no coefficients. Returns 0, or -1 with the error, and *coefs
 * untouched.
 */
int columnlines_read(struct lines *s, struct encoding *e, struct columnlines_coefs *coefs);

/* The end of a line: a coefficient and its standard error. */
void columnlines_put_coef(struct buf *out, double coef, double se);
int columnlines_read_coef(struct lines *s, double *coef, double *se);

#endif
