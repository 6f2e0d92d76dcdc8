/*
 * treelines: trees as lines of text (see lines), with the names of their columns.
 *
 *	monotone "NAME" + | -			the score never falls, or rises, with that number
 *	base SCORE				before the first tree
 *	trees N
 *	tree					N times; its nodes in preorder
 *	below "NAME" X left|right GAIN ROWS	numbers <= X go left, empty ones there
 *	among "NAME" N LEVEL ... GAIN ROWS	these N levels of a category go left
 *	leaf VALUE ROWS
 *
 * Levels are numbered in the order of the model, from 0; after the last is "other".
 */
#ifndef CE_TREELINES_H
#define CE_TREELINES_H

#include "base/buf.h"
#include "learn/trees.h"
#include "model/encoding.h"
#include "model/lines.h"

/* Appends the lines. The trees' columns are the places of the encoding's values. */
void treelines_put(struct buf *out, const struct trees *t, const struct encoding *e);

/*
 * Reads them from the next line on, into *t, which is released by the caller in any case. Returns
 * 0, or -1 with the error: what treelines_put would not write.
 */
int treelines_read(struct lines *s, struct trees *t, const struct encoding *e);

#endif
