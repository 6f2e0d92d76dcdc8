/*
 * small: bounds that only large inputs would reach, within reach of the tests.
 *
 * A build with -DCE_SMALL takes the second value: it looks ahead after a few ids, sorts on disk
 * after a few rows, shares out work of a few rows, reads in small pieces. The outputs are the same,
 * and the same tests say so; `make asan` and `make tsan` build that way.
 */
#ifndef CE_SMALL_H
#define CE_SMALL_H

#ifdef CE_SMALL
#define SMALL(usual, small) (small)
#else
#define SMALL(usual, small) (usual)
#endif

#endif
