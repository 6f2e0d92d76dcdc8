/*
 * modeljson: a model as one JSON object, for programs: what modelview tells people, with all digits
 * and whole names.
 */
#ifndef CE_MODELJSON_H
#define CE_MODELJSON_H

#include "base/buf.h"
#include "model/model.h"

/* Appends the object, as ce-model(1) describes it, in a line. */
void modeljson_put(struct buf *out, const struct model *m);

#endif
