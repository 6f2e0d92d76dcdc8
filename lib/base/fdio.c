#include "base/fdio.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

/* After a call on fd that failed: whether it is worth another try, now that one may succeed. */
static bool try_again(int fd, short events)
{
	struct pollfd ready = { .fd = fd, .events = events };

	if (errno == EINTR)
		return true;
	return errno == EAGAIN && (poll(&ready, 1, -1) >= 0 || errno == EINTR);
}

int fdio_write(int fd, const void *bytes, size_t n)
{
	const char *rest = bytes;

	while (n) {
		ssize_t written = write(fd, rest, n);

		if (written < 0) {
			if (try_again(fd, POLLOUT))
				continue;
			return -1;
		}
		rest += written;
		n -= (size_t)written;
	}
	return 0;
}

ptrdiff_t fdio_read(int fd, void *bytes, size_t n)
{
	ptrdiff_t got;

	do
		got = read(fd, bytes, n);
	while (got < 0 && try_again(fd, POLLIN));
	return got;
}

void fdio_wait_writable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	while (poll(&ready, 1, -1) < 0 && errno == EINTR)
		;
}
