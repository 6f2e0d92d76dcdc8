/*
 * fdlimit: how many files this process may have open at once.
 */
#ifndef CE_FDLIMIT_H
#define CE_FDLIMIT_H

#include "base/err.h"

#include <stddef.h>

/*
 * Makes sure that n files, and the few that every tool has, can be open at once: raises the soft
 * limit (RLIMIT_NOFILE) where it is lower. Returns 0, or -1 with err: the hard limit is lower, too.
 */
int fdlimit_allow(size_t n, struct err *err);

#endif
