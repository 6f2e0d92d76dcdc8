#include "io/fdlimit.h"

#include <sys/resource.h>

#define OTHERS 10 /* the standard ones, an input, a folder to be synced, and some to spare */

int fdlimit_allow(size_t n, struct err *err)
{
	const rlim_t need = (rlim_t)n + OTHERS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return err_errno(err, "getrlimit");
	if (limit.rlim_cur >= need)
		return 0;
	limit.rlim_cur = need;
	if (limit.rlim_max >= need && !setrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	return err_set(err, ERR_RUNTIME,
		       "%llu files would be open at once, and at most %llu may be (ulimit -Hn)",
		       (unsigned long long)need, (unsigned long long)limit.rlim_max);
}
