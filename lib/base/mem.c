#include "base/mem.h"

#include "base/ending.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE ((size_t)64)

#define ARENA_BLOCK_SIZE   ((size_t)64 * 1024)
#define ARENA_SMALL_BLOCKS 32 /* they are 2 MiB together */

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) char bytes[];
};

static _Noreturn void out_of_memory(size_t n, size_t size)
{
	fprintf(stderr, "%s: out of memory (%zu * %zu bytes)\n", program_invocation_short_name, n,
		size);
	ending_exit(1);
}

void mem_fail(const char *who)
{
	fprintf(stderr, "%s: out of memory (%s)\n", program_invocation_short_name, who);
	ending_exit(1);
}

void *mem_realloc(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory(n, size);
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		out_of_memory(n, size);
	return p;
}

void *mem_alloc(size_t n, size_t size)
{
	return mem_realloc(NULL, n, size);
}

void *mem_zalloc(size_t n, size_t size)
{
	/* calloc rather than memset: large tables come from the kernel already zero. */
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory(n, size);
	return p;
}

/* n bytes from a multiple of `align` on, which is wished to lie on huge pages where it is one. */
static void *aligned(size_t n, size_t align)
{
	void *p;

	if (posix_memalign(&p, align, n))
		out_of_memory(n, 1);
	if (align == MEM_HUGE_PAGE)
		madvise(p, n, MADV_HUGEPAGE); /* where this fails, the pages are small ones */
	return p;
}

void *mem_alloc_huge(size_t n)
{
	return n < MEM_HUGE_PAGE ? mem_alloc(n, 1) : aligned(n, MEM_HUGE_PAGE);
}

void *mem_table(size_t n, size_t size)
{
	size_t bytes, align;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - MEM_HUGE_PAGE)
		out_of_memory(n, size);
	align = bytes < 2 * MEM_HUGE_PAGE ? CACHE_LINE : MEM_HUGE_PAGE;
	bytes = bytes ? (bytes + align - 1) / align * align : align;
	return memset(aligned(bytes, align), 0, bytes);
}

void *mem_realloc_huge(void *p, size_t n, size_t size)
{
	uintptr_t start, end;

	p = mem_realloc(p, n, size);
	start = ((uintptr_t)p + MEM_HUGE_PAGE - 1) / MEM_HUGE_PAGE * MEM_HUGE_PAGE;
	end = ((uintptr_t)p + n * size) / MEM_HUGE_PAGE * MEM_HUGE_PAGE;
	if (start < end)
		madvise((char *)p + (start - (uintptr_t)p), end - start, MADV_HUGEPAGE);
	return p;
}

char *mem_dup(const char *s, size_t len)
{
	char *copy = mem_alloc(len + 1, 1);

	if (len) /* memcpy takes no NULL, which may stand for nothing */
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

size_t mem_grow(size_t have, size_t need)
{
	size_t grown = have + have / 2;

	if (grown < 16)
		grown = 16;
	return grown < need ? need : grown;
}

/* Room for n bytes at the next multiple of `align`, in the newest block or in a new one. */
static char *arena_take(struct arena *a, size_t n, size_t align)
{
	size_t start = (a->used + align - 1) & ~(align - 1);

	if (!a->block || start > a->size || n > a->size - start) {
		size_t usual = a->n_blocks < ARENA_SMALL_BLOCKS ? ARENA_BLOCK_SIZE : MEM_HUGE_PAGE;
		size_t size = n > usual - sizeof(struct arena_block)
				      ? n
				      : usual - sizeof(struct arena_block);
		struct arena_block *block = mem_alloc_huge(sizeof(*block) + size);

		a->n_blocks++;
		block->next = a->block;
		a->block = block;
		a->size = size;
		start = 0;
	}
	a->used = start + n;
	return a->block->bytes + start;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return arena_take(a, n, alignof(max_align_t));
}

const char *arena_dup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_take(a, len + 1, 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void arena_release(struct arena *a)
{
	while (a->block) {
		struct arena_block *next = a->block->next;

		free(a->block);
		a->block = next;
	}
	a->used = a->size = a->n_blocks = 0;
}
