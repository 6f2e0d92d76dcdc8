/*
 * mem: allocation that does not fail, and an arena.
 *
 * Running out of memory is the one error that ends the process from inside the library (message on
 * stderr, exit 1): no caller could do better.
 */
#ifndef CE_MEM_H
#define CE_MEM_H

#include "base/small.h"

#include <stddef.h>

/* n * size bytes, uninitialised / zeroed; the product is checked. The caller frees with free(). */
void *mem_alloc(size_t n, size_t size);
void *mem_zalloc(size_t n, size_t size);

/*
 * For large tables: n bytes, uninitialised, in huge pages where the system has them and n
 * is at least one, so that there are fewer faults at first and fewer misses later.
 */
#define MEM_HUGE_PAGE SMALL((size_t)2 * 1024 * 1024, (size_t)16 * 1024)
void *mem_alloc_huge(size_t n);

/*
 * n * size bytes, zeroed, for a table that is read at random: no element whose size divides 64
 * crosses a cache line, and a large one lies on huge pages where the kernel has them.
 */
void *mem_table(size_t n, size_t size);

/* Resizes p (NULL allowed) to n * size bytes; contents kept up to the smaller size. */
void *mem_realloc(void *p, size_t n, size_t size);

/* The same; what it grows by lies on huge pages where the system has them. */
void *mem_realloc_huge(void *p, size_t n, size_t size);

/* A NUL-terminated copy of the len bytes at s. The caller frees. */
char *mem_dup(const char *s, size_t len);

/* Ends the process as running out of memory does: for a library that only reports failure. */
_Noreturn void mem_fail(const char *who);

/*
 * Capacity to grow an array to: at least `need` elements, at least half as much again as `have`,
 * so that appending is amortised constant.
 */
size_t mem_grow(size_t have, size_t need);

/*
 * Bytes that live until the whole arena is released: no per-object free, no per-object header.
 * Pointers stay valid until arena_release. Blocks are of 64 KiB at first, and huge pages later.
 */
struct arena {
	struct arena_block *block; /* newest first */
	size_t used, size;         /* of the newest block */
	size_t n_blocks;
};

#define ARENA_INIT                                                                                 \
	{                                                                                          \
		NULL, 0, 0, 0                                                                      \
	}

/* n bytes, aligned for any scalar type. */
void *arena_alloc(struct arena *a, size_t n);

/* A copy of the len bytes at s, followed by a NUL; not aligned. */
const char *arena_dup(struct arena *a, const char *s, size_t len);

/* Frees everything; the arena is empty and usable again. */
void arena_release(struct arena *a);

#endif
