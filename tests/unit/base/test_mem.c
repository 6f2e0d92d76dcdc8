#include "base/mem.h"

#include "scratch.h"

#include <stdalign.h>
#include <stddef.h>

static void arena_keeps_every_object(void)
{
	enum { N = 20000 };
	static struct {
		unsigned char *p;
		size_t n;
	} object[N];
	struct arena arena = ARENA_INIT;
	uint64_t random = 1;
	int misaligned = 0, damaged = 0;

	for (size_t i = 0; i < N; i++) {
		object[i].n = scratch_below(&random, i % 100 ? 60 : 150000);
		if (i % 3) {
			object[i].p = arena_alloc(&arena, object[i].n);
			misaligned += (uintptr_t)object[i].p % alignof(max_align_t) != 0;
		} else {
			unsigned char *source = malloc(object[i].n + 1);

			memset(source, (int)(i % 251), object[i].n);
			object[i].p =
				(unsigned char *)arena_dup(&arena, (char *)source, object[i].n);
			damaged += object[i].p[object[i].n] != '\0';
			free(source);
		}
		memset(object[i].p, (int)(i % 251), object[i].n);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < object[i].n; k++)
			damaged += object[i].p[k] != i % 251;
	CHECK_INT(misaligned, 0);
	CHECK_INT(damaged, 0);
	arena_release(&arena);
	CHECK(!arena.block);
	CHECK_STR(arena_dup(&arena, "again", 5), "again");
	arena_release(&arena);
	arena_release(&arena);
}

static void zeroed_memory_is_zero(void)
{
	unsigned char *p = mem_zalloc(100000, 3);
	int set = 0;

	for (size_t i = 0; i < 300000; i++)
		set += p[i] != 0;
	CHECK_INT(set, 0);
	free(p);
	free(mem_zalloc(0, 8));
	free(mem_alloc(0, 0));
}

static void realloc_keeps_contents(void)
{
	char *p = mem_realloc(NULL, 3, 2);

	memcpy(p, "abcdef", 6);
	p = mem_realloc(p, 1000, 1000);
	CHECK(!memcmp(p, "abcdef", 6));
	p = mem_realloc(p, 3, 1);
	CHECK(!memcmp(p, "abc", 3));
	free(p);
}

static void huge_pages_are_aligned(void)
{
	static const size_t sizes[] = { 0, 1, MEM_HUGE_PAGE - 1, MEM_HUGE_PAGE,
					MEM_HUGE_PAGE * 5 / 2 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *p = mem_alloc_huge(sizes[i]);

		memset(p, 1, sizes[i]);
		if (sizes[i] >= MEM_HUGE_PAGE)
			CHECK_INT((uintptr_t)p % MEM_HUGE_PAGE, 0);
		free(p);
	}
}

static void dup_ends_in_nul(void)
{
	char *p = mem_dup("a\0bcd", 4);

	CHECK(!memcmp(p, "a\0bc", 5));
	free(p);
	p = mem_dup("", 0);
	CHECK_STR(p, "");
	free(p);
}

static void growth_is_geometric(void)
{
	size_t cap = 0;
	int steps = 0;

	while (cap < 1000000) {
		size_t grown = mem_grow(cap, cap + 1);

		CHECK(grown > cap);
		CHECK(grown >= cap + cap / 2);
		cap = grown;
		steps++;
	}
	CHECK(steps < 40);
	CHECK_INT(mem_grow(10, 5000), 5000);
}

static void ask_for_too_much(void *overflow)
{
	size_t n = SIZE_MAX / 2;

	free(overflow ? mem_alloc(n, 4) : mem_alloc(n, 1));
}

static void too_much_memory_exits_1(void)
{
	int status = scratch_child(ask_for_too_much, NULL), overflow = 1;

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	status = scratch_child(ask_for_too_much, &overflow);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

int main(void)
{
	RUN(arena_keeps_every_object);
	RUN(zeroed_memory_is_zero);
	RUN(realloc_keeps_contents);
	RUN(huge_pages_are_aligned);
	RUN(dup_ends_in_nul);
	RUN(growth_is_geometric);
	RUN(too_much_memory_exits_1);
	return CHECK_DONE();
}
