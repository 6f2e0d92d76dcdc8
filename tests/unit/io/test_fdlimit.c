#include "io/fdlimit.h"

#include "check.h"

#include <sys/resource.h>

static void set_limits(rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = { soft, hard };

	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t soft_limit(void)
{
	struct rlimit limit;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur;
}

static void the_soft_limit_is_raised_as_far_as_need_be(void)
{
	struct err err = ERR_INIT;

	set_limits(20, 100);
	CHECK_INT(fdlimit_allow(10, &err), 0);
	CHECK_INT(soft_limit(), 20);
	CHECK_INT(fdlimit_allow(11, &err), 0);
	CHECK_INT(soft_limit(), 21);
	CHECK_INT(fdlimit_allow(90, &err), 0);
	CHECK_INT(soft_limit(), 100);
	CHECK_INT(err.kind, ERR_NONE);
	CHECK_INT(fdlimit_allow(91, &err), -1);
	CHECK_INT(err.kind, ERR_RUNTIME);
	CHECK_STR(err.message,
		  "101 files would be open at once, and at most 100 may be (ulimit -Hn)");
	CHECK_INT(soft_limit(), 100);
}

int main(void)
{
	RUN(the_soft_limit_is_raised_as_far_as_need_be);
	return CHECK_DONE();
}
