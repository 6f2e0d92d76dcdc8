/*
 * nearest: which of some words a mistyped one was meant to be.
 */
#ifndef CE_NEAREST_H
#define CE_NEAREST_H

#include <stddef.h>

/*
 * The edits that make `b` of `a`, without regard to case: letters put in, left out or replaced, and
 * neighbours swapped, each letter in one edit at most (optimal string alignment: F. J. Damerau, "A
 * technique for computer detection and correction of spelling errors", 1964, restricted). Of words
 * of at most 64 bytes; SIZE_MAX if one is longer.
 */
size_t nearest_distance(const char *a, const char *b);

/*
 * The first of the n words at the least distance from `word`, unless that is more than a third of
 * its length: then none is near, and NULL is returned. So it is without words.
 */
const char *nearest_word(const char *word, const char *const *words, size_t n);

#endif
