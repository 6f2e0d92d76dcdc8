#include "io/tempfile.h"

#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tempfile_open(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has O_TMPFILE. */
	if ((size_t)snprintf(path, sizeof(path), "%s/ce-spill-XXXXXX", dir) >= sizeof(path))
		return err_set(err, ERR_RUNTIME, "TMPDIR: the path is too long");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_RUNTIME, "cannot create a temporary file in %s: %s", dir,
			       strerror(errno));
	unlink(path);
	return fd;
}

int tempfile_append(int fd, struct buf *pending, struct err *err)
{
	if (fdio_write(fd, pending->data, pending->len))
		return err_errno(err, "cannot write the temporary file");
	buf_clear(pending);
	return 0;
}

int tempfile_read(int fd, void *bytes, size_t n, uint64_t at, struct err *err)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = pread(fd, (char *)bytes + have, n - have, (off_t)(at + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, "cannot read the temporary file");
		if (!got)
			return err_set(err, ERR_RUNTIME,
				       "the temporary file is shorter than what was written to it");
		have += (size_t)got;
	}
	return 0;
}
