#include "base/ending.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void ending_exit(int status)
{
	static atomic_flag ends = ATOMIC_FLAG_INIT;

	while (atomic_flag_test_and_set(&ends))
		pause();
	exit(status);
}
