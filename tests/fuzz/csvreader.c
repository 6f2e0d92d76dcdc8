/*
 * Any input, read by a reader that splits at the marks of a scan and by one that leaves every
 * record to libcsv, gives the same rows. The first bytes say how the first one goes about it: where
 * its buffers and windows end, which scan finds the marks, and which delimiter both are told; the
 * rest is the input.
 */
#include "../unit/rows_agree.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static csvscan_fn *some_scan(size_t i)
{
	size_t n = 1;

	while (csvscan_choice(n).scan)
		n++;
	return csvscan_choice(i % n).scan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv_reader marks = CSV_READER_INIT, libcsv = CSV_READER_INIT;
	const char *difference;
	char path[32], delimiter;
	int fd;

	if (size < 5)
		return 0;
	marks.tuning.scan = some_scan(data[0] / 2);
	marks.tolerant = libcsv.tolerant = data[0] % 2;
	marks.tuning.window = data[1];
	marks.tuning.read_size = data[2];
	libcsv.tuning.read_size = 1 + (size_t)data[3] * 16;
	libcsv.tuning.libcsv_only = true;
	delimiter = "\0,\t;|a "[data[4] % 7];
	data += 5;
	size -= 5;

	fd = memfd_create("input", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	difference = rows_disagree(path, delimiter, marks, libcsv);
	close(fd);
	if (difference) {
		fprintf(stderr, "the two differ in: %s\n", difference);
		abort();
	}
	return 0;
}
