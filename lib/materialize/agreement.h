/*
 * agreement: what a state and the run that goes on from it must have in common.
 *
 * The options that change what a row is, as they are in effect and not as they were written; the
 * columns of the events and of the features; and the dimensions.
 */
#ifndef CE_AGREEMENT_H
#define CE_AGREEMENT_H

#include "materialize/materialize.h"

/*
 * After materialize_open: adds to a MANIFEST what a state and the run that goes on from it must
 * agree in, the SHA-256 of each of the n dimensions among it. Returns 0, or -1 with err.
 */
int agreement_describe(const struct materialize *m, const struct csv_reader *in,
		       const struct join_source *sources, size_t n, struct manifest *to,
		       struct err *err);

/*
 * Whether an older state agrees with what is described here; `may_change`: but for the dimensions,
 * of which those that did change are added to it. Returns 0, or -1 with err, which names what does
 * not.
 */
int agreement_check(const struct state_in *old, struct manifest *described, bool may_change,
		    struct err *err);

#endif
