/*
 * description: what a state of materialize and the run that goes on from it must have in common:
 * see agreement.
 */
#ifndef CE_DESCRIPTION_H
#define CE_DESCRIPTION_H

#include "materialize/materialize.h"

/*
 * After materialize_open: adds to a MANIFEST what a state and the run that goes on from it must
 * agree in, the SHA-256 of each of the n dimensions among it. Returns 0, or -1 with err.
 */
int description_add(const struct materialize *m, const struct csv_reader *in,
		    const struct join_source *sources, size_t n, struct manifest *to,
		    struct err *err);

#endif
