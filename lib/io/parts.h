/*
 * parts: several files by one pattern, which one run writes in turns: all of them appear, or none.
 *
 * The pattern has one `%`, in whose place each path has the part's number, from 0 on. What is put
 * gathers for each part, for most of it comes in small pieces. No part has threads of its own: they
 * would be many, and each part alone has little to deflate. Memory, a part: 32 KiB, and what gzio
 * takes: 0.4 MiB if it deflates.
 */
#ifndef CE_PARTS_H
#define CE_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/small.h"
#include "io/gzio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PARTS_GATHERED SMALL((size_t)32 * 1024, 256)

struct parts {
	size_t n;
	struct part {
		struct gz_writer gz;
		struct buf gathered;
		char *path;
	} * part; /* [n] */
};

#define PARTS_INIT                                                                                 \
	{                                                                                          \
		.n = 0                                                                             \
	}

/* Whether the path has exactly one `%`. */
bool parts_is_pattern(const char *pattern);

/*
 * Opens n > 0 parts; the output's path is not looked at. Makes the folders that are missing.
 * Returns 0, or -1 with err: one cannot be opened, or they are more than may be open at once.
 */
int parts_open(struct parts *p, const char *pattern, size_t n, const struct gz_output *output,
	       struct err *err);

/* Writes out what has gathered for a part. Returns 0, or -1 with err. */
int parts_flush(struct parts *p, size_t i, struct err *err);

/* Appends n bytes to part i. Returns 0, or -1 with err. */
static inline int parts_put(struct parts *p, size_t i, const char *bytes, size_t n, struct err *err)
{
	struct buf *gathered = &p->part[i].gathered;

	memcpy(buf_reserve(gathered, n), bytes, n);
	gathered->len += n;
	return gathered->len < PARTS_GATHERED ? 0 : parts_flush(p, i, err);
}

/* Appends a byte n times. Returns 0, or -1 with err. */
int parts_fill(struct parts *p, size_t i, char byte, uint64_t n, struct err *err);

/* As gz_writer_close_all, of all parts. */
int parts_close(struct parts *p, struct err *err);

/* Frees everything; removes what is not closed. Harmless on what is not open. */
void parts_release(struct parts *p);

#endif
