/*
 * gnuplot: scripts of gnuplot, run to an image.
 *
 * Which gnuplot, is left to the PATH; the user's own settings are not read.
 */
#ifndef CE_GNUPLOT_H
#define CE_GNUPLOT_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/*
 * Appends `text` as a string of a script, in quotes in which gnuplot expands nothing; at most `max`
 * characters of it, quotes, backslashes and what is not printable as '?'.
 */
void gnuplot_put_string(struct buf *script, const char *text, size_t max);

/*
 * Runs a script that writes to its standard output, and appends that to `out`. Returns 0, or -1
 * with err: there is no gnuplot, it failed (and has printed why on standard error), or it wrote
 * nothing.
 */
int gnuplot_run(const struct buf *script, struct buf *out, struct err *err);

#endif
