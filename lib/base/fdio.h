/*
 * fdio: read(2) and write(2) that do all of what they were asked for.
 */
#ifndef CE_FDIO_H
#define CE_FDIO_H

#include <stddef.h>

/* Writes all n bytes to fd, however long that takes. Returns 0, or -1 with errno set. */
int fdio_write(int fd, const void *bytes, size_t n);

/*
 * As read(2), but waits where that would return for no reason of the data: an interrupted call, or
 * a descriptor on which somebody set O_NONBLOCK.
 */
ptrdiff_t fdio_read(int fd, void *bytes, size_t n);

/* Waits until a short write to fd would not wait, or would fail. */
void fdio_wait_writable(int fd);

#endif
