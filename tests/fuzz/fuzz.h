/*
 * fuzz: what the fuzz targets share. An input of libFuzzer is a line of options, one character
 * each, and after it the parts of the target, with a form feed between them: so that a seed is a
 * text that can be read and written by hand.
 *
 * Files are kept in memory, and the same few all the time: what the library remembers of the files
 * of a process does not grow.
 */
#ifndef CE_FUZZ_H
#define CE_FUZZ_H

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, as a finding, unless the condition holds. */
#define FUZZ_CHECK(condition, ...)                                                                 \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* What is left of an input. */
struct fuzz {
	const char *option, *options_end;
	const char *at, *end;
};

static inline struct fuzz fuzz_begin(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	const char *newline = size ? memchr(text, '\n', size) : NULL;
	const char *options_end = newline ? newline : text + size;

	return (struct fuzz){ text, options_end, newline ? newline + 1 : options_end, text + size };
}

/* The next option, below n <= 256: 0 is '0', and what is not there. */
static inline unsigned fuzz_option(struct fuzz *f, unsigned n)
{
	return f->option < f->options_end ? (uint8_t)(*f->option++ - '0') % n : 0;
}

/* The next part. It is not NUL-terminated, and empty after the last. */
static inline const char *fuzz_part(struct fuzz *f, size_t *len)
{
	const char *part = f->at, *end = memchr(part, '\f', (size_t)(f->end - part));

	end = end ? end : f->end;
	f->at = end + (end < f->end);
	*len = (size_t)(end - part);
	return part;
}

/* The same as a string, cut at its first NUL; the caller frees. */
static inline char *fuzz_string(struct fuzz *f)
{
	size_t len;
	const char *part = fuzz_part(f, &len);

	return strndup(part, len);
}

#define FUZZ_FILES 8

/* The descriptor of a file, emptied, and its path; valid until the file's next use. */
static inline const char *fuzz_empty(size_t file, int *descriptor)
{
	static struct {
		int fd;
		char path[32];
	} files[FUZZ_FILES];

	if (!*files[file].path) {
		files[file].fd = memfd_create("fuzz", 0);
		snprintf(files[file].path, sizeof(files[file].path), "/proc/self/fd/%d",
			 files[file].fd);
	}
	*descriptor = files[file].fd;
	FUZZ_CHECK(!ftruncate(*descriptor, 0) && !lseek(*descriptor, 0, SEEK_SET), "no file");
	return files[file].path;
}

/* The path of a file with those bytes, to be read. */
static inline const char *fuzz_file(size_t file, const void *bytes, size_t n)
{
	int fd;
	const char *path = fuzz_empty(file, &fd);

	FUZZ_CHECK(!n || write(fd, bytes, n) == (ssize_t)n, "no room");
	return path;
}

/* The path of an empty file, to be written; fuzz_written appends what has been. */
static inline const char *fuzz_sink(size_t file)
{
	int fd;

	return fuzz_empty(file, &fd);
}

static inline void fuzz_written(const char *path, struct buf *out)
{
	int fd = (int)strtol(strrchr(path, '/') + 1, NULL, 10);
	off_t n = lseek(fd, 0, SEEK_END);

	FUZZ_CHECK(n >= 0 && pread(fd, buf_reserve(out, (size_t)n), (size_t)n, 0) == n, "no file");
	out->len += (size_t)n;
}

static inline bool fuzz_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* That an error is one line of text, which can be shown. */
static inline void fuzz_check_error(const struct err *err)
{
	size_t len = strlen(err->message);

	FUZZ_CHECK(err->kind != ERR_NONE && len && len < sizeof(err->message), "no message");
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK((unsigned char)err->message[i] >= ' ' && err->message[i] != 0x7f, "%s",
			   err->message);
}

#endif
